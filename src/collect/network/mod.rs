//! Looks at the world once: all probes side by side, each with its own short limit, all within one deadline.
//!
//! The order that matters is kept for each host: the authoritative servers first, and a public or local resolver only
//! for a host that they already answer. A resolver that is asked too early remembers the absence for up to half an hour
//! (RFC 2308; Cloudflare's SOA says 1800 s), and the check would itself cause what it then reports.

mod above;
mod around;
mod asked;
mod authority;
mod challenges;
mod delegation;
mod forwarders;
mod house;
mod limit;
mod names;
mod nodes;
mod organisations;
mod own_servers;
mod pace;
mod sample;
mod servers;
mod service_dns;
mod survey;
mod wildcards;

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use futures::future::{OptionFuture, join_all};

use crate::collect::network::limit::Limit;
use crate::collect::network::names::Depth;
use crate::collect::network::pace::Paces;
use crate::collect::network::servers::Servers;
use crate::config::{Challenge, ChallengeServer, Config, PUBLIC_RESOLVERS};
use crate::evidence::http::Scheme;
use crate::evidence::{Evidence, HereSeen, Zone};
use crate::facts::name_server;
use crate::facts::names::probe_name;
use crate::net::dns::Doh;
use crate::net::follow::Reach;
use crate::net::http::Target;
use crate::net::store_of;
use crate::provider::Client;

pub use crate::collect::network::above::above;
pub use crate::collect::network::challenges::alone as challenges_alone;
pub use crate::collect::network::forwarders::forwarders;
pub use crate::collect::network::house::House;
pub(in crate::collect) use crate::collect::network::nodes::addresses;
pub use crate::collect::network::organisations::Organised;
pub(in crate::collect) use crate::collect::network::service_dns::is_one_of;
pub use crate::collect::network::wildcards::wildcards;

/// At most 18 questions in any second, which leaves two of AdGuard Home's 20 to the other machines of the house.
const PACE: (u32, u32) = (10, 8);
/// For so many hosts each resolver is asked itself, whatever a program gets.
const ASKED_WHOLLY: usize = 3;

/// What to look at.
#[derive(Debug, Clone)]
pub struct Probes {
    /// The names of the services; of a wildcard, one name is asked ([`probe_name`]).
    pub hosts: Vec<String>,
    /// What the hosts end in, as it was written.
    pub domain: String,
    /// The provider's zone, as it has it; `None` when it did not say.
    pub zone: Option<Zone>,
    /// Where the challenges are met; `None` where that is beside the names, and the provider's zone is theirs.
    pub challenge_zone: Option<String>,
    /// The lab's own server that has that zone, if one does, with its name.
    pub challenge_server: Option<(String, ChallengeServer)>,
    /// The challenges that are met there.
    pub challenges: Vec<Challenge>,
    /// The zones of organisations.
    pub organisations: Vec<Organised>,
    /// Public resolvers, and their DoH for when port 53 is closed.
    pub resolvers: Vec<SocketAddr>,
    /// Whether the nodes are the only name servers of the domain, of which public DNS knows nothing.
    pub on_nodes: bool,
    /// What the nodes answer for in the house, if they do.
    pub house: Option<House>,
    /// Public resolvers that should not know the domain; none unless the nodes are its only name servers.
    pub world: Vec<SocketAddr>,
    /// Their DoH.
    pub world_doh: Vec<Doh>,
    /// Asked only when none of the resolvers has an address.
    pub doh: Vec<Doh>,
    /// The file that names this machine's resolvers, `/etc/resolv.conf` but in tests.
    pub resolv_conf: PathBuf,
    /// The file that names the resolvers behind systemd-resolved, where that is in use.
    pub behind_stub: PathBuf,
    /// `/etc/hosts` but in tests.
    pub hosts_file: PathBuf,
    /// An address where no machine is: 192.0.2.1 (RFC 5737) but in tests.
    pub nowhere: SocketAddr,
    /// The networks of this machine; with them the lab is looked at beyond its hosts, as `doctor` does and `up` does not.
    pub survey: Option<HereSeen>,
    /// How many questions a second this machine's resolvers are asked, and how many come at once before that.
    pub pace: (u32, u32),
    /// 53, 80 and 443 but in tests.
    pub dns_port: u16,
    /// The port of a service without TLS.
    pub http_port: u16,
    /// The port of a service with TLS, where each certificate is read.
    pub https_port: u16,
    /// Whether the service is asked with its certificate checked; never with a staging one.
    pub check_certificates: bool,
    /// The limit of one probe and of all together.
    pub probe: Duration,
    /// 10 s unless changed; what is not seen by then stays unknown.
    pub deadline: Duration,
}

