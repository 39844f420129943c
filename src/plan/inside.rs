//! What a cluster's CoreDNS makes of further zones: whether it would read them, and whose entries stand in the way. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::config::inside::hides_cluster;
use crate::evidence::{at, entries};
use crate::facts::cluster_domain;
use crate::facts::corefile::{self, Block, Corefile, Directive};
use crate::facts::inside::{CONFIG_MAP, FOLDER, KEY, OVERRIDE, SERVER};
use crate::plan::ownership::{is_ours, managers};

/// What CoreDNS takes once in a block, and ends with an error when it is there again (CoreDNS 1.14.7, each plugin's setup,
/// `ErrOnce`). Of several `forward .`, the first one counts.
const ONCE: [&str; 7] = ["cache", "errors", "hosts", "kubernetes", "loop", "prometheus", "ready"];

/// What was read of it; `None` of what is not there.
#[derive(Debug, Clone, Copy, Default)]
pub struct CoreDns<'a> {
    /// The ConfigMap `coredns`.
    pub settings: Option<&'a Value>,
    /// The ConfigMap `coredns-custom`.
    pub custom: Option<&'a Value>,
    /// The Deployment `coredns`.
    pub deployment: Option<&'a Value>,
}

/// An entry of `coredns-custom` that CoreDNS does not take: it goes on with what it read before, and does not start again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Its key.
    pub entry: String,
    /// What is wrong with it.
    pub why: String,
}

/// Why nothing may be written there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is in the way.
    pub why: String,
    /// What to do.
    pub hint: String,
}

impl<'a> CoreDns<'a> {
    /// Its Corefile, as far as it can be read.
    fn corefile(&self) -> Option<Corefile> {
        corefile::parse(at(self.settings?, "/data/Corefile")).ok()
    }

    /// The texts of `coredns-custom` by their keys.
    fn texts(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let data = self.custom.and_then(|map| map["data"].as_object());
        data.into_iter().flatten().filter_map(|(key, text)| Some((key.as_str(), text.as_str()?)))
    }

    /// Whether homelab has applied that entry.
    fn is_ours(&self, entry: &str) -> bool {
        let field = format!("f:{entry}");
        let managers = self.custom.map_or(&[][..], managers);
        managers.iter().filter(|one| is_ours(one)).any(|one| !one["fieldsV1"]["f:data"][&field].is_null())
    }

    /// Every entry that CoreDNS does not take, but for homelab's own.
    #[must_use]
    pub fn broken(&self) -> Vec<Broken> {
        let Some(corefile) = self.corefile() else { return Vec::new() };
        let mut found = Vec::new();
        if let Some(block) = corefile.blocks.iter().find(|block| imports(&block.directives, OVERRIDE)) {
            let mut before = block.directives.clone();
            for (entry, text) in self.texts().filter(|(entry, _)| entry.ends_with(OVERRIDE)) {
                match corefile::directives(text) {
                    Ok(more) => {
                        let with = [before.as_slice(), more.as_slice()].concat();
                        match twice(&with) {
                            Some(why) => found.push(Broken { entry: entry.to_owned(), why }),
                            None => before = with,
                        }
                    }
                    Err(mistake) => found.push(broken(entry, &mistake)),
                }
            }
        }
        if !has_server_import(&corefile) {
            return found;
        }
        let mut zones: BTreeMap<String, &str> =
            corefile.blocks.iter().flat_map(Block::zones).map(|zone| (zone, "the Corefile")).collect();
        let servers = self.texts().filter(|(entry, _)| entry.ends_with(SERVER) && !self.is_ours(entry));
        for (entry, text) in servers {
            match corefile::parse(text) {
                Ok(more) => {
                    found.extend(
                        more.blocks
                            .iter()
                            .filter_map(|block| twice(&block.directives))
                            .map(|why| Broken { entry: entry.to_owned(), why }),
                    );
                    for zone in more.blocks.iter().flat_map(Block::zones) {
                        if let Some(other) = zones.insert(zone.clone(), entry) {
                            let other = if other == entry { "it" } else { other };
                            let why = format!("the zone `{zone}` has a block in {other} already");
                            found.push(Broken { entry: entry.to_owned(), why });
                        }
                    }
                }
                Err(mistake) => found.push(broken(entry, &mistake)),
            }
        }
        found
    }

