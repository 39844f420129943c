//! What lies below k3s: its log, limits, modules, file systems, a container, other firewalls. Each line is as it was reported.

use std::collections::BTreeMap;

use super::*;

/// A machine on which nothing of it is wrong.
pub(super) fn sound() -> GroundSeen {
    let numbers: [(&str, u64); 7] = [
        ("fs/inotify/max_user_instances", 128),
        ("fs/inotify/max_user_watches", 192_536),
        ("fs/file-max", 2_466_170),
        ("net/ipv4/ip_forward", 1),
        ("net/bridge/bridge-nf-call-iptables", 1),
        ("net/netfilter/nf_conntrack_max", 262_144),
        ("net/netfilter/nf_conntrack_count", 300),
    ];
    let forward =
        ["table ip filter {", "chain FORWARD {", "type filter hook forward priority filter; policy accept;"];
    GroundSeen {
        unit: Some(UnitSeen { name: "k3s".into(), state: "active/running".into(), last_error: None }),
        notes: Some(vec![]),
        numbers: numbers
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect::<BTreeMap<_, _>>(),
        inotify: Some(60),
        open_files: Some(1325),
        strict_links: vec!["cni0".into(), "eth0".into()],
        reverse_drops: Some(0),
        modules: Some(ModulesSeen { release: "6.12.62".into(), folder: true, missing: vec![] }),
        images: Some(MountSeen { path: "/var/lib/rancher/k3s".into(), kind: "ext4".into(), zfs: None }),
        container: None,
        kmsg: Some(true),
        forward: vec![ForwardSeen { by: "nft".into(), rules: forward.map(str::to_owned).to_vec() }],
    }
}

fn below(change: impl FnOnce(&mut GroundSeen)) -> Report {
    on(|machine| change(&mut machine.ground))
}

fn writes(word: &str, line: &str, times: u32) -> Report {
    below(|ground| ground.notes = Some(vec![Note { word: word.into(), line: line.into(), times }]))
}

#[test]
fn a_slow_disk_is_told_by_what_the_datastore_writes_and_only_when_it_lasts() {
    // k3s-io/k3s#8042; openmediavault/openmediavault#1775; k3s-io/k3s#12380.
    let sql = "time=\"2023-06-30T09:56:00Z\" level=info msg=\"Slow SQL (started: 2023-06-30 09:55:55.477825148 +0000 UTC m=+72029.041571689) (total time: 5.162300684s):  SELECT * FROM";
    let etcd = "{\"level\":\"warn\",\"ts\":\"2024-06-06T12:49:15.80063+1000\",\"caller\":\"wal/wal.go:805\",\"msg\":\"slow fdatasync\",\"took\":\"1.724865609s\",\"expected-duration\":\"1s\"}";
    for (word, line) in [("Slow SQL", sql), ("slow fdatasync", etcd)] {
        let report = writes(word, line, 12);
        let finding = only(&report, id::K3S);
        assert!(finding.summary.contains("12 times") && finding.fix.text.contains("SSD"), "{finding:?}");
        assert_eq!((severity(&report), fails(&writes(word, line, 3))), (Severity::Warning, vec![]));
    }
    let lost = "E0519 20:50:28.064229    4423 controllermanager.go:328] \"leaderelection lost\"";
    let report = writes("leaderelection lost", lost, 1);
    assert_eq!((fails(&report), report.exit_code()), (vec![id::K3S], 1));
}

#[test]
fn what_the_kernel_and_k3s_write_of_used_up_limits_and_file_systems_is_an_error() {
    let lines = [
        // kairos-io/kairos#2071, kubernetes/kubernetes#71261, k3s-io/k3s#66.
        (
            "too many open files",
            "failed to create fsnotify watcher: too many open files",
            "max_user_instances",
        ),
        (
            "nf_conntrack: table full",
            "nf_conntrack: nf_conntrack: table full, dropping packet",
            "nf_conntrack_max",
        ),
        (
            "not supported as upperdir",
            "overlayfs: filesystem on '/var/lib/rancher/k3s/agent/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/273/fs' not supported as upperdir",
            "--snapshotter=native",
        ),
    ];
    for (word, line, fix) in lines {
        let finding = only(&writes(word, line, 1), id::K3S);
        assert!(finding.fix.text.contains(fix) && finding.summary.contains(word), "{finding:?}");
    }
}

