//! This machine, the configuration, and what was applied.

use std::fs;

use serde_json::{Value, json};

use super::{Ask, Injury, injury};
use crate::cases::hands::{Hands, eventually};
use crate::error::{Context, Result};

/// An Ingress that somebody else made, of our class.
const STRANGER: &str = "stranger";

/// One that lies in how the doctor itself is run, so that nothing has to be undone.
const fn wrapped(
    name: &'static str,
    id: &'static str,
    says: &'static [&'static str],
    wrap: &'static [&'static str],
) -> Injury {
    let ask = Ask { wrap, ..Ask::NODE };
    Injury { ask, ..injury(name, id, says, nothing, nothing) }
}

fn nothing(_: &Hands) -> Result<()> {
    Ok(())
}

pub(super) const INJURIES: &[Injury] = &[
    Injury {
        ask: Ask { config: Some("nowhere.yaml"), ..Ask::NODE },
        ..injury("no configuration", "config.valid", &["nowhere.yaml", "--config FILE"], nothing, nothing)
    },
    Injury {
        ask: Ask { config: Some("bad-email.yaml"), ..Ask::NODE },
        always: true,
        ..injury(
            "an e-mail address that Let's Encrypt refuses",
            "config.valid",
            &["bad-email.yaml:", "email", "example.com"],
            |hands| {
                let text = hands.config()?.replace("admin@example.test", "admin@example.com");
                hands.config_file("bad-email.yaml", &text).map(drop)
            },
            |hands| fs::remove_file(hands.run.path("bad-email.yaml")).context("removing a configuration"),
        )
    },
    injury(
        "an Ingress of others whose host is outside the zone",
        "config.host-in-zone",
        &["app.elsewhere.test", "default/stranger", "gets no record"],
        |hands| stranger(hands, "app.elsewhere.test", &json!({})),
        leave,
    ),
    injury(
        "an Ingress of others that asks for Cloudflare's proxy",
        "config.target-private-unproxied",
        &["cloudflare-proxied", "-n default ingress/stranger", "10.99.0."],
        |hands| {
            let proxied = json!({ "external-dns.alpha.kubernetes.io/cloudflare-proxied": "true" });
            stranger(hands, "proxied.home.example.test", &proxied)
        },
        leave,
    ),
    injury(
        "an annotation with a prefix that external-dns does not read",
        "config.annotation-prefix",
        &["external-dns.kubernetes.io/ttl", "has no effect", "external-dns.alpha.kubernetes.io/"],
        |hands| {
            stranger(hands, "slow.home.example.test", &json!({ "external-dns.kubernetes.io/ttl": "300" }))
        },
        leave,
    ),
    Injury {
        always: true,
        ..wrapped(
            "the clock is ten minutes fast",
            "host.clock",
            &["the clock of this machine is", "min ahead"],
            &["faketime", "-f", "+10m"],
        )
    },
    wrapped(
        "the clock stands in 1970",
        "host.clock",
        &["the clock of this machine is", "behind", "valid certificates look expired"],
        &["faketime", "1970-01-03 00:00:00"],
    ),
    wrapped(
        "a kernel without the memory controller",
        "host.cgroup",
        &["`memory`", "cgroup_enable=memory"],
        &["unshare", "--mount", "sh", "-c", NO_MEMORY_CONTROLLER, "sh"],
    ),
    wrapped(
        "root has no inotify instance left",
        "host.limits",
        &["inotify instances", "fs.inotify.max_user_instances=8192"],
        &["unshare", "--mount", "sh", "-c", FEW_INSTANCES, "sh"],
    ),
    wrapped(
        "a kernel that was updated and has lost its modules",
        "host.modules",
        &["`overlay`", "`vxlan`", "the kernel was updated", "reboot"],
        &["unshare", "--mount", "sh", "-c", NO_MODULES, "sh"],
    ),
    wrapped(
        "k3s' folder is on a file system that overlayfs cannot write to",
        "host.file-system",
        &["/var/lib/rancher/k3s", "`overlay`", "--snapshotter=native"],
        &["unshare", "--mount", "sh", "-c", ON_AN_OVERLAY, "sh"],
    ),
    injury(
        "forwarding was switched off after the start",
        "host.forwarding",
        &["net.ipv4.ip_forward", "sysctl --system"],
        |hands| kernel_number(hands, "net/ipv4/ip_forward", 0),
        |hands| kernel_number(hands, "net/ipv4/ip_forward", 1),
    ),
    injury(
        "what goes between pods of a node passes no rules",
        "host.forwarding",
        &["net.bridge.bridge-nf-call-iptables", "reply from unexpected source"],
        |hands| kernel_number(hands, "net/bridge/bridge-nf-call-iptables", 0),
        |hands| kernel_number(hands, "net/bridge/bridge-nf-call-iptables", 1),
    ),
    injury(
        "a VPN's route into the addresses of Services",
        "host.cidr-overlap",
        &["10.43.77.0/24", "Services", "eth0"],
        |hands| {
            hands
                .node
                .run("ip", &["route", "add", "10.43.77.0/24", "via", crate::network::ROUTER_LAN])
                .map(drop)
        },
        |hands| hands.node.run("ip", &["route", "del", "10.43.77.0/24"]).map(drop),
    ),
    injury(
        "a DHCP client has taken the link of a pod",
        "host.dhcpcd",
        &["of a pod has a route to `169.254.0.0/16`", "denyinterfaces veth* cni* flannel*"],
        |hands| pods_link(hands, "add"),
        |hands| pods_link(hands, "del"),
    ),
    injury(
        "the machine has an address of the internet",
        "host.exposed",
        &["198.51.100.7 on `eth0`", "the firewall's INPUT rules do not apply"],
        |hands| hands.node.run("ip", &["address", "add", "198.51.100.7/24", "dev", "eth0"]).map(drop),
        |hands| hands.node.run("ip", &["address", "del", "198.51.100.7/24", "dev", "eth0"]).map(drop),
    ),
    wrapped(
        "a disk that is nearly full",
        "host.disk",
        &["/var/lib/kubelet", "of the space", "nix-collect-garbage"],
        &["unshare", "--mount", "sh", "-c", FULL_DISK, "sh"],
    ),
    injury(
        "a web server of the machine on port 80",
        "host.ports",
        &["python3", "0.0.0.0:80"],
        |hands| {
            let script = "cd /; python3 -m http.server 80 >/dev/null 2>&1 </dev/null & echo $!";
            let pid = hands.node.run("bash", &["-c", script])?;
            hands.config_file("web-server.pid", &pid).map(drop)
        },
        |hands| {
            let file = hands.run.path("web-server.pid");
            let pid = fs::read_to_string(&file).context("the web server's process")?;
            hands.node.run("kill", &[pid.trim()])?;
            fs::remove_file(&file).context("removing a file")
        },
    ),
    wrapped(
        "a firewall that removes everybody's rules",
        "host.firewall-flush",
        &["flush ruleset", "replaces only its own tables"],
        &["unshare", "--mount", "sh", "-c", FLUSH, "sh"],
    ),
    injury(
        "a resolver that only the machine itself reaches",
        "host.resolv",
        &["127.0.0.1", "8.8.8.8", "--resolv-conf="],
        |hands| resolv(hands, "nameserver 127.0.0.1\n"),
        |hands| resolv(hands, &resolv_before()),
    ),
    injury(
        "a search domain with a wildcard record",
        "host.search-domain",
        &["home.example.test", "api.cloudflare.com.home.example.test", "--resolv-conf="],
        |hands| {
            let record = json!({ "type": "A", "name": WILDCARD, "content": "10.99.0.10", "ttl": 60 });
            hands.add_record(&record)?;
            resolv(hands, &format!("{}search home.example.test\n", resolv_before()))
        },
        |hands| {
            resolv(hands, &resolv_before())?;
            hands.remove_records("A", WILDCARD)
        },
    ),
    injury(
        "a namespace that cannot go",
        "lab.namespaces",
        &["doctor-stuck", "example.test/guard"],
        |hands| {
            hands.kubectl(&["create", "namespace", STUCK])?;
            let map = json!({ "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": { "name": "guarded", "namespace": STUCK, "finalizers": ["example.test/guard"] } });
            hands.kubectl_apply("guarded.json", &map.to_string())?;
            hands.kubectl(&["delete", "namespace", STUCK, "--wait=false"]).map(drop)
        },
        |hands| {
            let free = r#"[{"op":"remove","path":"/metadata/finalizers"}]"#;
            hands.kubectl(&["patch", "-n", STUCK, "configmap/guarded", "--type=json", "-p", free])?;
            hands.kubectl(&["wait", "--for=delete", &format!("namespace/{STUCK}"), "--timeout=60s"]).map(drop)
        },
    ),
    injury(
        "a Deployment that somebody scaled",
        "lab.conflict",
        &[".spec.replicas", "Deployment homelab/whoami", "kubectl"],
        |hands| hands.kubectl(&["scale", "-n", "homelab", "deployment/whoami", "--replicas=2"]).map(drop),
        Hands::restore,
    ),
    Injury {
        always: true,
        ..injury(
            "a ConfigMap's entry that another manager owns",
            "lab.conflict",
            &[
                "somebody",
                ".data.allow-snippet-annotations",
                "ConfigMap ingress-nginx/ingress-nginx-controller",
            ],
            |hands| {
                let map = json!({ "apiVersion": "v1", "kind": "ConfigMap",
                    "metadata": { "name": "ingress-nginx-controller", "namespace": "ingress-nginx" },
                    "data": { "allow-snippet-annotations": "true" } });
                let path = hands.config_file("theirs.json", &map.to_string())?.display().to_string();
                let words =
                    ["apply", "--server-side", "--field-manager=somebody", "--force-conflicts", "-f", &path];
                hands.kubectl(&words).map(drop)
            },
            Hands::restore,
        )
    },
    injury(
        "a Deployment that somebody deleted",
        "lab.applied",
        &["missing: `Deployment homelab/whoami`"],
        |hands| hands.kubectl(&["delete", "-n", "homelab", "deployment/whoami"]).map(drop),
        Hands::restore,
    ),
    injury(
        "a label that somebody removed",
        "lab.applied",
        &["different: `Service homelab/whoami`", "by hand since"],
        |hands| {
            hands
                .kubectl(&["label", "-n", "homelab", "service/whoami", "app.kubernetes.io/part-of-"])
                .map(drop)
        },
        Hands::restore,
    ),
    Injury {
        ask: Ask { config: Some("one-more.yaml"), ..Ask::NODE },
        ..injury(
            "a configuration that was not applied",
            "lab.applied",
            &["different: `ConfigMap ingress-nginx/ingress-nginx-controller`", "since the last `homelab up`"],
            |hands| {
                let more = "ingress: { config: { proxy-buffer-size: 8k } }\n";
                hands.config_with("one-more.yaml", more).map(drop)
            },
            |hands| {
                fs::remove_file(hands.run.path("one-more.yaml")).context("removing a configuration")?;
                hands.restore()
            },
        )
    },
];

