//! What takes everything in it along: namespaces and definitions. Each goes only if nothing of others is in it.

use std::collections::BTreeSet;

use super::lodgers::{Lodgers, in_definitions};
use super::steps::{Run, TICK};
use super::{DELETE, NAMESPACES};
use crate::cluster::remove::Stays;
use crate::commands::strangers::named;
use crate::desired::kind::{self, KindRef};
use crate::desired::object::Key;
use crate::error::{Error, Result};
use crate::evidence::{View, at, entries};
use crate::plan::Snapshot;
use crate::plan::ownership::{self, Doomed};

impl Run<'_> {
    /// Deletes each definition of which nobody has an object.
    pub(super) async fn delete_definitions(&mut self) -> Result<()> {
        let all = self.picture.teardown.definitions.clone();
        if all.is_empty() {
            return Ok(());
        }
        let (cluster, progress, none) = (self.cluster, self.progress, BTreeSet::new());
        let kinds = &self.picture.kinds;
        let look = async || {
            let found = in_definitions(cluster, kinds, &all, &none).await?;
            Ok(found.into_iter().flat_map(|(_, lodgers)| lodgers.going).collect())
        };
        let show = |left: &[String]| {
            progress.update(DELETE, &format!("waiting for {} to go", named(left.iter().cloned())))
        };
        cluster.until_gone(&[], TICK, self.deadline, look, show).await?;
        for definition in all {
            let one = std::slice::from_ref(&definition);
            let found = in_definitions(cluster, &self.picture.kinds, one, &none).await?;
            let lodgers = found.into_iter().next().map(|(_, lodgers)| lodgers).unwrap_or_default();
            self.delete_wide(definition, lodgers, ownership::definitions).await?;
        }
        self.wait_until_gone(&kind::CRD, &[]).await
    }

    /// Deletes each namespace in which nothing is left.
    pub(super) async fn delete_homes(&mut self) -> Result<()> {
        for (home, lodgers) in self.lodgers().await? {
            let is_ending = |home: &Doomed| {
                let live = self.picture.snapshot.objects.get(&home.key);
                live.is_some_and(|live| live["metadata"]["deletionTimestamp"].is_string())
            };
            if is_ending(&home) {
                // An earlier run, or somebody else, has deleted it: that cannot be taken back.
                self.done.removed.push(home.key);
            } else {
                self.delete_wide(home, lodgers, ownership::homes).await?;
            }
        }
        self.wait_until_gone(&kind::NAMESPACE, &[&kind::NAMESPACE]).await
    }

    /// Deletes a namespace or a definition, unless something keeps it, or was found to when all was listed.
    async fn delete_wide(
        &mut self,
        doomed: Doomed,
        lodgers: Lodgers,
        all: impl Fn(&Snapshot) -> Vec<Doomed>,
    ) -> Result<()> {
        if !lodgers.is_empty() {
            self.done.spared.push((doomed.key, lodgers));
            return Ok(());
        }
        if let Some(listed) = self.picture.keeper(&doomed.key).cloned() {
            self.done.spared.push((doomed.key, listed));
            return Ok(());
        }
        if !lodgers.going.is_empty() {
            let why = format!("still has {}", named(lodgers.going.into_iter()));
            self.stays.push(Stays::of(doomed.key, why));
            return Ok(());
        }
        self.delete(doomed, async |run, key| {
            run.look_again(key.kind).await?;
            Ok(all(&run.picture.snapshot).into_iter().find(|one| one.key == *key))
        })
        .await
    }

    /// Waits until all that was deleted of a kind is gone.
    async fn wait_until_gone(&mut self, of: KindRef, watched: &[KindRef]) -> Result<()> {
        let removed: Vec<Key> = self.done.removed.iter().filter(|key| key.kind == of).cloned().collect();
        if removed.is_empty() {
            return Ok(());
        }
        let (cluster, owner, progress) = (self.cluster, &self.config.dns.owner, self.progress);
        let snapshot = &mut self.picture.snapshot;
        let look = async || {
            cluster.look_again(snapshot, owner, of).await?;
            Ok(removed
                .iter()
                .filter(|key| snapshot.objects.contains_key(key))
                .map(ToString::to_string)
                .collect())
        };
        let show = |left: &[String]| {
            progress.update(NAMESPACES, &format!("waiting for {} to go", named(left.iter().cloned())))
        };
        let left = cluster.until_gone(watched, TICK, self.deadline, look, show).await?;
        if left.is_empty() {
            progress.close(NAMESPACES);
            return Ok(());
        }
        let mut error = Error::unfinished(format!("{} is not gone yet", left.join(", ")));
        for live in removed.iter().filter_map(|key| self.picture.snapshot.objects.get(key)) {
            // Namespace conditions that are true say what holds it (Kubernetes API, `NamespaceCondition`).
            let holds = entries(live, "/status/conditions").iter().filter(|one| one["status"] == "True");
            for why in holds.map(|one| at(one, "/message")).filter(|why| !why.is_empty()) {
                error = error.because(format!("{}: {why}", live.name()));
            }
        }
        Err(error.hint(format!(
            "it goes by itself once what holds it is gone; then run `{}` again",
            self.wanted.command()
        )))
    }
}
