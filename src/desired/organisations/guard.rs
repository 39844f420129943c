//! What keeps the names of an organisation its own. The lab's external-dns, its ingress controller and its ClusterIssuers serve
//! the whole cluster: without this, an Ingress in one namespace could take any name of the lab, of another organisation too.
//!
//! ValidatingAdmissionPolicies (Kubernetes 1.30) refuse it: in a namespace of an organisation, only names in its zone; in any other
//! namespace, no name in such a zone. What stood there before is seen when somebody changes it.

use k8s_openapi::api::admissionregistration::v1::{
    MatchResources, NamedRuleWithOperations, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
    ValidatingAdmissionPolicyBindingSpec, ValidatingAdmissionPolicySpec, Validation, Variable,
};

use crate::config::Config;
use crate::desired::meta::global;
use crate::desired::object::{Component, Object};
use crate::desired::organisations::certificates;
use crate::facts::controllers::MORE_HOSTS;

const COMPONENT: Component = Component::Issuer;
/// How the policies and their bindings are called, before what they are about.
const NAME: &str = "homelab-organisations";
/// The annotations by which external-dns finds more hosts, without their prefix (external-dns 0.22,
/// source/annotations/annotations.go).
const OF_EXTERNAL_DNS: [&str; 2] = ["hostname", "internal-hostname"];

/// What makes names comparable: DNS knows neither capitals nor whether the last dot is written (RFC 1034, section 3.1).
pub(super) const PLAIN: &str =
    "map(n, n.endsWith('.') ? n.substring(0, n.size() - 1).lowerAscii() : n.lowerAscii())";

/// The organisation's zone that a namespace has; empty if it has none.
const ZONE: &str = "request.namespace in variables.zones ? variables.zones[request.namespace] : ''";
/// What holds for a name `{}`. One that is a regular expression could be any.
const KEPT: &str = "(variables.zone == '' \
    ? !variables.zones.exists(s, {} == variables.zones[s] || {}.endsWith('.' + variables.zones[s])) \
    : !{}.startsWith('~') && ({} == variables.zone || {}.endsWith('.' + variables.zone)))";
const WHY_KEPT: &str = "variables.zone == '' \
    ? 'a name lies in the zone of an organisation, and the namespace ' + request.namespace + ' is not its: ' + variables.names.join(', ') \
    : 'the names of the namespace ' + request.namespace + ' must lie in the zone ' + variables.zone + ' of its organisation: ' + variables.names.join(', ')";
/// An Ingress without a host, or with a default backend, is shown for every name that has no other.
const NO_CATCH_ALL: &str = "variables.zone == '' || (!has(object.spec.defaultBackend) && has(object.spec.rules) \
    && object.spec.rules.all(r, has(r.host) && r.host != ''))";
const WHY_NO_CATCH_ALL: &str = "'in the namespace ' + request.namespace + ' of an organisation, each rule of an Ingress needs a host, \
    and there is no defaultBackend: it would answer for names of others'";

/// The policies and their bindings; none without organisations.
pub(super) fn objects(config: &Config, cluster_domain: &str) -> Vec<Object> {
    if config.organisations.is_empty() {
        return Vec::new();
    }
    let prefix = &config.dns.annotation_prefix;
    let of_external_dns: Vec<String> = OF_EXTERNAL_DNS.iter().map(|name| format!("{prefix}{name}")).collect();
    let annotated = |keys: &[&str]| keys.iter().map(|key| listed(key)).collect::<Vec<_>>().join(" + ");
    let dns: Vec<&str> = of_external_dns.iter().map(String::as_str).collect();
    let of_ingress: Vec<&str> = dns.iter().copied().chain([MORE_HOSTS]).collect();
    let hosts = "(has(object.spec.rules) ? object.spec.rules.filter(r, has(r.host)).map(r, r.host) : [])";
    let of_tls = format!(
        "!has(object.spec.tls) || object.spec.tls.all(t, !has(t.hosts) || t.hosts.all(n, {}))",
        KEPT.replace("{}", "n")
    );
    let ingresses = Policy {
        about: "ingresses",
        resources: &[("networking.k8s.io", &["ingresses"])],
        names: Some(format!("{hosts} + {}", annotated(&of_ingress))),
        more: vec![(of_tls, WHY_KEPT), (NO_CATCH_ALL.to_owned(), WHY_NO_CATCH_ALL)],
    };
    let services = Policy {
        about: "services",
        resources: &[("", &["services"])],
        names: Some(annotated(&dns)),
        more: Vec::new(),
    };
    let for_names = Policy {
        about: "certificates",
        resources: &[("cert-manager.io", &["certificates"])],
        names: Some(certificates::names(cluster_domain)),
        more: certificates::of_certificates(),
    };
    let requests = Policy {
        about: "requests",
        resources: &[
            ("cert-manager.io", &["certificaterequests"]),
            ("acme.cert-manager.io", &["orders", "challenges"]),
        ],
        names: None,
        more: certificates::of_requests(&config.cert_manager.namespace),
    };
    [ingresses, services, for_names, requests].into_iter().flat_map(|policy| policy.objects(config)).collect()
}

