//! The ingress controller: its 404 inside the cluster and on each node, and the addresses it writes into Ingresses.

use super::judged;
use crate::{
    net::{
        Transport,
        http::{HttpAnswer, is_go_404, is_nginx_404},
    },
    verify::{
        evidence::{Controller, Evidence, NodeProbe, NodeSeen},
        model::{Finding, Judged, Outcome, Subject, Vantage},
        registry::id,
        words::list,
    },
};

pub(super) fn controller(evidence: &Evidence) -> Vec<Judged> {
    let inside = match &evidence.cluster_answer {
        None => Outcome::unknown("nothing was asked from inside the cluster"),
        Some(Err(why)) => Outcome::unknown(format!("could not ask from inside the cluster: {why}")),
        Some(Ok(answer)) => unknown_name(evidence, answer, "its pod"),
    };
    let mut found = vec![judged(id::CLUSTER_404, Subject::default(), Vantage::Cluster, inside)];
    match &evidence.nodes {
        Some(nodes) => found.extend(nodes.iter().map(|seen| {
            judged(
                id::NODE_404,
                Subject::node(&seen.name),
                Vantage::Node(seen.name.clone()),
                node(evidence, seen),
            )
        })),
        None => {
            let why = "the nodes are not known";
            found.push(judged(id::NODE_404, Subject::default(), Vantage::Api, Outcome::unknown(why)));
        }
    }
    found
}

fn node(evidence: &Evidence, seen: &NodeSeen) -> Outcome {
    if !seen.ready {
        return Outcome::skip("the node is not ready");
    }
    let probes: Vec<&NodeProbe> =
        evidence.node_answers.iter().filter(|probe| probe.node == seen.name).collect();
    if probes.is_empty() {
        return Outcome::unknown("the node's addresses were not asked");
    }
    let outcomes = probes.iter().map(|probe| answer(evidence, seen, probe));
    // The first that is not a pass speaks for the node.
    let worst = outcomes.into_iter().find(|outcome| !matches!(outcome, Outcome::Pass { .. }));
    worst.unwrap_or_else(|| {
        Outcome::pass(format!("404 at {}, ports 80 and 443, with and without a name", list(&seen.addresses)))
    })
}

fn answer(evidence: &Evidence, node: &NodeSeen, probe: &NodeProbe) -> Outcome {
    let place = format!("{} ({})", probe.address, probe.scheme.as_str());
    let failed = |summary: String, cause: &str, fix: &str| {
        Finding::new(summary, cause, fix)
            .look("kubectl get pods -A -o wide | grep -i -e ingress -e traefik -e svclb")
    };
    let port = probe.address.port();
    match &probe.answer {
        Ok(answer) => unknown_name(evidence, answer, &place),
        Err(Transport::Refused) => failed(
            format!("{place} refuses the connection"),
            "the controller's pod is not running on this node, another pod holds the port, or the hostPort rules are gone \
             (a firewall that reloads can flush them)",
            "look at the controller's pods; if they run, restart the DaemonSet so that its hostPort rules are made anew",
        )
        .nixos("networking.nftables.flushRuleset = false")
        .heals()
        .into(),
        Err(Transport::Timeout | Transport::Unreachable(_)) => Finding::new(
            format!("{place} does not answer"),
            format!("a firewall drops port {port}, or this machine is in another network than node {}", node.name),
            format!("open port {port} on the node for your LAN, and check that this machine can `ping` it"),
        )
        .nixos("networking.firewall.allowedTCPPorts = [ 80 443 ]")
        .heals()
        .into(),
        Err(Transport::Tls(why)) => failed(
            format!("{place} speaks no usable TLS: {why}"),
            "another program answers on port 443 of this node",
            "find that program on the node with `ss -ltnp` and move it to another port",
        )
        .into(),
        Err(other) => failed(
            format!("{place} gives no answer: {other}"),
            "something accepts the connection and drops it",
            "look at the log of the controller's pod on this node",
        )
        .heals()
        .into(),
    }
}