const WILDCARD: &str = "*.home.example.test";
const STUCK: &str = "doctor-stuck";

/// The doctor in a mount namespace of its own, whose cgroup root is like that of a Raspberry Pi.
const NO_MEMORY_CONTROLLER: &str = "mount -t tmpfs tmpfs /sys/fs/cgroup && \
     echo cpuset cpu io pids > /sys/fs/cgroup/cgroup.controllers && exec \"$@\"";
/// The same with a small disk for the kubelet.
const FULL_DISK: &str = "mount -t tmpfs -o size=1m tmpfs /var/lib/kubelet && \
     head -c 1000000 /dev/zero > /var/lib/kubelet/image && exec \"$@\"";
/// The same with a limit that is far below what the lab's own programs hold.
const FEW_INSTANCES: &str = "mount -t tmpfs tmpfs /mnt && echo 1 > /mnt/limit && \
     mount --bind /mnt/limit /proc/sys/fs/inotify/max_user_instances && exec \"$@\"";
/// The same with nothing loaded, and the modules of another kernel where NixOS has them.
const NO_MODULES: &str = "mount -t tmpfs tmpfs /sys/module && mount -t tmpfs tmpfs /run && \
     mkdir -p /run/booted-system/kernel-modules/lib/modules/9.9.9 && exec \"$@\"";
