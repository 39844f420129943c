//! Names that the cluster's own DNS gives to pods (`dns.hosts`, `dns.insideZones`): entries of the ConfigMap by which k3s lets
//! others add to CoreDNS.
//!
//! Only blocks of their own (`*.server`): in the block for all names, `hosts` stands already, and a second one keeps CoreDNS from
//! starting (CoreDNS 1.14.7, plugin/hosts/setup.go, `ErrOnce`). A single machine gets a block for just its name, so that nothing
//! beside it is hidden; a zone's file is served by the plugin `file`, which alone says rightly that a name does not exist, or has no
//! record of that type.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use k8s_openapi::api::core::v1::ConfigMap;
use sha2::{Digest, Sha256};

use crate::config::{Config, HouseHost, InsideZone, ZoneRecord, ZoneSource};
use crate::desired::kind;
use crate::desired::meta::named;
use crate::desired::object::{Component, Key, Object};
use crate::evidence::{InsideAnswer, InsideName};
use crate::facts::inside::{CONFIG_MAP, FOLDER, KEY, TTL, zone_key};
use crate::facts::name_server;
use crate::facts::namespaces::SYSTEM;

/// A name by which a pod of CoreDNS tells which blocks it has read. Nobody else has such a name (RFC 6761, section 6.4).
const MARKER: &str = "homelab.invalid";
const HEAD: &str =
    "# Written by homelab: change `dns.hosts` and `dns.insideZones` in homelab.yaml in place of this.\n";
/// How often CoreDNS looks whether the file of a zone has changed; its own time is a minute (CoreDNS documentation, file).
const LOOKS_AGAIN: &str = "15s";

/// Where the entries are.
pub fn key() -> Key {
    Key { kind: &kind::CONFIG_MAP, namespace: Some(SYSTEM.to_owned()), name: CONFIG_MAP.to_owned() }
}

/// The ConfigMap with homelab's entries alone; none where pods get no names of their own.
pub(super) fn objects(config: &Config) -> Option<Object> {
    let data = entries(config);
    if data.is_empty() {
        return None;
    }
    let map = ConfigMap { metadata: named(SYSTEM, CONFIG_MAP), data: Some(data), ..ConfigMap::default() };
    Object::typed(Component::InsideNames, &map)
}

/// The zones of homelab's blocks.
pub fn zones(config: &Config) -> Vec<String> {
    let alone = alone(config).into_iter().map(|host| host.name.to_string());
    alone
        .chain([MARKER.to_owned()])
        .chain(config.dns.inside_zones.iter().map(|zone| zone.zone.clone()))
        .collect()
}

/// What each pod of CoreDNS should answer.
pub fn wanted(config: &Config) -> Vec<InsideName> {
    let host = |host: &HouseHost| {
        let addresses = host.addresses.iter().copied().map(IpAddr::V4).collect();
        InsideName { name: host.name.to_string(), answer: InsideAnswer::Addresses(addresses) }
    };
    let zone = |zone: &InsideZone| {
        let answer = match &zone.source {
            ZoneSource::Forward(servers) => InsideAnswer::FromHouse(servers.clone()),
            ZoneSource::File { .. } => InsideAnswer::Serial(serial(&config.records_of(zone))),
        };
        InsideName { name: zone.zone.clone(), answer }
    };
    let marker = InsideName { name: MARKER.to_owned(), answer: InsideAnswer::Text(mark(&blocks(config).0)) };
    let names = config.dns.inside_zones.iter().map(zone).chain(config.dns.pod_hosts().map(host));
    [marker].into_iter().chain(names).collect()
}

fn entries(config: &Config) -> BTreeMap<String, String> {
    let (mut blocks, mut entries) = blocks(config);
    if !blocks.is_empty() {
        let answer = format!("{{{{ .Name }}}} {TTL} IN TXT {}", mark(&blocks));
        let inside = format!("    template IN TXT {{\n        answer \"{answer}\"\n    }}\n");
        block(&mut blocks, &block_key(MARKER), &inside);
        entries.insert(KEY.to_owned(), format!("{HEAD}{blocks}"));
    }
    entries
}

