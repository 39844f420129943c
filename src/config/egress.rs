//! Where pods may connect to: `egress` of a service, and of a whole namespace.

use std::collections::BTreeMap;
use std::fmt;

use crate::config::egress_words;
use crate::config::fields::Fields;
use crate::config::model::{Backend, Service};
use crate::config::yaml::{Node, Position, Value};
use crate::facts::names::{Host, is_label, is_within};
use crate::facts::namespaces::{SYSTEM, is_home};
use crate::facts::network::Network;

/// The key.
const KEY: &str = "egress";

/// Where the pods of one service, or of one namespace, may connect to; nowhere at all without a goal, not even to the
/// cluster's DNS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Egress {
    /// Each of them is allowed, and nothing else.
    pub goals: Vec<Goal>,
}

/// Something that pods may connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goal {
    /// What it is.
    pub to: To,
    /// On which port; on every one if none.
    pub port: Option<Port>,
}

/// What pods may connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// Everything.
    Any,
    /// The house, without the cluster's own pods.
    Lan,
    /// Every pod of the cluster, also by a Service.
    Cluster,
    /// These addresses.
    Network(Network),
    /// The addresses that this name has, or each name of this pattern.
    Name(String),
}

/// A port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Port {
    /// Its number.
    pub number: u16,
    /// Whether it is one of UDP, not of TCP.
    pub udp: bool,
}

impl Egress {
    /// Whether a rule needs somebody who knows which names the pods have looked up.
    #[must_use]
    pub fn has_names(&self) -> bool {
        self.names().next().is_some()
    }

