//! The machine that this runs on, where it is a node of the cluster.

use super::ids::*;
use crate::checks::engine::{Def, cause};
use crate::checks::id;

/// The checks of this group, causes first.
pub(super) const CHECKS: &[Def] = &[
    Def::error(CLOCK, "the clock is right")
        .before_up()
        .about(
            "Compares this machine's clock with the date header of the DNS provider's API (without checking its certificate) and of the Kubernetes API server. Where the nodes alone answer for the domain, the internet need not be there to be asked. More than 2 minutes is a warning, more than 5 an error.",
            "Certificates are \"not yet valid\" or \"expired\" everywhere: in kubectl, k3s, Let's Encrypt and the browser.",
        )
        .causes(&[
            cause("no time server can be reached, or none is configured", "enable systemd-timesyncd or chrony: `services.timesyncd.enable = true;`"),
            cause("a board without a battery boots with the date 1970, and k3s starts before the time is set", "make k3s wait: `systemd.services.k3s.after = [ \"time-sync.target\" ];` with `systemd-time-wait-sync`"),
        ])
        .sources(&["k3os#381", "k3os#657", "linkerd2, `linkerd check`: clock skew", "RFC 9110 section 6.6.1"]),
    Def::error(CGROUP, "the kernel offers the cgroup controllers of k3s")
        .before_up()
        .about("/sys/fs/cgroup/cgroup.controllers: cpu, cpuset, memory and pids. With cgroup v1, the mounted hierarchies: only memory and pids. k3s exits without them.", "k3s exits with \"failed to find memory cgroup (v2)\" or \"pids cgroup controller not found\".")
        .causes(&[
            cause(
                "the kernel of a Raspberry Pi starts with the memory controller off",
                "add `cgroup_enable=cpuset cgroup_enable=memory cgroup_memory=1` to the kernel's command line (Raspberry Pi OS: `/boot/firmware/cmdline.txt`; NixOS: `boot.kernelParams`), and reboot",
            ),
            cause("k3s runs in a container (LXC), which gets only what its host passes to it", "allow nesting, and pass all controllers to it"),
        ])
        .sources(&["k3s, contrib/util/check-config.sh", "k3s, pkg/cgroups/cgroups_linux.go, pkg/daemons/agent/agent_linux.go", "k3s documentation, installation/requirements"]),
    Def::error(MODULES, "the kernel has the modules of k3s and flannel")
        .before_up()
        .about(
            "Whether `overlay`, `br_netfilter`, `nf_conntrack` and `vxlan` are loaded (/sys/module), built in, or in the folder of the running kernel's modules (modules.builtin and modules.dep).",
            "k3s exits with \"flannel exited: operation not supported\"; or pods do not reach Services whose pod is on their own node.",
        )
        .causes(&[
            cause("the kernel was updated, and the modules of the running one are gone", "reboot the machine"),
            cause("Ubuntu for the Raspberry Pi, RHEL 10 and others have them in a separate package", "`sudo apt install linux-modules-extra-raspi`, `sudo dnf install kernel-modules-extra`"),
            cause("the kernel of a small board was built without them", "use another kernel; without VXLAN, `--flannel-backend=host-gw`"),
        ])
        .sources(&["k3s, pkg/agent/syssetup/setup.go", "flannel-io/flannel#1502", "k3s-io/k3s#2776, #4188, #7155", "k3s-io/k3s-ansible#536", "MichaIng/DietPi#5886"]),
    Def::error(FILE_SYSTEM, "containerd can unpack images where k3s keeps them")
        .before_up()
        .about(
            "The kind of the file system below `/var/lib/rancher/k3s/agent/containerd` (/proc/self/mounts), the version of ZFS, and the snapshotter that k3s notes on its Node.",
            "k3s never starts: \"overlayfs\" snapshotter cannot be enabled, \"failed to mount overlay: invalid argument\".",
        )
        .causes(&[
            cause("the machine starts from the network, with its root on NFS", "mount an iSCSI disk at `/var/lib/rancher`, or start k3s with `--snapshotter=native`"),
            cause("ZFS before 2.2", "update it, or mount a ZFS volume with ext4 at `/var/lib/rancher`"),
            cause("the folder is on another overlay, as in a container or on a stateless system", "mount a disk there"),
        ])
        .sources(&["k3s-io/k3s#3266, #10512, #2755, #66", "containerd/containerd#5464", "timothystewart6/k3s-ansible#230", "Linux documentation, \"Overlay Filesystem\""]),
    Def::error(CONTAINER, "if this machine is a container, k3s can run in it")
        .before_up()
        .about(
            "Whether this machine is a container with a whole system in it (/run/systemd/container: LXC, nspawn), and whether it has `/dev/kmsg`. A container that has it is only a note.",
            "k3s exits with \"failed to create kubelet: open /dev/kmsg: no such file or directory\".",
        )
        .causes(&[cause(
            "LXC gives a container no `/dev/kmsg`",
            "on Proxmox, add `lxc.mount.entry: /dev/kmsg dev/kmsg none defaults,bind,create=file` and allow nesting; or use a virtual machine",
        )])
        .sources(&["rancher/k3k#132", "k0sproject/k0s#744", "kubernetes-sigs/kind#662", "systemd, \"The Container Interface\""]),
    Def::error(LIMITS, "no limit of the kernel is reached")
        .before_up()
        .about(
            "Compares the inotify instances of root's processes with `fs.inotify.max_user_instances` (only root can count them), open files with `fs.file-max`, and connections with `net.netfilter.nf_conntrack_max`. A low `fs.inotify.max_user_watches` is only a warning.",
            "\"too many open files\" or \"no space left on device\" where the disk has room; `kubectl logs -f` ends; connections hang now and then.",
        )
        .causes(&[
            cause("root may hold 128 inotify instances in total, and a few dozen pods use them up", "set `fs.inotify.max_user_instances = 8192`"),
            cause("a program opens more and more connections", "find it: `sudo conntrack -L`"),
        ])
        .sources(&["kairos-io/kairos#2071", "k0sproject/k0s#8113", "kubernetes/kubernetes#71261", "inotify(7)", "proc_sys_fs(5)"]),
    Def::error(FORWARDING, "the kernel forwards the packets of pods")
        .about(
            "`net.ipv4.ip_forward`, `net.bridge.bridge-nf-call-iptables`, and the chain FORWARD of both iptables backends (legacy and nft), once pods have a network here. A chain that drops packets is a warning, and only if none of its rules accepts those of pods.",
            "Pods reach nothing outside their node. Or a Service works only when its pod is on another node: \"reply from unexpected source\".",
        )
        .causes(&[
            cause("a `sysctl --system`, ufw or a network manager has switched forwarding off after k3s switched it on", "write `net.ipv4.ip_forward = 1` into a file in `/etc/sysctl.d`"),
            cause("Docker or ufw sets the policy of FORWARD to DROP, and flannel's rules are in the other iptables backend (legacy or nft)", "accept packets from and to `cni0`"),
        ])
        .sources(&["k3s, pkg/agent/syssetup/setup.go", "k3s-io/k3s#7671, #9837, #1159", "NixOS/nixpkgs#98766", "kubernetes/kubernetes#39823, #38802", "k3s documentation, \"Known Issues\""]),
    Def::warning(REVERSE_PATH, "reverse path filtering (rp_filter) drops no packets of this node")
        .about(
            "The setting `rp_filter` of each network interface, the kernel's counter of packets that it dropped for this reason (`IPReversePathFilter`), and the IPv4 routes: two interfaces in one network, or two default routes. Only all three together are a warning. The counter does not include packets that the NixOS firewall drops (`networking.firewall.checkReversePath`).",
            "The node answers only sometimes, or only at one of its addresses; `tcpdump` shows requests without an answer.",
        )
        .causes(&[
            cause(
                "two network cards of the machine are in one network: a request comes in through one, and the answer would leave through the other. Strict reverse path filtering treats such packets as spoofed and drops them",
                "use one of them: unplug or disable the other, or give it another network",
            ),
            cause("a second default route, over a VPN or a second provider", "set `net.ipv4.conf.all.rp_filter = 2` (loose); NixOS: `networking.firewall.checkReversePath = \"loose\";`"),
        ])
        .sources(&["Linux, Documentation/networking/ip-sysctl: rp_filter", "RFC 3704", "k3s-io/k3s#4624", "cilium/cilium#13130, #31565", "NixOS options: networking.firewall.checkReversePath"]),
    Def::error(CIDR_OVERLAP, "no other network uses the addresses of pods and Services")
        .before_up()
        .about(
            "Compares the machine's IPv4 routes and its own address with the networks of pods and Services: those of the cluster, or k3s' defaults 10.42.0.0/16 and 10.43.0.0/16. The cluster's own routes do not count.",
            "Services never worked, or the node cannot reach one of the networks in the house.",
        )
        .causes(&[
            cause("the LAN, a VPN or a second cluster uses 10.42 or 10.43", "change that network, or tell its VPN not to take the route (WireGuard: `AllowedIPs`); a new cluster can use other networks (`--cluster-cidr`, `--service-cidr` and `--cluster-dns`), but they cannot be changed later"),
        ])
        .sources(&["k3s, contrib/util/check-config.sh", "k3s documentation, cli/server: networking"]),
    Def::error(DISK, "disks have room")
        .about(
            "Space and inodes of the file systems of /, /var/lib/rancher, /var/lib/kubelet and /nix, by statvfs. 80 % is a warning, 95 % an error: k3s evicts pods when less than 5 % are free.",
            "Pods are evicted or stay Pending with the taint node.kubernetes.io/disk-pressure; images vanish and are pulled again.",
        )
        .causes(&[
            cause("old generations of NixOS", "`sudo nix-collect-garbage -d` removes them all; you cannot roll back afterwards"),
            cause("images that no pod uses", "`sudo k3s crictl rmi --prune`"),
            cause("a volume or a log has grown", "`sudo du -xhd2 /var/lib/rancher | sort -h | tail` shows which"),
        ])
        .sources(&["Kubernetes documentation, node-pressure eviction", "k3s, pkg/daemons/agent/agent.go: EvictionHard", "k3s#6290"]),
    Def::error(K3S, "k3s runs on this machine, and its log shows no lasting error")
        .needs(&[CLOCK, CGROUP, MODULES, FILE_SYSTEM, CONTAINER, LIMITS, DISK])
        .about(
            "The unit `k3s` or `k3s-agent` of systemd, and the last five minutes of its journal and the kernel's. If the unit is not running, it shows the last log line that is fatal or that says what k3s waits for.",
            "An agent never joins, or k3s restarts every few minutes: pods come and go, and `kubectl` hangs now and then.",
        )
        .causes(&[
            cause("`Node password rejected`: the machine was reinstalled, or another has the same host name", "run `kubectl delete node NAME` on a server; or give the machine another name with `--node-name=`"),
            cause("`Slow SQL`, `apply request took too long`, `leaderelection lost`: the disk is too slow, usually an SD card", "move `/var/lib/rancher` to an SSD"),
            cause("`multiple global unicast addresses`: the interface of `--flannel-iface` has a second, floating address", "choose one with `--node-ip=`"),
            cause("`failed to get CA certs`: the agent does not reach its server", "open port 6443 on the server; test it with `curl -vks https://SERVER:6443/ping`"),
        ])
        .sources(&["k3s-io/k3s#802, #663, #872 (password), #1850, #2615, #8042, #12380 (disk), #2261", "k3s, pkg/agent/config/config.go, pkg/util/net.go, pkg/etcd/etcd.go", "kairos-io/kairos#2071"]),
    Def::error(NODE_ADDRESS, "the node's address in Kubernetes is this machine's LAN address")
        .about(
            "Compares the InternalIP of this machine's Node with the machine's addresses, separately for IPv4 and IPv6, and with the address that it uses toward its default gateway. An address in a second network of the house is only a note.",
            "After a reboot or a move, nothing in the cluster is reachable, or the names point to an address that no device in the house can reach.",
        )
        .causes(&[
            cause("DHCP gave the machine another address; k3s keeps the one it started with", "reserve the address in the router or make it static, and restart k3s. A server with etcd does not start with a different address: give the machine its old address. Or: stop k3s, run the `ExecStart` command that `systemctl cat k3s` shows once with `--cluster-reset` added, then start k3s"),
            cause("k3s chose the address of a VPN (Tailscale, WireGuard), or of a bridge of containers or virtual machines (docker0, virbr0)", "name the address or the interface: `services.homelab.nodeIP` or `services.homelab.interface`"),
        ])
        .sources(&["k3s#6969", "k3s#6524", "k3s#1977", "k3s#4624", "k3s#7355", "k0sproject/k0s#5189", "rancher-desktop#1218"]),
    Def::warning(PORTS, "nothing else listens on ports 80 and 443")
        .before_up()
        .about(
            "Sockets that listen on port 80 or 443 of this machine, from /proc/net/tcp and tcp6, and the names of their processes, if this user may see them. The ingress controller itself has no such socket: a host port is a rule of the packet filter.",
            "A web server of this machine stops answering as soon as the ingress controller runs, and logs nothing.",
        )
        .causes(&[cause(
            "the kernel gives the packets to a hostPort before any socket: both programs seem to have the port, but the socket gets nothing",
            "let the other program listen on another port, and give it a name with `local:`",
        )])
        .sources(&["k3s#383", "k3s#2403", "CNI plugins documentation, portmap"]),
    Def::warning(FIREWALL_FLUSH, "loading the firewall keeps the rules of pods")
        .before_up()
        .about("The unit nftables.service, and whether the rules that it loads have the line `flush ruleset`.", "After `nixos-rebuild switch`, ports 80 and 443 do not answer until the controller's pod restarts, although all pods are Ready.")
        .causes(&[cause(
            "the rules of a host port are written once, when its pod starts; a flush removes them",
            "`networking.nftables.flushRuleset = false;`",
        )])
        .sources(&["containernetworking/plugins#512", "rke2#10469", "k3s#7542", "NixOS options: networking.nftables.flushRuleset"]),
    Def::error(DHCPCD, "no DHCP client manages the network interfaces of pods")
        .before_up()
        .about(
            "The IPv4 routes over network interfaces of pods (`veth…`, `cni…`, `flannel…`): a route to 169.254.0.0/16, or the default route, was set by a DHCP client. If dhcpcd runs: does its configuration deny these interfaces? If not, that is a warning.",
            "The machine loses its network some seconds after a pod has started, or k3s uses an address 169.254.x.x.",
        )
        .causes(&[
            cause("dhcpcd, NixOS' default, asks for an address on each new network interface", "set `networking.dhcpcd.denyInterfaces = [ \"veth*\" \"cni*\" \"flannel*\" ];`, as homelab's module does; elsewhere `denyinterfaces veth* cni* flannel*` in `/etc/dhcpcd.conf`"),
            cause("another DHCP client does the same", "tell it to ignore these interfaces"),
        ])
        .sources(&["NixOS/nixpkgs#109389", "NetworkConfiguration/dhcpcd#531 and #90", "dhcpcd.conf(5)", "RFC 3927"]),
    Def::warning(EXPOSED, "ports 80 and 443 answer on no public address")
        .before_up()
        .about(
            "The machine's own addresses and their network interfaces, and whether homelab's NixOS module opens the ports on some interfaces only. A public IPv6 address is only a note, and only if pods have IPv6: in most houses each machine has one, and the router drops incoming connections. Without IPv6 in the cluster, the ports do not answer there.",
            "The log shows requests from strangers. Anyone who connects to the address learns your names from the certificates.",
        )
        .causes(&[
            cause("the machine is a router, or a server at a provider: its interface has a public address", "set `services.homelab.interface` to the LAN's interface: the ports then answer there only; `services.homelab.openFirewall = false;` closes them"),
            cause("a firewall that filters INPUT seems to close the ports, but Kubernetes redirects a host port before that (DNAT)", "filter before DNAT: table mangle or raw, chain PREROUTING"),
        ])
        .sources(&["CNI plugins documentation, portmap", "netfilter.org, \"Netfilter hooks\""]),
    Def::warning(RESOLV, "pods can use the machine's DNS resolvers")
        .before_up()
        .about(
            "The `resolv.conf` that k3s uses: that of --resolv-conf (as noted on the Node, else in its unit, its variables, config.yaml and config.yaml.d), else the first of /etc/resolv.conf and /run/systemd/resolve/resolv.conf in which no server is the machine itself.",
            "Pods do not know the names of the house, or no names at all, if the router blocks 8.8.8.8.",
        )
        .causes(&[
            cause(
                "every file names a resolver on this machine, which a pod cannot reach; k3s then writes one with 8.8.8.8 and 2001:4860:4860::8888",
                "write a file with the router's address and name it: `services.homelab.k3s.extraFlags = [ \"--resolv-conf=/etc/k3s-resolv.conf\" ];`",
            ),
            cause("`--resolv-conf` names a file with a resolver on this machine: k3s does not look into it", "write the router's address into it"),
            cause(
                "all resolvers have IPv6 addresses (the router hands them out), and pods of an IPv4 cluster have no IPv6",
                "write such a file with a resolver that has an IPv4 address",
            ),
            cause(
                "the resolver is a link-local address such as `fe80::1%eth0`, which k3s does not accept",
                "write such a file with the router's IPv4 address",
            ),
            cause(
                "the file names more than three resolvers: the C library and the kubelet use the first three (\"Nameserver limits were exceeded\"); only a note",
                "keep the three that matter",
            ),
        ])
        .sources(&[
            "k3s, pkg/agent/config/config.go: locateOrGenerateResolvConf",
            "k3s#4087",
            "k3s#1826, #3153: resolvers with IPv6 alone",
            "coredns, plugin/loop",
            "resolv.conf(5): MAXNS; Kubernetes documentation, \"Debugging DNS Resolution\"; vitobotta/hetzner-k3s#189",
        ]),
    Def::error(SEARCH_DOMAIN, "no search domain has a wildcard record")
        .before_up()
        .needs(&[id::RESOLV])
        .about(
            "For each search domain that pods inherit, one DNS query to the machine's resolver for a random name: `homelab-probe-<random>.com.<domain>`.",
            "cert-manager and external-dns get the certificate of your own ingress controller instead of the DNS provider's or Let's Encrypt's (x509: certificate is valid for another name).",
        )
        .causes(&[cause(
            "pods try each search domain before the name itself (ndots:5), and a wildcard record below that domain answers",
            "give pods a file without the search domain: `services.homelab.k3s.extraFlags = [ \"--resolv-conf=/etc/k3s-resolv.conf\" ];`, or remove the wildcard record",
        ), cause(
            "the wildcard record is the lab's own (`records: wildcard`); before the first `up`, the check tells of one to come",
            "give pods a file without the search domain, or leave `records` out",
        )])
        .sources(&["k3s#1527", "k3s#5045", "resolv.conf(5): ndots"]),
];
