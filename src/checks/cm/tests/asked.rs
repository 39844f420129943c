//! How a certificate is asked for.

use serde_json::{Value, json};

use crate::checks::cm::tests::*;

const INGRESSES: &str = "ingresses.networking.k8s.io";

/// A Certificate that is not ready, of that issuer, made for an Ingress with these annotations.
fn wanted(e: &mut Evidence, issuer: &Value, annotations: &Value) {
    e.certificates.as_mut().unwrap()[0].ready = Some(false);
    let certificate = &mut items(e, CERTIFICATES)[0];
    certificate["spec"]["issuerRef"] = issuer.clone();
    certificate["metadata"]["ownerReferences"] = json!([{ "kind": "Ingress", "name": "whoami" }]);
    certificate["status"] = json!({ "conditions": [{ "type": "Ready", "status": "False" }, { "type": "Issuing", "status": "True" }] });
    let ingress = json!({ "metadata": { "namespace": "homelab", "name": "whoami", "annotations": annotations },
        "spec": { "rules": [{ "host": HOST }], "tls": [{ "hosts": [HOST], "secretName": "whoami-tls" }] } });
    let objects = &mut e.cluster.as_mut().unwrap().objects.0;
    objects.insert(INGRESSES.into(), Listing::Items(vec![ingress]));
    objects.entry("issuers.cert-manager.io".into()).or_insert_with(|| Listing::Items(Vec::new()));
}

fn by_http(e: &mut Evidence, reason: &str) {
    let issuer = json!({ "name": "http01", "kind": "ClusterIssuer" });
    wanted(e, &issuer, &json!({ "cert-manager.io/cluster-issuer": "http01" }));
    let ready = json!([{ "type": "Ready", "status": "True" }]);
    items(e, ISSUERS).push(json!({ "kind": "ClusterIssuer", "metadata": { "name": "http01" },
        "spec": { "acme": { "server": "https://acme-v02.api.letsencrypt.org/directory", "privateKeySecretRef": { "name": "http01" },
            "solvers": [{ "http01": { "ingress": { "ingressClassName": "nginx" } } }] } },
        "status": { "acme": { "uri": "https://acme-v02.api.letsencrypt.org/acme/acct/2" }, "conditions": ready } }));
    let owner = |name: &str| json!([{ "name": name }]);
    items(e, "certificaterequests.cert-manager.io").push(json!({ "metadata": { "namespace": "homelab", "name": "whoami-tls-1",
        "annotations": { "cert-manager.io/certificate-revision": "1" }, "ownerReferences": owner("whoami-tls") } }));
    items(e, ORDERS).push(json!({ "metadata": { "namespace": "homelab", "name": "whoami-tls-1-7", "ownerReferences": owner("whoami-tls-1") } }));
    items(e, CHALLENGES).push(json!({ "metadata": { "namespace": "homelab", "name": "whoami-tls-1-7-9",
        "creationTimestamp": "2026-06-01T11:50:00Z", "ownerReferences": owner("whoami-tls-1-7") },
        "spec": { "dnsName": HOST, "type": "HTTP-01" }, "status": { "state": "pending", "reason": reason, "processing": true } }));
}

#[test]
fn a_challenge_from_the_internet_for_a_private_address_is_told_before_any_record() {
    for reason in [
        "Waiting for HTTP-01 challenge propagation: wrong status code '404', expected '200'",
        "Waiting for HTTP-01 challenge propagation: failed to perform self check GET request 'http://x': dial tcp: lookup x: no such host",
        "",
    ] {
        let report = lab(|e| by_http(e, reason));
        let finding = only(&report, id::CHALLENGE);
        assert!(
            finding.summary.contains("HTTP-01 challenge of ClusterIssuer `http01`"),
            "{}",
            finding.summary
        );
        assert!(
            finding.cause.contains("that the internet cannot reach") && finding.cause.contains("192.168.")
        );
        assert!(finding.fix.commands[0].contains("cert-manager.io/cluster-issuer=letsencrypt"));
    }
}

