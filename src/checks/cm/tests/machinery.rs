//! Definitions, programs, webhooks and issuers.

use serde_json::{Value, json};

use crate::checks::cm::tests::*;

fn webhook(good: DryRun, bad: DryRun) -> Finding {
    only(&lab(|e| acme(e).webhook = Some(WebhookSeen { good, bad })), id::CM_WEBHOOK)
}

fn uncallable(tail: &str) -> Finding {
    let message = format!(
        "Internal error occurred: failed calling webhook \"webhook.cert-manager.io\": failed to call webhook: Post \"https://cert-manager-webhook.cert-manager.svc:443/validate?timeout=30s\": {tail}"
    );
    webhook(refused(&message), refused(&message))
}

#[test]
fn a_lab_with_a_healthy_cert_manager_passes() {
    let report = lab(|_| ());
    assert!(
        report.checks.iter().all(|check| matches!(check.outcome, Outcome::Pass { .. })),
        "{:#?}",
        report.checks
    );
}

#[test]
fn what_was_not_read_is_unknown_and_without_a_look_at_the_cluster_nothing_is_said() {
    let report = lab(|e| {
        e.cluster = Some(ClusterSeen::default());
        acme(e).webhook = None;
    });
    for wanted in [
        id::CM_CRDS,
        id::CM_PODS,
        id::CM_WEBHOOK,
        id::ISSUER,
        id::SELFCHECK,
        id::CHALLENGE,
        id::ACME_RATE_LIMIT,
    ] {
        assert!(matches!(outcome(&report, wanted), Outcome::Unknown { .. }), "{wanted}");
    }
    assert_eq!((report.counts.fail, report.exit_code()), (0, 3));
    assert!(!lab(|e| e.cluster = None).checks.iter().any(|check| check.id == id::CM_CRDS));
}

#[test]
fn missing_definitions_are_installed_by_homelab_or_by_who_manages_them() {
    let finding = only(&lab(|e| drop(items(e, CRDS).remove(4))), id::CM_CRDS);
    assert!(finding.summary.contains("`issuers.cert-manager.io` is missing"));
    assert_eq!(finding.fix.commands, ["homelab up"]);
    let finding = only(
        &lab(|e| {
            items(e, CRDS).clear();
            acme(e).wanted.managed = false;
        }),
        id::CM_CRDS,
    );
    assert!(finding.summary.contains("not in the cluster") && finding.fix.commands.is_empty());
}

#[test]
fn definitions_of_two_versions_and_such_as_are_not_served_are_told() {
    let report =
        lab(|e| items(e, CRDS)[1]["metadata"]["labels"]["app.kubernetes.io/version"] = json!("v1.12.0"));
    assert!(only(&report, id::CM_CRDS).summary.contains("v1.12.0, v1.21.2"));
    let report =
        lab(|e| drop(e.cluster.as_mut().unwrap().objects.0.insert(ORDERS.into(), Listing::Unserved)));
    assert!(only(&report, id::CM_CRDS).summary.contains("does not serve"));
}

#[test]
fn a_program_that_is_missing_scaled_down_or_not_ready_is_named_with_its_last_error() {
    let report = lab(|e| drop(items(e, "deployments.apps").pop()));
    assert!(
        only(&report, id::CM_PODS).summary.contains("no Deployment `cert-manager/cert-manager-cainjector`")
    );
    let report = lab(|e| items(e, "deployments.apps")[1]["spec"]["replicas"] = json!(0));
    let finding = only(&report, id::CM_PODS);
    assert_eq!(
        finding.fix.commands,
        ["kubectl -n cert-manager scale deployment/cert-manager-webhook --replicas=1"]
    );
    let report = lab(|e| {
        items(e, "deployments.apps")[0]["status"] = json!({});
        let logs = &mut e.cluster.as_mut().unwrap().logs;
        logs.insert("cert-manager/cert-manager-webhook-5f-x2/c".into(), "E0601 11:00:00 other\n".into());
        logs.insert(
            "cert-manager/cert-manager-5f-x1/c".into(),
            "I0601 fine\nE0601 11:00:00 no route to host\nI0601 bye\n".into(),
        );
    });
    let finding = only(&report, id::CM_PODS);
    assert!(finding.cause.contains("no route to host") && finding.heals == Heals::Waiting, "{finding:?}");
}

