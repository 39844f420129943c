//! The lab's account at Amazon, as a person has it in the console; and homelab, killed while a call of its is held there.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::hands::{Hands, eventually};
use crate::error::{Context, Error, Result};
use crate::name_server::route53;

/// How long a call may take until it is held (seconds).
const LIMIT: u64 = 90;

/// Does one thing in the console.
pub(super) fn by_hand(hands: &Hands, what: &Value) -> Result<String> {
    route53::by_hand(&hands.run, what)
}

/// Every zone, with its tags, its records, and the servers to which the lab's own zone leads for it.
pub(super) fn zones(hands: &Hands) -> Result<Vec<Value>> {
    serde_json::from_str(&by_hand(hands, &json!({ "do": "account" }))?).context("the zones of the account")
}

/// An access key.
#[derive(Clone)]
pub(super) struct Key {
    /// Whose it is.
    pub(super) user: String,
    pub(super) id: String,
    pub(super) secret: String,
}

impl Key {
    /// Makes a user who may do what a policy says, and its key.
    pub(super) fn make(hands: &Hands, user: &str, policy: &str) -> Result<Self> {
        let made = by_hand(hands, &json!({ "do": "user", "name": user, "text": policy }))?;
        let made: Value = serde_json::from_str(&made).context("a key")?;
        let text = |key: &str| made[key].as_str().unwrap_or_default().to_owned();
        Ok(Self { user: user.to_owned(), id: text("id"), secret: text("secret") })
    }

    /// By its variables.
    pub(super) fn give_to(&self, command: &mut Command) {
        command.env("AWS_ACCESS_KEY_ID", &self.id).env("AWS_SECRET_ACCESS_KEY", &self.secret);
    }
}

/// Starts a command, kills it when a call is held, and lets go of the call. The call is the first of this action by that user,
/// `before` it is done or `after`.
pub(super) fn killed_at(
    hands: &Hands,
    (user, action, when): (&str, &str, &str),
    mut command: Command,
    what: &str,
) -> Result<()> {
    by_hand(hands, &json!({ "do": "hold", "user": user, "action": action, "nth": 1, "when": when }))?;
    let mut child =
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("starting homelab")?;
    let held = eventually(what, LIMIT, || {
        let is_held = by_hand(hands, &json!({ "do": "held" }))? == "yes";
        let has_ended = child.try_wait().context("homelab")?;
        if let (Some(status), false) = (has_ended, is_held) {
            return Err(Error::new(format!("{what}: homelab ended before ({status})")));
        }
        Ok(if is_held { Ok(()) } else { Err("not held yet".to_owned()) })
    });
    child.kill().and_then(|()| child.wait()).context("killing homelab")?;
    by_hand(hands, &json!({ "do": "release" }))?;
    held.map(drop)
}
