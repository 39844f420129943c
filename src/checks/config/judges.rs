//! The group `config`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::checks::config::annotations;
use crate::checks::engine::{Finding, Judged, Outcome, Severity, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::reading::zone::{NOT_OF_NAMES, unseen};
use crate::evidence::{ConfigSeen, Evidence, IngressSeen, View};
use crate::facts::names::is_within;
use crate::ingress::{NOT_OURS, traits_of};

/// Judges the group.
pub(super) fn outcomes_of_lab(evidence: &Evidence) -> Vec<Judged> {
    let Some(config) = &evidence.config else { return Vec::new() };
    let lab_wide = |id, outcome| judged(id, Subject::default(), Vantage::Config, outcome);
    let mut all = vec![lab_wide(id::VALID, valid(config))];
    if config.problem.is_some() {
        let rest = [id::HOST_IN_ZONE, id::TARGET_PRIVATE_UNPROXIED, id::ANNOTATION_PREFIX, id::GUARDED];
        all.extend(rest.map(|id| lab_wide(id, Outcome::unknown("the configuration cannot be used"))));
        return all;
    }
    all.extend(hosts(evidence, config));
    all.push(lab_wide(id::TARGET_PRIVATE_UNPROXIED, annotations::unproxied(evidence, config)));
    all.push(lab_wide(id::ANNOTATION_PREFIX, annotations::prefix(evidence, config)));
    all.push(lab_wide(id::GUARDED, guarded(evidence, config)));
    all
}

fn guarded(evidence: &Evidence, config: &ConfigSeen) -> Outcome {
    if !evidence.controller.is_managed() {
        return Outcome::skip(NOT_OURS);
    }
    let open = traits_of(evidence.controller).guards.iter().filter_map(|guard| {
        let value = config.guards.get(guard.key)?;
        (!guard.safe.contains(&value.as_str())).then(|| (format!("`{}: {value}`", guard.key), guard.without))
    });
    let (entries, without): (Vec<String>, Vec<&str>) = open.unzip();
    if entries.is_empty() {
        return Outcome::pass("the configuration weakens no security setting of the controller");
    }
    Finding::new(
        format!("`ingress.config` has {}", entries.join(", ")),
        without.join("; "),
        format!("remove {} from `ingress.config`, and run `homelab up`", entries.join(", ")),
    )
    .command("homelab up")
    .into()
}

fn valid(config: &ConfigSeen) -> Outcome {
    let Some(problem) = &config.problem else {
        return Outcome::pass(match config.hosts.len() {
            1 => "one host".to_owned(),
            n => format!("{n} hosts"),
        });
    };
    let cause = match problem.cause.as_str() {
        "" => "`homelab up` refuses it for the same reason",
        cause => cause,
    };
    let (head, places) = problem.what.split_once('\n').unwrap_or((&problem.what, ""));
    // One line for each problem, the lines of the file and the help below it deeper.
    let problems =
        places.lines().filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    let summary: Vec<&str> = std::iter::once(head).chain(problems).collect();
    let fix = match (problem.hint.as_str(), places.trim_matches('\n')) {
        ("", "") => "correct what the message names".to_owned(),
        ("", places) => format!("correct what is marked\n{places}"),
        (hint, _) => hint.to_owned(),
    };
    Finding::new(summary.join("; "), cause, fix).into()
}

/// The hosts of the configuration, and those of Ingresses that others made and our controller serves.
fn hosts(evidence: &Evidence, config: &ConfigSeen) -> Vec<Judged> {
    let zone = match &evidence.provider {
        _ if evidence.is_zone_of_challenges() => Err(Outcome::skip(NOT_OF_NAMES)),
        Some(Ok(provider)) => Ok(provider.zone.name.as_str()),
        Some(Err(_)) => Err(unseen(evidence)),
        None => Err(Outcome::skip("the provider was not asked")),
    };
    let zone = match zone {
        Ok(zone) => zone,
        Err(outcome) => {
            return vec![judged(id::HOST_IN_ZONE, Subject::default(), Vantage::Config, outcome)];
        }
    };
    let in_zone =
        |host: &str, vantage, outcome| judged(id::HOST_IN_ZONE, Subject::host(host), vantage, outcome);
    let within = || Outcome::pass(format!("in the zone `{zone}`"));
    let own = config.hosts.iter().map(|host| {
        let outcome = if is_within(host, zone) { within() } else { own_outside(host, zone) };
        in_zone(host, Vantage::Config, outcome)
    });
    let mut all: Vec<Judged> = own.collect();
    let mut told: BTreeSet<&str> = config.hosts.iter().map(String::as_str).collect();
    for ingress in evidence.ingresses.iter().flatten().filter(|ingress| is_served(ingress, config)) {
        for host in &ingress.hosts {
            if told.insert(host) && !is_ours(evidence, ingress) {
                let outcome =
                    if is_within(host, zone) { within() } else { foreign_outside(ingress, host, zone) };
                all.push(in_zone(host, Vantage::Api, outcome));
            }
        }
    }
    all
}

fn is_served(ingress: &IngressSeen, config: &ConfigSeen) -> bool {
    match &ingress.class {
        Some(class) => *class == config.class,
        None => config.default_class,
    }
}

fn is_ours(evidence: &Evidence, ingress: &IngressSeen) -> bool {
    let objects = evidence.objects("ingresses.networking.k8s.io").unwrap_or_default();
    let same = |object: &&Value| object.namespace() == ingress.namespace && object.name() == ingress.name;
    objects.iter().find(same).is_some_and(crate::plan::is_of_lab)
}

fn own_outside(host: &str, zone: &str) -> Outcome {
    Finding::new(
        format!("`{host}` is outside the zone `{zone}`"),
        "the API token sees only that zone, and one lab serves one zone",
        format!("give the service a `host` below `{zone}`"),
    )
    .into()
}

fn foreign_outside(ingress: &IngressSeen, host: &str, zone: &str) -> Outcome {
    let (namespace, name) = (&ingress.namespace, &ingress.name);
    Finding::new(
        format!(
            "`{host}` of the Ingress `{namespace}/{name}` is outside the zone `{zone}` and gets no record"
        ),
        "external-dns writes records in that zone only, and silently ignores every other name",
        format!(
            "give that Ingress a host below `{zone}`, or create the record at the DNS provider of its own zone"
        ),
    )
    .look(command!("kubectl -n {} get ingress {} -o yaml", namespace, name))
    .only(Severity::Warning)
    .into()
}