/// The same with a folder of k3s that lies on another overlay, as on a system without a disk of its own.
const ON_AN_OVERLAY: &str = "mount -t tmpfs tmpfs /mnt && mkdir /mnt/lower /mnt/upper /mnt/work && \
     mount -t tmpfs tmpfs /var/lib && mkdir -p /var/lib/rancher/k3s /var/lib/kubelet && \
     mount -t overlay overlay -o lowerdir=/mnt/lower,upperdir=/mnt/upper,workdir=/mnt/work /var/lib/rancher/k3s && \
     exec \"$@\"";
/// The same with a unit of the firewall as NixOS writes it.
const FLUSH: &str = "mount -t tmpfs tmpfs /etc/systemd/system && cd /etc/systemd/system && \
     echo 'flush ruleset' > nftables-rules && \
     echo ExecStart=/etc/systemd/system/nftables-rules > nftables.service && exec \"$@\"";

/// An Ingress of our class that homelab did not make.
fn stranger(hands: &Hands, host: &str, annotations: &Value) -> Result<()> {
    let backend = json!({ "service": { "name": "nobody", "port": { "number": 80 } } });
    let paths = json!([{ "path": "/", "pathType": "Prefix", "backend": backend }]);
    let ingress = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": { "name": STRANGER, "namespace": "default", "annotations": annotations },
        "spec": { "ingressClassName": "nginx", "rules": [{ "host": host, "http": { "paths": paths } }] } });
    hands.kubectl_apply("stranger.json", &ingress.to_string()).map(drop)
}

