//! What `homelab restore` says.

use serde_json::{Value, json};

use super::{One, Outcome, Run};
use crate::outside::Shown;
use crate::plan::backup::Holding;
use crate::plan::backup::restore::Decision;
use crate::ui::House;

/// What became of each Secret, and the next step.
pub(super) fn summary(run: &Run, dry_run: bool, house: &House) -> Shown {
    let mut lines: Vec<String> = run.all.iter().map(|one| line(one, dry_run)).collect();
    let made = run.homes.made.iter().map(|name| match dry_run {
        true => format!("Namespace {name}: would be made"),
        false => format!("Namespace {name}: made"),
    });
    lines.splice(0..0, made);
    if run.all.iter().any(One::is_written) && !dry_run {
        lines.push("next: `homelab up`, which uses these certificates and orders none of them".to_owned());
    } else if !run.all.iter().any(One::is_wrong) && !dry_run {
        lines.push("nothing to restore".to_owned());
    }
    let lines: Vec<Shown> = lines.iter().map(|line| Shown::line(&house.words(line))).collect();
    shown!("{}\n", Shown::join(&lines, "\n"))
}

fn line(one: &One, dry_run: bool) -> String {
    let place = format!("Secret {}", one.facts.place());
    let anew = match one.other_issuer && one.is_written() {
        true => "; it is another issuer's than homelab.yaml names, so cert-manager orders it anew",
        false => "",
    };
    let what = match (&one.facts.serial, &one.facts.not_after) {
        (Some(serial), Some(end)) if one.facts.holds == Holding::CertificateAuthority => {
            format!("the lab's own certificate authority, serial {serial}, valid until {end}{anew}")
        }
        (Some(serial), Some(end)) => {
            format!("{}, serial {serial}, valid until {end}{anew}", one.facts.hosts.join(", "))
        }
        _ => "the ACME account key".to_owned(),
    };
    let done = if dry_run { "would be restored" } else { "restored" };
    match &one.outcome {
        Outcome::Decided(Decision::Write) => format!("{place}: {done}: {what}"),
        Outcome::Decided(Decision::Replace(_)) => {
            format!("{place}: {done} over the one that is there: {what}")
        }
        _ => format!("{place}: {}", why(one)),
    }
}

/// Why it is not restored.
fn why(one: &One) -> String {
    let place = one.facts.place();
    match &one.outcome {
        Outcome::Homeless => format!(
            "not restored: the namespace {} is missing; install what lives there, then run this again",
            one.facts.namespace
        ),
        Outcome::Unusable(why) => format!("not restored: `{}`: {why}", one.facts.file()),
        Outcome::Decided(Decision::Write | Decision::Replace(_)) => String::new(),
        Outcome::Decided(Decision::Same) => "is there already".to_owned(),
        Outcome::Decided(Decision::Expired) => "left out: its certificate has expired".to_owned(),
        Outcome::Decided(Decision::Unwanted) => {
            "left out: homelab.yaml does not ask for it".to_owned()
        }
        Outcome::Decided(Decision::Newer) => format!(
            "not restored: the cluster has a newer certificate; `--force {place}` overwrites it"
        ),
        Outcome::Decided(Decision::Other) => format!(
            "not restored: the cluster has another certificate or key; `--force {place}` overwrites it"
        ),
        Outcome::Decided(Decision::Strangers) => {
            "not restored: a Secret of that name is there that cert-manager did not write; delete it if nobody needs it"
                .to_owned()
        }
    }
}

/// The document.
pub(super) fn document(run: &Run, dry_run: bool) -> Value {
    let one = |one: &One| {
        let outcome = match &one.outcome {
            Outcome::Homeless => "no-namespace",
            Outcome::Unusable(_) => "unusable",
            Outcome::Decided(decision) => match decision {
                Decision::Write => "restored",
                Decision::Replace(_) => "replaced",
                Decision::Same => "same",
                Decision::Expired => "expired",
                Decision::Unwanted => "unwanted",
                Decision::Newer => "newer-there",
                Decision::Other => "other-there",
                Decision::Strangers => "strangers",
            },
        };
        json!({ "secret": one.facts.place(), "holds": one.facts.holds, "hosts": one.facts.hosts, "serial": one.facts.serial,
            "not_after": one.facts.not_after, "outcome": outcome, "why": (!one.is_written()).then(|| why(one)) })
    };
    json!({
        "schema_version": 1,
        "dry_run": dry_run,
        "namespaces": run.homes.made,
        "secrets": run.all.iter().map(one).collect::<Vec<_>>(),
    })
}
