//! The namespaces that Secrets of a backup need: made as `up` makes them, so that `up` finds its own.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::cluster::Cluster;
use crate::config::Config;
use crate::desired::object::Key;
use crate::desired::{Bundle, Inputs, bundle, cert_manager, kind};
use crate::error::Result;
use crate::machine::upstream;
use crate::plan::{Snapshot, plan};

/// What there is of them.
#[derive(Debug, Default)]
pub(super) struct Homes {
    /// Missing, and `up` makes them.
    pub(super) made: BTreeSet<String>,
    /// Missing, and somebody else's to make.
    pub(super) homeless: BTreeSet<String>,
}

impl Homes {
    /// Looks which of them are missing. One that is there stays as it is, whoever made it.
    pub(super) async fn look(cluster: &Cluster, config: &Config, names: BTreeSet<String>) -> Result<Self> {
        let known = namespaces(config, None);
        let by_upstream = |name: &str| config.cert_manager.manage && name == cert_manager::NAMESPACE;
        let mut homes = Self::default();
        for name in names {
            let key = Key { kind: &kind::NAMESPACE, namespace: None, name: name.clone() };
            if cluster.metadata_of(&key).await?.is_some() {
                continue;
            }
            let is_made = by_upstream(&name) || known.objects.iter().any(|object| object.key == key);
            if is_made {
                homes.made.insert(name)
            } else {
                homes.homeless.insert(name)
            };
        }
        Ok(homes)
    }

    /// Makes them.
    pub(super) async fn make(&self, cluster: &Cluster, config: &Config) -> Result<()> {
        if self.made.is_empty() {
            return Ok(());
        }
        let is_upstreams = self.made.contains(cert_manager::NAMESPACE);
        let documents = if is_upstreams { upstream::cert_manager(config).await? } else { None };
        let mut wanted = namespaces(config, documents.as_deref());
        wanted.objects.retain(|object| self.made.contains(&object.key.name));
        let plan = plan(wanted, &Snapshot::default());
        let deadline = Instant::now() + Duration::from_secs(30);
        cluster.apply(plan.apply.iter(), deadline, |_, _| ()).await.map(drop)
    }
}

/// The namespaces of the bundle.
fn namespaces(config: &Config, documents: Option<&[Value]>) -> Bundle {
    let inputs = Inputs { cert_manager: documents, ..Inputs::default() };
    let mut wanted = bundle(config, &inputs);
    wanted.objects.retain(|object| *object.key.kind == kind::NAMESPACE);
    wanted.derived.clear();
    wanted
}
