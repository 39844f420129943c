//! `homelab down`: snapshot -> plan (all prune) -> apply. Lists what goes and what stays, asks, and deletes in an order that
//! leaves no record and no finalizer behind.

mod account;
mod challenges;
mod lodgers;
mod lost;
mod picture;
mod published;
mod records;
mod steps;
mod told;
mod wide;

#[cfg(test)]
mod tests;

use std::time::Duration;

use tokio::time::Instant;

use crate::cli::{Down, Global};
use crate::cluster::Cluster;
use crate::commands::confirm::is_confirmed;
use crate::commands::house::house;
use crate::commands::interruption::or_interrupted;
use crate::commands::tunnel;
use crate::config::Config;
use crate::error::{Error, Exit, Result};
use crate::machine::configuration;
use crate::outside::Shown;
use crate::ui::{self, Mode, Output, Progress, Ui, ask};

use picture::Picture;
pub(super) use picture::issuers_that_stay;
use steps::Run;

/// The lines of progress.
const CLUSTER: &str = "cluster";
const DELETE: &str = "delete";
const RECORDS: &str = "DNS records";
const NAMESPACES: &str = "namespaces";
const ACCOUNT: &str = "users and claims";

/// What a run is asked for.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    purge: bool,
    keep_records: bool,
    /// How long everything may take to go.
    patience: Duration,
}

impl Wanted {
    /// The command that goes on with what this run was asked for.
    fn command(self) -> String {
        let flags = [("--purge", self.purge), ("--keep-records", self.keep_records)];
        flags
            .iter()
            .filter(|(_, given)| *given)
            .fold("homelab down".to_owned(), |all, (flag, _)| all + " " + flag)
    }

    /// What was listed was not deleted: nobody was there to be asked.
    fn unanswered(self) -> Error {
        let command = self.command();
        Error::usage("nothing was deleted: there is no terminal to ask on").hint(format!(
            "`{command} --yes` deletes what is listed above without a question; `{command} --dry-run` only lists it"
        ))
    }
}

pub(super) async fn down(global: &Global, flags: &Down, ui: Ui) -> Result<Exit> {
    let config = configuration::load(global.config.as_deref())?;
    let cluster = or_interrupted(async { Ok(global.lab().connect().await?) }, None).await?;
    take_away(&cluster, &config, (global, flags), ui, ask::is_possible()).await
}

/// Lists what goes, asks whoever `can_answer`, and deletes it.
async fn take_away(
    cluster: &Cluster,
    config: &Config,
    (global, flags): (&Global, &Down),
    ui: Ui,
    can_answer: bool,
) -> Result<Exit> {
    let wanted = Wanted {
        purge: flags.purge,
        keep_records: flags.keep_records,
        patience: Duration::from_secs(flags.timeout),
    };
    let progress = Progress::new(ui.mode, &[CLUSTER, DELETE, RECORDS, NAMESPACES, tunnel::LINE, ACCOUNT]);
    let looked = or_interrupted(Picture::look(cluster, config, wanted, &progress), None).await;
    let picture = looked.inspect_err(|_: &Error| progress.abandon("stopped"))?;
    let list = ui::removals(&told::objects(&picture), &picture.warnings());
    if flags.dry_run {
        drop(progress);
        match ui.output {
            Output::Json => ui::document(told::document(&picture, None)),
            _ => ui::answer(&list),
        }
        return Ok(Exit::Fine);
    }
    let is_asked = !flags.yes && !picture.is_nothing();
    if is_asked {
        ui::note(&list);
    } else if ui.mode != Mode::Quiet && ui.output == Output::Text {
        // Who says yes has seen the list; the summary has the rest.
        ui::note_warnings(picture.losses());
    }
    if is_asked && !can_answer {
        return Err(wanted.unanswered());
    }
    if is_asked && !is_confirmed("Delete this?").await? {
        ui::note(&"nothing was deleted".into());
        if ui.output == Output::Json {
            ui::document(told::document(&picture, None));
        }
        return Ok(Exit::Fine);
    }
    let deadline = Instant::now() + wanted.patience;
    let mut run = Run::new(cluster, config, global, wanted, picture, deadline, &progress);
    // On the heap: it is large, and threads of tests have small stacks.
    if let Err(error) = or_interrupted(Box::pin(run.finish()), None).await {
        progress.abandon("stopped");
        return Err(run.tell(error));
    }
    let (picture, done) = run.ended();
    match ui.output {
        Output::Json => ui::document(told::document(&picture, Some(&done))),
        _ => ui::answer(&told::summary(&picture, &done, &house(global))),
    }
    let delegated = config.dns.own_challenge_zone().filter(|_| !done.removed.is_empty());
    if let (Some((zone, _)), Output::Text) = (delegated, ui.output) {
        ui::note(&Shown::line(&format!(
            "the records by which public DNS asks your server for `{zone}` stay: `homelab zone delegate --remove` deletes those in the provider's zone; and take port 53 out of your router"
        )));
    }
    Ok(if done.account.left.is_empty() { Exit::Fine } else { Exit::Wrong })
}
