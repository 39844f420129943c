//! `homelab up`: configuration -> bundle -> plan -> apply -> wait -> verify.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::checks::Report;
use crate::cli::{Diff, Global, Up};
use crate::cluster::{self, Cluster, WrittenAddresses};
use crate::collect::{Known, egress};
use crate::commands::converge::{Converged, converge};
use crate::commands::house::house;
use crate::commands::leave::{self, Move};
use crate::commands::planned::{self, Consent, Planned, Start, refused};
use crate::commands::prove::{self, LINE as VERIFY};
use crate::commands::public_address::{self, Followed};
use crate::commands::tunnel::{self, WayIn};
use crate::commands::{addresses, close_tunnel, diff, left_zones, organisations, own, prune, switching};
use crate::config::{Config, Controller};
use crate::desired::object::Key;
use crate::desired::{external_dns, kind};
use crate::error::{Error, Exit, Result};
use crate::evidence::{TrialSeen, Tried, Zone};
use crate::plan::Plan;
use crate::plan::addresses::makes_account;
use crate::provider::{self, Client};
use crate::ui::{self, Form, Output, Progress, Ui};

/// The line of progress of the policies.
const EGRESS: &str = "egress";

pub(super) async fn up(global: &Global, flags: &Up, ui: Ui) -> Result<Exit> {
    if flags.dry_run {
        return diff::diff(global, &as_diff(flags), ui).await;
    }
    let consent = Consent { adopt: flags.adopt, downgrade: flags.allow_downgrade };
    let task = Task { consent, no_verify: flags.no_verify, names: None };
    let ran = run(global, task, ui).await?;
    Ok(tell(&ran, ran.report.as_ref(), global, ui, |_| ()))
}

/// What a run is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Task<'t> {
    pub(super) consent: Consent,
    pub(super) no_verify: bool,
    /// The names that it is for; `None` for all.
    pub(super) names: Option<&'t [String]>,
}

/// What a run did, and what was seen afterwards.
pub(super) struct Ran {
    plan: Plan,
    addresses: Option<WrittenAddresses>,
    public: Option<Followed>,
    pub(super) report: Option<Report>,
}

/// Makes the lab what the configuration says, and looks whether it is.
///
/// # Errors
/// What stopped it; the next run goes on from there.
pub(super) async fn run(global: &Global, task: Task<'_>, ui: Ui) -> Result<Ran> {
    let Task { consent, no_verify, names } = task;
    let start = Start::new(global).await?;
    let more = [
        VERIFY,
        EGRESS,
        prune::LINE,
        leave::LINE,
        left_zones::LINE,
        organisations::CLAIM,
        switching::LINE,
        addresses::LINE,
        public_address::LINE,
        tunnel::LINE,
    ];
    let progress = start.progress(ui.mode, &more);
    let Start { config, cluster, provider, .. } = &start;
    let ended = async {
        let planned = start.plan(consent, &progress).await?;
        prove_new_token(provider, &planned.zone, config, &planned.plan, &progress).await?;
        organisations::prove_new(&planned.organisations, &planned.plan, config, &progress).await?;
        organisations::claim(&planned.organisations, config, Timestamp::now(), &progress).await;
        let planned = with_way_in(&start, planned, consent, &progress).await?;
        let Planned { snapshot, zone, mut plan, mut awaited, leaving, organisations: found, way, .. } =
            planned;
        if names.is_some() {
            own::wait_for_own(&mut awaited, &plan, &snapshot);
        }
        let deadline = Instant::now() + config.timeouts.apply;
        let moving = Move::of(&mut plan, &snapshot, leaving);
        let held = left_zones::hold_back(&mut plan, &snapshot, config);
        let is_done = plan.is_empty() && awaited.is_ready();
        let certificates = is_done.then(|| snapshot.certificates.iter().flat_map(BTreeMap::values));
        let certificates = certificates.map(|all| all.map(cluster::certificate).collect());
        let world = (cluster, provider, &zone);
        let Converged { written, addresses, public } =
            converge(world, config, &plan, snapshot, awaited, deadline, &progress).await?;
        let forgotten =
            left_zones::give_up(&held, (cluster, provider), config, &plan.wanted, &progress).await?;
        plan.removal.gone.extend(forgotten);
        let trial = match no_verify {
            true => None,
            false => try_policies(global, cluster, config, &progress).await?,
        };
        let known = Known {
            trial,
            written: reloads(&plan, config.ingress.controller).then_some(written),
            certificates,
            no_timer_yet: makes_account(&plan),
            tunnel: way.as_ref().and_then(WayIn::seen),
        };
        let report = if no_verify {
            None
        } else {
            let zones = prove::Zones { zone: &zone, organisations: organisations::organised(&found) };
            Some(prove::prove((cluster, provider), zones, config, known, names, &progress).await?)
        };
        if let Some(moving) = moving {
            let is_proven = report.as_ref().is_some_and(|report| report.exit_code() == 0);
            let gone = moving.finish(cluster, config, &plan.wanted, is_proven, &progress).await?;
            plan.removal.gone.extend(gone);
        }
        Ok((plan, (addresses, public), report))
    };
    let (plan, (addresses, public), report) =
        ended.await.inspect_err(|_: &Error| progress.abandon("stopped"))?;
    Ok(Ran { plan, addresses, public, report: report.map(|report| house(global).report(report)) })
}

