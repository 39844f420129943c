//! Whose an object is. Whatever deletes asks here, and nowhere else.
//!
//! An object is ours when homelab applied it: the managed fields say so (Kubernetes docs, "Server-Side Apply"), which
//! nobody copies by accident, as labels are. A thing that others made for such an object is ours when an owner reference
//! leads to it, or cert-manager's own annotation and managed fields do. A Secret that `homelab restore` brought back counts as
//! written by cert-manager, until cert-manager has taken it over.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::desired::kind::{self, KindRef};
use crate::desired::meta::{HOMELAB, RESTORE};
use crate::desired::object::Key;
use crate::facts::authority::ROOT;
use crate::plan::Snapshot;
use crate::plan::shared::{has_others, is_shared};

/// The annotation of an object that was there before homelab and that `up --adopt` has taken: it is never deleted.
pub const ADOPTED: &str = "homelab/adopted";
/// What cert-manager writes on a Secret: the name of its Certificate (cert-manager docs, "Annotations and labels").
pub(super) const CERTIFICATE_NAME: &str = "cert-manager.io/certificate-name";
/// How the field managers of cert-manager's controllers begin: each is called after the controller.
const CERT_MANAGER: &str = "cert-manager";

/// Whether homelab has applied this object, as its managed fields say.
pub fn is_applied(live: &Value) -> bool {
    managers(live).iter().any(is_ours)
}

/// Whether an entry of the managed fields is what homelab has applied.
pub(super) fn is_ours(entry: &Value) -> bool {
    entry["manager"] == HOMELAB && entry["operation"] == "Apply"
}

/// Whether the object was there before homelab and was taken by `up --adopt`.
pub fn is_adopted(live: &Value) -> bool {
    !live["metadata"]["annotations"][ADOPTED].is_null()
}

/// Whether one of cert-manager's controllers has written the object.
pub(super) fn is_by_cert_manager(live: &Value) -> bool {
    let is_its = |entry: &Value| entry["manager"].as_str().is_some_and(|name| name.starts_with(CERT_MANAGER));
    managers(live).iter().any(is_its)
}

/// Whether `homelab restore` has applied the object: what cert-manager wrote before, in this cluster or another.
pub(super) fn is_restored(live: &Value) -> bool {
    managers(live).iter().any(|entry| entry["manager"] == RESTORE && entry["operation"] == "Apply")
}

/// Whether cert-manager wrote this Secret for the Certificate `name` beside it, or `homelab restore` brought back what it wrote.
pub(super) fn is_written_for(secret: &Value, name: &str) -> bool {
    let is_its = |entry: &Value| {
        let manager = entry["manager"].as_str().unwrap_or_default();
        manager.starts_with(CERT_MANAGER) && entry["operation"] == "Apply"
    };
    secret["metadata"]["annotations"][CERTIFICATE_NAME] == name
        && (is_restored(secret) || managers(secret).iter().any(is_its))
}

pub(super) fn managers(live: &Value) -> &[Value] {
    live["metadata"]["managedFields"].as_array().map_or(&[], Vec::as_slice)
}

/// The owner that made an object (Kubernetes docs, "Owners and Dependents").
pub(super) fn controller(live: &Value) -> Option<&Value> {
    live["metadata"]["ownerReferences"].as_array()?.iter().find(|owner| owner["controller"] == true)
}

/// An object that goes, as it was when that was decided: nothing else of that name is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doomed {
    /// The object.
    pub key: Key,
    /// Its uid.
    pub uid: String,
    /// Its version.
    pub version: String,
    /// Whether others have something in it: then only homelab's own entries go.
    pub entries_alone: bool,
}

impl Doomed {
    /// The object as it lives.
    pub fn of(key: &Key, live: &Value) -> Self {
        let text = |field: &str| live["metadata"][field].as_str().unwrap_or_default().to_owned();
        let entries_alone = is_shared(key) && has_others(live);
        Self { key: key.clone(), uid: text("uid"), version: text("resourceVersion"), entries_alone }
    }

