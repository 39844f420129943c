//! The group `lab`: what the configuration says, as it lies in the cluster.

use jiff::Timestamp;
use serde_json::Value;

use crate::checks::engine::words::span;
use crate::checks::engine::{CheckId, Finding, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::lab::installed::installed;
use crate::desired::external_dns::{NAME, NAMESPACE};
use crate::evidence::{Conflict, CopyState, DriftSeen, Drifted, Evidence, View, at, entries};
use crate::outside::command::Command;
use crate::provider::SECRET;

/// How long a namespace may take to go, in seconds, before something must hold it.
const PATIENCE: i64 = 60;
/// The same when its conditions say what holds it.
const PATIENCE_WITH_REASON: i64 = 5;
/// How many objects are named.
const NAMED: usize = 3;

/// Judges the group.
pub(super) fn outcomes_of_lab(evidence: &Evidence) -> Vec<Judged> {
    let Some(cluster) = &evidence.cluster else { return Vec::new() };
    let lab_wide = |id, outcome| judged(id, Subject::default(), Vantage::Api, outcome);
    if let Some(Err(failure)) = &cluster.version {
        let unknown = || Outcome::unknown(failure.failure.what.clone());
        return [id::NAMESPACES, id::INSTALLED, id::CONFLICT, id::APPLIED]
            .map(|id| lab_wide(id, unknown()))
            .into();
    }
    let mut all = Vec::new();
    if cluster.objects.listing("namespaces").is_some() {
        all.push(lab_wide(id::NAMESPACES, namespaces(evidence)));
    }
    if let Some(drift) = evidence.drift.clone().map(|drift| drift.map(|drift| without_token(evidence, drift)))
    {
        let judge = |check: fn(&DriftSeen) -> Outcome| match &drift {
            Ok(drift) => check(drift),
            Err(why) => Outcome::unknown(why.clone()),
        };
        all.push(lab_wide(id::INSTALLED, judge(installed)));
        all.push(lab_wide(id::CONFLICT, judge(conflict)));
        all.push(lab_wide(id::APPLIED, judge(applied)));
    }
    all
}

/// A token that the cluster does not have yet makes its Secrets and external-dns' pod differ: `cf.copies` says so, and why.
fn without_token(evidence: &Evidence, mut drift: DriftSeen) -> DriftSeen {
    let copies = evidence.token.as_ref().and_then(|token| token.copies.as_ref());
    if copies.is_some_and(|copies| copies.iter().any(|copy| copy.state != CopyState::Same)) {
        let deployment = format!("Deployment {NAMESPACE}/{NAME}");
        let explained = |object: &str| object == deployment || object.ends_with(&format!("/{SECRET}"));
        drift.write.retain(|drifted| !explained(drifted.object()));
    }
    drift
}

/// What differs alone because these Deployments are scaled to 0, each with the check that says so, has its cure there. Where
/// others own more, `homelab up` would stop at that all the same: then everything is told here.
pub(in crate::checks) fn leave_to_others(
    evidence: &Evidence,
    told: &[(String, CheckId)],
    judged: &mut [Judged],
) {
    let Some(Ok(drift)) = &evidence.drift else { return };
    let is_told = |one: &Conflict| {
        one.fields == [".spec.replicas"] && told.iter().any(|(object, _)| *object == one.object)
    };
    let Some(first) = drift.conflicts.first().filter(|_| drift.conflicts.iter().all(is_told)) else { return };
    let Some((object, by)) = told.iter().find(|(object, _)| *object == first.object) else { return };
    for one in judged.iter_mut().filter(|one| matches!(one.outcome, Outcome::Fail(_))) {
        match one.id {
            // Not blocked: what says so may itself need this check.
            id::CONFLICT => one.outcome = Outcome::skip(format!("{object} is scaled to 0: see `{by}`")),
            id::APPLIED => one.outcome = Outcome::Blocked { by: *by },
            _ => {}
        }
    }
}

fn namespaces(evidence: &Evidence) -> Outcome {
    let Some(namespaces) = evidence.objects("namespaces") else {
        return Outcome::unknown("the namespaces were not read");
    };
    let Some(Stuck { namespace, since, reason }) =
        namespaces.iter().find_map(|object| stuck(object, evidence.now))
    else {
        return Outcome::pass(format!("{} namespaces", namespaces.len()));
    };
    let (cause, look) = match reason {
        Some((kind, message)) => (message.trim_end_matches('.').to_owned(), look(kind, namespace)),
        None => (
            "an object in it is not deleted yet; the conditions of the namespace do not say which".to_owned(),
            look("", namespace),
        ),
    };
    let finding = Finding::new(
        format!("the namespace `{namespace}` has been terminating for {}", span(since)),
        cause,
        "install the program of that finalizer again, so that it can clean up. If you remove the finalizer by hand, what the program should clean up stays behind",
    );
    finding.look(look).heals_soon().into()
}

/// A namespace that should be gone.
struct Stuck<'e> {
    namespace: &'e str,
    /// For how many seconds.
    since: i64,
    /// The condition that says what holds it, and its message.
    reason: Option<(&'e str, &'e str)>,
}

