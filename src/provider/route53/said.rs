//! What external-dns and cert-manager quote of Route 53's API, and what that means.
//!
//! Sources: external-dns 0.22, provider/aws/aws.go; cert-manager 1.21, pkg/issuer/acme/dns/dns.go and route53/route53.go; both use
//! aws-sdk-go-v2, whose errors end in `api error CODE: MESSAGE`. Codes: Route 53 API reference.

use super::limits::FULL;
use crate::provider::reading::{Reading, means, passes, read, written_by_up};

const POLICY: &str =
    "allow what the message names in the policy of the IAM user; docs/route53.md has the whole policy";
const KEY: &str = "write the id and the secret of an active access key into the file that `dns.tokenFile` names, then run `homelab up`";

/// What either is refused.
const OF_THE_API: &[Reading] = &[
    means(
        &["api error InvalidClientTokenId", "api error UnrecognizedClientException"],
        "AWS does not know the access key in the cluster: it was made inactive or deleted, or is wrong",
        KEY,
    ),
    passes(
        &[
            "Signature expired",
            "Signature not yet current",
            "api error RequestExpired",
            "api error RequestTimeTooSkewed",
            "api error RequestInTheFuture",
        ],
        "AWS refuses the signature, since the clock of the node is more than five minutes wrong",
        "check the clock of the node with `timedatectl`; the program tries again by itself",
    ),
    means(
        &["api error SignatureDoesNotMatch", "api error IncompleteSignature"],
        "the secret in the cluster is not the one of the access key, or a part of it is missing",
        KEY,
    ),
    means(
        &["not authorized to perform: route53:GetChange"],
        "the access key in the cluster may not ask how far a change is (`route53:GetChange` on `arn:aws:route53:::change/*`), and cert-manager waits for that",
        POLICY,
    ),
    means(
        &["not authorized to perform: route53:ListHostedZones"],
        "the access key in the cluster may not list the zones (`route53:ListHostedZones` on `*`; `route53:ListHostedZonesByName` where the issuer does not name the zone's id)",
        POLICY,
    ),
    means(
        &["is not authorized to access this resource"],
        "the zone is in another AWS account than the access key in the cluster",
        "use an access key of the account that has the zone, or run `homelab up`, which looks for the zone in this one",
    ),
    means(
        &["with an explicit deny"],
        "a policy denies this to the access key in the cluster, whatever another one allows",
        "remove the statement that denies it from the policies of the IAM user, of its groups and of the account",
    ),
    means(
        &["api error AccessDenied", "not authorized to perform"],
        "the access key in the cluster lacks a right for this, or has it for another zone",
        POLICY,
    ),
    passes(
        &[
            "api error Throttling",
            "api error PriorRequestNotComplete",
            "provider side throttling",
            "Rate exceeded",
        ],
        "Route 53 counts too many calls: five in a second, over everything that uses this account",
        "wait a minute: the program tries again by itself; if it comes back, find the other program that uses the account",
    ),
    means(
        &[FULL],
        "the zone has as many records as its quota allows",
        "remove records that nobody needs in the Route 53 console (Hosted zones), or ask for a higher quota",
    ),
    means(
        &["api error NoSuchHostedZone"],
        "the zone whose id is in the cluster is gone: somebody deleted it, or made it again",
        "run `homelab up`, which looks the zone up and writes its id",
    ),
    means(
        &["is not permitted in zone"],
        "the name is not in the zone that homelab uses, and cert-manager writes to that one alone",
        "give the service a name in the zone",
    ),
    means(
        &["cannot be created as a non multivalue answer exists", "SetIdentifier"],
        "another TXT record at the challenge's name is in the way: Route 53 does not put a record with an identifier beside one without",
        "delete the other record in the Route 53 console (Hosted zones), once you know whose it is",
    ),
    means(
        &["but it already exists", "conflicts with other records", "other RRSet"],
        "another record of that name is in the way; external-dns does not touch what it does not own",
        "delete the other record in the Route 53 console (Hosted zones), once you know whose it is, or give the service another name",
    ),
    passes(
        &["but it was not found", "but the values provided do not match"],
        "the record was changed when the program wanted to: somebody edited it in between",
        "wait: the program tries again by itself",
    ),
];

/// What external-dns or cert-manager is refused.
pub(super) const REFUSALS: &[&[Reading]] = &[OF_THE_API, OF_A_PROGRAM];

