//! The account of the timer that writes the nodes' addresses into the status of Ingresses, where the controller does not. It may
//! look at what it needs for that, write that one part of Ingresses, and note when it ran.

use k8s_openapi::api::core::v1::ServiceAccount;

use crate::config::Config;
use crate::desired::meta::named;
use crate::desired::object::{Component, Object};
use crate::desired::rbac::{self, rule, rule_for};
use crate::desired::{guard, service};
use crate::ingress::{addresses_are_homelabs, traits_of};

/// The name of the account, of its roles and their bindings, of the Lease in which it notes when it ran, and the field manager of
/// what it writes.
pub const NAME: &str = "homelab-addresses";
/// Where the account and its Lease lie: beside homelab's own services, where nobody else's pods run.
pub const NAMESPACE: &str = service::NAMESPACE;
const COMPONENT: Component = Component::Services;

/// The account, its roles and their bindings, and the policy that keeps it from leaving an Ingress without an address; nothing
/// where the controller writes the addresses by itself.
pub(super) fn objects(config: &Config) -> Vec<Object> {
    if !addresses_are_homelabs(config) {
        return Vec::new();
    }
    let account = ServiceAccount {
        metadata: named(NAMESPACE, NAME),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    };
    let in_cluster = vec![
        rule("", &["nodes"], &["list"]),
        rule("networking.k8s.io", &["ingresses", "ingressclasses"], &["list"]),
        rule("networking.k8s.io", &["ingresses/status"], &["patch"]),
    ];
    let pods = vec![rule("", &["pods"], &["list"])];
    // An apply makes it the first time, and Kubernetes binds no creation to a name.
    let lease = vec![
        rule("coordination.k8s.io", &["leases"], &["create"]),
        rule_for("coordination.k8s.io", &["leases"], &[NAME], &["patch"]),
    ];
    let mut objects = Vec::from_iter(Object::typed(COMPONENT, &account));
    objects.extend(rbac::in_cluster(COMPONENT, NAMESPACE, NAME, in_cluster));
    let home = traits_of(config.ingress.controller).namespace;
    objects.extend(rbac::inside(COMPONENT, home, NAMESPACE, NAME, pods));
    objects.extend(rbac::inside(COMPONENT, NAMESPACE, NAMESPACE, NAME, lease));
    objects.extend(guard::of_writer(COMPONENT, NAME, NAMESPACE, NAME));
    objects
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::evidence::entries;

    fn of(controller: &str) -> Vec<Object> {
        let text = format!(
            "domain: a.example.com\nemail: a@lovelace.dev\ndns: {{ provider: cloudflare, tokenFile: /t }}\n\
             ingress: {{ controller: {controller} }}\n"
        );
        objects(&crate::config::parse(&text).unwrap())
    }

    #[test]
    fn a_controller_that_writes_the_addresses_itself_brings_no_account_for_it() {
        assert!(of("ingress-nginx").is_empty());
    }

    #[test]
    fn the_account_may_write_one_part_of_ingresses_and_its_own_note_and_nothing_else() {
        let objects = of("paper");
        let roles = objects.iter().filter(|object| object.key.kind.kind.ends_with("Role"));
        let rules = roles.flat_map(|role| {
            let place = role.key.namespace.as_deref().unwrap_or("everywhere");
            entries(&role.body, "/rules").iter().map(move |rule| {
                let words = |field: &str| -> String {
                    let all = entries(rule, field).iter().filter_map(Value::as_str);
                    all.collect::<Vec<_>>().join("+")
                };
                let names = words("/resourceNames");
                let named = if names.is_empty() { names } else { format!(" {names}") };
                format!("{place}: {} {}{named}", words("/verbs"), words("/resources"))
            })
        });
        let mut rules: Vec<String> = rules.collect();
        rules.sort();
        assert_eq!(
            rules,
            [
                "everywhere: list ingresses+ingressclasses",
                "everywhere: list nodes",
                "everywhere: patch ingresses/status",
                "homelab: create leases",
                "homelab: patch leases homelab-addresses",
                "paper-system: list pods",
            ]
        );
    }

    #[test]
    fn a_policy_keeps_the_account_from_emptying_a_status() {
        let objects = of("paper");
        let policy =
            objects.iter().find(|object| object.key.kind.kind == "ValidatingAdmissionPolicy").unwrap();
        let conditions = policy.body["spec"]["matchConditions"].to_string();
        assert!(conditions.contains("system:serviceaccount:homelab:homelab-addresses"), "{conditions}");
        let validations = entries(&policy.body, "/spec/validations");
        assert_eq!(validations.len(), 1);
        assert!(policy.body["spec"]["paramKind"].is_null());
    }
}
