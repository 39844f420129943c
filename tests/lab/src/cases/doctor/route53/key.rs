//! The access key, its secret, and the clock that its signatures are made by.

use serde_json::json;

use super::super::{Ask, Injury, injury};
use super::{console, fault_for_all};
use crate::cases::hands::Hands;
use crate::error::{Result, bail};
use crate::files;
use crate::name_server::{route53, write_keys};

pub(in crate::cases) const INJURIES: &[Injury] = &[
    injury(
        "the access key was made inactive",
        "cf.token",
        &["does not know the access key", "made inactive or deleted", "activate it there"],
        |hands| console(hands, &json!({ "do": "key", "active": false })),
        |hands| console(hands, &json!({ "do": "key", "active": true })),
    ),
    injury(
        "the access key was deleted",
        "cf.token",
        &["does not know the access key", "if it is not in the list, create another one"],
        |hands| console(hands, &json!({ "do": "no_key" })),
        |hands| {
            write_keys(&hands.run, &route53::by_hand(&hands.run, &json!({ "do": "new_key" }))?)?;
            hands.restore()
        },
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
    Injury {
        name: "the clock of this machine is an hour behind Amazon's",
        id: "cf.token",
        says: &["the clock of Route 53 is 3600 s ahead of this machine's", "`timedatectl`"],
        ask: Ask { wrap: &["faketime", "-f", "-1h"], flags: &["--check", "cf"], ..Ask::NODE },
        always: false,
        make: |_| Ok(()),
        undo: |_| Ok(()),
    },
    injury(
        "Amazon throttles the account",
        "cf.rate",
        &["Route 53 refuses every call", "five calls in a second"],
        |hands| fault_for_all(hands, "throttle", true),
        |hands| fault_for_all(hands, "throttle", false),
    ),
];

/// Writes another secret into the file, and not into the cluster.
fn replace_secret(hands: &Hands, from: &str, to: &str) -> Result<()> {
    let keys = files::read_text(&hands.run.token())?;
    if !keys.contains(from) {
        bail!("`{from}` is not in the file of the key");
    }
    write_keys(&hands.run, &keys.replacen(from, to, 1))
}