#[test]
fn an_agent_that_its_server_does_not_let_in_says_why_although_the_api_server_answers() {
    // k3s-io/k3s#802.
    let line = "Waiting to retrieve agent configuration; server is not ready: Node password rejected, duplicate hostname or contents of '/etc/rancher/node/password' may not match server node-passwd entry, try enabling a unique node name with the --with-node-id flag";
    let in_state = |state: &str, error: Option<&str>| UnitSeen {
        name: "k3s-agent".into(),
        state: state.into(),
        last_error: error.map(str::to_owned),
    };
    let unit = |error: Option<&str>| in_state("activating/start", error);
    for (state, error) in [("activating/start", "something that passes"), ("inactive/dead", line)] {
        let well = below(|ground| ground.unit = Some(in_state(state, Some(error))));
        assert_eq!(fails(&well), [], "{state}");
    }
    let failed =
        below(|ground| ground.unit = Some(in_state("activating/auto-restart", Some("something new"))));
    assert_eq!(fails(&failed), [id::K3S]);
    let finding = only(&below(|ground| ground.unit = Some(unit(Some(line)))), id::K3S);
    assert!(
        finding.summary.contains("`k3s-agent`") && finding.fix.text.contains("kubectl delete node"),
        "{finding:?}"
    );
    assert_eq!(fails(&below(|ground| ground.unit = Some(unit(None)))), [], "it starts");
    let none = below(|ground| (ground.unit, ground.notes) = (None, None));
    assert!(matches!(outcome(&none, id::K3S), Outcome::Skip { .. }), "no k3s");
    let unread = below(|ground| ground.notes = None);
    assert!(matches!(outcome(&unread, id::K3S), Outcome::Skip { .. }), "the journal is for root");
}

#[test]
fn a_limit_that_is_used_up_is_named_with_its_number() {
    // k0sproject/k0s#8113: 129 of 128.
    let finding = only(&below(|ground| ground.inotify = Some(127)), id::LIMITS);
    assert!(
        finding.summary.contains("127 of the 128")
            && finding.fix.nixos.unwrap().contains("max_user_instances")
    );
    assert_eq!(fails(&below(|ground| ground.inotify = Some(100))), []);
    let full = |name: &'static str, value| below(move |ground| ground.numbers.extend([(name.into(), value)]));
    assert!(
        only(&full("net/netfilter/nf_conntrack_count", 262_000), id::LIMITS).summary.contains("connections")
    );
    assert_eq!(severity(&full("fs/inotify/max_user_watches", 8192)), Severity::Warning);
    let files = below(|ground| ground.open_files = Some(2_466_000));
    assert!(only(&files, id::LIMITS).summary.contains("files are open"));
    let unread = below(|ground| ground.numbers.clear());
    assert!(matches!(outcome(&unread, id::LIMITS), Outcome::Unknown { .. }));
}

#[test]
fn forwarding_that_was_switched_off_is_named() {
    let off = |name: &'static str| below(move |ground| ground.numbers.extend([(name.into(), 0)]));
    assert!(only(&off("net/ipv4/ip_forward"), id::FORWARDING).fix.text.contains("/etc/sysctl.d"));
    // NixOS/nixpkgs#98766, k3s-io/k3s#7671.
    let bridge = only(&off("net/bridge/bridge-nf-call-iptables"), id::FORWARDING);
    assert!(bridge.cause.contains("reply from unexpected source"));
    let early = on(|machine| {
        machine.routes.as_mut().unwrap().pop();
        machine.ground.numbers.insert("net/ipv4/ip_forward".into(), 0);
    });
    assert!(matches!(outcome(&early, id::FORWARDING), Outcome::Skip { .. }), "k3s switches it on");
}

#[test]
fn a_chain_of_docker_or_ufw_that_drops_pods_is_named_and_one_that_accepts_them_is_not() {
    let chain = |rules: &[&str]| {
        let rules = rules.iter().map(|line| (*line).to_owned()).collect();
        below(|ground| ground.forward.push(ForwardSeen { by: "iptables-legacy".into(), rules }))
    };
    // lahsivjar/kube-arm#62 and k3s-io/k3s#1159.
    let docker = [
        "-P FORWARD DROP",
        "-A FORWARD -j DOCKER-ISOLATION",
        "-A FORWARD -o docker0 -j DOCKER",
        "-A FORWARD -i docker0 ! -o docker0 -j ACCEPT",
    ];
    let report = chain(&docker);
    assert!(only(&report, id::FORWARDING).cause.contains("Docker"));
    assert_eq!(severity(&report), Severity::Warning);
    let ufw =
        chain(&["-P FORWARD DROP", "-A FORWARD -j ufw-before-forward", "-A FORWARD -j ufw-reject-forward"]);
    assert!(only(&ufw, id::FORWARDING).cause.contains("ufw"));
    let flannel = "-A FORWARD -m comment --comment \"flanneld forward\" -j FLANNEL-FWD";
    assert_eq!(fails(&chain(&[docker[0], docker[1], flannel])), []);
}

