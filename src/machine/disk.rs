//! How full the file systems are that k3s and NixOS write to.

use std::os::unix::fs::MetadataExt as _;

use rustix::fs::{StatVfs, statvfs};

use crate::evidence::Disk;

/// Where images, volumes, logs of pods and the Nix store lie.
const FOLDERS: [&str; 4] = ["/", "/var/lib/rancher", "/var/lib/kubelet", "/nix"];

/// Each file system once, by the first folder that lies on it.
pub(super) fn disks() -> Vec<Disk> {
    let mut devices = Vec::new();
    let mut disks = Vec::new();
    for folder in FOLDERS {
        let Ok(device) = std::fs::metadata(folder).map(|about| about.dev()) else { continue };
        if devices.contains(&device) {
            continue;
        }
        devices.push(device);
        if let Ok(stat) = statvfs(folder) {
            disks.push(disk(folder, &stat));
        }
    }
    disks
}

fn disk(path: &str, stat: &StatVfs) -> Disk {
    let used = stat.f_blocks.saturating_sub(stat.f_bfree);
    Disk {
        path: path.to_owned(),
        // What is kept for root counts for nobody, as in `df`.
        used: percent(used, used.saturating_add(stat.f_bavail)),
        inodes: percent(stat.f_files.saturating_sub(stat.f_ffree), stat.f_files),
        free: stat.f_bavail.saturating_mul(stat.f_frsize),
    }
}

/// Rounded up, as `df` does; 0 of nothing.
fn percent(part: u64, whole: u64) -> u8 {
    let exact = u128::from(part) * 100;
    let percent = exact.checked_add(u128::from(whole).saturating_sub(1)).unwrap_or(exact);
    percent.checked_div(u128::from(whole)).and_then(|p| p.min(100).try_into().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_rounded_up_and_nothing_is_empty() {
        assert_eq!([percent(0, 0), percent(1, 1000), percent(90, 100), percent(5, 4)], [0, 1, 90, 100]);
    }

    #[test]
    fn this_machine_has_a_root_of_some_size() {
        let disks = disks();
        assert_eq!(disks[0].path, "/");
        assert!(disks[0].used > 0);
    }
}
