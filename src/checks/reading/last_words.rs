//! What k3s says when it ends, or over and over while it does not get on, and the cure.

use crate::checks::engine::Finding;
use crate::checks::reading::etcd;
use crate::evidence::UnitSeen;

const TOKEN: &str = "give k3s the token with which the cluster was created: `/var/lib/rancher/k3s/server/token` of the first server";
const TOKEN_OPTION: &str = "services.homelab.tokenFile = \"/var/lib/secrets/k3s-token\";";

/// Words of its log, the cure, and the option of NixOS that is the same; what is rare enough to be sure of comes first.
const KNOWN: &[(&str, &str, &str)] = &[
    (etcd::LAST_WORDS, etcd::CURE, "services.homelab.nodeIP = \"ADDRESS\"; # the old one, which etcd knows"),
    // k3s-io/k3s#802, #1264: the hash of the password lies in a Secret, and a reinstalled machine has another password.
    (
        "Node password rejected",
        "the cluster has a node of this name with another password: if this machine was reinstalled, delete the old node on a server (`kubectl delete node NAME`, and `kubectl -n kube-system delete secret NAME.node-password.k3s` if it still exists); if another machine has the same host name, give one of them another, with `--node-name=` or `--with-node-id`",
        "services.homelab.nodeName = \"NAME\"; # if two machines have the same host name",
    ),
    (
        "duplicate node name found",
        "another server of the cluster has this host name: give this one another with `--node-name=`",
        "services.homelab.nodeName = \"NAME\";",
    ),
    // k3s, pkg/util/net.go: `getIPFromInterface`.
    (
        "multiple global unicast addresses",
        "the interface that `--flannel-iface=` names has several addresses, for example a floating one of keepalived: name the machine's own with `--node-ip=`",
        "services.homelab.nodeIP = \"ADDRESS\"; # the machine's own on the LAN",
    ),
    // k3s-io/k3s#3266, #10512, containerd/containerd#5464, timothystewart6/k3s-ansible#230.
    (
        "snapshotter cannot be enabled",
        "overlayfs does not work on the file system below `/var/lib/rancher` (NFS, ZFS before 2.2, a container's disk): put that folder on ext4 or XFS, or start k3s with `--snapshotter=native`, which needs more space",
        "services.homelab.k3s.extraFlags = [ \"--snapshotter=native\" ];",
    ),
    // flannel-io/flannel#1502, k3s-io/k3s#4188; MichaIng/DietPi#5886.
    (
        "flannel exited: operation not supported",
        "the kernel has no VXLAN: on Ubuntu for the Raspberry Pi `sudo apt install linux-modules-extra-raspi`; after an update of the kernel, reboot the machine; otherwise start k3s with `--flannel-backend=host-gw`, on every server",
        "boot.kernelModules = [ \"vxlan\" ];",
    ),
    // rancher/k3k#132, k0sproject/k0s#744.
    (
        "/dev/kmsg",
        "this container has no `/dev/kmsg`: on Proxmox, in `/etc/pve/lxc/ID.conf`, `lxc.mount.entry: /dev/kmsg dev/kmsg none defaults,bind,create=file`; or use a virtual machine",
        "",
    ),
    (
        "too many open files",
        "the kernel's limit of inotify instances is used up: `sudo sysctl -w fs.inotify.max_user_instances=8192`, and the same line in `/etc/sysctl.d/90-inotify.conf`",
        "boot.kernel.sysctl.\"fs.inotify.max_user_instances\" = 8192;",
    ),
    // k3s documentation, "Air-Gap Install": default network route.
    (
        "no default routes found",
        "k3s gets its address from the default route, and there is none: give the machine a gateway, or set its address with `--node-ip=`",
        "networking.defaultGateway = \"ADDRESS\"; # the router's",
    ),
    (
        "memory cgroup",
        "enable the memory controller of the kernel: add `cgroup_enable=memory cgroup_memory=1` to its command line (Raspberry Pi OS: `/boot/firmware/cmdline.txt`), and reboot the machine",
        "boot.kernelParams = [ \"cgroup_enable=cpuset\" \"cgroup_enable=memory\" \"cgroup_memory=1\" ];",
    ),
    // k3s, pkg/cgroups/cgroups_linux.go and pkg/daemons/agent/agent_linux.go.
    (
        "cgroup (v2)",
        "k3s lacks a cgroup controller: in a container (LXC), allow nesting and pass all controllers to it; otherwise enable it in the kernel: `cat /sys/fs/cgroup/cgroup.controllers`",
        "",
    ),
    (
        "pids cgroup controller not found",
        "enable the cgroup controller `pids` in the kernel: `CONFIG_CGROUP_PIDS` of its configuration, and no `cgroup_disable=pids` on its command line",
        "",
    ),
    (
        "server time isn't set",
        "set the clock right: `timedatectl` shows whether it is synchronised",
        "services.timesyncd.enable = true;",
    ),
    (
        "address already in use",
        "find the program that has the port with `ss -ltnp`, and stop it: a second k3s, or another Kubernetes",
        "",
    ),
    (
        "no space left",
        "free disk space: `sudo journalctl --vacuum-size=200M`, and on NixOS `sudo nix-collect-garbage -d`",
        "nix.gc = { automatic = true; options = \"--delete-older-than 14d\"; };",
    ),
    // k3s, pkg/cluster/storage.go and pkg/clientaccess/token.go.
    ("encrypted with different token", TOKEN, TOKEN_OPTION),
    ("token CA hash does not match", TOKEN, TOKEN_OPTION),
    ("from server: not authorized", TOKEN, TOKEN_OPTION),
    // k3s-io/k3s#2261, #2427.
    (
        "failed to get CA certs",
        "this machine cannot reach its server: `curl -vks https://SERVER:6443/ping` must answer `pong`; start the server, or open port 6443 on it",
        "services.homelab.clusterFirewall.enable = true; # on the server",
    ),
];

