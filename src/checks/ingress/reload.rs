//! Whether what the controller wrote was taken. It keeps the last configuration that it took, and everything that changed
//! since (names, certificates, pods behind a Service) waits behind the one thing that it refuses.

use jiff::Timestamp;

use crate::checks::engine::{Finding, Judged, Outcome};
use crate::checks::id;
use crate::checks::ingress::blame::{self, Culprit};
use crate::checks::ingress::lab_wide;
use crate::checks::reading::age;
use crate::checks::reading::logs::written;
use crate::evidence::{Evidence, Refusal, Reload, ReloadSeen, View};
use crate::ingress::{Traits, traits_of};
use crate::outside::command::Command;

/// What comes of it.
const WAITS: &str = "no change of any name, certificate or service takes effect until you correct that; the old configuration stays in use";
/// How many seconds after a change a refusal that nothing explains any more may still turn out to be over.
const CURED: i64 = 30;
/// The longest pause between two tries, in seconds; after fewer failures than that it is shorter.
const LONGEST: i64 = 1000;
const SHORT: u32 = 18;
/// Why nobody may restart the controller meanwhile.
const NO_RESTART: &str =
    "until then, do not restart the controller: a pod that starts again gets no configuration at all";

pub(super) fn last_reload(evidence: &Evidence) -> Vec<Judged> {
    let outcome = match evidence.reloads.as_deref() {
        None => Outcome::unknown("the controller's log was not read"),
        Some([]) => Outcome::unknown("no pod of the controller runs"),
        Some(pods) => configuration_loads(evidence, pods),
    };
    vec![lab_wide(id::RELOAD, outcome)]
}

fn configuration_loads(evidence: &Evidence, pods: &[ReloadSeen]) -> Outcome {
    if let Some((seen, refusal)) = refusals(evidence).next() {
        return refused(evidence, seen, refusal).into();
    }
    if let Some(seen) = pods.iter().find(|seen| matches!(seen.last, Ok(Reload::UnderWay))) {
        let finding = Finding::new(
            format!("pod `{}` is still loading its newest configuration", seen.pod),
            "a change was made a moment ago, or the pod has just started, and this machine is slow or busy",
            "wait half a minute, and check again",
        );
        return finding.look(log(traits_of(evidence.controller), &seen.pod)).heals().into();
    }
    let unknown = pods.iter().find_map(|seen| Some((&seen.pod, seen.last.as_ref().err()?)));
    if let Some((pod, why)) = unknown {
        return Outcome::unknown(format!("pod `{pod}`: {why}"));
    }
    match pods.iter().all(|seen| seen.last == Ok(Reload::Loaded)) {
        true => Outcome::pass("the controller has loaded the last change"),
        false => Outcome::pass("the controller refuses no change"),
    }
}

/// Whether what the controller of that pod wrote is refused.
pub(super) fn is_refused(evidence: &Evidence, pod: &str) -> bool {
    refusals(evidence).any(|(seen, _)| seen.pod == pod)
}

/// Whether what any pod of the controller wrote is refused.
pub(in crate::checks) fn is_stuck(evidence: &Evidence) -> bool {
    refusals(evidence).next().is_some()
}

/// The refusals that hold still.
fn refusals(evidence: &Evidence) -> impl Iterator<Item = (&ReloadSeen, &Refusal)> {
    evidence.reloads.iter().flatten().filter_map(|seen| match &seen.last {
        Ok(Reload::Refused(refusal)) if !is_over(evidence, refusal) => Some((seen, refusal)),
        _ => None,
    })
}

/// Whether the refusal is history, though nothing was loaded since: where the configuration is again the one that runs,
/// the controller says nothing. While it is refused, the controller tries again after each change, and else after a
/// pause that doubles each time (client-go, `DefaultControllerRateLimiter`).
fn is_over(evidence: &Evidence, refusal: &Refusal) -> bool {
    let Some(told) = written(&refusal.line, evidence.now) else { return false };
    let takes = takes(traits_of(evidence.controller));
    let pause = if refusal.times < SHORT { (5 << refusal.times) / 1000 } else { LONGEST };
    let is_after =
        |change: Timestamp| change.as_second() > told.as_second() && age(evidence.now, Some(change)) >= takes;
    age(evidence.now, Some(told)) > pause + takes || last_change(evidence).is_some_and(is_after)
}

/// Within how many seconds the controller has looked at a change and said so; a change is dated in whole seconds.
fn takes(controller: &Traits) -> i64 {
    i64::try_from(controller.log.takes.as_secs()).unwrap_or(LONGEST)
}

/// When anything that the controller loads was changed last, as far as that is known.
fn last_change(evidence: &Evidence) -> Option<Timestamp> {
    blame::newest(evidence).map(|(_, time)| time).max(evidence.written)
}

