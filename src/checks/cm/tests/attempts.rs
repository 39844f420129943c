//! Challenges, rate limits, and the pause after a failure.

use serde_json::json;

use crate::checks::cm::tests::*;

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
fn the_longest_pause_is_what_cert_manager_is_told() {
    let until = |argument: Option<&str>| {
        let report = lab(|e| {
            failed(e, "429 urn:ietf:params:acme:error:serverInternal: try again");
            e.certificates.as_mut().unwrap()[0].failed_attempts = 6;
            if let Some(argument) = argument {
                let template = json!({ "spec": { "containers": [{ "args": ["--v=2", argument] }] } });
                items(e, "deployments.apps")[0]["spec"]["template"] = template;
            }
        });
        let failed = report.failures().find(|check| check.id == id::CERTIFICATE).unwrap();
        failed.finding().unwrap().retry_at.unwrap().to_string()
    };
    assert_eq!(until(None), "2026-06-02T19:50:00Z");
    assert_eq!(until(Some("--certificate-request-maximum-backoff-duration=4h")), "2026-06-01T15:50:00Z");
}

#[test]
fn a_record_is_looked_for_where_a_cname_record_leads() {
    let target = "_acme-challenge.any.acme.example.org";
    let cause = |at: &str| {
        let report = lab(|e| {
            challenged(
                "pending",
                &format!(
                    "Waiting for DNS-01 challenge propagation: DNS record for \"{HOST}\" not yet propagated"
                ),
            )(e);
            if let Some(Ok(provider)) = &mut e.provider {
                provider.zone.name = "acme.example.org".into();
                provider.records = vec![record(at, "TXT", "x")];
            }
            let challenge = ChallengeSeen {
                name: format!("_acme-challenge.{HOST}"),
                target: target.into(),
                proves: vec![HOST.into()],
                chain: vec![target.into()],
                by_wildcard: false,
                end: ChainEnd::Here { zone: None, server: "1.1.1.1".into() },
            };
            let zone = "acme.example.org".to_owned();
            e.challenges =
                Some(ChallengesSeen { zone, names: Some(vec![challenge]), ..ChallengesSeen::default() });
        });
        only(&report, id::SELFCHECK).cause
    };
    assert!(cause(target).contains("usually takes a minute"), "{}", cause(target));
    assert!(cause("other.acme.example.org").contains("it is not in the zone"));
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
    assert!(only(&report, id::SELFCHECK).cause.contains("another program removed it"));
}

#[test]
fn each_refusal_of_a_challenge_has_its_own_cause() {
    let cases = [
        (
            "pending",
            "while querying the Cloudflare API for GET \"/zones?name=x\" \n\t Error: 6003: Invalid request headers<- 6111: Invalid format",
            "line break",
        ),
        ("pending", "Error: 9109: Cannot use the access token from location: 203.0.113.9", "is not in it"),
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
            "the issuer does not find the Secret",
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
            "a wildcard, a CNAME",
        ),
        (
            "invalid",
            "acme: authorization error for x: 400 urn:ietf:params:acme:error:dns: DNS problem: NXDOMAIN looking up TXT",
            "did not find the record",
        ),
        ("errored", "unexpected non-ACME API error: EOF", "connection to the authority broke"),
    ];
    for (state, reason, cause) in cases {
        let finding = only(&lab(challenged(state, reason)), id::CHALLENGE);
        assert!(finding.cause.contains(cause), "{reason}: {}", finding.cause);
    }
}

#[test]
fn a_secret_that_homelab_writes_comes_back_by_up_whoever_installed_cert_manager() {
    let reason = "error getting cloudflare secret: secrets \"homelab-dns-provider\" not found";
    for managed in [true, false] {
        let report = lab(|e| {
            challenged("pending", reason)(e);
            acme(e).wanted.managed = managed;
        });
        assert_eq!(only(&report, id::CHALLENGE).fix.commands, ["homelab up"]);
    }
    // A token that is written by hand first is no matter of one command.
    let refused = lab(challenged("pending", "Error: 9109: Invalid access token"));
    assert!(only(&refused, id::CHALLENGE).fix.commands.is_empty());
}

