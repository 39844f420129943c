//! What a cluster holds of a lab, sorted by whose it is.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::desired::kind::{self, KindRef};
use crate::desired::meta::{HOMELAB, INSTANCE, MANAGED_BY};
use crate::desired::object::Key;
use crate::facts::cluster_domain;
use crate::facts::namespaces::is_home;
use crate::plan::ownership::is_applied;
use crate::plan::shared::is_shared;

/// What a cluster holds of a lab's inventory.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// The objects with the labels of this lab, as they live; of a definition only the metadata. Labels are an index:
    /// people copy them, and so does the cluster. [`crate::plan::ownership`] says what of this is the lab's.
    pub objects: BTreeMap<Key, Value>,
    /// What homelab has applied in this cluster for another lab, with that lab's owner id.
    pub others: BTreeMap<Key, String>,
    /// Every Certificate that lives, whoever made it; `None` when the server does not know the kind.
    pub certificates: Option<BTreeMap<Key, Value>>,
    /// The version of each kind's list, to watch from; a kind that the server does not know has none.
    pub versions: BTreeMap<KindRef, String>,
    /// The domain of the cluster's own names; `None` where nothing says it, and where nobody asked.
    pub cluster_domain: Option<String>,
}

impl Snapshot {
    /// The domain of the cluster's own names, or the usual one where nothing says it.
    #[must_use]
    pub fn cluster_domain(&self) -> &str {
        self.cluster_domain.as_deref().unwrap_or(cluster_domain::DEFAULT)
    }

    /// Takes the list of one kind in place of what is known of it; `None` where the server does not know the kind.
    pub fn note(&mut self, owner: &str, kind: KindRef, list: Option<Value>) {
        self.objects.retain(|key, _| key.kind != kind);
        self.others.retain(|key, _| key.kind != kind);
        let is_certificate = *kind == kind::CERTIFICATE;
        if is_certificate {
            self.certificates = list.as_ref().map(|_| BTreeMap::new());
        }
        let Some(mut list) = list else { return };
        if let Some(version) = list["metadata"]["resourceVersion"].as_str() {
            self.versions.insert(kind, version.to_owned());
        }
        let Value::Array(items) = list["items"].take() else { return };
        for mut item in items {
            let Some(key) = Key::of(kind, &item) else { continue };
            // The items of a list come without these two.
            item["apiVersion"] = kind.api_version().into();
            item["kind"] = kind.kind.into();
            if let Some(all) = self.certificates.as_mut().filter(|_| is_certificate) {
                all.insert(key.clone(), item.clone());
            }
            self.sort_in(owner, key, item);
        }
    }

    /// Takes what may be somebody else's and has something of homelab's in it; anything else is left out.
    pub fn note_shared(&mut self, live: Value) {
        if let Some(key) = Key::of(&kind::CONFIG_MAP, &live).filter(|key| is_shared(key) && is_applied(&live))
        {
            self.objects.insert(key, live);
        }
    }

    fn sort_in(&mut self, owner: &str, key: Key, item: Value) {
        let labels = &item["metadata"]["labels"];
        if labels[MANAGED_BY] != HOMELAB {
            return;
        }
        match labels[INSTANCE].as_str() {
            Some(instance) if instance == owner => drop(self.objects.insert(key, item)),
            // Every lab has objects of the whole cluster and in these namespaces. Whoever may write in another one could
            // call himself homelab there, and would stop every lab.
            Some(instance) if is_applied(&item) && key.namespace.as_deref().is_none_or(is_home) => {
                self.others.insert(key, instance.to_owned());
            }
            _ => {}
        }
    }
}
