//! Connections: from pods to the API server, out of the cluster, and from one node to pods of another.

use crate::checks::engine::{Finding, Judged, Outcome, Subject};
use crate::checks::id;
use crate::checks::net::{coredns, of_pod, seen};
use crate::checks::reading::logs::{self, Said};
use crate::checks::reading::{etcd, pods};
use crate::evidence::http::HttpAnswer;
use crate::evidence::{Evidence, at};
use crate::provider::words;

/// How Go says that a connection does not come about.
const CUT: [&str; 6] = [
    "no route to host",
    "i/o timeout",
    "connection refused",
    "network is unreachable",
    "TLS handshake timeout",
    "context deadline exceeded",
];

pub(super) fn pod_api(evidence: &Evidence) -> Judged {
    let service = evidence
        .cluster
        .as_ref()
        .and_then(|cluster| cluster.objects.find("services", "default", "kubernetes"));
    let Some(address) = service.map(|service| at(service, "/spec/clusterIP")) else {
        return seen(id::POD_API, Subject::default(), Outcome::unknown("the API server has no Service"));
    };
    let to =
        [format!("dial tcp {address}:443"), format!("https://{address}:443/"), format!("https://{address}/")];
    let cut = |said: &Said<'_>| !said.ready && to.iter().any(|to| said.line.contains(to)) && said.has(&CUT);
    if let Some(said) = logs::lately(evidence).into_iter().find(cut) {
        return of_pod(evidence, id::POD_API, said.pod, dropped(&said, address));
    }
    let outcome = match coredns::pods_of(evidence).iter().any(|pod| pods::is_ready(pod)) {
        true => Outcome::pass("CoreDNS reads from it"),
        false => Outcome::skip("no pod says anything of it"),
    };
    seen(id::POD_API, Subject::default(), outcome)
}

fn dropped(said: &Said<'_>, address: &str) -> Finding {
    let cause = if said.line.contains("connection refused") {
        "kube-proxy's rules lead to an address where no API server listens: the server's address has changed, or the rules are old"
    } else {
        "the node's firewall drops what pods send to the node itself: port 6443 on the interface `cni0`"
    };
    let fix = if said.line.contains("connection refused") {
        "restart k3s on that node (`sudo systemctl restart k3s`), which rewrites its rules"
    } else {
        "let the node's firewall take what comes from pods (interfaces `cni0` and `flannel.1`; homelab's NixOS module does so, so look at rules of your own there), and restart the pod or wait for its next try"
    };
    let text = logs::excerpt(said.line, "dial tcp");
    let text = if text.starts_with("dial tcp") { text } else { format!("no connection to {address}:443") };
    Finding::new(format!("pod `{}` does not reach the API server: {text}", said.pod), cause, fix)
        .look("sudo iptables -S INPUT; sudo nft list ruleset | grep -n -e cni0 -e 6443")
        .heals()
}

/// Only what this machine reaches and pods do not: a provider that is down is another check's.
pub(super) fn egress(evidence: &Evidence) -> Judged {
    let of_ours =
        |said: &Said<'_>| said.pod.starts_with("external-dns/") || said.pod.starts_with("cert-manager/");
    let api = words(evidence.dns).api_host;
    let lines: Vec<Said<'_>> = logs::lately(evidence).into_iter().filter(of_ours).collect();
    if let Some(said) = lines
        .iter()
        .find(|said| said.has(&["x509: certificate signed by unknown authority"]) && said.line.contains(api))
    {
        let finding = Finding::new(
            format!("pod `{}` does not trust the certificate that it meets at {api}", said.pod),
            "something between the pod and the internet answers with a certificate of its own: a proxy, a virus scanner, a login page",
            format!("except {api} from it, for this machine and its pods"),
        )
        .look(command!("openssl s_client -connect {}:443 -servername {} </dev/null | openssl x509 -noout -issuer", api, api));
        return of_pod(evidence, id::EGRESS, said.pod, finding);
    }
    let cut = lines.iter().find(|said| {
        said.line.contains(api)
            && !said.line.contains("lookup ")
            && (said.has(&CUT) || said.line.contains("Client.Timeout exceeded"))
    });
    let outcome = match (cut, &evidence.provider) {
        (Some(said), Some(Ok(_))) => {
            let text = logs::excerpt(said.line, "dial tcp");
            let text = if text.starts_with("dial tcp") { text } else { "no connection in time".to_owned() };
            let finding = Finding::new(
                format!("pod `{}` does not reach {api}, which this machine does: {text}", said.pod),
                "a firewall on the node or the router drops what pods send out: rules in FORWARD, or by address",
                "let the node pass on what comes from `cni0`, and the router what comes from the pods' range; then wait a minute for the next try",
            )
            .look("sudo iptables -S FORWARD; sudo nft list ruleset | grep -n forward")
            .heals();
            return of_pod(evidence, id::EGRESS, said.pod, finding);
        }
        (Some(_), _) => Outcome::skip("this machine does not reach the provider either"),
        (None, _) => Outcome::pass("no pod of the lab complains"),
    };
    seen(id::EGRESS, Subject::default(), outcome)
}

pub(super) fn cross_node(evidence: &Evidence) -> Vec<Judged> {
    let skip = |why: &str| vec![seen(id::CROSS_NODE, Subject::default(), Outcome::skip(why))];
    let Some(cluster) = &evidence.cluster else { return Vec::new() };
    if evidence.nodes.as_ref().is_none_or(|nodes| nodes.iter().filter(|node| node.ready).count() < 2) {
        return skip("there is only one node that is ready");
    }
    if cluster.pod_answers.len() < 2 {
        return skip("no pod of the ingress controller is ready on a second node, so there is no pod to ask");
    }
    if cluster.pod_answers.values().all(Result::is_err) {
        return skip("no pod answers the API server, on whichever node");
    }
    let ready = |name: &String| evidence.nodes.iter().flatten().any(|node| node.ready && node.name == *name);
    let asked = cluster.pod_answers.iter().filter(|(node, _)| ready(node));
    let judge = |(node, answer): (&String, &Result<HttpAnswer, String>)| {
        let outcome = match answer {
            Ok(_) => Outcome::pass("its pod answers"),
            Err(why) if why.contains("refused") => Outcome::skip(format!("its pod does not listen: {why}")),
            Err(why) => Finding::new(
                format!("the pod on node `{node}` is ready, and the API server does not reach it: {}", why.trim_end_matches('.')),
                "packets between pods of different nodes are lost: UDP port 8472 (VXLAN) is closed between the nodes, or flannel knows an old address of one",
                match etcd::is_anywhere(evidence) {
                    true => "open UDP port 8472 between the nodes (51820 with the wireguard backend); if it is open, one of the nodes has another address than before: give it the old one back, since a server with etcd does not start under another",
                    false => "open UDP port 8472 between the nodes (51820 with the wireguard backend); if it is open, restart k3s on both (`sudo systemctl restart k3s`)",
                },
            )
            .look("ip route; ip -details link show flannel.1")
            .nixos(format!("services.homelab.clusterFirewall.enable = true; # on {node}"))
            .heals()
            .into(),
        };
        seen(id::CROSS_NODE, Subject::node(node), outcome)
    };
    asked.map(judge).collect()
}
