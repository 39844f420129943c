//! cert-manager, from its definitions to a Certificate: one failure at a time.

use serde_json::{Value, json};

use super::{super::*, picture::*};
use crate::net::{
    cloudflare,
    dns::{AskError, Data, Rcode, Record},
};

const CHALLENGES: &str = "challenges.acme.cert-manager.io";
const CERTIFICATES: &str = "certificates.cert-manager.io";
const ISSUERS: &str = "clusterissuers.cert-manager.io";
const CRDS: &str = "customresourcedefinitions.apiextensions.k8s.io";
const ORDERS: &str = "orders.acme.cert-manager.io";

fn deployment(name: &str) -> Value {
    json!({ "metadata": { "namespace": "cert-manager", "name": name },
        "spec": { "replicas": 1, "selector": { "matchLabels": { "app": name } } }, "status": { "readyReplicas": 1 } })
}

fn definition(name: &str) -> Value {
    json!({ "metadata": { "name": name, "labels": { "app.kubernetes.io/version": "v1.21.2" } } })
}

fn issuer(name: &str, server: &str) -> Value {
    json!({ "metadata": { "name": name },
        "spec": { "acme": { "server": server, "email": "ada@lovelace.dev", "privateKeySecretRef": { "name": format!("{name}-account") } } },
        "status": { "acme": { "uri": format!("{server}/acct/1") }, "conditions": [{ "type": "Ready", "status": "True" }] } })
}

const PRODUCTION: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// The lists of a cluster whose one Certificate is ready.
fn lists() -> Vec<(&'static str, Vec<Value>)> {
    let certificate = json!({ "metadata": { "namespace": "homelab", "name": "whoami-tls" },
        "spec": { "dnsNames": [HOST], "secretName": "whoami-tls", "issuerRef": { "name": "letsencrypt", "kind": "ClusterIssuer" } },
        "status": { "revision": 1, "renewalTime": "2026-06-30T00:00:00Z", "conditions": [{ "type": "Ready", "status": "True" }] } });
    let crds = [
        "certificaterequests.cert-manager.io",
        CERTIFICATES,
        CHALLENGES,
        ISSUERS,
        "issuers.cert-manager.io",
        ORDERS,
    ];
    vec![
        (CRDS, crds.map(definition).to_vec()),
        (
            "deployments.apps",
            ["cert-manager", "cert-manager-webhook", "cert-manager-cainjector"].map(deployment).to_vec(),
        ),
        (ISSUERS, vec![issuer("letsencrypt", PRODUCTION)]),
        (CERTIFICATES, vec![certificate]),
        ("certificaterequests.cert-manager.io", vec![]),
        (ORDERS, vec![]),
        (CHALLENGES, vec![]),
    ]
}

fn refused(message: &str) -> DryRun {
    DryRun::Refused { code: 500, message: message.into() }
}

fn denied() -> DryRun {
    refused("admission webhook \"webhook.cert-manager.io\" denied the request: spec.request: Invalid value")
}

fn caa(answers: &[(&str, &str)]) -> Lookup {
    let mut said = reply(Rcode::NoError, &[]);
    let record = |(tag, value): &(&str, &str)| Record {
        name: "example.com".into(),
        ttl: 60,
        data: Data::Caa { tag: (*tag).into(), value: (*value).into() },
    };
    said.answers = answers.iter().map(record).collect();
    lookup("ada.ns", said)
}

/// The healthy lab with all of cert-manager in view, and one change.
pub(super) fn lab(change: impl FnOnce(&mut Evidence)) -> Report {
    whole(|evidence| {
        let lists = lists().into_iter().map(|(name, items)| (name.to_owned(), Listing::Items(items)));
        evidence.cluster = Some(ClusterSeen { objects: Objects(lists.collect()), ..ClusterSeen::default() });
        let names = [HOST, "home.example.com", "example.com", "com"];
        evidence.acme = Some(AcmeSeen {
            wanted: Issuance {
                managed: true,
                namespace: "cert-manager".into(),
                issuer: "letsencrypt".into(),
                server: PRODUCTION.into(),
                email: "ada@lovelace.dev".into(),
                nameservers: vec!["https://1.1.1.1/dns-query".into()],
            },
            webhook: Some(WebhookSeen { good: DryRun::Taken { stamped: true }, bad: denied() }),
            secrets: None,
            caa: Some(names.iter().map(|name| ((*name).to_owned(), caa(&[]))).collect()),
        });
        change(evidence);
    })
}