/// What shows what was said of it.
fn log(controller: &Traits, pod: &str) -> Option<Command> {
    command!(
        "kubectl -n {} logs {} --tail=200 | grep -A20 {}",
        controller.namespace,
        pod,
        controller.log.refusal
    )
}

fn refused(evidence: &Evidence, seen: &ReloadSeen, refusal: &Refusal) -> Finding {
    let words = refusal.said.first().map_or("it does not say why", String::as_str);
    let controller = traits_of(evidence.controller);
    let summary = format!("{} refuses its newest configuration: {words}", controller.program);
    let culprits = blame::of(evidence, &refusal.said);
    let cause = match culprits.as_slice() {
        [] => format!(
            "no Ingress or setting contains that text now: it was removed a moment ago, or it is somewhere else, for example in a Secret; {WAITS}"
        ),
        some => {
            let named: Vec<String> = some.iter().map(Culprit::shown).collect();
            format!("{}; {WAITS}", named.join(", or "))
        }
    };
    let finding = Finding::new(summary, cause, fix(evidence, &culprits)).look(log(controller, &seen.pod));
    let finding = match culprits.first() {
        Some(Culprit::Setting { by: None, .. }) => finding.nixos("services.homelab.ingress.config"),
        Some(_) => finding,
        None => nudged(evidence, finding),
    };
    // The controller may not have looked at the last change yet. Where nobody has the text any more, that change was most
    // likely the cure, dated in the second of the last refusal: the next look tells.
    let within = if culprits.is_empty() { CURED } else { takes(controller) };
    let is_fresh = last_change(evidence).is_some_and(|change| age(evidence.now, Some(change)) < within);
    if is_fresh { finding.heals() } else { finding }
}

/// A change that means nothing makes the controller try again: had the cause gone, the refusal is over by that. The annotation
/// stays: the controller says nothing where the configuration is again the one that runs, and when the Ingress was changed is
/// known only as long as the change is there.
fn nudged(evidence: &Evidence, finding: Finding) -> Finding {
    let Some(ingress) = blame::ingresses(evidence).first().copied() else { return finding };
    let (namespace, name) = (ingress.namespace(), ingress.name());
    finding
        .command(command!("kubectl -n {} annotate ingress {} homelab/look-", namespace, name))
        .command(command!("kubectl -n {} annotate ingress {} homelab/look=again", namespace, name))
}

fn fix(evidence: &Evidence, culprits: &[Culprit<'_>]) -> String {
    let step = match culprits.first() {
        Some(Culprit::Ingress { object, .. }) if crate::plan::is_of_lab(object) => {
            "correct that in the service's part of the configuration, and run `homelab up`".to_owned()
        }
        Some(Culprit::Ingress { object, .. }) => {
            let (namespace, name) = (object.namespace(), object.name());
            let edit = command!("kubectl -n {} edit ingress {}", namespace, name);
            let edit = edit.map_or_else(String::new, |edit| format!(" (`{edit}`)"));
            format!("correct that{edit}, or remove the Ingress")
        }
        Some(Culprit::Setting { key, by: None, .. }) => {
            format!(
                "correct or remove `{key}` below `ingress.config` in the configuration, and run `homelab up`"
            )
        }
        Some(Culprit::Setting { key, of, .. }) => {
            let (namespace, name) = (of.namespace, of.workload);
            format!("correct or remove `{key}`: `kubectl -n {namespace} edit configmap {name}`")
        }
        None => {
            let last = blame::newest(evidence).map_or_else(String::new, |(object, time)| {
                format!(
                    " (the newest object is {} `{}`, changed at {time})",
                    kind(object),
                    object.full_name()
                )
            });
            format!(
                "make the controller load its configuration again; if it still refuses it, undo the last change{last}"
            )
        }
    };
    format!("{step}; {NO_RESTART}")
}

fn kind(object: &serde_json::Value) -> &'static str {
    if object["data"].is_object() { "ConfigMap" } else { "Ingress" }
}

/// While a configuration is refused, what would start the controller anew is taken out of every finding.
pub(in crate::checks) fn withhold_restarts(judged: &mut [Judged]) {
    let refused = |one: &Judged| {
        one.id == id::RELOAD
            && matches!(&one.outcome, Outcome::Fail(finding) if finding.heals == crate::checks::engine::Heals::Never)
    };
    if !judged.iter().any(refused) {
        return;
    }
    for one in judged {
        if let Outcome::Fail(finding) = &mut one.outcome
            && finding.restarts
        {
            finding.fix.commands.clear();
            finding.fix.text = format!(
                "first fix what `{}` says: a pod of the controller that starts now gets no configuration. Then check again",
                id::RELOAD
            );
        }
    }
}