/// Judges the answer to a name that no Ingress has.
fn unknown_name(evidence: &Evidence, answer: &HttpAnswer, place: &str) -> Outcome {
    let (nginx, go) = (is_nginx_404(answer), is_go_404(answer));
    match evidence.controller {
        Controller::IngressNginx if nginx => return Outcome::pass(format!("404 from nginx at {place}")),
        Controller::Traefik if go => return Outcome::pass(format!("404 from traefik at {place}")),
        _ => {}
    }
    if evidence.ingresses.iter().flatten().any(|ingress| ingress.catch_all) {
        return Outcome::skip("an Ingress without a host takes every name, so there is no 404 to see");
    }
    if go {
        return Finding::new(
            format!("traefik answers at {place}, not nginx"),
            "k3s brings traefik, and it is not disabled on every server or not yet removed",
            "start every k3s server with `--disable=traefik,servicelb`, then delete what is left of it",
        )
        .look("kubectl -n kube-system get helmcharts,deployments,daemonsets,services | grep -i -e traefik -e svclb")
        .nixos("services.k3s.disable = [ \"traefik\" \"servicelb\" ]")
        .into();
    }
    if nginx {
        return Finding::new(
            format!("nginx answers at {place}, not traefik"),
            "an ingress-nginx from before, or another nginx, holds the port",
            "remove the controller that `ingress.controller` does not name",
        )
        .into();
    }
    let server = answer.server.as_deref().map(|name| format!(" from `{name}`")).unwrap_or_default();
    Finding::new(
        format!("{place} answers {}{server} to an unknown name, not the controller's 404", answer.status),
        "another program answers there, or a default backend is configured",
        "find out who holds the port: a pod with that hostPort, or `ss -ltnp` on the node",
    )
    .look("kubectl get pods -A -o wide | grep -i -e ingress -e traefik -e svclb")
    .into()
}

pub(super) fn status(evidence: &Evidence, host: &str) -> Judged {
    let outcome = match (&evidence.ingresses, evidence.ingresses_of(host).next()) {
        (None, _) => Outcome::unknown("the Ingresses were not read"),
        (Some(_), None) => Finding::new(
            format!("no Ingress has the host `{host}`"),
            "it was not applied yet or was removed",
            "run `homelab up`",
        )
        .heals()
        .into(),
        (Some(_), Some(ingress)) => {
            let name = format!("{}/{}", ingress.namespace, ingress.name);
            addresses(evidence, host, &name)
        }
    };
    judged(id::STATUS, Subject::host(host), Vantage::Api, outcome)
}

fn addresses(evidence: &Evidence, host: &str, ingress: &str) -> Outcome {
    let found = evidence.status_of(host);
    if found.is_empty() {
        return Finding::new(
            format!("Ingress `{ingress}` has no address in its status"),
            "the controller is not ready, does not lead, or does not serve the Ingress's class",
            "wait a minute after the controller is ready; then look at the class of the Ingress and the controller's log",
        )
        .look("kubectl get ingressclass; kubectl get ingress -A")
        .heals()
        .into();
    }
    let Some(nodes) = &evidence.nodes else {
        return Outcome::unknown("the nodes are not known");
    };
    let of = |ready: bool| {
        move |address: &std::net::IpAddr| {
            nodes.iter().any(|node| (node.ready || !ready) && node.addresses.contains(address))
        }
    };
    if let Some(foreign) = found.iter().find(|address| !of(false)(address)) {
        return Finding::new(
            format!("Ingress `{ingress}` has {foreign} in its status, which is no node's address"),
            "the controller publishes a Service's address, or the node had another address before",
            "run `homelab up`; the controller needs `--report-node-internal-ip-address` and no `--publish-service`",
        )
        .heals()
        .into();
    }
    if let Some(lost) = found.iter().find(|address| !of(true)(address)) {
        return Finding::new(
            format!("Ingress `{ingress}` still has {lost}, the address of a node that is not ready"),
            "the node was lost a moment ago; the controller takes its address out when the pod there is gone",
            "bring the node back, or drain and delete it",
        )
        .look("kubectl get nodes -o wide")
        .heals()
        .into();
    }
    let serves = |node: &&NodeSeen| {
        node.ready
            && evidence.node_answers.iter().any(|probe| probe.node == node.name && probe.answer.is_ok())
    };
    let listed = |node: &&NodeSeen| node.addresses.iter().any(|address| found.contains(address));
    if let Some(missing) = nodes.iter().filter(serves).find(|node| !listed(node)) {
        return Finding::new(
            format!(
                "Ingress `{ingress}` lacks {}, where node {} serves",
                list(&missing.addresses),
                missing.name
            ),
            "the controller there started a moment ago; the one that leads writes the status once a minute",
            "wait a minute; then look at the controller's log",
        )
        .look("kubectl -n ingress-nginx logs daemonset/ingress-nginx-controller --tail=20")
        .heals()
        .into();
    }
    Outcome::pass(list(&found))
}
