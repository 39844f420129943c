//! `homelab restore`: brings the Secrets of a backup back, so that the first `up` of a new cluster orders nothing.

mod namespaces;
mod told;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;

use crate::cli::{Global, Restore};
use crate::cluster::Cluster;
use crate::commands::backup::key;
use crate::commands::house::house;
use crate::commands::strangers;
use crate::config::Config;
use crate::desired::object::Key;
use crate::desired::{Inputs, bundle, issuer, kind};
use crate::error::{Error, Exit, Result};
use crate::machine::backup::{self as place, INDEX};
use crate::machine::configuration;
use crate::machine::vault::Opener;
use crate::plan::backup::restore::{Decision, body, decide, is_of_issuer};
use crate::plan::backup::{Entry, Facts, Held, Index, digest};
use crate::ui::{self, Output, Ui};

use namespaces::Homes;

/// What happens, or would, to one Secret of the backup.
enum Outcome {
    /// What was decided.
    Decided(Decision),
    /// Its namespace is missing, and `up` makes none of that name.
    Homeless,
    /// Its file is of no use, in words.
    Unusable(String),
}

/// One Secret of the backup.
struct One {
    facts: Facts,
    outcome: Outcome,
    /// What was opened; none if it was not needed.
    held: Option<Held>,
    /// Whether cert-manager will order it anew all the same, as the configuration names another issuer.
    other_issuer: bool,
}

/// A whole run.
struct Run {
    all: Vec<One>,
    homes: Homes,
}

pub(super) async fn restore(global: &Global, flags: &Restore, ui: Ui) -> Result<Exit> {
    let config = configuration::load(global.config.as_deref())?;
    let index = index_of(&flags.folder, &config.dns.owner)?;
    is_known(&index, &flags.force)?;
    let opener = key::opener(flags, &index.sealed_for)?;
    let cluster = global.lab().connect().await?;
    let run = look(&cluster, &config, &flags.folder, &index, &opener, &flags.force).await?;
    if !flags.dry_run {
        write(&cluster, &config, &run).await?;
    }
    match ui.output {
        Output::Json => ui::document(told::document(&run, flags.dry_run)),
        _ => ui::answer(&told::summary(&run, flags.dry_run, &house(global))),
    }
    Ok(if run.all.iter().any(One::is_wrong) { Exit::Wrong } else { Exit::Fine })
}

fn index_of(folder: &Path, owner: &str) -> Result<Index> {
    let index = place::look(folder)?.index.ok_or_else(|| {
        Error::usage(format!("there is no backup in `{}`", folder.display()))
            .because(format!("it has no `{INDEX}`"))
            .hint("name the folder that `homelab backup` wrote")
    })?;
    match index.lab == owner {
        true => Ok(index),
        false => Err(Error::usage(format!(
            "the backup is of the lab `{}`, but the configuration is for `{owner}`",
            index.lab
        ))
        .hint("restore it with the configuration of that lab: `--config FILE`")),
    }
}

/// A Secret that is to be overwritten is named as the backup has it.
fn is_known(index: &Index, forced: &[String]) -> Result<()> {
    let places: Vec<String> = index.entries.iter().map(|entry| entry.facts.place()).collect();
    match forced.iter().find(|name| !places.contains(name)) {
        None => Ok(()),
        Some(name) => Err(Error::usage(format!("the backup has no Secret `{name}`"))
            .hint(format!("it has {}", strangers::named(places.into_iter())))),
    }
}

/// The Secrets that the configuration asks for: those of its names, and the accounts of its issuers.
fn wanted(config: &Config) -> BTreeSet<Key> {
    let bundle = bundle(config, &Inputs::default());
    let issuers = bundle
        .objects
        .iter()
        .filter(|object| *object.key.kind == kind::CLUSTER_ISSUER && object.body["spec"]["acme"].is_object());
    let accounts = issuers.map(|issuer| Key {
        kind: &kind::SECRET,
        namespace: Some(config.cert_manager.namespace.clone()),
        name: issuer::account_secret(&issuer.key.name),
    });
    let secrets = bundle.derived.iter().filter(|key| *key.kind == kind::SECRET);
    secrets.cloned().chain(accounts).collect()
}

