//! The account that may only read: as much as `homelab doctor` looks at, and no Secret. Kubernetes cannot grant the metadata
//! of Secrets without their data, nor those of one type without all others, hence none.

use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::PolicyRule;

use crate::config::Config;
use crate::desired::meta::named;
use crate::desired::object::{Component, Key, Object};
use crate::desired::rbac::{self, READ, rule, rule_for};
use crate::desired::{addresses, cert_manager, external_dns, service, tunnel};
use crate::facts::namespaces::{self, SYSTEM};
use crate::ingress::traits_of;

/// The name of the account, of its roles and of their bindings.
pub const NAME: &str = "homelab-doctor";
/// The account lies beside homelab's own services, where nobody else's pods run.
pub const NAMESPACE: &str = service::NAMESPACE;
const COMPONENT: Component = Component::Services;

/// What it may get, list and watch in the whole cluster, by API group. Not `nodes/proxy`: with that, a GET is enough to run
/// programs in any pod, by the kubelet (Kubernetes docs, "RBAC Good Practices").
const EVERYWHERE: &[(&str, &[&str])] = &[
    ("", &["nodes", "namespaces", "pods", "services", "serviceaccounts", "events", "persistentvolumeclaims"]),
    ("apps", &["daemonsets", "deployments"]),
    ("discovery.k8s.io", &["endpointslices"]),
    ("networking.k8s.io", &["ingresses", "ingressclasses", "networkpolicies"]),
    ("cilium.io", &["ciliumnetworkpolicies", "ciliumclusterwidenetworkpolicies"]),
    ("storage.k8s.io", &["storageclasses"]),
    ("scheduling.k8s.io", &["priorityclasses"]),
    ("apiextensions.k8s.io", &["customresourcedefinitions"]),
    (
        "admissionregistration.k8s.io",
        &[
            "validatingwebhookconfigurations",
            "mutatingwebhookconfigurations",
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
        ],
    ),
    ("rbac.authorization.k8s.io", &["clusterroles", "clusterrolebindings", "roles", "rolebindings"]),
    ("cert-manager.io", &["clusterissuers", "issuers", "certificates", "certificaterequests"]),
    ("acme.cert-manager.io", &["orders", "challenges"]),
    ("helm.cattle.io", &["helmcharts"]),
];

/// The account as the API server names it (Kubernetes docs, "Managing Service Accounts").
#[must_use]
pub fn user() -> String {
    format!("system:serviceaccount:{NAMESPACE}:{NAME}")
}

/// The account, its roles and their bindings.
pub(super) fn objects(config: &Config) -> Vec<Object> {
    let account = ServiceAccount {
        metadata: named(NAMESPACE, NAME),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    };
    let everywhere = EVERYWHERE.iter().map(|(group, resources)| rule(group, resources, READ)).collect();
    let mut objects = Vec::from_iter(Object::typed(COMPONENT, &account));
    objects.extend(rbac::in_cluster(COMPONENT, NAMESPACE, NAME, everywhere));
    for (namespace, rules) in inside(config) {
        objects.extend(rbac::inside(COMPONENT, namespace, NAMESPACE, NAME, rules));
    }
    objects
}

/// Logs, ConfigMaps and what pods answer: only where homelab's own pods run, and CoreDNS.
fn inside(config: &Config) -> Vec<(&'static str, Vec<PolicyRule>)> {
    let logs = || rule("", &["pods/log"], &["get"]);
    let answers = || rule("", &["pods/proxy"], &["get"]);
    let coredns = rule_for("", &["configmaps"], &["coredns", "coredns-custom", "cilium-config"], READ);
    let settings = rule("", &["configmaps"], READ);
    // Of a controller that others installed, the account reads neither log nor settings: the namespace is theirs.
    let first = match config.ingress.controller.is_managed() {
        true => (traits_of(config.ingress.controller).namespace, vec![settings, logs(), answers()]),
        false => (NAMESPACE, vec![settings]),
    };
    let mut all = vec![first, (SYSTEM, vec![coredns, logs()])];
    if addresses::is_needed(config) {
        let lease = rule_for("coordination.k8s.io", &["leases"], &[addresses::NAME], &["get"]);
        all.push((NAMESPACE, vec![lease]));
    }
    if config.external_dns {
        all.push((external_dns::NAMESPACE, vec![logs(), answers()]));
    }
    if tunnel::tunnels(config).is_some() {
        all.push((namespaces::TUNNEL, vec![logs()]));
    }
    // Of a cert-manager that others installed, the account reads no log: the namespace is theirs, as `docs/security.md` says.
    if config.cert_manager.manage {
        all.push((cert_manager::NAMESPACE, vec![logs()]));
    }
    all
}

/// Whether the object is needed for the account to be there at all, in a cluster on which `up` has not run yet: other
/// roles lie in namespaces that `up` makes.
#[must_use]
pub fn comes_first(key: &Key) -> bool {
    let ours =
        key.name == NAME && key.namespace.as_deref().is_none_or(|at| [NAMESPACE, SYSTEM].contains(&at));
    ours || (key.kind.kind == "Namespace" && key.name == NAMESPACE)
}

/// Every rule, with the namespace of its Role; for tests.
#[cfg(test)]
pub(crate) fn rules(controller: crate::config::Controller) -> Vec<(Option<String>, serde_json::Value)> {
    let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n\
                services: { nas: { url: 'http://10.0.0.2', public: tunnel, iKnow: ingress-nginx-is-retired } }\n";
    let mut config = crate::config::parse(text).unwrap();
    config.ingress.controller = controller;
    let roles = objects(&config).into_iter().filter(|object| object.key.kind.kind.ends_with("Role"));
    roles
        .flat_map(|role| {
            let rules = crate::evidence::entries(&role.body, "/rules").to_vec();
            rules.into_iter().map(move |rule| (role.key.namespace.clone(), rule))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Controller;
    use crate::evidence::entries;

    #[test]
    fn the_account_may_write_nothing_and_read_no_secret() {
        let rules = rules(Controller::default());
        assert!(rules.len() > 10);
        for (namespace, rule) in rules {
            for verb in entries(&rule, "/verbs") {
                assert!(READ.contains(&verb.as_str().unwrap()), "{rule}");
            }
            for resource in entries(&rule, "/resources") {
                let resource = resource.as_str().unwrap();
                let is_bad = ["secrets", "nodes/", "/exec", "/attach", "/portforward", "/token", "*"]
                    .iter()
                    .any(|part| resource.contains(part));
                assert!(!is_bad, "{resource}");
                // What could hold a secret by carelessness is read in homelab's own namespaces only.
                let careful = resource == "configmaps" || resource.starts_with("pods/");
                assert_eq!(careful, namespace.is_some(), "{resource}");
            }
        }
    }
}
