//! Whom CoreDNS asks for names of others: its Corefile, and what users of k3s lay into it.
//!
//! k3s mounts the ConfigMap `coredns-custom` at `/etc/coredns/custom`, and its Corefile imports `*.override` into the block for
//! all names and `*.server` beside it (k3s, manifests/coredns.yaml; k3s documentation, "CoreDNS custom configuration imports").
//! Of several `forward .` in a block the first one counts (CoreDNS documentation, forward), so that those of an entry have no
//! effect where the import stands last, as it did in k3s until 2025 (k3s-io/k3s#12979, #10951).

use crate::evidence::{COREDNS_CUSTOM, Evidence};
use crate::facts::namespaces::SYSTEM;

/// Where the entries of `coredns-custom` lie in the pod.
const MOUNTED: &str = "/etc/coredns/custom/";

const IMPORT: &str = "import /etc/coredns/custom/*.override";

/// Whom CoreDNS asks.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Forward<'e> {
    /// The resolvers of its node, or nobody knows.
    Node,
    /// What the Corefile says.
    To(&'e str),
    /// What an entry of `coredns-custom` says, which comes before the Corefile's own.
    Custom {
        /// The key, for example `lan.override`.
        entry: &'e str,
        /// Behind `forward .`.
        to: &'e str,
    },
}

pub(super) fn forward(evidence: &Evidence) -> Forward<'_> {
    let objects = evidence.cluster.as_ref().map(|cluster| &cluster.objects);
    let map = |resource: &str, name: &str| objects.and_then(|objects| objects.find(resource, SYSTEM, name));
    let custom = map(COREDNS_CUSTOM, "coredns-custom").and_then(|map| map["data"].as_object());
    let overrides = custom.into_iter().flatten().filter(|(entry, _)| entry.ends_with(".override"));
    let first = overrides.into_iter().find_map(|(entry, text)| Some((entry, to(text.as_str()?)?)));
    let corefile = map("configmaps", "coredns").and_then(|map| map["data"]["Corefile"].as_str());
    match (first, corefile) {
        (Some((entry, to)), Some(corefile)) if imports_first(corefile) => Forward::Custom { entry, to },
        (_, corefile) => match corefile.and_then(to) {
            Some(to) if !to.starts_with('/') => Forward::To(to),
            _ => Forward::Node,
        },
    }
}

/// Whether the entries come before the Corefile's own `forward .`.
fn imports_first(corefile: &str) -> bool {
    let place = |word: &str| corefile.lines().position(|line| line.trim().starts_with(word));
    let forward = place("forward . ");
    place(IMPORT).is_some_and(|import| forward.is_none_or(|forward| import < forward))
}

/// Behind the first `forward .`.
fn to(text: &str) -> Option<&str> {
    let rest = text.lines().find_map(|line| line.trim().strip_prefix("forward . "))?;
    Some(rest.trim_end_matches('{').trim())
}

/// The entry of `coredns-custom` that a line of the log names, for example `/etc/coredns/custom/lan.override:2 - Error …`.
pub(super) fn entry(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once(MOUNTED)?;
    rest.split([':', ' ', '"']).next().filter(|entry| !entry.is_empty())
}

/// Whom CoreDNS asks, as words of a sentence; `None` where that is the node's own affair.
pub(super) fn asked(evidence: &Evidence) -> Option<String> {
    match forward(evidence) {
        Forward::Node => None,
        Forward::To(to) => Some(format!("{to}, as its Corefile says (ConfigMap `coredns` in `kube-system`)")),
        Forward::Custom { entry, to } => Some(format!(
            "{to}, as the entry `{entry}` of the ConfigMap `coredns-custom` in `kube-system` says"
        )),
    }
}
