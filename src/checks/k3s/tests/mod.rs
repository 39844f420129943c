//! The API server, the nodes and what k3s brings: one failure at a time.

mod bundled;
pub(in crate::checks) mod nodes;

use serde_json::{Value, json};

use crate::checks::tests::*;
use crate::evidence::Transport;
use crate::evidence::tls::{Leaf, Served, Trust};

/// The lists of a cluster of one node in which all is well.
pub(in crate::checks) fn sound() -> ClusterSeen {
    let mut seen = ClusterSeen { version: Some(Ok("v1.36.3+k3s1".into())), ..ClusterSeen::default() };
    let args = json!(["server", "--disable", "traefik,servicelb"]).to_string();
    let node = json!({ "metadata": { "name": "pi", "annotations": { "k3s.io/internal-ip": "192.168.1.2", "k3s.io/node-args": args } },
        "spec": { "podCIDR": "10.42.0.0/24" },
        "status": { "addresses": [{ "type": "InternalIP", "address": "192.168.1.2" }],
            "nodeInfo": { "kubeletVersion": "v1.36.3+k3s1" },
            "conditions": [{ "type": "Ready", "status": "True" }, { "type": "DiskPressure", "status": "False" }] } });
    let service = |namespace: &str, name: &str, ip: &str, port: u16| {
        json!({ "metadata": { "namespace": namespace, "name": name },
        "spec": { "type": "ClusterIP", "clusterIP": ip, "selector": { "app": name }, "ports": [{ "name": "http", "port": port, "targetPort": "http" }] } })
    };
    let slice = json!({ "metadata": { "namespace": "homelab", "labels": { "kubernetes.io/service-name": "whoami" } },
        "ports": [{ "name": "http", "port": 8080 }], "endpoints": [{ "addresses": ["10.42.0.9"], "conditions": { "ready": true } }] });
    let ingress = json!({ "metadata": { "namespace": "homelab", "name": "whoami" },
        "spec": { "rules": [{ "host": HOST, "http": { "paths": [{ "backend": { "service": { "name": "whoami", "port": { "number": 80 } } } }] } }] } });
    let mut coredns = pod("kube-system", "coredns-1");
    coredns["metadata"]["labels"] = json!({ "k8s-app": "kube-dns" });
    let lists = [
        ("nodes", vec![node]),
        ("pods", vec![coredns, pod("homelab", "whoami-1")]),
        (
            "services",
            vec![
                service("default", "kubernetes", "10.43.0.1", 443),
                service("kube-system", "kube-dns", "10.43.0.10", 53),
                service("homelab", "whoami", "10.43.0.7", 80),
            ],
        ),
        ("endpointslices.discovery.k8s.io", vec![slice]),
        ("ingresses.networking.k8s.io", vec![ingress]),
        ("events", vec![]),
        ("daemonsets.apps", vec![]),
        ("deployments.apps", vec![]),
        ("persistentvolumeclaims", vec![]),
        ("storageclasses.storage.k8s.io", vec![]),
    ];
    seen.objects.0.extend(lists.map(|(resource, items)| (resource.to_owned(), Listing::Items(items))));
    let served = Served { leaf: leaf("2027-05-01T00:00:00Z"), chain: 1, trust: Trust::Trusted, by_lab: None };
    seen.access = Some(Access {
        kubeconfig: "/etc/rancher/k3s/k3s.yaml".into(),
        own: true,
        server: "https://127.0.0.1:6443/".into(),
        served: Some(Ok(served)),
        ..Access::default()
    });
    seen
}

/// A pod that runs on the node, with the label that its Service selects.
pub(in crate::checks) fn pod(namespace: &str, name: &str) -> Value {
    let app = name.split('-').next();
    json!({ "metadata": { "namespace": namespace, "name": name, "labels": { "app": app } },
        "spec": { "nodeName": "pi", "containers": [{ "name": "web", "ports": [{ "containerPort": 8080 }] }] },
        "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] } })
}

fn leaf(until: &str) -> Leaf {
    let not_before = "2026-05-01T00:00:00Z".parse().unwrap();
    Leaf { not_before, not_after: until.parse().unwrap(), ..served().leaf }
}

/// The healthy lab, its cluster included, with one change to what the cluster says.
pub(in crate::checks) fn cluster(change: impl FnOnce(&mut ClusterSeen)) -> Report {
    whole(|evidence| {
        let mut seen = sound();
        change(&mut seen);
        evidence.cluster = Some(seen);
    })
}

/// The items of a list, to be changed.
pub(in crate::checks) fn items<'a>(seen: &'a mut ClusterSeen, resource: &str) -> &'a mut Vec<Value> {
    match seen.objects.0.get_mut(resource) {
        Some(Listing::Items(items)) => items,
        other => panic!("{resource}: {other:?}"),
    }
}

