//! What a pod reached that was to reach less.

use crate::checks::engine::{Finding, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::evidence::{Evidence, NodeTrial, Tried};

pub(super) fn on_nodes(evidence: &Evidence) -> Vec<Judged> {
    let Some(seen) = evidence.egress.as_ref().and_then(|egress| egress.trial.as_ref()) else {
        return Vec::new();
    };
    if seen.nodes.is_empty() {
        let nowhere = Outcome::unknown("no node is ready to run the pod that tries it");
        return vec![judged(id::EGRESS_ENFORCED, Subject::default(), Vantage::Cluster, nowhere)];
    }
    let marked = format!("homelab/trial={}", seen.mark);
    let left = seen.left.as_ref().map(|why| {
        let finding = Finding::new(
            format!("what tried out the policies could not be removed: {why}"),
            "the API server stopped answering, or refuses to delete",
            "delete it by hand; the next run does so, too",
        );
        let finding = finding
            .command(command!("kubectl -n homelab delete pods,networkpolicies -l {}", marked))
            .look(command!("kubectl -n homelab get ciliumnetworkpolicies -l {}", marked));
        judged(id::EGRESS_ENFORCED, Subject::default(), Vantage::Cluster, finding)
    });
    let each = seen.nodes.iter().map(|one| {
        let vantage = Vantage::Node(one.node.clone());
        judged(id::EGRESS_ENFORCED, Subject::node(&one.node), vantage, outcome(one))
    });
    each.chain(left).collect()
}

fn outcome(one: &NodeTrial) -> Outcome {
    let node = &one.node;
    match &one.tried {
        Tried::Enforced => Outcome::pass(format!("on node `{node}`, a pod reached the port that its policy allows, and not the one that it forbids")),
        Tried::Untried(why) => Outcome::unknown(format!("on node `{node}`: {why}")),
        Tried::Open(reached) => Finding::new(
            format!("nobody enforces policies on node `{node}`: a pod reached {}, which its policy forbids, 20 s after it was there", reached.join(", ")),
            "k3s runs with `--disable-network-policy`, its policy controller could not start there (no `ipset`), or the cluster's network enforces no policies",
            "let k3s enforce them: take `disable-network-policy` out of its configuration, install `ipset`, restart k3s; or take a network that does (Cilium, Calico)",
        )
        .look("sudo journalctl -u k3s | grep -i 'network policy controller'")
        .look("sudo iptables -S KUBE-ROUTER-FORWARD")
        .into(),
        Tried::Shut(missed) => Finding::new(
            format!("on node `{node}`, a pod with a policy that allows DNS does not reach {}", missed.join(", ")),
            "another policy of the namespace `homelab` or `kube-system` is in the way, or the network does not know the labels of CoreDNS' pods",
            "look at the policies of both namespaces, and allow port 53 to the pods with the label `k8s-app: kube-dns`",
        )
        .look("kubectl get networkpolicies --all-namespaces")
        .into(),
    }
}
