//! The turn from a record for each name to one for all of them (`records: wildcard`) and back, so that no name is without a record
//! at any moment: before the first write, whether others stand in the way; before the names leave their records to the wildcard,
//! that it has an address; before the wildcard goes, that each name has its own. external-dns makes what it has to make before it
//! deletes in one and the same run.

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
    if addresses_are_homelabs(config) {
        // What keeps an address away is told while it is waited for.
        let _ = addresses::write_once(cluster, config).await;
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
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::fake::cluster;
    use crate::commands::converge::converge;
    use crate::desired::{Inputs, bundle};
    use crate::plan::plan;
    use crate::provider::Keyring;
    use crate::provider::paper::lay_in;
    use crate::ui::Mode;

    fn config() -> Config {
        crate::config::parse(&format!("{SLATE}records: wildcard\nservices: {{ nas: {{ local: 1 }} }}\n"))
            .unwrap()
    }

    fn record(kind: &str, name: &str, content: &str) -> Record {
        serde_json::from_value(json!({ "id": name, "type": kind, "name": name, "content": content })).unwrap()
    }

    fn said(records: &[Record]) -> Option<String> {
        in_the_way(&config(), "*.home.example.com", records).map(|error| error.to_string())
    }

    /// Without this, external-dns would delete the records of single names, and the stranger's wildcard would answer for them.
    #[test]
    fn a_wildcard_of_others_stops_the_run_before_the_names_lose_their_records() {
        let theirs = record("CNAME", "*.home.example.com", "example.org");
        let why = said(std::slice::from_ref(&theirs)).unwrap();
        assert!(
            why.contains("cannot have the record `*.home.example.com`") && why.contains("CNAME *.home"),
            "{why}"
        );
        let claim =
            "\"heritage=external-dns,external-dns/owner=lab,external-dns/resource=ingress/homelab/x\"";
        let mine = [
            record("A", "*.home.example.com", "10.0.0.2"),
            record("TXT", "a-homelab.wildcard.home.example.com", claim),
        ];
        assert_eq!(said(&mine), None);
    }

    #[test]
    fn a_name_that_it_would_not_answer_for_stops_the_run_with_what_hides_it() {
        let why = said(&[record("TXT", "_acme-challenge.nas.home.example.com", "\"x\"")]).unwrap();
        assert!(why.contains("would not answer for `nas.home.example.com`"), "{why}");
        assert!(
            why.contains("TXT _acme-challenge.nas.home.example.com") && why.contains("RFC 4592"),
            "{why}"
        );
        let beside =
            [record("MX", "home.example.com", "mail"), record("A", "printer.home.example.com", "10.0.0.9")];
        assert_eq!(said(&beside), None);
    }

    /// The Ingresses of a lab turn from what one configuration says to what another says: what is sent, and how the run ends.
    async fn turned(
        from: &str,
        to: &str,
        status: serde_json::Value,
        records: Vec<Record>,
    ) -> (Vec<String>, Result<()>) {
        let (from, to) = (crate::config::parse(from).unwrap(), crate::config::parse(to).unwrap());
        let mut snapshot = Snapshot::default();
        for object in bundle(&from, &Inputs::default()).objects {
            snapshot.objects.insert(object.key, object.body);
        }
        let live = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": { "name": wildcard_record::NAME, "namespace": "homelab", "resourceVersion": "2",
                "labels": { "app.kubernetes.io/managed-by": "homelab", "app.kubernetes.io/instance": "lab" } },
            "status": { "loadBalancer": { "ingress": status } } });
        let (cluster, log) = cluster(move |line, _| match line {
            line if line.starts_with("PATCH") && line.contains("/wildcard-record") => (200, live.clone()),
            line if line.starts_with("PATCH") => (200, json!({})),
            _ => (200, json!({ "metadata": { "resourceVersion": "1" }, "items": [] })),
        });
        let mut plan = plan(bundle(&to, &Inputs::default()), &snapshot);
        plan.apply.retain(|change| *change.object.key.kind == crate::desired::kind::INGRESS);
        plan.removal = crate::plan::ownership::Removal::default();
        lay_in(&std::sync::Arc::new(std::sync::Mutex::new(Some(records))));
        let provider = Client::new(&to, &Keyring::default()).unwrap();
        let objects = [(wildcard_record::key(), (Component::ExternalDns, None))].into();
        let awaited = match to.records {
            Records::Wildcard => Awaited { objects, ..Awaited::default() },
            Records::PerHost => Awaited::default(),
        };
        let (progress, deadline) =
            (Progress::new(Mode::Quiet, &[]), Instant::now() + Duration::from_secs(20));
        let (zone, world) = (Zone::default(), &cluster);
        let ended =
            converge((world, &provider, &zone), &to, &plan, snapshot, awaited, deadline, &progress).await;
        let log = log.lock().unwrap();
        let name = |line: &String| {
            let path = line.split('?').next().unwrap_or_default();
            path.rsplit('/').next().unwrap_or_default().to_owned()
        };
        (log.iter().filter(|line| line.starts_with("PATCH")).map(name).collect(), ended.map(drop))
    }

    const SLATE: &str = "domain: home.example.com\nemail: ada@lovelace.dev\ncertificates: wildcard\ndns: { provider: slate, server: s.test, owner: lab }\n";

    #[tokio::test(start_paused = true)]
    async fn the_names_leave_their_records_only_when_the_wildcard_has_an_address() {
        let to = format!("{SLATE}records: wildcard\n");
        let (sent, ended) = turned(SLATE, &to, json!([{ "ip": "10.0.0.2" }]), Vec::new()).await;
        assert_eq!(sent, ["wildcard-record", "whoami"]);
        ended.unwrap();
        let (sent, ended) = turned(SLATE, &to, json!([]), Vec::new()).await;
        assert_eq!(sent, ["wildcard-record"], "a name is let go while there is no record for all");
        assert!(ended.unwrap_err().to_string().contains("controller"));
    }

    #[tokio::test(start_paused = true)]
    async fn on_the_way_back_the_wildcard_stays_until_each_name_has_its_own_record() {
        let from = format!("{SLATE}records: wildcard\n");
        let made = record("A", "whoami.home.example.com", "10.0.0.2");
        let (sent, ended) = turned(&from, SLATE, json!([]), vec![made]).await;
        assert_eq!(sent, ["whoami"]);
        ended.unwrap();
        let (sent, ended) = turned(&from, SLATE, json!([]), Vec::new()).await;
        assert!(sent.is_empty(), "{sent:?}");
        let why = ended.unwrap_err().to_string();
        assert!(
            why.contains("no record for `whoami.home.example.com` yet")
                && why.contains("the wildcard record stays"),
            "{why}"
        );
    }
}
