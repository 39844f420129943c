//! Policies that are too narrow or too wide, and what both programs are refused.

use super::super::certificates::{guest, guest_leaves};
use super::super::records::nudge;
use super::super::{Injury, injury};
use super::{ACTIVE, CERT_MANAGER, EXTERNAL_DNS, fault, fault_for_all, policy};
use crate::cases::hands::{Hands, WHOAMI, eventually};
use crate::error::{Context, Result};
use crate::name_server::Server;

/// Denies what follows, in front of all other statements.
const DENY: (&str, &str) = ("\"Statement\": [", "\"Statement\": [{ \"Effect\": \"Deny\", ");
/// The records of one zone.
const ON_ZONE: &str = "\"Resource\": \"arn:aws:route53:::hostedzone/ZONE_ID\"";
/// How long cert-manager waits for a change to be everywhere, and then some (seconds).
const PENDING: u64 = 200;

pub(in crate::cases) const INJURIES: &[Injury] = &[
    injury(
        "the policy does not let the key list the zones",
        "cf.permissions",
        &["user/homelab` may not `route53:ListHostedZones` on `*`", "docs/route53.md"],
        |hands| policy(hands, &[("ListHostedZones", "GetHostedZoneCount")]),
        |hands| policy(hands, &[]),
    ),
    injury(
        "the policy is for another zone",
        "cf.permissions",
        &["may not `route53:ListResourceRecordSets` on `arn:aws:route53:::hostedzone/"],
        |hands| policy(hands, &[("hostedzone/ZONE_ID", "hostedzone/Z0000000000000000000")]),
        |hands| policy(hands, &[]),
    ),
    injury(
        "another policy denies what this one allows",
        "cf.permissions",
        &[
            "may not `route53:ListResourceRecordSets`",
            "since a policy denies it",
            "remove the statement that denies",
        ],
        |hands| denied(hands, "\"Action\": \"route53:ListResourceRecordSets\""),
        |hands| policy(hands, &[]),
    ),
    Injury {
        name: "the policy lets the key change addresses alone",
        id: "cf.dns-edit",
        says: &["may not `route53:ChangeResourceRecordSets` on `arn:aws:route53:::hostedzone/"],
        ask: ACTIVE,
        always: false,
        make: |hands| policy(hands, &[(", \"TXT\"]", "]")]),
        undo: |hands| policy(hands, &[]),
    },
    Injury {
        name: "the policy does not let the key ask how far a change is",
        id: "cf.dns-edit",
        says: &["may not `route53:GetChange` on `arn:aws:route53:::change/*`"],
        ask: ACTIVE,
        always: false,
        make: |hands| policy(hands, &[("route53:GetChange", "route53:GetHealthCheck")]),
        undo: |hands| policy(hands, &[]),
    },
    Injury {
        name: "the policy is for every zone of the account",
        id: "cf.least-rights",
        says: &[
            "may change the records of every hosted zone of the account",
            "put `arn:aws:route53:::hostedzone/",
            "in the place of `*`",
        ],
        ask: ACTIVE,
        always: false,
        make: |hands| policy(hands, &[("hostedzone/ZONE_ID", "hostedzone/*")]),
        undo: |hands| policy(hands, &[]),
    },
    injury(
        "the policy lets external-dns write no address, and it has noticed",
        "cf.dns-edit",
        &[
            "does not let external-dns change records",
            "AccessDenied",
            "allow `route53:ChangeResourceRecordSets`",
        ],
        |hands| {
            policy(hands, &[("[\"A\", ", "[")])?;
            server(hands)?.remove(WHOAMI, "A")?;
            nudge(hands)
        },
        |hands| {
            policy(hands, &[])?;
            nudge(hands)
        },
    ),
    injury(
        "Amazon throttles external-dns",
        "edns.sync",
        &["Throttling", "Route 53 counts too many calls"],
        |hands| fault(hands, "throttle", &[EXTERNAL_DNS]),
        |hands| fault_for_all(hands, "throttle", false),
    ),
    injury(
        "a policy denies cert-manager the challenges",
        "cm.challenge",
        &["denied.home.example.test", "AccessDenied", "the access key in the cluster"],
        |hands| {
            let only = "\"Action\": \"route53:ChangeResourceRecordSets\", \"Condition\": { \"ForAllValues:StringLike\": \
                { \"route53:ChangeResourceRecordSetsNormalizedRecordNames\": [\"_acme-challenge.*\"] } }";
            denied(hands, only)?;
            guest(hands, "denied", Some("acme"))
        },
        |hands| {
            policy(hands, &[])?;
            guest_leaves(hands, "denied")
        },
    ),
    injury(
        "a change of cert-manager's stays pending",
        "cm.challenge",
        &["pending.home.example.test", "still `PENDING` after two minutes"],
        pending,
        |hands| {
            fault_for_all(hands, "pending", false)?;
            guest_leaves(hands, "pending")
        },
    ),
];

/// A statement that denies this in the zone, before those that allow.
fn denied(hands: &Hands, what: &str) -> Result<()> {
    policy(hands, &[(DENY.0, &format!("{}{what}, {ON_ZONE} }},", DENY.1))])
}

/// cert-manager has waited in vain.
fn pending(hands: &Hands) -> Result<()> {
    fault(hands, "pending", &[CERT_MANAGER])?;
    guest(hands, "pending", Some("acme"))?;
    eventually("cert-manager to give a change up", PENDING, || {
        let challenges = hands.get(&["challenges", "-n", "homelab"])?.to_string();
        Ok(if challenges.contains("Time limit exceeded") { Ok(()) } else { Err("it still waits".to_owned()) })
    })
    .map(drop)
}

fn server(hands: &Hands) -> Result<Server> {
    Server::find(&hands.run)?.context("the lab's own name server")
}