/// What comes from what homelab wrote.
const OF_A_PROGRAM: &[Reading] = &[written_by_up(
    &[
        "Missing Region",
        "failed to refresh cached credentials",
        "no EC2 IMDS role found",
        "empty static credentials",
        "static credentials are empty",
    ],
    "its Secret has no access key, or its container lost the region",
    "run `homelab up`, which writes both again",
)];

/// Why external-dns gets no answer (its log), after what keeps a pod from anybody.
pub(super) const OUTAGES: &[Reading] = &[
    passes(
        &[
            "i/o timeout",
            "deadline exceeded",
            "connection refused",
            "no route to host",
            "network is unreachable",
            "EOF",
        ],
        "its pod cannot reach Route 53: a firewall, the route of the pods, or the internet connection",
        "check whether pods reach the internet: `homelab doctor --check net`",
    ),
    passes(
        &["StatusCode: 500", "StatusCode: 502", "StatusCode: 503", "StatusCode: 504"],
        "the fault is at Amazon, not here",
        "look at https://health.aws.amazon.com; external-dns tries again by itself",
    ),
];

/// What cert-manager says of its own when a challenge's record is to be written or removed (its status).
const OF_CERT_MANAGER: &[Reading] = &[
    passes(
        &["Time limit exceeded. Last error: "],
        "the change was still `PENDING` after two minutes: Route 53 has not brought it to all of its name servers yet",
        "wait: cert-manager tries again by itself; if it stays so, look at https://health.aws.amazon.com",
    ),
    written_by_up(
        &[
            "error getting route53 secret access key",
            "no data found in Secret",
            "only one of access and secret key was provided",
            "empty credentials",
        ],
        "the issuer does not find the Secret with the access key, or a part of it",
        "run `homelab up`, which writes it",
    ),
    means(
        &["not found in Route 53 for domain", "failed to determine Route 53 hosted zone ID"],
        "the account has no public zone for this name",
        "create the hosted zone, or use an access key of the account that has it",
    ),
    passes(
        &["no such host", "server misbehaving"],
        "cert-manager's pod cannot resolve `route53.amazonaws.com`",
        "check CoreDNS and the resolvers that it forwards to",
    ),
    passes(
        &[
            "i/o timeout",
            "deadline exceeded",
            "connection refused",
            "no route to host",
            "network is unreachable",
        ],
        "cert-manager's pod cannot connect: it has no way to the internet, or a firewall is in between",
        "let pods reach the internet (TCP 443), then wait: cert-manager tries again by itself",
    ),
    means(
        &["<redacted AWS SDK error"],
        "Route 53 refused the call; cert-manager shows the answer in its events and its log alone, and the events are gone after an hour",
        "look for the code behind `api error` in the log of cert-manager; most often the policy of the IAM user lacks a right: docs/route53.md has the whole policy",
    ),
    means(
        &["x509", "tls: "],
        "another server answers instead of Route 53, with its own certificate: a proxy that inspects TLS, or a search domain with a wildcard record",
        "exclude the nodes' traffic from that inspection, and check the search domains of the nodes",
    ),
];

/// What cert-manager says when a challenge's record is to be written or removed: what the API refused comes first.
pub(super) const CHALLENGES: &[&[Reading]] = &[OF_THE_API, OF_A_PROGRAM, OF_CERT_MANAGER];

/// What the SDK of both writes before the code and the text of the API.
const BEFORE_CODE: &str = "api error ";

/// The API's own words in a message of either program, with their code; `None` when it quotes none.
#[must_use]
pub(super) fn quoted(message: &str) -> Option<String> {
    let (_, said) = message.rsplit_once(BEFORE_CODE)?;
    let said = said.split(['\n', '\t']).next().unwrap_or_default().trim().trim_end_matches('.');
    Some(said.to_owned()).filter(|said| !said.is_empty())
}

/// The code in a message of either program that homelab does not know; `None` when it quotes none, or a known one.
#[must_use]
pub(super) fn unknown_code(message: &str) -> Option<&str> {
    let (_, said) = message.rsplit_once(BEFORE_CODE)?;
    let code = said.split(|c: char| !c.is_ascii_alphanumeric()).next().filter(|code| !code.is_empty())?;
    read(message, REFUSALS.iter().copied().flatten()).is_none().then_some(code)
}