/// Whether the words are of something that does not pass.
pub(in crate::checks) fn is_known(error: &str) -> bool {
    KNOWN.iter().any(|(words, ..)| error.contains(words))
}

/// The finding that a unit is in that state, by its last error.
pub(in crate::checks) fn finding(summary: String, unit: &UnitSeen, error: &str) -> Finding {
    let name = &unit.name;
    let known = KNOWN.iter().find(|(words, ..)| error.contains(words));
    let fix = known.map_or("read its log before that line, and start it again", |(_, fix, _)| fix);
    let finding = Finding::new(
        summary,
        format!(
            "the service `{name}` of this machine is {}; its last error: {}",
            unit.state,
            error.trim_end_matches('.')
        ),
        fix,
    )
    .look(command!("journalctl -u {} -b -n 50", name));
    match known {
        Some((_, _, option)) if !option.is_empty() => finding.nixos(*option),
        _ => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_k3s_says_when_it_does_not_get_on_has_its_cure() {
        // Word for word, from the threads that stand beside each row.
        let cases = [
            (
                "Waiting to retrieve agent configuration; server is not ready: Node password rejected, duplicate hostname or contents of '/etc/rancher/node/password' may not match server node-passwd entry, try enabling a unique node name with the --with-node-id flag",
                "node-password.k3s",
            ),
            (
                "Waiting to retrieve agent configuration; server is not ready: \"overlayfs\" snapshotter cannot be enabled for \"/var/lib/rancher/k3s/agent/containerd\", try using \"fuse-overlayfs\" or \"native\": failed to mount overlay: invalid argument",
                "--snapshotter=native",
            ),
            ("flannel exited: operation not supported", "linux-modules-extra-raspi"),
            (
                "multiple global unicast addresses defined for wlp195s0, please set ip from one of [192.168.1.124 192.168.1.200]",
                "--node-ip=",
            ),
            (
                "failed to run Kubelet: failed to create kubelet: open /dev/kmsg: no such file or directory",
                "lxc.mount.entry",
            ),
            ("failed to find cpuset cgroup (v2)", "nesting"),
            ("pids cgroup controller not found", "CONFIG_CGROUP_PIDS"),
            (
                "ETCD join failed: duplicate node name found, please use a unique name for this node",
                "--node-name=",
            ),
            ("failed to create fsnotify watcher: too many open files", "max_user_instances"),
            (
                "Failed to test etcd connection: this server is a not a member of the etcd cluster. Found [pi-1=https://192.168.1.2:2380], expect: pi-1=192.168.1.77",
                "--cluster-reset",
            ),
            (
                "preparing server: failed to bootstrap cluster data: failed to reconcile with local datastore: bootstrap data already found and encrypted with different token",
                "server/token",
            ),
            ("Error: failed to get CA certs at https://127.0.0.1:36829/cacerts", "/ping"),
        ];
        let unit = UnitSeen { name: "k3s-agent".into(), state: "activating/start".into(), last_error: None };
        for (error, words) in cases {
            let found = finding("x".into(), &unit, error);
            assert!(found.fix.text.contains(words), "{error}: {}", found.fix.text);
        }
    }
}
