//! `homelab doctor`: look at everything, judge it, and name the cause.

mod files;
mod notify;
mod select;

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::checks::{self, Report, Theirs};
use crate::cli::{Doctor, Global};
use crate::collect::{self, Parts, Scope};
use crate::commands::doctor::select::{Asked, Selection, asked};
use crate::commands::house::house;
use crate::commands::prove;
use crate::config::Config;
use crate::error::{Error, Exit, Result};
use crate::evidence::Evidence;
use crate::machine::configuration;
use crate::outside::Shown;
use crate::ui::{self, Form, Output, Progress, Run, Ui};

/// Between two looks under `--wait`.
const PAUSE: Duration = Duration::from_secs(3);
/// The line of progress.
const LINE: &str = "doctor";
/// The last line of `--pre` where nothing is wrong. Whether k3s runs is not looked at.
const READY: &str = "nothing here stops the installation; next, with k3s running";

pub(super) async fn doctor(global: &Global, flags: &Doctor, ui: Ui) -> Result<Exit> {
    if let Some(answer) = catalogue(flags, ui.output)? {
        ui::answer(&answer);
        return Ok(Exit::Fine);
    }
    let began = Instant::now();
    let selection = Selection::new(flags)?;
    if let Some(path) = &flags.bundle {
        ui::file::is_free(path)?;
    }
    let scope = Scope {
        cluster: !flags.pre,
        internet: !flags.offline,
        active: flags.active,
        within: Duration::from_secs(flags.timeout),
    };
    let progress = Progress::new(ui.mode, &[LINE]);
    let loaded = configuration::load(global.config.as_deref());
    let (evidence, report) = look_until(global, &loaded, flags, scope, &selection, &progress).await;
    let house = house(global);
    let report = house.report(report);
    let passed = format!("{} of {} checks passed", report.counts.pass, report.checks.len());
    let mut exit = exit(&report, flags.strict);
    match exit {
        Exit::Fine => progress.done(LINE, &passed),
        Exit::Unfinished => progress.open_end(LINE, &passed),
        _ => progress.fail(LINE, &passed),
    }
    let form = Form { output: ui.output, verbose: global.verbose, strict: flags.strict, house: &house };
    let metrics = || ui::metrics(&report, &run(&evidence, began));
    match ui.output {
        Output::Prometheus => ui::answer(&metrics()),
        _ => ui::print_report(&report, form),
    }
    if ui.output == Output::Text && is_ready(flags, exit) {
        ui::print_next(READY, "homelab up", &house);
    }
    let kept = flags.report.as_ref().map(|path| files::keep(path, &report));
    let bundled = flags
        .bundle
        .as_ref()
        .map(|path| files::bundle(path, loaded.as_ref().ok(), flags, &evidence, &report));
    let measured = flags.metrics.as_ref().map(|path| ui::file::replace_readable(path, metrics().as_str()));
    for error in [kept, measured, bundled].into_iter().flatten().filter_map(Result::err) {
        ui::print_error(&house.error(error));
        exit = if exit == Exit::Fine { Exit::Unfinished } else { exit };
    }
    if flags.notify {
        notify::notify(&loaded, &house, &report, exit).await;
    }
    Ok(exit)
}

/// What the metrics tell of a run beside its report.
fn run(evidence: &Evidence, began: Instant) -> Run {
    let with_tls = evidence.hosts.iter().filter(|(host, _)| !evidence.is_without_tls(host));
    let ends = with_tls.filter_map(|(host, seen)| Some((host.clone(), seen.not_after()?)));
    Run { at: Timestamp::now(), took: began.elapsed(), certificates: ends.collect() }
}

/// What `--list` and `--explain` print; `None` when neither is asked for.
fn catalogue(flags: &Doctor, output: Output) -> Result<Option<Shown>> {
    let json = output == Output::Json;
    Ok(match &flags.explain {
        Some(name) => Some(match asked(name)? {
            Asked::Named(defs) | Asked::Mentioning(defs) if json => Shown::json(ui::explanation_json(&defs)),
            Asked::Named(defs) => ui::explanation(&defs),
            Asked::Mentioning(defs) => ui::mentions(name, &defs),
        }),
        None if flags.list && json => Some(Shown::json(ui::list_json())),
        None if flags.list => Some(ui::list()),
        None => None,
    })
}

/// Looks once, or under `--wait` until nothing that is wrong can heal by itself before the end of the waiting.
async fn look_until(
    global: &Global,
    loaded: &Result<Config>,
    flags: &Doctor,
    scope: Scope,
    selection: &Selection,
    progress: &Progress,
) -> (Evidence, Report) {
    let began = Instant::now();
    let deadline = began + Duration::from_secs(flags.wait.unwrap_or(0));
    let show = |text: &str| progress.update(LINE, text);
    let parts = Parts::new(&show);
    loop {
        let evidence = collect::look(&global.lab(), loaded.as_ref(), scope, &parts).await;
        let report = selection.of(checks::judge(&evidence));
        let late = Instant::now() + PAUSE > deadline;
        let until = Timestamp::now() + deadline.saturating_duration_since(Instant::now());
        let owner = |host: &str| owner(loaded.as_ref().ok(), host);
        let waited_for = checks::waited_for(&report, began.elapsed(), until, owner).next();
        let why = waited_for.and_then(|check| Some(check.finding()?.summary.clone()));
        match why {
            Some(why) if !late => progress.update(LINE, &why),
            _ => return (evidence, report),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Who starts what answers for `host`; a name that no configuration has leads to somebody's program.
fn owner(config: Option<&Config>, host: &str) -> Option<Theirs> {
    let config = config.filter(|config| config.hosts().iter().any(|known| known.as_str() == host));
    config.map_or(Some(Theirs::Pods), |config| prove::owner(config, host))
}

/// Whether everything that has to hold before the first `up` was looked at, and holds.
fn is_ready(flags: &Doctor, exit: Exit) -> bool {
    let is_whole = flags.check.is_empty() && flags.skip.is_empty() && !flags.offline;
    flags.pre && is_whole && exit == Exit::Fine
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

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Command};

    #[test]
    fn only_a_whole_look_before_the_first_up_with_nothing_wrong_says_how_to_go_on() {
        let is_ready = |more: &[&str], exit| {
            let cli = Cli::parse_from([&["homelab", "doctor"], more].concat());
            let Command::Doctor(flags) = cli.command else { return false };
            is_ready(&flags, exit)
        };
        assert!(is_ready(&["--pre"], Exit::Fine));
        for exit in [Exit::Wrong, Exit::Unfinished] {
            assert!(!is_ready(&["--pre"], exit), "{exit:?}");
        }
        for more in
            [&[][..], &["--pre", "--offline"], &["--pre", "--check", "dns"], &["--pre", "--skip", "host"]]
        {
            assert!(!is_ready(more, Exit::Fine), "{more:?}");
        }
    }
}
