//! The addresses that the controller writes into the Ingresses of a host: external-dns publishes what stands there.

use std::net::IpAddr;

use serde_json::Value;

use crate::checks::engine::words::{list, span};
use crate::checks::engine::{Finding, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::ingress::pods::made_anew;
use crate::checks::ingress::timer::unwritten;
use crate::checks::ingress::{classes, objects, unmanaged};
use crate::checks::reading::logs::written;
use crate::checks::reading::{age, when};
use crate::evidence::{Evidence, NodeSeen, View, at, entries};
use crate::facts::address::is_public;
use crate::ingress::{Class, traits_of};

/// How much longer it may take than the controller's own interval, in seconds: a change of its leader takes half a minute, and an
/// ingress-nginx that an older homelab set up writes once a minute.
const LATE: i64 = 60;

pub(super) fn addresses_of_host(evidence: &Evidence, host: &str) -> Judged {
    let outcome = match (&evidence.ingresses, evidence.ingresses_of(host).next()) {
        (None, _) => Outcome::unknown("the Ingresses were not read"),
        (Some(_), None) => Finding::new(
            format!("no Ingress has the host `{host}`"),
            "it was not applied yet or was removed",
            "apply it",
        )
        .command("homelab up")
        .heals_soon()
        .into(),
        (Some(_), Some(ingress)) => {
            let name = format!("{}/{}", ingress.namespace, ingress.name);
            foreign(evidence, host).unwrap_or_else(|| match evidence.controller.is_managed() {
                true => addresses(evidence, host, &name),
                false => unmanaged::addresses(evidence, host, ingress),
            })
        }
    };
    judged(id::STATUS, Subject::host(host), Vantage::Api, outcome)
}

/// A skip where all Ingresses of the host are another controller's.
fn foreign(evidence: &Evidence, host: &str) -> Option<Outcome> {
    let ingresses = evidence.objects("ingresses.networking.k8s.io")?;
    let of_host = ingresses.iter().filter(|ingress| objects::hosts(ingress).contains(&host));
    let mut name = None;
    for ingress in of_host {
        match objects::class(evidence, ingress)? {
            Class::Foreign(class) => name = Some(class),
            _ => return None,
        }
    }
    Some(Outcome::skip(format!("another controller serves it, by the class `{}`", name?)))
}

fn addresses(evidence: &Evidence, host: &str, ingress: &str) -> Outcome {
    let found = evidence.status_of(host);
    if found.is_empty() {
        return empty(evidence, ingress).into();
    }
    let Some(nodes) = &evidence.nodes else {
        return Outcome::unknown("the nodes are not known");
    };
    let is_of_node = |ready: bool| {
        move |address: &IpAddr| {
            nodes.iter().any(|node| (node.ready || !ready) && node.addresses.contains(address))
        }
    };
    if let Some(address) = found.iter().find(|address| !is_of_node(false)(address)) {
        return stray(evidence, ingress, *address).into();
    }
    if let Some(lost) = found.iter().find(|address| !is_of_node(true)(address)) {
        let summary =
            format!("Ingress `{ingress}` still has {lost}, the address of a node that is not ready");
        let lasts = |summary: String| {
            Finding::new(
                summary,
                traits_of(evidence.controller).status.lost,
                "bring the node back, or drain and delete it",
            )
            .look("kubectl get nodes -o wide")
            .heals_soon()
        };
        return unwritten(evidence, summary).unwrap_or_else(lasts).into();
    }
    let serves = |node: &&NodeSeen| {
        node.ready
            && evidence.node_answers.iter().any(|probe| probe.node == node.name && probe.answer.is_ok())
    };
    let listed = |node: &&NodeSeen| node.addresses.iter().any(|address| found.contains(address));
    if let Some(missing) = nodes.iter().filter(serves).find(|node| !listed(node)) {
        let summary = format!(
            "Ingress `{ingress}` lacks {}, where node {} serves",
            list(&missing.addresses),
            missing.name
        );
        let comes = |summary: String| {
            Finding::new(
                summary,
                rolling(evidence).unwrap_or(traits_of(evidence.controller).status.late),
                "wait a minute; then read the controller's log",
            )
            .look(traits_of(evidence.controller).show_log("20"))
            .heals()
        };
        return unwritten(evidence, summary).unwrap_or_else(comes).into();
    }
    Outcome::pass(list(&found))
}

/// Pods of another revision than the leader's do not count for it.
fn rolling(evidence: &Evidence) -> Option<&'static str> {
    let set = objects::daemon_set(evidence)?;
    let count = |field: &str| set["status"][field].as_u64().unwrap_or(0);
    (count("updatedNumberScheduled") < count("desiredNumberScheduled"))
        .then_some("the DaemonSet is being rolled out: the leader counts only pods of its own revision")
}

/// Lines of the controller's logs.
fn lines(evidence: &Evidence) -> impl Iterator<Item = &str> {
    let logs = evidence.cluster.iter().flat_map(|cluster| &cluster.logs);
    let controller = traits_of(evidence.controller);
    logs.filter(move |(place, _)| controller.is_place(place)).flat_map(|(_, log)| log.lines())
}

/// The argument of that name, with its value.
fn argument<'a>(evidence: &'a Evidence, name: &str) -> Option<&'a str> {
    objects::arguments(evidence).into_iter().find(|argument| argument.split('=').next() == Some(name))
}