fn fault(kind: ApiFault) -> Option<Result<String, ApiFailure>> {
    let failure = Failure { what: "it failed".into(), cause: "because".into(), hint: "do it".into() };
    Some(Err(ApiFailure { kind, failure }))
}

/// A cluster whose API server gives no answer.
fn silent(kind: ApiFault, change: impl FnOnce(&mut ClusterSeen)) -> Report {
    whole(|evidence| {
        let mut seen = ClusterSeen { version: fault(kind), access: sound().access, ..ClusterSeen::default() };
        change(&mut seen);
        (evidence.nodes, evidence.ingresses, evidence.certificates) = (None, None, None);
        evidence.cluster = Some(seen);
    })
}

fn access(seen: &mut ClusterSeen) -> &mut Access {
    seen.access.as_mut().unwrap()
}

#[test]
fn a_sound_cluster_has_no_failure_and_nothing_unknown() {
    let report = cluster(|_| {});
    assert_eq!(fails(&report), [], "{:#?}", report.failures().collect::<Vec<_>>());
    assert_eq!((report.exit_code(), report.counts.unknown), (0, 0));
}

#[test]
fn lists_that_were_not_read_are_unknown() {
    let report = cluster(|seen| seen.objects.0.clear());
    assert_eq!(fails(&report), []);
    for id in
        [id::NODES, id::INTERNAL_IP, id::DISABLED, id::SYSTEM_PODS, id::COREDNS, id::IMAGES, id::ENDPOINTS]
    {
        assert!(matches!(outcome(&report, id), Outcome::Unknown { .. }), "{id}");
    }
}

#[test]
fn what_is_wrong_with_the_kubeconfig_is_told_apart_and_blocks_all_else() {
    let cases = [
        (ApiFault::NotFound, "start k3s"),
        (ApiFault::Unreadable, "sudo"),
        (ApiFault::Unusable, "copy it again"),
        (ApiFault::Unproven, "https://"),
        (ApiFault::ForeignAuthority, "copy"),
        (ApiFault::ForeignName, "--tls-san"),
        (ApiFault::Unauthorized, "copy"),
    ];
    for (kind, fix) in cases {
        let report = silent(kind, |_| {});
        let finding = only(&report, id::KUBECONFIG);
        assert!(finding.fix.text.contains(fix) && !finding.fix.text.contains("0644"), "{finding:?}");
        assert_eq!(outcome(&report, id::NODES), Outcome::Blocked { by: id::KUBECONFIG });
        assert_eq!(outcome(&report, id::ENDPOINTS), Outcome::Blocked { by: id::KUBECONFIG });
    }
    let unreadable = only(&silent(ApiFault::Unreadable, |_| {}), id::KUBECONFIG);
    assert_eq!(unreadable.fix.nixos.as_deref(), Some("services.homelab.kubeconfig.group = \"wheel\";"));
}

#[test]
fn a_laptop_without_k3s_and_kubeconfig_is_a_visitor_where_names_are_published() {
    let visit = |kind, marks: &[&str], published: bool| {
        whole(|e| {
            e.cluster = Some(ClusterSeen { version: fault(kind), ..ClusterSeen::default() });
            (e.nodes, e.ingresses, e.certificates) = (None, None, None);
            let marks = marks.iter().map(|mark| (*mark).to_owned()).collect();
            e.machine = Some(MachineSeen { marks, ..MachineSeen::default() });
            if !published {
                e.provider = None;
                e.hosts.clear();
            }
        })
    };
    let laptop = visit(ApiFault::Unnamed, &[], true);
    assert_eq!((laptop.exit_code(), laptop.counts.unknown), (0, 0), "{laptop:#?}");
    assert_eq!(
        laptop.failures().next().map(|check| (check.id, check.severity)),
        Some((id::KUBECONFIG, Severity::Info))
    );
    for report in [
        visit(ApiFault::NotFound, &[], true),
        visit(ApiFault::Unnamed, &["/etc/rancher"], true),
        visit(ApiFault::Unnamed, &[], false),
    ] {
        assert!(only(&report, id::KUBECONFIG).fix.text.contains("start k3s"));
        assert_eq!(report.exit_code(), 1);
    }
}

#[test]
fn a_user_who_may_not_read_is_told_although_the_server_answers() {
    let report = cluster(|seen| {
        seen.denied = fault(ApiFault::Forbidden).and_then(Result::err);
        seen.objects.0.clear();
    });
    assert!(only(&report, id::KUBECONFIG).fix.text.contains("cluster-admin"));
    assert_eq!(outcome(&report, id::API), Outcome::Pass { saw: "v1.36.3+k3s1".into() });
}

