//! The turn from a record for each name to one for all of them (`records: wildcard`) and back, so that no name is without a record
//! at any moment: before the first write, whether others stand in the way; before the names leave their records to the wildcard,
//! that it has an address; before the wildcard goes, that each name has its own. external-dns makes what it has to make before it
//! deletes in one and the same run.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use crate::cluster::{Awaited, Cluster};
use crate::commands::addresses;
use crate::commands::planned::refused;
use crate::commands::strangers::named;
use crate::config::{Config, Records};
use crate::desired::object::Component;
use crate::desired::{external_dns, wildcard_record};
use crate::error::{Error, Result};
use crate::evidence::wildcard::hiding;
use crate::evidence::{Record, Zone, at, entries};
use crate::ingress::addresses_are_homelabs;
use crate::plan::{Change, Plan, Snapshot, is_applied};
use crate::provider::{self, Client};
use crate::ui::Progress;

/// Between two looks: nobody's API is to be pressed.
const TICK: Duration = Duration::from_secs(3);

/// Looks at the zone, unless the record's Ingress is there already.
///
/// # Errors
/// When others have the wildcard, or hide a name that it is to answer for; and when the records cannot be read.
pub(super) async fn can_answer(
    provider: &Client,
    zone: &Zone,
    config: &Config,
    snapshot: &Snapshot,
) -> Result<()> {
    let Some(name) = config.wildcard_record() else { return Ok(()) };
    if snapshot.objects.get(&wildcard_record::key()).is_some_and(is_applied) {
        return Ok(());
    }
    let records = provider.records(zone, None).await.map_err(|fault| refused(provider.provider(), fault))?;
    in_the_way(config, &name, &records).map_or(Ok(()), Err)
}

fn in_the_way(config: &Config, name: &str, records: &[Record]) -> Option<Error> {
    let ours = external_dns::ownership(config);
    let page = provider::words(config.dns.provider).records_page;
    let told = |found: &[&Record]| {
        let all: BTreeSet<String> =
            found.iter().map(|record| format!("{} {}", record.kind, record.name)).collect();
        named(all.into_iter())
    };
    let theirs = hiding(records, &ours, name);
    if !theirs.is_empty() {
        let error = Error::usage(format!("the lab cannot have the record `{name}`: others use that name"))
            .because(format!("the zone has {}, which homelab did not write", told(&theirs)));
        return Some(error.hint(format!(
            "leave `records` out, and each name has a record of its own; or delete these in {page} if nobody needs them"
        )));
    }
    let hosts = config.by_wildcard();
    let hidden: Vec<(String, Vec<&Record>)> = hosts
        .iter()
        .map(|host| (host.to_string(), hiding(records, &ours, host.as_str())))
        .filter(|(_, by)| !by.is_empty())
        .collect();
    if hidden.is_empty() {
        return None;
    }
    let by: Vec<&Record> = hidden.iter().flat_map(|(_, by)| by.iter().copied()).collect();
    let hosts = named(hidden.into_iter().map(|(host, _)| host));
    let error = Error::usage(format!("the record `{name}` would not answer for {hosts}"))
        .because(format!("the zone has {}", told(&by)))
        .because(
            "a wildcard answers for names that do not exist, and a name exists as soon as it, or one below it, has any record (RFC 4592)",
        );
    Some(error.hint(format!(
        "delete these in {page} if nobody needs them, or give the services other names; or leave `records` out"
    )))
}

