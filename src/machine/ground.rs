//! What lies below k3s: its service, the kernel's limits and modules, file systems, a container around it, other firewalls.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::evidence::{ForwardSeen, GroundSeen, ModulesSeen, MountSeen};
use crate::machine::{k3s, text};

/// Numbers below /proc/sys that pods depend on.
const NUMBERS: [&str; 8] = [
    "fs/inotify/max_user_instances",
    "fs/inotify/max_user_watches",
    "fs/file-max",
    "net/ipv4/ip_forward",
    "net/bridge/bridge-nf-call-iptables",
    "net/netfilter/nf_conntrack_max",
    "net/netfilter/nf_conntrack_count",
    "vm/max_map_count",
];
/// What k3s loads, and flannel needs (k3s, pkg/agent/syssetup/setup.go; flannel's backend vxlan).
const MODULES: [&str; 4] = ["overlay", "br_netfilter", "nf_conntrack", "vxlan"];
/// Where the modules of a kernel lie: everywhere, and on NixOS.
const FOLDERS: [&str; 2] = ["/lib/modules", "/run/booted-system/kernel-modules/lib/modules"];
/// Where containerd unpacks images, and the folders above, which are there earlier.
const IMAGES: [&str; 4] = [
    "/var/lib/rancher/k3s/agent/containerd",
    "/var/lib/rancher/k3s/agent",
    "/var/lib/rancher/k3s",
    "/var/lib/rancher",
];
/// Where systemd notes the container that it runs in (Container Interface of systemd).
const CONTAINER: &str = "/run/systemd/container";
/// The tables of the older iptables that are in use; for root to read.
const LEGACY: &str = "/proc/net/ip_tables_names";

/// Looks at all of it; what programs say is waited for beside the rest.
pub(super) fn look() -> GroundSeen {
    std::thread::scope(|scope| {
        let service = scope.spawn(|| {
            let unit = k3s::unit();
            let notes = unit.as_ref().and_then(|unit| k3s::notes(&unit.name));
            (unit, notes)
        });
        let forward = scope.spawn(forward);
        let named = |name: &&str| Some(((*name).to_owned(), number(name)?));
        let seen = GroundSeen {
            numbers: NUMBERS.iter().filter_map(named).collect(),
            inotify: inotify(),
            open_files: text("/proc/sys/fs/file-nr")
                .and_then(|text| text.split_whitespace().next()?.parse().ok()),
            strict_links: strict_links(),
            reverse_drops: text("/proc/net/netstat").and_then(|text| counted(&text, "IPReversePathFilter")),
            modules: modules(),
            images: images(),
            container: text(CONTAINER).map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()),
            kmsg: kmsg(),
            ..GroundSeen::default()
        };
        let (unit, notes) = service.join().unwrap_or_default();
        GroundSeen { unit, notes, forward: forward.join().unwrap_or_default(), ..seen }
    })
}

fn number(name: &str) -> Option<u64> {
    text(Path::new("/proc/sys").join(name))?.trim().parse().ok()
}

/// Of the setting for all links and that of a link, the larger counts (Linux, ip-sysctl: `rp_filter`).
fn strict_links() -> Vec<String> {
    let folder = "net/ipv4/conf";
    let links = std::fs::read_dir(Path::new("/proc/sys").join(folder)).into_iter().flatten().flatten();
    let names = links.filter_map(|entry| entry.file_name().into_string().ok());
    let filter = |link: &str| number(&format!("{folder}/{link}/rp_filter"));
    let all = filter("all").unwrap_or(0);
    let mut strict: Vec<String> = names
        .filter(|link| !["all", "default", "lo"].contains(&link.as_str()))
        .filter(|link| filter(link).is_some_and(|own| own.max(all) == 1))
        .collect();
    strict.sort();
    strict
}

/// A counter of the kernel: lines in pairs, the first with the names and the second with the numbers (proc_pid_net(5)).
fn counted(netstat: &str, name: &str) -> Option<u64> {
    let lines: Vec<&str> = netstat.lines().collect();
    lines.chunks_exact(2).find_map(|pair| {
        let [names, numbers] = pair else { return None };
        let at = names.split_whitespace().position(|word| word == name)?;
        numbers.split_whitespace().nth(at)?.parse().ok()
    })
}

/// The limit is for each user, and containers that run as root share root's (inotify(7)). Whoever is not root cannot count.
fn inotify() -> Option<u64> {
    if std::fs::metadata("/proc/self").ok()?.uid() != 0 {
        return None;
    }
    let processes = std::fs::read_dir("/proc").ok()?.flatten();
    let numbered = processes
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(|c: char| c.is_ascii_digit()));
    let roots = numbered.filter(|entry| entry.metadata().is_ok_and(|about| about.uid() == 0));
    let files =
        roots.flat_map(|entry| std::fs::read_dir(entry.path().join("fd")).into_iter().flatten().flatten());
    let targets = files.filter_map(|file| std::fs::read_link(file.path()).ok());
    u64::try_from(targets.filter(|target| target.to_string_lossy() == "anon_inode:inotify").count()).ok()
}