/// The objects of a resource, to be changed.
pub(super) fn items<'e>(evidence: &'e mut Evidence, resource: &str) -> &'e mut Vec<Value> {
    match evidence.cluster.as_mut().unwrap().objects.0.get_mut(resource) {
        Some(Listing::Items(items)) => items,
        other => panic!("{resource}: {other:?}"),
    }
}

fn acme(evidence: &mut Evidence) -> &mut AcmeSeen {
    evidence.acme.as_mut().unwrap()
}

fn webhook(good: DryRun, bad: DryRun) -> Finding {
    only(&lab(|e| acme(e).webhook = Some(WebhookSeen { good, bad })), id::CM_WEBHOOK)
}

fn uncallable(tail: &str) -> Finding {
    let message = format!(
        "Internal error occurred: failed calling webhook \"webhook.cert-manager.io\": failed to call webhook: Post \"https://cert-manager-webhook.cert-manager.svc:443/validate?timeout=30s\": {tail}"
    );
    webhook(refused(&message), refused(&message))
}

/// The Certificate is being issued: it has a request, an order, and one challenge with this state and reason.
fn challenged(state: &str, reason: &str) -> impl FnOnce(&mut Evidence) {
    move |e| {
        let owner = |name: &str| json!([{ "name": name }]);
        e.certificates.as_mut().unwrap()[0].ready = Some(false);
        let certificate = &mut items(e, CERTIFICATES)[0];
        certificate["status"] = json!({ "conditions": [
            { "type": "Ready", "status": "False", "reason": "DoesNotExist", "message": "Secret does not exist" },
            { "type": "Issuing", "status": "True", "message": "Issuing certificate as Secret does not exist" }] });
        items(e, "certificaterequests.cert-manager.io").push(json!({ "metadata": { "namespace": "homelab", "name": "whoami-tls-1",
            "annotations": { "cert-manager.io/certificate-revision": "1" }, "ownerReferences": owner("whoami-tls") } }));
        items(e, ORDERS).push(json!({ "metadata": { "namespace": "homelab", "name": "whoami-tls-1-7", "ownerReferences": owner("whoami-tls-1") } }));
        items(e, CHALLENGES).push(json!({ "metadata": { "namespace": "homelab", "name": "whoami-tls-1-7-9",
            "creationTimestamp": "2026-06-01T11:59:00Z", "ownerReferences": owner("whoami-tls-1-7") },
            "spec": { "dnsName": HOST }, "status": { "state": state, "reason": reason, "processing": true } }));
        records(e).push(record(&format!("_acme-challenge.{HOST}"), "TXT", "x"));
    }
}