/// Opens and decides everything, before the first write.
async fn look(
    cluster: &Cluster,
    config: &Config,
    folder: &Path,
    index: &Index,
    opener: &Opener,
    forced: &[String],
) -> Result<Run> {
    let snapshot = cluster.snapshot(&config.dns.owner, config.ingress.controller).await?;
    strangers::one_lab(&snapshot, &config.dns.owner)?;
    let (wanted, now) = (wanted(config), Timestamp::now());
    let mut all = Vec::new();
    for entry in &index.entries {
        let facts = entry.facts.clone();
        let mut one = One { facts, outcome: Outcome::Homeless, held: None, other_issuer: false };
        one.outcome = if !wanted.contains(&entry.facts.key()) {
            Outcome::Decided(Decision::Unwanted)
        } else {
            match open(folder, entry, opener) {
                Err(why) => Outcome::Unusable(why),
                Ok(held) => {
                    let live = cluster.read(&entry.facts.key()).await?;
                    let is_forced = forced.contains(&entry.facts.place());
                    let decision = decide(&held, live.as_ref(), true, is_forced, now);
                    one.other_issuer = !is_of_issuer(&held, issuer::of_secret(config, &entry.facts.key()));
                    one.held = Some(held);
                    Outcome::Decided(decision)
                }
            }
        };
        all.push(one);
        // A passphrase takes a second each: an interruption is heard here.
        tokio::task::yield_now().await;
    }
    let writes = all.iter().filter(|one| one.is_written());
    let names = writes.map(|one| one.facts.namespace.clone()).collect();
    let homes = Homes::look(cluster, config, names).await?;
    for one in all.iter_mut().filter(|one| one.is_written()) {
        if homes.homeless.contains(&one.facts.namespace) {
            one.outcome = Outcome::Homeless;
        }
    }
    Ok(Run { all, homes })
}

/// Opens one file; it must be the one that the index tells of, and hold what it tells of.
fn open(folder: &Path, entry: &Entry, opener: &Opener) -> Result<Held, String> {
    let sealed = place::read(folder, &entry.file).map_err(|error| match error.causes.first() {
        Some(cause) => format!("{}: {cause}", error.what),
        None => error.what,
    })?;
    if digest(&sealed) != entry.file_sha256 {
        return Err("the file is not the one that the index tells of".to_owned());
    }
    let held = Held::read(&opener.open(&sealed)?)?;
    let is_told_of = held.facts == entry.facts;
    is_told_of.then_some(held).ok_or_else(|| "it holds another Secret than the index tells of".to_owned())
}

/// Namespaces first, as `up` makes them.
async fn write(cluster: &Cluster, config: &Config, run: &Run) -> Result<()> {
    run.homes.make(cluster, config).await?;
    for one in &run.all {
        let Some(held) = &one.held else { continue };
        let over = match &one.outcome {
            Outcome::Decided(Decision::Write) => None,
            Outcome::Decided(Decision::Replace(seen)) => Some(seen),
            _ => continue,
        };
        let body = body(held, &config.dns.owner);
        cluster.restore(&one.facts.key(), &body, over).await.map_err(|error| match error.hint {
            Some(_) => error,
            None => error.hint("run the same command again: what is restored already is left alone"),
        })?;
    }
    Ok(())
}

impl One {
    fn is_written(&self) -> bool {
        matches!(self.outcome, Outcome::Decided(Decision::Write | Decision::Replace(_)))
    }

    /// Whether somebody has to do something about it.
    fn is_wrong(&self) -> bool {
        match &self.outcome {
            Outcome::Homeless | Outcome::Unusable(_) => true,
            Outcome::Decided(decision) => {
                matches!(decision, Decision::Newer | Decision::Other | Decision::Strangers)
            }
        }
    }
}
