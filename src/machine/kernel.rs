//! What the kernel offers, and whether its clock is set.

use std::path::Path;

use crate::machine::text;

/// The cgroup controllers: of version 2 from the root, of version 1 from what is mounted (cgroups(7)); and whether they are of
/// version 1.
pub(super) fn controllers() -> Option<(Vec<String>, bool)> {
    if let Some(unified) = text("/sys/fs/cgroup/cgroup.controllers") {
        return Some((unified.split_whitespace().map(str::to_owned).collect(), false));
    }
    let mounted = of_version_1(&text("/proc/self/mounts")?);
    Some((mounted, true)).filter(|(found, _)| !found.is_empty())
}

/// The mount options name the controllers of a hierarchy.
fn of_version_1(mounts: &str) -> Vec<String> {
    let hierarchies = mounts.lines().filter_map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        (words.get(2) == Some(&"cgroup")).then(|| words.get(3).copied())?
    });
    hierarchies.flat_map(|options| options.split(',')).map(str::to_owned).collect()
}

/// systemd-timesyncd touches a file when it has set the clock (systemd-timesyncd.service(8)).
pub(super) fn time_synchronised() -> Option<bool> {
    let folder = Path::new("/run/systemd/timesync");
    folder.exists().then(|| folder.join("synchronized").exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_controllers_of_version_1_are_those_of_its_mounts() {
        let mounts = "tmpfs /sys/fs/cgroup tmpfs rw,mode=755 0 0\n\
                      cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,nosuid,cpu,cpuacct 0 0\n\
                      cgroup2 /sys/fs/cgroup/unified cgroup2 rw,nsdelegate 0 0\n";
        let found = of_version_1(mounts);
        assert!(["cpu", "cpuacct"].iter().all(|name| found.iter().any(|f| f == name)));
        assert!(!found.iter().any(|name| name == "nsdelegate"));
    }
}