    /// The names and patterns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.goals.iter().filter_map(|goal| match &goal.to {
            To::Name(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

impl Port {
    /// The protocol as Kubernetes has it.
    #[must_use]
    pub fn protocol(self) -> &'static str {
        if self.udp { "UDP" } else { "TCP" }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.to {
            To::Any => f.write_str("any")?,
            To::Lan => f.write_str("lan")?,
            To::Cluster => f.write_str("cluster")?,
            To::Network(network) => write!(f, "{network}")?,
            To::Name(name) => f.write_str(name)?,
        }
        match self.port {
            Some(Port { number, udp: true }) => write!(f, ":{number}/udp"),
            Some(Port { number, udp: false }) => write!(f, ":{number}"),
            None => Ok(()),
        }
    }
}

/// Reads `egress` of a service.
pub(super) fn of_service(fields: &mut Fields<'_>) -> Option<Egress> {
    let node = fields.node(KEY)?;
    let path = fields.path_of(KEY);
    list(fields, &path, node)
}

/// Reads `egress` of the lab, by namespace.
pub(super) fn by_namespace(fields: &mut Fields<'_>) -> BTreeMap<String, Egress> {
    let mut found = BTreeMap::new();
    for (key, node) in fields.entries(KEY) {
        let (name, path) = (key.name.as_str(), format!("{KEY}.{}", key.name));
        let refused = match () {
            () if !is_label(name) => {
                Some(("is not a namespace's name".to_owned(), format!("write `{KEY}: {{ NAMESPACE: [lan] }}`")))
            }
            () if name == SYSTEM => Some((
                "is where the cluster's own DNS runs: with a rule there, nothing in the cluster finds a name any more".to_owned(),
                "take the namespace of your programs".to_owned(),
            )),
            () if is_home(name) => Some((
                "is homelab's own namespace: its programs would lose what they need".to_owned(),
                "take the namespace of your programs".to_owned(),
            )),
            () => None,
        };
        match refused {
            Some((why, help)) => {
                fields.problem(Some(key.place), format!("`{path}`: `{name}` {why}"), Some(help))
            }
            None => found.extend(list(fields, &path, node).map(|egress| (name.to_owned(), egress))),
        }
    }
    found
}

/// One list; `None` when nothing of it can be used, with the problems said.
fn list(fields: &mut Fields<'_>, path: &str, node: &Node) -> Option<Egress> {
    let items: Vec<&Node> = match &node.value {
        Value::List(items) => items.iter().collect(),
        _ => vec![node],
    };
    if items.is_empty() {
        let message = format!("`{path}` is empty, which says neither `none` nor `any`");
        fields.problem(Some(node.place), message, Some(egress_words::WORDS.to_owned()));
    }
    let (mut goals, mut none, mut is_whole) = (Vec::new(), None, !items.is_empty());
    for item in &items {
        match &item.value {
            Value::Text(text) if text.trim() == "none" => none = Some(item.place),
            Value::Text(text) => match egress_words::goal(text.trim()) {
                Ok(goal) if goals.contains(&goal) => {}
                Ok(goal) => goals.push(goal),
                Err((why, help)) => {
                    is_whole = false;
                    fields.problem(Some(item.place), format!("`{path}`: {why}"), Some(help));
                }
            },
            other => {
                is_whole = false;
                let message = format!("`{path}` must be a list of texts, not {}", other.kind());
                fields.problem(Some(item.place), message, Some(egress_words::WORDS.to_owned()));
            }
        }
    }
    alone(fields, path, items.len(), (none, &goals));
    is_whole.then_some(Egress { goals })
}

/// What leaves no room for another rule beside it.
fn alone(fields: &mut Fields<'_>, path: &str, items: usize, (none, goals): (Option<Position>, &[Goal])) {
    if items < 2 {
        return;
    }
    let any = goals.iter().any(|goal| goal.to == To::Any && goal.port.is_none());
    let said = match (none, any) {
        (Some(_), _) => ("none", "leave `none` out: what is not in the list is not allowed anyway"),
        (None, true) => ("any", "leave the other words out, or `any`"),
        (None, false) => return,
    };
    let place = none.or_else(|| fields.node(KEY).map(|node| node.place));
    fields.problem(
        place,
        format!("`{path}`: `{}` stands beside other words", said.0),
        Some(said.1.to_owned()),
    );
}

/// Whether a rule for a name, or for the names of a pattern, is one for that host.
fn is_for(name: &str, host: &str) -> bool {
    match (name.strip_prefix("**."), name.strip_prefix("*.")) {
        (Some(parent), _) => is_within(host, parent) && host != parent,
        (None, Some(parent)) => host.split_once('.').is_some_and(|(_, rest)| rest == parent),
        (None, None) => name == host,
    }
}

/// Where the key of a service stands.
fn place(fields: &mut Fields<'_>, service: &str) -> Option<Position> {
    let (_, node) = fields.entries("services").iter().find(|(key, _)| key.name == service)?;
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find(|(key, _)| key.name == KEY).map(|(key, _)| key.place)
}

/// Reports what does not go together with the rest of the file. `taken` are the names of the lab, each with what uses it.
pub(super) fn check(
    fields: &mut Fields<'_>,
    services: &[Service],
    by_namespace: &BTreeMap<String, Egress>,
    taken: &[(Host, String)],
) {
    let own = |egress: &Egress| {
        let found = egress
            .names()
            .find_map(|name| Some((name, taken.iter().find(|(host, _)| is_for(name, host.as_str()))?)));
        found.map(|(name, (host, user))| {
            (
                format!("`{name}` is a rule for `{host}`, the lab's own name of `{user}`: it leads to the ingress controller, which is in the cluster"),
                "write `cluster` in its place; a rule by name is for what is outside the cluster".to_owned(),
            )
        })
    };
    for service in services {
        let Some(egress) = &service.egress else { continue };
        let at = place(fields, &service.name);
        let path = format!("services.{}.{KEY}", service.name);
        if let Backend::Cluster { namespace, .. } = &service.backend
            && (namespace == SYSTEM || is_home(namespace))
        {
            let message = format!(
                "`{path}`: `{namespace}` has programs of the cluster or of homelab, which would lose what they need"
            );
            fields.problem(at, message, Some("leave it out".to_owned()));
        }
        if !matches!(service.backend, Backend::Cluster { .. } | Backend::Image { .. }) {
            let message = format!(
                "`{path}`: `{}` is no program in the cluster, so there is no pod to keep in",
                service.name
            );
            let help = "leave it out; what a machine or a program on a node may reach, its own firewall says"
                .to_owned();
            fields.problem(at, message, Some(help));
        }
        if let Some((why, help)) = own(egress) {
            fields.problem(at, format!("`{path}`: {why}"), Some(help));
        }
    }
    for (namespace, egress) in by_namespace {
        if let Some((why, help)) = own(egress) {
            let entry = fields.entries(KEY).iter().find(|(key, _)| key.name == *namespace);
            let at = entry.map(|(key, _)| key.place);
            fields.problem(at, format!("`{KEY}.{namespace}`: {why}"), Some(help));
        }
    }
}

#[cfg(test)]
mod tests;