#[test]
fn an_issuer_that_solves_by_http_alone_is_told_after_its_challenges_are_gone() {
    let report = lab(|e| {
        by_http(e, "");
        items(e, CHALLENGES).clear();
        items(e, CERTIFICATES)[0]["status"] = json!({ "lastFailureTime": "2026-06-01T11:50:00Z",
            "conditions": [{ "type": "Ready", "status": "False" }, { "type": "Issuing", "status": "False" }] });
    });
    assert!(only(&report, id::CHALLENGE).cause.contains("that the internet cannot reach"));
}

#[test]
fn an_issuer_that_is_not_there_is_told_with_the_one_that_was_meant() {
    let report = lab(|e| {
        let issuer = json!({ "name": "letsencrypt", "kind": "Issuer" });
        wanted(e, &issuer, &json!({ "cert-manager.io/issuer": "letsencrypt" }));
    });
    let finding = only(&report, id::CERTIFICATE);
    assert!(finding.summary.contains("Issuer `homelab/letsencrypt`, which does not exist"));
    assert!(finding.cause.contains("is a ClusterIssuer"), "{}", finding.cause);
    assert!(
        finding.fix.commands[0]
            .contains("cert-manager.io/cluster-issuer=letsencrypt cert-manager.io/issuer-")
    );
    let report = lab(|e| {
        let issuer = json!({ "name": "letsencrpyt", "kind": "ClusterIssuer" });
        wanted(e, &issuer, &json!({ "cert-manager.io/cluster-issuer": "letsencrpyt" }));
    });
    assert!(only(&report, id::CERTIFICATE).cause.contains("mistyped"));
    let report = lab(|e| {
        wanted(e, &json!({ "name": "a", "kind": "OriginIssuer" }), &json!({}));
    });
    assert!(only(&report, id::CERTIFICATE).summary.contains("kind `OriginIssuer`"));
}

/// The finding about an Ingress for which cert-manager makes no Certificate.
fn not_made(annotations: &Value, tls: &Value, change: impl FnOnce(&mut Evidence)) -> Finding {
    let report = lab(|e| {
        wanted(e, &json!({ "name": "letsencrypt", "kind": "ClusterIssuer" }), annotations);
        items(e, INGRESSES)[0]["spec"]["tls"] = tls.clone();
        e.certificates.as_mut().unwrap().clear();
        items(e, CERTIFICATES).clear();
        change(e);
    });
    only(&report, id::CERTIFICATE)
}

#[test]
fn what_keeps_cert_manager_from_making_a_certificate_is_named() {
    let one = json!([{ "hosts": [HOST], "secretName": "whoami-tls" }]);
    let own = json!({ "cert-manager.io/cluster-issuer": "letsencrypt" });
    let both = json!({ "cert-manager.io/cluster-issuer": "letsencrypt", "cert-manager.io/issuer": "old" });
    let finding = not_made(&both, &one, |_| {});
    assert!(finding.cause.contains("ignores an Ingress with both"));
    assert!(finding.fix.commands[0].ends_with("cert-manager.io/issuer-"));
    let unnamed = not_made(&own, &json!([{ "hosts": [HOST] }]), |_| {});
    assert!(unnamed.cause.contains("names no Secret"));
    let pair =
        json!([{ "hosts": [HOST], "secretName": "a" }, { "hosts": ["x.example.com"], "secretName": "a" }]);
    assert!(not_made(&own, &pair, |_| {}).cause.contains("two entries"));
    let claimed = not_made(&own, &one, |e| {
        items(e, CERTIFICATES).push(json!({ "metadata": { "namespace": "homelab", "name": "whoami-tls",
            "ownerReferences": [{ "kind": "Ingress", "name": "first" }] },
            "spec": { "dnsNames": ["first.example.com"], "secretName": "whoami-tls" } }));
    });
    assert!(claimed.cause.contains("belongs to the Ingress `homelab/first`"), "{}", claimed.cause);
}
