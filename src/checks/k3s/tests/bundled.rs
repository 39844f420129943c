//! What k3s brings: one leftover at a time.

use serde_json::{Value, json};

use crate::checks::k3s::tests::{cluster, items};
use crate::checks::tests::*;

fn traefik(kind: &str) -> (String, Value) {
    (kind.to_owned(), json!({ "metadata": { "namespace": "kube-system", "name": "traefik" } }))
}

#[test]
fn what_is_left_of_traefik_is_deleted_and_where_it_is_enabled_k3s_is_told_first() {
    let report = cluster(|seen| {
        items(seen, "deployments.apps").push(traefik("").1);
        items(seen, "services").push(traefik("").1);
    });
    let command =
        "kubectl --namespace kube-system delete deployment/traefik service/traefik --ignore-not-found";
    assert_eq!(only(&report, id::DISABLED).fix.commands, [command]);
    let chart = cluster(|seen| {
        let (_, chart) = traefik("");
        seen.objects.0.insert("helmcharts.helm.cattle.io".into(), Listing::Items(vec![chart]));
    });
    assert!(only(&chart, id::DISABLED).fix.commands[0].contains("delete helmchart/traefik"));
    for args in [json!(["server"]), json!(["server", "--disable=servicelb"])] {
        let report = cluster(|seen| {
            items(seen, "nodes")[0]["metadata"]["annotations"]["k3s.io/node-args"] = args.to_string().into();
            items(seen, "deployments.apps").push(traefik("").1);
        });
        let finding = only(&report, id::DISABLED);
        assert!(finding.cause.contains("`pi`") && finding.fix.commands.is_empty(), "{finding:?}");
    }
}

#[test]
fn servicelb_is_a_fault_where_it_takes_the_web_ports_and_a_note_elsewhere() {
    let set = |port: u16| {
        json!({ "metadata": { "namespace": "kube-system", "name": "svclb-x" },
        "spec": { "template": { "spec": { "containers": [{ "ports": [{ "hostPort": port }] }] } } } })
    };
    let taking = cluster(|seen| items(seen, "daemonsets.apps").push(set(443)));
    assert!(
        only(&taking, id::DISABLED).fix.commands[0].ends_with("delete daemonset/svclb-x --ignore-not-found")
    );
    let other = cluster(|seen| items(seen, "daemonsets.apps").push(set(1883)));
    assert_eq!((fails(&other), other.exit_code()), (vec![id::DISABLED], 0));
}

#[test]
fn a_load_balancer_without_an_address_is_a_warning() {
    let balancer = |ports: &[u16]| {
        let ports: Vec<Value> = ports.iter().map(|port| json!({ "port": port })).collect();
        cluster(|seen| {
            items(seen, "services").push(json!({ "metadata": { "namespace": "media", "name": "tube" },
                "spec": { "type": "LoadBalancer", "ports": ports }, "status": { "loadBalancer": {} } }));
        })
    };
    let web = only(&balancer(&[80]), id::LOAD_BALANCERS);
    assert!(web.summary.contains("media/tube") && web.fix.commands[0].contains("ClusterIP"));
    assert!(only(&balancer(&[80, 1883]), id::LOAD_BALANCERS).fix.commands.is_empty());
    assert_eq!(balancer(&[80]).exit_code(), 0);
}

#[test]
fn a_load_balancer_without_an_address_whose_name_gets_no_record_is_told_first() {
    let service = |name: &str, annotations: Value, more: Value| {
        let mut service = json!({ "metadata": { "namespace": "db", "name": name, "annotations": annotations },
            "spec": { "type": "LoadBalancer", "ports": [{ "port": 3306 }] }, "status": { "loadBalancer": {} } });
        if more.is_array() {
            service["spec"]["externalIPs"] = more;
        }
        service
    };
    let told = |service: Value| {
        let plain = json!({ "metadata": { "namespace": "a", "name": "a" },
            "spec": { "type": "LoadBalancer", "ports": [] }, "status": { "loadBalancer": {} } });
        only(&cluster(|seen| items(seen, "services").extend([plain, service])), id::LOAD_BALANCERS)
            .summary
            .clone()
    };
    let host = "external-dns.alpha.kubernetes.io/hostname";
    let named = json!({ host: "mysql.home.example.com, db.home.example.com" });
    let without = told(service("mysql", named.clone(), Value::Null));
    assert!(
        without.contains("`db/mysql`") && without.contains("`mysql.home.example.com` gets no record"),
        "{without}"
    );
    // What stands in for the address leads somewhere.
    let target =
        json!({ host: "a.home.example.com", "external-dns.alpha.kubernetes.io/target": "192.168.1.9" });
    for leads in [service("mysql", target, Value::Null), service("mysql", named, json!(["192.168.1.9"]))] {
        assert!(told(leads).contains("`a/a`"));
    }
}

