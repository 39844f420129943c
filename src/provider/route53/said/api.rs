//! What either program is refused, whatever it wants to write.

use crate::provider::reading::{Reading, means, passes, written_by_up};
use crate::provider::route53::denial::{
    AT_ELSEWHERE, AT_ORGANIZATION, OF_BOUNDARY, OF_ELSEWHERE, OF_ORGANIZATION, OF_POLICY,
};
use crate::provider::route53::limits::{SUSPENDED, UNSUSPEND, WHY_SUSPENDED};

const POLICY: &str =
    "allow what the message names in the policy of the IAM user; docs/route53.md has the whole policy";
const KEY: &str = "write the id and the secret of an active access key into the file that `dns.tokenFile` names, then run `homelab up`";

/// About the key and the account.
pub(super) const OF_THE_KEY: &[Reading] = &[
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
    means(&SUSPENDED, WHY_SUSPENDED, UNSUSPEND),
];

/// Rights: what no policy of the user changes comes first, whatever the call is.
pub(super) const OF_RIGHTS: &[Reading] = &[
    means(
        OF_ORGANIZATION,
        "a service control policy of your AWS organization forbids this; no policy of the IAM user changes that",
        AT_ORGANIZATION,
    ),
    means(
        OF_BOUNDARY,
        "the permissions boundary of the IAM user does not allow this, whatever its policies allow",
        "allow what the message names in the permissions boundary of the IAM user (IAM console, Users, the user, Permissions boundary)",
    ),
    means(
        OF_POLICY,
        "a policy denies this to the access key in the cluster, whatever another one allows",
        "remove the statement that denies it from the policies of the IAM user and of its groups",
    ),
    means(
        OF_ELSEWHERE,
        "the zone is in another AWS account than the access key in the cluster",
        AT_ELSEWHERE,
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
        &["not authorized to perform: route53:ChangeResourceRecordSets"],
        "the access key in the cluster lacks a right: it may not change these records, or has the right for another zone",
        "allow `route53:ChangeResourceRecordSets` on the zone in the policy of the IAM user; docs/route53.md has the whole policy",
    ),
    means(
        &["api error AccessDenied", "not authorized to perform"],
        "the access key in the cluster lacks a right for this, or has it for another zone",
        POLICY,
    ),
];

/// Calls that come too soon, and a zone that is gone.
pub(super) const OF_CALLS: &[Reading] = &[
    passes(
        &["PriorRequestNotComplete"],
        "another program changes the same zone at this moment, and Route 53 takes one change after the other",
        "wait a minute: the program tries again by itself; if it comes back, find the other program that changes the zone",
    ),
    passes(
        &["api error Throttling", "provider side throttling", "Rate exceeded"],
        "Route 53 counts too many calls: five in a second, over everything that uses this account",
        "wait a minute: the program tries again by itself; if it comes back, find the other program that uses the account",
    ),
    means(
        &["NoSuchHostedZone"],
        "the zone whose id is in the cluster is gone: somebody deleted it, or made it again",
        "run `homelab up`, which looks the zone up and writes its id",
    ),
];

/// What comes from what homelab wrote.
pub(super) const OF_THE_POD: &[Reading] = &[written_by_up(
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
