//! Nodes, their addresses, and the pods of k3s itself: one failure at a time.

use serde_json::{Value, json};

use crate::checks::k3s::tests::{cluster, items, pod};
use crate::checks::tests::*;

fn conditions(list: Value) -> Report {
    cluster(|seen| items(seen, "nodes")[0]["status"]["conditions"] = list)
}

#[test]
fn each_state_of_a_node_has_its_cause() {
    let unknown = conditions(json!([{ "type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown",
        "message": "Kubelet stopped posting node status.", "lastHeartbeatTime": "2026-06-01T11:50:00Z" }]));
    assert!(only(&unknown, id::NODES).summary.contains("since 2026-06-01T11:50:00Z, 10 min ago"));
    assert_eq!(only(&unknown, id::NODES).heals, Heals::Never, "one that starts again was back by now");
    let cni = conditions(json!([{ "type": "Ready", "status": "False", "reason": "KubeletNotReady",
        "message": "container runtime network not ready: cni plugin not initialized" }]));
    assert!(only(&cni, id::NODES).cause.contains("flannel"));
    let disk = conditions(json!([{ "type": "Ready", "status": "True" },
        { "type": "DiskPressure", "status": "True", "message": "kubelet has disk pressure" }]));
    assert!(only(&disk, id::NODES).fix.text.contains("nix-collect-garbage"));
    assert!(only(&conditions(json!([])), id::NODES).summary.contains("no state yet"));
}

#[test]
fn a_node_that_is_kept_empty_or_is_of_another_age_is_only_warned_of() {
    let cordoned = cluster(|seen| items(seen, "nodes")[0]["spec"]["unschedulable"] = true.into());
    assert_eq!(only(&cordoned, id::NODES).fix.commands, ["kubectl uncordon pi"]);
    let version = |kubelet: &str| {
        cluster(|seen| items(seen, "nodes")[0]["status"]["nodeInfo"]["kubeletVersion"] = kubelet.into())
    };
    assert!(only(&version("v1.37.0+k3s1"), id::NODES).cause.contains("newer"));
    assert!(only(&version("v1.32.0+k3s1"), id::NODES).cause.contains("three minor versions"));
    assert_eq!(fails(&version("v1.33.0+k3s1")), []);
    let taint = json!([{ "key": "media", "effect": "NoSchedule" }]);
    let tainted = cluster(|seen| items(seen, "nodes")[0]["spec"]["taints"] = taint);
    assert!(only(&tainted, id::NODES).fix.text.contains("kubectl taint node pi media-"));
    assert_eq!(tainted.exit_code(), 0);
}

#[test]
fn an_address_that_the_lan_does_not_reach_is_named_with_what_it_is() {
    let address = |list: &[&str]| {
        let list: Vec<Value> = list.iter().map(|ip| json!({ "type": "InternalIP", "address": ip })).collect();
        cluster(|seen| {
            items(seen, "nodes")[0]["metadata"]["annotations"] = json!({});
            items(seen, "nodes")[0]["status"]["addresses"] = list.into();
        })
    };
    let cases = [
        ("10.42.0.7", "range of pods"),
        ("10.43.7.7", "range of Services"),
        ("169.254.3.4", "no DHCP server"),
        ("203.0.113.7", "public"),
    ];
    for (ip, words) in cases {
        assert!(only(&address(&[ip]), id::INTERNAL_IP).summary.contains(words), "{ip}");
    }
    let none = only(&address(&[]), id::INTERNAL_IP);
    assert!(none.summary.contains("no InternalIP") && none.cause.contains("cloud controller"), "{none:?}");
    assert_eq!(none.heals, Heals::Waiting);
    let both = address(&["192.168.1.2", "100.64.0.9"]);
    assert_eq!((fails(&both), both.exit_code()), (vec![id::INTERNAL_IP], 1));
    assert_eq!(address(&["100.64.0.9"]).exit_code(), 0, "a VPN alone is a choice");
    assert_eq!(fails(&address(&["192.168.1.2", "fd00::2"])), []);
}

