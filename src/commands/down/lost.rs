//! What others lose by it: it is said before anything is confirmed.

use serde_json::Value;

use crate::cluster;
use crate::config::Config;
use crate::desired::object::Key;
use crate::desired::{cert_manager, kind};
use crate::evidence::{View, at};
use crate::facts::authority::{ROOT, is_part};
use crate::facts::namespaces::is_of_component;
use crate::ingress::traits_of;
use crate::plan::challenges::Issuing;
use crate::plan::ownership::Doomed;
use crate::plan::teardown::Teardown;
use crate::plan::{Snapshot, is_applied};

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
    lost.extend(of_programs(snapshot, teardown).map(|(certificate, secret)| match goes(&secret) {
        true => format!("{secret}: programs that use it lose it"),
        false => format!("{certificate}: its Secret stays, and nothing renews it afterwards"),
    }));
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

/// The Certificates of no service that go, each with its Secret: programs of others use these.
fn of_programs<'a>(snapshot: &'a Snapshot, teardown: &'a Teardown) -> impl Iterator<Item = (&'a Key, Key)> {
    let is_theirs = |key: &Key| {
        *key.kind == kind::CERTIFICATE
            && !is_part(&key.name)
            && key.namespace.as_deref().is_some_and(|namespace| !is_of_component(namespace))
    };
    teardown.gone.iter().map(|gone| &gone.key).filter(move |key| is_theirs(key)).filter_map(|key| {
        let live = snapshot.objects.get(key).filter(|live| is_applied(live))?;
        let name = at(live, "/spec/secretName").to_owned();
        Some((key, Key { kind: &kind::SECRET, namespace: key.namespace.clone(), name }))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config;
    use crate::plan::teardown::teardown;

    fn object(kind: &str, name: &str, manager: &str) -> Value {
        json!({ "kind": kind, "metadata": { "namespace": "qa", "name": name, "uid": format!("{kind}-{name}"), "resourceVersion": "7",
            "labels": { "app.kubernetes.io/managed-by": "homelab", "app.kubernetes.io/instance": "home.example.com" },
            "annotations": { "cert-manager.io/certificate-name": name },
            "managedFields": [{ "manager": manager, "operation": "Apply" }] }, "spec": { "secretName": name } })
    }

    #[test]
    fn who_uses_a_certificate_of_no_service_is_told_what_becomes_of_it() {
        let mut snapshot = Snapshot::default();
        for (kind, manager) in
            [(&kind::CERTIFICATE, "homelab"), (&kind::SECRET, "cert-manager-certificates-issuing")]
        {
            let items = json!({ "items": [object(kind.kind, "db-tls", manager)] });
            snapshot.note("home.example.com", kind, Some(items));
        }
        let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n";
        let config = config::parse(text).unwrap();
        let told = |purge| lost(&config, &snapshot, &teardown(&snapshot, purge), &[], &Issuing::default());
        assert_eq!(
            told(false),
            ["Certificate qa/db-tls: its Secret stays, and nothing renews it afterwards"]
        );
        assert_eq!(told(true), ["Secret qa/db-tls: programs that use it lose it"]);
    }
}