/// Waits until the wildcard's Ingress has an address, where names that have had a record now leave it to that one.
///
/// # Errors
/// At the deadline; every name has the record that it had.
pub(super) async fn has_address(
    cluster: &Cluster,
    config: &Config,
    (plan, snapshot): (&Plan, &Snapshot),
    awaited: &Awaited,
    deadline: Instant,
    progress: &Progress,
) -> Result<()> {
    if !plan.apply.iter().any(|change| leaves(change, snapshot)) {
        return Ok(());
    }
    let serving = serving(config, plan);
    if addresses_are_homelabs(&serving) {
        // What keeps an address away is told while it is waited for.
        let _ = addresses::write_once(cluster, &serving).await;
    }
    let key = wildcard_record::key();
    let live = awaited.objects.get(&key).and_then(|(_, live)| live.clone());
    let live = live.or_else(|| snapshot.objects.get(&key).cloned());
    let objects = [(key, (Component::ExternalDns, live))].into();
    let mut one = Awaited { objects, versions: awaited.versions.clone(), ..Awaited::default() };
    let show = |one: &Awaited| {
        if let Some(why) = one.reason(Component::ExternalDns) {
            progress.update(Component::ExternalDns.name(), &format!("the wildcard record: {why}"));
        }
    };
    cluster.wait(&config.dns.owner, &mut one, deadline, show).await
}

/// The configuration with the controller that serves at this moment: before a switch, that is the one of before.
fn serving<'c>(config: &'c Config, plan: &Plan) -> Cow<'c, Config> {
    let Some(switch) = &plan.switch else { return Cow::Borrowed(config) };
    let mut before = config.clone();
    before.ingress.controller = switch.from;
    Cow::Owned(before)
}

/// Waits until names that the wildcard has answered for have records of their own again, where each is to have one. external-dns
/// has read their Ingresses since its Deployment was changed; the wildcard goes after that, and no challenge for a certificate is
/// met below a name before.
///
/// # Errors
/// At the deadline, or when the records cannot be read; the wildcard is there still.
pub(super) async fn have_own(
    (provider, zone): (&Client, &Zone),
    config: &Config,
    (plan, snapshot): (&Plan, &Snapshot),
    deadline: Instant,
    progress: &Progress,
) -> Result<()> {
    let hosts = regain(plan, snapshot);
    if hosts.is_empty() || config.records == Records::Wildcard || !config.external_dns || !config.dns.publish
    {
        return Ok(());
    }
    loop {
        let missing = match provider.records(zone, None).await {
            Ok(records) => without_record(&hosts, &records),
            Err(fault) if fault.is_transient() => hosts.clone(),
            Err(fault) => return Err(refused(provider.provider(), fault)),
        };
        if missing.is_empty() {
            return Ok(());
        }
        let names = named(missing.into_iter());
        progress.update(Component::ExternalDns.name(), &format!("waiting for a record for {names}"));
        if Instant::now() + TICK > deadline {
            let error = Error::unfinished(format!("external-dns has made no record for {names} yet"))
                .because("the wildcard record stays until each name has one of its own");
            return Err(error.hint("`homelab doctor --check edns` says why; then run `homelab up` again, which goes on where it stopped"));
        }
        tokio::time::sleep(TICK).await;
    }
}

/// The hosts of Ingresses that are to have records of their own again.
fn regain(plan: &Plan, snapshot: &Snapshot) -> BTreeSet<String> {
    let is_back = |change: &&Change| {
        let live = snapshot.objects.get(&change.object.key);
        live.is_some_and(wildcard_record::is_left_out) && !wildcard_record::is_left_out(&change.object.body)
    };
    let rules =
        plan.apply.iter().filter(is_back).flat_map(|change| entries(&change.object.body, "/spec/rules"));
    rules.map(|rule| at(rule, "/host").to_owned()).filter(|host| !host.is_empty()).collect()
}

fn without_record(hosts: &BTreeSet<String>, records: &[Record]) -> BTreeSet<String> {
    let has_none = |host: &&String| !records.iter().any(|record| record.is_of_host(host));
    hosts.iter().filter(has_none).cloned().collect()
}

/// Whether an Ingress that has a record is to have none of its own any more.
fn leaves(change: &Change, snapshot: &Snapshot) -> bool {
    let live = snapshot.objects.get(&change.object.key);
    wildcard_record::is_left_out(&change.object.body)
        && live.is_some_and(|live| !wildcard_record::is_left_out(live))
}

#[cfg(test)]
mod tests;
