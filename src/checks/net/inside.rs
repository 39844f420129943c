//! What users and homelab lay beside CoreDNS' Corefile: whether it takes it, and whether its pods answer so.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use crate::checks::engine::words::{list, quoted};
use crate::checks::engine::{Finding, Judged, Outcome, Subject};
use crate::checks::id;
use crate::checks::net::{coredns, corefile, seen};
use crate::evidence::dns::{Data, Rcode, Reply};
use crate::evidence::{COREDNS_CUSTOM, Evidence, InsideAnswer, InsideLookup, InsideSeen, View};
use crate::facts::inside::CONFIG_MAP;
use crate::facts::namespaces::SYSTEM;
use crate::plan::inside::{Broken, CoreDns};

const LOOK: &str = "kubectl --namespace kube-system get configmap coredns coredns-custom --output yaml";
const LOG: &str = "kubectl --namespace kube-system logs --selector=k8s-app=kube-dns --tail=20";
/// How CoreDNS says that it does not take what it reads, and goes on with what it had (CoreDNS 1.14.7, plugin/reload/reload.go).
const REFUSED: [&str; 2] = ["Corefile changed but reload failed: ", "Corefile parse failed: "];
/// How it says that it took it, or began with it.
const TAKEN: [&str; 2] = ["Reloading complete", "Running configuration SHA512"];

/// Whether it takes every entry.
pub(super) fn entries(evidence: &Evidence) -> Judged {
    let find = |resource: &str, name: &str| evidence.cluster.as_ref()?.objects.find(resource, SYSTEM, name);
    let custom = find(COREDNS_CUSTOM, CONFIG_MAP);
    let read = CoreDns { settings: find("configmaps", "coredns"), custom, deployment: None };
    let outcome = match (read.broken().first(), refused(evidence)) {
        (Some(broken), _) => broken_entry(broken).into(),
        (None, Some(line)) => not_taken(line).into(),
        (None, None) if custom.is_none() => Outcome::skip("there is no ConfigMap `coredns-custom`"),
        (None, None) => Outcome::pass("no entry is in the way of another, or of the Corefile"),
    };
    seen(id::COREDNS_CUSTOM, Subject::default(), outcome)
}

fn broken_entry(broken: &Broken) -> Finding {
    let Broken { entry, why } = broken;
    Finding::new(
        format!("CoreDNS does not take the entry `{entry}` of the ConfigMap `coredns-custom`: {why}"),
        "a pod of CoreDNS goes on with what it read before, and does not start any more when it is restarted: then no pod resolves a name",
        format!("correct the entry `{entry}`, or remove it: `kubectl --namespace kube-system edit configmap coredns-custom`"),
    )
    .look(LOOK)
}

fn not_taken(line: &str) -> Finding {
    let why = REFUSED.iter().find_map(|words| line.split_once(words)).map_or(line, |(_, why)| why);
    let fix = match corefile::entry(line) {
        Some(entry) => format!(
            "correct the entry `{entry}` of the ConfigMap `coredns-custom` in `kube-system`, or remove it"
        ),
        None => {
            "correct the ConfigMap `coredns-custom` in `kube-system`, or the Corefile in `coredns`".to_owned()
        }
    };
    Finding::new(
        format!("CoreDNS does not take its changed configuration: {}", why.trim()),
        "it goes on with what it read before, and does not start any more when it is restarted",
        fix,
    )
    .look(LOOK)
    .look(LOG)
}

/// The line by which a pod of CoreDNS says that it did not take what it last read.
fn refused(evidence: &Evidence) -> Option<&str> {
    let logs = &evidence.cluster.as_ref()?.logs;
    let pods = coredns::pods_of(evidence);
    pods.iter().find_map(|pod| {
        let log = logs.get(&format!("{}/coredns", pod.full_name()))?;
        let is_word = |line: &&str| REFUSED.iter().chain(&TAKEN).any(|words| line.contains(words));
        let last = log.lines().rfind(is_word)?;
        REFUSED.iter().any(|words| last.contains(words)).then_some(last)
    })
}

/// Whether each pod of CoreDNS gives what it should; nothing where pods are given no names.
pub(super) fn names(evidence: &Evidence) -> Option<Judged> {
    let inside = evidence.cluster.as_ref()?.inside.as_ref()?;
    Some(seen(id::INSIDE_NAMES, Subject::default(), answers(inside)))
}

