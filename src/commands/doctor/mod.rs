//! `homelab doctor`: look at everything, judge it, and name the cause.

pub(super) mod gather;
mod select;

use std::time::Duration;

use tokio::time::Instant;

use self::gather::Scope;
use self::select::Selection;
use crate::cli::{Doctor, Global};
use crate::error::{Error, Exit, Result};
use crate::ui::{self, Output, Progress, Ui};
use crate::verify::{self, Evidence, Report};

/// Between two looks under `--wait`.
const PAUSE: Duration = Duration::from_secs(3);
/// The line of progress.
const LINE: &str = "doctor";

pub(super) async fn doctor(global: &Global, flags: &Doctor, ui: Ui) -> Result<Exit> {
    let selection = Selection::new(flags)?;
    let scope = Scope {
        cluster: !flags.pre,
        internet: !flags.offline,
        active: flags.active,
        within: Duration::from_secs(flags.timeout),
    };
    let progress = Progress::new(ui.mode, &[LINE]);
    let (_evidence, report) = look_until(global, flags, scope, &selection, &progress).await;
    progress.done(LINE, &format!("{} checks", report.checks.len()));
    match ui.output {
        Output::Json => ui::answer(&format!("{:#}\n", serde_json::json!(report))),
        Output::Text => ui::print_report(&report, global.verbose),
    }
    Ok(exit(&report, flags.strict))
}

/// Looks once, or under `--wait` until nothing that is wrong can heal by itself.
async fn look_until(
    global: &Global,
    flags: &Doctor,
    scope: Scope,
    selection: &Selection,
    progress: &Progress,
) -> (Evidence, Report) {
    let deadline = Instant::now() + Duration::from_secs(flags.wait.unwrap_or(0));
    progress.update(LINE, "looking");
    loop {
        let evidence = gather::look(global, scope).await;
        let report = verify::judge(&evidence).only(|id| selection.wants(id));
        let late = Instant::now() + PAUSE > deadline;
        let why = verify::waiting(&report).next().and_then(|check| Some(check.finding()?.summary.clone()));
        match why {
            Some(why) if !late => progress.update(LINE, &why),
            _ => return (evidence, report),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The same in every format; `strict` counts warnings too.
fn exit(report: &Report, strict: bool) -> Exit {
    match report.exit_code() {
        0 if strict && report.counts.warn > 0 => Exit::Wrong,
        0 => Exit::Fine,
        1 => Exit::Wrong,
        _ => Exit::Unfinished,
    }
}
