//! Names, as pods resolve them: asked at the cluster's DNS Service where this machine can, and as logs tell.

use crate::checks::engine::words::list;
use crate::checks::engine::{Finding, Judged, Outcome, Subject};
use crate::checks::id;
use crate::checks::net::{corefile, of_pod, rejected, seen};
use crate::checks::reading::logs::{self, Said};
use crate::checks::reading::pod_resolv;
use crate::evidence::dns::{AskError, Rcode};
use crate::evidence::{Asked, Evidence, ServiceLookup};
use crate::ingress::known;

pub(super) fn resolve(evidence: &Evidence) -> Judged {
    let lookups = of_kinds(evidence, &[Asked::Internal, Asked::External]);
    if let Some(finding) = lookups.iter().find_map(|asked| failed(evidence, asked)) {
        return seen(id::POD_DNS, Subject::default(), finding);
    }
    if let Some((said, finding)) =
        logs::lately(evidence).iter().find_map(|said| Some((*said, told(evidence, said)?)))
    {
        return of_pod(evidence, id::POD_DNS, said.pod, finding);
    }
    let outcome = match lookups.as_slice() {
        [] => Outcome::skip(
            "this machine is not a node, so it cannot ask as a pod does; none of homelab's pods reports an error",
        ),
        asked => {
            let names: Vec<&str> = asked.iter().map(|asked| asked.name.as_str()).collect();
            Outcome::pass(format!("the cluster's DNS knows {}", names.join(" and ")))
        }
    };
    seen(id::POD_DNS, Subject::default(), outcome)
}

fn of_kinds<'a>(evidence: &'a Evidence, kinds: &[Asked]) -> Vec<&'a ServiceLookup> {
    let lookups = evidence.cluster.iter().flat_map(|cluster| &cluster.service_dns);
    lookups.filter(|asked| kinds.contains(&asked.kind)).collect()
}

/// What one answer of the cluster's DNS says; `None` when it is as it should be. That a name of the cluster does not
/// exist is no fault: its domain may be another where nothing says it.
fn failed(evidence: &Evidence, asked: &ServiceLookup) -> Option<Finding> {
    let machine = evidence.machine.as_ref();
    let (name, server) = (&asked.name, &asked.lookup.server);
    let internal = asked.kind == Asked::Internal;
    let look = command!("dig @{} {}", server, name);
    let unheard = match &asked.lookup.result {
        Ok(reply) => reply.rcode == Rcode::ServFail,
        Err(_) => true,
    };
    if let Some(servers) = pod_resolv::of_ipv6_alone(evidence)
        .filter(|_| unheard && !internal && corefile::asked(evidence).is_none())
    {
        let finding = Finding::new(
            format!("the cluster's DNS at {server} has no answer for {name}: it asks {servers}"),
            pod_resolv::NO_IPV6,
            format!(
                "give pods a file with a resolver that has an IPv4 address: {}",
                pod_resolv::steps(machine)
            ),
        );
        return Some(pod_resolv::with_options(finding.look(look).heals_soon(), machine));
    }
    if unheard && let Some(finding) = rejected::forwarding(evidence, asked) {
        return Some(finding);
    }
    let (summary, cause, fix): (_, _, String) = match &asked.lookup.result {
        Err(error) if internal => (
            format!("the cluster's DNS at {server} gives this node no answer: {error}"),
            match error {
                AskError::Refused => "CoreDNS runs but does not listen, or none of its pods is ready",
                _ => {
                    "the node cannot reach the pod of CoreDNS: a firewall drops packets of pods, kube-proxy's rules were flushed, or the pod runs on a node that cannot be reached"
                }
            },
            "allow packets from pods in the node's firewall (interfaces `cni0` and `flannel.1`); then restart k3s (`sudo systemctl restart k3s`), which rewrites its rules".into(),
        ),
        Ok(reply) if internal && !matches!(reply.rcode, Rcode::NoError | Rcode::NxDomain) => (
            format!("the cluster's DNS at {server} answers {:?} for a name of its own", reply.rcode),
            "CoreDNS has no list of Services: it cannot reach the API server",
            "check whether pods reach the API server, and restart CoreDNS".into(),
        ),
        Err(error) => (
            format!("the cluster's DNS at {server} has no answer for {name}: {error}"),
            "CoreDNS forwards the query and gets no answer: pods cannot reach the resolver that it forwards to",
            match corefile::asked(evidence) {
                Some(whom) => format!("CoreDNS forwards to {whom}. Correct or remove that line, so that CoreDNS forwards to the node's resolvers; then `kubectl --namespace kube-system rollout restart deployment/coredns`"),
                None => format!(
                    "check to which resolver CoreDNS forwards: those of the node's /etc/resolv.conf, or 8.8.8.8 and 2001:4860:4860::8888 if that has only loopback addresses. Or give pods their own file: {}",
                    pod_resolv::steps(machine)
                ),
            },
        ),
        Ok(reply) if !internal && (reply.rcode != Rcode::NoError || reply.addresses().is_empty()) => (
            format!("the cluster's DNS at {server} answers {:?} without an address for {name}", reply.rcode),
            "the resolver that CoreDNS asks fails, or a filter (Pi-hole, AdGuard) blocks the name",
            "send the same query to the node's resolvers, and allow the name there".into(),
        ),
        Ok(_) => return None,
    };
    let finding = Finding::new(summary, cause, fix).look(look).heals_soon();
    Some(if internal { finding } else { pod_resolv::with_options(finding, machine) })
}

