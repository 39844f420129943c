//! The way from an Ingress to an answer, one step a line: what each was seen to be, or what is wrong with it.

use serde::Serialize;
use serde_json::Value;

use crate::checks::{Check, Outcome, Report, Severity, def};
use crate::evidence::ownership::owners_of;
use crate::evidence::pod::is_ready;
use crate::evidence::{Evidence, HostSeen, View, at};
use crate::ingress::{class_in, traits_of};

/// One step.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Step {
    pub(super) name: &'static str,
    /// `ok`, `FAIL`, `warn`, `blocked`, `unknown` or `skip`.
    #[serde(rename = "outcome")]
    pub(super) word: &'static str,
    pub(super) saw: String,
}

/// What is said of the certificate of a name that has none on purpose.
const NO_TLS: &str = "its Ingress asks for none";

/// Whether a check belongs to a step: by its group, and by whether it is about one host, one node or neither.
type Belongs = fn(&str, &Check) -> bool;

/// Every step for the host, in the order in which one depends on the other.
pub(super) fn steps(evidence: &Evidence, report: &Report, host: &str) -> Vec<Step> {
    let seen = evidence.hosts.get(host).cloned().unwrap_or_default();
    let all: [(&'static str, String, Belongs); 9] = [
        ("cluster", cluster(evidence), |group, _| ["config", "host", "k3s", "net"].contains(&group)),
        ("Ingress", ingress(evidence, host), |group, check| {
            group == "lab" || (group == "ingress" && check.subject.host.is_some())
        }),
        ("controller", pods(evidence), |group, check| {
            group == "ingress" && check.subject.host.is_none() && check.subject.node.is_none()
        }),
        ("nodes", nodes(evidence, host), |group, check| {
            group == "ingress" && check.subject.host.is_none() && check.subject.node.is_some()
        }),
        ("record", record(evidence, host), |group, _| ["cf", "edns", "tunnel"].contains(&group)),
        ("resolvers", resolvers(&seen), |group, _| group == "dns"),
        ("Certificate", certificate(evidence, host), |group, _| group == "cm"),
        ("served", served(evidence, host, &seen), |group, _| group == "tls"),
        ("answer", answer(&seen), |group, _| group == "apps"),
    ];
    all.into_iter().map(|(name, saw, belongs)| step(report, host, name, saw, belongs)).collect()
}

fn step(report: &Report, host: &str, name: &'static str, saw: String, belongs: Belongs) -> Step {
    let mine = |check: &&Check| {
        let group = def(check.id).map_or("", |def| def.group());
        check.subject.host.as_deref().is_none_or(|other| other == host) && belongs(group, check)
    };
    let checks: Vec<&Check> = report.checks.iter().filter(mine).collect();
    let first_that = |wanted: fn(&Check) -> bool| checks.iter().find(|check| wanted(check));
    let told = |check: &Check| match &check.outcome {
        Outcome::Fail(finding) => format!("{}: {}", check.id, finding.summary),
        Outcome::Blocked { by } => format!("{saw} (blocked by {by})"),
        Outcome::Unknown { why } => format!("{saw} ({}: {why})", check.id),
        Outcome::Skip { why } => why.clone(),
        Outcome::Pass { .. } => saw.clone(),
    };
    let error = first_that(|check| check.severity == Severity::Error && check.finding().is_some());
    let warning = first_that(|check| check.severity == Severity::Warning && check.finding().is_some());
    let blocked = first_that(|check| matches!(check.outcome, Outcome::Blocked { .. }));
    let unknown = first_that(|check| {
        check.severity == Severity::Error && matches!(check.outcome, Outcome::Unknown { .. })
    });
    let passed = first_that(|check| matches!(check.outcome, Outcome::Pass { .. }));
    let order =
        [("FAIL", error), ("blocked", blocked), ("unknown", unknown), ("warn", warning), ("ok", passed)];
    let found = order.into_iter().find_map(|(word, check)| Some((word, *check?)));
    match found.or_else(|| checks.first().map(|check| ("skip", *check))) {
        Some((word, check)) => Step { name, word, saw: told(check) },
        None => Step { name, word: "skip", saw },
    }
}

fn cluster(evidence: &Evidence) -> String {
    let version =
        evidence.cluster.as_ref().and_then(|cluster| cluster.version.as_ref()?.as_ref().ok().cloned());
    let ready = evidence.nodes.iter().flatten().filter(|node| node.ready).count();
    match version {
        Some(version) => format!("{version}, {ready} nodes ready"),
        None => "the API server was not reached".to_owned(),
    }
}

fn ingress(evidence: &Evidence, host: &str) -> String {
    let told = evidence.ingresses_of(host).map(|ingress| {
        let class = ingress.class.as_deref().unwrap_or("no class");
        format!("{}/{}, class {class}", ingress.namespace, ingress.name)
    });
    or(told.collect(), "no Ingress has this name")
}

fn pods(evidence: &Evidence) -> String {
    if !evidence.controller.is_managed() {
        return format!("class `{}`, not homelab's", class_in(evidence));
    }
    let of_controller = |pod: &&Value| traits_of(evidence.controller).is_pod(pod);
    let told = evidence.objects("pods").unwrap_or_default().iter().filter(of_controller).map(|pod| {
        let word = if is_ready(pod) { "ready" } else { "not ready" };
        format!("{} on {}, {word}", pod.name(), at(pod, "/spec/nodeName"))
    });
    or(told.collect(), "no pod of the ingress controller was seen")
}

fn nodes(evidence: &Evidence, host: &str) -> String {
    or(evidence.status_of(host).iter().map(ToString::to_string).collect(), "the Ingress has no address")
}

fn record(evidence: &Evidence, host: &str) -> String {
    let Some(Ok(provider)) = &evidence.provider else {
        return "the provider was not asked".to_owned();
    };
    let name = evidence.record_of(host);
    let told = provider.records.iter().filter(|record| record.is_of_host(name)).map(|record| {
        let owner = evidence.owner.as_ref();
        let owner = owner.and_then(|ours| owners_of(&provider.records, ours, record).next());
        let owner = owner.map_or("no owner".to_owned(), |owner| format!("owner {}", owner.id));
        let by = if name == host { String::new() } else { format!(" by {name}") };
        format!("{} {}{by}, ttl {}, {owner}", record.kind, record.content, record.ttl)
    });
    or(told.collect(), "the zone has no record of this name")
}

fn resolvers(seen: &HostSeen) -> String {
    let lookups = || seen.authoritative.iter().chain(&seen.public).chain(&seen.system_servers);
    let answers = lookups().filter_map(|lookup| Some(lookup.result.as_ref().ok()?.addresses()));
    let mut found: Vec<String> = answers.flatten().map(|address| address.to_string()).collect();
    found.sort_unstable();
    found.dedup();
    if found.is_empty() {
        return "no resolver has an address".to_owned();
    }
    format!("{} from {} resolvers", found.join(", "), lookups().count())
}

fn certificate(evidence: &Evidence, host: &str) -> String {
    let told = evidence.certificates_of(host).map(|certificate| {
        let word = if certificate.ready == Some(true) { "ready" } else { "not ready" };
        format!("{}/{}, {word}", certificate.namespace, certificate.name)
    });
    let none = if evidence.is_without_tls(host) { NO_TLS } else { "no Certificate has this name" };
    or(told.collect(), none)
}

fn served(evidence: &Evidence, host: &str, seen: &HostSeen) -> String {
    if evidence.is_without_tls(host) {
        return NO_TLS.to_owned();
    }
    let told = seen.tls.iter().filter_map(|tls| tls.result.as_ref().ok()).map(|served| {
        let controller = traits_of(evidence.controller);
        if (controller.is_fake)(&served.leaf) {
            return format!(
                "{}'s own fake certificate, for it has no other for this name",
                controller.program
            );
        }
        let days = served.leaf.not_after.duration_since(evidence.now).as_secs().div_euclid(86_400);
        format!("from {}, {days} days left", served.leaf.issuer)
    });
    or(told.collect(), "no certificate was seen")
}

fn answer(seen: &HostSeen) -> String {
    match &seen.end_to_end {
        Some(Ok(answer)) => format!("status {}", answer.status),
        Some(Err(error)) => error.to_string(),
        None => "not asked by name".to_owned(),
    }
}

/// Each once.
fn or(mut found: Vec<String>, none: &str) -> String {
    found.dedup();
    if found.is_empty() { none.to_owned() } else { found.join("; ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::evidence::{ProviderSeen, Record, Zone};
    use crate::facts::ownership::Ownership;

    #[test]
    fn an_owner_is_read_whatever_the_case_of_the_name_and_however_its_text_is_cut() {
        let record = |kind: &str, name: &str, content: &str| -> Record {
            serde_json::from_value(
                json!({ "id": name, "type": kind, "name": name, "content": content, "ttl": 60 }),
            )
            .unwrap()
        };
        let text = "\"heritage=external-dns,external-\" \"dns/owner=lab,external-dns/resource=ingress/a/a\"";
        let records = vec![
            record("A", "Nas.Example.com", "192.168.1.2"),
            record("TXT", "A-homelab.nas.example.com", text),
        ];
        let mut evidence = Evidence::new("2026-06-01T12:00:00Z".parse().unwrap());
        evidence.provider = Some(Ok(ProviderSeen { zone: Zone::default(), records }));
        evidence.owner = Some(Ownership {
            id: "lab".into(),
            txt_prefix: "%{record_type}-homelab.".into(),
            wildcard_replacement: "wildcard".into(),
        });
        assert_eq!(super::record(&evidence, "nas.example.com"), "A 192.168.1.2, ttl 60, owner lab");
    }
}