/// The order failed and cert-manager waits.
fn failed(e: &mut Evidence, message: &str) {
    challenged("invalid", "")(e);
    items(e, CHALLENGES).clear();
    items(e, ORDERS)[0]["status"] = json!({ "state": "errored", "reason": message });
    items(e, CERTIFICATES)[0]["status"] = json!({ "lastFailureTime": "2026-06-01T11:50:00Z", "failedIssuanceAttempts": 1,
        "conditions": [{ "type": "Issuing", "status": "False", "reason": "Failed", "message": message }] });
    let seen = &mut e.certificates.as_mut().unwrap()[0];
    (seen.last_failure, seen.failed_attempts) = ("2026-06-01T11:50:00Z".parse().ok(), 1);
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
        ["kubectl -n cert-manager scale deployment cert-manager-webhook --replicas=1"]
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
fn each_reason_why_the_webhook_cannot_be_called_has_its_own_cause() {
    let cases = [
        ("dial tcp 10.43.1.2:443: connect: connection refused", "is starting"),
        ("service \"cert-manager-webhook\" not found", "Service is missing"),
        ("no endpoints available for service \"cert-manager-webhook\"", "no pod stands behind"),
        ("context deadline exceeded", "firewall"),
        ("dial tcp 10.43.1.2:443: i/o timeout", "firewall"),
        ("proxyconnect tcp: dial tcp 10.0.0.9:3128: connect: network is unreachable", "firewall"),
    ];
    for (tail, cause) in cases {
        assert!(uncallable(tail).cause.contains(cause), "{tail}: {}", uncallable(tail).cause);
    }
    assert!(uncallable("context deadline exceeded").fix.nixos.unwrap().contains("cni0"));
    let silent = DryRun::Silent { seconds: 5 };
    assert!(webhook(silent.clone(), silent).summary.contains("no answer within 5 s"));
}

#[test]
fn an_authority_that_does_not_fit_is_the_cainjectors_to_write() {
    let finding =
        uncallable("tls: failed to verify certificate: x509: certificate signed by unknown authority");
    assert!(finding.fix.commands[0].contains("rollout restart deployment/cert-manager-cainjector"));
    let report = lab(|e| {
        let empty = json!({ "webhooks": [{ "name": "webhook.cert-manager.io", "clientConfig": {} }] });
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
        ("secrets \"letsencrypt-account\" already exists", "was there before"),
        ("Get \"https://acme.test/dir\": dial tcp: lookup acme.test: no such host", "does not resolve"),
        (
            "Get \"https://acme.test/dir\": dial tcp 10.0.0.1:443: connect: connection refused",
            "nothing listens",
        ),
        ("Get \"https://acme.test/dir\": dial tcp 10.0.0.1:443: i/o timeout", "do not reach"),
        (
            "Get \"https://acme.test/dir\": tls: failed to verify certificate: x509: certificate signed by unknown authority",
            "does not trust",
        ),
        ("404 : 404 page not found", "no ACME directory"),
        (
            "400 urn:ietf:params:acme:error:badNonce: JWS has an invalid anti-replay nonce",
            "had forgotten its number",
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
    assert!(finding.cause.contains("`nobody`, and `ada@lovelace.dev` in the configuration"));
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

#[test]
fn each_hitch_of_the_self_check_has_its_own_cause() {
    let cases = [
        (format!("DNS record for \"{HOST}\" not yet propagated"), "usually takes a minute"),
        ("read udp 10.42.0.7:41234->173.245.59.1:53: i/o timeout".to_owned(), "port 53"),
        ("Post \"https://1.1.1.1/dns-query\": dial tcp 1.1.1.1:443: i/o timeout".to_owned(), "over HTTPS"),
        (format!("NS 1.1.1.1:53 returned SERVFAIL for _acme-challenge.{HOST}."), "DNSSEC"),
        (
            format!("NS ada.ns:53 returned REFUSED for _acme-challenge.{HOST}."),
            "does not answer for this zone",
        ),
        (format!("Could not find the SOA record in the DNS tree for the domain '{HOST}'"), "filterwin2k"),
    ];
    for (said, cause) in cases {
        let report = lab(challenged("pending", &format!("Waiting for DNS-01 challenge propagation: {said}")));
        let finding = only(&report, id::SELFCHECK);
        assert!(finding.cause.contains(cause), "{said}: {}", finding.cause);
        assert_eq!(outcome(&report, id::CERTIFICATE), Outcome::Blocked { by: id::SELFCHECK });
    }
}

#[test]
fn a_challenge_record_that_is_gone_from_the_zone_is_not_waited_for_at_the_resolvers() {
    let reason =
        format!("Waiting for DNS-01 challenge propagation: DNS record for \"{HOST}\" not yet propagated");
    let report = lab(|e| {
        challenged("pending", &reason)(e);
        records(e).pop();
    });
    assert!(only(&report, id::SELFCHECK).cause.contains("something else has removed it"));
}

#[test]
fn each_refusal_of_a_challenge_has_its_own_cause() {
    let cases = [
        (
            "pending",
            "while querying the Cloudflare API for GET \"/zones?name=x\" \n\t Error: 6003: Invalid request headers<- 6111: Invalid format",
            "line break",
        ),
        (
            "pending",
            "Error: 9109: Cannot use the access token from location: 203.0.113.9",
            "only some addresses",
        ),
        ("pending", "Error: 9109: Invalid access token", "was revoked"),
        ("pending", "Error: 10000: Authentication error", "lacks a permission"),
        (
            "pending",
            "Found no Zones for domain _acme-challenge.x. (neither in the sub-domain nor in the SLD)",
            "sees no zone",
        ),
        (
            "pending",
            "error getting cloudflare secret: secrets \"homelab-dns-provider\" not found",
            "not where the issuer looks",
        ),
        (
            "pending",
            "Get \"https://api.cloudflare.com/client/v4/zones\": dial tcp: lookup api.cloudflare.com: no such host",
            "cannot resolve",
        ),
        (
            "invalid",
            "Error accepting authorization: acme: authorization error for x: 403 urn:ietf:params:acme:error:caa: CAA record for x prevents issuance",
            "CAA record",
        ),
        (
            "invalid",
            "acme: authorization error for x: 400 urn:ietf:params:acme:error:dns: DNS problem: SERVFAIL looking up TXT",
            "DNSSEC",
        ),
        (
            "invalid",
            "acme: authorization error for x: 403 urn:ietf:params:acme:error:unauthorized: Incorrect TXT record \"y\" found",
            "wildcard or CNAME",
        ),
        (
            "invalid",
            "acme: authorization error for x: 400 urn:ietf:params:acme:error:dns: DNS problem: NXDOMAIN looking up TXT",
            "did not find the record",
        ),
        ("errored", "unexpected non-ACME API error: EOF", "broke at the wrong moment"),
    ];
    for (state, reason, cause) in cases {
        let finding = only(&lab(challenged(state, reason)), id::CHALLENGE);
        assert!(finding.cause.contains(cause), "{reason}: {}", finding.cause);
    }
}

#[test]
fn a_bad_token_comes_before_the_challenge_that_it_spoils() {
    let report = lab(|e| {
        challenged("pending", "Error: 10000: Authentication error")(e);
        e.provider = Some(Err(cloudflare::Error::InvalidToken.into()));
    });
    assert_eq!(fails(&report), [id::TOKEN]);
}

#[test]
fn a_challenge_that_cannot_be_removed_is_a_warning() {
    let report = lab(|e| {
        items(e, CHALLENGES).push(json!({ "metadata": { "namespace": "mail", "name": "old", "deletionTimestamp": "2026-06-01T11:00:00Z" },
            "spec": { "dnsName": "mail.example.com" }, "status": { "reason": "Error cleaning up challenge: Error: 9109: Invalid access token" } }));
    });
    let finding = only(&report, id::CHALLENGE);
    assert!(
        finding.summary.contains("`mail/old` has been on its way out for 1 h") && report.exit_code() == 0
    );
}

#[test]
fn a_young_challenge_without_a_word_is_only_waited_for() {
    let finding = only(&lab(challenged("pending", "")), id::CERTIFICATE);
    assert!(finding.cause.contains("1 open challenges") && finding.heals == Heals::Waiting);
    let report = lab(|e| {
        challenged("pending", "")(e);
        items(e, CHALLENGES)[0]["metadata"]["creationTimestamp"] = json!("2026-06-01T11:00:00Z");
    });
    assert!(only(&report, id::CHALLENGE).summary.contains("has not moved for 1 h"));
}

#[test]
fn a_rate_limit_says_which_and_until_when_and_is_over_afterwards() {
    let message = |until: &str| {
        format!(
            "Failed to create Order: 429 urn:ietf:params:acme:error:rateLimited: too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s, retry after {until} UTC: see https://letsencrypt.org/docs/rate-limits/"
        )
    };
    let finding = only(&lab(|e| failed(e, &message("2026-06-02 12:00:00"))), id::ACME_RATE_LIMIT);
    assert!(finding.cause.contains("issued five times") && finding.cause.contains("in 24 h"), "{finding:?}");
    assert_eq!(finding.retry_at, "2026-06-02T12:00:00Z".parse().ok());
    let finding = only(&lab(|e| failed(e, &message("2026-06-01 11:55:00"))), id::CERTIFICATE);
    assert_eq!(finding.fix.commands, ["homelab renew homelab/whoami-tls"]);
}

#[test]
fn a_backoff_says_when_it_ends_and_how_to_end_it_now() {
    let finding = only(&lab(|e| failed(e, "order is in \"invalid\" state")), id::CERTIFICATE);
    assert!(finding.cause.contains("failed once") && finding.cause.contains("waits 50 min"));
    assert_eq!(finding.retry_at, "2026-06-01T12:50:00Z".parse().ok());
    assert_eq!(finding.fix.commands, ["homelab renew homelab/whoami-tls"]);
}

#[test]
fn a_renewal_that_fails_is_a_warning_while_the_certificate_serves() {
    let report = lab(|e| {
        failed(e, "order is in \"invalid\" state");
        e.certificates.as_mut().unwrap()[0].ready = Some(true);
        let conditions = &mut items(e, CERTIFICATES)[0]["status"]["conditions"];
        conditions.as_array_mut().unwrap().push(json!({ "type": "Ready", "status": "True" }));
    });
    assert!(only(&report, id::CERTIFICATE).summary.contains("renewal of Certificate"));
    assert_eq!((report.exit_code(), report.counts.warn), (0, 1));
}

#[test]
fn two_certificates_with_one_secret_are_told() {
    let report = lab(|e| {
        challenged("pending", "")(e);
        for list in [CHALLENGES, ORDERS, "certificaterequests.cert-manager.io"] {
            items(e, list).clear();
        }
        let mut twin = items(e, CERTIFICATES)[0].clone();
        twin["metadata"]["name"] = json!("by-hand");
        items(e, CERTIFICATES).push(twin);
    });
    assert!(only(&report, id::CERTIFICATE).summary.contains("`homelab/by-hand` write into the same Secret"));
}

/// The CAA records of one name.
fn restricted(name: &str, answers: &[(&str, &str)]) -> Report {
    lab(|e| drop(acme(e).caa.as_mut().unwrap().insert(name.into(), caa(answers))))
}

#[test]
fn the_first_name_with_caa_records_decides() {
    let report = restricted("example.com", &[("issue", "sectigo.com"), ("iodef", "mailto:a@b")]);
    let finding = only(&report, id::CAA);
    assert!(
        finding.summary.contains("`example.com` do not let letsencrypt.org issue: `0 issue \"sectigo.com\"`")
    );
    assert!(finding.fix.text.contains("`example.com CAA 0 issue \"letsencrypt.org\"`"));
    assert_eq!(report.exit_code(), 0, "the certificate that is there still serves");
    let below = lab(|e| {
        let all = acme(e).caa.as_mut().unwrap();
        all.insert("example.com".into(), caa(&[("issue", ";")]));
        all.insert(HOST.into(), caa(&[("issue", "letsencrypt.org; validationmethods=dns-01")]));
    });
    assert_eq!(below.failures().count(), 0);
}

#[test]
fn an_empty_name_forbids_all_and_a_contact_alone_nobody() {
    assert!(only(&restricted("com", &[("issue", ";")]), id::CAA).summary.contains("`com`"));
    assert_eq!(restricted("example.com", &[("iodef", "mailto:a@b")]).failures().count(), 0);
    let own = |value: &str| {
        let value = value.to_owned();
        lab(move |e| {
            acme(e).wanted.server = "https://ca.home.arpa/acme".into();
            acme(e).caa.as_mut().unwrap().insert("example.com".into(), caa(&[("issue", &value)]));
        })
    };
    assert!(only(&own(";"), id::CAA).summary.contains("let no authority issue"));
    assert!(matches!(outcome(&own("letsencrypt.org"), id::CAA), Outcome::Skip { .. }));
}

#[test]
fn servers_that_cannot_answer_for_caa_forbid_and_such_as_are_silent_are_unknown() {
    let servfail = lookup("ada.ns", reply(Rcode::ServFail, &[]));
    let report = lab(|e| drop(acme(e).caa.as_mut().unwrap().insert("example.com".into(), servfail)));
    assert!(only(&report, id::CAA).summary.contains("SERVFAIL"));
    let silent = Lookup { server: "ada.ns".into(), result: Err(AskError::Timeout) };
    let report = lab(|e| drop(acme(e).caa.as_mut().unwrap().insert(HOST.into(), silent)));
    assert!(matches!(outcome(&report, id::CAA), Outcome::Unknown { .. }));
    let report = lab(|e| acme(e).caa = None);
    assert!(matches!(outcome(&report, id::CAA), Outcome::Skip { .. }));
}