#[test]
fn a_kernel_without_vxlan_and_one_that_was_updated_are_told_apart() {
    let with = |folder: bool, missing: &[&str]| {
        let missing = missing.iter().map(|name| (*name).to_owned()).collect();
        below(|ground| {
            ground.modules = Some(ModulesSeen { release: "5.13.0-1008-raspi".into(), folder, missing })
        })
    };
    // flannel-io/flannel#1502.
    assert!(only(&with(true, &["vxlan"]), id::MODULES).fix.text.contains("linux-modules-extra-raspi"));
    // k3s-io/k3s-ansible#536.
    assert!(only(&with(false, &["vxlan", "overlay"]), id::MODULES).fix.text.contains("reboot"));
    assert_eq!(
        fails(&with(false, &["br_netfilter"])),
        [],
        "its setting is there, so it is built in or loaded"
    );
    let unknown = below(|ground| ground.modules = None);
    assert!(matches!(outcome(&unknown, id::MODULES), Outcome::Skip { .. }));
}

#[test]
fn a_file_system_that_overlayfs_cannot_write_to_is_named_unless_k3s_uses_another_snapshotter() {
    let on_kind = |kind: &str, zfs: Option<&str>| {
        let (path, kind) = ("/var/lib/rancher/k3s".into(), kind.to_owned());
        let zfs = zfs.map(str::to_owned);
        below(|ground| ground.images = Some(MountSeen { path, kind, zfs }))
    };
    for (kind, zfs) in [("nfs4", None), ("fuse.mergerfs", None), ("overlay", None), ("zfs", Some("2.1.11-1"))]
    {
        let finding = only(&on_kind(kind, zfs), id::FILE_SYSTEM);
        assert!(finding.fix.text.contains("--snapshotter=native"), "{kind}");
    }
    for (kind, zfs) in [("xfs", None), ("btrfs", None), ("zfs", Some("2.2.2-0ubuntu9")), ("zfs", None)] {
        assert_eq!(fails(&on_kind(kind, zfs)), [], "{kind} {zfs:?}");
    }
    let native = whole(|evidence| {
        let mut seen = crate::checks::k3s::tests::sound();
        let args = json!(["server", "--disable", "traefik,servicelb", "--snapshotter", "native"]).to_string();
        items(&mut seen, "nodes")[0]["metadata"]["annotations"]["k3s.io/node-args"] = args.into();
        evidence.cluster = Some(seen);
        let mut machine = machine();
        machine.ground.images =
            Some(MountSeen { path: "/var/lib/rancher".into(), kind: "nfs".into(), zfs: None });
        evidence.machine = Some(machine);
    });
    assert_eq!(fails(&native), []);
}

#[test]
fn a_container_without_the_kernels_log_is_an_error_and_another_is_noted() {
    let lxc = |kmsg| below(|ground| (ground.container, ground.kmsg) = (Some("lxc".into()), kmsg));
    let finding = only(&lxc(Some(false)), id::CONTAINER);
    assert!(finding.fix.text.contains("lxc.mount.entry"));
    assert_eq!(severity(&lxc(Some(true))), Severity::Info);
    assert_eq!(fails(&below(|ground| ground.container = Some("docker".into()))), [], "a test of somebody's");
}

#[test]
fn controllers_are_judged_by_the_version_of_cgroups() {
    let with = |old: bool, names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        on(|machine| (machine.old_cgroup, machine.controllers) = (old, Some(names)))
    };
    assert!(only(&with(false, &["cpu", "cpuset", "memory"]), id::CGROUP).summary.contains("`pids`"));
    assert_eq!(fails(&with(true, &["memory", "pids"])), [], "k3s only warns of cpu and cpuset");
    assert!(only(&with(true, &["cpu", "cpuset", "memory"]), id::CGROUP).summary.contains("`pids`"));
}
