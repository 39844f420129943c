//! The challenges: what the DNS provider and the authority said to them.

use serde_json::Value;

use crate::checks::cm::asked;
use crate::checks::cm::chain::Chain;
use crate::checks::cm::reading::{Cure, Reading, means, one_line, over, read};
use crate::checks::engine::words::span;
use crate::checks::engine::{Finding, Outcome, Severity};
use crate::evidence::{AcmeSeen, Evidence, View, at};
use crate::provider::{OF_OWN_SERVER, traits_of};

/// What stands in a status in the place of an answer.
const LEFT_OUT: &str = "see events and logs for details";
/// How its events begin that have an error.
const ERROR: &str = "Error ";

/// What stands before the message of an event that Kubernetes has put together from many (client-go,
/// tools/record/events_cache.go).
const COMBINED: &str = "(combined from similar events): ";

/// What the authority says when it has looked.
const AUTHORITY: &[Reading] = &[
    over(&["acme:error:ratelimited"], "the authority's rate limit was reached, and its waiting time is over"),
    means(
        &["error:caa", "caa record"],
        "a CAA record of the domain forbids this authority",
        "add a CAA record for it, or remove the others",
    ),
    means(
        &["servfail", "dnssec"],
        "the authority's resolver cannot answer for the zone: broken DNSSEC, or a name server that does not answer",
        "remove or renew the DS record at the registrar; https://dnsviz.net shows where the chain of trust breaks",
    ),
    means(
        &["incorrect txt record"],
        "another record answers at that name: a wildcard, a CNAME to another name, or a record that a second ACME client left there",
        "remove the other TXT, CNAME or wildcard record at that name",
    ),
    over(
        &["no txt record", "nxdomain", "error:dns", "no valid txt"],
        "the authority did not find the record: not all of the zone's name servers had it, or the zone is delegated to other servers",
    ),
    over(
        &["unexpected non-acme api error"],
        "a connection to the authority broke, and cert-manager gave the challenge up",
    ),
    over(&["error:connection", "timeout during"], "the authority could not reach a name server of the zone"),
    over(&["error:unauthorized"], "the authority checked the record and did not accept it"),
    over(&["error:malformed", "expired"], "the order has expired at the authority"),
];

/// What cert-manager says when the provider does not take or give up a challenge's record.
fn challenges(evidence: &Evidence) -> impl Iterator<Item = &'static Reading> + use<> {
    let rows = match evidence.has_own_challenge_server() {
        true => OF_OWN_SERVER,
        false => traits_of(evidence.dns).challenges,
    };
    rows.iter().copied().flatten()
}

/// What a message of the authority or the provider means.
pub(super) fn meaning(evidence: &Evidence, message: &str) -> Option<&'static Reading> {
    read(message, AUTHORITY).or_else(|| read(message, challenges(evidence)))
}

/// What keeps the challenges of one Certificate from being met.
pub(super) fn is_met(evidence: &Evidence, acme: &AcmeSeen, chain: &Chain<'_>) -> Outcome {
    if let Some(finding) = asked::from_outside(evidence, acme, chain) {
        return chain.weigh(finding).into();
    }
    if chain.is_over() {
        return Outcome::pass("no attempt is under way");
    }
    if let Some(finding) = chain.challenges.iter().find_map(|challenge| fault(evidence, challenge, chain)) {
        return chain.weigh(finding).into();
    }
    match chain.challenges.len() {
        0 => Outcome::pass("no challenge is open"),
        n => Outcome::pass(format!("{n} open, no sign of a problem")),
    }
}

/// Why it has not succeeded: the status leaves out what some providers answered, and the newest event has it (cert-manager 1.21.2,
/// pkg/controller/acmechallenges/sync.go).
fn reason<'e>(evidence: &'e Evidence, challenge: &'e Value) -> &'e str {
    let reason = at(challenge, "/status/reason");
    if !reason.contains(LEFT_OUT) {
        return reason;
    }
    let of_it = |event: &&Value| {
        let about = |key: &str| at(event, &format!("/involvedObject/{key}"));
        about("kind") == "Challenge"
            && about("name") == challenge.name()
            && about("namespace") == challenge.namespace()
            && told(event).starts_with(ERROR)
    };
    let events = evidence.objects("events").unwrap_or_default().iter().filter(of_it);
    let newest = events.max_by_key(|event| at(event, "/lastTimestamp"));
    newest.map_or(reason, told)
}

/// What an event says.
fn told(event: &Value) -> &str {
    let message = at(event, "/message");
    message.strip_prefix(COMBINED).unwrap_or(message)
}

