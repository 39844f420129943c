//! The group `host`: this machine, where it is a node of the cluster or may become one.

use crate::checks::engine::words::quoted;
use crate::checks::engine::{CheckId, Finding, Judged, Outcome, Severity, Subject, Vantage, judged};
use crate::checks::host::{below, clock, limits, links, networks, resolver, reverse, service};
use crate::checks::id;
use crate::evidence::{Disk, Evidence, MachineSeen, NodeSeen};
use crate::ingress::NOT_OURS;

/// From where on a disk is nearly full and full, in percent: k3s evicts pods when 5 % are left (k3s, pkg/daemons/agent,
/// `EvictionHard`).
const NEARLY_FULL: u8 = 80;
const FULL: u8 = 95;
/// What k3s and the kubelet cannot do without, by the version of cgroups (k3s, pkg/cgroups/cgroups_linux.go and
/// pkg/daemons/agent/agent_linux.go): of version 1, cpu and cpuset are only warned of.
const CONTROLLERS: [&str; 4] = ["cpu", "cpuset", "memory", "pids"];
const OLD_CONTROLLERS: [&str; 2] = ["memory", "pids"];

/// What judges one thing about the machine.
type Check = fn(&Evidence, &MachineSeen) -> Outcome;

/// Judges the group.
pub(super) fn outcomes_of_lab(evidence: &Evidence) -> Vec<Judged> {
    let Some(machine) = &evidence.machine else { return Vec::new() };
    let clock = judged(id::CLOCK, Subject::default(), Vantage::Machine, clock::clock(evidence.dns, machine));
    let node = this_node(evidence, machine);
    let subject = node.map_or_else(Subject::default, |node| Subject::node(&node.name));
    let on_machine = |id, outcome| judged(id, subject.clone(), Vantage::Machine, outcome);
    let name = node.map(|node| node.name.as_str());
    let resolv = resolver::resolv(evidence, machine, name);
    let checks: [(CheckId, Check); 16] = [
        (id::K3S, service::state),
        (id::CGROUP, |_, machine| cgroup(machine)),
        (id::MODULES, |_, machine| below::modules(machine)),
        (id::FILE_SYSTEM, below::file_system),
        (id::CONTAINER, |_, machine| below::container(machine)),
        (id::LIMITS, |_, machine| limits::limits(machine)),
        (id::FORWARDING, |_, machine| limits::forwarding(machine)),
        (id::REVERSE_PATH, |_, machine| reverse::path(machine)),
        (id::CIDR_OVERLAP, networks::overlap),
        (id::DISK, |_, machine| disk(machine)),
        (id::NODE_ADDRESS, |evidence, machine| {
            networks::address(evidence, this_node(evidence, machine), machine)
        }),
        (id::PORTS, ports),
        (id::FIREWALL_FLUSH, |_, machine| flush(machine)),
        (id::DHCPCD, |_, machine| links::dhcp(machine)),
        (id::EXPOSED, links::exposed),
        (id::SEARCH_DOMAIN, resolver::search),
    ];
    let elsewhere = elsewhere(evidence, machine, node);
    let judge = |(id, check): (CheckId, Check)| {
        on_machine(id, elsewhere.clone().unwrap_or_else(|| check(evidence, machine)))
    };
    let resolv = on_machine(id::RESOLV, elsewhere.clone().unwrap_or(resolv));
    std::iter::once(clock).chain(checks.into_iter().map(judge)).chain([resolv]).collect()
}

/// The node that this machine is, by an address or by its name.
fn this_node<'e>(evidence: &'e Evidence, machine: &MachineSeen) -> Option<&'e NodeSeen> {
    let nodes = evidence.nodes.as_deref().unwrap_or_default();
    let here = machine.addresses.as_deref().unwrap_or_default();
    let by_address = |node: &&NodeSeen| node.addresses.iter().any(|address| here.contains(address));
    let by_name = |node: &&NodeSeen| machine.hostname.as_ref() == Some(&node.name);
    nodes.iter().find(by_address).or_else(|| nodes.iter().find(by_name))
}

/// Why a machine that is no node is passed over: one that looks like a node counts as long as nobody knows better, and
/// before the first `up` every machine does.
fn elsewhere(evidence: &Evidence, machine: &MachineSeen, node: Option<&NodeSeen>) -> Option<Outcome> {
    let is_node = node.is_some() || evidence.cluster.is_none() || runs_k3s(machine);
    let looks_like_one = evidence.nodes.is_none() && !machine.marks.is_empty();
    (!is_node && !looks_like_one).then(|| Outcome::skip("this machine is not a node of the cluster"))
}

