//! Removes what is wanted no more, each object only as it was seen.

use crate::cluster::{Cluster, Deleted};
use crate::desired::kind;
use crate::error::{Error, Result};
use crate::plan::ownership::{Doomed, removal};
use crate::plan::{Plan, Snapshot};
use crate::ui::Progress;

/// The line of progress.
pub(super) const LINE: &str = "prune";
/// How often an object that others change meanwhile is looked at again.
const TRIES: usize = 5;

/// Deletes what the plan says, one after the other; what has changed since is decided anew.
pub(super) async fn prune(
    cluster: &Cluster,
    owner: &str,
    plan: &Plan,
    mut snapshot: Snapshot,
    progress: &Progress,
) -> Result<()> {
    let mut removed = 0;
    // One object that will not go holds back no other.
    let mut stays = Vec::new();
    let mut certificates_are_new = false;
    for doomed in &plan.removal.gone {
        let mut next = Some(doomed.clone());
        if *doomed.key.kind == kind::SECRET && !certificates_are_new {
            // Applying took its time: a Certificate may have come that has one of these Secrets.
            cluster.look_again(&mut snapshot, owner, &kind::CERTIFICATE).await?;
            certificates_are_new = true;
        }
        if certificates_are_new {
            next = decide(plan, &snapshot, doomed);
        }
        let mut tries = 0;
        while let Some(now) = next.take() {
            progress.update(LINE, &format!("deleting {}", now.key));
            match cluster.delete(&now).await? {
                Deleted::Gone => {
                    removed += 1;
                    break;
                }
                Deleted::Held => {
                    stays.push(format!("{} is held by a finalizer", now.key));
                    break;
                }
                Deleted::Changed => tries += 1,
            }
            if tries == TRIES {
                stays.push(format!("{} changes faster than it can be deleted", now.key));
                break;
            }
            cluster.look_again(&mut snapshot, owner, now.key.kind).await?;
            next = decide(plan, &snapshot, &now);
        }
    }
    tell(removed, plan, progress);
    if stays.is_empty() {
        return Ok(());
    }
    Err(Error::unfinished("not everything that is wanted no more could be removed")
        .because(stays.join("; "))
        .hint("`kubectl get --show-managed-fields -o yaml` shows who changes or holds it; then run `homelab up` again"))
}

/// The same object as it is now, if it still goes.
fn decide(plan: &Plan, snapshot: &Snapshot, doomed: &Doomed) -> Option<Doomed> {
    removal(&plan.wanted, snapshot).gone.into_iter().find(|now| now.key == doomed.key)
}

fn tell(removed: usize, plan: &Plan, progress: &Progress) {
    let left: Vec<String> = plan.removal.left.iter().map(|key| format!("`{key}`")).collect();
    let mut said = Vec::new();
    if removed > 0 {
        said.push(format!("{removed} removed"));
    }
    if !left.is_empty() {
        said.push(format!("left in place, since it was adopted: {}", left.join(", ")));
    }
    if !said.is_empty() {
        progress.done(LINE, &said.join("; "));
    }
}
