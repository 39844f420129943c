//! What a trial leaves nothing of, also after a run that was killed.

use serde_json::Value;

use super::{MARK, NAME, TRIES, key};
use crate::cluster::room::Room;
use crate::cluster::snapshot::items;
use crate::cluster::{Cluster, Deleted};
use crate::desired::kind;
use crate::desired::service::NAMESPACE;
use crate::error::{Error, Result};
use crate::evidence::View;
use crate::plan::is_applied;
use crate::plan::ownership::Doomed;

impl Cluster {
    /// Removes everything that a trial has made, also one that was killed.
    ///
    /// # Errors
    /// When the API server cannot be asked, or refuses.
    pub async fn remove_trials(&self) -> Result<()> {
        // First the pods: without its policy, one of them would reach more again.
        for kind in [&kind::POD, &kind::NETWORK_POLICY, &kind::CILIUM_POLICY] {
            let mut tries = 0..TRIES;
            while tries.next().is_some() {
                let marked = format!("{MARK}=true");
                let (_, list) = self.list_as(kind, Some(NAMESPACE), &marked, false, &Room::new()).await?;
                let list = list.map(items).unwrap_or_default();
                let left: Vec<&Value> =
                    list.iter().filter(|object| is_trial(object) && !object.is_going()).collect();
                let mut all_gone = true;
                for object in left {
                    let doomed = Doomed::of(&key(kind, object.name()), object);
                    all_gone &= self.delete(&doomed).await? != Deleted::Changed;
                }
                if all_gone {
                    break;
                }
            }
            if tries.is_empty() {
                return Err(Error::unfinished(
                    "what tries out the policies changes faster than it can be removed",
                ));
            }
        }
        Ok(())
    }
}

/// Whether the object is of a trial: a label is copied easily, so homelab must have applied it, with a name that it gives to no other.
pub(super) fn is_trial(object: &Value) -> bool {
    object.label(MARK) == "true" && is_applied(object) && object.name().starts_with(NAME)
}
