use std::collections::BTreeMap;

use serde_json::json;

use crate::evidence::redact::*;
use crate::evidence::{ClusterSeen, Listing, Objects, ServiceSeen};

const TOKEN: &str = "planted-token-0123456789-abcdefghijklmnopqrs";

/// The bundle's evidence with these objects and this log.
fn given(objects: &[(&str, Value)], log: &str) -> String {
    let mut evidence = Evidence::new("2026-06-01T12:00:00Z".parse().unwrap());
    let mut lists: BTreeMap<String, Listing> = BTreeMap::new();
    for (resource, object) in objects {
        let list = lists.entry((*resource).to_owned()).or_insert_with(|| Listing::Items(Vec::new()));
        if let Listing::Items(items) = list {
            items.push(object.clone());
        }
    }
    let mut cluster = ClusterSeen { objects: Objects(lists), ..ClusterSeen::default() };
    cluster.logs.insert("a/b/c".to_owned(), log.to_owned());
    evidence.cluster = Some(cluster);
    scrubbed(redacted(&evidence), &[TOKEN]).to_string()
}

#[test]
fn a_planted_token_is_gone_from_every_place() {
    let pod = json!({
        "metadata": { "namespace": "photos", "annotations": { TOKEN: TOKEN } },
        "spec": { "containers": [{ "env": [{ "name": "X", "value": TOKEN }], "args": ["--token", TOKEN] }] },
    });
    let text = given(&[("pods", pod)], &format!("401 for Bearer {TOKEN} of ada@lovelace.dev\n"));
    assert!(!text.contains(TOKEN) && !text.contains("lovelace"), "{text}");
    assert!(text.contains("\"name\":\"X\"") && text.contains("photos"), "{text}");
}

/// One place after another in which people and programs keep secrets, each with its own number.
fn planted() -> Vec<(&'static str, Value)> {
    let secret = |number: u8| format!("hunter{number:02}x");
    let pod = json!({
        "metadata": {
            "namespace": "photos", "name": "app",
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": secret(1),
                "objectset.rio.cattle.io/applied": secret(2),
                "vault.example.com/agent": secret(3),
            },
            "managedFields": [{ "manager": "kubectl", "fieldsV1": { "f:metadata": { "f:annotations": { secret(4): {} } },
                "f:spec": { "f:containers": { format!("k:{{\"name\":\"{}\"}}", secret(5)): {} } } } }],
        },
        "spec": {
            "containers": [{
                "name": "app", "image": "a/b@sha256:0123",
                "env": [{ "name": "DB", "value": secret(6) }],
                "args": ["--db", secret(7)], "command": ["sh", "-c", secret(8)],
                "livenessProbe": { "exec": { "command": [secret(9)] }, "httpGet": { "httpHeaders": [{ "value": secret(10) }] } },
                "lifecycle": { "preStop": { "exec": { "command": [secret(11)] } } },
            }],
            "initContainers": [{ "name": "init", "args": [secret(12)], "env": [{ "name": "A", "value": secret(13) }] }],
            "ephemeralContainers": [{ "name": "debug", "args": [secret(14)] }],
            "volumes": [{ "name": "v", "csi": { "volumeAttributes": { "password": secret(15) } } },
                { "name": "n", "flexVolume": { "options": { "p": secret(16) } } }],
        },
        "status": { "containerStatuses": [{ "name": "app", "lastState": { "terminated": { "exitCode": 1, "message": secret(17) } } }] },
    });
    let helm = json!({
        "metadata": { "namespace": "kube-system", "name": "helm-install-app-x" },
        "spec": { "containers": [{ "name": "helm", "args": ["install", "--set-string", format!("db={}", secret(18))] }] },
    });
    let map = |namespace: &str, name: &str, number: u8| json!({ "metadata": { "namespace": namespace, "name": name }, "data": { "config.ini": secret(number) }, "binaryData": { "b": secret(number) } });
    let controller = json!({
        "metadata": { "namespace": "ingress-nginx", "name": "ingress-nginx-controller" },
        "data": { "http-snippet": secret(21), "use-http2": "true" },
    });
    let ingress = json!({
        "metadata": { "namespace": "photos", "name": "app", "annotations": {
            "nginx.ingress.kubernetes.io/configuration-snippet": secret(22),
            "nginx.ingress.kubernetes.io/auth-url": format!("https://u:{}@auth/", secret(23)),
            "nginx.ingress.kubernetes.io/proxy-body-size": "0",
            "external-dns.kubernetes.io/target": format!("https://u:{}@h/", secret(24)),
        } },
        "spec": { "rules": [{ "host": "a.example.com", "http": { "paths": [{ "path": format!("/hook?token={}", secret(25)) }] } }] },
    });
    let chart = json!({ "metadata": { "name": "app" }, "spec": { "chart": "app", "valuesContent": secret(26), "set": { "a": secret(27) } } });
    let event = json!({ "involvedObject": { "name": "app" }, "reason": "Unhealthy", "message": format!("probe failed: password={}", secret(28)),
        "metadata": { "annotations": { "x": secret(29) } } });
    let held = json!({ "kind": "Secret", "metadata": { "name": "sh.helm.release.v1.app.v1" }, "data": { "release": secret(30) } });
    let order = json!({ "status": { "state": "pending", "authorizations": [{ "identifier": "a", "challenges": [{ "token": secret(31) }] }] } });
    let request = json!({ "spec": { "request": secret(32), "extra": { "a": [secret(33)] } }, "status": { "certificate": secret(34) } });
    let class = json!({ "provisioner": "p", "parameters": { "password": secret(35) } });
    vec![
        ("pods", pod),
        ("pods", json!({ "spec": secret(36) })),
        ("pods", helm.clone()),
        (
            "deployments.apps",
            json!({ "metadata": { "namespace": "kube-system" }, "spec": { "template": {
            "metadata": { "annotations": { "a": secret(37) } }, "spec": helm["spec"] } } }),
        ),
        ("configmaps", map("kube-system", "app", 19)),
        ("configmaps/ingress-nginx", controller),
        ("configmaps", map("photos", "app", 20)),
        ("ingresses.networking.k8s.io", ingress),
        ("helmcharts.helm.cattle.io", chart),
        ("events", event),
        ("secrets", held),
        ("orders.acme.cert-manager.io", order),
        ("certificaterequests.cert-manager.io", request),
        ("storageclasses.storage.k8s.io", class),
    ]
}

