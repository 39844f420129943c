//! The kernel's limits, and whether it passes on what pods send.

use crate::checks::engine::{Finding, Outcome, Severity};
use crate::evidence::{ForwardSeen, MachineSeen};

/// How many inotify instances have to be free: each new pod takes one or two (k0sproject/k0s#8113).
const SPARE: u64 = 2;
/// Below so many watches, the programs of a few pods use them up; kernels before 5.11 had 8192 (inotify(7)).
const FEW_WATCHES: u64 = 8192;

pub(super) fn limits(machine: &MachineSeen) -> Outcome {
    let ground = &machine.ground;
    let number = |name: &str| ground.numbers.get(name).copied();
    let full = |used: Option<u64>, most: Option<u64>, spare: u64| {
        let (used, most) = (used?, most?);
        (most > 0 && used.saturating_add(spare) >= most).then_some((used, most))
    };
    let inotify = full(ground.inotify, number("fs/inotify/max_user_instances"), SPARE);
    if let Some((used, most)) = inotify {
        return Finding::new(
            format!("root's processes hold {used} of the {most} inotify instances that the kernel allows"),
            "the limit is for each user, and k3s, containerd and most pods run as root: the next program that watches files fails with \"too many open files\"",
            "raise it: `sudo sysctl -w fs.inotify.max_user_instances=8192`, and the same line in `/etc/sysctl.d/90-inotify.conf`",
        )
        .look("sysctl fs.inotify")
        .nixos("boot.kernel.sysctl.\"fs.inotify.max_user_instances\" = 8192;")
        .into();
    }
    let connections = number("net/netfilter/nf_conntrack_max").map(|most| (most, most / 20));
    let connections = connections
        .and_then(|(most, spare)| full(number("net/netfilter/nf_conntrack_count"), Some(most), spare));
    if let Some((used, most)) = connections {
        return Finding::new(
            format!("the kernel's table of connections is nearly full: {used} of {most}"),
            "a full one drops every new connection of the machine and its pods",
            "make it larger: `sudo sysctl -w net.netfilter.nf_conntrack_max=262144`, and find the machine that has so many: `sudo conntrack -L | awk '{print $4}' | sort | uniq -c | sort -n | tail`",
        )
        .look("sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max")
        .nixos("boot.kernel.sysctl.\"net.netfilter.nf_conntrack_max\" = 262144;")
        .into();
    }
    let files = number("fs/file-max").and_then(|most| full(ground.open_files, Some(most), most / 20));
    if let Some((used, most)) = files {
        return Finding::new(
            format!("{used} of the {most} files are open that the kernel allows in the whole machine"),
            "the next program that opens a file or a connection fails with \"too many open files in system\"",
            "raise `fs.file-max`, and find the program that opens so many: `sudo lsof -n | awk '{print $1}' | sort | uniq -c | sort -n | tail`",
        )
        .look("sysctl fs.file-nr")
        .nixos("boot.kernel.sysctl.\"fs.file-max\" = 2097152;")
        .into();
    }
    match number("fs/inotify/max_user_watches") {
        Some(watches) if watches <= FEW_WATCHES => Finding::new(
            format!("a user may watch {watches} files only (`fs.inotify.max_user_watches`)"),
            "programs that watch many files, such as Jellyfin, Home Assistant or a code server, use them up: \"no space left on device\", although the disk has room",
            "raise it: `sudo sysctl -w fs.inotify.max_user_watches=524288`, and the same line in `/etc/sysctl.d/90-inotify.conf`",
        )
        .look("sysctl fs.inotify")
        .nixos("boot.kernel.sysctl.\"fs.inotify.max_user_watches\" = 524288;")
        .only(Severity::Warning)
        .into(),
        None if ground.numbers.is_empty() => Outcome::unknown("/proc/sys could not be read"),
        _ => Outcome::pass("no limit is reached"),
    }
}

/// A chain that accepts what goes to and from pods: flannel's, kube-proxy's for what it has marked, or a rule for their link.
const ACCEPTING: [&str; 4] = ["FLANNEL-FWD", "10.42.", "cni0", "flannel.1"];

