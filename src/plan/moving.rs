//! Whether the records go to another place than before, and what of the old one has to stay until the new one is proven.

use serde_json::Value;

use crate::desired::external_dns;
use crate::desired::kind::{self, KindRef};
use crate::desired::leaving::{self, Leaving};
use crate::desired::meta::COMPONENT;
use crate::desired::object::{Component, Key};
use crate::facts::name_server;
use crate::facts::providers::Provider;
use crate::plan::ownership::{Doomed, is_applied};
use crate::plan::{Plan, Snapshot};
use crate::provider;

/// Where the configuration has the records.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The provider.
    pub provider: Provider,
    /// Its zone.
    pub zone: &'a str,
    /// Whether homelab's external-dns writes them there, or the nodes' own.
    pub is_ours: bool,
}

/// The external-dns whose records have to go, though it is not the configuration's: that of an earlier run which was not
/// finished, or the one that lives.
#[must_use]
pub fn leaving(snapshot: &Snapshot, now: Place<'_>) -> Option<Leaving> {
    let living = || {
        let deployment = applied(snapshot, &kind::DEPLOYMENT, external_dns::NAME)?;
        Leaving::of_living(deployment, applied(snapshot, &kind::SECRET, provider::SECRET)?)
    };
    let found = unfinished(snapshot).or_else(|| living().filter(|_| now.is_ours))?;
    (!found.is_at(now.provider, now.zone)).then_some(found)
}

/// What an earlier run remembers of a move that was not finished.
#[must_use]
pub fn unfinished(snapshot: &Snapshot) -> Option<Leaving> {
    applied(snapshot, &kind::SECRET, leaving::NAME).and_then(Leaving::of_secret)
}

fn applied<'s>(snapshot: &'s Snapshot, kind: KindRef, name: &str) -> Option<&'s Value> {
    let key = Key { kind, namespace: Some(external_dns::NAMESPACE.to_owned()), name: name.to_owned() };
    snapshot.objects.get(&key).filter(|live| is_applied(live))
}

/// Where the records of a move still are, in words: `at Cloudflare, in the zone example.com`.
#[must_use]
pub fn place(left: &Leaving) -> String {
    let at = provider::words(left.provider()).name;
    match left.zone() {
        Some(zone) => format!("at {at}, in the zone `{zone}`"),
        None => format!("at {at}"),
    }
}

/// Takes the nodes' own name servers, where they go, out of what goes first: the house may still ask them, until the new way is
/// proven.
pub fn hold_back(plan: &mut Plan, snapshot: &Snapshot) -> Vec<Doomed> {
    if !plan.removal.gone.iter().any(|doomed| doomed.key == server()) {
        return Vec::new();
    }
    let name = Component::NameServer.name();
    let is_of_server = |doomed: &Doomed| {
        let live = snapshot.objects.get(&doomed.key);
        live.is_some_and(|live| live["metadata"]["labels"][COMPONENT] == name)
    };
    let all = std::mem::take(&mut plan.removal.gone);
    let (held, first) = all.into_iter().partition(is_of_server);
    plan.removal.gone = first;
    held
}

/// The domain that the nodes answer for, as their pods were told; `None` where homelab has none there.
#[must_use]
pub fn house_zone(snapshot: &Snapshot) -> Option<&str> {
    let live = snapshot.objects.get(&server()).filter(|live| is_applied(live))?;
    let first = &live["spec"]["template"]["spec"]["initContainers"][0]["env"];
    let zone = first.as_array()?.iter().find(|one| one["name"] == "ZONE")?;
    zone["value"].as_str()
}

/// The name servers on the nodes.
fn server() -> Key {
    let namespace = Some(name_server::NAMESPACE.to_owned());
    Key { kind: &kind::DAEMON_SET, namespace, name: name_server::NAME.to_owned() }
}