#[test]
fn what_keeps_a_pod_of_cert_manager_is_told_as_of_every_other_pod() {
    let kept = |state: Value| {
        lab(|e| {
            items(e, "deployments.apps")[0]["status"] = json!({});
            let pod = json!({ "metadata": { "namespace": "cert-manager", "name": "cert-manager-5f-x1", "labels": { "app": "cert-manager" } },
                "status": { "phase": "Pending", "containerStatuses": [
                    { "name": "controller", "image": "quay.io/jetstack/cert-manager-controller:v1", "restartCount": 1, "state": state,
                      "lastState": { "terminated": { "exitCode": 1, "reason": "Error" } } }] } });
            let seen = e.cluster.as_mut().unwrap();
            seen.objects.0.insert("pods".into(), Listing::Items(vec![pod]));
            seen.logs.insert(
                "cert-manager/cert-manager-5f-x1/c".into(),
                "E0601 11:00:00 no route to host\n".into(),
            );
        })
    };
    let message = "failed to pull and unpack image: 429 Too Many Requests";
    let finding =
        only(&kept(json!({ "waiting": { "reason": "ErrImagePull", "message": message } })), id::CM_PODS);
    assert!(
        finding.summary.contains("cert-manager-controller:v1") && finding.cause.contains("Docker Hub"),
        "{finding:?}"
    );
    assert!(finding.fix.text.contains("registries.yaml"), "{finding:?}");
    let finding = only(&kept(json!({ "waiting": { "reason": "CrashLoopBackOff" } })), id::CM_PODS);
    assert!(finding.summary.contains("exits again and again"), "{finding:?}");
    assert!(finding.cause.contains("no route to host"), "its log says more than its exit code: {finding:?}");
}

#[test]
fn each_reason_why_the_webhook_cannot_be_called_has_its_own_cause() {
    let cases = [
        ("dial tcp 10.43.1.2:443: connect: connection refused", "is starting"),
        ("service \"cert-manager-webhook\" not found", "Service is missing"),
        ("no endpoints available for service \"cert-manager-webhook\"", "no pod is behind"),
        ("context deadline exceeded", "firewall"),
        ("dial tcp 10.43.1.2:443: i/o timeout", "firewall"),
        // cert-manager/cert-manager#6522.
        (
            "proxy error from 127.0.0.1:6443 while dialing 10.42.0.5:10250, code 503: 503 Service Unavailable",
            "got the error at once",
        ),
        ("proxyconnect tcp: dial tcp 10.0.0.9:3128: connect: network is unreachable", "firewall"),
    ];
    for (tail, cause) in cases {
        assert!(uncallable(tail).cause.contains(cause), "{tail}: {}", uncallable(tail).cause);
    }
    let gone = uncallable("no endpoints available for service \"cert-manager-webhook\"");
    assert_eq!((gone.fix.commands, gone.heals), (vec!["homelab up".to_owned()], Heals::Waiting));
    let starting = uncallable("dial tcp 10.43.1.2:443: connect: connection refused");
    assert!(starting.fix.commands.is_empty() && starting.heals == Heals::Waiting);
    assert_eq!(
        uncallable("dial tcp 10.43.1.2:443: i/o timeout").fix.look,
        ["kubectl get nodes,pods -A -o wide"]
    );
    let silent = DryRun::Silent { seconds: 5 };
    assert!(webhook(silent.clone(), silent).summary.contains("no answer within 5 s"));
}

/// An API server that does not ask for the pods' own addresses names the Service's, with the Service's port.
#[test]
fn a_policy_that_keeps_the_api_server_out_is_named_with_the_port_of_the_pod() {
    let report = lab(|e| {
        let objects = &mut e.cluster.as_mut().unwrap().objects.0;
        let node = |name: &str| json!({ "metadata": { "name": name, "labels": { "node-role.kubernetes.io/control-plane": "true" } } });
        objects.insert(
            "nodes".into(),
            Listing::Items(vec![node("pi"), json!({ "metadata": { "name": "nas" } })]),
        );
        let pod = json!({ "metadata": { "namespace": "cert-manager", "name": "cert-manager-webhook-x" },
            "spec": { "nodeName": "nas", "containers": [] }, "status": { "podIP": "10.42.1.5" } });
        objects.insert("pods".into(), Listing::Items(vec![pod]));
        let policy = json!({ "metadata": { "namespace": "cert-manager", "name": "quiet" }, "spec": { "podSelector": {} } });
        objects.insert("networkpolicies.networking.k8s.io".into(), Listing::Items(vec![policy]));
        let message = "failed to call webhook: Post \"https://cert-manager-webhook.cert-manager.svc:443/validate?timeout=30s\": proxy error from 127.0.0.1:6443 while dialing 10.43.54.164:443, code 502: 502 Bad Gateway";
        acme(e).webhook = Some(WebhookSeen { good: refused(message), bad: refused(message) });
    });
    let finding =
        report.failures().find(|check| check.id == id::CM_WEBHOOK).unwrap().finding().unwrap().clone();
    assert!(finding.cause.contains("`cert-manager/quiet`"), "{finding:?}");
    assert!(finding.fix.text.contains("allow port 10250"), "{finding:?}");
}

#[test]
fn an_authority_that_does_not_fit_is_the_cainjectors_to_write() {
    let finding =
        uncallable("tls: failed to verify certificate: x509: certificate signed by unknown authority");
    assert!(finding.fix.commands[0].contains("rollout restart deployment/cert-manager-cainjector"));
    let report = lab(|e| {
        let marks =
            json!({ "cert-manager.io/inject-ca-from-secret": "cert-manager/cert-manager-webhook-ca" });
        let empty = json!({ "metadata": { "name": "cert-manager-webhook", "annotations": marks }, "webhooks": [{ "name": "webhook.cert-manager.io", "clientConfig": {} }] });
        for kind in ["mutating", "validating"] {
            let resource = format!("{kind}webhookconfigurations.admissionregistration.k8s.io");
            let objects = &mut e.cluster.as_mut().unwrap().objects.0;
            objects.insert(resource, Listing::Items(vec![empty.clone()]));
        }
        let message = "Post \"https://x\": x509: certificate signed by unknown authority";
        acme(e).webhook = Some(WebhookSeen { good: refused(message), bad: refused(message) });
    });
    assert!(only(&report, id::CM_WEBHOOK).cause.contains("has no `caBundle`"));
}

