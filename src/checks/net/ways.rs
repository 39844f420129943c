//! Connections: from pods to the API server, out of the cluster, and from one node to pods of another.

use serde_json::Value;

use crate::checks::engine::{Finding, Judged, Outcome, Subject};
use crate::checks::id;
use crate::checks::net::{coredns, of_pod, seen};
use crate::checks::reading::logs::{self, Said};
use crate::checks::reading::policies::{self, Blocking, Way};
use crate::evidence::pod::is_ready;
use crate::evidence::{Evidence, View, at};
use crate::provider::outside;

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
        return of_pod(evidence, id::POD_API, said.pod, dropped(evidence, &said, address));
    }
    let outcome = match coredns::pods_of(evidence).iter().any(|pod| is_ready(pod)) {
        true => Outcome::pass("CoreDNS reads from it"),
        false => Outcome::skip("no pod reports an error"),
    };
    seen(id::POD_API, Subject::default(), outcome)
}

fn dropped(evidence: &Evidence, said: &Said<'_>, address: &str) -> Finding {
    let text = logs::excerpt(said.line, "dial tcp");
    let text = if text.starts_with("dial tcp") { text } else { format!("no connection to {address}:443") };
    let summary = format!("pod `{}` cannot reach the API server: {text}", said.pod);
    // What is rejected on its way reads as refused.
    if said.line.contains("connection refused")
        && let Some(finding) = kept_in(evidence, said.pod, &summary, policies::from_the_api_server)
    {
        return finding;
    }
    let (cause, fix) = match said.line.contains("connection refused") {
        true => (
            "kube-proxy's rules point to an address where no API server listens: the server's address has changed, or the rules are old",
            "restart k3s on that node (`sudo systemctl restart k3s`), which rewrites its rules",
        ),
        false => (
            "the node's firewall drops packets of pods to the node itself: port 6443 on the interface `cni0`",
            "allow packets from pods in the node's firewall (interfaces `cni0` and `flannel.1`; homelab's NixOS module does so, so check your own rules there), and restart the pod or wait for its next try",
        ),
    };
    Finding::new(summary, cause, fix)
        .look("sudo iptables -S INPUT; sudo nft list ruleset | grep -n -e cni0 -e 6443")
        .heals_soon()
}

/// The NetworkPolicies that keep the pod's connection in, named before any firewall.
fn kept_in(
    evidence: &Evidence,
    pod: &str,
    summary: &str,
    keeping: impl Fn(&Evidence, &Value) -> Vec<Blocking>,
) -> Option<Finding> {
    let object = evidence.objects("pods")?.iter().find(|object| object.full_name() == pod)?;
    let found = keeping(evidence, object);
    if found.is_empty() {
        return None;
    }
    Some(
        Finding::new(
            summary,
            format!(
                "{} blocks that pod's outgoing connections to it: k3s rejects what no policy allows",
                policies::named(&found)
            ),
            "allow it in the policy's `egress`, or delete the policy",
        )
        .look(command!("kubectl --namespace {} get networkpolicies --output yaml", object.namespace())),
    )
}

/// Only what this machine reaches and pods do not: a provider that is down is another check's.
pub(super) fn egress(evidence: &Evidence) -> Judged {
    let of_ours =
        |said: &Said<'_>| said.pod.starts_with("external-dns/") || said.pod.starts_with("cert-manager/");
    let api = outside(evidence);
    let lines: Vec<Said<'_>> = logs::lately(evidence).into_iter().filter(of_ours).collect();
    if let Some(said) = lines
        .iter()
        .find(|said| said.has(&["x509: certificate signed by unknown authority"]) && said.line.contains(api))
    {
        let finding = Finding::new(
            format!("pod `{}` does not trust the certificate that it gets from {api}", said.pod),
            "another program between the pod and the internet answers with its own certificate: a proxy, a virus scanner, a login page",
            format!("exclude {api} from it, for this machine and its pods"),
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
            let summary = format!("pod `{}` cannot reach {api}, but this machine can: {text}", said.pod);
            let to = text.strip_prefix("dial tcp ").and_then(|rest| rest.split(": ").next()?.parse().ok());
            let to = to.map(|to: std::net::SocketAddr| to.ip());
            let policy = said.has(&["connection refused"]).then(|| {
                kept_in(evidence, said.pod, &summary, |evidence, pod| {
                    policies::in_the_way(evidence, pod, Way::Out(to, 443))
                })
            });
            if let Some(finding) = policy.flatten() {
                return of_pod(evidence, id::EGRESS, said.pod, finding);
            }
            let finding = Finding::new(
                summary,
                "a firewall on the node or the router drops packets of pods to the internet: a rule in FORWARD, or one for certain addresses",
                "allow forwarding from `cni0` on the node, and the pods' range on the router; then wait a minute for the next try",
            )
            .look("sudo iptables -S FORWARD; sudo nft list ruleset | grep -n forward")
            .heals_soon();
            return of_pod(evidence, id::EGRESS, said.pod, finding);
        }
        (Some(_), _) => Outcome::skip("this machine cannot reach the provider either"),
        (None, _) => Outcome::pass("none of homelab's pods reports an error"),
    };
    seen(id::EGRESS, Subject::default(), outcome)
}
