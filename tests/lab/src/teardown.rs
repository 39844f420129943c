//! The end of a lab: everything that it started or made goes, also after a crash, and nothing else.

use std::fs;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use crate::cgroup;
use crate::command::run as run_command;
use crate::error::{Context, Result, bail};
use crate::files;
use crate::lab::State;
use crate::network;
use crate::paths::Run;
use crate::process::Process;
use crate::vantage::Place;

/// Removes the lab of this run folder.
pub(crate) fn down(run: &Run) -> Result<()> {
    let state: State = files::read_json(&run.state())?;
    // Parts that end in an order of their own choosing would only complain.
    for process in Process::recorded(run)? {
        process.signal(Signal::KILL)?;
    }
    cgroup::kill()?;
    network::remove(&state.places)?;
    cgroup::remove()?;
    for mount in mounts_below(run.folder())? {
        run_command(Command::new("umount").arg("--lazy").arg(&mount))?;
    }
    for (path, value) in &state.settings {
        fs::write(path, value).context(format_args!("setting {} back", path.display()))?;
    }
    files::remove_folder(run.folder())
}

/// What is left of a lab, in words. Empty after `down`.
pub(crate) fn leftovers(run: &Run) -> Result<Vec<String>> {
    let mut left = Vec::new();
    left.extend(cgroup::existing()?.iter().map(|folder| format!("cgroup {}", folder.display())));
    left.extend(cgroup::processes()?.iter().map(|pid| format!("process {pid}")));
    left.extend(network::existing().iter().map(|place| format!("network namespace {}", place.namespace())));
    left.extend(mounts_below(run.folder())?.iter().map(|mount| format!("mount {mount}")));
    if run.folder().exists() {
        left.push(format!("folder {}", run.folder().display()));
    }
    Ok(left)
}

/// An error if a lab is there that this cache does not know of, or one that it does.
pub(crate) fn check_free(run: &Run) -> Result<()> {
    if run.state().exists() {
        bail!("a lab is there already: `cargo lab down` removes it");
    }
    if let Some(place) = network::existing().first().map(|place: &Place| place.namespace()) {
        bail!("the network namespace {place} exists, but no lab of this cache made it");
    }
    if let Some(folder) = cgroup::existing()?.first() {
        bail!("the cgroup {} exists, but no lab of this cache made it", folder.display());
    }
    Ok(())
}

/// Mounts of the machine itself below a folder, the innermost first.
fn mounts_below(folder: &Path) -> Result<Vec<String>> {
    let mounts = files::read_text(Path::new("/proc/self/mounts"))?;
    let points = mounts.lines().filter_map(|line| line.split(' ').nth(1));
    let mut found: Vec<String> =
        points.filter(|point| Path::new(point).starts_with(folder)).map(str::to_owned).collect();
    found.sort_by_key(|point| std::cmp::Reverse(point.len()));
    Ok(found)
}