/// Whether a message of external-dns says that the key may not edit.
#[must_use]
pub(super) fn is_refused_edit(message: &str) -> bool {
    message.contains("not authorized to perform: route53:ChangeResourceRecordSets")
        || (message.contains("Route 53: ChangeResourceRecordSets")
            && message.contains("api error AccessDenied"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As aws-sdk-go-v2 writes it.
    fn sdk(call: &str, status: u16, said: &str) -> String {
        format!(
            "operation error Route 53: {call}, https response error StatusCode: {status}, RequestID: 1-2, api error {said}"
        )
    }

    fn cause(message: &str) -> &'static str {
        let rows = CHALLENGES.iter().copied().flatten().chain(OUTAGES);
        read(message, rows).unwrap_or_else(|| panic!("{message}")).cause
    }

    #[test]
    fn what_both_programs_write_finds_its_reason() {
        let denied = |action| {
            format!(
                "AccessDenied: User: arn:aws:iam::123456789012:user/homelab is not authorized to perform: route53:{action} because no identity-based policy allows it"
            )
        };
        for (call, status, said, part) in [
            (
                "ListHostedZones",
                403,
                "InvalidClientTokenId: The security token included in the request is invalid.",
                "made inactive or deleted",
            ),
            (
                "ListHostedZones",
                403,
                "SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided.",
                "not the one of the access key",
            ),
            (
                "ListHostedZones",
                403,
                "SignatureDoesNotMatch: Signature expired: 20261201T000000Z is now earlier than 20261201T005500Z",
                "clock of the node",
            ),
            ("ListHostedZones", 403, &denied("ListHostedZones"), "may not list the zones"),
            ("GetChange", 403, &denied("GetChange"), "route53:GetChange"),
            ("ChangeResourceRecordSets", 403, &denied("ChangeResourceRecordSets"), "lacks a right"),
            (
                "ChangeResourceRecordSets",
                403,
                "AccessDenied: User: arn:aws:iam::1:user/h is not authorized to perform: route53:ChangeResourceRecordSets on resource: arn:aws:route53:::hostedzone/Z1 with an explicit deny in an identity-based policy",
                "a policy denies this",
            ),
            (
                "ChangeResourceRecordSets",
                403,
                "AccessDenied: User: arn:aws:iam::1:user/h is not authorized to access this resource",
                "in another AWS account",
            ),
            (
                "ListHostedZones",
                403,
                "RequestTimeTooSkewed: The difference is too large.",
                "clock of the node",
            ),
            ("ListHostedZones", 400, "Throttling: Rate exceeded", "five in a second"),
            (
                "ChangeResourceRecordSets",
                400,
                "InvalidChangeBatch: [Exceeded limit MAX_RRSETS_BY_ZONE for zone: Z1]",
                "quota",
            ),
            (
                "ChangeResourceRecordSets",
                400,
                "InvalidChangeBatch: [Tried to create resource record set [name='a.example.com.', type='A'] but it already exists]",
                "in the way",
            ),
            (
                "ChangeResourceRecordSets",
                404,
                "NoSuchHostedZone: No hosted zone found with ID: Z1",
                "is gone",
            ),
        ] {
            let message = sdk(call, status, said);
            assert!(cause(&message).contains(part), "{message}: {}", cause(&message));
            assert_eq!(unknown_code(&message), None);
        }
        assert!(cause("Time limit exceeded. Last error: ").contains("PENDING"));
        let pending = format!(
            "Time limit exceeded. Last error: failed to query Route 53 change status: {}",
            sdk("GetChange", 403, &denied("GetChange"))
        );
        assert!(cause(&pending).contains("GetChange"), "{pending}");
        assert!(is_refused_edit(&sdk("ChangeResourceRecordSets", 403, &denied("ChangeResourceRecordSets"))));
        assert!(!is_refused_edit(&sdk("ListHostedZones", 403, &denied("ListHostedZones"))));
    }

    #[test]
    fn the_apis_own_words_are_taken_out_of_the_message_and_an_unknown_code_is_told() {
        let message = format!(
            "soft error\nfailed to list hosted zones: {}",
            sdk("ListHostedZones", 400, "OptInRequired: The account is not signed up.")
        );
        assert_eq!(quoted(&message).as_deref(), Some("OptInRequired: The account is not signed up"));
        assert_eq!(unknown_code(&message), Some("OptInRequired"));
        assert_eq!((quoted("oops"), unknown_code("oops")), (None, None));
    }

    #[test]
    fn every_row_keeps_to_the_house_rules() {
        for reading in CHALLENGES.iter().copied().flatten().chain(OUTAGES) {
            assert!(!reading.cause.ends_with('.') && !reading.fix.ends_with('.'));
        }
    }
}
