//! `homelab upgrade`: which pins are newer than what runs, and then `up`, which brings them.

mod told;

use crate::cli::{Global, Upgrade};
use crate::commands::confirm::is_confirmed;
use crate::commands::house::house;
use crate::commands::interruption::{UP_GOES_ON, or_interrupted};
use crate::commands::planned::existing;
use crate::commands::up::{self, Task};
use crate::commands::{skipped, strangers};
use crate::config::Config;
use crate::error::{Error, Exit, Result};
use crate::machine::{configuration, upstream};
use crate::plan::upgrade::{Part, parts};
use crate::ui::{self, Mode, Output, Progress, Ui, ask};

/// The line of progress.
const CLUSTER: &str = "cluster";
/// The question.
const GO_ON: &str = "Upgrade with `homelab up`?";

pub(super) async fn upgrade(global: &Global, flags: &Upgrade, ui: Ui) -> Result<Exit> {
    let opened = configuration::open(global.config.as_deref())?;
    let only_looks = flags.check || opened.is_generated();
    if !only_looks && !flags.yes && !ask::is_possible() {
        return Err(Error::usage(
            "`homelab upgrade` asks before it changes anything, and there is no terminal to ask on",
        )
        .hint("`homelab upgrade --check` shows what is newer; `homelab upgrade --yes` upgrades without a question"));
    }
    let progress = Progress::new(ui.mode, &[CLUSTER]);
    let looked = or_interrupted(look(global, &opened.config, &progress), None).await;
    let parts = looked.inspect_err(|_: &Error| progress.abandon("stopped"))?;
    drop(progress);
    let is_due = parts.iter().any(Part::is_due);
    if only_looks || !is_due {
        let text = told::answer(&parts, flags.check || global.verbose, global.verbose, &house(global));
        match ui.output {
            Output::Json => ui::document(told::document(&parts)),
            _ => ui::answer(&text),
        }
        if !flags.check && opened.is_generated() {
            ui::note(&told::by_nixos(&opened.path));
        }
        return Ok(if flags.check && is_due { Exit::Wrong } else { Exit::Fine });
    }
    if let Some(skip) = parts.iter().filter_map(|part| part.skip.as_ref()).min_by_key(|skip| skip.from) {
        return Err(skipped::refused(skip));
    }
    if !flags.yes || (ui.mode != Mode::Quiet && ui.output == Output::Text) {
        ui::note(&told::table(&parts, global.verbose));
    }
    if !flags.yes && !is_confirmed(GO_ON).await? {
        ui::note(&"nothing was changed".into());
        if ui.output == Output::Json {
            ui::document(told::document(&parts));
        }
        return Ok(Exit::Fine);
    }
    let ran = or_interrupted(up::run(global, Task::default(), ui), Some(UP_GOES_ON)).await?;
    let exit = up::tell(&ran, ran.report.as_ref(), global, ui, |document| {
        document["components"] = told::components(&parts)
    });
    if ui.output == Output::Text {
        ui::answer(&told::ending(&parts));
    }
    Ok(exit)
}

/// What runs and what this homelab brings. It asks the cluster alone: neither the token nor the network is needed for that.
async fn look(global: &Global, config: &Config, progress: &Progress) -> Result<Vec<Part>> {
    progress.update(CLUSTER, "reading what runs");
    let cluster = global.lab().connect().await?;
    let snapshot = cluster.snapshot(&config.dns.owner, config.ingress.controller).await?;
    strangers::one_lab(&snapshot, &config.dns.owner)?;
    progress.done(CLUSTER, &existing(&snapshot));
    Ok(parts(config, &snapshot, upstream::given_version(config).as_deref()))
}
