//! `homelab zone delegate`: the records by which public DNS leads from the names into the zone that the lab may write, and to the
//! lab's own server where that has it.

mod write;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cli::{Delegate, Global};
use crate::config::{ChallengeServer, Config, ParentRecord};
use crate::error::{Error, Exit, Result};
use crate::facts::names::Host;
use crate::machine::configuration;
use crate::outside::Shown;
use crate::ui::{self, Output, Ui};

/// One record, and what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    record: ParentRecord,
    /// The names of certificates that need it.
    proves: Vec<String>,
}

pub(super) async fn delegate(global: &Global, flags: &Delegate, ui: Ui) -> Result<Exit> {
    let config = configuration::load(global.config.as_deref())?;
    let Some(zone) = &config.dns.challenge_zone else {
        return Err(Error::usage("there is nothing to delegate: the provider hosts the zone of the names").hint(
            "set `dns.challengeZone` if it hosts another zone, in which the challenges for certificates are met, or if a name server of the lab's own has one: docs/challenge-zone.md",
        ));
    };
    let wanted = wanted(&config);
    let done = match flags.write || flags.remove {
        true => Some(write::write(&config, &wanted, flags.remove).await?),
        false => None,
    };
    match (ui.output, &done) {
        (Output::Json, _) => ui::document(document(zone.as_str(), &wanted, done.as_ref())),
        (_, Some(done)) => ui::answer(&Shown::lines(&done.told())),
        _ if wanted.is_empty() => ui::note(&"no certificate of this configuration needs a record".into()),
        _ => ui::answer(&Shown::lines(&told(&config, &wanted, flags))),
    }
    let tells = !flags.remove && ui.output != Output::Json;
    if let Some(server) = config.dns.challenge_server.as_ref().filter(|_| tells) {
        ui::note(&Shown::lines(&forwarding(zone, server)));
    }
    Ok(Exit::Fine)
}

/// The delegation first, then the records of challenges that are not in the zone.
fn wanted(config: &Config) -> Vec<Wanted> {
    let challenges = config.challenges();
    let all = || challenges.iter().flat_map(|one| one.proves.iter().cloned()).collect::<Vec<_>>();
    let delegation = config.dns.own_challenge_zone().filter(|_| !challenges.is_empty());
    let delegation = delegation.into_iter().flat_map(|(zone, server)| server.delegation(zone));
    let aliases = challenges.iter().filter(|one| one.needs_record()).map(|one| Wanted {
        record: ParentRecord { name: one.name.clone(), kind: "CNAME", content: one.target.clone() },
        proves: one.proves.clone(),
    });
    delegation.map(|record| Wanted { record, proves: all() }).chain(aliases).collect()
}

/// What the router has to do, and what that means.
fn forwarding(zone: &Host, server: &ChallengeServer) -> String {
    let node =
        server.node.as_deref().map_or_else(|| "the node".to_owned(), |node| format!("the node `{node}`"));
    format!(
        "Let your router forward public port 53, UDP and TCP, to {node}, port {}. Everybody on the internet can then ask the server there. It answers for `{zone}` alone, \
         which has nothing but challenges while a certificate is issued; it refuses everything else, and limits how much it answers. Never forward port 53 to another port or machine.",
        server.port
    )
}

fn told(config: &Config, wanted: &[Wanted], flags: &Delegate) -> String {
    match flags.table {
        true => table(wanted),
        false => zone_file(config, wanted),
    }
}

/// RFC 1035, section 5.1. Each name ends in a dot, so it is the same in every zone file.
fn zone_file(config: &Config, wanted: &[Wanted]) -> String {
    let zone = config.dns.challenge_zone.as_ref().map_or("", |zone| zone.as_str());
    let width = wanted.iter().map(|one| one.record.name.len()).max().unwrap_or(0) + 1;
    let mut parts: BTreeMap<bool, String> = BTreeMap::new();
    for Wanted { record, .. } in wanted {
        let is_alias = record.kind == "CNAME";
        let text = parts.entry(is_alias).or_insert_with(|| match is_alias {
            true => format!(
                "; For the public zone of `{}`. By these, the challenges for its certificates are met in `{zone}`.\n",
                config.domain
            ),
            false => format!("; For the public zone above `{zone}`. By these, the lab's own name server has that zone.\n"),
        });
        let dot = if ["A", "AAAA"].contains(&record.kind) { "" } else { "." };
        text.push_str(&format!(
            "{:width$} IN {} {}{dot}\n",
            format!("{}.", record.name),
            record.kind,
            record.content
        ));
    }
    parts.into_values().collect()
}

fn table(wanted: &[Wanted]) -> String {
    let first = wanted.iter().map(|one| one.record.name.len()).max().unwrap_or(0).max(4);
    let row = |name: &str, kind: &str, target: &str| format!("{name:first$}  {kind:5}  {target}\n");
    let rows = wanted.iter().map(|one| row(&one.record.name, one.record.kind, &one.record.content));
    [row("NAME", "TYPE", "TARGET")].into_iter().chain(rows).collect()
}

fn document(zone: &str, wanted: &[Wanted], done: Option<&write::Done>) -> Value {
    let records = wanted.iter().map(|Wanted { record, proves }| {
        let mut told = json!({ "name": record.name, "type": record.kind, "target": record.content, "certificates_for": proves });
        if let Some(state) = done.and_then(|done| done.state(record)) {
            told["state"] = state.into();
        }
        told
    });
    json!({ "schema_version": 1, "challenge_zone": zone, "records": records.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests;