#[test]
fn none_of_thirty_seven_planted_secrets_is_given_away() {
    let planted = planted();
    let before = json!(planted).to_string();
    let text = given(&planted, "login with --password hunter90x\n");
    for number in 1..=37 {
        let secret = format!("hunter{number:02}x");
        assert!(before.contains(&secret), "`{secret}` is not planted");
        assert!(!text.contains(&secret), "`{secret}` is given away:\n{text}");
    }
    assert!(!text.contains("hunter90x"), "{text}");
    for kept in [
        "proxy-body-size\":\"0",
        "use-http2\":\"true",
        "a/b@sha256:0123",
        "configuration-snippet",
        "config.ini",
        "f:containers",
    ] {
        assert!(text.contains(kept), "`{kept}` is gone:\n{text}");
    }
}

#[test]
fn the_labs_own_arguments_stay_without_what_follows_a_flag_for_a_secret() {
    let pod = json!({ "metadata": { "namespace": "external-dns" },
        "spec": { "containers": [{ "args": ["--flag=kept", "--token", "hunter2", "--api-key=hunter3"] }] } });
    let text = given(&[("pods", pod)], "");
    assert!(text.contains("--flag=kept") && !text.contains("hunter"), "{text}");
}

#[test]
fn the_configurations_annotations_are_picked_too() {
    let mut evidence = Evidence::new("2026-06-01T12:00:00Z".parse().unwrap());
    let annotations = [("a/b".to_owned(), "hunter2".to_owned())].into();
    let services = vec![ServiceSeen { name: "photos".into(), annotations }];
    evidence.config = Some(crate::evidence::ConfigSeen { services, ..Default::default() });
    let json = redacted(&evidence);
    assert!(json.to_string().contains("a/b") && !json.to_string().contains("hunter2"), "{json}");
}

