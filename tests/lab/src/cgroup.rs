//! The lab's cgroups: one folder in each hierarchy, so that nothing which the lab started can hide from its end.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;

use crate::error::{Context, Result, bail};
use crate::files;
use crate::process::send;
use crate::wait::{self, Look};

/// The folder in every hierarchy.
pub(crate) const NAME: &str = "homelab-lab";

const LIMIT: Duration = Duration::from_secs(30);

struct Hierarchy {
    mount: PathBuf,
    controllers: String,
    unified: bool,
}

fn hierarchies() -> Result<Vec<Hierarchy>> {
    let mounts = files::read_text(Path::new("/proc/self/mounts"))?;
    let mut found: Vec<Hierarchy> = Vec::new();
    for line in mounts.lines() {
        let fields: Vec<_> = line.split(' ').collect();
        let [_, mount, kind @ ("cgroup" | "cgroup2"), options, ..] = fields[..] else { continue };
        if !found.iter().any(|known| known.mount == Path::new(mount)) {
            found.push(Hierarchy {
                mount: PathBuf::from(mount),
                controllers: options.to_owned(),
                unified: kind == "cgroup2",
            });
        }
    }
    if found.is_empty() {
        bail!("no cgroup hierarchy is mounted");
    }
    Ok(found)
}

/// The cgroup of all daemons, in the hierarchy that can tell of every process.
pub(crate) fn daemons() -> Result<PathBuf> {
    let all = hierarchies()?;
    let of_pids = all.iter().find(|one| one.controllers.split(',').any(|name| name == "pids"));
    let chosen = of_pids.or_else(|| all.iter().find(|one| one.unified)).or_else(|| all.first());
    Ok(chosen.context("no cgroup hierarchy is mounted")?.mount.join(NAME).join("daemons"))
}

/// Makes the lab's folder, and one below it for each node's pods, in every hierarchy.
pub(crate) fn make(nodes: &[&str]) -> Result<()> {
    for hierarchy in hierarchies()? {
        let top = hierarchy.mount.join(NAME);
        for folder in [top.clone()].into_iter().chain(nodes.iter().map(|node| top.join(node))) {
            files::make_folder(&folder)?;
            if hierarchy.unified {
                enable_controllers(&folder)?;
            }
            inherit_cpuset(&folder)?;
        }
    }
    files::make_folder(&daemons()?)
}

/// In version 2 a cgroup has the controllers that the one above it gives away.
fn enable_controllers(folder: &Path) -> Result<()> {
    let parent = folder.parent().unwrap_or(folder);
    let available = files::read_text(&parent.join("cgroup.controllers"))?;
    for controller in available.split_whitespace() {
        files::write(&parent.join("cgroup.subtree_control"), format!("+{controller}"))?;
    }
    Ok(())
}

/// In version 1 a new cpuset is empty, and no process may enter it.
fn inherit_cpuset(folder: &Path) -> Result<()> {
    let Some(parent) = folder.parent() else { return Ok(()) };
    for file in ["cpuset.cpus", "cpuset.mems"] {
        let own = folder.join(file);
        if own.exists() && parent.join(file).exists() && files::read_text(&own)?.trim().is_empty() {
            files::write(&own, files::read_text(&parent.join(file))?)?;
        }
    }
    Ok(())
}

/// The lab's folders that exist, in all hierarchies.
pub(crate) fn existing() -> Result<Vec<PathBuf>> {
    let all = hierarchies()?.into_iter().map(|hierarchy| hierarchy.mount.join(NAME));
    Ok(all.filter(|folder| folder.exists()).collect())
}

/// Where the hierarchy of version 2 is mounted.
pub(crate) fn unified() -> Result<PathBuf> {
    let found = hierarchies()?.into_iter().find(|hierarchy| hierarchy.unified);
    Ok(found.context("no cgroup hierarchy of version 2 is mounted")?.mount)
}

/// Removes a folder whose processes are ending, and those below it.
pub(crate) fn remove_with_all(top: &Path) -> Result<()> {
    wait::until("a cgroup to go", LIMIT, || {
        folders(top).iter().rev().for_each(|folder| drop(fs::remove_dir(folder)));
        Ok(if top.exists() { Look::NotYet(format!("{} is left", top.display())) } else { Look::Done(()) })
    })
}

/// Every process in the lab's cgroups.
pub(crate) fn processes() -> Result<Vec<i32>> {
    let mut found = Vec::new();
    for top in existing()? {
        for folder in folders(&top) {
            let text = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
            found.extend(text.lines().filter_map(|line| line.parse::<i32>().ok()).filter(|pid| *pid > 0));
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// Kills all that is in the lab's cgroups, until nothing is.
pub(crate) fn kill() -> Result<()> {
    wait::until("the lab's processes to end", LIMIT, || {
        let left = processes()?;
        for pid in &left {
            send(*pid, Signal::KILL).context(format_args!("killing process {pid}"))?;
        }
        Ok(if left.is_empty() { Look::Done(()) } else { Look::NotYet(format!("{left:?} are left")) })
    })
}

/// Removes the lab's folders. The kernel may hold an emptied one for a moment.
pub(crate) fn remove() -> Result<()> {
    wait::until("the lab's cgroups to go", LIMIT, || {
        for top in existing()? {
            for folder in folders(&top).iter().rev() {
                // A busy one is tried again, and named if it never goes.
                let _ = fs::remove_dir(folder);
            }
        }
        let left = existing()?;
        Ok(if left.is_empty() { Look::Done(()) } else { Look::NotYet(format!("{left:?} are left")) })
    })
}

/// A folder and all below it, parents before children.
fn folders(top: &Path) -> Vec<PathBuf> {
    let mut found = vec![top.to_path_buf()];
    let mut next = 0;
    while next < found.len() {
        let inner = fs::read_dir(&found[next]).into_iter().flatten().flatten();
        let inner: Vec<_> = inner.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).collect();
        found.extend(inner.iter().map(fs::DirEntry::path));
        next += 1;
    }
    found
}