pub(super) fn forwarding(machine: &MachineSeen) -> Outcome {
    let ground = &machine.ground;
    let number = |name: &str| ground.numbers.get(name).copied();
    // Before there are pods nobody needs it, and k3s switches it on when it starts.
    let has_pods = machine.routes.iter().flatten().any(|route| route.interface.starts_with("cni"));
    if !has_pods {
        return Outcome::skip("pods have no network on this machine yet");
    }
    match number("net/ipv4/ip_forward") {
        None => return Outcome::unknown("/proc/sys/net/ipv4/ip_forward could not be read"),
        Some(0) => return no_forwarding().into(),
        Some(_) => {}
    }
    if let Some(chain) = ground.forward.iter().find(|chain| drops(chain)) {
        return dropping(chain).into();
    }
    match number("net/bridge/bridge-nf-call-iptables") {
        Some(0) => unfiltered_bridge().into(),
        // The link of pods is a bridge only with k3s' own network, and the file comes with the module.
        _ => Outcome::pass("packets of pods are forwarded"),
    }
}

fn no_forwarding() -> Finding {
    Finding::new(
        "the kernel forwards no packets: `net.ipv4.ip_forward` is 0",
        "k3s switches it on when it starts, and something has switched it off since: `sysctl --system`, a firewall, or a network manager with its own setting",
        "switch it on permanently: `net.ipv4.ip_forward = 1` in `/etc/sysctl.d/90-k3s.conf`, and `sudo sysctl --system`; find the file that says 0 with `grep -r ip_forward /etc/sysctl.conf /etc/sysctl.d /etc/ufw/sysctl.conf`",
    )
    .look("sysctl net.ipv4.ip_forward")
    .nixos("boot.kernel.sysctl.\"net.ipv4.ip_forward\" = 1;")
}

/// Whether the chain's policy drops, and none of its rules accepts what is of pods.
fn drops(chain: &ForwardSeen) -> bool {
    let policy = |line: &String| line == "-P FORWARD DROP" || line.contains("policy drop");
    let accepts = |line: &String| ACCEPTING.iter().any(|word| line.contains(word));
    chain.rules.iter().any(policy) && !chain.rules.iter().any(accepts)
}

/// Whose chain it is, by the chains that it leads to (k3s-io/k3s#9837, #1159; kubernetes/kubernetes#39823).
fn dropping(chain: &ForwardSeen) -> Finding {
    let has = |word: &str| chain.rules.iter().any(|line| line.contains(word));
    let who = match () {
        () if has("DOCKER") => {
            "Docker sets it to DROP when it starts, and accepts only what is of its own networks"
        }
        () if has("ufw-") => "ufw sets it to DROP (`DEFAULT_FORWARD_POLICY` in `/etc/default/ufw`)",
        () => "a firewall of this machine sets it to DROP",
    };
    Finding::new(
        format!("the chain FORWARD of `{}` drops unknown packets, and none of its rules accepts those of pods", chain.by),
        format!("{who}; flannel's ACCEPT rules are missing, or are in the other iptables backend (legacy or nft); a packet must pass the rules of both backends"),
        "accept packets from and to the pods: with ufw, `sudo ufw route allow in on cni0` and `sudo ufw route allow out on cni0`; with Docker, `sudo iptables -I DOCKER-USER -i cni0 -j ACCEPT` and the same with `-o cni0`; then restart k3s (`sudo systemctl restart k3s`)",
    )
    .look("sudo iptables -S FORWARD; sudo iptables-legacy -S FORWARD; sudo nft list chain ip filter FORWARD")
    .only(Severity::Warning)
}

fn unfiltered_bridge() -> Finding {
    Finding::new(
        "packets between pods of this node do not go through iptables: `net.bridge.bridge-nf-call-iptables` is 0",
        "a pod that asks a Service whose pod is on the same node gets the answer from an address that it did not ask: DNS fails there with \"reply from unexpected source\". k3s sets it to 1 when it starts, and something has set it to 0 since",
        "set it permanently: `net.bridge.bridge-nf-call-iptables = 1` in `/etc/sysctl.d/90-k3s.conf`, and `sudo sysctl --system`",
    )
    .look("sysctl net.bridge.bridge-nf-call-iptables")
    .nixos("boot.kernel.sysctl.\"net.bridge.bridge-nf-call-iptables\" = 1;")
}