fn fault(evidence: &Evidence, challenge: &Value, chain: &Chain<'_>) -> Option<Finding> {
    let reason = reason(evidence, challenge);
    let (name, host) = (challenge.name(), at(challenge, "/spec/dnsName"));
    let namespace = challenge.namespace();
    let look = command!("kubectl -n {} describe challenge {}", namespace, name);
    let said = if reason.is_empty() { "it gives no reason".to_owned() } else { one_line(reason) };
    let finding = match at(challenge, "/status/state") {
        "valid" | "ready" => return None,
        "invalid" | "errored" | "expired" => ended(evidence, chain, host, reason, &said),
        _ if reason.is_empty() || reason.contains("propagation") || reason.contains("Successfully") => {
            return still(evidence, challenge, host).map(|finding| finding.look(look));
        }
        _ => {
            let provider = traits_of(evidence.dns);
            // What the client puts before the provider's own words is the less that matters.
            let own = (provider.quoted)(reason).filter(|_| said.ends_with('…'));
            let said = own.map_or(said, |own| one_line(&own));
            let summary = format!("the challenge for `{host}` cannot succeed: {said}");
            let known = read(reason, challenges(evidence)).or_else(|| read(reason, AUTHORITY));
            let cause = match (known, (provider.unknown_code)(reason)) {
                (Some(row), _) => row.cause.to_owned(),
                (None, Some(code)) => {
                    format!(
                        "{} refused it with a code that homelab does not know, {code}",
                        provider.words.name
                    )
                }
                (None, None) => "cert-manager gives no details".to_owned(),
            };
            let fix = known.map_or("read the challenge's events and the controller's log", |row| row.fix);
            let finding = Finding::new(summary, cause, fix).heals();
            match known.map(|row| row.cure) {
                Some(Cure::Up) => finding.command("homelab up"),
                _ => finding,
            }
        }
    };
    Some(finding.look(look))
}

/// The authority, or cert-manager, has given this challenge up: only a new order helps.
fn ended(evidence: &Evidence, chain: &Chain<'_>, host: &str, reason: &str, said: &str) -> Finding {
    let known = meaning(evidence, reason);
    let cause = known.map_or("the authority gives no details", |row| row.cause);
    let fix = known.map_or("fix what the message names, then try again with `homelab renew`", |row| row.fix);
    let finding = Finding::new(format!("the challenge for `{host}` failed: {said}"), cause, fix);
    match crate::checks::cm::certificate::next_try(evidence, chain).filter(|at| *at > evidence.now) {
        Some(at) => finding.heals().retry_at(Some(at)),
        None => finding.heals(),
    }
}

/// A challenge without an error that has not moved for long.
fn still(evidence: &Evidence, challenge: &Value, host: &str) -> Option<Finding> {
    const LONG: i64 = 900;
    let since = at(challenge, "/metadata/creationTimestamp").parse::<jiff::Timestamp>().ok()?;
    let age = evidence.now.duration_since(since).as_secs();
    let idle = !at(challenge, "/status/reason").contains("propagation");
    (idle && age > LONG).then(|| {
        Finding::new(
            format!("the challenge for `{host}` has not moved for {}", span(age)),
            "cert-manager's controller does not work on it: it waits for another challenge of the same name, or hangs",
            "check the controller's log and the other challenges",
        )
        .look("kubectl get challenges -A")
    })
}

/// Challenges that should be gone: their order was deleted, but their record cannot be removed.
pub(super) fn stuck(evidence: &Evidence) -> Vec<(String, Finding)> {
    /// Longer than this, removing a record is not only slow.
    const USUAL: i64 = 30;
    let all = evidence.objects("challenges.acme.cert-manager.io").unwrap_or_default();
    let finding = |challenge: &Value| {
        let since = at(challenge, "/metadata/deletionTimestamp").parse::<jiff::Timestamp>().ok()?;
        let age = evidence.now.duration_since(since).as_secs();
        let reason = reason(evidence, challenge);
        let known = read(reason, challenges(evidence));
        let said = if reason.is_empty() { String::new() } else { format!(": {}", one_line(reason)) };
        (age > USUAL).then(|| {
            Finding::new(
                format!("challenge `{}` has been waiting for its deletion for {}{said}", challenge.full_name(), span(age)),
                known.map_or("cert-manager cannot remove the challenge's TXT record, and keeps the challenge until it can", |row| row.cause),
                known.map_or("fix what its reason names; only if that cannot be fixed, remove its finalizer and the TXT record by hand", |row| row.fix),
            )
            .look(command!("kubectl -n {} describe challenge {}", challenge.namespace(), challenge.name()))
            .heals_soon()
            .only(Severity::Warning)
        })
    };
    all.iter().filter_map(|one| Some((at(one, "/spec/dnsName").to_owned(), finding(one)?))).collect()
}