/// How old an Ingress is, in seconds.
fn age_of(evidence: &Evidence, ingress: &str) -> Option<i64> {
    let mut all = evidence.objects("ingresses.networking.k8s.io")?.iter();
    let object = all.find(|object| object.full_name() == ingress)?;
    when(object, "/metadata/creationTimestamp").map(|then| age(evidence.now, Some(then)))
}

fn empty(evidence: &Evidence, ingress: &str) -> Finding {
    let summary = match unwritten(evidence, format!("Ingress `{ingress}` has no address in its status")) {
        Ok(finding) => return finding,
        Err(summary) => summary,
    };
    let controller = traits_of(evidence.controller);
    // It tries again each time: a line of before, or of before this Ingress, is of a right that it has again.
    let every = controller.status.every + LATE;
    let counted = age_of(evidence, ingress).map_or(every, |age| age.min(every));
    let lately =
        |line: &&str| written(line, evidence.now).is_none_or(|at| age(evidence.now, Some(at)) <= counted);
    if let Some(what) = lines(evidence).filter(lately).find_map(controller.log.denied_status) {
        let account = controller.account;
        return Finding::new(
            summary,
            format!("the controller may not update {what}: somebody changed its ClusterRole or Role"),
            "create them again",
        )
        .command(command!("kubectl delete clusterrole {} --ignore-not-found", account))
        .command(command!("kubectl -n {} delete role {} --ignore-not-found", controller.namespace, account))
        .command("homelab up")
        .look(traits_of(evidence.controller).show_log("20"));
    }
    for (name, effect) in controller.status.misled_by {
        let set = argument(evidence, name).filter(|argument| *argument != controller.status.harmless);
        if let Some(argument) = set {
            return made_anew(
                controller,
                Finding::new(
                    summary,
                    format!("the controller runs with `{argument}` and so {effect}"),
                    "create its DaemonSet again, without that argument",
                ),
            );
        }
    }
    if let Some(age) = age_of(evidence, ingress).filter(|age| *age <= controller.status.every + LATE) {
        return Finding::new(
            format!("Ingress `{ingress}` is {} old and has no address yet", span(age)),
            format!(
                "the controller writes the address into new Ingresses every {}",
                span(controller.status.every)
            ),
            "wait a minute",
        )
        .heals();
    }
    let (cause, fix) = controller.status.empty;
    Finding::new(summary, cause, fix)
        .look(classes::LIST_WITH_INGRESSES)
        .look(traits_of(evidence.controller).show_log("20"))
        .heals_soon()
}

/// An address that is no node's internal one.
fn stray(evidence: &Evidence, ingress: &str, address: IpAddr) -> Finding {
    let summary =
        format!("Ingress `{ingress}` has {address} in its status, which is not the address of a node");
    let summary = match unwritten(evidence, summary) {
        Ok(finding) => return finding,
        Err(summary) => summary,
    };
    let controller = traits_of(evidence.controller);
    let (status, internal) = (&controller.status, controller.status.internal);
    let text = address.to_string();
    let (cause, by_argument) = if let Some(service) = service_of(evidence, &text) {
        (
            format!(
                "it is the address of Service `{service}`, which only the cluster reaches or which servicelb assigns; the controller publishes it"
            ),
            true,
        )
    } else if let Some(node) = external_of(evidence, &text).filter(|_| !internal.is_empty()) {
        (
            format!(
                "it is the ExternalIP of node `{node}`, which the controller prefers without `{internal}`: requests from home would go out to the internet and back"
            ),
            true,
        )
    } else if is_public(&address) {
        ("it is a public address: another program writes the status, or a node had it".to_owned(), false)
    } else {
        ("a node had the address before, or another program writes the status".to_owned(), false)
    };
    let fixed = status.fixed_by.iter().find_map(|name| argument(evidence, name));
    let wrong = fixed.map(|argument| format!("it runs with `{argument}`")).or_else(|| {
        let reports = argument(evidence, internal).is_some_and(|argument| !argument.ends_with("=false"));
        let known = objects::daemon_set(evidence).is_some();
        (known && by_argument && !reports && !internal.is_empty())
            .then(|| format!("it runs without `{internal}`"))
    });
    let finding = match wrong {
        Some(wrong) => made_anew(controller, Finding::new(
            summary,
            format!("{cause}; {wrong}"),
            "create the controller's DaemonSet again, with homelab's arguments",
        )),
        None => Finding::new(
            summary,
            cause,
            "wait a minute: the controller writes the nodes' addresses again; if the address comes back, find the program that writes it",
        )
        .look(traits_of(evidence.controller).show_log("20")),
    };
    finding.heals_soon()
}

/// The Service that has the address.
fn service_of(evidence: &Evidence, address: &str) -> Option<String> {
    let has = |service: &&Value| {
        let among = |pointer| entries(service, pointer).iter().any(|entry| entry == address);
        let balanced =
            entries(service, "/status/loadBalancer/ingress").iter().any(|entry| at(entry, "/ip") == address);
        at(service, "/spec/clusterIP") == address
            || among("/spec/clusterIPs")
            || among("/spec/externalIPs")
            || balanced
    };
    evidence.objects("services")?.iter().find(has).map(View::full_name)
}

/// The node that has the address as its external one.
fn external_of<'a>(evidence: &'a Evidence, address: &str) -> Option<&'a str> {
    let has = |node: &&Value| {
        entries(node, "/status/addresses")
            .iter()
            .any(|entry| at(entry, "/type") == "ExternalIP" && at(entry, "/address") == address)
    };
    evidence.objects("nodes")?.iter().find(has).map(|node| node.name())
}
