//! The guard of the addresses: a node that is well stays in the Ingress status, whatever becomes of the controller there.
//!
//! A controller whose container starts again takes its own lease, passes over its own pod, which is not ready yet, and
//! writes a list without it (ingress-nginx v1.15.1, internal/ingress/status/status.go, `runningAddresses`); external-dns
//! deletes the records seconds later. A ValidatingAdmissionPolicy (Kubernetes 1.30) refuses such a write. The controller
//! logs a warning, goes on with the other Ingresses, and writes again a minute later.

use k8s_openapi::api::admissionregistration::v1::{
    MatchCondition, MatchResources, NamedRuleWithOperations, ParamKind, ParamRef, ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding, ValidatingAdmissionPolicyBindingSpec, ValidatingAdmissionPolicySpec,
    Validation, Variable,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use crate::desired::meta::global;
use crate::desired::object::{Component, Object};

/// The policy and its binding.
pub const NAME: &str = "homelab-ingress-status";

/// The addresses of a status: `{}` is the object. An entry may have neither, when a node told no address.
const ADDRESSES: &str = "has({}.status) && has({}.status.loadBalancer) && has({}.status.loadBalancer.ingress) \
    ? {}.status.loadBalancer.ingress.filter(a, has(a.ip) || has(a.hostname)).map(a, has(a.ip) ? a.ip : a.hostname) : []";
/// The node's addresses as the controller reports them; of two families, both.
const NODE: &str = "has(params.status) && has(params.status.addresses) \
    ? params.status.addresses.filter(a, a.type == 'InternalIP').map(a, a.address) : []";
/// Ready, and nobody takes it out of use: by `kubectl cordon` or `drain`, or by a taint that drives pods away.
const WELL: &str = "has(params.status) && has(params.status.conditions) \
    && params.status.conditions.exists(c, c.type == 'Ready' && c.status == 'True') \
    && !(has(params.spec) && has(params.spec.unschedulable) && params.spec.unschedulable) \
    && !(has(params.spec) && has(params.spec.taints) && params.spec.taints.exists(t, t.effect == 'NoExecute'))";
/// Nobody can be reached by an empty list, and external-dns takes it for a name that is wanted no more.
const NOT_EMPTIED: &str = "size(variables.before) == 0 || size(variables.after) > 0";
/// A list that brings a new address passes: otherwise a controller that never comes back would keep the others' new
/// addresses out, too.
const NOT_SHRUNK: &str = "!variables.well || !variables.node.exists(a, a in variables.before) \
    || variables.node.exists(a, a in variables.after) || variables.after.exists(a, !(a in variables.before))";

/// The policy for a controller that writes by itself, and its binding. It is asked once for each Node, and each must agree; where
/// it cannot be evaluated, the write passes.
pub(super) fn objects(component: Component, namespace: &str, account: &str) -> Vec<Object> {
    let node = ParamKind { api_version: Some("v1".to_owned()), kind: Some("Node".to_owned()) };
    let shrunk = validation(
        NOT_SHRUNK,
        "'node ' + params.metadata.name + ' is Ready: its address stays; `kubectl cordon` lets it go'",
    );
    let policy = ValidatingAdmissionPolicySpec {
        param_kind: Some(node),
        variables: Some([addresses(), vec![variable("node", NODE), variable("well", WELL)]].concat()),
        validations: Some(vec![
            validation(NOT_EMPTIED, "'the controller may not leave the status without an address'"),
            shrunk,
        ]),
        ..by("by-the-controller", namespace, account)
    };
    let every_node = ParamRef {
        selector: Some(LabelSelector::default()),
        parameter_not_found_action: Some("Allow".to_owned()),
        ..ParamRef::default()
    };
    pair(component, NAME, policy, Some(every_node))
}

/// The policy for homelab's own account that writes, and its binding. It never empties a list; whoever has stolen its token
/// shall not, either.
pub(super) fn of_writer(component: Component, name: &str, namespace: &str, account: &str) -> Vec<Object> {
    let policy = ValidatingAdmissionPolicySpec {
        variables: Some(addresses()),
        validations: Some(vec![validation(
            NOT_EMPTIED,
            "'the account may not leave the status without an address'",
        )]),
        ..by("by-the-account", namespace, account)
    };
    pair(component, name, policy, None)
}

/// The policy for the same account where it may write a Service: nothing of that changes but one annotation, which leads somewhere.
/// Where it cannot be evaluated, nothing passes: the record stays where it leads.
pub(super) fn of_record(
    component: Component,
    name: &str,
    (namespace, account): (&str, &str),
    annotation: &str,
) -> Vec<Object> {
    let others = |of: &str, beside: &str| {
        format!(
            "has({of}.metadata.annotations) ? {of}.metadata.annotations.all(k, k == '{annotation}' || \
             (has({beside}.metadata.annotations) && k in {beside}.metadata.annotations \
             && {beside}.metadata.annotations[k] == {of}.metadata.annotations[k])) : true"
        )
    };
    let leads = format!(
        "has(object.metadata.annotations) && '{annotation}' in object.metadata.annotations \
         && object.metadata.annotations['{annotation}'] != ''"
    );
    let only = "'the account may change nothing but where the record leads'";
    let labels = "(has(object.metadata.labels) ? object.metadata.labels : {}) \
                  == (has(oldObject.metadata.labels) ? oldObject.metadata.labels : {})";
    let policy = ValidatingAdmissionPolicySpec {
        failure_policy: Some("Fail".to_owned()),
        match_constraints: Some(MatchResources {
            resource_rules: Some(vec![updates("", "services")]),
            ..MatchResources::default()
        }),
        validations: Some(vec![
            validation("object.spec == oldObject.spec", only),
            validation(labels, only),
            validation(&others("object", "oldObject"), only),
            validation(&others("oldObject", "object"), only),
            validation(&leads, "'the account may not leave the record without a place to lead to'"),
        ]),
        ..by("by-the-account", namespace, account)
    };
    pair(component, name, policy, None)
}

fn addresses() -> Vec<Variable> {
    vec![
        variable("before", &ADDRESSES.replace("{}", "oldObject")),
        variable("after", &ADDRESSES.replace("{}", "object")),
    ]
}

/// What an account writes into the status of Ingresses.
fn by(condition: &str, namespace: &str, account: &str) -> ValidatingAdmissionPolicySpec {
    ValidatingAdmissionPolicySpec {
        failure_policy: Some("Ignore".to_owned()),
        match_constraints: Some(MatchResources {
            resource_rules: Some(vec![updates("networking.k8s.io", "ingresses/status")]),
            ..MatchResources::default()
        }),
        match_conditions: Some(vec![MatchCondition {
            name: condition.to_owned(),
            expression: format!("request.userInfo.username == 'system:serviceaccount:{namespace}:{account}'"),
        }]),
        ..ValidatingAdmissionPolicySpec::default()
    }
}

fn pair(
    component: Component,
    name: &str,
    spec: ValidatingAdmissionPolicySpec,
    param_ref: Option<ParamRef>,
) -> Vec<Object> {
    let policy = ValidatingAdmissionPolicy { metadata: global(name), spec: Some(spec), status: None };
    let binding = ValidatingAdmissionPolicyBinding {
        metadata: global(name),
        spec: ValidatingAdmissionPolicyBindingSpec {
            policy_name: name.to_owned(),
            param_ref,
            validation_actions: vec!["Deny".to_owned()],
            ..ValidatingAdmissionPolicyBindingSpec::default()
        },
    };
    [Object::typed(component, &policy), Object::typed(component, &binding)].into_iter().flatten().collect()
}

fn updates(group: &str, resource: &str) -> NamedRuleWithOperations {
    let one = |text: &str| Some(vec![text.to_owned()]);
    NamedRuleWithOperations {
        api_groups: one(group),
        api_versions: one("v1"),
        operations: one("UPDATE"),
        resources: one(resource),
        ..NamedRuleWithOperations::default()
    }
}

fn variable(name: &str, expression: &str) -> Variable {
    Variable { name: name.to_owned(), expression: expression.to_owned() }
}

fn validation(expression: &str, message: &str) -> Validation {
    Validation {
        expression: expression.to_owned(),
        message_expression: Some(message.to_owned()),
        reason: Some("Forbidden".to_owned()),
        ..Validation::default()
    }
}
