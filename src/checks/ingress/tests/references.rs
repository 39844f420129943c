//! What an Ingress refers to: Secrets, Services and classes.

use serde_json::json;

use crate::checks::ingress::tests::*;
use crate::evidence::http::HttpAnswer;
use crate::evidence::{ConfigSeen, ServiceSeen};
use crate::ingress::nginx::FAKE_CERTIFICATE;

fn annotate(evidence: &mut Evidence, key: &str, value: &str) {
    ingresses(evidence)[0]["metadata"]["annotations"][format!("nginx.ingress.kubernetes.io/{key}")] =
        json!(value);
}

/// A page of nginx' own at every node, for a name whose Service has a pod that is ready.
fn answered(evidence: &mut Evidence, status: u16) {
    let body = format!("<center><h1>{status}</h1></center><hr><center>nginx</center>");
    answer(evidence, page(status, "text/html", &body));
    ingresses(evidence)[0]["spec"]["rules"][0]["http"]["paths"][0]["backend"] =
        json!({ "service": { "name": "whoami", "port": { "number": 80 } } });
    list(evidence, "endpointslices.discovery.k8s.io").push(json!({
        "metadata": { "namespace": "homelab", "labels": { "kubernetes.io/service-name": "whoami" } },
        "endpoints": [{ "addresses": ["10.42.0.9"], "conditions": { "ready": true } }],
    }));
}

fn answer(evidence: &mut Evidence, answer: HttpAnswer) {
    let host = evidence.hosts.get_mut(HOST).unwrap();
    host.http.iter_mut().for_each(|seen| seen.result = Ok(answer.clone()));
}

/// The controller's event about an Ingress whose requests it denies.
fn denied(evidence: &mut Evidence, said: &str) {
    list(evidence, "events").push(
        json!({ "reason": "AnnotationParsingFailed", "lastTimestamp": "2026-06-01T11:59:00Z",
        "involvedObject": { "namespace": "homelab", "name": "whoami" },
        "message": format!("Error parsing annotations: {said}") }),
    );
}

/// ingress-nginx v1.15.1: auth/main.go, store.go, `NotExistsError`; authtls/main.go, local_secret.go; backend_ssl.go.
#[test]
fn a_secret_that_an_annotation_refers_to_and_that_is_not_there_is_named() {
    let refers = |key: &str, value: &str, status: u16, said: &str| {
        lab(|e| {
            answered(e, status);
            annotate(e, key, value);
            denied(e, said);
        })
    };
    let absent = "unexpected error reading secret homelab/no-such: no object matching key \"homelab/no-such\" in local store";
    let report = refers("auth-secret", "no-such", 503, absent);
    let finding = only(&report, id::ANNOTATIONS);
    assert_eq!(
        finding.summary,
        "`auth-secret: no-such` of Ingress `homelab/whoami` refers to a Secret that does not exist in the namespace `homelab`"
    );
    assert!(
        finding.fix.text.contains("create the Secret `no-such`") && finding.fix.text.contains("htpasswd")
    );
    let report = lab(|e| {
        answered(e, 503);
        annotate(e, "auth-secret", "books-users");
        denied(e, &absent.replace("no-such", "books-users"));
        let service = ServiceSeen { name: "books".into(), ..ServiceSeen::default() };
        e.config = Some(ConfigSeen { services: vec![service], ..ConfigSeen::default() });
    });
    let fix = &only(&report, id::ANNOTATIONS).fix.text;
    assert!(fix.contains("homelab protect books --user NAME"), "{fix}");
    let empty = "the secret users does not contain a key with value auth";
    let finding = only(&refers("auth-secret", "homelab/users", 503, empty), id::ANNOTATIONS);
    assert!(finding.cause.contains("key with value auth"), "{finding:?}");
    for key in ["auth-tls-secret", "proxy-ssl-secret"] {
        let said = "error obtaining certificate: local SSL certificate homelab/authority was not found";
        for status in [403, 503] {
            let finding = only(&refers(key, "homelab/authority", status, said), id::ANNOTATIONS);
            assert!(finding.summary.contains(&format!("`{key}: homelab/authority`")), "{finding:?}");
            assert!(finding.fix.text.contains("ca.crt"), "{finding:?}");
        }
    }
}

#[test]
fn what_the_controller_said_of_a_secret_is_history_once_the_name_answers() {
    let absent =
        "unexpected error reading secret homelab/a: no object matching key \"homelab/a\" in local store";
    let after = |change: fn(&mut Evidence)| {
        lab(|e| {
            answered(e, 503);
            annotate(e, "auth-secret", "a");
            denied(e, absent);
            change(e);
        })
    };
    let login = after(|e| answer(e, page(401, "text/html", "<center>nginx</center>")));
    assert_eq!(fails(&login), [], "the password page is there");
    let programs_own = after(|e| answer(e, page(503, "text/html", "maintenance")));
    assert_eq!(fails(&programs_own), []);
    let no_pod = after(|e| list(e, "endpointslices.discovery.k8s.io").clear());
    assert_eq!(fails(&no_pod), [], "503 has another cause");
}

