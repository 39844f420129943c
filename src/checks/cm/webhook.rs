//! cert-manager's webhooks: whether the API server can call them, and what is in the way.

use serde_json::Value;

use crate::checks::cm::reading::{Cure, Reading, means, one_line, read, written_by_up};
use crate::checks::engine::{Finding, Outcome};
use crate::checks::reading::policies::{self, Way};
use crate::evidence::dial::{Dial, dialled};
use crate::evidence::{AcmeSeen, DryRun, Evidence, View, at, entries};

/// Where both kinds of configuration are listed.
const CONFIGURATIONS: [&str; 2] = [
    "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
];
/// Where the webhook's pod listens (cert-manager's manifest, `--secure-port`).
const PORT: u16 = 10250;
/// How cert-manager's webhook signs what it refuses.
const DENIED: &str = "admission webhook \"webhook.cert-manager.io\" denied the request";
/// What a network between the API server and the pod swallows.
const NETWORK: &str = "the API server cannot reach the webhook's pod: a firewall, or the network between the nodes, drops its packets";
const OPEN: &str = "allow pods and nodes to reach each other: trust the interfaces `cni0` and `flannel.1`, and open UDP 8472 between the nodes";
/// A connection that was refused.
const STARTING: &str = "the webhook's pod is starting, or it does not listen where its Service points";
const WAIT: &str = "wait a moment; if it stays, check the webhook's pod and its log";
/// What k3s says of a connection that failed at once.
const TURNED_AWAY: &str = "k3s' API server could not connect to the webhook's pod, and got the error at once: the pod does not listen yet, there is no route to its node, or a firewall rejects the connection";
const LOOK_UP: &str = "wait a minute. If it stays, search the log of k3s on the server for `Sending HTTP 502 response`. With `connection refused`, check the webhook's pod; with `no route to host`, open UDP 8472 between the nodes";

/// Why it cannot be called, where a connection is not what failed.
const READINGS: &[Reading] = &[
    written_by_up(
        &["-webhook\" not found", "no endpoints available", "no service port"],
        "the webhook's Service is missing, or no pod is behind it",
        "run `homelab up`, which installs it again",
    ),
    means(
        &["x509: certificate has expired", "not yet valid"],
        "the webhook's certificate has expired by the API server's clock",
        "check the clocks of the nodes, then restart the webhook",
    ),
    means(
        &["proxyconnect", "lookup "],
        "the API server uses a proxy or DNS for a name that exists only in the cluster",
        "exclude `.svc` and the service addresses from the API server's proxy (`NO_PROXY`)",
    ),
];

pub(super) fn answers(evidence: &Evidence, acme: &AcmeSeen) -> Outcome {
    let Some(webhook) = &acme.webhook else {
        let unasked = || Outcome::unknown("the webhook was not asked");
        return evidence.reads_only().map_or_else(unasked, Outcome::skip);
    };
    match (&webhook.good, &webhook.bad) {
        (DryRun::Unasked { why }, _) | (_, DryRun::Unasked { why }) => Outcome::unknown(why),
        (DryRun::Refused { code: 403, message }, _) if message.contains("is forbidden") => {
            Outcome::unknown(format!("this user may not try it: {}", one_line(message)))
        }
        (DryRun::Refused { message, .. }, _) => uncallable(evidence, acme, message).into(),
        (DryRun::Silent { seconds }, _) | (_, DryRun::Silent { seconds }) => {
            network(format!("cert-manager's webhook gave no answer within {seconds} s")).into()
        }
        (DryRun::Taken { stamped: false }, _) => unregistered(acme, "mutating").into(),
        (_, DryRun::Taken { .. }) => unregistered(acme, "validating").into(),
        (_, DryRun::Refused { message, .. }) if message.contains(DENIED) => {
            Outcome::pass("it accepts a good request and refuses a bad one (dry run)")
        }
        (_, DryRun::Refused { message, .. }) => uncallable(evidence, acme, message).into(),
    }
}

fn uncallable(evidence: &Evidence, acme: &AcmeSeen, message: &str) -> Finding {
    let summary = format!("cert-manager's webhook cannot be called: {}", tail(message));
    if message.contains("could not find the requested resource") {
        return Finding::new(summary, "cert-manager's CRDs are missing", "install them")
            .command("homelab up");
    }
    if message.contains("unknown authority") {
        return authority(evidence, acme, summary);
    }
    if message.contains("denied the request") {
        return Finding::new(
            format!("a good CertificateRequest is refused: {}", tail(message)),
            "another admission webhook refuses cert-manager's objects",
            "allow cert-manager's objects in the policy that is named there",
        );
    }
    if let Some(finding) = kept_out(evidence, acme, message, &summary) {
        return finding;
    }
    let finding = match (Dial::of(message), read(message, READINGS)) {
        (Some(Dial::Silent | Dial::NoRoute), _) => return network(summary),
        (Some(Dial::Refused), _) => Finding::new(summary, STARTING, WAIT).heals(),
        (Some(Dial::TurnedAway), _) => Finding::new(summary, TURNED_AWAY, LOOK_UP).heals(),
        (None, Some(reading)) => {
            let finding = Finding::new(summary, reading.cause, reading.fix);
            match reading.cure {
                Cure::Up if acme.wanted.managed => finding.heals().command("homelab up"),
                Cure::Up | Cure::Waiting => finding.heals(),
                Cure::Person | Cure::Renewal => finding,
            }
        }
        (None, None) => {
            return Finding::new(
                summary,
                "the API server gives no details",
                "check the webhook's pod and its log",
            )
            .look(command!(
                "kubectl -n {} logs deployment/cert-manager-webhook --tail=50",
                acme.wanted.namespace
            ));
        }
    };
    finding.look(command!("kubectl -n {} get pods,endpointslices", acme.wanted.namespace))
}

