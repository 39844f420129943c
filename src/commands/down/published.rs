//! The names that the lab has published, and those that stay published on purpose.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cluster::{self, Cluster};
use crate::config::{Config, Way};
use crate::desired::object::Key;
use crate::desired::wildcard_record::is_left_out;
use crate::desired::{kind, public_record};
use crate::error::Result;
use crate::evidence::View;
use crate::evidence::ownership::Wanted;
use crate::ingress::class_of;
use crate::plan::teardown::Teardown;

/// The names of the records that go with the Ingresses; of all in the configuration where those are gone already.
pub(super) fn hosts(config: &Config, teardown: &Teardown, ingresses: &[Value]) -> BTreeSet<String> {
    let goes = |one: &&Value| {
        let key = Key::of(&kind::INGRESS, one);
        teardown.gone.iter().any(|gone| Some(&gone.key) == key.as_ref()) && !is_left_out(one)
    };
    let mut found: BTreeSet<String> =
        ingresses.iter().filter(goes).flat_map(|one| cluster::ingress(one).hosts).collect();
    if teardown.gone.iter().any(|gone| gone.key == public_record::key()) {
        found.extend(config.public_hosts(Some(Way::Port)).iter().map(ToString::to_string));
    }
    if found.is_empty() { config.recorded().collect() } else { found }
}

/// What external-dns publishes of what lives, without what goes.
pub(super) async fn living(
    cluster: &Cluster,
    config: &Config,
    goes: &impl Fn(&Key) -> bool,
) -> Result<Wanted> {
    let services = [&kind::SERVICE].into();
    let (ingresses, services) = tokio::try_join!(
        cluster.all(&kind::INGRESS),
        cluster.metadata(&services, config.ingress.controller)
    )?;
    let stays = |kind, one: &Value| Key::of(kind, one).is_some_and(|key| !goes(&key));
    let ingresses = ingresses.iter().filter(|one| stays(&kind::INGRESS, one)).map(cluster::ingress);
    let services = services.values().filter(|one| stays(&kind::SERVICE, one));
    let mut wanted = Wanted {
        resources: services.map(|one| format!("service/{}", one.full_name())).collect(),
        ..Wanted::default()
    };
    let class = class_of(config);
    for ingress in ingresses {
        wanted.resources.insert(format!("ingress/{}/{}", ingress.namespace, ingress.name));
        // external-dns publishes those of the class alone.
        if ingress.class.as_deref() == Some(class) {
            wanted.hosts.extend(ingress.hosts);
        }
    }
    Ok(wanted)
}
