//! What is there already and was never homelab's: it is taken over only when asked for, and never deleted afterwards.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::desired::kind::{self, KindRef};
use crate::desired::object::{Component, Key, Object};
use crate::plan::deployed::{deployer, deployer_of};
use crate::plan::ownership::{ADOPTED, controller, is_adopted, is_applied, is_written_for};
use crate::plan::shared::is_shared;
use crate::plan::{Change, Plan, Snapshot, note_hash};

/// An object of others that stands where the lab's would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    /// The object.
    pub key: Key,
    /// The component that wants to be there.
    pub component: Component,
    /// Its uid.
    uid: String,
    /// Who would write it.
    writer: Writer,
}

/// Who would write an object of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writer {
    /// homelab itself.
    Homelab,
    /// cert-manager, for an Ingress or a Certificate of the lab.
    CertManager,
    /// Nobody: cert-manager leaves a Certificate alone that it did not make for the Ingress, so that the lab's is missing.
    Nobody,
}

impl Stranger {
    /// Whether `--adopt` can take it.
    pub fn can_be_adopted(&self) -> bool {
        self.writer != Writer::Nobody
    }
}

/// The Secret that cert-manager writes for the object, if it is an Ingress with a certificate of its own, or a Certificate.
fn secret_of(kind: KindRef, body: &Value) -> Option<&str> {
    match kind {
        kind if *kind == kind::INGRESS => body["spec"]["tls"][0]["secretName"].as_str(),
        kind if *kind == kind::CERTIFICATE => body["spec"]["secretName"].as_str(),
        _ => None,
    }
}

impl Change {
    /// The Secret that cert-manager begins to write because of this change.
    fn new_secret(&self, snapshot: &Snapshot) -> Option<Key> {
        let key = &self.object.key;
        let name = secret_of(key.kind, &self.object.body)?;
        let before = snapshot.objects.get(key).and_then(|live| secret_of(key.kind, live));
        let at = || Key { kind: &kind::SECRET, namespace: key.namespace.clone(), name: name.to_owned() };
        (before != Some(name)).then(at)
    }
}

impl Plan {
    /// The kinds of what would be made anew: what of these lives unseen, without the lab's labels, has to be looked at
    /// before the first write. None where nothing is new.
    pub fn unseen(&self, snapshot: &Snapshot) -> BTreeSet<KindRef> {
        let new = self.apply.iter().filter(|change| change.new).map(|change| change.object.key.kind);
        let secret = self.apply.iter().any(|change| change.new_secret(snapshot).is_some());
        let secret: Option<KindRef> = secret.then_some(&kind::SECRET);
        new.chain(secret).collect()
    }

    /// What lives where this plan would write and was never homelab's; `met` is the metadata of what lives of the kinds
    /// of [`Plan::unseen`]. What was adopted before stays so.
    pub fn meet(&mut self, snapshot: &Snapshot, met: &BTreeMap<Key, Value>) -> Vec<Stranger> {
        let mut strangers = Vec::new();
        let by = deployer_of(snapshot);
        let is_theirs = |live: &Value| by.is_some() && deployer(live) == by;
        for change in &mut self.apply {
            let key = change.object.key.clone();
            let component = change.object.component;
            let find = |key: &Key| snapshot.objects.get(key).or_else(|| met.get(key));
            let stranger = |key: &Key, live: &Value, writer| Stranger {
                key: key.clone(),
                component,
                uid: live["metadata"]["uid"].as_str().unwrap_or_default().to_owned(),
                writer,
            };
            match find(&key) {
                // Each has its own entries: what both would write, the API server refuses.
                _ if is_shared(&key) => {}
                Some(live) if !is_applied(live) || is_theirs(live) => {
                    strangers.push(stranger(&key, live, Writer::Homelab))
                }
                Some(live) if is_adopted(live) => note_adopted(&mut change.object),
                _ => {}
            }
            let Some(secret) = change.new_secret(snapshot) else { continue };
            if let Some(live) =
                find(&secret).filter(|live| !is_applied(live) && !is_written_for(live, &secret.name))
            {
                strangers.push(stranger(&secret, live, Writer::CertManager));
            }
            let all =
                snapshot.certificates.iter().flatten().filter(|(at, _)| at.namespace == secret.namespace);
            for (at, live) in all.filter(|(at, live)| is_in_the_way(at, live, &key, &secret)) {
                strangers.push(stranger(at, live, Writer::Nobody));
            }
        }
        strangers
    }

    /// Takes what [`Plan::meet`] has found: it gets an annotation that keeps it from being deleted, by force where others
    /// own its fields, and only if it still is the object that was seen.
    pub fn adopt(&mut self, strangers: &[Stranger]) {
        for Stranger { key, component, uid, writer } in strangers {
            match writer {
                Writer::Homelab => {
                    let mut changes = self.apply.iter_mut();
                    let Some(change) = changes.find(|change| change.object.key == *key) else { continue };
                    if let (true, Some(body)) = (*key.kind == kind::CLAIM, change.object.body.as_object_mut())
                    {
                        // What it asked for cannot be changed any more (Kubernetes API, `PersistentVolumeClaimSpec`).
                        body.remove("spec");
                    }
                    note_adopted(&mut change.object);
                    change.adopts = Some(uid.clone());
                }
                Writer::CertManager => {
                    let metadata = json!({ "namespace": key.namespace, "name": key.name, "annotations": { ADOPTED: "true" } });
                    let body = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata });
                    let object = Object { key: key.clone(), component: *component, body };
                    self.apply.push(Change { object, new: false, adopts: Some(uid.clone()) });
                }
                Writer::Nobody => {}
            }
        }
    }
}

/// Whether a Certificate keeps cert-manager from making the one that `key` needs, or writes the same Secret.
fn is_in_the_way(at: &Key, live: &Value, key: &Key, secret: &Key) -> bool {
    if at == key || is_applied(live) {
        return false;
    }
    let of_ours = controller(live)
        .is_some_and(|owner| owner["kind"] == "Ingress" && owner["name"] == key.name.as_str());
    let same_name = *key.kind == kind::INGRESS && at.name == secret.name;
    !of_ours && (same_name || live["spec"]["secretName"] == secret.name.as_str())
}

/// The note is part of what homelab applies from now on.
pub(super) fn note_adopted(object: &mut Object) {
    let annotations = object.map_at(&["metadata", "annotations"]);
    annotations.remove(crate::plan::HASH);
    annotations.insert(ADOPTED.to_owned(), "true".into());
    note_hash(object);
}
