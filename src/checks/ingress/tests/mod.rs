//! The judges of `ingress` on evidence, one thing broken at a time.

mod alike;
mod controller;
mod migration;
mod references;
mod reload;
mod rules;
mod status;
mod unmanaged;

use serde_json::{Value, json};

use crate::checks::tests::*;

const POD: &str = "ingress-nginx-controller-abcde";

/// The healthy lab with the objects that the checks of this group read, to be changed. Other groups read more, and are
/// left out of the report.
fn lab(change: impl FnOnce(&mut Evidence)) -> Report {
    asked(change).without(crate::checks::is_asked)
}

/// The same, with what is judged only when it is asked for.
fn asked(change: impl FnOnce(&mut Evidence)) -> Report {
    let report = whole(|evidence| {
        let mut seen = ClusterSeen { version: Some(Ok("v1.34.1+k3s1".into())), ..ClusterSeen::default() };
        for (resource, items) in objects() {
            seen.objects.0.insert(resource.into(), Listing::Items(items));
        }
        seen.pod_answers.insert("pi".into(), Ok(nginx_404()));
        evidence.cluster = Some(seen);
        evidence.config =
            Some(ConfigSeen { hosts: vec![HOST.into()], default_class: true, ..ConfigSeen::default() });
        let wanted = Issuance { issuer: "letsencrypt".into(), ..Issuance::default() };
        evidence.acme = Some(AcmeSeen { wanted, secrets: Some([].into()), ..AcmeSeen::default() });
        evidence.ingress = Some(ControllerSeen::default());
        change(evidence);
    });
    report.only(|id| id.as_str().starts_with("ingress."))
}

fn objects() -> Vec<(&'static str, Vec<Value>)> {
    vec![
        ("nodes", vec![node("pi")]),
        ("pods", vec![controller_pod()]),
        ("events", vec![]),
        ("services", vec![]),
        ("endpointslices.discovery.k8s.io", vec![]),
        ("configmaps/ingress-nginx", vec![settings(&json!({ "allow-snippet-annotations": "false" }))]),
        ("certificates.cert-manager.io", vec![]),
        ("clusterissuers.cert-manager.io", vec![json!({ "metadata": { "name": "letsencrypt" } })]),
        ("daemonsets.apps", vec![daemon_set()]),
        ("ingresses.networking.k8s.io", vec![ingress("whoami", HOST)]),
        ("ingressclasses.networking.k8s.io", vec![class("nginx", true)]),
        ("validatingwebhookconfigurations.admissionregistration.k8s.io", vec![]),
        ("mutatingwebhookconfigurations.admissionregistration.k8s.io", vec![]),
    ]
}

fn node(name: &str) -> Value {
    json!({ "metadata": { "name": name, "labels": { "kubernetes.io/os": "linux" } },
        "status": { "conditions": [{ "type": "Ready", "status": "True" }] } })
}

fn controller_pod() -> Value {
    json!({
        "metadata": { "namespace": "ingress-nginx", "name": POD,
            "labels": { "app.kubernetes.io/name": "ingress-nginx-controller" } },
        "spec": { "nodeName": "pi", "containers": [{ "name": "controller",
            "ports": [{ "hostPort": 80 }, { "hostPort": 443 }] }] },
        "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] },
    })
}

fn daemon_set() -> Value {
    json!({
        "metadata": { "namespace": "ingress-nginx", "name": "ingress-nginx-controller", "managedFields": [
            { "manager": "homelab", "operation": "Apply",
                "fieldsV1": { "f:spec": { "f:selector": {}, "f:template": { "f:spec": {} } } } },
            { "manager": "kubectl-rollout", "fieldsV1": { "f:spec": { "f:template": { "f:metadata": {} } } } },
        ] },
        "spec": { "template": { "spec": {
            "nodeSelector": { "kubernetes.io/os": "linux" },
            "tolerations": [
                { "key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule" }],
            "containers": [{
                "name": "controller",
                "image": "example.com/fork/controller:v1.15.9",
                "args": ["--report-node-internal-ip-address", "--watch-ingress-without-class=true"],
            }],
        } } },
        "status": { "desiredNumberScheduled": 1, "updatedNumberScheduled": 1 },
    })
}