#[test]
fn another_cluster_than_the_one_of_this_machine_is_a_warning() {
    let report = cluster(|seen| access(seen).of_this_machine = Some(false));
    assert!(only(&report, id::KUBECONFIG).cause.contains("/etc/rancher/k3s/k3s.yaml"));
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn a_certificate_that_has_ended_is_named_before_the_server_that_does_not_answer() {
    let ended = |seen: &mut ClusterSeen| {
        let served =
            Served { leaf: leaf("2026-05-31T12:00:00Z"), chain: 1, trust: Trust::Expired, by_lab: None };
        access(seen).served = Some(Ok(served));
    };
    let report = silent(ApiFault::CertificateExpired, ended);
    let finding = only(&report, id::API_CERTIFICATES);
    assert!(
        finding.summary.contains("expired 24 h ago") && finding.fix.text.contains("restart k3s"),
        "{finding:?}"
    );
    assert!(finding.fix.commands.is_empty(), "nothing says that k3s is a service of this machine");
    assert_eq!(outcome(&report, id::API), Outcome::Blocked { by: id::API_CERTIFICATES });
    let report = silent(ApiFault::CertificateExpired, |seen| {
        ended(seen);
        seen.unit = Some(UnitSeen { name: "k3s".into(), state: "active/running".into(), last_error: None });
    });
    assert_eq!(only(&report, id::API_CERTIFICATES).fix.commands, ["sudo systemctl restart k3s"]);
}

#[test]
fn a_copied_kubeconfig_that_has_ended_is_not_taken_for_a_foreign_one() {
    let report = silent(ApiFault::Unauthorized, |seen| {
        let access = access(seen);
        (access.own, access.kubeconfig) = (false, "/home/ada/.kube/config".into());
        access.client = Some(leaf("2026-05-31T00:00:00Z"));
    });
    assert!(only(&report, id::API_CERTIFICATES).cause.contains("copied"));
}

#[test]
fn two_months_before_the_end_there_is_a_warning_and_a_wrong_clock_is_told() {
    let served = |from: &str, until: &str| {
        let mut leaf = leaf(until);
        leaf.not_before = from.parse().unwrap();
        Some(Ok(Served { leaf, chain: 1, trust: Trust::Trusted, by_lab: None }))
    };
    let soon = cluster(|seen| access(seen).served = served("2025-07-01T00:00:00Z", "2026-07-01T00:00:00Z"));
    assert!(only(&soon, id::API_CERTIFICATES).summary.contains("expires in 29 days"));
    assert_eq!(soon.exit_code(), 0);
    let early = cluster(|seen| access(seen).served = served("2026-06-02T00:00:00Z", "2027-06-02T00:00:00Z"));
    assert!(only(&early, id::API_CERTIFICATES).cause.contains("clock"));
    let told = cluster(|seen| {
        items(seen, "events").push(json!({ "reason": "CertificateExpirationWarning", "involvedObject": { "name": "pi" },
            "message": "Node certificates require attention - restart k3s on this node to trigger automatic rotation" }));
    });
    assert!(only(&told, id::API_CERTIFICATES).fix.text.contains("restart k3s on `pi`"));
}

#[test]
fn a_server_that_is_down_is_explained_by_the_service_of_this_machine() {
    let refused = |unit: Option<UnitSeen>| {
        only(
            &silent(ApiFault::Refused, |seen| {
                access(seen).served = Some(Err(Transport::Refused));
                seen.unit = unit;
            }),
            id::API,
        )
    };
    assert!(refused(None).summary.contains("connection refused"));
    let unit = |state: &str, error: Option<&str>| {
        Some(UnitSeen { name: "k3s".into(), state: state.into(), last_error: error.map(str::to_owned) })
    };
    assert_eq!(refused(unit("inactive/dead", None)).fix.commands, ["sudo systemctl start k3s"]);
    let failed = refused(unit("activating/auto-restart", Some("failed to find memory cgroup (v2)")));
    assert!(
        failed.cause.contains("memory cgroup") && failed.fix.nixos.unwrap().contains("cgroup_enable=memory")
    );
    let stranger = "Failed to test data store connection: this server is a not a member of the etcd cluster. Found [pi-1=https://192.168.1.2:2380], expect: pi-1=https://192.168.1.77:2380";
    let moved = refused(unit("activating/start", Some(stranger)));
    assert!(moved.fix.text.contains("old address back") && moved.fix.text.contains("--cluster-reset"));
    let other = refused(unit("failed/failed", Some("something new.")));
    assert!(other.cause.ends_with("something new") && other.fix.commands.is_empty());
    assert!(only(&silent(ApiFault::Timeout, |_| {}), id::API).fix.text.contains("6443"));
}