/// A look-up that failed, in the words of Go's resolver: `lookup NAME on SERVER: why`.
fn told(evidence: &Evidence, said: &Said<'_>) -> Option<Finding> {
    let (_, rest) = said.line.split_once("lookup ")?;
    let (name, rest) = rest.split_once(" on ")?;
    let (server, why) = rest.split_once(":53: ")?;
    // Go's JSON writes the arrow between two addresses so.
    let why = why.replace("\\u003e", ">");
    if name.contains(' ') || server.len() > 39 {
        return None;
    }
    let reason = why.split(['"', '\\']).next().unwrap_or(&why);
    let reason: String = reason.chars().take(120).collect();
    let summary =
        format!("pod `{}` cannot resolve {name} at {server}: {}", said.pod, reason.trim_end_matches('.'));
    if why.contains("connection refused")
        && let Some(finding) = rejected::question(evidence, said.pod, &summary)
    {
        return Some(finding);
    }
    let (cause, fix) = if why.contains("no such host") {
        (
            "the cluster's DNS says that the name does not exist: a typo in the name, or a filter that blocks it",
            "look the name up on the node; if it resolves there, compare the resolvers: CoreDNS asks those of the node's /etc/resolv.conf",
        )
    } else if why.contains("server misbehaving") {
        (
            "the resolver that CoreDNS asks fails",
            "check the resolver in the node's /etc/resolv.conf: the router, or the server that it forwards to",
        )
    } else if why.contains("i/o timeout")
        || why.contains("connection refused")
        || why.contains("no route to host")
    {
        (
            "the cluster's DNS does not answer that pod: CoreDNS is on another node that cannot be reached, or a firewall drops the query",
            "allow packets from pods on each node, and UDP port 8472 from the other nodes",
        )
    } else {
        return None;
    };
    Some(Finding::new(summary, cause, fix).look(command!("dig @{} {}", server, name)).heals_soon())
}

pub(super) fn search_domains(evidence: &Evidence) -> Judged {
    let foreign = logs::lately(evidence).into_iter().find_map(|said| Some((said, foreign(evidence, &said)?)));
    if let Some((said, finding)) = foreign {
        return of_pod(evidence, id::NDOTS, said.pod, finding);
    }
    let searched = of_kinds(evidence, &[Asked::Searched]);
    for asked in &searched {
        let Ok(reply) = &asked.lookup.result else { continue };
        let found = reply.addresses();
        if !found.is_empty() {
            let finding = wildcard(
                evidence,
                format!("{} resolves to {}, and should not exist", asked.name, list(&found)),
            );
            return seen(id::NDOTS, Subject::default(), finding);
        }
    }
    let outcome = match searched.len() {
        0 => Outcome::pass("no search domain, and no pod got a certificate of another name"),
        some => Outcome::pass(format!("nothing answers below the search domains of this machine: {some}")),
    };
    seen(id::NDOTS, Subject::default(), outcome)
}

/// `x509: certificate is valid for A, B, not NAME`. The ingress controller asks nobody: what it says so of is a Secret.
fn foreign(evidence: &Evidence, said: &Said<'_>) -> Option<Finding> {
    if known().any(|controller| controller.is_place(said.pod)) {
        return None;
    }
    let (_, rest) = said.line.split_once("x509: certificate is valid for ")?;
    let (names, rest) = rest.rsplit_once(", not ")?;
    let wanted = rest.split(|c: char| !(c.is_ascii_alphanumeric() || ".-".contains(c))).next()?;
    Some(wildcard(
        evidence,
        format!("pod `{}` asked for {wanted} and got a certificate for {names}", said.pod),
    ))
}

fn wildcard(evidence: &Evidence, summary: String) -> Finding {
    let machine = evidence.machine.as_ref();
    let remove = match evidence.wildcard {
        Some(_) => "remove the wildcard record (`records: per-host`, where it is the lab's own)",
        None => "remove the wildcard record",
    };
    let finding = Finding::new(
        summary,
        "pods try the node's search domains before the name itself (ndots:5), and in one of them a wildcard record answers for every name, mostly with homelab's own ingress controller",
        format!(
            "{remove}; or give pods a file without `search`: {}; then restart the pods, for example external-dns with `kubectl -n external-dns rollout restart deployment`",
            pod_resolv::steps(machine)
        ),
    )
    .look("grep search /etc/resolv.conf");
    pod_resolv::with_options(finding, machine)
}
