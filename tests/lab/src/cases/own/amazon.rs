//! What goes wrong at Route 53.

use serde_json::{Value, json};

use super::{ACTIVE, Ask, Hands, Injury, injury};
use crate::error::{Result, bail};
use crate::files;
use crate::name_server::{route53, write_keys};
use crate::world::ZONE;

// Each is undone in the console, as the doctor's words tell a person to do it.
pub(super) const INJURIES: &[Injury] = &[
    injury(
        "the access key was made inactive",
        "cf.token",
        &["does not know the access key", "made inactive or deleted", "activate it there"],
        |hands| console(hands, &json!({ "do": "key", "active": false })),
        |hands| console(hands, &json!({ "do": "key", "active": true })),
    ),
    Injury {
        name: "the file has another secret than that of the access key",
        id: "cf.token",
        says: &["has another secret for the access key", "of one and the same access key"],
        ask: Ask::NODE,
        always: false,
        make: |hands| replace_secret(hands, "aws_secret_access_key = ", "aws_secret_access_key = x"),
        undo: |hands| {
            replace_secret(hands, "aws_secret_access_key = x", "aws_secret_access_key = ")?;
            hands.restore()
        },
    },
    Injury {
        name: "the clock of this machine is an hour ahead of Amazon's",
        id: "cf.token",
        says: &["the clock of Route 53 is 3600 s behind this machine's", "`timedatectl`"],
        ask: Ask { wrap: &["faketime", "-f", "+1h"], flags: &["--check", "cf"], ..Ask::NODE },
        always: false,
        make: |_| Ok(()),
        undo: |_| Ok(()),
    },
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
    injury(
        "Amazon throttles the account",
        "cf.rate",
        &["Route 53 refuses every call", "five calls in a second"],
        |hands| console(hands, &json!({ "do": "fault", "name": "throttle", "on": true })),
        |hands| console(hands, &json!({ "do": "fault", "name": "throttle", "on": false })),
    ),
    injury(
        "a second public zone has the name",
        "cf.zone",
        &["Route 53 has 2 zones named `example.test`", "compare the name servers of both"],
        |hands| console(hands, &json!({ "do": "zone", "name": ZONE, "private": false })),
        |hands| console(hands, &json!({ "do": "delete_zones_but_first" })),
    ),
    injury(
        "there is only a private zone of the name",
        "cf.zone",
        &["the zone `example.test` is `private` at Route 53", "create a public hosted zone `example.test`"],
        |hands| console(hands, &json!({ "do": "privacy", "private": true })),
        |hands| console(hands, &json!({ "do": "privacy", "private": false })),
    ),
];

fn console(hands: &Hands, what: &Value) -> Result<()> {
    route53::by_hand(&hands.run, what).map(drop)
}

/// Gives the user the policy of the docs, after these changes.
fn policy(hands: &Hands, changes: &[(&str, &str)]) -> Result<()> {
    let mut text = route53::policy()?;
    for (from, to) in changes {
        if !text.contains(from) {
            bail!("`{from}` is not in the policy");
        }
        text = text.replace(from, to);
    }
    console(hands, &json!({ "do": "policy", "text": text }))
}

/// Writes another secret into the file, and not into the cluster.
fn replace_secret(hands: &Hands, from: &str, to: &str) -> Result<()> {
    let keys = files::read_text(&hands.run.token())?;
    if !keys.contains(from) {
        bail!("`{from}` is not in the file of the key");
    }
    write_keys(&hands.run, &keys.replacen(from, to, 1))
}
