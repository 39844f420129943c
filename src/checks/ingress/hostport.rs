//! Whether the node's ports still lead to the controller's pod. The translation is written when the pod starts, and by
//! nobody again: what flushes it cuts the pod off, which stays ready all the same.

use serde_json::Value;

use crate::checks::engine::{Finding, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::reading::policies::{self, Way};
use crate::evidence::dial::Dial;
use crate::evidence::{ControllerSeen, Evidence, NodeProbe, NodeSeen, Transport, View, entries};
use crate::ingress::traits_of;

pub(super) fn answers_of_host_ports(evidence: &Evidence) -> Vec<Judged> {
    let (Some(nodes), Some(seen)) = (&evidence.nodes, &evidence.ingress) else {
        return crate::checks::ingress::unread(id::HOSTPORT, "nodes");
    };
    let pod_of = |node: &NodeSeen| {
        let mut pods = evidence.objects("pods").into_iter().flatten();
        pods.find(|pod| {
            traits_of(evidence.controller).is_pod(pod) && pod["spec"]["nodeName"] == node.name.as_str()
        })
    };
    let each = nodes.iter().map(|node| {
        let outcome = match (node.ready, pod_of(node)) {
            (false, _) => Outcome::skip("the node is not ready"),
            (_, None) => Outcome::skip("the controller does not run there"),
            (true, Some(pod)) => match kept_out(evidence, pod) {
                Some(finding) => finding.into(),
                None => on_node(evidence, seen, node),
            },
        };
        judged(id::HOSTPORT, Subject::node(&node.name), Vantage::Node(node.name.clone()), outcome)
    });
    each.collect()
}

/// A NetworkPolicy that keeps the LAN out. From the node itself nothing of that is seen: the engine always lets it in.
fn kept_out(evidence: &Evidence, pod: &Value) -> Option<Finding> {
    policies::are_enforced(evidence).then_some(())?;
    let ports = entries(pod, "/spec/containers").iter().flat_map(|container| entries(container, "/ports"));
    let mut web = ports.filter(|port| [80, 443].map(Value::from).contains(&port["hostPort"]));
    let found = web.find_map(|port| {
        let port = u16::try_from(port["containerPort"].as_u64()?).ok()?;
        let found = policies::in_the_way(evidence, pod, Way::Lan(port));
        (!found.is_empty()).then_some((port, found))
    });
    let (port, found) = found?;
    Some(
        Finding::new(
            format!("{} keeps the LAN from the ingress controller's pod `{}`", policies::named(&found), pod.full_name()),
            "k3s enforces NetworkPolicies: it rejects connections that no policy of that namespace allows, except those from the pod's own node",
            format!("allow port {port} from everywhere in the policy's `ingress` (a rule without `from`), or delete the policy"),
        )
        .look(command!("kubectl --namespace {} get networkpolicies --output yaml", pod.namespace())),
    )
}

fn on_node(evidence: &Evidence, seen: &ControllerSeen, node: &NodeSeen) -> Outcome {
    let inside = match evidence.cluster.as_ref().and_then(|cluster| cluster.pod_answers.get(&node.name)) {
        None => return Outcome::unknown("the controller's pod there is not ready, so it was not asked"),
        Some(Err(why)) => {
            return Outcome::unknown(format!(
                "the controller's pod could not be asked inside the cluster: {why}"
            ));
        }
        Some(Ok(answer)) => answer.status,
    };
    let mut probes = evidence.node_answers.iter().filter(|probe| probe.node == node.name).peekable();
    if probes.peek().is_none() {
        return Outcome::unknown("the node's addresses were not asked");
    }
    let controller = traits_of(evidence.controller);
    match probes.find_map(|probe| Some((probe, closed(seen, probe)?))) {
        Some((probe, how)) => Finding::new(
            format!("{} {how}, but the controller's pod on node `{}` answers {inside} inside the cluster", probe.address, node.name),
            "the hostPort rules of the node are missing: a reload of its firewall flushed them, and they are written only when a pod starts",
            "restart the controller's pods, which writes the rules; then stop the firewall from removing rules of others: look for `flush ruleset` and `iptables -t nat -F` in your own scripts (NixOS: `networking.firewall.extraCommands`)",
        )
        .command(command!("kubectl -n {} rollout restart daemonset/{}", controller.namespace, controller.workload))
        .command(command!("kubectl -n {} rollout status daemonset/{} --timeout=10m", controller.namespace, controller.workload))
        .look("sudo iptables -t nat -S CNI-HOSTPORT-DNAT")
        .restarts_controller()
        .into(),
        None => Outcome::pass("ports 80 and 443 reach the controller's pod"),
    }
}

/// How the port shows that nothing stands behind it; `None` if it does not show that. A refusal comes from the node
/// itself. Silence here may be a firewall or another network, unless the API server was refused at the same time. Where k3s does
/// not say which, "no route" here is the same answer as there: a firewall's, perhaps.
fn closed(seen: &ControllerSeen, probe: &NodeProbe) -> Option<&'static str> {
    let port = probe.address.port();
    let refused = seen.refused.iter().find(|at| at.node == probe.node && at.port == port).map(|at| at.how);
    match (&probe.answer, refused) {
        (Err(Transport::Refused), _) => Some("refuses the connection"),
        (Err(Transport::Timeout), Some(_)) | (Err(Transport::Unreachable(_)), Some(Dial::Refused)) => {
            Some("does not answer here and refuses the API server")
        }
        _ => None,
    }
}