/// As k3s' cloud controller leaves it: with its finalizer, and one of somebody else before it.
fn guarded(name: &str, kind: &str) -> Value {
    json!({ "metadata": { "namespace": "kube-system", "name": name,
            "finalizers": ["example.com/keep", "service.kubernetes.io/load-balancer-cleanup"] },
        "spec": { "type": kind, "ports": [{ "port": 80 }, { "port": 443 }] },
        "status": { "loadBalancer": { "ingress": [{ "ip": "192.168.1.2" }] } } })
}

const RELEASE: &str = r#"[{"op":"test","path":"/metadata/finalizers/1","value":"service.kubernetes.io/load-balancer-cleanup"},{"op":"remove","path":"/metadata/finalizers/1"}"#;

#[test]
fn a_service_that_nobody_releases_any_more_is_released_before_it_is_deleted() {
    let report = cluster(|seen| items(seen, "services").push(guarded("traefik", "LoadBalancer")));
    let finding =
        report.failures().find(|check| check.id == id::DISABLED).unwrap().finding().unwrap().clone();
    let [release, delete] = finding.fix.commands.as_slice() else { panic!("{finding:#?}") };
    assert!(release.contains("patch service traefik --type=json") && release.contains(RELEASE), "{release}");
    assert!(delete.ends_with("delete service/traefik --ignore-not-found"));
    assert!(finding.cause.contains("traefik.yaml.skip"), "what only stops k3s from applying is no removal");
}

#[test]
fn where_both_are_enabled_traefik_goes_first_and_servicelb_when_it_is_gone() {
    let with = |args: Value| {
        let report = cluster(|seen| {
            items(seen, "nodes")[0]["metadata"]["annotations"]["k3s.io/node-args"] = args.to_string().into();
            items(seen, "services").push(guarded("traefik", "LoadBalancer"));
        });
        report.failures().find(|check| check.id == id::DISABLED).unwrap().finding().unwrap().clone()
    };
    let both = with(json!(["server"]));
    assert!(both.fix.text.contains("wait until the Service `traefik`") && both.fix.commands.is_empty());
    let cloud = with(json!(["server", "--disable-cloud-controller", "--disable", "traefik"]));
    assert!(
        !cloud.fix.commands.iter().any(|command| command.contains("finalizers")),
        "servicelb runs: {cloud:?}"
    );
    let rest = with(json!(["server", "--disable", "servicelb"]));
    assert!(!rest.fix.text.contains("wait until"), "{rest:?}");
}

#[test]
fn a_deletion_that_waits_for_servicelb_is_named_with_the_patch() {
    let deleted = |at: &str, kind: &str| {
        let mut service = guarded("tube", kind);
        service["metadata"]["deletionTimestamp"] = at.into();
        cluster(|seen| items(seen, "services").push(service))
    };
    for kind in ["LoadBalancer", "ClusterIP"] {
        let finding = only(&deleted("2026-06-01T11:50:00Z", kind), id::LOAD_BALANCERS);
        assert!(
            finding.fix.commands[0].contains(RELEASE) && finding.cause.contains("which is off"),
            "{finding:?}"
        );
    }
    assert_eq!(fails(&deleted("2026-06-01T11:59:50Z", "LoadBalancer")), [], "it may still go");
}

#[test]
fn an_address_that_servicelb_left_behind_is_a_warning_and_another_programs_is_none() {
    let mut service = guarded("tube", "LoadBalancer");
    service["spec"]["ports"] = json!([{ "port": 80 }]);
    let stale = cluster(|seen| items(seen, "services").push(service.clone()));
    let finding = only(&stale, id::LOAD_BALANCERS);
    assert!(
        finding.summary.contains("192.168.1.2") && finding.cause.contains("nothing listens"),
        "{finding:?}"
    );
    assert!(finding.fix.commands[0].contains(RELEASE) && finding.fix.commands[0].contains("/spec/type"));
    let metallb = cluster(|seen| {
        items(seen, "daemonsets.apps")
            .push(json!({ "metadata": { "namespace": "metallb-system", "name": "speaker" } }));
        items(seen, "services").push(service.clone());
    });
    assert_eq!(fails(&metallb), []);
    service["status"]["loadBalancer"]["ingress"][0]["ip"] = "192.168.1.240".into();
    assert_eq!(fails(&cluster(|seen| items(seen, "services").push(service))), [], "no address of a node");
}
