//! What others lose by it: it is said before anything is confirmed.

use serde_json::Value;

use crate::cluster;
use crate::config::Config;
use crate::desired::object::Key;
use crate::desired::{cert_manager, kind};
use crate::evidence::{View, at};
use crate::facts::authority::ROOT;
use crate::ingress::traits_of;
use crate::plan::Snapshot;
use crate::plan::challenges::Issuing;
use crate::plan::ownership::Doomed;
use crate::plan::teardown::Teardown;

/// What others have that nothing serves, renews or ends afterwards.
pub(super) fn lost(
    config: &Config,
    snapshot: &Snapshot,
    teardown: &Teardown,
    ingresses: &[Value],
    issuing: &Issuing,
) -> Vec<String> {
    let goes = |key: &Key| teardown.gone.iter().any(|gone| gone.key == *key);
    let program = |name: &str, namespace: &str| {
        let is_it = |gone: &Doomed| {
            gone.key.name == name
                && gone.key.namespace.as_deref() == Some(namespace)
                && ["Deployment", "DaemonSet"].contains(&gone.key.kind.kind)
        };
        teardown.gone.iter().any(is_it)
    };
    let controller = traits_of(config.ingress.controller);
    let root = teardown.gone.iter().find(|gone| *gone.key.kind == kind::SECRET && gone.key.name == ROOT);
    let mut lost: Vec<String> = root
        .map(|root| format!("{}: machines that trust the lab's own root must be given a new one; `homelab backup` saves it", root.key))
        .into_iter()
        .collect();
    if program(controller.workload, controller.namespace) {
        let of_others =
            ingresses.iter().filter(|one| !Key::of(&kind::INGRESS, one).is_some_and(|key| goes(&key)));
        let served = of_others.map(cluster::ingress).filter(|ingress| match &ingress.class {
            Some(class) => class == controller.class,
            None => config.ingress.default_class,
        });
        let records = if config.external_dns { ", and its DNS records stay" } else { "" };
        lost.extend(served.map(|ingress| {
            let hosts = ingress.hosts.join(", ");
            format!(
                "Ingress {}/{} ({hosts}): nothing serves it afterwards{records}",
                ingress.namespace, ingress.name
            )
        }));
    }
    let ends = config.cert_manager.manage && program("cert-manager", cert_manager::NAMESPACE);
    let loses_its_issuer = |certificate: &Value| {
        let issuer = &certificate["spec"]["issuerRef"];
        let name = at(issuer, "/name").to_owned();
        issuer["kind"] == kind::CLUSTER_ISSUER.kind
            && goes(&Key { kind: &kind::CLUSTER_ISSUER, namespace: None, name })
    };
    let stay = snapshot.certificates.iter().flatten().filter(|(key, _)| !goes(key));
    let stay: Vec<(&Key, &Value)> = stay.filter(|(_, live)| ends || loses_its_issuer(live)).collect();
    lost.extend(stay.iter().map(|(key, _)| format!("{key}: nothing renews it afterwards")));
    if ends {
        let uids = stay.iter().map(|(_, live)| at(live, "/metadata/uid").to_owned()).collect();
        let going = issuing.going(&uids);
        let left = issuing.challenges.iter().filter(|one| !going.contains(one));
        lost.extend(left.map(|one| {
            format!("Challenge {}: nothing ends it afterwards, so its finalizer holds it", one.full_name())
        }));
    }
    lost
}
