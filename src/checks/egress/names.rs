//! Rules by name in Cilium's policies, whoever wrote them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::checks::engine::words::quoted;
use crate::checks::engine::{Finding, Outcome};
use crate::evidence::engine::{CILIUM_CLUSTER_POLICIES, CILIUM_POLICIES};
use crate::evidence::{Evidence, View, entries};

const RULE: &str = "kubectl explain ciliumnetworkpolicies.spec.egress.toPorts.rules.dns";

/// The egress rules of a policy: it has one specification or several.
fn rules(policy: &Value) -> impl Iterator<Item = &Value> {
    entries(policy, "/spec/egress")
        .iter()
        .chain(entries(policy, "/specs").iter().flat_map(|spec| entries(spec, "/egress")))
}

fn has_names(policy: &Value) -> bool {
    rules(policy).any(|rule| !entries(rule, "/toFQDNs").is_empty())
}

/// Whether a rule has Cilium's proxy look at what is asked.
fn has_dns(policy: &Value) -> bool {
    let looks = |port: &Value| !entries(port, "/rules/dns").is_empty();
    rules(policy).any(|rule| entries(rule, "/toPorts").iter().any(looks))
}

/// Those of namespaces, and those of the whole cluster, which have none.
fn all_policies(evidence: &Evidence) -> Option<Vec<&Value>> {
    let of_namespaces = evidence.objects(CILIUM_POLICIES)?.iter();
    let of_cluster = evidence.objects(CILIUM_CLUSTER_POLICIES).unwrap_or_default().iter();
    Some(of_namespaces.chain(of_cluster).collect())
}

/// The names and patterns in the rules of each namespace; those of policies of the whole cluster stand without one.
pub(super) fn all_by_namespace(evidence: &Evidence) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for policy in all_policies(evidence).unwrap_or_default() {
        let goals = rules(policy).flat_map(|rule| entries(rule, "/toFQDNs"));
        let names = goals.flat_map(|goal| ["matchName", "matchPattern"].map(|key| goal[key].as_str()));
        let names: BTreeSet<&str> = names.flatten().collect();
        if !names.is_empty() {
            found.entry(policy.namespace()).or_default().extend(names);
        }
    }
    found
}

fn described(policy: &Value) -> String {
    match policy.namespace() {
        "" => format!("the CiliumClusterwideNetworkPolicy `{}`", policy.name()),
        _ => format!("the CiliumNetworkPolicy `{}`", policy.full_name()),
    }
}

pub(super) fn are_seen(evidence: &Evidence) -> Option<Outcome> {
    let all = all_policies(evidence)?;
    let mut with_names: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for policy in all.iter().copied().filter(|policy| has_names(policy)) {
        with_names.entry(policy.namespace()).or_default().push(policy);
    }
    // A rule of another policy of the namespace, or of one for the whole cluster, may be the one; for names in one of the latter, any.
    let may_be = |one: &Value, namespace: &str| {
        namespace.is_empty() || one.namespace().is_empty() || one.namespace() == namespace
    };
    let lacks = with_names
        .iter()
        .find(|(namespace, _)| !all.iter().any(|one| may_be(one, namespace) && has_dns(one)));
    let Some((_, policies)) = lacks else {
        return (!with_names.is_empty())
            .then(|| Outcome::pass("each namespace with a rule by name has one for DNS; whether it is for the same pods was not looked at"));
    };
    let name = policies.first().map(|policy| described(policy)).unwrap_or_default();
    let finding = Finding::new(
        format!("{name} has rules by name, and no policy lets Cilium see what its pods look up"),
        "Cilium learns the addresses of a name from the answers that pass its proxy; without a DNS rule nothing passes it, so that no name has an address",
        "add to its `egress`: `- toEndpoints: [{ matchLabels: { \"k8s:io.kubernetes.pod.namespace\": kube-system, \"k8s:k8s-app\": kube-dns } }]`, with \
         `toPorts: [{ ports: [{ port: \"53\", protocol: ANY }], rules: { dns: [{ matchPattern: \"*\" }] } }]`",
    );
    Some(finding.look(RULE).into())
}

pub(super) fn are_matched(evidence: &Evidence) -> Option<Outcome> {
    let all = all_policies(evidence)?;
    let goals = || all.iter().copied().flat_map(rules).flat_map(|rule| entries(rule, "/toFQDNs"));
    let named = |key: &str| {
        goals()
            .filter_map(|goal| goal[key].as_str())
            .map(|name| name.trim_end_matches('.').to_lowercase())
            .collect::<BTreeSet<_>>()
    };
    let (names, patterns) = (named("matchName"), named("matchPattern"));
    if patterns.is_empty() {
        return None;
    }
    let is_narrow = |pattern: &&String| {
        let parent = pattern.strip_prefix("*.");
        parent.is_some_and(|parent| !names.contains(parent) && !patterns.contains(&format!("**.{parent}")))
    };
    let narrow: Vec<String> = patterns.iter().filter(is_narrow).cloned().collect();
    let Some(parent) = narrow.first().and_then(|one| one.strip_prefix("*.")) else {
        return Some(Outcome::pass("each has the name itself, or names of several labels, beside it"));
    };
    let finding = Finding::new(
        format!("{} is for names with one label more, and for no others", quoted(&narrow)),
        format!(
            "`*` stands for a part of one label: `*.{parent}` is neither for `{parent}` nor for `a.b.{parent}`"
        ),
        format!("if a program needs those, add `{parent}`, or `**.{parent}` for one label or more"),
    );
    Some(finding.into())
}
