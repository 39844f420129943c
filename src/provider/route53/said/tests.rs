//! Messages as external-dns 0.22 and cert-manager 1.21 write them.

use super::*;

const ID: &str = "01234567-89ab-cdef-0123-456789abcdef";
const CHANGE: &str = "ChangeResourceRecordSets";

/// As aws-sdk-go-v2 writes it.
fn sdk(call: &str, status: u16, said: &str) -> String {
    format!(
        "operation error Route 53: {call}, https response error StatusCode: {status}, RequestID: {ID}, {said}"
    )
}

/// A change that external-dns tried alone.
fn one_change(said: &str) -> String {
    let error = sdk(CHANGE, 400, said);
    format!(
        "Failed submitting change (error: {error}), it will be retried in a separate change batch in the next iteration"
    )
}

/// A change of cert-manager's, as its event has it.
fn challenge(said: &str) -> String {
    format!("Error presenting challenge: failed to change Route 53 record set: {}", sdk(CHANGE, 400, said))
}

fn denied(action: &str, why: &str) -> String {
    format!(
        "api error AccessDenied: User: arn:aws:iam::123456789012:user/homelab is not authorized to perform: route53:{action} on resource: arn:aws:route53:::hostedzone/Z1 {why}"
    )
}

/// What external-dns' message means.
fn of_a_record(message: &str) -> &'static Reading {
    let rows = REFUSALS.iter().copied().flatten().chain(OUTAGES);
    read(message, rows).unwrap_or_else(|| panic!("{message}"))
}

/// What cert-manager's message means.
fn of_a_challenge(message: &str) -> &'static Reading {
    read(message, CHALLENGES.iter().copied().flatten()).unwrap_or_else(|| panic!("{message}"))
}

#[test]
fn what_both_programs_write_finds_its_reason() {
    let missing = |action| denied(action, "because no identity-based policy allows it");
    for (call, status, said, part) in [
        (
            "ListHostedZones",
            403,
            "api error InvalidClientTokenId: The security token included in the request is invalid.",
            "made inactive or deleted",
        ),
        (
            "ListHostedZones",
            403,
            "api error SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided.",
            "not the one of the access key",
        ),
        (
            "ListHostedZones",
            403,
            "api error SignatureDoesNotMatch: Signature expired: 20261201T000000Z is now earlier than 20261201T005500Z",
            "clock of the node",
        ),
        (
            "ListHostedZones",
            403,
            "api error RequestTimeTooSkewed: The difference is too large.",
            "clock of the node",
        ),
        (
            "ListHostedZones",
            403,
            "api error OptInRequired: The AWS Access Key Id needs a subscription for the service",
            "suspended",
        ),
        (
            "ListHostedZones",
            403,
            "api error SubscriptionRequiredException: The AWS Access Key Id needs a subscription for the service",
            "suspended",
        ),
        ("ListHostedZones", 403, &missing("ListHostedZones"), "may not list the zones"),
        ("GetChange", 403, &missing("GetChange"), "route53:GetChange"),
        (CHANGE, 403, &missing(CHANGE), "lacks a right"),
        (
            CHANGE,
            403,
            "api error AccessDenied: User: arn:aws:iam::1:user/h is not authorized to access this resource",
            "in another AWS account",
        ),
        ("ListHostedZones", 400, "api error Throttling: Rate exceeded", "five in a second"),
        (
            CHANGE,
            400,
            "PriorRequestNotComplete: The request was rejected because Route 53 was still processing a prior request.",
            "at this moment",
        ),
        (CHANGE, 404, "NoSuchHostedZone: No hosted zone found with ID: Z1", "is gone"),
        (CHANGE, 400, "InvalidChangeBatch: [Exceeded limit MAX_RRSETS_BY_ZONE for zone: Z1]", "quota"),
    ] {
        let message = sdk(call, status, said);
        for cause in [of_a_record(&message).cause, of_a_challenge(&message).cause] {
            assert!(cause.contains(part), "{message}: {cause}");
        }
        assert_eq!(unknown_code(&message), None);
        assert_eq!(
            quoted(&message).as_deref(),
            Some(said.trim_start_matches(UNMODELLED).trim_end_matches('.'))
        );
    }
    assert!(of_a_challenge("Time limit exceeded. Last error: ").cause.contains("PENDING"));
    let pending = format!(
        "Time limit exceeded. Last error: failed to query Route 53 change status: {}",
        sdk("GetChange", 403, &missing("GetChange"))
    );
    assert!(of_a_challenge(&pending).cause.contains("GetChange"), "{pending}");
    assert!(is_refused_edit(&sdk(CHANGE, 403, &missing(CHANGE))));
    assert!(!is_refused_edit(&sdk("ListHostedZones", 403, &missing("ListHostedZones"))));
}