/// Tries out whether anybody enforces the policies of `egress`: what is there and not enforced is a fault of the lab.
async fn try_policies(
    global: &Global,
    cluster: &Cluster,
    config: &Config,
    progress: &Progress,
) -> Result<Option<TrialSeen>> {
    if egress::wanted(config).is_none() {
        return Ok(None);
    }
    progress.update(EGRESS, "trying out with a pod whether the policies are enforced");
    let seen = egress::try_policies(&global.lab(), cluster, config).await?;
    let all = seen.nodes.len();
    let enforced = seen.nodes.iter().filter(|one| one.tried == Tried::Enforced).count();
    let text = format!("policies are enforced on {enforced} of {all} nodes");
    if all > 0 && enforced == all {
        progress.done(EGRESS, &text)
    } else {
        progress.fail(EGRESS, &text)
    }
    Ok(Some(seen))
}

/// Makes the tunnel what the configuration says, or deletes one that it asks for no more. Its id stands in objects: once one is
/// made, the plan is made again.
async fn with_way_in(
    start: &Start,
    planned: Planned,
    consent: Consent,
    progress: &Progress,
) -> Result<Planned> {
    let Start { config, cluster, provider, .. } = start;
    let deadline = Instant::now() + config.timeouts.apply;
    let Planned { snapshot, zone, plan, way, .. } = &planned;
    let world = (cluster, provider, zone);
    match way {
        Some(way) => match way.carry_out(world, plan, deadline, progress).await? {
            true => start.plan(consent, progress).await,
            false => Ok(planned),
        },
        None => {
            close_tunnel::close(world, config, snapshot, &plan.removal.gone, deadline, progress).await?;
            Ok(planned)
        }
    }
}

/// Prints what a run came to, in a document with what `more` puts there. `judged` is what of its report counts.
pub(super) fn tell(
    ran: &Ran,
    judged: Option<&Report>,
    global: &Global,
    ui: Ui,
    more: impl FnOnce(&mut Value),
) -> Exit {
    let Ran { plan, addresses, public, report } = ran;
    let house = house(global);
    if ui.output == Output::Json {
        let mut document = document(plan, (addresses.as_ref(), public.as_ref()), report.as_ref());
        more(&mut document);
        ui::document(document);
    } else if let Some(judged) = judged {
        ui::print_report(
            judged,
            Form { output: ui.output, verbose: global.verbose, strict: false, house: &house },
        );
    }
    judged.map_or(Exit::Fine, exit)
}

/// What was done, and what was seen then.
fn document(
    plan: &Plan,
    (addresses, public): (Option<&WrittenAddresses>, Option<&Followed>),
    report: Option<&Report>,
) -> Value {
    let mut document = planned::document(plan);
    document["addresses"] = json!(addresses.map(addresses::document));
    document["public"] = json!(public.map(Followed::document));
    document["verify"] = json!(report);
    document
}

fn as_diff(flags: &Up) -> Diff {
    Diff { adopt: flags.adopt, allow_downgrade: flags.allow_downgrade, exit_code: false }
}

/// Whether the plan gives the ingress controller something to load.
fn reloads(plan: &Plan, controller: Controller) -> bool {
    let settings = |key: &Key| {
        *key.kind == kind::CONFIG_MAP && key.namespace.as_deref() == Some(controller.facts().namespace)
    };
    let written = plan.apply.iter().map(|change| &change.object.key);
    written
        .chain(plan.removal.gone.iter().map(|gone| &gone.key))
        .any(|key| *key.kind == kind::INGRESS || settings(key))
}

/// A token that the cluster does not have yet must prove that it may edit records.
async fn prove_new_token(
    provider: &Client,
    zone: &Zone,
    config: &Config,
    plan: &Plan,
    progress: &Progress,
) -> Result<()> {
    // With a server of the lab's own for challenges, cert-manager has no copy.
    let namespace = match config.dns.challenge_server {
        Some(_) => Some(external_dns::NAMESPACE.to_owned()),
        None => Some(config.cert_manager.namespace.clone()),
    };
    let key = Key { kind: &kind::SECRET, namespace, name: provider::SECRET.to_owned() };
    if !plan.apply.iter().any(|change| change.object.key == key) {
        return Ok(());
    }
    let short = provider::words(config.dns.provider).token.short;
    progress.update(
        config.dns.provider.facts().key,
        &format!("testing that the {short} can edit records, with a temporary TXT record"),
    );
    provider.prove_edit(zone).await.map_err(|fault| refused(provider.provider(), fault))
}

fn exit(report: &Report) -> Exit {
    match report.exit_code() {
        0 => Exit::Fine,
        1 => Exit::Wrong,
        _ => Exit::Unfinished,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::report_of;

    #[test]
    fn the_document_has_the_published_form_with_and_without_a_look() {
        let plan = diff::plan_of_tests(&crate::plan::Snapshot::default());
        let written = WrittenAddresses::default();
        let mut document = document(&plan, (Some(&written), None), Some(&report_of(Vec::new())));
        ui::assert_is("up", &document);
        (document["verify"], document["addresses"]) = (Value::Null, Value::Null);
        ui::assert_is("up", &document);
    }
}
