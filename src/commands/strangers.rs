//! What `up` looks at before its first write: whose the cluster, the records and the objects are.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::ByteString;
use serde_json::Value;

use crate::cluster::Cluster;
use crate::commands::planned::refused;
use crate::config::{Config, Controller, Policy};
use crate::desired::meta::COMPONENT;
use crate::desired::object::{Component, Key};
use crate::desired::{external_dns, kind, leaving};
use crate::error::{Error, Result};
use crate::evidence::ownership::{claims, owned};
use crate::evidence::{Record, Zone};
use crate::facts::namespaces::is_of_component;
use crate::plan::{Plan, Snapshot, Stranger, is_applied};
use crate::provider::{self, Client, Credentials};

/// How many things are named.
const NAMED: usize = 12;

/// One cluster holds one lab: a second would write over the ingress controller, cert-manager and external-dns of the first.
///
/// # Errors
/// When homelab has applied something in this cluster for another lab.
pub(super) fn one_lab(snapshot: &Snapshot, owner: &str) -> Result<()> {
    let Some(theirs) = snapshot.others.values().next() else { return Ok(()) };
    let objects =
        snapshot.others.iter().filter(|(_, instance)| *instance == theirs).map(|(key, _)| key.to_string());
    Err(Error::usage(format!("homelab was installed in this cluster with `dns.owner: {theirs}`, but the configuration has `{owner}`"))
        .because(format!("homelab applied for `{theirs}`: {}", named(objects)))
        .because("homelab can be installed only once in a cluster: a second installation would take over external-dns and its records from the first")
        .hint(format!(
            "to continue with that installation, set its owner in the configuration: `dns.owner: {theirs}` \
             (NixOS: `services.homelab.settings.dns.owner = \"{theirs}\";`); for a second one, use another cluster"
        )))
}

/// Records with this lab's owner id that this cluster cannot have written are another cluster's: external-dns would delete
/// within a minute what it finds no Ingress for. With `adopt`, what is taken over, in words.
///
/// # Errors
/// When there are such records and they are not to be adopted, or they cannot be read.
pub(super) async fn records(
    provider: &Client,
    zone: &Zone,
    credentials: &Credentials,
    config: &Config,
    snapshot: &Snapshot,
    adopt: bool,
) -> Result<Option<String>> {
    if !config.external_dns || may_have_records(snapshot, credentials) {
        return Ok(None);
    }
    let records = provider.records(zone, None).await.map_err(|fault| refused(provider.provider(), fault))?;
    let owner = &config.dns.owner;
    let claims = claims(&records, owner);
    if claims.is_empty() {
        return Ok(None);
    }
    let going = going(config, &records);
    let going = match going.len() {
        0 => String::new(),
        _ => format!(
            "external-dns will delete the records that the configuration does not have: {}",
            named(going.into_iter())
        ),
    };
    if adopt {
        let taken =
            format!("takes over the records of `{owner}` in {} ({} TXT records)", zone.name, claims.len());
        return Ok(Some(if going.is_empty() { taken } else { format!("{taken}; {going}") }));
    }
    let mut error = Error::usage(format!(
        "the zone `{}` has records of `{owner}` that this cluster did not write",
        zone.name
    ))
    .because(format!("their TXT records: {}", named(claims.iter().map(|name| (*name).to_owned()))))
    .because(
        "one owner id belongs to one cluster: two clusters with the same id delete each other's records",
    );
    if !going.is_empty() {
        error = error.because(format!("if this cluster takes them over, {going}"));
    }
    Err(error.hint(
        "if this cluster replaces the one that wrote them, run `homelab up --adopt` once;\n\
         if that one still exists, use another `domain` and another `dns.owner` here",
    ))
}

/// Whether this cluster can have written records of the zone: homelab has given its external-dns that zone, or a run that
/// had passed here was stopped before it did. Whoever may write in a namespace of his own cannot forge either.
pub(super) fn may_have_records(snapshot: &Snapshot, credentials: &Credentials) -> bool {
    let of_zone = |live: &Value| {
        credentials.of_zone().next().is_some_and(|(key, value)| {
            let given = serde_json::to_value(ByteString(value.as_bytes().to_vec()));
            given.is_ok_and(|given| live["data"][key] == given)
        })
    };
    // Whoever moved away and comes back before the records there were deleted finds his own.
    let left = snapshot.objects.get(&leaving::key(&kind::SECRET)).filter(|live| is_applied(live));
    match given(snapshot) {
        Some(live) => of_zone(live) || left.is_some_and(of_zone),
        None => may_have_any_records(snapshot),
    }
}

