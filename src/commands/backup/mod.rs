//! `homelab backup`: seals what `homelab down` keeps, one file for each Secret, and leaves what did not change.

mod collect;
pub(in crate::commands) mod key;
mod told;

#[cfg(test)]
pub(in crate::commands) mod tests;

use std::path::Path;

use crate::cli::{Backup, Global};
use crate::cluster::Cluster;
use crate::commands::house::house;
use crate::config::Config;
use crate::error::{Error, Exit, Result};
use crate::machine::backup::{self as place, Folder, INDEX};
use crate::machine::configuration;
use crate::machine::vault::Lock;
use crate::plan::backup::{Entry, Held, Index, Step, digest, steps};
use crate::ui::staged::{self, Staged};
use crate::ui::{self, Output, Ui};

/// What became of the folder.
#[derive(Debug, Default)]
struct Done {
    /// What was sealed anew.
    written: Vec<Entry>,
    /// What was there and is as it should be.
    unchanged: Vec<Entry>,
    /// What is in the lab no more, and stays.
    outlived: Vec<Entry>,
    /// What is in the lab no more, and went.
    removed: Vec<Entry>,
    /// What would have gone, and is not as homelab wrote it.
    strange: Vec<Entry>,
    /// What could not be saved, and why.
    problems: Vec<String>,
}

pub(super) async fn backup(global: &Global, flags: &Backup, ui: Ui) -> Result<Exit> {
    let config = configuration::load(global.config.as_deref())?;
    // Before a passphrase is asked for: the folder may be another's.
    let folder = place::look(&flags.folder)?;
    is_of_lab(&folder, &config.dns.owner)?;
    let lock = key::lock(flags)?;
    let cluster = global.lab().connect().await?;
    let done = save(&cluster, &config, &flags.folder, folder, &lock, flags.prune).await?;
    let exit = if done.problems.is_empty() { Exit::Fine } else { Exit::Wrong };
    match ui.output {
        Output::Json => ui::document(told::document(&done, &flags.folder)),
        _ => ui::answer(&told::summary(&done, &flags.folder, &lock.sealed_for(), &house(global))),
    }
    Ok(exit)
}

/// One folder holds the backup of one lab.
fn is_of_lab(folder: &Folder, owner: &str) -> Result<()> {
    match folder.index.as_ref().filter(|index| index.lab != owner) {
        None => Ok(()),
        Some(index) => Err(Error::usage(format!(
            "the folder has the backup of the lab `{}`, but the configuration is for `{owner}`",
            index.lab
        ))
        .hint("name another folder, or the configuration of that lab with `--config`")),
    }
}

/// Saves everything that there is.
async fn save(
    cluster: &Cluster,
    config: &Config,
    at: &Path,
    folder: Folder,
    lock: &Lock,
    prune: bool,
) -> Result<Done> {
    let (held, problems) = collect::collect(cluster, config).await?;
    if held.is_empty() && problems.is_empty() {
        return Err(Error::wrong("this lab has no certificates yet, so there is nothing to save")
            .hint("run `homelab up`, which has them issued"));
    }
    let same_lock = is_sealed_by(&folder, at, &held, lock)?;
    // What could not be saved now was saved before, perhaps: nothing of it may go.
    let prune = prune && problems.is_empty();
    let steps = steps(folder.index.as_ref(), &held, same_lock, &folder.hashes, prune)
        .map_err(|files| in_the_way(at, &files))?;
    let mut done = Done { problems, ..Done::default() };
    write(at, &folder, steps, &held, lock, &config.dns.owner, &mut done).await?;
    Ok(done)
}

/// Whether the files are sealed by this lock. Of a passphrase, only opening one of them says so: if it is another one, all of
/// them are sealed anew, as whoever has the new one would open nothing.
fn is_sealed_by(folder: &Folder, at: &Path, held: &[Held], lock: &Lock) -> Result<bool> {
    let Some(index) = folder.index.as_ref().filter(|index| index.sealed_for == lock.sealed_for()) else {
        return Ok(false);
    };
    let is_whole = |entry: &&Entry| folder.hashes.get(&entry.file) == Some(&entry.file_sha256);
    let is_held = |entry: &&Entry| held.iter().any(|held| held.facts.file() == entry.file);
    match index.entries.iter().filter(is_held).find(is_whole) {
        Some(entry) => Ok(lock.is_of(&place::read(at, &entry.file)?)),
        None => Ok(true),
    }
}

/// Seals first, and puts everything into its place at once: the index last, so that it names no file that is not there.
async fn write(
    at: &Path,
    folder: &Folder,
    steps: Vec<Step>,
    held: &[Held],
    lock: &Lock,
    owner: &str,
    done: &mut Done,
) -> Result<()> {
    let mut staged = Staged::within(at)?;
    for step in steps {
        match step {
            Step::Write(which) => {
                let held = &held[which];
                let sealed = lock.seal(format!("{:#}\n", held.manifest()).as_bytes())?;
                let entry = Entry::new(held.facts.clone(), digest(&sealed));
                staged.add(&entry.file, &sealed)?;
                done.written.push(entry);
                // A passphrase takes a second each: an interruption is heard here.
                tokio::task::yield_now().await;
            }
            Step::Keep(entry) => done.unchanged.push(entry),
            Step::Outlived(entry) => done.outlived.push(entry),
            Step::Strange(entry) => done.strange.push(entry),
            Step::Remove(entry) => done.removed.push(entry),
        }
    }
    let stay = [&done.written, &done.unchanged, &done.outlived, &done.strange];
    let entries = stay.into_iter().flatten().cloned().collect();
    let index = Index::new(owner, lock.sealed_for(), entries);
    let is_same = folder.index.as_ref() == Some(&index);
    if !is_same {
        staged.add(INDEX, index.text().as_bytes())?;
    }
    staged.commit()?;
    done.removed.iter().try_for_each(|entry| staged::remove(&at.join(&entry.file)))
}

fn in_the_way(at: &Path, files: &[String]) -> Error {
    let files: Vec<String> = files.iter().map(|file| format!("`{file}`")).collect();
    Error::usage(format!("`{}` has files that `homelab backup` did not write", at.display()))
        .because(format!("{} would be overwritten, and the index does not name it", files.join(", ")))
        .hint("move them away, or name another folder. After a run that was killed, they are its own")
}