    /// What goes, in words.
    pub fn told(&self) -> String {
        match self.entries_alone {
            true => format!("homelab's entries in {}", self.key),
            false => self.key.to_string(),
        }
    }
}

/// Whether what is still there needs the Certificate or Secret at `key`: an Ingress whose visitors are shown it, and would
/// get the controller's fake certificate instead, or a Certificate, for which cert-manager would have it issued again.
pub fn is_needed_by(key: &Key, live: &Value, (there, still): (&Key, &Value)) -> bool {
    let secret = match key.kind {
        kind if *kind == kind::SECRET => key.name.as_str(),
        kind if *kind == kind::CERTIFICATE => live["spec"]["secretName"].as_str().unwrap_or_default(),
        _ => return false,
    };
    let names = |entry: &Value| entry["secretName"] == secret;
    there.namespace == key.namespace
        && match there.kind {
            kind if *kind == kind::INGRESS => {
                still["spec"]["tls"].as_array().is_some_and(|tls| tls.iter().any(names))
            }
            kind if *kind == kind::CERTIFICATE => *key.kind == kind::SECRET && names(&still["spec"]),
            _ => false,
        }
}

/// What is wanted no more.
#[derive(Debug, Default)]
pub struct Removal {
    /// What goes, in this order.
    pub gone: Vec<Doomed>,
    /// What stays because it was there before homelab.
    pub left: Vec<Key>,
    /// The data of what goes: it stays, since nobody can make it again.
    pub data: Vec<Key>,
}

/// What of the snapshot goes when `wanted` is all that is wanted. An Ingress goes before its Certificate, and that before
/// its Secret, or cert-manager would make them again.
pub fn removal(wanted: &BTreeSet<Key>, snapshot: &Snapshot) -> Removal {
    removal_by(&Rule { wanted, snapshot, certificates: snapshot.certificates.as_ref(), is_all: false })
}

/// What of the snapshot goes when nothing is wanted. Where the server does not know Certificates there are none: what was
/// written for one is still known as ours, when somebody has deleted cert-manager with its definitions.
pub fn removal_of_all(snapshot: &Snapshot) -> Removal {
    let (wanted, none) = (BTreeSet::new(), BTreeMap::new());
    let certificates = Some(snapshot.certificates.as_ref().unwrap_or(&none));
    removal_by(&Rule { wanted: &wanted, snapshot, certificates, is_all: true })
}

fn removal_by(rule: &Rule<'_>) -> Removal {
    let mut removal = Removal::default();
    for (key, live) in &rule.snapshot.objects {
        if rule.goes(key, live) {
            removal.gone.push(Doomed::of(key, live));
        } else if is_applied(live) && is_adopted(live) && !rule.stays_anyway(key) {
            removal.left.push(key.clone());
        }
    }
    let is_left_by = |key: &Key| removal.gone.iter().any(|gone| gone.key.namespace == key.namespace);
    let ours = rule.snapshot.objects.iter().filter(|(key, live)| {
        *key.kind == kind::CLAIM && is_applied(live) && !rule.wanted.contains(key) && is_left_by(key)
    });
    removal.data = ours.map(|(key, _)| key.clone()).collect();
    removal.gone.sort_by_key(|doomed| match doomed.key.kind.kind {
        "Ingress" => 0,
        "Certificate" => 1,
        "Secret" => 3,
        _ => 2,
    });
    removal
}

/// The namespaces that homelab made. Each takes everything in it along, so one goes only if nothing of others is in it.
pub fn homes(snapshot: &Snapshot) -> Vec<Doomed> {
    made(snapshot, &kind::NAMESPACE).collect()
}

/// The definitions that homelab applied. Each takes every object of its kind along, so one goes only if others have none.
pub fn definitions(snapshot: &Snapshot) -> Vec<Doomed> {
    made(snapshot, &kind::CRD).collect()
}