fn stuck(object: &Value, now: Timestamp) -> Option<Stuck<'_>> {
    let deleted: Timestamp = at(object, "/metadata/deletionTimestamp").parse().ok()?;
    let since = now.as_second() - deleted.as_second();
    let holds = |kind: &str| {
        let held = entries(object, "/status/conditions")
            .iter()
            .find(|condition| at(condition, "/type") == kind && at(condition, "/status") == "True")?;
        Some((at(held, "/type"), at(held, "/message")))
    };
    let kinds = [
        "NamespaceFinalizersRemaining",
        "NamespaceDeletionDiscoveryFailure",
        "NamespaceDeletionGroupVersionParsingFailure",
        "NamespaceDeletionContentFailure",
        "NamespaceContentRemaining",
    ];
    let reason = kinds.into_iter().find_map(holds);
    let finalizers = reason.as_ref().is_some_and(|(kind, _)| *kind == kinds[0]);
    let patience = if finalizers { PATIENCE_WITH_REASON } else { PATIENCE };
    (since >= patience).then(|| Stuck { namespace: object.name(), since, reason })
}

fn look(kind: &str, namespace: &str) -> Option<Command> {
    if kind == "NamespaceDeletionDiscoveryFailure" {
        return Some("kubectl get apiservices".into());
    }
    command!("kubectl get namespace {} -o jsonpath='{.status.conditions}'", namespace)
}

fn conflict(drift: &DriftSeen) -> Outcome {
    let Some(first) = drift.conflicts.first() else {
        return Outcome::pass("no other program has changed what homelab sets");
    };
    let more = match drift.conflicts.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more like it"),
    };
    let Conflict { object, manager, fields, .. } = first;
    // Whoever writes an object calls himself what he likes: no backtick of his begins or ends a command here.
    let manager = &manager.replace('`', "'");
    let fields = shortened(fields.iter().map(|field| format!("`{field}`")).collect());
    let summary = format!(
        "`{manager}` set {fields} of `{object}` to a value that differs from the configuration{more}"
    );
    let helm = manager.to_lowercase().contains("helm");
    if helm || first.entry.is_none() {
        return Finding::new(
            summary,
            "another program installed it, and `homelab up` never overwrites what others own",
            "choose one: to use that installation, set `certManager.manage: false` or `externalDns.manage: false`; to replace it, remove it, for example with `helm uninstall`; to take it over, run `homelab up --adopt`",
        )
        .look(command!("kubectl get {} -o yaml --show-managed-fields", first.argument))
        .into();
    }
    let mut finding = Finding::new(
        summary,
        format!("somebody changed it with `{manager}`, and `homelab up` never overwrites what others own"),
        format!(
            "run the commands below: they remove `{manager}` as an owner of the fields, and `homelab up` then sets homelab's values"
        ),
    );
    // From the last entry on, so that the places of the others stay what they are.
    let mut conflicts: Vec<&Conflict> = drift.conflicts.iter().collect();
    conflicts.sort_by_key(|conflict| (conflict.object.clone(), std::cmp::Reverse(conflict.entry)));
    for command in conflicts.into_iter().filter_map(give_up) {
        finding = finding.command(command);
    }
    finding.command("homelab up").into()
}