#[test]
fn a_webhook_that_is_not_called_at_all_is_told_and_one_that_may_not_be_tried_is_unknown() {
    let finding = webhook(DryRun::Taken { stamped: false }, denied());
    assert!(finding.summary.contains("mutating") && finding.fix.commands == ["homelab up"]);
    assert!(
        webhook(DryRun::Taken { stamped: true }, DryRun::Taken { stamped: true })
            .summary
            .contains("validating")
    );
    let report = lab(|e| {
        let message = "certificaterequests.cert-manager.io is forbidden: User \"x\" cannot create".to_owned();
        let no = DryRun::Refused { code: 403, message };
        acme(e).webhook = Some(WebhookSeen { good: no.clone(), bad: no });
    });
    assert!(matches!(outcome(&report, id::CM_WEBHOOK), Outcome::Unknown { .. }));
}

/// The lab's issuer is not ready and says why.
fn unregistered(message: &str) -> Finding {
    let report = lab(|e| {
        items(e, ISSUERS)[0]["status"]["conditions"] = json!([{ "type": "Ready", "status": "False", "reason": "ErrRegisterACMEAccount", "message": message }]);
    });
    only(&report, id::ISSUER)
}

#[test]
fn each_reason_of_an_issuer_that_is_not_ready_has_its_own_cause() {
    let cases = [
        (
            "400 urn:ietf:params:acme:error:invalidContact: contact email has forbidden domain \"example.com\"",
            "e-mail address",
        ),
        ("secrets \"letsencrypt-account\" already exists", "existed before"),
        ("Get \"https://acme.test/dir\": dial tcp: lookup acme.test: no such host", "does not resolve"),
        (
            "Get \"https://acme.test/dir\": dial tcp 10.0.0.1:443: connect: connection refused",
            "nothing listens",
        ),
        ("Get \"https://acme.test/dir\": dial tcp 10.0.0.1:443: i/o timeout", "cannot reach"),
        (
            "Get \"https://acme.test/dir\": tls: failed to verify certificate: x509: certificate signed by unknown authority",
            "does not trust",
        ),
        ("404 : 404 page not found", "not an ACME directory"),
        (
            "400 urn:ietf:params:acme:error:badNonce: JWS has an invalid anti-replay nonce",
            "no longer knew its nonce",
        ),
    ];
    for (message, cause) in cases {
        assert!(unregistered(message).cause.contains(cause), "{message}: {}", unregistered(message).cause);
    }
}

#[test]
fn an_issuer_that_differs_from_the_configuration_is_written_again_and_one_that_is_missing_made() {
    let report = lab(|e| {
        let issuer = &mut items(e, ISSUERS)[0];
        issuer["spec"]["acme"]["email"] = json!("nobody");
        issuer["status"]["conditions"] =
            json!([{ "type": "Ready", "status": "False", "message": "contact email \"nobody\" is invalid" }]);
    });
    let finding = only(&report, id::ISSUER);
    assert!(finding.cause.contains("`nobody`, but `ada@lovelace.dev` in the configuration"));
    assert_eq!(finding.fix.commands, ["homelab up"]);
    assert!(
        only(&lab(|e| items(e, ISSUERS).clear()), id::ISSUER)
            .summary
            .contains("no ClusterIssuer `letsencrypt`")
    );
}

#[test]
fn another_issuer_is_a_warning_unless_a_certificate_needs_it() {
    let broken = |e: &mut Evidence| {
        let mut other = issuer("other", "https://acme.test/dir");
        other["status"]["conditions"][0]["status"] = json!("False");
        items(e, ISSUERS).push(other);
    };
    let report = lab(broken);
    assert_eq!((only(&report, id::ISSUER).heals, report.exit_code()), (Heals::Never, 0));
    let report = lab(|e| {
        broken(e);
        items(e, CERTIFICATES)[0]["spec"]["issuerRef"]["name"] = json!("other");
    });
    assert_eq!(report.exit_code(), 1);
}

#[test]
fn two_servers_with_one_account_key_are_a_warning() {
    let report = lab(|e| {
        let mut staging = issuer("staging", "https://acme-staging-v02.api.letsencrypt.org/directory");
        staging["spec"]["acme"]["privateKeySecretRef"]["name"] = json!("letsencrypt-account");
        items(e, ISSUERS).push(staging);
    });
    assert!(only(&report, id::ISSUER).summary.contains("one Secret, `letsencrypt-account`"));
    assert_eq!(report.exit_code(), 0);
}
