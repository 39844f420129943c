//! What programs of the lab made for themselves, without its labels: the account keys of the issuers, the authority of
//! cert-manager's webhook, and the leases by which its controllers agree who works.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::config::Config;
use crate::desired::kind::{self, KindRef};
use crate::desired::object::Key;
use crate::desired::{cert_manager, issuer};
use crate::evidence::at;
use crate::plan::Snapshot;
use crate::plan::ownership::{homes, is_by_cert_manager, is_restored, managers, removal_of_all};

/// As its own manifest names it (`--dynamic-serving-ca-secret-name`).
const AUTHORITY: &str = "cert-manager-webhook-ca";
/// The webhook writes as its program is called (cert-manager v1.21, cmd/webhook, with client-go's own user agent).
const WEBHOOK_MANAGER: &str = "webhook";
/// Those that agree by leases write as their programs are called (cert-manager v1.21, cmd/controller and cmd/cainjector). Which
/// lease it is, the lab's own Role says, so that nobody else's is meant.
const LEADERS: [&str; 2] = ["controller", "cainjector"];

/// Where such a thing would be, and what it would be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// Its place.
    pub key: Key,
    /// What it would be.
    pub part: Part,
}

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The key of an account at the ACME server.
    Account,
    /// The authority of cert-manager's webhook, which makes another when it starts.
    Authority,
    /// A lease of one of cert-manager's controllers.
    Lease,
}

/// The places to look at.
pub fn candidates(snapshot: &Snapshot, config: &Config) -> BTreeSet<Candidate> {
    let gone = removal_of_all(snapshot).gone;
    let goes = |of: KindRef| gone.iter().map(|doomed| &doomed.key).filter(move |key| key.kind == of);
    let lives = |key: &Key| snapshot.objects.get(key).unwrap_or(&Value::Null);
    let is_at_home = config.cert_manager.manage
        && homes(snapshot).iter().any(|home| home.key.name == cert_manager::NAMESPACE);
    let namespace = &config.cert_manager.namespace;
    let secret = |name: &str, part| {
        let key = Key { kind: &kind::SECRET, namespace: Some(namespace.clone()), name: name.to_owned() };
        Candidate { key, part }
    };
    let mut found = BTreeSet::new();
    for key in goes(&kind::CLUSTER_ISSUER).chain(goes(&kind::ISSUER)) {
        let Some(name) = lives(key)["spec"]["acme"]["privateKeySecretRef"]["name"].as_str() else { continue };
        let mut account = secret(name, Part::Account);
        // That of an Issuer lies beside it.
        account.key.namespace = key.namespace.clone().or(account.key.namespace);
        found.insert(account);
    }
    if is_at_home {
        // What a run that was stopped, or one without `--purge`, has left: its issuers are gone. In a namespace that others
        // made, such a key may be theirs.
        let names = issuer::NAMES.map(issuer::account_secret);
        found.extend(names.iter().map(|name| secret(name, Part::Account)));
        found.insert(secret(AUTHORITY, Part::Authority));
    }
    for key in goes(&kind::ROLE) {
        let rules = lives(key)["rules"].as_array().map_or(&[][..], Vec::as_slice);
        let of_leases = rules.iter().filter(|rule| has(&rule["resources"], kind::LEASE.plural));
        let names = of_leases.flat_map(|rule| rule["resourceNames"].as_array().into_iter().flatten());
        found.extend(names.filter_map(Value::as_str).map(|name| Candidate {
            key: Key { kind: &kind::LEASE, namespace: key.namespace.clone(), name: name.to_owned() },
            part: Part::Lease,
        }));
    }
    found
}

fn has(list: &Value, word: &str) -> bool {
    list.as_array().is_some_and(|list| list.iter().any(|one| one == word))
}

impl Candidate {
    /// Whether what is there is the lab's. `stay` are the issuers that stay: what one of them names is not.
    pub fn is_ours(&self, live: &Value, stay: &[Value]) -> bool {
        match self.part {
            Part::Account => {
                // cert-manager never writes a key anew that it finds there.
                (is_by_cert_manager(live) || is_restored(live))
                    && !stay
                        .iter()
                        .any(|issuer| self.may_be_of(issuer) && names(&issuer["spec"], &self.key.name))
            }
            Part::Authority => {
                is_by_cert_manager(live)
                    || managers(live).iter().any(|entry| entry["manager"] == WEBHOOK_MANAGER)
            }
            Part::Lease => {
                is_by_cert_manager(live)
                    || managers(live).iter().any(|entry| LEADERS.iter().any(|name| entry["manager"] == *name))
            }
        }
    }
}

impl Candidate {
    /// Whether an issuer can name it: one in a namespace has its Secrets beside it.
    fn may_be_of(&self, issuer: &Value) -> bool {
        let namespace = at(issuer, "/metadata/namespace");
        namespace.is_empty() || self.key.namespace.as_deref() == Some(namespace)
    }
}

/// Whether a text of the value is just this.
fn names(value: &Value, text: &str) -> bool {
    match value {
        Value::String(one) => one == text,
        Value::Array(items) => items.iter().any(|item| names(item, text)),
        Value::Object(fields) => fields.values().any(|field| names(field, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
