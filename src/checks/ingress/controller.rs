//! The controller's 404, inside the cluster and on each node.

use serde_json::Value;

use crate::checks::engine::words::list;
use crate::checks::engine::{Finding, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::evidence::http::HttpAnswer;
use crate::evidence::{Evidence, NodeProbe, NodeSeen, Transport, View};
use crate::facts::namespaces::SYSTEM;
use crate::ingress::{Traits, is_go_404, known, traits_of};

pub(super) fn answers_to_unknown_names(evidence: &Evidence) -> Vec<Judged> {
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
            "the controller's pod is not running on this node, or the hostPort rules are missing (a firewall that reloads can \
             flush them)",
            "check the controller's pods; if they run, restart the DaemonSet, which writes the hostPort rules again",
        )
        .restarts_controller()
        .heals_soon()
        .into(),
        Err(Transport::Timeout | Transport::Unreachable(_)) => Finding::new(
            format!("{place} does not answer"),
            format!("a firewall drops port {port}, or this machine is in another network than node {}", node.name),
            format!("open port {port} on the node for your LAN, and check that this machine can `ping` it; run `homelab doctor` on the node, too: there it can tell a firewall from missing hostPort rules"),
        )
        .nixos(format!("services.homelab.openFirewall = true; # on {}", node.name))
        .heals_soon()
        .into(),
        // A name that nobody has gets no certificate as soon as a service is public; plain HTTP shows that it is this controller.
        Err(Transport::Tls(_))
            if evidence.public.is_some() && traits_of(evidence.controller).refuses_unknown_names =>
        {
            Outcome::pass(format!("no certificate for an unknown name at {place}"))
        }
        Err(Transport::Tls(why)) => failed(
            format!("{place} does not speak TLS correctly: {why}"),
            "another program answers on port 443 of this node",
            "find that program on the node with `ss -ltnp` and move it to another port",
        )
        .into(),
        Err(other) => failed(
            format!("{place} does not answer: {other}"),
            "a program accepts the connection and drops it",
            "read the log of the controller's pod on this node",
        )
        .heals_soon()
        .into(),
    }
}

/// Judges the answer to a name that no Ingress has. Whether a pod of the controller is ready there, `ingress.pods` says before.
fn unknown_name(evidence: &Evidence, answer: &HttpAnswer, place: &str) -> Outcome {
    let own = traits_of(evidence.controller);
    if (own.is_unknown_name)(answer) {
        return Outcome::pass(format!("404 from {} at {place}", own.program));
    }
    if evidence.ingresses.iter().flatten().any(|ingress| ingress.catch_all) {
        return Outcome::skip("an Ingress without a host answers for every name, so there is no 404");
    }
    // Many give Go's: who it is, only objects tell.
    let left = known().find(|other| (other.is_unknown_name)(answer) && !is_go_404(answer));
    if let Some(other) = left {
        return Finding::new(
            format!("{} answers at {place}, not {}", other.program, own.program),
            format!("an earlier {}, or another {}, has the port", other.name, other.program),
            "remove the controller that `ingress.controller` does not name",
        )
        .into();
    }
    if is_go_404(answer) {
        return of_k3s(evidence, own, place).into();
    }
    let server = answer.server.as_deref().map(|name| format!(" from `{name}`")).unwrap_or_default();
    Finding::new(
        format!("{place} answers {}{server} to an unknown name, not the controller's 404", answer.status),
        "another program answers there, or a default backend is configured",
        "find the program that has the port: a pod with that hostPort, or `ss -ltnp` on the node",
    )
    .look("kubectl get pods -A -o wide | grep -i -e ingress -e traefik -e svclb")
    .into()
}

/// The 404 of Go, where homelab's controller gives another.
fn of_k3s(evidence: &Evidence, own: &Traits, place: &str) -> Finding {
    let finding = match bundled(evidence) {
        Some(false) => {
            return Finding::new(
                format!("{place} answers with the 404 of Traefik, or of another program in Go, not with that of {}", own.program),
                "another program has the port; k3s' own Traefik is not there",
                "find the program that has the port: a pod with that hostPort, or `ss -ltnp` on the node",
            )
            .look("kubectl get pods -A -o wide | grep -i -e ingress -e traefik -e svclb");
        }
        Some(true) => Finding::new(
            format!("traefik answers at {place}, not {}", own.program),
            "k3s installs traefik, and it is not disabled on every server or not yet removed",
            "start every k3s server with `--disable=traefik,servicelb`, then delete what is left of it",
        ),
        None => Finding::new(
            format!("traefik answers at {place}, not {}", own.program),
            "k3s installs traefik unless it is disabled on every server; or another Traefik has not ended yet",
            "start every k3s server with `--disable=traefik,servicelb`, then delete what is left of it",
        ),
    };
    finding.look(
        "kubectl -n kube-system get helmcharts,deployments,daemonsets,services | grep -i -e traefik -e svclb",
    )
}

/// Whether k3s' own Traefik is there; `None` where that was not read.
fn bundled(evidence: &Evidence) -> Option<bool> {
    let lists = ["deployments.apps", "daemonsets.apps", "services"];
    let is_its = |object: &Value| object.namespace() == SYSTEM && object.name().contains("traefik");
    let found: Option<Vec<bool>> =
        lists.iter().map(|list| Some(evidence.objects(list)?.iter().any(is_its))).collect();
    found.map(|found| found.contains(&true))
}
