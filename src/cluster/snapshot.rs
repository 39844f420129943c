//! One look at what a lab's inventory holds: one LIST for each kind, however many services there are.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, future, stream};
use http::Request;
use serde_json::Value;

use crate::cluster::request::{self, Failed, Purpose};
use crate::cluster::room::Room;
use crate::cluster::{Cluster, LANES};
use crate::config::Config;
use crate::desired::inside_names;
use crate::desired::kind::{self, KINDS, KindRef};
use crate::desired::meta::managed_selector;
use crate::desired::object::Key;
use crate::error::Result;
use crate::facts::cluster_domain::{self, COREDNS};
use crate::facts::controllers::Controller;
use crate::facts::namespaces::{HOMELAB, SYSTEM};
use crate::plan::Snapshot;

impl Cluster {
    /// Lists every kind by the label of what homelab manages. Certificates are listed whatever their labels: whether one
    /// is gone must be known of all.
    ///
    /// # Errors
    /// When the API server cannot be reached or refuses a list, and when there is more than fits: a part of what is there
    /// would have the rest taken for absent.
    pub async fn snapshot(&self, owner: &str, controller: Controller) -> Result<Snapshot> {
        // Who may only read has no Secret to compare.
        let readable = |kind: &&&kind::Kind| !self.reads_only() || **kind != &kind::SECRET;
        let kinds = KINDS.iter().filter(readable);
        let room = &Room::new();
        let lists = kinds.map(|kind| async move {
            let namespace = self.readable_part(kind, controller);
            self.list_as(kind, namespace, &selector(kind), is_metadata(kind), room).await
        });
        let lists = stream::iter(lists).buffer_unordered(LANES).try_collect::<Vec<_>>();
        let (lists, shared) = future::try_join(lists, self.one(&inside_names::key())).await?;
        let mut snapshot = Snapshot::default();
        for (kind, list) in lists {
            snapshot.note(owner, kind, list);
        }
        shared.into_iter().for_each(|live| snapshot.note_shared(live));
        Ok(snapshot)
    }

    /// The same, with the domain of the cluster's own names: for who makes a plan of what should be there.
    ///
    /// # Errors
    /// When the API server cannot be reached or refuses.
    pub async fn snapshot_for(&self, config: &Config) -> Result<Snapshot> {
        let snapshot = self.snapshot(&config.dns.owner, config.ingress.controller);
        let (snapshot, cluster_domain) = future::try_join(snapshot, self.cluster_domain()).await?;
        Ok(Snapshot { cluster_domain, ..snapshot })
    }

    /// The domain of the cluster's own names; none where nothing says it.
    ///
    /// # Errors
    /// When the API server cannot be reached or refuses: what would be made for another domain is made for none.
    pub async fn cluster_domain(&self) -> Result<Option<String>> {
        let (kind, namespace) = (&kind::CONFIG_MAP, Some(SYSTEM.to_owned()));
        let settings = self.one(&Key { kind, namespace, name: COREDNS.to_owned() }).await?;
        if let Some(domain) = settings.as_ref().and_then(cluster_domain::of_coredns) {
            return Ok(Some(domain));
        }
        Ok(cluster_domain::of(None, &self.all_nodes().await?))
    }

    /// Looks at one kind of the snapshot anew.
    ///
    /// # Errors
    /// When the API server cannot be reached or refuses the list.
    pub async fn look_again(&self, snapshot: &mut Snapshot, owner: &str, kind: KindRef) -> Result<()> {
        let (_, list) = self.list(kind, &selector(kind)).await?;
        snapshot.note(owner, kind, list);
        if *kind == kind::CONFIG_MAP {
            // What may be somebody else's bears no label by which it would be listed.
            self.one(&inside_names::key()).await?.into_iter().for_each(|live| snapshot.note_shared(live));
        }
        Ok(())
    }

    /// One object; none if it is not there.
    ///
    /// # Errors
    /// When the API server cannot be reached or refuses.
    pub async fn one(&self, key: &Key) -> Result<Option<Value>> {
        self.if_there(key, request::get(&request::object(key), false)).await
    }

    /// The metadata of everything that lives of these kinds, whoever made it.
    ///
    /// # Errors
    /// When the API server cannot be reached or refuses a list.
    pub async fn metadata(
        &self,
        kinds: &BTreeSet<KindRef>,
        controller: Controller,
    ) -> Result<BTreeMap<Key, Value>> {
        let room = &Room::new();
        let lists =
            kinds.iter().map(|kind| self.list_as(kind, self.readable_part(kind, controller), "", true, room));
        let lists: Vec<_> = stream::iter(lists).buffer_unordered(LANES).try_collect().await?;
        let found = lists.into_iter().flat_map(|(kind, list)| {
            let items = list.map(items).unwrap_or_default();
            items.into_iter().filter_map(move |item| Some((Key::of(kind, &item)?, item)))
        });
        Ok(found.collect())
    }