/// Whether an object is one of those that a move makes for itself.
#[must_use]
pub fn is_for_move(key: &Key) -> bool {
    key.name == leaving::NAME && key.namespace.as_deref() == Some(external_dns::NAMESPACE)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config;
    use crate::desired::{Inputs, bundle};
    use crate::evidence::Zone;
    use crate::facts::secret::Secret;
    use crate::provider::{Credentials, Keyring, TOKEN_KEY};

    const OWNER: &str = "home.example.com";
    const CLOUDFLARE: &str =
        "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare, tokenFile: /t }\n";
    const LOCAL: &str = "domain: home.example.com\ndns: { provider: local }\n";

    /// What lives after `up` with this configuration, by whoever applied it.
    fn lab(text: &str, by: &str, left: Option<&Leaving>) -> Snapshot {
        let keyring = Keyring::new([(TOKEN_KEY, Secret::new("a-token-of-before").unwrap())]);
        let zone = Zone { id: "0123".to_owned(), name: "example.com".to_owned(), ..Zone::default() };
        let credentials = Credentials::new(keyring, &zone);
        let inputs = Inputs { credentials: Some(&credentials), leaving: left, ..Inputs::default() };
        let objects = bundle(&config::parse(text).unwrap(), &inputs).objects;
        let mut snapshot = Snapshot::default();
        for kind in kind::KINDS {
            let of_kind = objects.iter().filter(|object| object.key.kind == *kind);
            let items = of_kind.map(|object| {
                let mut body = object.body.clone();
                body["metadata"]["uid"] = object.key.to_string().into();
                body["metadata"]["resourceVersion"] = "7".into();
                body["metadata"]["managedFields"] = json!([{ "manager": by, "operation": "Apply" }]);
                body
            });
            snapshot.note(OWNER, kind, Some(json!({ "items": items.collect::<Vec<_>>() })));
        }
        snapshot
    }

    const CLOUD: Place<'static> =
        Place { provider: Provider::Cloudflare, zone: "example.com", is_ours: true };
    const NODES: Place<'static> =
        Place { provider: Provider::Local, zone: "home.example.com", is_ours: true };

    #[test]
    fn what_stays_where_it_is_leaves_nothing_behind() {
        assert_eq!(leaving(&lab(CLOUDFLARE, "homelab", None), CLOUD), None);
        assert_eq!(leaving(&lab(LOCAL, "homelab", None), NODES), None);
        assert_eq!(leaving(&Snapshot::default(), CLOUD), None);
    }

    #[test]
    fn another_provider_and_another_zone_are_moves() {
        for place in [NODES, Place { zone: "example.org", ..CLOUD }] {
            let found = leaving(&lab(CLOUDFLARE, "homelab", None), place).unwrap();
            assert_eq!((found.provider(), found.zone()), (Provider::Cloudflare, Some("example.com")));
        }
        // The nodes' servers keep their zone in the pods: nothing of it is left behind.
        assert_eq!(leaving(&lab(LOCAL, "homelab", None), CLOUD), None);
    }

    #[test]
    fn an_external_dns_that_somebody_else_installed_is_nobodys_to_empty() {
        assert_eq!(leaving(&lab(CLOUDFLARE, "helm", None), NODES), None);
        // And one that the configuration leaves to somebody else from now on goes on with the same records.
        assert_eq!(leaving(&lab(CLOUDFLARE, "homelab", None), Place { is_ours: false, ..NODES }), None);
    }

    #[test]
    fn a_run_that_was_stopped_is_gone_on_with_until_the_records_are_back() {
        let left = leaving(&lab(CLOUDFLARE, "homelab", None), NODES).unwrap();
        let stopped = lab(LOCAL, "homelab", Some(&left));
        assert_eq!(leaving(&stopped, NODES), Some(left));
        assert_eq!(leaving(&stopped, CLOUD), None);
    }

    #[test]
    fn the_nodes_servers_go_last() {
        let snapshot = lab(LOCAL, "homelab", None);
        assert_eq!(house_zone(&snapshot), Some("home.example.com"));
        let mut plan =
            crate::plan::plan(bundle(&config::parse(CLOUDFLARE).unwrap(), &Inputs::default()), &snapshot);
        let before = plan.removal.gone.len();
        let held = hold_back(&mut plan, &snapshot);
        assert!(held.iter().any(|doomed| *doomed.key.kind == kind::DAEMON_SET), "{held:?}");
        assert_eq!(held.len() + plan.removal.gone.len(), before);
        assert!(
            !plan.removal.gone.iter().any(|doomed| doomed.key.namespace.as_deref() == Some("name-server"))
        );
        assert_eq!(house_zone(&lab(LOCAL, "helm", None)), None);
    }

    #[test]
    fn a_name_of_the_house_that_is_wanted_no_more_goes_at_once_where_the_servers_stay() {
        let snapshot = lab(&LOCAL.replace(" }", ", hosts: { printer: 192.168.1.9 } }"), "homelab", None);
        let mut plan =
            crate::plan::plan(bundle(&config::parse(LOCAL).unwrap(), &Inputs::default()), &snapshot);
        assert!(!plan.removal.gone.is_empty());
        assert!(hold_back(&mut plan, &snapshot).is_empty() && !plan.removal.gone.is_empty());
    }
}