/// Whether k3s has been on this machine.
pub(in crate::checks) fn runs_k3s(machine: &MachineSeen) -> bool {
    machine.marks.iter().any(|mark| mark.ends_with("rancher"))
}

fn cgroup(machine: &MachineSeen) -> Outcome {
    let Some(found) = &machine.controllers else {
        return Outcome::unknown("/sys/fs/cgroup could not be read");
    };
    let needed = if machine.old_cgroup { OLD_CONTROLLERS.as_slice() } else { CONTROLLERS.as_slice() };
    let missing: Vec<&&str> = needed.iter().filter(|name| !found.iter().any(|f| f == *name)).collect();
    if missing.is_empty() {
        return Outcome::pass(needed.join(", "));
    }
    Finding::new(
        format!("the kernel lacks cgroup controllers: {}", quoted(missing)),
        "k3s does not start without them; the kernels of small boards often leave `memory` off, and a container (LXC) gets only what its host passes to it",
        "on a board, add `cgroup_enable=cpuset cgroup_enable=memory cgroup_memory=1` to the kernel's command line (Raspberry Pi OS: `/boot/firmware/cmdline.txt`), and reboot; in a container, allow nesting and pass all controllers to it",
    )
    .look("cat /sys/fs/cgroup/cgroup.controllers /proc/cmdline")
    .nixos("boot.kernelParams = [ \"cgroup_enable=cpuset\" \"cgroup_enable=memory\" \"cgroup_memory=1\" ];")
    .into()
}

fn disk(machine: &MachineSeen) -> Outcome {
    let fullness = |disk: &Disk| disk.used.max(disk.inodes);
    let Some(disk) = machine.disks.iter().max_by_key(|disk| fullness(disk)) else {
        return Outcome::unknown("no file system could be read");
    };
    let (path, percent) = (&disk.path, fullness(disk));
    if percent < NEARLY_FULL {
        return Outcome::pass(format!("`{path}` is {percent} % full"));
    }
    let what = if disk.inodes > disk.used { "of the inodes" } else { "of the space" };
    let free = disk.free / (1 << 20);
    let finding = Finding::new(
        format!("{percent} % {what} of `{path}` is used, {free} MiB are free"),
        "images, volumes, logs and old generations of NixOS fill it; k3s removes images from 85 % on, and evicts pods when less than 5 % are left",
        "make room: `sudo k3s crictl rmi --prune` removes images that no pod uses, `sudo journalctl --vacuum-size=200M` old logs, and on NixOS `sudo nix-collect-garbage -d` old generations (you cannot roll back to them afterwards)",
    )
    .look(command!("sudo du -xhd2 {} | sort -h | tail -15", path))
    .nixos("nix.gc = { automatic = true; options = \"--delete-older-than 14d\"; };");
    if percent < FULL { finding.only(Severity::Warning).into() } else { finding.into() }
}

fn ports(evidence: &Evidence, machine: &MachineSeen) -> Outcome {
    // It may listen there itself, or elsewhere.
    if !evidence.controller.is_managed() {
        return Outcome::skip(NOT_OURS);
    }
    let Some(listeners) = &machine.listeners else {
        return Outcome::unknown("/proc/net/tcp could not be read");
    };
    let mut foreign: Vec<String> = listeners
        .iter()
        .filter(|listener| !listener.in_pod)
        .map(|listener| {
            let process =
                listener.process.as_ref().map_or_else(|| "a process".to_owned(), |name| format!("`{name}`"));
            format!("{process} at `{}`", listener.address)
        })
        .collect();
    foreign.sort();
    foreign.dedup();
    if foreign.is_empty() {
        return Outcome::pass("no program of the machine itself listens there");
    }
    Finding::new(
        format!("a program of this machine listens where the ingress controller should: {}", foreign.join(", ")),
        "the ingress controller receives everything that comes to this port from the LAN, so that program gets nothing while the controller runs",
        "stop it if you do not need it: `sudo systemctl disable --now UNIT` (UNIT: its systemd service); otherwise let it listen on another port, and give it a name: `homelab expose NAME --local PORT`",
    )
    .look("sudo ss -ltnp '( sport = :80 or sport = :443 )'")
    .into()
}

fn flush(machine: &MachineSeen) -> Outcome {
    let Some(file) = &machine.flushes else {
        return Outcome::pass("the firewall's rules do not remove all others");
    };
    Finding::new(
        format!("loading the firewall removes the rules of all programs: `{file}` has `flush ruleset`"),
        "hostPorts and Services are firewall rules, too; those of a hostPort come back only when its pod restarts",
        "remove that line, so that the firewall replaces only its own tables",
    )
    .look(command!("grep -n 'flush ruleset' {}", file))
    .nixos("networking.nftables.flushRuleset = false;")
    .into()
}