/// Removes the manager from the object's managed fields, if it still stands where it was seen (Kubernetes docs,
/// "Server-Side Apply": managedFields may be changed by a patch).
fn give_up(conflict: &Conflict) -> Option<Command> {
    let path = format!("/metadata/managedFields/{}", conflict.entry?);
    let patch = serde_json::json!([
        { "op": "test", "path": format!("{path}/manager"), "value": conflict.manager },
        { "op": "remove", "path": path },
    ]);
    command!("kubectl patch {} --type=json -p {}", conflict.argument, patch.to_string())
}

fn applied(drift: &DriftSeen) -> Outcome {
    if let Some(theirs) = &drift.other_lab {
        return Finding::new(
            format!("homelab has already been installed in this cluster with another `dns.owner`, `{theirs}`"),
            "homelab can be installed only once in a cluster, so `homelab up` stops before it writes anything",
            format!("to continue with that installation, set its owner in the configuration: `dns.owner: {theirs}`; for a second one, use another cluster"),
        )
        .nixos(format!("services.homelab.settings.dns.owner = \"{theirs}\";"))
        .into();
    }
    let left_out = match drift.left_out.as_slice() {
        [] => String::new(),
        some => format!("; not compared: {}", some.join(", ")),
    };
    if drift.write.is_empty() && drift.prune.is_empty() {
        let by = drift.deployer.map(|by| format!(", applied by {}", by.name())).unwrap_or_default();
        return Outcome::pass(format!("{} objects{by}{left_out}", drift.kept));
    }
    let named =
        |objects: Vec<&str>| shortened(objects.into_iter().map(|object| format!("`{object}`")).collect());
    let objects_that = |which: fn(&Drifted) -> bool| -> Vec<&str> {
        drift.write.iter().filter(|drifted| which(drifted)).map(Drifted::object).collect()
    };
    let missing = objects_that(|drifted| matches!(drifted, Drifted::Missing(_)));
    let changed = objects_that(|drifted| !matches!(drifted, Drifted::Missing(_)));
    let extra: Vec<&str> = drift.prune.iter().map(String::as_str).collect();
    let parts = [(missing, "missing"), (changed, "different"), (extra, "no longer wanted")];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(objects, _)| !objects.is_empty())
        .map(|(objects, how)| format!("{how}: {}", named(objects)))
        .collect();
    let summary = format!("the cluster differs from the configuration: {}{left_out}", parts.join("; "));
    if let Some(by) = drift.deployer {
        let by = by.name();
        return Finding::new(
            summary,
            format!("{by} applies this lab, and the files in its repository are older than the configuration or than this homelab, or {by} has not applied the newest ones yet"),
            format!("run `homelab render --output-dir DIR`, commit the folder, and let {by} apply it"),
        )
        .into();
    }
    let by_hand =
        drift.write.iter().all(|drifted| matches!(drifted, Drifted::Touched(_))) && drift.prune.is_empty();
    let cause = if by_hand {
        "the same configuration was applied before, so somebody has changed this by hand since then"
    } else {
        "the configuration or homelab has changed since the last `homelab up`, or somebody has changed this by hand"
    };
    Finding::new(summary, cause, "apply the configuration").command("homelab up").into()
}

/// The first few, and how many more there are.
fn shortened(all: Vec<String>) -> String {
    let more = all.len().saturating_sub(NAMED);
    let shown = all.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}