impl Probes {
    /// The probes for some hosts of a domain, everything else as at home.
    #[must_use]
    pub fn new(domain: String, hosts: Vec<String>) -> Self {
        let public = |address: [u8; 4]| SocketAddr::from((address, name_server::PORT));
        let doh = |host: &str| Doh { url: format!("https://{host}/dns-query"), address: None };
        Self {
            hosts,
            domain,
            zone: None,
            challenge_zone: None,
            challenge_server: None,
            challenges: Vec::new(),
            organisations: Vec::new(),
            resolvers: vec![public([1, 1, 1, 1]), public([8, 8, 8, 8])],
            on_nodes: false,
            house: None,
            world: Vec::new(),
            world_doh: Vec::new(),
            doh: vec![doh("1.1.1.1")],
            resolv_conf: "/etc/resolv.conf".into(),
            behind_stub: "/run/systemd/resolve/resolv.conf".into(),
            hosts_file: "/etc/hosts".into(),
            nowhere: public([192, 0, 2, 1]),
            survey: None,
            pace: PACE,
            dns_port: name_server::PORT,
            http_port: 80,
            https_port: 443,
            check_certificates: true,
            probe: Duration::from_secs(2),
            deadline: Duration::from_secs(10),
        }
    }

    /// The same with the resolvers that the configuration names: without the usual ones, their DoH is nobody's wish either.
    #[must_use]
    pub fn of(config: &Config, domain: String, hosts: Vec<String>) -> Self {
        let mut probes = Self::new(domain, hosts);
        probes.resolvers = config
            .public_resolvers
            .iter()
            .map(|address| SocketAddr::new(*address, name_server::PORT))
            .collect();
        if config.public_resolvers != PUBLIC_RESOLVERS {
            probes.doh = Vec::new();
        }
        probes.house = House::of(config);
        probes.challenge_zone = config.dns.challenge_zone.as_ref().map(ToString::to_string);
        let own = config.dns.own_challenge_zone();
        probes.challenge_server = own.map(|(zone, server)| (server.name(zone), server.clone()));
        probes.challenges = config.challenges();
        if config.dns.provider.is_on_nodes() {
            probes.on_nodes = true;
            probes.world = std::mem::take(&mut probes.resolvers);
            probes.world_doh = std::mem::take(&mut probes.doh);
        }
        probes
    }

    /// The zone of the challenges, where the provider has it in place of that of the names.
    fn elsewhere(&self) -> Option<&str> {
        self.challenge_zone.as_deref().filter(|_| self.challenge_server.is_none())
    }

    /// Public resolvers, and their DoH, for what public DNS knows wherever the names are.
    fn public(&self) -> (&[SocketAddr], &[Doh]) {
        match self.on_nodes {
            true => (&self.world, &self.world_doh),
            false => (&self.resolvers, &self.doh),
        }
    }

    /// Whether public DNS has the names.
    fn are_published(&self) -> bool {
        !self.house.as_ref().is_some_and(|house| house.alone)
    }

    /// Whether neither the provider nor the nodes have the names.
    fn are_named_elsewhere(&self) -> bool {
        self.elsewhere().is_some() && self.house.is_none()
    }

    /// The zone of the hosts as the provider has it; without it, it is looked for in public DNS.
    fn zone_of_hosts(&self) -> Option<&Zone> {
        self.zone.as_ref().filter(|_| self.elsewhere().is_none())
    }

    /// The names that redirects are followed to.
    fn reached(&self) -> BTreeSet<String> {
        self.hosts.iter().map(|host| probe_name(host)).collect()
    }

    /// How far redirects are followed.
    fn reach<'a>(&self, names: &'a BTreeSet<String>) -> Reach<'a> {
        Reach { names, ports: (self.http_port, self.https_port) }
    }
}

/// A host, and how its service is asked.
struct Host {
    name: String,
    scheme: Scheme,
    check_certificate: bool,
    /// Those of its Ingresses, sorted.
    addresses: Vec<IpAddr>,
    /// Where it is asked, each with the name of that place.
    places: Vec<(String, IpAddr)>,
    /// Off where the Ingresses were not read.
    knows_ingresses: bool,
}

impl Host {
    fn target(&self, probes: &Probes, address: IpAddr) -> Target {
        let port = match self.scheme {
            Scheme::Http => probes.http_port,
            Scheme::Https => probes.https_port,
        };
        Target {
            scheme: self.scheme,
            address: SocketAddr::new(address, port),
            host: Some(probe_name(&self.name)),
            check_certificate: self.check_certificate,
        }
    }
}

