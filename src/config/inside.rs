//! Names that the cluster's DNS alone answers, for pods: `dns.insideZones`, and the part of `dns.hosts` that goes there.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use crate::config::dns::{Dns, HouseHost};
use crate::config::fields::Fields;
use crate::config::model::Config;
use crate::config::yaml::{Node, Position};
use crate::config::zone_file::{self, RecordData, ZoneRecord};
use crate::facts::cluster_domain;
use crate::facts::inside::zone_key;
use crate::facts::name_server;
use crate::facts::names::{Host, is_label, is_within};

/// The key.
const KEY: &str = "insideZones";
/// As many servers as `forward` takes (CoreDNS documentation, forward: "TO").
const MOST_SERVERS: usize = 15;
/// The longest name of an entry of a ConfigMap (Kubernetes docs, "ConfigMaps").
const LONGEST_KEY: usize = 253;
/// Zones that belong to everybody: a whole range of addresses read backwards, and what each machine is to itself (RFC 6303, 6761).
const OF_ALL: [&str; 4] = ["arpa", "in-addr.arpa", "ip6.arpa", "localhost"];

/// A zone that the cluster's DNS answers for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InsideZone {
    /// Its name, in lower case, without the final dot; one label is enough.
    pub zone: String,
    /// Where its names come from.
    pub source: ZoneSource,
}

/// Where the names of a zone come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZoneSource {
    /// A file on the machine that runs homelab.
    File {
        /// As it is written, or below the folder of the configuration.
        path: PathBuf,
        /// What is in it; none before it is read.
        records: Vec<ZoneRecord>,
    },
    /// Servers of the house, in the order in which they are written.
    Forward(Vec<SocketAddr>),
}

impl Dns {
    /// Whether pods get anything from the cluster's DNS that others do not.
    #[must_use]
    pub fn has_inside_names(&self) -> bool {
        !self.inside_zones.is_empty() || self.pod_hosts().next().is_some()
    }

    /// The names of machines that pods get there.
    pub fn pod_hosts(&self) -> impl Iterator<Item = &HouseHost> {
        self.hosts.iter().filter(|_| self.for_pods)
    }

    /// The zone that a name is answered from: the longest of those that it is in.
    #[must_use]
    pub fn inside_zone_of(&self, name: &str) -> Option<&InsideZone> {
        let all = self.inside_zones.iter().filter(|zone| is_within(name, &zone.zone));
        all.max_by_key(|zone| zone.zone.len())
    }
}

impl Config {
    /// The names of `dns.hosts` below the domain: those that the nodes answer for, or that are published.
    pub fn house_hosts(&self) -> impl Iterator<Item = &HouseHost> {
        self.dns.hosts.iter().filter(|host| host.name.is_within(&self.domain))
    }

    /// Takes what stands in the file of a zone.
    ///
    /// # Errors
    /// Every mistake in it, by its line where it has one.
    pub fn take_zone(&mut self, zone: &str, text: &str) -> Result<(), Vec<zone_file::Mistake>> {
        let read = zone_file::parse(zone, text)?;
        let is_here = |host: &&HouseHost| {
            self.dns.inside_zone_of(host.name.as_str()).is_some_and(|other| other.zone == zone)
        };
        let has = |host: &&HouseHost| read.iter().any(|record| record.name == host.name.as_str());
        let twice: Vec<zone_file::Mistake> = self
            .dns
            .pod_hosts()
            .filter(is_here)
            .filter(has)
            .map(|host| {
                let why =
                    format!("`{}` is in the file and in `dns.hosts`: keep it in one of the two", host.name);
                zone_file::Mistake { line: 1, why }
            })
            .collect();
        if !twice.is_empty() {
            return Err(twice);
        }
        for one in self.dns.inside_zones.iter_mut().filter(|one| one.zone == zone) {
            if let ZoneSource::File { records, .. } = &mut one.source {
                records.clone_from(&read);
            }
        }
        Ok(())
    }

    /// The records of a zone that has a file, those of `dns.hosts` in it included.
    #[must_use]
    pub fn records_of(&self, zone: &InsideZone) -> Vec<ZoneRecord> {
        let ZoneSource::File { records, .. } = &zone.source else { return Vec::new() };
        let is_here = |host: &&HouseHost| self.dns.inside_zone_of(host.name.as_str()) == Some(zone);
        let hosts = self.dns.pod_hosts().filter(is_here).flat_map(|host| {
            let record = |address| ZoneRecord { name: host.name.to_string(), data: RecordData::A(address) };
            host.addresses.iter().copied().map(record)
        });
        let mut all: Vec<ZoneRecord> = records.iter().cloned().chain(hosts).collect();
        all.sort();
        all
    }
}

/// Reads the zones, in the order of their names.
pub(super) fn read(
    fields: &mut Fields<'_>,
    (domain, zone): (Option<&Host>, Option<&Host>),
) -> Vec<(Position, InsideZone)> {
    let mut found: BTreeMap<String, (Position, InsideZone)> = BTreeMap::new();
    for (at, node) in fields.items(KEY).iter().enumerate() {
        let path = format!("dns.{KEY}[{at}]");
        let Some(one) = fields.entry(&path, node, |fields| entry(fields, node)) else { continue };
        let place = Some(node.place);
        if let Some((why, help)) = refused(&one.zone, domain, zone) {
            fields.problem(place, format!("`{path}`: {why}"), Some(help));
        }
        if found.contains_key(&one.zone) {
            let message = format!("`{path}`: the zone `{}` stands twice in `dns.{KEY}`", one.zone);
            fields.problem(place, message, Some("keep one of the two".to_owned()));
        }
        found.entry(one.zone.clone()).or_insert((node.place, one));
    }
    found.into_values().collect()
}