    /// Why blocks for these zones may not be written, each reason once.
    #[must_use]
    pub fn refusals(&self, zones: &[String]) -> Vec<Refusal> {
        let refusal = |why: String, hint: &str| Refusal { why, hint: hint.to_owned() };
        let Some(corefile) = self.corefile() else {
            let why = "the cluster has no CoreDNS whose Corefile lies in the ConfigMap `kube-system/coredns`"
                .to_owned();
            return vec![refusal(why, ELSEWHERE)];
        };
        let mut found = Vec::new();
        if !has_server_import(&corefile) {
            let why = format!(
                "the Corefile of CoreDNS (ConfigMap `kube-system/coredns`) does not have the line `import {FOLDER}/*{SERVER}`"
            );
            found.push(refusal(why, ELSEWHERE));
        } else if !self.deployment.is_some_and(mounts) {
            let why = format!(
                "the Deployment `kube-system/coredns` does not mount the ConfigMap `{CONFIG_MAP}` at `{FOLDER}`"
            );
            found.push(refusal(why, ELSEWHERE));
        }
        if !corefile.blocks.iter().any(|block| block.of("reload").next().is_some()) {
            let why = "CoreDNS would not see a change: its Corefile has no `reload`".to_owned();
            found.push(refusal(why, "add `reload` to the block `.:53` of the Corefile, and restart CoreDNS"));
        }
        found.extend(self.broken().into_iter().map(|Broken { entry, why }| {
            let why = format!("the entry `{entry}` of the ConfigMap `kube-system/{CONFIG_MAP}` breaks CoreDNS, which would not read homelab's either: {why}");
            refusal(why, &format!("correct or remove that entry: `kubectl -n kube-system edit configmap {CONFIG_MAP}`"))
        }));
        if self.texts().any(|(entry, _)| entry == KEY) && !self.is_ours(KEY) {
            let why = format!(
                "the ConfigMap `kube-system/{CONFIG_MAP}` has an entry `{KEY}` that homelab did not write"
            );
            found.push(refusal(why, "rename or remove that entry"));
        }
        let domain = cluster_domain::of_corefile(&corefile).unwrap_or_default();
        for zone in zones {
            if let Some(why) = hides_cluster(zone, &domain).filter(|_| !domain.is_empty()) {
                found.push(refusal(why, "take another name"));
            }
            if corefile.blocks.iter().flat_map(Block::zones).any(|other| other == *zone) {
                let why =
                    format!("the zone `{zone}` has a block in the Corefile already, and CoreDNS takes one");
                found.push(refusal(why, "remove one of the two"));
            }
            found.extend(self.other_entry(zone).map(|entry| {
                let why = format!("the zone `{zone}` has a block in the entry `{entry}` of the ConfigMap `kube-system/{CONFIG_MAP}` already, and CoreDNS takes one");
                refusal(why, "remove that block, or the zone from homelab.yaml")
            }));
        }
        found
    }

    /// The entry of others that has a block for the zone.
    fn other_entry(&self, zone: &str) -> Option<&'a str> {
        let has = |text: &str| {
            let blocks = corefile::parse(text).map(|read| read.blocks).unwrap_or_default();
            blocks.iter().flat_map(Block::zones).any(|other| other == zone)
        };
        let mut servers = self.texts().filter(|(entry, _)| entry.ends_with(SERVER) && !self.is_ours(entry));
        servers.find(|(_, text)| has(text)).map(|(entry, _)| entry)
    }
}

const ELSEWHERE: &str = "homelab gives pods names of their own where CoreDNS reads `coredns-custom`, as in k3s; here, add the line and the \
    volume as k3s has them (docs/inside-names.md). Or remove `dns.insideZones`, and set `dns.podHosts: false`: pods then ask your router";

fn broken(entry: &str, mistake: &corefile::Mistake) -> Broken {
    Broken { entry: entry.to_owned(), why: format!("line {}: {}", mistake.line, mistake.why) }
}

fn imports(directives: &[Directive], ending: &str) -> bool {
    let is_it = |pattern: &String| *pattern == format!("{FOLDER}/*{ending}");
    directives.iter().any(|one| one.name == "import" && one.arguments.iter().any(is_it))
}

fn has_server_import(corefile: &Corefile) -> bool {
    corefile.imports.iter().any(|pattern| *pattern == format!("{FOLDER}/*{SERVER}"))
}

/// What stands twice in a block that CoreDNS takes once.
fn twice(directives: &[Directive]) -> Option<String> {
    let count = |name: &str| directives.iter().filter(|one| one.name == name).count();
    let name = ONCE.iter().find(|name| count(name) > 1)?;
    Some(format!("`{name}` stands in that block already, and CoreDNS takes it once"))
}

/// Whether a Deployment's pods have `coredns-custom` where the Corefile looks for it.
fn mounts(deployment: &Value) -> bool {
    let is_it = |volume: &&Value| volume["configMap"]["name"] == CONFIG_MAP;
    let volumes = entries(deployment, "/spec/template/spec/volumes");
    let names: Vec<&Value> = volumes.iter().filter(is_it).map(|volume| &volume["name"]).collect();
    let containers = entries(deployment, "/spec/template/spec/containers");
    let mut mounts = containers.iter().flat_map(|container| entries(container, "/volumeMounts"));
    mounts.any(|mount| {
        at(mount, "/mountPath").trim_end_matches('/') == FOLDER && names.contains(&&mount["name"])
    })
}

#[cfg(test)]
pub(crate) mod tests;
