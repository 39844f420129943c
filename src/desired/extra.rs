//! Certificates that belong to no service: one Certificate each, which is there before the program that uses its Secret; and
//! the namespaces that they lie in, and those of organisations.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Namespace;

use crate::config::{Config, Service};
use crate::desired::issuer::certificate;
use crate::desired::kind;
use crate::desired::meta::global;
use crate::desired::object::{Component, Key, Object};
use crate::facts::namespaces::is_of_kubernetes;

const COMPONENT: Component = Component::Issuer;

/// The Certificates and their namespaces.
pub(super) fn objects(config: &Config) -> Vec<Object> {
    let all = &config.extra_certificates;
    let of_organisations = config.organisations.iter().flat_map(|one| &one.namespaces);
    // One of a program that homelab runs comes with the program.
    let of_images: BTreeSet<&str> = config.services.iter().filter_map(Service::own_namespace).collect();
    let names: BTreeSet<&str> =
        all.iter().map(|extra| &extra.namespace).chain(of_organisations).map(String::as_str).collect();
    let names = names.difference(&of_images).copied();
    let homes = names.filter(|name| !is_of_kubernetes(name)).map(|name| {
        // What may run in it, whoever brings the program says.
        Object::typed(COMPONENT, &Namespace { metadata: global(name), ..Namespace::default() })
    });
    let certificates = all.iter().map(|extra| {
        let place = (extra.namespace.as_str(), extra.secret.as_str());
        certificate(config, place, &extra.names, extra.issuer)
    });
    homes.chain(certificates).flatten().collect()
}

/// Whether it is such a namespace: made only where there is none, and deleted only when nothing is in it.
pub fn is_home(key: &Key, component: Component) -> bool {
    *key.kind == kind::NAMESPACE && component == COMPONENT
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use crate::desired::{Inputs, bundle, issuer};

    fn config(entries: &str) -> Config {
        let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n";
        parse(&format!("{text}extraCertificates:\n{entries}")).unwrap()
    }

    fn names(objects: &[Object]) -> Vec<String> {
        objects.iter().map(|object| object.key.to_string()).collect()
    }

    #[test]
    fn each_namespace_is_there_once_and_those_of_kubernetes_are_not_made() {
        let config = config(
            "  - { namespace: [qa, kube-system], names: [a] }\n  - { namespace: qa, names: [b], secret: b }\n",
        );
        let made = objects(&config);
        assert_eq!(
            names(&made),
            [
                "Namespace qa",
                "Certificate kube-system/a-home-example-com-tls",
                "Certificate qa/a-home-example-com-tls",
                "Certificate qa/b"
            ]
        );
        assert!(made[0].body["metadata"]["labels"].is_null(), "what may run in it is not homelab's to say");
        assert!(is_home(&made[0].key, made[0].component) && !is_home(&made[1].key, made[1].component));
    }

    #[test]
    fn its_secret_is_kept_as_the_certificates_and_known_by_its_issuer() {
        let config = config(
            "  - { namespace: qa, names: ['*.qa.svc.cluster.local'], issuer: ca }\n  - { namespace: qa, names: [a], secret: a }\n",
        );
        let bundle = bundle(&config, &Inputs::default());
        let secret =
            |name: &str| Key { kind: &kind::SECRET, namespace: Some("qa".to_owned()), name: name.to_owned() };
        for (name, signs) in [("wildcard-qa-svc-cluster-local-tls", "homelab-ca"), ("a", "letsencrypt")] {
            assert!(bundle.derived.contains(&secret(name)), "{name}");
            assert_eq!(issuer::of_secret(&config, &secret(name)), signs);
        }
        assert_eq!(
            issuer::asked(&config),
            ["letsencrypt", "homelab-ca-selfsigned", "homelab-ca-root", "homelab-ca"]
        );
    }

    #[test]
    fn what_the_own_authority_signs_is_taken_by_apples_systems_too() {
        let config =
            config("  - { namespace: qa, names: [a], issuer: ca }\n  - { namespace: qa, names: [b] }\n");
        let usages: Vec<bool> =
            objects(&config)[1..].iter().map(|object| object.body["spec"]["usages"].is_array()).collect();
        assert_eq!(usages, [true, false]);
    }
}