#[test]
fn public_addresses_get_names_and_a_page_is_cut() {
    let page = json!({ "status": 200, "content_type": "text/html", "body": "x".repeat(5000) });
    let shown = scrubbed(json!({ "a": "203.0.113.7 and 192.168.1.2", "b": ["203.0.113.7"], "c": page }), &[]);
    assert_eq!((&shown["a"], &shown["b"][0]), (&json!("public-1 and 192.168.1.2"), &json!("public-1")));
    assert_eq!(shown["c"]["body"].as_str().unwrap().len(), BODY);
}

#[test]
fn a_private_key_over_several_lines_of_a_log_is_gone_with_all_of_them() {
    let text = given(
        &[],
        "begins\n-----BEGIN PRIVATE KEY-----\nMIIEhunter\nMIIFhunter\n-----END PRIVATE KEY-----\nends\n",
    );
    assert!(text.contains("begins") && text.contains("ends") && !text.contains("hunter"), "{text}");
    let cut = given(&[], "MIIEhunter\nMIIFhunter\n-----END PRIVATE KEY-----\nends\n");
    assert!(cut.contains("ends") && !cut.contains("hunter"), "{cut}");
}

#[test]
fn a_corefile_stays_without_what_follows_a_directive_for_a_secret() {
    let file = ".:53 {\n  forward . 1.1.1.1\n  route53 a.:Z1 {\n    aws_access_key hunter1 hunter2\n    credentials hunter3\n  }\n  etcd {\n    credentials grace hunter4\n  }\n  password hunter5\n  token hunter6\n}\n";
    let map = json!({ "metadata": { "namespace": "kube-system", "name": "coredns" }, "data": { "Corefile": file } });
    let text = given(&[("configmaps", map)], "");
    assert!(!text.contains("hunter") && !text.contains("grace"), "{text}");
    for kept in ["forward . 1.1.1.1", "aws_access_key ***\\n", "route53 a.:Z1 {", "token ***\\n}"] {
        assert!(text.contains(kept), "`{kept}` is gone:\n{text}");
    }
}

#[test]
fn what_a_foreign_container_could_not_start_is_not_named() {
    let status = |message: &str| json!({ "name": "app", "state": { "waiting": { "reason": "RunContainerError", "message": message } } });
    let message = "failed to start: exec: \"sh -c \\\"hunter2\\\" x\": stat sh -c \\\"hunter2\\\" x: no such file: unknown";
    let pod = |namespace: &str| json!({ "metadata": { "namespace": namespace, "name": "app" }, "status": { "containerStatuses": [status(message)] } });
    let foreign = given(&[("pods", pod("photos"))], "");
    assert!(!foreign.contains("hunter2") && foreign.contains("no such file: unknown"), "{foreign}");
    let ours = given(&[("pods", pod("ingress-nginx"))], "");
    assert!(ours.contains("sh -c"), "{ours}");
}

#[test]
fn of_an_issuers_solvers_a_bundle_keeps_the_fields_that_each_provider_names() {
    let issuer = json!({ "metadata": { "name": "x" }, "spec": { "acme": { "solvers": [
        { "dns01": { "paper": { "drawer": "first", "pencil": "hidden-1" } } },
        { "dns01": { "cloudflare": { "apiTokenSecretRef": { "key": "the-key" } } } },
        { "dns01": { "others": { "word": "hidden-2" } } },
    ] } } });
    let text = given(&[("clusterissuers.cert-manager.io", issuer)], "");
    assert!(text.contains("first") && text.contains("the-key") && !text.contains("hidden"), "{text}");
}

#[test]
fn units_and_versions_are_no_addresses_of_mail() {
    for text in ["user@1000.service", "pkg@1.2.3", "getty@tty1.service"] {
        assert_eq!(of_text(text, &[]), text);
    }
    for text in ["ada@lovelace.dev", "ada@a.xn--p1ai"] {
        assert_eq!(of_text(text, &[]), GONE);
    }
}

#[test]
fn a_line_of_a_log_loses_its_credentials_only() {
    let line =
        "level=error zone=example.com token=abc12345 msg=\"mailto:a@b.org failed\" Authorization: Bearer xyz";
    let wanted = "level=error zone=example.com token=*** msg=\"*** failed\" Authorization: Bearer ***";
    assert_eq!(of_text(line, &[]), wanted);
}
