//! A service account with the least that its program needs.

use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{
    ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject,
};

use crate::desired::meta::{global, named};
use crate::desired::object::{Component, Object};

/// Reading and following.
pub(super) const READ: &[&str] = &["get", "list", "watch"];

/// One rule: `verbs` on `resources` of the API group `group`.
pub(super) fn rule(group: &str, resources: &[&str], verbs: &[&str]) -> PolicyRule {
    PolicyRule {
        api_groups: Some(vec![group.to_owned()]),
        resources: Some(owned(resources)),
        verbs: owned(verbs),
        ..PolicyRule::default()
    }
}

/// The same, for objects of these names only.
pub(super) fn rule_for(group: &str, resources: &[&str], names: &[&str], verbs: &[&str]) -> PolicyRule {
    PolicyRule { resource_names: Some(owned(names)), ..rule(group, resources, verbs) }
}

/// An account `name` in `namespace` with rules for the whole cluster and rules for its own namespace.
pub(super) fn account(
    component: Component,
    namespace: &str,
    name: &str,
    cluster: Vec<PolicyRule>,
    own: Vec<PolicyRule>,
) -> Vec<Object> {
    let account = ServiceAccount { metadata: named(namespace, name), ..ServiceAccount::default() };
    let mut objects = Vec::from_iter(Object::typed(component, &account));
    if !cluster.is_empty() {
        objects.extend(in_cluster(component, namespace, name, cluster));
    }
    if !own.is_empty() {
        objects.extend(inside(component, namespace, namespace, name, own));
    }
    objects
}

/// Rules for the whole cluster, for the account `name` in `home`.
pub(super) fn in_cluster(
    component: Component,
    home: &str,
    name: &str,
    rules: Vec<PolicyRule>,
) -> Vec<Object> {
    let role = ClusterRole { metadata: global(name), rules: Some(rules), ..ClusterRole::default() };
    let binding = ClusterRoleBinding {
        metadata: global(name),
        role_ref: role_ref("ClusterRole", name),
        subjects: Some(vec![subject(home, name)]),
    };
    [Object::typed(component, &role), Object::typed(component, &binding)].into_iter().flatten().collect()
}

/// Rules for `namespace`, for the account `name` in `home`.
pub(super) fn inside(
    component: Component,
    namespace: &str,
    home: &str,
    name: &str,
    rules: Vec<PolicyRule>,
) -> Vec<Object> {
    let role = Role { metadata: named(namespace, name), rules: Some(rules) };
    let binding = RoleBinding {
        metadata: named(namespace, name),
        role_ref: role_ref("Role", name),
        subjects: Some(vec![subject(home, name)]),
    };
    [Object::typed(component, &role), Object::typed(component, &binding)].into_iter().flatten().collect()
}

fn subject(namespace: &str, name: &str) -> Subject {
    Subject {
        kind: "ServiceAccount".to_owned(),
        name: name.to_owned(),
        namespace: Some(namespace.to_owned()),
        ..Subject::default()
    }
}

fn role_ref(kind: &str, name: &str) -> RoleRef {
    RoleRef {
        api_group: Some("rbac.authorization.k8s.io".to_owned()),
        kind: kind.to_owned(),
        name: name.to_owned(),
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|t| (*t).to_owned()).collect()
}
