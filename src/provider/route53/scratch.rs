//! The one proof that the key may edit records: to make one and take it away again, and to ask for the change, as cert-manager does
//! before it lets the ACME server look.
//!
//! A set that is there is not made again, and only one that is said as it is goes: others' records stay whatever happens.

use aws_sdk_route53::types::{ChangeAction, ResourceRecordSet};

use super::changes::{is_conflict, is_gone, set};
use super::client::Client;
use crate::evidence::{Fault, Zone};
use crate::provider::scratch::{MARK, TTL, names, none_is_free};

fn content() -> String {
    format!("\"{MARK}\"")
}

impl Client {
    /// Creates and removes a TXT record `_homelab-check` in the zone, and with it what a stopped run left there.
    pub(super) async fn prove_edit(&self, zone: &Zone) -> Result<(), Fault> {
        let name = self.free_name(zone).await?;
        let scratch = set((&name, "TXT"), TTL, [content().as_str()])?;
        let created = self.change(zone, [(ChangeAction::Create, scratch.clone())]).await;
        let change = match created {
            // One that is there was left by a run that was stopped here: removing it proves as much.
            Err(fault) if is_conflict(&fault) => None,
            created => Some(created?),
        };
        let leftover = |cause| Fault::Leftover { name: name.clone(), cause: Box::new(cause) };
        let removed = match self.change(zone, [(ChangeAction::Delete, scratch)]).await {
            Err(fault) if is_gone(&fault) => None,
            removed => Some(removed.map_err(leftover)?),
        };
        match change.or(removed) {
            Some(change) => self.can_ask(&change).await,
            None => Ok(()),
        }
    }

    /// The first name at which there is nothing, or only what a stopped run left.
    async fn free_name(&self, zone: &Zone) -> Result<String, Fault> {
        let is_own = |set: &ResourceRecordSet| {
            set.r#type().as_str() == "TXT"
                && set.resource_records().iter().all(|one| one.value() == content())
        };
        for name in names(zone) {
            if self.sets(zone, Some(&name)).await?.iter().all(is_own) {
                return Ok(name);
            }
        }
        Err(none_is_free(zone))
    }

    /// Whether the key may ask how far a change is; how far this one is does not matter.
    async fn can_ask(&self, change: &str) -> Result<(), Fault> {
        let answer = self.sdk.get_change().id(change).send().await;
        answer.map(drop).map_err(|error| self.asked("GetChange", None).fault(error))
    }
}
