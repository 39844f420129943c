//! A machine of the house that has no part in the cluster: a laptop, from which names are looked at and nothing else.

use crate::checks::engine::{Finding, Judged, Outcome, Severity, Vantage};
use crate::checks::host::runs_k3s;
use crate::checks::id;
use crate::checks::reading::zone::{addresses, published};
use crate::evidence::{ApiFault, Evidence};

/// Whether this machine has neither k3s nor a kubeconfig, in a house whose lab is there: names of it are published.
pub(super) fn is_one(evidence: &Evidence) -> bool {
    let Some(cluster) = &evidence.cluster else { return false };
    let unnamed = matches!(&cluster.version, Some(Err(failure)) if failure.kind == ApiFault::Unnamed);
    let has_k3s = evidence.machine.as_ref().is_none_or(runs_k3s);
    let mut hosts = evidence.hosts.iter();
    let is_published =
        |host: &str, seen| !published(seen).is_empty() || !addresses(evidence, host).is_empty();
    unnamed && !has_k3s && hosts.any(|(host, seen)| is_published(host, seen))
}

/// What belongs to the cluster or to a node of it is no matter of this machine.
pub(super) fn leave_out(judged: &mut Judged) {
    const WHY: &str = "this machine is no node and has no kubeconfig";
    if judged.id == id::KUBECONFIG {
        judged.outcome = Finding::new(
            "the cluster is not looked at from this machine: it has no kubeconfig",
            "k3s does not run here, and nobody gave this machine a copy of its kubeconfig",
            "run `homelab doctor` on the k3s server; or copy `/etc/rancher/k3s/k3s.yaml` from there, put that machine's address in place of 127.0.0.1, and name the copy with `--kubeconfig FILE`",
        )
        .only(Severity::Info)
        .into();
        return;
    }
    let elsewhere = match judged.vantage {
        Vantage::Machine => judged.id != id::CLOCK,
        Vantage::Api | Vantage::Cluster => true,
        // Which nodes there are is not known; what was seen of one all the same counts.
        Vantage::Config | Vantage::Node(_) | Vantage::Provider => {
            matches!(judged.outcome, Outcome::Unknown { .. })
        }
        Vantage::Authoritative(_) | Vantage::PublicDns(_) | Vantage::System | Vantage::Lan => false,
    };
    if elsewhere && matches!(judged.outcome, Outcome::Fail(_) | Outcome::Unknown { .. }) {
        judged.outcome = Outcome::skip(WHY);
    }
}