    /// By name of each definition that homelab manages, the versions in which the API server may have stored objects.
    ///
    /// # Errors
    /// When the API server cannot be reached or refuses the list.
    pub async fn stored_versions(&self) -> Result<BTreeMap<String, Vec<String>>> {
        let (_, list) = self.list_as(&kind::CRD, None, &selector(&kind::CRD), false, &Room::new()).await?;
        let versions = |item: Value| {
            let stored = item["status"]["storedVersions"].as_array()?.iter();
            let stored = stored.filter_map(|version| version.as_str().map(str::to_owned)).collect();
            Some((item["metadata"]["name"].as_str()?.to_owned(), stored))
        };
        Ok(list.map(items).unwrap_or_default().into_iter().filter_map(versions).collect())
    }

    /// The metadata of one object; none if it is not there.
    ///
    /// # Errors
    /// When the API server cannot be reached or refuses.
    pub async fn metadata_of(&self, key: &Key) -> Result<Option<Value>> {
        self.if_there(key, request::get_metadata(key)).await
    }

    async fn if_there(&self, key: &Key, request: Request<Vec<u8>>) -> Result<Option<Value>> {
        match self.send::<Value>(request).await {
            Ok(live) => Ok(Some(live)),
            Err(Failed::Kube(kube::Error::Api(status))) if status.code == 404 => Ok(None),
            Err(failed) => Err(self.explain(&Purpose { verb: "get", what: key.to_string() }, failed)),
        }
    }

    /// One list, of everything if the selector is empty; none if the server does not know the kind (its definition is not there yet).
    pub(super) async fn list(&self, kind: KindRef, selector: &str) -> Result<(KindRef, Option<Value>)> {
        self.list_as(kind, None, selector, is_metadata(kind), &Room::new()).await
    }

    /// The namespace whose objects of a kind are all that may be read: of ConfigMaps, who may only read gets the
    /// controller's alone; where that is not homelab's, those beside homelab's own services.
    fn readable_part(&self, kind: KindRef, controller: Controller) -> Option<&'static str> {
        let namespace = if controller.is_managed() { controller.facts().namespace } else { HOMELAB };
        (self.reads_only() && *kind == kind::CONFIG_MAP).then_some(namespace)
    }

    pub(super) async fn list_as(
        &self,
        kind: KindRef,
        namespace: Option<&str>,
        selector: &str,
        metadata_only: bool,
        room: &Room,
    ) -> Result<(KindRef, Option<Value>)> {
        // Without `resourceVersion` the answer is the newest. What fits needs no paging.
        let path =
            format!("{}?labelSelector={}", request::collection(kind, namespace), request::escape(selector));
        match self.send_in::<Value>(request::get(&path, metadata_only), room).await {
            Ok(list) => Ok((kind, Some(list))),
            Err(Failed::Kube(kube::Error::Api(status))) if status.code == 404 => Ok((kind, None)),
            Err(failed) => Err(self.explain(&Purpose { verb: "list", what: kind.plural.to_owned() }, failed)),
        }
    }
}

/// The items of a list, taken out of it.
pub(super) fn items(mut list: Value) -> Vec<Value> {
    match list["items"].take() {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}

/// Of which kind the metadata is enough: the schemas of definitions have some megabytes.
fn is_metadata(kind: KindRef) -> bool {
    *kind == kind::CRD
}

/// What a list of the kind asks for.
fn selector(kind: KindRef) -> String {
    if *kind == kind::CERTIFICATE { String::new() } else { managed_selector() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::cluster::fake::cluster;

    #[tokio::test]
    async fn the_domain_of_the_clusters_names_is_read_and_a_refusal_is_never_taken_for_the_usual_one() {
        let at = |settings: (u16, super::Value), nodes: (u16, super::Value)| {
            cluster(move |line, _| match line.contains("/configmaps/coredns") {
                true => settings.clone(),
                false => nodes.clone(),
            })
            .0
        };
        let settings =
            (200, json!({ "data": { "Corefile": ".:53 {\n kubernetes lab.test in-addr.arpa\n}\n" } }));
        let none =
            (404, json!({ "kind": "Status", "code": 404, "reason": "NotFound", "message": "there is none" }));
        let refused = (403, json!({ "kind": "Status", "code": 403, "reason": "Forbidden", "message": "no" }));
        let flags = json!(["server", "--cluster-domain", "lab.test"]).to_string();
        let nodes =
            (200, json!({ "items": [{ "metadata": { "annotations": { "k3s.io/node-args": flags } } }] }));
        let empty = (200, json!({ "items": [] }));
        for (settings, nodes, is) in [
            (settings, refused.clone(), Some("lab.test")),
            (none.clone(), nodes, Some("lab.test")),
            (none.clone(), empty.clone(), None),
        ] {
            assert_eq!(at(settings, nodes).cluster_domain().await.unwrap().as_deref(), is);
        }
        for (settings, nodes) in [(refused.clone(), empty), (none, refused)] {
            assert!(at(settings, nodes).cluster_domain().await.is_err());
        }
    }
}