/// Whether this cluster can have written records of any zone: something of external-dns is there.
pub(super) fn may_have_any_records(snapshot: &Snapshot) -> bool {
    let name = Component::ExternalDns.name();
    given(snapshot).is_some()
        || snapshot.objects.iter().any(|(key, live)| {
            key.namespace.as_deref().is_none_or(|namespace| namespace == external_dns::NAMESPACE)
                && is_applied(live)
                && live["metadata"]["labels"][COMPONENT] == name
        })
}

/// The Secret that homelab has given external-dns.
fn given(snapshot: &Snapshot) -> Option<&Value> {
    let namespace = Some(external_dns::NAMESPACE.to_owned());
    let key = Key { kind: &kind::SECRET, namespace, name: provider::SECRET.to_owned() };
    snapshot.objects.get(&key).filter(|live| is_applied(live))
}

/// The hosts whose records external-dns would delete.
fn going(config: &Config, records: &[Record]) -> BTreeSet<String> {
    if config.dns.policy == Policy::UpsertOnly && config.dns.publish {
        return BTreeSet::new();
    }
    let further = config.house_hosts().filter(|_| config.dns.publish_hosts).map(|host| host.name.to_string());
    let wanted: BTreeSet<String> = config.recorded().chain(further).collect();
    let wanted = if config.dns.publish { wanted } else { BTreeSet::new() };
    let hosts =
        owned(records, &external_dns::ownership(config)).into_iter().map(|(host, _)| host.to_lowercase());
    hosts.filter(|host| !wanted.contains(host)).collect()
}

/// Nothing of others is taken over silently. With `adopt`, what is taken over, in words.
///
/// # Errors
/// When something of others stands where the plan writes and is not to be adopted, or cannot be.
pub(super) async fn objects(
    cluster: &Cluster,
    controller: Controller,
    plan: &mut Plan,
    snapshot: &Snapshot,
    adopt: bool,
) -> Result<Option<String>> {
    let kinds = plan.unseen(snapshot);
    let met: BTreeMap<_, Value> =
        if kinds.is_empty() { BTreeMap::new() } else { cluster.metadata(&kinds, controller).await? };
    plan.leave_homes(snapshot, &met);
    let found = plan.meet(snapshot, &met);
    if found.is_empty() {
        return Ok(None);
    }
    if !adopt || !found.iter().all(Stranger::can_be_adopted) {
        return Err(refusal(&found, adopt));
    }
    plan.adopt(&found);
    Ok(Some(format!("takes over {}", named(found.iter().map(|stranger| stranger.key.to_string())))))
}

fn refusal(found: &[Stranger], adopt: bool) -> Error {
    let any_of = |component: Component| found.iter().any(|stranger| stranger.component == component);
    let (kept, rest): (Vec<&Stranger>, Vec<&Stranger>) =
        found.iter().partition(|stranger| !stranger.can_be_adopted());
    let names = |strangers: &[&Stranger]| named(strangers.iter().map(|stranger| stranger.key.to_string()));
    let mut error = Error::usage(
        "some objects that homelab wants to create exist already, and homelab did not create them",
    );
    let mut hints = Vec::new();
    if !rest.is_empty() && !adopt {
        error = error.because(names(&rest));
        for (component, key) in
            [(Component::CertManager, "certManager"), (Component::ExternalDns, "externalDns")]
        {
            if any_of(component) {
                hints.push(format!(
                    "to use the {} that is installed, set `{key}.manage: false`",
                    component.name()
                ));
            }
        }
        if found.iter().any(|stranger| matches!(stranger.component, Component::Controller(_))) {
            hints.push("to use the ingress controller that is installed, set `ingress: { manage: false, class: NAME }`".to_owned());
        }
        hints.push("to take them over, run `homelab up --adopt` once: homelab changes them to what the configuration says, and never deletes them".to_owned());
    }
    if !kept.is_empty() {
        error = error.because(format!(
            "{}: cert-manager issues only one Certificate for the same Secret",
            names(&kept)
        ));
        hints.push("delete that Certificate if nobody needs it".to_owned());
    }
    if any_of(Component::Services) {
        hints.push("or give the service another name".to_owned());
    }
    let is_extra = |stranger: &Stranger| {
        let namespace = stranger.key.namespace.as_deref();
        stranger.component == Component::Issuer
            && namespace.is_some_and(|namespace| !is_of_component(namespace))
    };
    if found.iter().any(is_extra) {
        hints.push("or give the entry in `extraCertificates` another `secret`".to_owned());
    }
    error.hint(hints.join(";\n"))
}