/// The blocks, and the files that they read.
fn blocks(config: &Config) -> (String, BTreeMap<String, String>) {
    let mut blocks = String::new();
    let alone = alone(config);
    if !alone.is_empty() {
        let keys: Vec<String> = alone.iter().map(|host| block_key(host.name.as_str())).collect();
        block(&mut blocks, &keys.join(" "), &format!("{}    forward . /etc/resolv.conf\n", hosts(&alone)));
    }
    let mut entries = BTreeMap::new();
    for zone in &config.dns.inside_zones {
        let inside = match &zone.source {
            ZoneSource::Forward(servers) => {
                let servers: Vec<String> = servers.iter().map(server).collect();
                format!(
                    "{}    cache {TTL}\n    forward . {}\n",
                    hosts(&within(config, zone)),
                    servers.join(" ")
                )
            }
            ZoneSource::File { .. } => {
                let key = zone_key(&zone.zone);
                let inside = format!("    file {FOLDER}/{key} {{\n        reload {LOOKS_AGAIN}\n    }}\n");
                entries.insert(key, file(&zone.zone, &config.records_of(zone)));
                inside
            }
        };
        block(&mut blocks, &block_key(&zone.zone), &inside);
    }
    (blocks, entries)
}

/// Stands for what is in the blocks.
fn mark(blocks: &str) -> String {
    let digest = Sha256::digest(blocks);
    format!("homelab-{}", digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// The machines whose names are in none of the zones.
fn alone(config: &Config) -> Vec<&HouseHost> {
    config.dns.pod_hosts().filter(|host| config.dns.inside_zone_of(host.name.as_str()).is_none()).collect()
}

/// Those whose names are in this zone and in none below it.
fn within<'c>(config: &'c Config, zone: &InsideZone) -> Vec<&'c HouseHost> {
    let is_here = |host: &&HouseHost| config.dns.inside_zone_of(host.name.as_str()) == Some(zone);
    config.dns.pod_hosts().filter(is_here).collect()
}

fn block_key(zone: &str) -> String {
    format!("{zone}:{}", name_server::PORT)
}

fn block(blocks: &mut String, keys: &str, inside: &str) {
    let _ = write!(blocks, "{keys} {{\n    errors\n{inside}}}\n");
}

/// What else is asked of such a name than its addresses has no answer; other names go on to the next plugin.
fn hosts(hosts: &[&HouseHost]) -> String {
    if hosts.is_empty() {
        return String::new();
    }
    let mut text = "    hosts {\n".to_owned();
    for host in hosts {
        for address in &host.addresses {
            let _ = writeln!(text, "        {address} {}", host.name);
        }
    }
    let _ = write!(text, "        ttl {TTL}\n        no_reverse\n        fallthrough\n    }}\n");
    text
}

fn server(server: &SocketAddr) -> String {
    match server.port() {
        name_server::PORT => server.ip().to_string(),
        _ => server.to_string(),
    }
}

/// The zone as CoreDNS reads it.
fn file(zone: &str, records: &[ZoneRecord]) -> String {
    let serial = serial(records);
    let mut text =
        format!("{zone}. {TTL} IN SOA {zone}. hostmaster.{zone}. {serial} 7200 1800 86400 {TTL}\n");
    for record in records {
        let _ = writeln!(text, "{}. {TTL} IN {}", record.name, record.data);
    }
    text
}

/// Changes with what is in the zone: CoreDNS reads a file anew when its serial is another than before (CoreDNS 1.14.7,
/// plugin/file/file.go), and takes none whose first serial is 0.
fn serial(records: &[ZoneRecord]) -> u32 {
    let mut digest = Sha256::new();
    for record in records {
        digest.update(format!("{} {}\n", record.name, record.data));
    }
    let bytes = digest.finalize();
    bytes.iter().take(4).fold(0, |serial, byte| serial << 8 | u32::from(*byte)).max(1)
}

#[cfg(test)]
mod tests;