/// Fills the evidence that comes over the network; the seed holds what the cluster said.
pub async fn collect(mut seed: Evidence, probes: &Probes, provider: Option<&Client>) -> Evidence {
    let limit = Limit::new(probes.probe, probes.deadline);
    let addresses = nodes::addresses(&seed);
    let host_named = |name: &String| Host {
        name: name.clone(),
        scheme: if seed.wants_tls(name) == Some(false) { Scheme::Http } else { Scheme::Https },
        // What the lab's own authority has signed is judged by its own root, not by this machine's.
        check_certificate: probes.check_certificates && !seed.staging && !seed.is_by_authority(name),
        addresses: seed.status_of(name),
        places: nodes::addresses_of(&seed, name),
        knows_ingresses: seed.ingresses.is_some(),
    };
    let hosts: Vec<Host> = probes.hosts.iter().map(host_named).collect();
    let reached = probes.reached();
    let root = seed.authority.as_ref().and_then(|authority| authority.root.as_ref().ok());
    let root = root.and_then(|root| store_of(&root.der));
    let six = addresses.iter().any(|(_, address)| address.is_ipv6());
    let offline = seed.offline;
    let (names, answers, services, service_dns) = futures::join!(
        async {
            let (provider, servers, nowhere) = futures::join!(
                organisations::read_zones(probes, provider),
                Servers::find(probes, &limit, (&seed, offline)),
                survey::nowhere(probes, &limit, offline),
            );
            // Where somebody answers in place of every server, all questions end at the same one.
            let intercepted = matches!(nowhere, Some(Ok(_)));
            let outside = servers.authoritative.iter().chain(&servers.house).map(|server| server.address);
            let outside = outside.chain(probes.resolvers.iter().copied()).filter(|_| !intercepted);
            let house = Paces::new(probes.pace, outside);
            let paces = &house;
            let wildcard = seed.wildcard.as_ref();
            let known = names::Knowledge { provider: provider.as_ref(), wildcard, offline, paces };
            let asked = sample::of(&probes.hosts, &seed, provider.as_ref(), intercepted);
            let depth = |host: &Host| match asked.iter().position(|name| *name == host.name) {
                Some(at) if at < ASKED_WHOLLY => Depth::Whole,
                Some(_) => Depth::Quick,
                None => Depth::Not,
            };
            let looks = hosts
                .iter()
                .map(|host| names::look(probes, &limit, &servers, &known, host, (six, depth(host))));
            let survey = async {
                match probes.survey {
                    Some(_) => Some(survey::lab(probes, &limit, &servers, paces, nowhere).await),
                    None => None,
                }
            };
            let own = probes
                .house
                .as_ref()
                .map(|house| Box::pin(own_servers::look(probes, house, &limit, (&servers, paces), offline)));
            let own = OptionFuture::from(own);
            let extra = seed.extra.iter().filter(|extra| !extra.by_authority).flat_map(|extra| &extra.hosts);
            let signed: BTreeSet<String> = asked.iter().chain(extra).cloned().collect();
            let caa = authority::caa(probes, &limit, &servers, (paces, &signed), seed.acme.is_some());
            // On the heap: they are large, and few labs need them.
            let challenges = Box::pin(challenges::look(probes, &limit, intercepted));
            let delegation = Box::pin(delegation::look(probes, &limit, &addresses));
            let organisations = Box::pin(organisations::look(probes, &limit, offline));
            let ways = async { futures::join!(challenges, delegation, organisations) };
            let (looked, survey, caa, own, ways) = futures::join!(join_all(looks), survey, caa, own, ways);
            (provider, servers.missing(probes), looked, (survey, own, ways), caa, house)
        },
        nodes::unknown_names(probes, &limit, &addresses),
        join_all(hosts.iter().map(|host| nodes::services(probes, &limit, host, (&reached, root.as_ref())))),
        service_dns::look(&seed, probes, &limit),
    );
    if let Some(cluster) = &mut seed.cluster {
        cluster.service_dns = service_dns;
    }
    let (provider, missing, looked, (survey, own, (challenges, delegation, organisations)), caa, paces) =
        names;
    (seed.own_servers, seed.organisations) = (own, organisations);
    if let Some(seen) = &mut seed.challenges {
        (seen.names, seen.server) = (challenges, delegation);
    }
    if let Some(acme) = &mut seed.acme {
        acme.caa = caa;
    }
    seed.provider = provider.or(seed.provider);
    seed.no_authoritative = missing;
    seed.node_answers = answers;
    for ((host, mut seen), (tls, http)) in probes.hosts.iter().zip(looked).zip(services) {
        (seen.tls, seen.http) = (tls, http);
        seed.hosts.insert(host.clone(), seen);
    }
    seed.around = around::look(probes, &limit, &paces, (&seed, survey.as_ref())).await;
    if let (Some(mut names), Some(here)) = (survey, probes.survey.clone()) {
        let resolvers = names.resolvers.as_deref_mut().unwrap_or_default();
        let (here, ()) = futures::join!(
            survey::here(probes, &limit, &seed, here),
            survey::identify(probes, &limit, seed.hosts.values(), resolvers),
        );
        names.here = Some(here);
        seed.names = Some(names);
    }
    seed
}

#[cfg(test)]
mod tests;