fn made(snapshot: &Snapshot, kind: KindRef) -> impl Iterator<Item = Doomed> {
    let of_kind = snapshot.objects.iter().filter(move |(key, _)| key.kind == kind);
    let ours = of_kind.filter(|(_, live)| is_applied(live) && !is_adopted(live));
    ours.map(|(key, live)| Doomed::of(key, live))
}

/// The rule, over one look at the cluster.
struct Rule<'a> {
    wanted: &'a BTreeSet<Key>,
    snapshot: &'a Snapshot,
    /// Every Certificate; none where that is not known.
    certificates: Option<&'a BTreeMap<Key, Value>>,
    /// Whether the whole lab goes.
    is_all: bool,
}

impl Rule<'_> {
    fn goes(&self, key: &Key, live: &Value) -> bool {
        !self.stays_anyway(key)
            && !is_adopted(live)
            && (is_applied(live) || self.was_made_for_ours(key, live))
    }

    /// Definitions take every object of theirs with them, and namespaces everything in them, ours or not. A claim holds data
    /// that nobody can make again.
    fn stays_anyway(&self, key: &Key) -> bool {
        let never = [&kind::CRD, &kind::NAMESPACE, &kind::CLAIM];
        self.wanted.contains(key) || never.contains(&key.kind)
    }

    fn was_made_for_ours(&self, key: &Key, live: &Value) -> bool {
        match key.kind {
            kind if *kind == kind::CERTIFICATE => self.is_of_our_ingress(key, live),
            kind if *kind == kind::SECRET => self.is_of_a_certificate_that_goes(key, live),
            _ => false,
        }
    }

    /// Its Ingress is ours, and goes now, or stays and asks for it no more: then it is not among what is wanted.
    fn is_of_our_ingress(&self, key: &Key, certificate: &Value) -> bool {
        let Some(owner) = controller(certificate).filter(|owner| owner["kind"] == "Ingress") else {
            return false;
        };
        let name = owner["name"].as_str().unwrap_or_default().to_owned();
        let ingress = Key { kind: &kind::INGRESS, namespace: key.namespace.clone(), name };
        self.snapshot.objects.get(&ingress).is_some_and(|live| {
            live["metadata"]["uid"].is_string()
                && live["metadata"]["uid"] == owner["uid"]
                && is_applied(live)
                && (self.wanted.contains(&ingress) || !is_adopted(live))
        })
    }

    /// cert-manager wrote it for a Certificate that goes now, or that is gone: a run that was stopped between the two is
    /// finished by the next. No Certificate that stays has it.
    fn is_of_a_certificate_that_goes(&self, key: &Key, secret: &Value) -> bool {
        let name = secret["metadata"]["annotations"][CERTIFICATE_NAME].as_str().unwrap_or_default();
        let Some(all) = self.certificates.filter(|_| is_written_for(secret, name)) else {
            return false;
        };
        // Machines of the house trust the root: a service that has another issuer for a while must not cost that.
        if key.name == ROOT && name == ROOT && !self.is_all {
            return false;
        }
        let certificate =
            Key { kind: &kind::CERTIFICATE, namespace: key.namespace.clone(), name: name.to_owned() };
        let leads_here = match all.get(&certificate) {
            Some(live) => {
                live["spec"]["secretName"] == key.name.as_str() && self.certificate_goes(&certificate)
            }
            // What the Certificate of an Ingress writes is called as it is itself.
            None => certificate.name == key.name,
        };
        let stays = |(at, live): (&Key, &Value)| {
            at.namespace == key.namespace
                && live["spec"]["secretName"] == key.name.as_str()
                && !self.certificate_goes(at)
        };
        leads_here && !all.iter().any(stays)
    }

    fn certificate_goes(&self, key: &Key) -> bool {
        self.snapshot.objects.get(key).is_some_and(|live| self.goes(key, live))
    }
}
