//! Changes that are refused for the record in them, `InvalidChangeBatch`.
//!
//! Seen in: external-dns#421, #1517, #1764, #4241, #4774, #5939; cert-manager#3927, #7547; DNSControl#908 (the quota).

use crate::provider::reading::{Reading, means, passes};
use crate::provider::route53::limits::FULL;

const DELETE: &str = "delete the record that the message names in the Route 53 console (Hosted zones), once you know whose it is";
const CORRECT: &str = "correct the host name or the target in the Ingress or Service of the name in the message; the log of external-dns has all of it";

/// For both programs.
const FULL_ZONE: Reading = means(
    &[FULL],
    "the zone has as many records as its quota allows",
    "remove records that nobody needs in the Route 53 console (Hosted zones), or ask for a higher quota",
);

/// Of cert-manager: the TXT record of a challenge.
pub(super) const OF_A_CHALLENGE: &[Reading] = &[
    FULL_ZONE,
    means(
        &["a conflicting RRSet of type CNAME"],
        "a CNAME at the challenge's name is in the way: a CDN, acme-dns or another ACME client left it, and a name with a CNAME can have no TXT record",
        "delete the CNAME that the message names in the Route 53 console (Hosted zones), or set `dns.challengeZone` if it delegates the challenges on purpose",
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
        &["but it already exists", "conflicts with other records", "other RRSet", "a conflicting RRSet"],
        "another record at the challenge's name is in the way",
        DELETE,
    ),
    means(
        &["InvalidChangeBatch"],
        "Route 53 refuses the record of the challenge",
        "read the events of the challenge and the log of cert-manager: the text behind `InvalidChangeBatch` names the record",
    ),
];

/// Of external-dns: the records of one Ingress or Service; it then tries each alone, so that the others are written.
pub(super) const OF_A_RECORD: &[Reading] = &[
    FULL_ZONE,
    means(
        &["but it already exists"],
        "Route 53 refuses one change: a record of that name and type exists already; somebody made it by hand, or another cluster did",
        DELETE,
    ),
    means(
        &["is not permitted at apex"],
        "Route 53 refuses one record: at the zone's own name only addresses are possible, and no CNAME",
        "remove the annotation `external-dns.alpha.kubernetes.io/target` from the Ingress or Service of that name, or give it an address",
    ),
    means(
        &["is not permitted in zone"],
        "Route 53 refuses one record: its name is not in the zone that homelab uses",
        "give the service a name in the zone",
    ),
    means(
        &["a conflicting RRSet", "conflicts with other records", "other RRSet"],
        "another record of that name is in the way; external-dns does not touch what it does not own",
        "delete the other record in the Route 53 console (Hosted zones), once you know whose it is, or give the service another name",
    ),
    means(
        &["FATAL problem", "Invalid Resource Record"],
        "Route 53 refuses the record of one Ingress or Service, whose name or target it cannot read; the others are written",
        CORRECT,
    ),
    passes(
        &["but it was not found", "but the values provided do not match"],
        "the record was changed when the program wanted to: somebody edited it in between",
        "wait: the program tries again by itself; if this goes on, another cluster has the same `dns.owner`: give each cluster its own",
    ),
    means(
        &["The request contains an invalid set of changes"],
        "Route 53 refuses one change, which contradicts itself: two Ingresses or Services want different records of one name",
        "remove the name from all but one of the Ingresses and Services that have it",
    ),
    // As the SDK writes it where the answer is a document of its own (aws-sdk-go-v2,
    // service/route53/internal/customizations/custom_error_deser.go).
    means(
        &["ChangeBatch errors occurred"],
        "Route 53 refuses the record of one Ingress or Service, and the log of external-dns does not say which; the others are written",
        "compare the names and targets of the newest Ingresses and Services with the lines `Desired change` in the log of external-dns",
    ),
    means(
        &["InvalidChangeBatch"],
        "Route 53 refuses the record of one Ingress or Service; the others are written",
        CORRECT,
    ),
];