/// The first few, and how many more there are.
pub(super) fn named(all: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = all.collect();
    let shown: Vec<String> = all.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    match all.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::provider::Keyring;
    use serde_json::json;

    const BASE: &str = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n";

    fn record(kind: &str, name: &str, content: &str) -> Record {
        serde_json::from_value(json!({ "id": name, "type": kind, "name": name, "content": content, "ttl": 60, "proxied": false }))
            .unwrap()
    }

    fn records_of(owner: &str, host: &str) -> [Record; 2] {
        let text = format!(
            "\"heritage=external-dns,external-dns/owner={owner},external-dns/resource=ingress/homelab/x\""
        );
        [record("A", host, "10.0.0.2"), record("TXT", &format!("a-homelab.{host}"), &text)]
    }

    #[test]
    fn another_lab_in_the_cluster_stops_up_with_the_line_that_continues_it() {
        let mut snapshot = Snapshot::default();
        assert!(one_lab(&snapshot, "a.example.com").is_ok());
        let key = Key { kind: &kind::NAMESPACE, namespace: None, name: "external-dns".into() };
        snapshot.others.insert(key, "b.example.com".into());
        let error = one_lab(&snapshot, "a.example.com").unwrap_err();
        assert_eq!(error.exit, crate::error::Exit::Usage);
        let text = error.to_string();
        assert!(
            text.contains("`dns.owner: b.example.com`") && text.contains("`Namespace external-dns`"),
            "{text}"
        );
    }

    #[test]
    fn external_dns_deletes_what_the_configuration_does_not_have_and_is_this_owners() {
        let mine = [
            records_of("home.example.com", "old.home.example.com"),
            records_of("home.example.com", "whoami.home.example.com"),
        ];
        let others = [records_of("other", "photos.home.example.com")];
        let records: Vec<Record> = mine.into_iter().chain(others).flatten().collect();
        let config = config::parse(BASE).unwrap();
        assert_eq!(going(&config, &records), BTreeSet::from(["old.home.example.com".to_owned()]));
        assert_eq!(claims(&records, "home.example.com").len(), 2);
        let keeps = BASE.replace("cloudflare }", "cloudflare, policy: upsert-only }");
        assert!(going(&config::parse(&keeps).unwrap(), &records).is_empty());
    }

    #[test]
    fn a_stranger_who_calls_himself_homelab_in_his_own_namespace_stops_nobody() {
        let lets_in = |namespace: &str| {
            let item = json!({ "metadata": { "name": "x", "namespace": namespace,
                "labels": { "app.kubernetes.io/managed-by": "homelab", "app.kubernetes.io/instance": "evil" },
                "managedFields": [{ "manager": "homelab", "operation": "Apply" }] } });
            let mut snapshot = Snapshot::default();
            snapshot.note("a", &kind::CONFIG_MAP, Some(json!({ "items": [item] })));
            one_lab(&snapshot, "a").is_ok()
        };
        assert!(lets_in("evil") && !lets_in("ingress-nginx"));
    }

    #[test]
    fn only_a_cluster_whose_external_dns_was_given_the_zone_can_have_written_its_records() {
        let given = |manager: &str, namespace: &str, key: &str, value: &str, zone: Zone| {
            let mut snapshot = Snapshot::default();
            let item = json!({ "metadata": { "name": provider::SECRET, "namespace": namespace,
                "labels": { "app.kubernetes.io/managed-by": "homelab", "app.kubernetes.io/instance": "a" },
                "managedFields": [{ "manager": manager, "operation": "Apply" }] },
                "data": { key: ByteString(value.as_bytes().to_vec()) } });
            snapshot.note("a", &kind::SECRET, Some(json!({ "items": [item] })));
            may_have_records(&snapshot, &Credentials::new(Keyring::default(), &zone))
        };
        let zone = |id: &str| Zone { id: id.into(), name: "example.com".into(), ..Zone::default() };
        let with =
            |manager: &str, namespace: &str, id: &str| given(manager, namespace, "zone-id", id, zone("z1"));
        assert!(with("homelab", "external-dns", "z1"));
        assert!(!with("homelab", "external-dns", "z2"), "another zone's records are not this cluster's");
        assert!(!with("kubectl", "external-dns", "z1") && !with("homelab", "evil", "z1"));

        let named = |name: &str| given("homelab", "external-dns", "zone", name, zone(""));
        assert!(named("example.com") && !named("example.net"), "a provider may give its zones no id");

        let stopped = |namespace: &str| {
            let mut snapshot = Snapshot::default();
            let item = json!({ "metadata": { "name": "x", "namespace": namespace,
                "labels": { "app.kubernetes.io/managed-by": "homelab", "app.kubernetes.io/instance": "a",
                    "app.kubernetes.io/component": "external-dns" },
                "managedFields": [{ "manager": "homelab", "operation": "Apply" }] } });
            snapshot.note("a", &kind::CONFIG_MAP, Some(json!({ "items": [item] })));
            may_have_records(&snapshot, &Credentials::new(Keyring::default(), &Zone::default()))
        };
        assert!(stopped("external-dns") && !stopped("evil"), "a run that was stopped goes on");
    }
}
