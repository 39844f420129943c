//! What the running external-dns was told: the arguments of its container, and its environment.

use serde_json::Value;

use crate::checks::edns::service::deployment;
use crate::checks::engine::words::quoted;
use crate::evidence::{Evidence, at, entries};

/// Its container as it lies in the cluster; `None` when it was not read.
fn container(evidence: &Evidence) -> Option<&Value> {
    entries(deployment(evidence)??, "/spec/template/spec/containers").first()
}

/// The values of all its flags of that name: `--name=value`, `--name value`, else the lines of its variable, which a flag
/// on the command line takes the place of (external-dns 0.22, pkg/apis/externaldns/types.go; kingpin, "Envars").
pub(super) fn values<'a>(evidence: &'a Evidence, name: &str) -> Vec<&'a str> {
    let Some(container) = container(evidence) else { return Vec::new() };
    let arguments: Vec<&str> = entries(container, "/args").iter().filter_map(Value::as_str).collect();
    let mut found = Vec::new();
    for (index, argument) in arguments.iter().enumerate() {
        match argument.strip_prefix(name) {
            Some("") => found.extend(arguments.get(index + 1).filter(|next| !next.starts_with("--"))),
            Some(rest) => found.extend(rest.strip_prefix('=')),
            None => {}
        }
    }
    if found.is_empty() { variable(container, name).lines().collect() } else { found }
}

/// The value of the first of its flags of that name.
pub(super) fn value<'a>(evidence: &'a Evidence, name: &str) -> Option<&'a str> {
    values(evidence, name).first().copied()
}

/// Whether a flag that is on or off is on.
pub(super) fn is_on(evidence: &Evidence, name: &str) -> bool {
    let Some(container) = container(evidence) else { return false };
    let said = entries(container, "/args").iter().filter_map(Value::as_str).any(|argument| argument == name);
    said || ["1", "true"].contains(&value(evidence, name).unwrap_or_default())
}

/// The value of the variable that stands for a flag; empty where it has none, or comes from a Secret.
fn variable<'a>(container: &'a Value, flag: &str) -> &'a str {
    let name = format!("EXTERNAL_DNS_{}", flag.trim_start_matches('-').replace('-', "_").to_uppercase());
    let variables = entries(container, "/env").iter();
    variables
        .filter(|variable| at(variable, "/name") == name)
        .map(|variable| at(variable, "/value"))
        .next()
        .unwrap_or_default()
}

/// A flag with its value, as people write it.
pub(super) fn shown(name: &str, values: &[&str]) -> String {
    quoted(values.iter().map(|value| format!("{name}={value}")))
}
