//! The lab's own name server for the zone of the challenges (`dns.challengeServer`): where the internet finds it, and where it
//! runs.

use std::net::IpAddr;

use crate::config::dns::Dns;
use crate::config::fields::{Fields, Problem};
use crate::config::model::{Backend, Config, Service};
use crate::config::yaml::Value;
use crate::facts::address::{is_private, is_shared};
use crate::facts::challenge_server::{LABEL, PORT};
use crate::facts::names::{Host, behind_challenge, is_label, is_within};

/// The key.
pub(super) const KEY: &str = "challengeServer";
/// Ports on a node that others have: multicast DNS, the Kubernetes API and the kubelet (Kubernetes docs, "Ports and Protocols").
const TAKEN: [u16; 3] = [5353, 6443, 10_250];

/// A name server of the lab's own that the internet asks for the zone of the challenges, and for nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChallengeServer {
    /// Where the internet finds it: at the house's router.
    pub public: PublicPlace,
    /// Where it listens on its node; the router passes public port 53 on to it.
    pub port: u16,
    /// Its node; `None` where the cluster has one only.
    pub node: Option<String>,
}

/// Where the internet finds the house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicPlace {
    /// An address that stays.
    Address(IpAddr),
    /// A name that leads to the address that it has now, as a DynDNS service keeps one.
    Name(Host),
}

/// A record of the zone above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParentRecord {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: &'static str,
    /// What it says, without a final dot.
    pub content: String,
}

impl ChallengeServer {
    /// Its name in DNS. In the zone itself, it needs a glue record; a zone whose first label is no label of a host cannot have its
    /// server in it: BIND loads no zone with an address record below `_acme-challenge` (`check-names`), and some providers take none.
    #[must_use]
    pub fn name(&self, zone: &Host) -> String {
        match &self.public {
            PublicPlace::Name(name) => name.to_string(),
            PublicPlace::Address(_) => {
                let zone = zone.as_str();
                format!("{LABEL}.{}", behind_challenge(zone).unwrap_or(zone))
            }
        }
    }

    /// Its address, where that is known and homelab gives it its name.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match self.public {
            PublicPlace::Address(address) => Some(address),
            PublicPlace::Name(_) => None,
        }
    }

    /// By which records the zone above leads to it.
    #[must_use]
    pub fn delegation(&self, zone: &Host) -> Vec<ParentRecord> {
        let name = self.name(zone);
        let glue = self.address().map(|address| ParentRecord {
            name: name.clone(),
            kind: if address.is_ipv4() { "A" } else { "AAAA" },
            content: address.to_string(),
        });
        let delegation = ParentRecord { name: zone.to_string(), kind: "NS", content: name };
        [delegation].into_iter().chain(glue).collect()
    }
}

impl Dns {
    /// The zone that the provider has in place of that of the names.
    pub fn elsewhere(&self) -> Option<&Host> {
        self.challenge_zone.as_ref().filter(|_| self.challenge_server.is_none())
    }

    /// The zone that the lab's own server has, with that server.
    pub fn own_challenge_zone(&self) -> Option<(&Host, &ChallengeServer)> {
        self.challenge_zone.as_ref().zip(self.challenge_server.as_ref())
    }
}

/// Reads the key: an address or a name alone, or a mapping.
pub(super) fn read(fields: &mut Fields<'_>, zone: Option<&Host>) -> Option<ChallengeServer> {
    let node = fields.node(KEY)?;
    let place = Some(node.place);
    let server = match &node.value {
        Value::Text(_) => {
            let public = fields.parsed(KEY, public)?;
            ChallengeServer { public, port: PORT, node: None }
        }
        Value::Null => return None,
        Value::Map(_) => fields.section(KEY, mapping)?,
        other => {
            let message =
                format!("`dns.{KEY}` must be an address, a name or a mapping, not {}", other.kind());
            fields.problem(place, message, None);
            return None;
        }
    };
    let Some(zone) = zone else {
        fields.problem(
            place,
            format!("`dns.{KEY}` has no zone to answer for"),
            Some(
                "add `challengeZone: NAME` next to it, a sub-domain for this alone: docs/challenge-zone.md"
                    .to_owned(),
            ),
        );
        return None;
    };
    if let PublicPlace::Name(name) = &server.public
        && name.is_within(zone)
    {
        fields.problem(
            place,
            format!("`dns.{KEY}`: `{name}` is in `{zone}`, which nobody finds before he knows the address of its server"),
            Some("write the public address of your router, or a name in another zone, such as that of your DynDNS service".to_owned()),
        );
    }
    Some(server)
}

fn mapping(fields: &mut Fields<'_>) -> Option<ChallengeServer> {
    fields.missing("address", "where the internet finds your router", "203.0.113.7");
    let public = fields.parsed("address", public);
    let place = fields.node("port").map(|node| node.place);
    let port = fields.int("port", 1024, 65_535).map_or(PORT, |port| port as u16);
    if TAKEN.contains(&port) {
        let message = format!("`{}`: {port} is taken on every node", fields.path_of("port"));
        let help = format!("leave it out, and it is {PORT}; your router forwards public port 53 to it");
        fields.problem(place, message, Some(help));
    }
    let node = fields.parsed("node", |text| match text.split('.').all(is_label) {
        true => Ok(text.to_owned()),
        false => Err(format!("`{text}` is not a node's name; `kubectl get nodes` lists them")),
    });
    Some(ChallengeServer { public: public?, port, node })
}

/// An address that the internet can reach, or a name.
fn public(text: &str) -> Result<PublicPlace, String> {
    let Ok(address) = text.parse::<IpAddr>() else { return Host::parse(text).map(PublicPlace::Name) };
    match address {
        IpAddr::V4(four) if is_shared(four) => Err(format!(
            "`{text}` is shared by many houses (carrier-grade NAT), so nobody on the internet can reach your router; ask your internet provider for an address of your own, or leave `{KEY}` out and have a provider host the zone"
        )),
        address if is_private(&address) || address.is_unspecified() || address.is_multicast() => {
            Err(format!(
                "`{text}` cannot be reached from the internet; write the public address of your router, which its own page shows"
            ))
        }
        address => Ok(PublicPlace::Address(address)),
    }
}

/// A program on the node that listens where the server does: the node would pass it none of its packets.
pub(super) fn same_port(config: &Config) -> Option<Problem> {
    let server = config.dns.challenge_server.as_ref()?;
    let is_there =
        |service: &&Service| matches!(service.backend, Backend::Local { port, .. } if port == server.port);
    let service = config.services.iter().find(is_there)?;
    let message = format!(
        "`services.{}` and `dns.{KEY}` both listen on port {} of the node",
        service.name, server.port
    );
    let help = format!("add another `port` below `dns.{KEY}`");
    Some(Problem::new(None, message, Some(help)))
}

/// Why the names cannot be published where public DNS asks the lab's own server for all of them.
pub(super) fn takes_the_names(domain: Option<&Host>, zone: Option<&Host>) -> bool {
    domain.zip(zone).is_some_and(|(domain, zone)| is_within(domain.as_str(), zone.as_str()))
}

#[cfg(test)]
mod tests;
