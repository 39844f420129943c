//! CoreDNS, by its pods, its last words and its Corefile.

use serde_json::Value;

use crate::checks::engine::words::list;
use crate::checks::engine::{Finding, Judged, Outcome, Subject};
use crate::checks::id;
use crate::checks::net::corefile::{self, Forward};
use crate::checks::net::seen;
use crate::checks::reading::logs::{self, Said};
use crate::checks::reading::{age, pod_resolv, pods, told, when};
use crate::evidence::pod::{is_coredns, is_ready};
use crate::evidence::{Evidence, View, at};
use crate::facts::namespaces::SYSTEM;

/// CoreDNS waits this long for the API server at its start, and then answers anyway.
const STARTING: i64 = 20;
const LOOK: &str = "kubectl --namespace kube-system logs --selector=k8s-app=kube-dns --tail=20";

pub(super) fn runs(evidence: &Evidence) -> Judged {
    seen(id::COREDNS, Subject::default(), is_running(evidence))
}

/// The pods of CoreDNS.
pub(super) fn pods_of(evidence: &Evidence) -> Vec<&Value> {
    let all = evidence.objects("pods").unwrap_or_default().iter();
    all.filter(|pod| is_coredns(pod)).collect()
}

fn is_running(evidence: &Evidence) -> Outcome {
    let found = pods_of(evidence);
    if found.iter().any(|pod| is_ready(pod)) {
        return Outcome::pass("CoreDNS is ready");
    }
    let Some(pod) = found.first() else { return none(evidence).into() };
    let name = pod.full_name();
    let lines: Vec<Said<'_>> = logs::lately(evidence).into_iter().filter(|said| said.pod == name).collect();
    if let Some(finding) = said(evidence, &name, &lines) {
        return finding.into();
    }
    if let Some(trouble) = pods::trouble(evidence, pod) {
        return trouble.finding().into();
    }
    let summary = format!("CoreDNS is not ready: pod `{name}`");
    if age(evidence.now, when(pod, "/metadata/creationTimestamp")) < STARTING {
        let fix = "wait a moment";
        return Finding::new(summary, "it started a moment ago", fix).look(LOOK).heals().into();
    }
    let cause = pods::event(evidence, pod, &["Unhealthy", "FailedCreatePodSandBox", "FailedMount"]);
    let cause = cause.unwrap_or("its log and events give no reason that homelab knows").trim_end_matches('.');
    Finding::new(summary, cause, "read its log").look(LOOK).heals_soon().into()
}