/// A NetworkPolicy that keeps the API server out is named before a pod that is starting: k3s rejects, which reads as refused.
fn kept_out(evidence: &Evidence, acme: &AcmeSeen, message: &str, summary: &str) -> Option<Finding> {
    matches!(Dial::of(message)?, Dial::Refused | Dial::TurnedAway).then_some(())?;
    let namespace = acme.wanted.namespace.as_str();
    let is_webhook = |pod: &&Value| pod.namespace() == namespace && pod.name().contains("webhook");
    let pod = evidence.objects("pods")?.iter().find(is_webhook)?;
    // Some name the Service's address and port, which the policy does not see.
    let of_pod = |address: &str| {
        let (ip, port) = address.rsplit_once(':')?;
        (ip == at(pod, "/status/podIP")).then(|| port.parse().ok())?
    };
    let port = dialled(message).and_then(of_pod).unwrap_or(PORT);
    let found = policies::in_the_way(evidence, pod, Way::In(port));
    (!found.is_empty()).then(|| {
        Finding::new(
            summary,
            format!(
                "{} allows connections from other pods only, and the API server is not a pod",
                policies::named(&found)
            ),
            format!("allow port {port} from everywhere in the policy's `ingress`, or delete the policy"),
        )
        .look(command!("kubectl --namespace {} get networkpolicies --output yaml", namespace))
    })
}

fn network(summary: String) -> Finding {
    Finding::new(summary, NETWORK, OPEN).look("kubectl get nodes,pods -A -o wide")
}

/// The API server holds another authority than the one that signed the webhook's certificate: the cainjector keeps the two
/// equal, and it alone.
fn authority(evidence: &Evidence, acme: &AcmeSeen, summary: String) -> Finding {
    let namespace = &acme.wanted.namespace;
    if let Some(name) = unmarked(evidence) {
        let finding = Finding::new(
            summary,
            format!(
                "`{name}` has lost the annotation that tells the cainjector from which Secret to write the `caBundle`: another program overwrote it"
            ),
            "run `homelab up`, which writes the webhook's configuration again",
        );
        return if acme.wanted.managed { finding.command("homelab up") } else { finding };
    }
    let cause = match bundle(evidence) {
        Some(false) => "the webhook's configuration has no `caBundle`: the cainjector has not written it",
        Some(true) => {
            "the `caBundle` in the webhook's configuration belongs to another authority: the cainjector has not replaced it"
        }
        None => "the `caBundle` in the webhook's configuration is wrong: the cainjector writes it",
    };
    Finding::new(
        summary,
        cause,
        "restart the cainjector, which writes the `caBundle`; no other program should write it",
    )
    .command(command!("kubectl -n {} rollout restart deployment/cert-manager-cainjector", namespace))
    .command(command!(
        "kubectl -n {} rollout status deployment/cert-manager-cainjector --timeout=120s",
        namespace
    ))
    .look(command!("kubectl -n {} logs deployment/cert-manager-cainjector --tail=50", namespace))
}

/// Whether every webhook of cert-manager has an authority written down; `None` when they were not read.
fn bundle(evidence: &Evidence) -> Option<bool> {
    let mut filled = true;
    for resource in CONFIGURATIONS {
        let all = evidence.objects(resource)?;
        let ours = all.iter().flat_map(|one| entries(one, "/webhooks")).filter(|webhook| is_ours(webhook));
        filled &= ours.clone().all(|webhook| !at(webhook, "/clientConfig/caBundle").is_empty());
    }
    Some(filled)
}

/// A configuration of cert-manager's webhook that asks for no authority to be written into it.
fn unmarked(evidence: &Evidence) -> Option<&str> {
    let all = CONFIGURATIONS.iter().filter_map(|resource| evidence.objects(resource)).flatten();
    let marked = |one: &Value| {
        let annotations = one["metadata"]["annotations"].as_object();
        annotations.is_some_and(|all| all.keys().any(|key| key.starts_with("cert-manager.io/inject-")))
    };
    let mut ours = all.filter(|one| entries(one, "/webhooks").iter().any(is_ours));
    ours.find(|one| !marked(one)).map(|one| one.name())
}

fn is_ours(webhook: &Value) -> bool {
    at(webhook, "/name") == "webhook.cert-manager.io"
}

fn unregistered(acme: &AcmeSeen, kind: &str) -> Finding {
    let finding = Finding::new(
        format!("the API server does not call cert-manager's {kind} webhook"),
        format!(
            "the {kind} webhook configuration `cert-manager-webhook` is missing, or leaves out the namespace `default`"
        ),
        "run `homelab up`, which installs cert-manager again",
    );
    if acme.wanted.managed { finding.command("homelab up") } else { finding }
}

/// What went wrong in the end: the words after the address that was called.
fn tail(message: &str) -> String {
    let cut = message.rsplit_once("\": ").map_or(message, |(_, tail)| tail);
    one_line(if cut.len() < 12 { message } else { cut })
}