#[test]
fn a_policy_that_denies_is_told_whatever_the_call_is() {
    for (why, cause, fix) in [
        ("with an explicit deny in a service control policy", "AWS organization", "management account"),
        (
            "because no service control policy allows the route53:GetChange action",
            "AWS organization",
            "management account",
        ),
        ("with an explicit deny in a permissions boundary", "permissions boundary", "Permissions boundary"),
        (
            "because no permissions boundary allows the route53:GetChange action",
            "permissions boundary",
            "Permissions boundary",
        ),
        ("with an explicit deny in an identity-based policy", "a policy denies this", "remove the statement"),
    ] {
        for call in ["ListHostedZones", "GetChange", CHANGE] {
            let message = sdk(call, 403, &denied(call, why));
            for row in [of_a_record(&message), of_a_challenge(&message)] {
                assert!(row.cause.contains(cause) && row.fix.contains(fix), "{message}: {row:?}");
            }
        }
    }
}

#[test]
fn a_change_of_external_dns_that_is_refused_for_its_record_does_not_heal() {
    for (said, part) in [
        (
            "[Tried to create resource record set [name='a-homelab.photos.example.com.', type='TXT'] but it already exists]",
            "exists already",
        ),
        (
            "[RRSet of type CNAME with DNS name example.com. is not permitted at apex in zone example.com.]",
            "the zone's own name",
        ),
        (
            "[RRSet of type A with DNS name a.example.com. is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone example.com.]",
            "in the way",
        ),
        (
            "[FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with '.sub.domain']",
            "one Ingress or Service",
        ),
        (
            "[Invalid Resource Record: FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with 'nas']",
            "one Ingress or Service",
        ),
        (
            "[The request contains an invalid set of changes for a resource record set 'TXT a.example.com.']",
            "contradicts itself",
        ),
        ("ChangeBatch errors occurred", "does not say which"),
        ("[Something new]", "one Ingress or Service"),
    ] {
        let message = one_change(&format!("InvalidChangeBatch: {said}"));
        let row = of_a_record(&message);
        assert!(
            row.cause.contains(part) && row.cure == crate::provider::reading::Cure::Person,
            "{message}: {row:?}"
        );
        assert_eq!(quoted(&message), Some(format!("InvalidChangeBatch: {said}")));
        assert_eq!(unknown_code(&message), None);
    }
    let changed = one_change(
        "InvalidChangeBatch: [Tried to delete resource record set [name='a.example.com.', type='A'] but the values provided do not match the current values]",
    );
    assert_eq!(of_a_record(&changed).cure, crate::provider::reading::Cure::Waiting);
}

#[test]
fn a_record_in_the_way_of_a_challenge_is_told_by_its_kind() {
    for (said, part) in [
        (
            "[RRSet of type TXT with DNS name _acme-challenge.example.com. is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone example.com.]",
            "a CNAME at the challenge's name",
        ),
        (
            "[RRSet with DNS name _acme-challenge.example.org. is not permitted in zone example.com.]",
            "not in the zone",
        ),
        (
            "[RRSet with DNS name _acme-challenge.example.com., type TXT, SetIdentifier \"a\" cannot be created as a non multivalue answer exists with the same name and type.]",
            "another TXT record",
        ),
        ("ChangeBatch errors occurred", "refuses the record of the challenge"),
    ] {
        let message = challenge(&format!("InvalidChangeBatch: {said}"));
        assert!(of_a_challenge(&message).cause.contains(part), "{message}");
    }
}