/// The names in an annotation, which separates them by commas.
fn listed(annotation: &str) -> String {
    format!(
        "(has(object.metadata.annotations) && '{annotation}' in object.metadata.annotations \
         ? object.metadata.annotations['{annotation}'].split(',').map(n, n.trim()).{PLAIN}.filter(n, n != '') : [])"
    )
}

/// One policy, and what it is about.
struct Policy<'a> {
    about: &'a str,
    /// The resources, by their API groups.
    resources: &'a [(&'a str, &'a [&'a str])],
    /// The names that are looked at, as an expression; none where it is about something else.
    names: Option<String>,
    /// Further expressions, each with why.
    more: Vec<(String, &'a str)>,
}

impl Policy<'_> {
    fn objects(self, config: &Config) -> Vec<Object> {
        let name = format!("{NAME}-{}", self.about);
        let zones = config
            .organisations
            .iter()
            .flat_map(|one| one.namespaces.iter().map(|namespace| format!("'{namespace}': '{}'", one.zone)));
        let zones = format!("{{{}}}", zones.collect::<Vec<_>>().join(", "));
        let kept = (format!("variables.names.all(n, {})", KEPT.replace("{}", "n")), WHY_KEPT);
        let kept = self.names.is_some().then_some(kept);
        let names = self.names.as_deref().map(|names| variable("names", names));
        let variables = [variable("zones", &zones), variable("zone", ZONE)].into_iter().chain(names);
        let spec = ValidatingAdmissionPolicySpec {
            failure_policy: Some("Fail".to_owned()),
            match_constraints: Some(MatchResources {
                resource_rules: Some(self.resources.iter().map(|(group, of)| writes(group, of)).collect()),
                ..MatchResources::default()
            }),
            variables: Some(variables.collect()),
            validations: Some(
                kept.into_iter()
                    .chain(self.more)
                    .map(|(expression, why)| Validation {
                        expression,
                        message_expression: Some(why.to_owned()),
                        reason: Some("Forbidden".to_owned()),
                        ..Validation::default()
                    })
                    .collect(),
            ),
            ..ValidatingAdmissionPolicySpec::default()
        };
        let policy = ValidatingAdmissionPolicy { metadata: global(&name), spec: Some(spec), status: None };
        let binding = ValidatingAdmissionPolicyBinding {
            metadata: global(&name),
            spec: ValidatingAdmissionPolicyBindingSpec {
                policy_name: name.clone(),
                validation_actions: vec!["Deny".to_owned()],
                ..ValidatingAdmissionPolicyBindingSpec::default()
            },
        };
        [Object::typed(COMPONENT, &policy), Object::typed(COMPONENT, &binding)]
            .into_iter()
            .flatten()
            .collect()
    }
}

fn writes(group: &str, resources: &[&str]) -> NamedRuleWithOperations {
    let owned = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect());
    NamedRuleWithOperations {
        api_groups: owned(&[group]),
        api_versions: owned(&["v1"]),
        operations: owned(&["CREATE", "UPDATE"]),
        resources: owned(resources),
        ..NamedRuleWithOperations::default()
    }
}

fn variable(name: &str, expression: &str) -> Variable {
    Variable { name: name.to_owned(), expression: expression.to_owned() }
}
