//! What runs for a controller, as data: `desired::controller` makes the objects of every controller from it, one pod on each
//! node with the node's own ports 80 and 443.

use std::collections::BTreeMap;

use crate::config::Config;

/// Annotations, key and value.
pub(super) type Annotations = Vec<(String, String)>;

/// The pods of a controller, and what they may do.
#[derive(Debug)]
pub struct Pod {
    /// The container's arguments, by the configuration and the name of the Secret with the wildcard certificate.
    pub arguments: fn(&Config, &str) -> Vec<String>,
    /// More arguments for pods that only show that the program starts, beside a controller that still serves: with them it
    /// writes nothing.
    pub trial: &'static [&'static str],
    /// What stands in its ConfigMap, where it has one (`ControllerFacts::settings`).
    pub settings: fn(&Config) -> BTreeMap<String, String>,
    /// Files of its configuration that it reads by itself when they change; `None` where the ConfigMap of `settings` has everything.
    pub files: Option<Files>,
    /// Variables that hold a field of the pod, such as `metadata.name`.
    pub fields: &'static [(&'static str, &'static str)],
    /// Variables with a value.
    pub variables: &'static [(&'static str, &'static str)],
    /// Where the program listens in the pod, behind the node's ports 80 and 443.
    pub ports: [u16; 2],
    /// The path and the port at which it says that it is well.
    pub health: (&'static str, i32),
    /// What runs in the container before it is told to end; nothing if empty.
    pub before_end: &'static [&'static str],
    /// How long requests that are under way get when it ends, in seconds.
    pub grace: i64,
    /// What the scheduler sets aside for it: processor and memory.
    pub requests: (&'static str, &'static str),
    /// Its user and its group.
    pub user: (i64, i64),
    /// Whether it has to write files beside those of its volumes.
    pub writes_files: bool,
    /// A folder for files that need not outlive it; none if empty.
    pub scratch: &'static str,
    /// Whether it finds the wildcard certificate by an Ingress that names its Secret, and not by an argument.
    pub wildcard_by_ingress: bool,
    /// What it may do that no other user may.
    pub capabilities: &'static [&'static str],
    /// What it may do in the whole cluster.
    pub in_cluster: &'static [Rule],
    /// What it may do in its own namespace.
    pub at_home: &'static [Rule],
    /// Whether it writes the status of Ingresses, so that it has to be kept from emptying it; otherwise homelab writes it.
    pub writes_status: bool,
}

/// Files of a controller's configuration, in a ConfigMap of their own.
#[derive(Debug)]
pub struct Files {
    /// The ConfigMap.
    pub name: &'static str,
    /// The folder in which the pod finds them.
    pub path: &'static str,
    /// What stands in them; without any, there is neither the ConfigMap nor the folder.
    pub content: fn(&Config) -> BTreeMap<String, String>,
}

/// A right, as a rule of a Role has it.
#[derive(Debug)]
pub struct Rule {
    /// The API group; the core's is empty.
    pub group: &'static str,
    /// The resources.
    pub resources: &'static [&'static str],
    /// The only names for which it holds; all if empty.
    pub names: &'static [&'static str],
    /// What it allows.
    pub verbs: &'static [&'static str],
}

/// `verbs` on all `resources` of the group.
pub(super) const fn rule(
    group: &'static str,
    resources: &'static [&'static str],
    verbs: &'static [&'static str],
) -> Rule {
    Rule { group, resources, names: &[], verbs }
}