#[test]
fn what_cert_manager_meets_on_the_way_is_told() {
    let post = "request send failed, Post \"https://route53.amazonaws.com/2013-04-01/hostedzone/Z1/rrset/\"";
    let sent = |error: &str| {
        format!(
            "Error presenting challenge: failed to change Route 53 record set: operation error Route 53: {CHANGE}, exceeded maximum number of attempts, 3, https response error StatusCode: 0, RequestID: , {post}: {error}"
        )
    };
    for (error, part) in [
        (
            "dial tcp: lookup route53.amazonaws.com on 10.43.0.10:53: read udp 10.42.0.9:40000->10.43.0.10:53: i/o timeout",
            "cluster's DNS",
        ),
        ("dial tcp: lookup route53.amazonaws.com on 10.43.0.10:53: no such host", "cannot resolve"),
        ("dial tcp 1.2.3.4:443: i/o timeout", "firewall"),
        ("read tcp 10.42.0.9:40000->1.2.3.4:443: read: connection reset by peer", "firewall"),
        ("net/http: TLS handshake timeout", "MTU"),
        ("remote error: tls: handshake failure", "another server answers"),
        ("http: server gave HTTP response to HTTPS client", "another server answers"),
    ] {
        let message = sent(error);
        assert!(of_a_challenge(&message).cause.contains(part), "{message}");
        assert_eq!((quoted(&message), unknown_code(&message)), (None, None));
    }
    // cert-manager PR#8221.
    let zone = "failed to determine Route 53 hosted zone ID";
    let left_out = format!(
        "{zone}: operation error Route 53: ListHostedZonesByName, <redacted AWS SDK error: http.ResponseError: see events and logs for details>"
    );
    assert!(of_a_challenge(&left_out).cause.contains("the call to Route 53 failed"));
    let none = format!("{zone}: zone  not found in Route 53 for domain _acme-challenge.example.com.");
    assert!(of_a_challenge(&none).cause.contains("no public zone"));
}

#[test]
fn the_apis_own_words_are_taken_out_of_the_message_and_an_unknown_code_is_told() {
    let message = format!(
        "Failed to do run once: soft error\nfailed to list hosted zones: {} (consecutive soft errors: 2)",
        sdk("ListHostedZones", 400, "InvalidInput: Invalid marker.")
    );
    assert_eq!(quoted(&message).as_deref(), Some("InvalidInput: Invalid marker"));
    assert_eq!(unknown_code(&message), Some("InvalidInput"));
    let unmodelled = sdk("ListHostedZones", 400, "api error NewOne: It is new.");
    assert_eq!(quoted(&unmodelled).as_deref(), Some("NewOne: It is new"));
    assert_eq!(unknown_code(&unmodelled), Some("NewOne"));
    assert_eq!((quoted("oops"), unknown_code("oops")), (None, None));
}

#[test]
fn a_change_that_is_wanted_is_read_out_of_its_line() {
    let change = |kind: &str, name: &str| Some((kind.to_owned(), name.to_owned()));
    assert_eq!(desired("Desired change: UPSERT a.example.com A"), change("UPDATE A", "a.example.com"));
    assert_eq!(
        desired("Desired change: DELETE \\052.example.com. TXT"),
        change("DELETE TXT", "*.example.com")
    );
    assert_eq!(desired("2 record(s) were successfully updated"), None);
}

#[test]
fn every_row_keeps_to_the_house_rules() {
    for reading in REFUSALS.iter().chain(CHALLENGES).copied().flatten().chain(OUTAGES) {
        assert!(!reading.cause.ends_with('.') && !reading.fix.ends_with('.'));
    }
}
