//! What a trial leaves nothing of, also after a run that was killed. Another run may have a trial of its own at the same time: what is
//! removed of others is so old that nobody uses it any more.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{MARK, Mark, NAME, TRIES, key, made};
use crate::cluster::room::Room;
use crate::cluster::snapshot::items;
use crate::cluster::{Cluster, Deleted};
use crate::desired::kind::{self, KindRef};
use crate::desired::service::NAMESPACE;
use crate::error::{Error, Result};
use crate::evidence::View;
use crate::plan::is_applied;
use crate::plan::ownership::Doomed;

/// Older than any trial gets: its pod ends after two minutes.
const FORGOTTEN: SignedDuration = SignedDuration::from_mins(10);

impl Cluster {
    /// Removes everything that this trial has made.
    ///
    /// # Errors
    /// When the API server cannot be asked, or refuses.
    pub async fn remove_trial(&self, mark: &Mark) -> Result<()> {
        self.remove_trials(&format!("{MARK}={}", mark.as_str()), |_| true).await
    }

    /// Removes what killed runs have left behind. `now` is the time of the API server, which says when something was made.
    pub(super) async fn remove_forgotten(&self, now: Timestamp) -> Result<()> {
        self.remove_trials(MARK, |object| is_forgotten(object, now)).await
    }

    async fn remove_trials(&self, selector: &str, is_meant: impl Fn(&Value) -> bool) -> Result<()> {
        // First the pods: without its policy, one of them would reach more again.
        for kind in [&kind::POD, &kind::NETWORK_POLICY, &kind::CILIUM_POLICY] {
            self.remove_of_kind(kind, selector, &is_meant).await?;
        }
        Ok(())
    }

    async fn remove_of_kind(
        &self,
        kind: KindRef,
        selector: &str,
        is_meant: impl Fn(&Value) -> bool,
    ) -> Result<()> {
        for _ in 0..TRIES {
            let (_, list) = self.list_as(kind, Some(NAMESPACE), selector, false, &Room::new()).await?;
            let list = list.map(items).unwrap_or_default();
            let left: Vec<&Value> = list
                .iter()
                .filter(|object| is_trial(object) && is_meant(object) && !object.is_going())
                .collect();
            let mut all_gone = true;
            for object in left {
                let doomed = Doomed::of(&key(kind, object.name()), object);
                all_gone &= self.delete(&doomed).await? != Deleted::Changed;
            }
            if all_gone {
                return Ok(());
            }
        }
        Err(Error::unfinished("what tries out the policies changes faster than it can be removed"))
    }
}

/// Whether the object is of a trial: a label is copied easily, so homelab must have applied it, with a name that it gives to no other.
pub(super) fn is_trial(object: &Value) -> bool {
    !object.label(MARK).is_empty() && is_applied(object) && object.name().starts_with(NAME)
}

/// Whether no run can be at it any more.
pub(super) fn is_forgotten(object: &Value, now: Timestamp) -> bool {
    made(object).is_some_and(|made| now.duration_since(made) > FORGOTTEN)
}