#[test]
fn a_secret_that_the_controller_may_never_use_is_told_without_its_log() {
    let refers = |key: &str, value: &str, apart: &str| {
        lab(|e| {
            annotate(e, key, value);
            let data =
                json!({ "allow-cross-namespace-resources": apart, "allow-snippet-annotations": "false" });
            *list(e, "configmaps/ingress-nginx") = vec![settings(&data)];
        })
    };
    let finding = only(&refers("auth-secret", "other/users", "false"), id::ANNOTATIONS);
    assert!(finding.summary.contains("another namespace") && finding.fix.text.contains("`homelab/users`"));
    assert_eq!(fails(&refers("auth-secret", "other/users", "true")), [], "the settings allow it");
    let finding = only(&refers("proxy-ssl-secret", "authority", "false"), id::ANNOTATIONS);
    assert!(finding.fix.text.contains("write `homelab/authority`"), "{finding:?}");
    assert_eq!(fails(&refers("auth-secret", "users", "false")), []);
    assert_eq!(fails(&refers("auth-tls-secret", "homelab/users", "false")), []);
}

#[test]
fn a_default_backend_that_is_not_there_has_no_effect_and_is_a_warning() {
    let report = lab(|e| annotate(e, "default-backend", "errors"));
    assert!(only(&report, id::ANNOTATIONS).summary.contains("`default-backend: errors`"));
    assert_eq!(report.exit_code(), 0);
    let there = lab(|e| {
        annotate(e, "default-backend", "errors");
        list(e, "services").push(json!({ "metadata": { "namespace": "homelab", "name": "errors" } }));
    });
    assert_eq!(fails(&there), []);
}

/// ingress-nginx v1.15.1, store/backend_ssl.go: `getPemCertificate`.
#[test]
fn a_secret_without_a_certificate_is_not_called_missing() {
    let report = lab(|e| {
        ingresses(e)[0]["metadata"]["annotations"] = json!({});
        let Ok(shown) = &mut e.hosts.get_mut(HOST).unwrap().tls[0].result else { panic!() };
        shown.leaf.subject = format!("CN={FAKE_CERTIFICATE}, O=Acme Co");
        log(
            e,
            "W0601 11:59:00.000000       7 backend_ssl.go:47] Error obtaining X.509 certificate: secret \"homelab/whoami-tls\" contains no keypair or CA certificate\n\
             W0601 11:59:01.000000       7 controller.go:1468] Error getting SSL certificate \"homelab/whoami-tls\": local SSL certificate homelab/whoami-tls was not found. Using default certificate\n",
        );
    });
    let finding = only(&report, id::TLS_SECRET);
    assert!(finding.summary.contains("has no certificate with a key"), "{finding:?}");
    assert!(!format!("{finding:?}").contains("does not exist"));
}

#[test]
fn a_class_whose_controller_does_not_run_is_told_and_one_that_nobody_knows_is_not() {
    let of_class = |controller: &str, image: Option<&str>| {
        lab(|e| {
            let mut other = class("other", false);
            other["spec"]["controller"] = json!(controller);
            list(e, "ingressclasses.networking.k8s.io").push(other);
            ingresses(e)[0]["spec"]["ingressClassName"] = json!("other");
            addresses(e, &[]);
            let pod = |image: &str| {
                json!({ "metadata": { "namespace": "kube-system", "name": "other-1" },
                "spec": { "containers": [{ "image": image }] } })
            };
            list(e, "pods").extend(image.map(pod));
        })
    };
    let traefik = "traefik.io/ingress-controller";
    let finding = only(&of_class(traefik, None), id::CLASS);
    assert!(finding.summary.contains("the class `other` of `traefik.io/ingress-controller`"), "{finding:?}");
    assert!(finding.fix.commands[0].contains("patch ingress whoami"));
    assert_eq!(fails(&of_class(traefik, Some("rancher/mirrored-library-traefik:3.5.1"))), []);
    assert_eq!(fails(&of_class(traefik, Some("docker.io/library/traefik:3"))), []);
    let demo = of_class(traefik, Some("docker.io/traefik/whoami:v1.11.0"));
    assert_eq!(fails(&demo), [id::CLASS], "its maker has the name of a controller; it is none");
    assert_eq!(fails(&of_class("example.com/own", None)), [], "it may run outside the cluster");
    let unread = lab(|e| {
        let mut other = class("other", false);
        other["spec"]["controller"] = json!(traefik);
        list(e, "ingressclasses.networking.k8s.io").push(other);
        ingresses(e)[0]["spec"]["ingressClassName"] = json!("other");
        e.cluster.as_mut().unwrap().objects.0.remove("pods");
    });
    assert!(!fails(&unread).contains(&id::CLASS));
}