/// From its last words to the cause.
fn said(evidence: &Evidence, pod: &str, lines: &[Said<'_>]) -> Option<Finding> {
    let find = |words: &[&str]| lines.iter().find(|said| said.has(words)).map(|said| said.line);
    if find(&["plugin/loop: Loop"]).is_some() {
        return Some(looping(evidence, pod));
    }
    if let Some(line) = find(&["Error during parsing", "[FATAL]", "plugin/forward: ", "Unknown directive"]) {
        let said = logs::excerpt(line, "");
        let fix = match corefile::entry(line) {
            Some(entry) => format!("correct the entry `{entry}` of the ConfigMap `coredns-custom` in `kube-system`, or remove it: k3s imports it into the Corefile unchanged"),
            None => "correct the ConfigMap `coredns-custom` in `kube-system`, or the Corefile in `coredns`, if you have changed them".to_owned(),
        };
        return Some(
            Finding::new(
                format!("CoreDNS does not start: pod `{pod}`"),
                format!("its configuration has a mistake: {said}"),
                fix,
            )
            .look("kubectl --namespace kube-system get configmap coredns coredns-custom --output yaml"),
        );
    }
    None
}

/// Where the loop comes from: the Corefile, what a user adds to it, the file that k3s was told to give to pods, or a resolver
/// of the LAN. On its own, k3s gives no pod a resolver on the loopback address (see `machine::resolv`).
fn looping(evidence: &Evidence, pod: &str) -> Finding {
    let summary = format!("CoreDNS forwards DNS to itself: pod `{pod}` found the loop and exited");
    let leads_back = "and that address is CoreDNS itself or forwards back to it";
    match corefile::forward(evidence) {
        Forward::Custom { entry, to } => Finding::new(
            summary,
            format!("the entry `{entry}` of the ConfigMap `coredns-custom` says `forward . {to}`, {leads_back}"),
            format!("remove that line from `{entry}`, or name the router in it: `kubectl --namespace kube-system edit configmap coredns-custom`; then `kubectl --namespace kube-system rollout restart deployment/coredns`"),
        )
        .look("kubectl --namespace kube-system get configmap coredns-custom --output yaml"),
        Forward::To(to) => Finding::new(
            summary,
            format!("its Corefile says `forward . {to}`, {leads_back}"),
            "let it ask the node's resolvers: in `kubectl --namespace kube-system edit configmap coredns`, make that line `forward . /etc/resolv.conf`; then `kubectl --namespace kube-system rollout restart deployment/coredns`",
        )
        .look("kubectl --namespace kube-system get configmap coredns --output yaml"),
        Forward::Node => of_node(evidence, pod, summary),
    }
}

/// CoreDNS asks the resolvers of its node.
fn of_node(evidence: &Evidence, pod: &str, summary: String) -> Finding {
    let machine = evidence.machine.as_ref();
    let name = pods_of(evidence).into_iter().find(|object| object.full_name() == pod);
    let name = name.map(|object| at(object, "/spec/nodeName")).unwrap_or_default();
    let node = evidence.objects("nodes").into_iter().flatten().find(|node| node.name() == name);
    let told = node.and_then(told::of);
    let file = told.as_ref().and_then(told::Told::resolv_conf);
    if let Some(file) = file {
        return Finding::new(
            summary,
            format!("k3s on node `{name}` runs with `--resolv-conf={file}` and does not check that file. It names a loopback address, which inside the pod is CoreDNS itself, or a resolver that forwards queries back to the cluster"),
            format!("write the router's address into `{file}` (`nameserver` and the address), and restart k3s there (`sudo systemctl restart k3s`)"),
        )
        .look(command!("cat {}", file));
    }
    if node.is_some_and(told::is_k3s) {
        let servers = machine.and_then(|machine| machine.resolv.as_ref()).map(|resolv| list(&resolv.servers));
        return Finding::new(
            summary,
            format!("a resolver that CoreDNS asks{} forwards the query back to it: a Pi-hole, AdGuard Home or router whose own upstream is the cluster's DNS", servers.filter(|servers| !servers.is_empty()).map(|servers| format!(" ({servers})")).unwrap_or_default()),
            "give that resolver another upstream than the cluster's DNS: the internet provider's, or 9.9.9.9",
        )
        .look("cat /etc/resolv.conf /run/systemd/resolve/resolv.conf");
    }
    let finding = Finding::new(
        summary,
        "the node's /etc/resolv.conf names a resolver on the loopback address (systemd-resolved, dnsmasq, unbound); inside the pod, that address is CoreDNS itself",
        format!("give pods a file with the real resolvers: {}", pod_resolv::steps(machine)),
    )
    .look("cat /etc/resolv.conf /run/systemd/resolve/resolv.conf");
    pod_resolv::with_options(finding, machine)
}

fn none(evidence: &Evidence) -> Finding {
    let name = |object: &&Value| object.namespace() == SYSTEM && object.name() == "coredns";
    let deployment = evidence.objects("deployments.apps").unwrap_or_default().iter().find(name);
    match deployment {
        Some(deployment) if deployment["spec"]["replicas"] == 0 => Finding::new(
            "CoreDNS is scaled to 0, so no pod can resolve names",
            "a person or a program scaled it down",
            "start it again",
        )
        .command("kubectl --namespace kube-system scale deployment/coredns --replicas=1"),
        Some(_) => Finding::new(
            "CoreDNS has no pod",
            "its Deployment could not create one",
            "read its events, which say why",
        )
        .look("kubectl --namespace kube-system describe deployment coredns"),
        None => Finding::new(
            "there is no CoreDNS in `kube-system`",
            "k3s was started with `--disable=coredns`, or it was deleted",
            "remove `coredns` from `--disable`, and restart k3s (`sudo systemctl restart k3s`), which installs it again. If you use another DNS server in the cluster, its pods need the label `k8s-app=kube-dns`",
        )
        .look("kubectl get pods --all-namespaces --selector=k8s-app=kube-dns"),
    }
}