fn answers(inside: &InsideSeen) -> Outcome {
    let Some(asked) = &inside.asked else {
        return Outcome::skip("this machine is not a node, so it cannot ask the pods of CoreDNS");
    };
    if asked.is_empty() {
        return Outcome::unknown("no pod of CoreDNS is ready");
    }
    // The name that tells which blocks were read comes first: what it explains is not told again.
    match asked.iter().find_map(wrong) {
        Some(finding) => finding.into(),
        None => {
            let pods: BTreeSet<&str> = asked.iter().map(|one| one.pod.as_str()).collect();
            Outcome::pass(format!("{} names and zones, asked at {}", inside.names, quoted(pods)))
        }
    }
}

/// What is wrong with an answer, if anything is.
fn wrong(asked: &InsideLookup) -> Option<Finding> {
    let InsideLookup { pod, wanted, lookup } = asked;
    let (name, server) = (&wanted.name, &lookup.server);
    let reply = match (&lookup.result, &wanted.answer) {
        (Ok(reply), InsideAnswer::FromHouse(_))
            if !matches!(reply.rcode, Rcode::ServFail | Rcode::Refused) =>
        {
            return None;
        }
        (_, InsideAnswer::FromHouse(servers)) => {
            let addresses: Vec<IpAddr> = servers.iter().map(SocketAddr::ip).collect();
            let first = addresses.first().map(ToString::to_string).unwrap_or_default();
            let finding = Finding::new(
                format!(
                    "the pod `{pod}` of CoreDNS gets no answer for the zone `{name}` from {}",
                    list(&addresses)
                ),
                "that server of the house is off, knows no such zone and says so with an error, or answers no addresses of pods",
                format!(
                    "send it the same query from a node; allow the range of pods in it, or name another one in `dns.insideZones` (zone `{name}`)"
                ),
            );
            return Some(finding.look(command!("dig SOA {} @{}", name, first)).heals_soon());
        }
        (Err(error), _) => {
            let finding = Finding::new(
                format!("the pod `{pod}` of CoreDNS does not answer this node: {error}"),
                "a firewall of the node drops packets to pods, or the pod has just gone",
                "allow packets to pods in the node's firewall (interfaces `cni0` and `flannel.1`)",
            );
            return Some(finding.look(command!("dig {} @{}", name, server)).heals_soon());
        }
        (Ok(reply), _) => reply,
    };
    let is_right = match &wanted.answer {
        InsideAnswer::Addresses(addresses) => reply.addresses() == *addresses,
        InsideAnswer::Text(text) => reply.texts().any(|said| said == text),
        InsideAnswer::Serial(serial) => soa(reply) == Some(*serial),
        InsideAnswer::FromHouse(_) => true,
    };
    if is_right {
        return None;
    }
    let said = match (&wanted.answer, reply.addresses()) {
        (InsideAnswer::Addresses(wanted), said) if said.is_empty() => {
            format!("has no address for `{name}`, in place of {}", list(wanted))
        }
        (InsideAnswer::Addresses(wanted), said) => {
            format!("answers {} for `{name}`, not {}", list(&said), list(wanted))
        }
        (InsideAnswer::Text(_), _) => "has not read the names of the configuration".to_owned(),
        _ => format!("has not read the zone `{name}` of the configuration"),
    };
    let finding = Finding::new(
        format!("the pod `{pod}` of CoreDNS {said}"),
        "a change gets there within two minutes (the kubelet renews the files of a pod, then CoreDNS reads them); or `homelab up` has not run since the configuration was changed, or CoreDNS does not take another entry of `coredns-custom`",
        "run `homelab up`; if it has just run, wait two minutes, then read that log",
    );
    let kind = if matches!(wanted.answer, InsideAnswer::Text(_)) { "TXT" } else { "A" };
    Some(finding.look(LOG).look(command!("dig {} {} @{}", kind, name, server)).heals())
}

/// The serial of the zone that is answered.
fn soa(reply: &Reply) -> Option<u32> {
    reply.answers.iter().find_map(|record| match &record.data {
        Data::Soa(soa) => Some(soa.serial),
        _ => None,
    })
}