/// The Ingress goes, and its records with it.
fn leave(hands: &Hands) -> Result<()> {
    hands.kubectl(&["delete", "ingress", STRANGER, "--wait=true"])?;
    eventually("the stranger's records to go", 120, || {
        let left = hands.records()?;
        let mut names = left.iter().filter_map(|record| record["name"].as_str());
        let stays = names.find(|name| ["proxied.", "slow."].iter().any(|label| name.contains(label)));
        Ok(stays.map_or(Ok(()), |name| Err(name.to_owned())))
    })
    .map(drop)
}

/// Writes a number of the first node's own below `/proc/sys`.
fn kernel_number(hands: &Hands, name: &str, value: u8) -> Result<()> {
    hands.node.run("sh", &["-c", &format!("echo {value} > /proc/sys/{name}")]).map(drop)
}

/// What a node's `/etc/resolv.conf` says in a lab that is well.
fn resolv_before() -> String {
    format!("nameserver {}\n", crate::network::ROUTER_LAN)
}

/// Writes the first node's `/etc/resolv.conf`, in place: it is mounted.
fn resolv(hands: &Hands, text: &str) -> Result<()> {
    let path = hands.run.path("places").join("node").join("resolv.conf");
    fs::write(&path, text).context(format_args!("writing {}", path.display()))
}

/// Gives a pod's link an address as dhcpcd does when no server answers, or takes it away.
fn pods_link(hands: &Hands, what: &str) -> Result<()> {
    let links = hands.node.run("ip", &["-o", "link", "show", "type", "veth"])?;
    let names = links.lines().filter_map(|line| line.split(": ").nth(1)?.split('@').next());
    let link = names.into_iter().find(|name| name.starts_with("veth")).context("the link of a pod")?;
    let address = ["address", what, "169.254.7.7/16", "dev", link];
    hands.node.run("ip", &address).map(drop)
}
