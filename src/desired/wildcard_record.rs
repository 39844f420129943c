//! `records: wildcard`: one A record for `*.<domain>`, and none for the names that it answers for.
//!
//! The record comes from an Ingress of homelab's own, by the way that every other takes: the controller writes the addresses of
//! the nodes that serve into its status, external-dns makes the record of that. A Service would not follow the nodes so well: of
//! type NodePort, its record has every node, whether it is ready or not, and a port is open on each; a headless one in front of
//! the controller's pods has none at the moment in which the only pod is replaced (external-dns 0.22, source/service.go:
//! `extractNodePortTargets`, `extractHeadlessEndpoints`).
//!
//! That Ingress has a rule without paths: unknown names get what they always get. ingress-nginx v1.15.1 sends them to its default
//! backend, the source of its 404 (internal/ingress/controller/controller.go, `createServers`, `getBackendServers`).
//!
//! The Ingresses of names that the record answers for bear the label of what has no record at the provider. Others' Ingresses are
//! not homelab's to change: each keeps a record of its own, and so does one with a name that the wildcard does not answer for.

use std::collections::BTreeSet;

use k8s_openapi::api::networking::v1::{Ingress, IngressRule, IngressSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::config::Config;
use crate::desired::external_dns::{BY_PUBLIC, BY_WILDCARD, HOUSE_ONLY, Label, PROVIDER_ONLY};
use crate::desired::kind;
use crate::desired::meta::named;
use crate::desired::object::{Component, Key, Object};
use crate::evidence::{at, entries};
use crate::facts::names::Host;
use crate::facts::namespaces;
use crate::ingress::traits_of;

/// The Ingress' name.
pub const NAME: &str = "wildcard-record";
/// Where it is.
pub const NAMESPACE: &str = namespaces::HOMELAB;

/// What identifies the Ingress.
#[must_use]
pub fn key() -> Key {
    Key { kind: &kind::INGRESS, namespace: Some(NAMESPACE.to_owned()), name: NAME.to_owned() }
}

/// Whether the Ingress of this name stands for the record, and nothing answers behind it.
#[must_use]
pub fn is_its(namespace: &str, name: &str) -> bool {
    namespace == NAMESPACE && name == NAME
}

/// Whether an Ingress or a Service, as it lives or should exist, has no record of its own at the provider.
#[must_use]
pub fn is_left_out(object: &serde_json::Value) -> bool {
    [HOUSE_ONLY, BY_WILDCARD, BY_PUBLIC]
        .iter()
        .any(|(label, value)| object["metadata"]["labels"][*label] == *value)
}

/// The Ingress, where the lab has a wildcard record.
pub(super) fn object(config: &Config) -> Option<Object> {
    let host = config.wildcard_record()?;
    let controller = traits_of(config.ingress.controller);
    // By itself, the controller would send them to HTTPS where the wildcard certificate covers them.
    let annotations = controller.annotations_without_redirect();
    let (label, value) = PROVIDER_ONLY;
    let ingress = Ingress {
        metadata: ObjectMeta {
            labels: Some([(label.to_owned(), value.to_owned())].into()),
            annotations: Some(annotations.collect()),
            ..named(NAMESPACE, NAME)
        },
        spec: Some(IngressSpec {
            ingress_class_name: Some(controller.class.to_owned()),
            rules: Some(vec![IngressRule { host: Some(host), http: None }]),
            ..IngressSpec::default()
        }),
        status: None,
    };
    Object::typed(Component::ExternalDns, &ingress)
}

/// Takes the records of single names from the Ingresses all of whose hosts the wildcard answers for.
pub(super) fn leave_to_it(config: &Config, objects: &mut [Object]) {
    take_records(objects, &config.by_wildcard(), BY_WILDCARD);
}

/// Marks the Ingresses all of whose hosts are among these.
pub(super) fn take_records(objects: &mut [Object], answered: &BTreeSet<Host>, (label, value): Label) {
    let answered: BTreeSet<&str> = answered.iter().map(Host::as_str).collect();
    if answered.is_empty() {
        return;
    }
    for object in objects.iter_mut().filter(|object| *object.key.kind == kind::INGRESS) {
        let rules = entries(&object.body, "/spec/rules");
        if !rules.is_empty() && rules.iter().all(|rule| answered.contains(at(rule, "/host"))) {
            object.map_at(&["metadata", "labels"]).insert(label.to_owned(), value.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::{Inputs, bundle};

    const LAB: &str = "domain: home.example.com\nemail: ada@lovelace.dev\ncertificates: wildcard\nrecords: wildcard\nstartPage: true\n\
                       dns: { provider: cloudflare, houseResolver: true }\nservices:\n  photos: { local: 1 }\n  deep: { local: 2, host: a.b.home.example.com }\n  \
                       both: { local: 3, hosts: [both, old.example.com] }\n";

    fn objects(text: &str) -> Vec<Object> {
        bundle(&crate::config::parse(text).unwrap(), &Inputs::default()).objects
    }

    fn ingresses(objects: &[Object]) -> Vec<&Object> {
        objects.iter().filter(|object| *object.key.kind == kind::INGRESS).collect()
    }

    #[test]
    fn one_ingress_of_the_labs_own_has_the_wildcard_and_no_backend() {
        let objects = objects(LAB);
        let found = objects.iter().find(|object| object.key == key()).unwrap();
        assert_eq!(found.body["spec"]["rules"], serde_json::json!([{ "host": "*.home.example.com" }]));
        assert_eq!(found.body["spec"]["ingressClassName"], "nginx");
        assert!(found.body["spec"]["tls"].is_null() && found.body["spec"]["defaultBackend"].is_null());
        assert_eq!(
            found.body["metadata"]["annotations"]["nginx.ingress.kubernetes.io/ssl-redirect"],
            "false"
        );
    }

    #[test]
    fn names_that_it_answers_for_have_no_record_and_all_others_keep_theirs() {
        let objects = objects(LAB);
        let left_out: Vec<&str> = ingresses(&objects)
            .into_iter()
            .filter(|object| is_left_out(&object.body))
            .map(|object| object.key.name.as_str())
            .collect();
        assert_eq!(left_out, ["photos", "whoami"]);
    }

    /// In the house the nodes know each name, and others do not exist there.
    #[test]
    fn the_provider_reads_the_wildcard_and_the_house_reads_each_name() {
        let arguments = |kind: &str, name: &str| {
            let objects = objects(LAB);
            let is_it = |object: &&Object| object.key.kind.kind == kind && object.key.name == name;
            objects.iter().find(is_it).unwrap().body["spec"]["template"]["spec"].to_string()
        };
        let provider = arguments("Deployment", "external-dns");
        assert!(
            provider.contains("--label-filter=homelab/by-wildcard!=true")
                && !provider.contains("provider-only")
        );
        let house = arguments("DaemonSet", "name-server");
        assert!(
            house.contains("--label-filter=homelab/provider-only!=true") && !house.contains("by-wildcard")
        );
    }

    #[test]
    fn names_of_the_house_alone_stay_there_beside_a_wildcard() {
        let objects = objects(
            &LAB.replace("houseResolver: true", "houseResolver: true, hosts: { printer: 192.168.1.9 }"),
        );
        let provider = objects
            .iter()
            .find(|object| object.key.kind.kind == "Deployment" && object.key.name == "external-dns");
        let arguments = provider.unwrap().body["spec"]["template"]["spec"].to_string();
        assert!(
            arguments.contains("--label-filter=homelab/house-only!=true,homelab/by-wildcard!=true"),
            "{arguments}"
        );
    }

    #[test]
    fn a_record_for_each_name_leaves_everything_as_it_was() {
        let objects = objects(&LAB.replace("records: wildcard\n", ""));
        assert!(!objects.iter().any(|object| object.body.to_string().contains("provider-only")));
        assert!(ingresses(&objects).iter().all(|object| !is_left_out(&object.body) && object.key != key()));
    }
}
