//! What `homelab down` deletes, and in which order. Whose each object is, [`crate::plan::ownership`] says alone.

use crate::desired::object::Key;
use crate::desired::{external_dns, kind};
use crate::facts::{name_server, namespaces, organisations};
use crate::plan::Snapshot;
use crate::plan::ownership::{Doomed, definitions, homes, is_adopted, is_applied, removal_of_all};

/// What goes with the lab.
#[derive(Debug, Default)]
pub struct Teardown {
    /// What goes, in this order.
    pub gone: Vec<Doomed>,
    /// What stays because it was there before homelab.
    pub left: Vec<Key>,
    /// The certificates, which the next `up` uses again; none if they go, too.
    pub kept: Vec<Doomed>,
    /// The namespaces that go if nothing is in them any more.
    pub homes: Vec<Doomed>,
    /// The definitions that go if others have no object of them; none unless everything goes.
    pub definitions: Vec<Doomed>,
    /// The definitions that stay: each takes everybody's objects along. None if they go, too.
    pub definitions_kept: Vec<Key>,
}

/// The steps, mostly in this order: [`steps`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// While external-dns runs: it deletes their records. With them go the Services of further names (`dns.hosts`).
    Ingresses,
    /// external-dns has nothing left to delete then. It goes before everything that Ingresses of others are served by: it
    /// would take their records for unwanted ones.
    Publisher,
    /// While cert-manager runs: it takes back what it asked of the provider.
    Certificates,
    /// The API server must ask nobody who is about to go.
    Admission,
    /// The issuers.
    Issuers,
    /// What runs.
    Workloads,
    /// What it read.
    Settings,
    /// What it was allowed.
    Rights,
}

/// Every step, in the order in which they are done. With `keep_records`, external-dns goes first: it would delete the records
/// as soon as their Ingresses are gone.
pub const fn steps(keep_records: bool) -> [Step; 8] {
    let [first, second] = match keep_records {
        true => [Step::Publisher, Step::Ingresses],
        false => [Step::Ingresses, Step::Publisher],
    };
    [
        first,
        second,
        Step::Certificates,
        Step::Admission,
        Step::Issuers,
        Step::Workloads,
        Step::Settings,
        Step::Rights,
    ]
}

/// The step in which an object goes.
pub fn step(key: &Key) -> Step {
    match key.kind.kind {
        "Ingress" => Step::Ingresses,
        "Service" if is_name(key) => Step::Ingresses,
        "Deployment" if is_publisher(key) => Step::Publisher,
        "Certificate" => Step::Certificates,
        "MutatingWebhookConfiguration"
        | "ValidatingWebhookConfiguration"
        | "ValidatingAdmissionPolicy"
        | "ValidatingAdmissionPolicyBinding" => Step::Admission,
        "ClusterIssuer" | "Issuer" => Step::Issuers,
        "Deployment" | "DaemonSet" => Step::Workloads,
        "ServiceAccount" | "ClusterRole" | "ClusterRoleBinding" | "Role" | "RoleBinding" => Step::Rights,
        _ => Step::Settings,
    }
}

/// Whether it is a Service for the sake of its name alone: those beside an external-dns.
fn is_name(key: &Key) -> bool {
    key.namespace
        .as_deref()
        .is_some_and(|at| [external_dns::NAMESPACE, name_server::NAMESPACE, namespaces::TUNNEL].contains(&at))
}

/// external-dns, which deletes the records.
pub fn publisher() -> Key {
    Key {
        kind: &kind::DEPLOYMENT,
        namespace: Some(external_dns::NAMESPACE.to_owned()),
        name: external_dns::NAME.to_owned(),
    }
}

/// Whether it is that, or the one of an organisation.
fn is_publisher(key: &Key) -> bool {
    *key == publisher()
        || (*key.kind == kind::DEPLOYMENT
            && key.namespace.as_deref() == Some(external_dns::NAMESPACE)
            && organisations::is_external_dns(&key.name))
}

/// What goes of what is there. Certificates and definitions stay, unless `purge`: issuing again costs of the rate limit, and
/// a definition takes everybody's objects along.
pub fn teardown(snapshot: &Snapshot, purge: bool) -> Teardown {
    let removal = removal_of_all(snapshot);
    let is_certificate = |doomed: &Doomed| {
        *doomed.key.kind == kind::SECRET && !snapshot.objects.get(&doomed.key).is_some_and(is_applied)
    };
    let (kept, mut gone): (Vec<_>, Vec<_>) =
        removal.gone.into_iter().partition(|doomed| !purge && is_certificate(doomed));
    gone.sort_by_key(|doomed| step(&doomed.key));
    let mut left = removal.left;
    // Those that never go otherwise are in no removal.
    let wide = |key: &&Key| [&kind::NAMESPACE, &kind::CRD, &kind::CLAIM].contains(&key.kind);
    let adopted = snapshot.objects.iter().filter(|(_, live)| is_applied(live) && is_adopted(live));
    left.extend(adopted.map(|(key, _)| key).filter(wide).cloned());
    let all = definitions(snapshot);
    let (definitions, stay) = if purge { (all, Vec::new()) } else { (Vec::new(), all) };
    let definitions_kept = stay.into_iter().map(|one| one.key).collect();
    Teardown { gone, left, kept, homes: homes(snapshot), definitions, definitions_kept }
}