#[test]
fn what_a_status_leaves_out_is_read_in_the_newest_event() {
    let left_out = "failed to change Route 53 record set: operation error Route 53: ChangeResourceRecordSets, <redacted AWS SDK error: http.ResponseError: see events and logs for details>";
    let said = "Error presenting challenge: operation error Route 53: ChangeResourceRecordSets, https response error StatusCode: 400, RequestID: 1, api error Throttling: Rate exceeded";
    let finding = |name: Option<&str>| {
        let report = lab(|e| {
            challenged("pending", left_out)(e);
            e.dns = crate::config::Provider::Route53;
            let own = items(e, CHALLENGES)[0]["metadata"].clone();
            let event = |at: &str, message: &str| {
                json!({ "involvedObject": { "kind": "Challenge", "namespace": own["namespace"], "name": name.map_or(own["name"].clone(), Into::into) },
                    "message": message, "lastTimestamp": at })
            };
            let events = vec![
                event("2026-06-01T11:59:00Z", &format!("(combined from similar events): {said}")),
                event("2026-06-01T11:50:00Z", "Error presenting challenge: old"),
            ];
            e.cluster.as_mut().unwrap().objects.0.insert("events".into(), Listing::Items(events));
        });
        only(&report, id::CHALLENGE)
    };
    let read = finding(None);
    assert!(
        read.summary.contains("Throttling: Rate exceeded") && read.cause.contains("five in a second"),
        "{read:?}"
    );
    let gone = finding(Some("another"));
    assert!(gone.cause.contains("in its events and its log alone"), "{gone:?}");
}

#[test]
fn what_is_in_the_way_of_a_challenge_is_told_in_the_providers_own_words() {
    let said = "InvalidChangeBatch: [RRSet of type TXT with DNS name _acme-challenge.photos.example.com. is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone example.com.]";
    let report = lab(|e| {
        e.dns = crate::config::Provider::Route53;
        challenged(
            "pending",
            &format!(
                "failed to change Route 53 record set: operation error Route 53: ChangeResourceRecordSets, https response error StatusCode: 400, RequestID: 01234567-89ab-cdef-0123-456789abcdef, {said}"
            ),
        )(e);
    });
    let finding = only(&report, id::CHALLENGE);
    assert!(finding.summary.ends_with(said), "{}", finding.summary);
    assert!(finding.cause.contains("a CNAME at the challenge's name is in the way"), "{finding:?}");
    assert!(finding.fix.text.contains("`dns.challengeZone`"), "{finding:?}");
}

#[test]
fn a_bad_token_comes_before_the_challenge_that_it_spoils() {
    let report = lab(|e| {
        challenged("pending", "Error: 10000: Authentication error")(e);
        e.provider = Some(Err(failure(Fault::InvalidToken)));
    });
    assert_eq!(outcome(&report, id::CHALLENGE), Outcome::Blocked { by: id::TOKEN });
}

#[test]
fn a_challenge_that_cannot_be_removed_is_a_warning() {
    let report = lab(|e| {
        items(e, CHALLENGES).push(json!({ "metadata": { "namespace": "mail", "name": "old", "deletionTimestamp": "2026-06-01T11:00:00Z" },
            "spec": { "dnsName": "mail.example.com" }, "status": { "reason": "Error cleaning up challenge: Error: 9109: Invalid access token" } }));
    });
    let finding = only(&report, id::CHALLENGE);
    assert!(
        finding.summary.contains("`mail/old` has been waiting for its deletion for 1 h")
            && report.exit_code() == 0
    );
}

#[test]
fn a_young_challenge_without_a_word_is_only_waited_for() {
    let finding = only(&lab(challenged("pending", "")), id::CERTIFICATE);
    assert!(finding.cause.contains("one open challenge") && finding.heals == Heals::Waiting);
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
