//! Settings of the controller that take a defence away which homelab gives it.

use serde_json::Value;

use super::{blame, lab_wide, unread};
use crate::verify::{
    evidence::Evidence,
    model::{Finding, Judged, Outcome},
    registry::id,
};

/// A setting that homelab gives, what takes its defence away, and what is open then (ingress-nginx v1.15.1,
/// docs/user-guide/nginx-configuration/configmap.md and annotations-risk.md).
const DEFENCES: [(&str, &str, &str); 4] = [
    (
        "allow-snippet-annotations",
        "true",
        "whoever may write an Ingress writes nginx' own configuration, runs programs in the controller, and reads with its account every Secret of the cluster (CVE-2021-25742)",
    ),
    (
        "annotations-risk-level",
        "critical",
        "annotations of the highest risk are taken, those with nginx' own directives among them: whoever may write an Ingress can read with the controller's account every Secret of the cluster",
    ),
    (
        "allow-cross-namespace-resources",
        "true",
        "an Ingress may use Secrets and ConfigMaps of other namespaces, so that whoever may write one gets at what is not theirs",
    ),
    (
        "strict-validate-path-type",
        "false",
        "a path may hold more than a path, so that whoever may write an Ingress can write into nginx' configuration by it",
    ),
];

pub(super) fn all(evidence: &Evidence) -> Vec<Judged> {
    if evidence.objects("configmaps/ingress-nginx").is_none() {
        return unread(id::SETTINGS, "controller's settings");
    }
    let Some(map) = blame::settings(evidence) else {
        return vec![lab_wide(id::SETTINGS, Outcome::skip("the controller has no settings of homelab's"))];
    };
    let open: Vec<_> = DEFENCES.iter().filter(|(key, value, _)| is(map, key, value)).collect();
    let Some((_, _, opens)) = open.first() else {
        return vec![lab_wide(id::SETTINGS, Outcome::pass("none takes a defence away"))];
    };
    let named: Vec<String> = open.iter().map(|(key, ..)| shown(map, key)).collect();
    let others: Vec<String> =
        open.iter().skip(1).map(|(key, _, opens)| format!("by `{key}`, {opens}")).collect();
    let cause = std::iter::once((*opens).to_owned()).chain(others).collect::<Vec<_>>().join("; ");
    let finding = Finding::new(
        format!("`ingress.config` reverses what homelab sets: {}", named.join(", ")),
        cause,
        "take it out of `ingress.config`, and run `homelab up`; leave it only where nobody but you can write an Ingress, and no program can that somebody else can reach",
    )
    .nixos("services.homelab.ingress.config");
    vec![lab_wide(id::SETTINGS, finding)]
}

fn is(map: &Value, key: &str, value: &str) -> bool {
    map["data"][key].as_str().is_some_and(|found| found.trim().eq_ignore_ascii_case(value))
}

fn shown(map: &Value, key: &str) -> String {
    format!("`{key}: {}`", map["data"][key].as_str().unwrap_or_default().trim())
}