/// `None` where no folder has any kernel's modules: then the kernel has all it needs, or nobody knows.
fn modules() -> Option<ModulesSeen> {
    let release = text("/proc/sys/kernel/osrelease")?.trim().to_owned();
    let has_any =
        |folder: &&&str| std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    let roots: Vec<PathBuf> = FOLDERS.iter().filter(has_any).map(PathBuf::from).collect();
    if roots.is_empty() {
        return None;
    }
    let own = roots.iter().map(|root| root.join(&release)).find(|folder| folder.exists());
    let lists = ["modules.builtin", "modules.dep"];
    let listed: String =
        own.iter().flat_map(|folder| lists.iter().filter_map(|name| text(folder.join(name)))).collect();
    let is_there = |name: &str| Path::new("/sys/module").join(name).exists() || is_listed(&listed, name);
    let missing = MODULES.iter().filter(|name| !is_there(name)).map(|name| (*name).to_owned());
    Some(ModulesSeen { release, folder: own.is_some(), missing: missing.collect() })
}

/// In `kernel/drivers/net/vxlan/vxlan.ko.xz: …`, with `-` and `_` alike (modprobe(8)).
fn is_listed(listed: &str, name: &str) -> bool {
    let same = |file: &str| file.split(".ko").next().is_some_and(|file| file.replace('-', "_") == name);
    listed.lines().filter_map(|line| line.split(':').next()?.rsplit('/').next()).any(same)
}

fn images() -> Option<MountSeen> {
    let path = IMAGES.iter().find(|path| Path::new(path).exists())?;
    let whole = std::fs::canonicalize(path).ok()?;
    let kind = kind_of(&text("/proc/self/mounts")?, &whole.to_string_lossy())?;
    let zfs = (kind == "zfs").then(|| text("/sys/module/zfs/version")).flatten();
    Some(MountSeen { path: (*path).to_owned(), kind, zfs: zfs.map(|version| version.trim().to_owned()) })
}

/// The kind of the last mount whose place is the path or above it (proc_pid_mounts(5): a later one covers an earlier one).
fn kind_of(mounts: &str, path: &str) -> Option<String> {
    let above = |place: &str| {
        place == "/" || path == place || path.strip_prefix(place).is_some_and(|rest| rest.starts_with('/'))
    };
    let of_line = |line: &str| -> Option<(usize, String)> {
        let mut words = line.split(' ').skip(1);
        let (place, kind) = (words.next()?, words.next()?);
        above(place).then(|| (place.len(), kind.to_owned()))
    };
    let longest = mounts.lines().filter_map(of_line).max_by_key(|(length, _)| *length);
    longest.map(|(_, kind)| kind)
}

/// The kubelet opens it when it starts (k3s-io/k3s, with LXC: rancher/k3k#132).
fn kmsg() -> Option<bool> {
    match File::open("/dev/kmsg") {
        Ok(_) => Some(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Some(false),
        // Everybody but root is kept out, and that says nothing.
        Err(_) => None,
    }
}

/// The chain, in each kind of tables that is in use. Neither question makes a table that is not there: iptables itself would.
fn forward() -> Vec<ForwardSeen> {
    let legacy = || {
        text(LEGACY)?.lines().any(|table| table == "filter").then_some(())?;
        k3s::output("iptables-legacy", &["-w", "1", "-S", "FORWARD"])
    };
    let found = [
        ("nft", k3s::output("nft", &["list", "chain", "ip", "filter", "FORWARD"])),
        ("iptables-legacy", legacy()),
    ];
    let seen = found.into_iter().filter_map(|(by, rules)| {
        Some(ForwardSeen {
            by: by.to_owned(),
            rules: rules?.lines().map(|line| line.trim().to_owned()).collect(),
        })
    });
    seen.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_found_built_in_or_in_its_folder_however_it_is_packed() {
        let listed = "kernel/fs/overlayfs/overlay.ko\nkernel/drivers/net/vxlan/vxlan.ko.xz: kernel/net/ipv6/ip6_udp_tunnel.ko.xz\n\
                      kernel/net/bridge/br-netfilter.ko.zst: kernel/net/bridge/bridge.ko.zst\n";
        assert!(["overlay", "vxlan", "br_netfilter"].iter().all(|name| is_listed(listed, name)));
        assert!(!is_listed(listed, "bridge") && !is_listed("", "overlay"));
    }

    #[test]
    fn the_file_system_of_a_folder_is_that_of_the_nearest_mount_above() {
        let mounts = "/dev/sda1 / ext4 rw 0 0\ntank/rancher /var/lib/rancher zfs rw 0 0\nx /var/lib/ranch nfs4 rw 0 0\n";
        assert_eq!(kind_of(mounts, "/var/lib/rancher/k3s").as_deref(), Some("zfs"));
        assert_eq!(kind_of(mounts, "/var/lib/kubelet").as_deref(), Some("ext4"));
        // timothystewart6/k3s-ansible#230.
        assert_eq!(
            kind_of("dpool/subvol-900-disk-0 / zfs rw,xattr,posixacl 0 0\n", "/var/lib/rancher").as_deref(),
            Some("zfs")
        );
    }

    #[test]
    fn a_counter_is_read_below_its_name() {
        let netstat =
            "TcpExt: SyncookiesSent TW IPReversePathFilter\nTcpExt: 0 41 1207\nIpExt: InNoRoutes\nIpExt: 3\n";
        assert_eq!(counted(netstat, "IPReversePathFilter"), Some(1207));
        assert_eq!(counted(netstat, "InNoRoutes"), Some(3));
        assert_eq!(counted(netstat, "Nothing"), None);
    }

    #[test]
    fn this_machine_has_limits() {
        let seen = look();
        assert!(seen.numbers.contains_key("fs/file-max") && seen.open_files.is_some_and(|open| open > 0));
    }
}