fn entry(fields: &mut Fields<'_>, node: &Node) -> Option<InsideZone> {
    let zone = fields.parsed("zone", zone_name);
    if fields.node("zone").is_none() {
        let message = format!("`{}` is missing", fields.path_of("zone"));
        fields.problem(Some(node.place), message, Some("add `zone: k8s.intra`".to_owned()));
    }
    let file = fields.text("file").map(|(_, path)| PathBuf::from(path));
    let is_forwarded = fields.node("forward").is_some();
    let servers = fields.texts("forward");
    let mut forward = Vec::new();
    for (place, text) in servers {
        match server(&text) {
            Ok(server) if forward.contains(&server) => {}
            Ok(server) => forward.push(server),
            Err(why) => {
                let message = format!("`{}`: {why}", fields.path_of("forward"));
                let help = "write the address of a DNS server of the house, such as `192.168.1.1`".to_owned();
                fields.problem(Some(place), message, Some(help));
            }
        }
    }
    if forward.len() > MOST_SERVERS {
        let message =
            format!("`{}`: CoreDNS takes {MOST_SERVERS} servers at most", fields.path_of("forward"));
        fields.problem(Some(node.place), message, None);
    }
    let source = match (file, is_forwarded) {
        (Some(path), false) => ZoneSource::File { path, records: Vec::new() },
        (None, true) => ZoneSource::Forward(forward),
        (file, _) => {
            let what = if file.is_some() {
                "has both `file` and `forward`"
            } else {
                "says nothing of where its names come from"
            };
            let help = "add `file: ./k8s.intra.zone`, a zone file beside the configuration; or `forward: 192.168.1.1`, a DNS server of the house that knows the zone".to_owned();
            fields.problem(Some(node.place), format!("`{}` {what}", fields.path()), Some(help));
            return None;
        }
    };
    Some(InsideZone { zone: zone?, source })
}

fn zone_name(text: &str) -> Result<String, String> {
    let zone = text.trim_end_matches('.').to_ascii_lowercase();
    if zone.parse::<IpAddr>().is_ok() {
        return Err(format!("`{text}` is an address; the name of a zone is needed here, such as `lan`"));
    }
    if zone.split('.').all(is_label) && zone_key(&zone).len() <= LONGEST_KEY {
        return Ok(zone);
    }
    Err(match text.is_ascii() {
        true => format!("`{text}` is not the name of a zone, such as `lan` or `k8s.intra`"),
        false => format!("`{text}` has characters beyond ASCII; write its punycode form (`xn--...`)"),
    })
}

/// A server that pods can reach: an address, and a port if it is another than 53.
fn server(text: &str) -> Result<SocketAddr, String> {
    let alone = text.parse::<IpAddr>().map(|address| SocketAddr::new(address, name_server::PORT));
    let server = alone.or_else(|_| text.parse::<SocketAddr>());
    let server = server.map_err(|_| format!("`{text}` is not an address"))?;
    let address = server.ip();
    match () {
        () if address.is_loopback() => {
            Err(format!("in a pod, `{text}` is the pod itself: CoreDNS would ask itself without end"))
        }
        () if address.is_unspecified() || address.is_multicast() || server.port() == 0 => {
            Err(format!("`{text}` is no machine's address"))
        }
        () => Ok(server),
    }
}

/// Why pods would lose other names by a zone, and what to do.
fn refused(zone: &str, domain: Option<&Host>, public: Option<&Host>) -> Option<(String, String)> {
    let (domain, public) = (domain.map(Host::as_str), public.map(Host::as_str));
    if let Some(why) = hides_cluster(zone, cluster_domain::DEFAULT) {
        return Some((why, "take a zone of the house, such as `lan` or `k8s.intra`".to_owned()));
    }
    if OF_ALL.contains(&zone) {
        let why = format!("`{zone}` is everybody's: pods would lose the names in it");
        return Some((why, "take a part of it, such as `1.168.192.in-addr.arpa`".to_owned()));
    }
    let above = [domain, public].into_iter().flatten().find(|own| is_within(own, zone))?;
    Some((
        format!(
            "`{zone}` hides `{above}`: pods would get no answer of public DNS for your services any more"
        ),
        format!(
            "take a zone that is not above `{above}`; names of single machines in it go into `dns.hosts`"
        ),
    ))
}

/// Why a name or a zone hides what the cluster itself answers, if it does.
pub(crate) fn hides_cluster(name: &str, domain: &str) -> Option<String> {
    let hides = is_within(name, domain) || is_within(domain, name);
    hides.then(|| format!("`{name}` hides names of the cluster itself, which are below `{domain}`: pods would not find each other"))
}

/// Reports what does not go together with the rest of the file. `taken` are the names in use, each with what uses it.
pub(super) fn check(
    fields: &mut Fields<'_>,
    dns: &Dns,
    taken: &[(Host, String)],
    (zones, hosts): (&[Position], &[Position]),
) {
    for (one, place) in dns.inside_zones.iter().zip(zones) {
        for (host, user) in taken.iter().filter(|(host, _)| is_within(host.as_str(), &one.zone)) {
            let message = format!(
                "`dns.{KEY}`: the zone `{}` hides `{host}`, the name of `{user}`, from pods",
                one.zone
            );
            let help = "take another zone, or give that service another name".to_owned();
            fields.problem(Some(*place), message, Some(help));
        }
    }
    for (host, place) in dns.hosts.iter().zip(hosts) {
        if let Some(why) = hides_cluster(host.name.as_str(), cluster_domain::DEFAULT) {
            let help = "take a name of the house, such as `nas.k8s.intra`".to_owned();
            fields.problem(Some(*place), format!("`dns.hosts`: {why}"), Some(help));
        }
    }
}

#[cfg(test)]
mod tests;