#[test]
fn an_address_other_than_the_one_that_k3s_started_with_is_waited_for_in_each_family() {
    let noted = |note: &str, status: &[&str]| {
        let status: Vec<Value> =
            status.iter().map(|ip| json!({ "type": "InternalIP", "address": ip })).collect();
        cluster(|seen| {
            let node = &mut items(seen, "nodes")[0];
            node["metadata"]["annotations"]["k3s.io/internal-ip"] = note.into();
            node["status"]["addresses"] = status.into();
        })
    };
    let moved = only(&noted("192.168.1.77", &["192.168.1.2"]), id::INTERNAL_IP);
    assert!(moved.summary.contains("started with 192.168.1.77") && moved.cause.contains("within a minute"));
    assert!(moved.heals == Heals::Waiting && !moved.fix.text.contains("systemctl restart"), "{moved:?}");
    let six = only(&noted("192.168.1.77,fd00::2", &["192.168.1.2", "fd00::2"]), id::INTERNAL_IP);
    assert!(six.summary.contains("has the InternalIP 192.168.1.2, but"), "{six:?}");
    only(&noted("192.168.1.2,fd00::9", &["192.168.1.2", "fd00::2"]), id::INTERNAL_IP);
    assert_eq!(fails(&noted("192.168.1.2,fd00::2", &["192.168.1.2"])), [], "one family alone");
}

#[test]
fn a_node_that_the_cloud_controller_has_not_seen_yet_is_told_by_its_address_and_not_by_its_taint() {
    let taint = json!([{ "key": "node.cloudprovider.kubernetes.io/uninitialized", "value": "true", "effect": "NoSchedule" }]);
    let report = cluster(|seen| {
        let node = &mut items(seen, "nodes")[0];
        node["spec"]["taints"] = taint;
        node["status"]["addresses"] = json!([]);
        node["metadata"]["annotations"] = json!({});
        node["status"]["nodeInfo"]["kubeletVersion"] = "v1.36.3".into();
    });
    let finding = only(&report, id::INTERNAL_IP);
    assert!(
        finding.cause.contains("has just joined") && finding.fix.text.contains("--disable-cloud-controller")
    );
}

/// The kubelet of k3s is told the address, and gives it before the cloud controller has come.
#[test]
fn a_node_that_has_its_address_and_waits_for_the_cloud_controller_is_told() {
    let taint = json!([{ "key": "node.cloudprovider.kubernetes.io/uninitialized", "value": "true", "effect": "NoSchedule" }]);
    let report = cluster(|seen| items(seen, "nodes")[0]["spec"]["taints"] = taint);
    let finding = only(&report, id::INTERNAL_IP);
    assert!(finding.summary.contains("waits for the cloud controller"), "{finding:?}");
    assert!(finding.heals == Heals::Waiting && finding.fix.text.contains("--disable-cloud-controller"));
}

#[test]
fn a_pod_of_k3s_that_does_not_run_is_named_and_metrics_are_optional() {
    let crash = |name: &str| {
        let mut pod = pod("kube-system", name);
        pod["status"]["conditions"][0]["status"] = "False".into();
        pod["status"]["containerStatuses"] = json!([{ "name": "main", "restartCount": 7,
            "state": { "waiting": { "reason": "CrashLoopBackOff" } }, "lastState": { "terminated": { "exitCode": 1 } } }]);
        cluster(|seen| items(seen, "pods").push(pod))
    };
    let report = crash("local-path-provisioner-1");
    assert!(only(&report, id::SYSTEM_PODS).summary.contains("local-path-provisioner-1"));
    assert_eq!(report.exit_code(), 1);
    assert_eq!(
        (fails(&crash("metrics-server-1")), crash("metrics-server-1").exit_code()),
        (vec![id::SYSTEM_PODS], 0)
    );
}

/// The node becomes a member of etcd, as k3s marks it.
pub(in crate::checks) fn with_etcd(node: &mut Value) {
    node["metadata"]["labels"] = json!({ "node-role.kubernetes.io/etcd": "true" });
}

#[test]
fn a_server_with_etcd_is_never_told_to_restart_under_another_address() {
    let address = "/status/addresses/0/address";
    for (place, value) in [(address, "10.42.0.7"), (address, "203.0.113.7")] {
        let advised = |member: bool| {
            let report = cluster(|seen| {
                let node = &mut items(seen, "nodes")[0];
                *node.pointer_mut(place).unwrap() = value.into();
                if member {
                    with_etcd(node);
                }
            });
            only(&report, id::INTERNAL_IP).fix
        };
        let plain = advised(false);
        assert!(plain.text.contains("systemctl restart k3s") && !plain.text.contains("--cluster-reset"));
        let etcd = advised(true);
        assert!(!etcd.text.contains("restart k3s") && etcd.commands.is_empty(), "{}", etcd.text);
        assert!(etcd.text.contains("--cluster-reset") && etcd.text.contains("stop k3s"), "{}", etcd.text);
    }
}
