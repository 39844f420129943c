//! Policies of anybody that keep the lab's own programs from what they need, before anything has failed by it.

use serde_json::Value;

use crate::checks::engine::{Finding, Outcome};
use crate::checks::reading::policies::{self, Blocking, DNS, Way};
use crate::evidence::pod::has_ended;
use crate::evidence::{Evidence, View, at};
use crate::facts::namespaces::{CERT_MANAGER, EXTERNAL_DNS};
use crate::ingress::traits_of;

/// In the addresses of the ACME servers that are on the internet for certain.
const PUBLIC_ACME: &str = ".letsencrypt.org/";

/// What a program needs, in words, and the policies that keep it from that.
type Need = (&'static str, fn(&Evidence, &Value) -> Vec<Blocking>);

const API: Need = ("the API server", policies::from_the_api_server);
const LOOKS_UP: Need =
    ("the cluster's DNS", |evidence, pod| policies::in_the_way(evidence, pod, Way::Out(None, DNS)));
/// Any address: which one a name has is not known here.
const INTERNET: Need =
    ("port 443 of the internet", |evidence, pod| policies::in_the_way(evidence, pod, Way::Out(None, 443)));

pub(super) fn are_met(evidence: &Evidence) -> Option<Outcome> {
    if !policies::are_enforced(evidence) {
        return None;
    }
    let pods = evidence.objects("pods")?;
    let mut met = 0;
    for pod in pods.iter().filter(|pod| !has_ended(pod) && pod["spec"]["hostNetwork"] != true) {
        for (what, keeping) in needs(evidence, pod) {
            let found = keeping(evidence, pod);
            if !found.is_empty() {
                return Some(kept(pod, what, &found).into());
            }
            met += 1;
        }
    }
    (met > 0).then(|| Outcome::pass("no policy is in the way"))
}

fn needs(evidence: &Evidence, pod: &Value) -> Vec<Need> {
    let controller = traits_of(evidence.controller);
    match pod.namespace() {
        _ if evidence.controller.is_managed() && controller.is_pod(pod) => vec![API],
        // A server of the house has an address and a port of its own.
        EXTERNAL_DNS if evidence.dns.facts().server.is_some() => vec![API, LOOKS_UP],
        EXTERNAL_DNS => vec![API, LOOKS_UP, INTERNET],
        // The webhook is asked by the API server, which another check sees to.
        CERT_MANAGER if at(pod, "/metadata/labels/app.kubernetes.io~1component") == "controller" => {
            let own = evidence.acme.as_ref().is_some_and(|acme| !acme.wanted.server.contains(PUBLIC_ACME));
            if own { vec![API, LOOKS_UP] } else { vec![API, LOOKS_UP, INTERNET] }
        }
        CERT_MANAGER => vec![API],
        _ => Vec::new(),
    }
}

fn kept(pod: &Value, what: &str, found: &[Blocking]) -> Finding {
    let all =
        "kubectl get networkpolicies,ciliumnetworkpolicies,ciliumclusterwidenetworkpolicies --all-namespaces";
    let look = match found.iter().all(|one| one.kind == "NetworkPolicy") {
        true => command!("kubectl --namespace {} get networkpolicies --output yaml", pod.namespace()),
        false => Some(all.into()),
    };
    Finding::new(
        format!("{} keeps the pod `{}` from {what}", policies::named(found), pod.full_name()),
        "what no policy allows is rejected, as soon as one policy is about outgoing connections of the pod",
        format!("allow {what} in the policy's `egress`, or leave this pod out of it"),
    )
    .look(look)
}