/// The controller's settings, as homelab applies them.
fn settings(data: &Value) -> Value {
    let fields: serde_json::Map<String, Value> =
        data.as_object().unwrap().keys().map(|key| (format!("f:{key}"), json!({}))).collect();
    json!({ "metadata": { "namespace": "ingress-nginx", "name": "ingress-nginx-controller", "managedFields": [
        { "manager": "homelab", "operation": "Apply", "fieldsV1": { "f:data": fields } }] }, "data": data })
}

fn class(name: &str, default: bool) -> Value {
    let mark = json!({ "ingressclass.kubernetes.io/is-default-class": default.to_string() });
    json!({ "metadata": { "name": name, "annotations": mark }, "spec": { "controller": "k8s.io/ingress-nginx" } })
}

fn ingress(name: &str, host: &str) -> Value {
    let path = json!({ "path": "/", "pathType": "Prefix" });
    json!({
        "metadata": { "namespace": "homelab", "name": name, "creationTimestamp": "2026-05-01T00:00:00Z",
            "annotations": { "cert-manager.io/cluster-issuer": "letsencrypt" } },
        "spec": { "ingressClassName": "nginx", "rules": [{ "host": host, "http": { "paths": [path] } }],
            "tls": [{ "hosts": [host], "secretName": format!("{name}-tls") }] },
    })
}

/// The list of a resource, to be changed.
fn list<'e>(evidence: &'e mut Evidence, resource: &str) -> &'e mut Vec<Value> {
    match evidence.cluster.as_mut().unwrap().objects.0.get_mut(resource) {
        Some(Listing::Items(items)) => items,
        _ => panic!("the lab has {resource}"),
    }
}

fn ingresses(evidence: &mut Evidence) -> &mut Vec<Value> {
    list(evidence, "ingresses.networking.k8s.io")
}

fn arguments(evidence: &mut Evidence, arguments: &[&str]) {
    let set = &mut list(evidence, "daemonsets.apps")[0];
    set["spec"]["template"]["spec"]["containers"][0]["args"] = json!(arguments);
}

fn log(evidence: &mut Evidence, text: &str) {
    let place = format!("ingress-nginx/{POD}/controller");
    evidence.cluster.as_mut().unwrap().logs.insert(place, text.into());
}

fn addresses(evidence: &mut Evidence, addresses: &[[u8; 4]]) {
    let ingress = &mut evidence.ingresses.as_mut().unwrap()[0];
    ingress.addresses = addresses.iter().map(|four| (*four).into()).collect();
}

#[test]
fn a_healthy_lab_passes_every_check_of_the_group() {
    let report = lab(|_| {});
    assert_eq!(fails(&report), []);
    for check in report.checks.iter().filter(|check| check.id.as_str().starts_with("ingress.")) {
        assert!(matches!(check.outcome, Outcome::Pass { .. }), "{check:#?}");
    }
}

#[test]
fn without_the_lists_nothing_is_guessed() {
    let report = lab(|e| {
        e.cluster.as_mut().unwrap().objects.0.clear();
        e.acme = None;
    });
    let unread = [
        id::PORT_OWNER,
        id::PODS,
        id::CLASS,
        id::WEBHOOK,
        id::ANNOTATIONS,
        id::DUPLICATES,
        id::TLS_SECRET,
        id::EOL,
    ];
    for check in unread {
        assert!(matches!(outcome(&report, check), Outcome::Unknown { .. }), "{check}");
    }
    let ours = fails(&report).into_iter().filter(|id| id.as_str().starts_with("ingress.")).count();
    assert_eq!(ours, 0);
    let report = lab(|e| e.cluster.as_mut().unwrap().pod_answers.clear());
    assert!(matches!(outcome(&report, id::HOSTPORT), Outcome::Unknown { .. }));
    let report = lab(|e| e.ingress = None);
    assert!(!report.checks.iter().any(|check| check.id == id::HOSTPORT));
}

#[test]
fn a_list_that_was_too_large_is_why_nothing_is_known_of_what_it_holds() {
    let why = "the answer to `list pods` has more than 16 MiB, 15 MiB of it in namespace `zoo`";
    let report = lab(|e| {
        e.cluster.as_mut().unwrap().objects.0.insert("pods".into(), Listing::Failed(why.into()));
    });
    for id in [id::PORT_OWNER, id::PODS] {
        assert_eq!(
            outcome(&report, id),
            Outcome::Unknown { why: format!("the pods were not read: {why}") },
            "{id}"
        );
    }
    assert_eq!(report.exit_code(), 3);
}
