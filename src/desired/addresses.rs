//! The account of the timer that writes the nodes' addresses into the status of Ingresses, where the controller does not, and leads
//! the public record to the address that the lab has on the internet. It may look at what it needs for that, write that one part of
//! Ingresses and that one annotation, and note when it ran.

use k8s_openapi::api::core::v1::ServiceAccount;

use crate::config::Config;
use crate::desired::meta::named;
use crate::desired::object::{Component, Object};
use crate::desired::public_record::BY_PORT;
use crate::desired::rbac::{self, rule, rule_for};
use crate::desired::{guard, public_record, service};
use crate::ingress::{addresses_are_homelabs, traits_of};

/// The name of the account, of its roles and their bindings, of the Lease in which it notes when it ran, and the field manager of
/// what it writes.
pub const NAME: &str = "homelab-addresses";
/// Where the account and its Lease lie: beside homelab's own services, where nobody else's pods run.
pub const NAMESPACE: &str = service::NAMESPACE;
/// The policy that keeps the account from writing more than where the public record leads.
const RECORD: &str = "homelab-public-record";
const COMPONENT: Component = Component::Services;

/// Whether there is anything for the timer to write.
#[must_use]
pub fn is_needed(config: &Config) -> bool {
    addresses_are_homelabs(config) || config.follows_address()
}

/// The account, its roles and their bindings, and the policies that keep it from writing anything else; nothing where the
/// controller writes the addresses by itself and no record follows the lab's.
pub(super) fn objects(config: &Config) -> Vec<Object> {
    if !is_needed(config) {
        return Vec::new();
    }
    let account = ServiceAccount {
        metadata: named(NAMESPACE, NAME),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    };
    let follows = config.follows_address();
    // An apply makes it the first time, and Kubernetes binds no creation to a name.
    let noted: &[&str] = if follows { &["get", "patch"] } else { &["patch"] };
    let lease = vec![
        rule("coordination.k8s.io", &["leases"], &["create"]),
        rule_for("coordination.k8s.io", &["leases"], &[NAME], noted),
    ];
    let mut objects = Vec::from_iter(Object::typed(COMPONENT, &account));
    objects.extend(rbac::inside(COMPONENT, NAMESPACE, NAMESPACE, NAME, lease));
    if addresses_are_homelabs(config) {
        let in_cluster = vec![
            rule("", &["nodes"], &["list"]),
            rule("networking.k8s.io", &["ingresses", "ingressclasses"], &["list"]),
            rule("networking.k8s.io", &["ingresses/status"], &["patch"]),
        ];
        let pods = vec![rule("", &["pods"], &["list"])];
        objects.extend(rbac::in_cluster(COMPONENT, NAMESPACE, NAME, in_cluster));
        let home = traits_of(config.ingress.controller).namespace;
        objects.extend(rbac::inside(COMPONENT, home, NAMESPACE, NAME, pods));
        objects.extend(guard::of_writer(COMPONENT, NAME, NAMESPACE, NAME));
    }
    if follows {
        let record = vec![rule_for("", &["services"], &[BY_PORT], &["get", "patch"])];
        objects.extend(rbac::inside(COMPONENT, public_record::NAMESPACE, NAMESPACE, NAME, record));
        let key = public_record::target_key(config);
        objects.extend(guard::of_record(COMPONENT, RECORD, (NAMESPACE, NAME), &key));
    }
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

    fn following(controller: &str) -> Vec<Object> {
        let text = format!(
            "domain: a.example.com\nemail: a@lovelace.dev\ndns: {{ provider: cloudflare, tokenFile: /t }}\n\
             ingress: {{ controller: {controller} }}\nservices: {{ photos: {{ local: 1, public: port, iKnow: ingress-nginx-is-retired }} }}\n"
        );
        objects(&crate::config::parse(&text).unwrap())
    }

    #[test]
    fn where_a_record_follows_the_labs_address_the_account_may_write_that_one_service_and_no_status() {
        let objects = following("ingress-nginx");
        assert_eq!(
            rules(&objects),
            [
                "external-dns: get+patch services public-address",
                "homelab: create leases",
                "homelab: get+patch leases homelab-addresses",
            ]
        );
    }

    /// A Service can be turned into one that takes others' traffic (`externalIPs`): whoever has stolen the token shall not.
    #[test]
    fn a_policy_keeps_the_account_from_changing_anything_of_that_service_but_where_it_leads() {
        let objects = following("ingress-nginx");
        let policy =
            objects.iter().find(|object| object.key.kind.kind == "ValidatingAdmissionPolicy").unwrap();
        let text = policy.body["spec"].to_string();
        assert!(text.contains("system:serviceaccount:homelab:homelab-addresses"), "{text}");
        assert!(text.contains("object.spec == oldObject.spec"), "{text}");
        assert!(text.contains("external-dns.alpha.kubernetes.io/target"), "{text}");
        assert_eq!(policy.body["spec"]["failurePolicy"], "Fail");
    }

    #[test]
    fn the_account_may_write_one_part_of_ingresses_and_its_own_note_and_nothing_else() {
        assert_eq!(
            rules(&of("paper")),
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

    fn rules(objects: &[Object]) -> Vec<String> {
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
        rules
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
