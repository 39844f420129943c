//! Carries it out, step by step. Stopped at any moment, the next run goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use super::account;
use super::challenges;
use super::lodgers::{Lodgers, in_home};
use super::picture::Picture;
use super::{DELETE, Wanted};
use crate::cli::Global;
use crate::cluster::Cluster;
use crate::cluster::remove::{Removed, Stays, remove, unfinished};
use crate::commands::close_tunnel;
use crate::commands::strangers::named;
use crate::config::Config;
use crate::desired::external_dns;
use crate::desired::kind::{self, KindRef};
use crate::desired::object::Key;
use crate::error::{Error, Exit, Result};
use crate::plan::beside::{Part, candidates};
use crate::plan::ownership::Doomed;
use crate::plan::teardown::{Step, step, steps, teardown};
use crate::ui::Progress;

/// Beside what is watched, things are looked at again after this long.
pub(super) const TICK: Duration = Duration::from_secs(3);
const STAYED: &str = "some of homelab's objects could not be deleted";

/// One run.
pub(super) struct Run<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) config: &'a Config,
    pub(super) global: &'a Global,
    pub(super) wanted: Wanted,
    pub(super) picture: Picture,
    pub(super) deadline: Instant,
    pub(super) progress: &'a Progress,
    pub(super) done: Done,
    pub(super) stays: Vec<Stays>,
}

/// What was done.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// What is gone.
    pub(super) removed: Vec<Key>,
    /// What is another's by now, and stays.
    replaced: Vec<Key>,
    /// The namespaces and definitions that stay, and what keeps them.
    pub(super) spared: Vec<(Key, Lodgers)>,
    /// What became of users and claims at the provider.
    pub(super) account: account::Removed,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        cluster: &'a Cluster,
        config: &'a Config,
        global: &'a Global,
        wanted: Wanted,
        picture: Picture,
        deadline: Instant,
        progress: &'a Progress,
    ) -> Self {
        let (done, stays) = (Done::default(), Vec::new());
        Self { cluster, config, global, wanted, picture, deadline, progress, done, stays }
    }

    /// Deletes everything.
    ///
    /// # Errors
    /// When something stays that should go, or the cluster or the provider cannot be asked.
    pub(super) async fn finish(&mut self) -> Result<()> {
        let Picture { snapshot, teardown, .. } = &self.picture;
        let (cluster, config, deadline) = (self.cluster, self.config, self.deadline);
        close_tunnel::close_of_lab(cluster, config, snapshot, &teardown.gone, deadline, self.progress)
            .await?;
        for now in steps(self.wanted.keep_records) {
            match now {
                // Certificates may have come meanwhile that have one of these Secrets.
                Step::Settings => self.look_again(&kind::CERTIFICATE).await?,
                Step::Rights => {
                    self.wait_for_collector().await?;
                    self.delete_beside().await?;
                }
                _ => {}
            }
            self.delete_all(now).await?;
            match now {
                Step::Ingresses => {
                    self.must_be_gone()?;
                    let (cluster, config, asked) = (self.cluster, self.config, (self.global, self.wanted));
                    self.picture.records.wait(cluster, config, asked, self.deadline, self.progress).await?;
                }
                // It would still delete the records that are to stay.
                Step::Publisher if self.wanted.keep_records => {
                    self.must_be_gone()?;
                    self.wait_for_publisher().await?;
                }
                Step::Certificates => {
                    self.must_be_gone()?;
                    if !challenges::has_controller(self.config, &self.picture) {
                        // Nobody answers cert-manager's webhook any more: it would refuse whatever is done about a challenge.
                        self.delete_all(Step::Admission).await?;
                    }
                    challenges::wait(
                        self.cluster,
                        self.config,
                        &self.picture,
                        self.wanted,
                        self.deadline,
                        self.progress,
                    )
                    .await?;
                }
                _ => {}
            }
        }
        // Nothing uses their keys any more; a namespace that takes its time holds nothing of this back.
        self.done.account = self.picture.account.remove(self.config, self.progress).await;
        // Meanwhile, others may have brought kinds of their own.
        self.picture.kinds = self.cluster.kinds().await?;
        self.delete_definitions().await?;
        self.delete_homes().await?;
        self.must_be_gone()?;
        self.must_be_seen()?;
        self.progress.done(DELETE, &format!("{} objects deleted", self.done.removed.len()));
        Ok(())
    }

    /// What was seen, and what was done.
    pub(super) fn ended(self) -> (Picture, Done) {
        (self.picture, self.done)
    }

    /// An error with what it leaves.
    pub(super) fn tell(&self, error: Error) -> Error {
        let done = self.done.removed.len();
        let settled = |key: &Key| {
            self.done.removed.contains(key)
                || self.done.replaced.contains(key)
                || self.done.spared.iter().any(|(spared, _)| spared == key)
        };
        let all = self.picture.doomed().chain(self.picture.emptied()).map(|doomed| &doomed.key);
        let left: Vec<String> = all.filter(|key| !settled(key)).map(ToString::to_string).collect();
        let error = error.because(match left.is_empty() {
            true => format!("{done} objects were deleted"),
            false => format!("{done} objects were deleted; not deleted yet: {}", named(left.into_iter())),
        });
        let error = self.done.account.left.iter().fold(error, |error, left| error.because(left));
        // Whatever stopped it, it did not finish.
        let exit = if error.exit == Exit::Wrong { Exit::Unfinished } else { error.exit };
        let error = Error { exit, ..error };
        let again = format!("run `{}` again, which goes on where it stopped", self.wanted.command());
        match error.hint.clone() {
            Some(hint) if hint.contains("homelab down") => error,
            Some(hint) => error.hint(format!("{hint};\nthen {again}")),
            None => error.hint(again),
        }
    }

    pub(super) async fn look_again(&mut self, kind: KindRef) -> Result<()> {
        self.cluster.look_again(&mut self.picture.snapshot, &self.config.dns.owner, kind).await
    }

    fn must_be_gone(&self) -> Result<()> {
        match self.stays.is_empty() {
            true => Ok(()),
            false => Err(unfinished(STAYED, &self.stays, &self.wanted.command())),
        }
    }

    /// What nobody can look into is not known to be empty.
    fn must_be_seen(&self) -> Result<()> {
        let hidden = self.done.spared.iter().filter(|(_, lodgers)| !lodgers.unseen.is_empty());
        let hidden: Vec<String> = hidden.map(|(key, lodgers)| format!("{key}: {}", lodgers.why())).collect();
        if hidden.is_empty() {
            return Ok(());
        }
        let error = Error::unfinished(
            "whether something of others is in them cannot be seen, so they were not deleted",
        );
        let error = hidden.iter().fold(error, |error, one| error.because(one));
        Err(error.hint(format!(
            "`kubectl get apiservices` shows which part of the API does not answer; then run `{}` again",
            self.wanted.command()
        )))
    }

    /// Deletes what was listed for a step, each only if it still goes.
    async fn delete_all(&mut self, now: Step) -> Result<()> {
        let is_left = |doomed: &&Doomed| step(&doomed.key) == now && !self.done.removed.contains(&doomed.key);
        let listed = self.picture.teardown.gone.iter().filter(is_left);
        for doomed in listed.cloned().collect::<Vec<_>>() {
            let purge = self.wanted.purge;
            let decide = |snapshot: &_, key: &Key| {
                teardown(snapshot, purge).gone.into_iter().find(|doomed| doomed.key == *key)
            };
            // What is decided anew is what was looked at anew.
            let next = match *doomed.key.kind == kind::SECRET {
                true => decide(&self.picture.snapshot, &doomed.key),
                false => Some(doomed.clone()),
            };
            let Some(next) = next else {
                self.done.replaced.push(doomed.key);
                continue;
            };
            self.delete(next, async |run, key| {
                run.look_again(key.kind).await?;
                Ok(decide(&run.picture.snapshot, key))
            })
            .await?;
        }
        Ok(())
    }

    pub(super) async fn delete(
        &mut self,
        doomed: Doomed,
        again: impl AsyncFn(&mut Self, &Key) -> Result<Option<Doomed>>,
    ) -> Result<()> {
        self.progress.update(DELETE, &format!("deleting {}", doomed.told()));
        let key = doomed.key.clone();
        let cluster = self.cluster;
        match remove(cluster, doomed, async |now: &Doomed| again(self, &now.key).await).await? {
            Removed::Gone => self.done.removed.push(key),
            Removed::Spared => self.done.replaced.push(key),
            Removed::Stays(one) => self.stays.push(one),
        }
        Ok(())
    }

    /// What is in the namespaces now, beside what is kept.
    pub(super) async fn lodgers(&self) -> Result<Vec<(Doomed, Lodgers)>> {
        let Picture { teardown, kinds, .. } = &self.picture;
        let kept: BTreeSet<String> = teardown.kept.iter().map(|one| one.uid.clone()).collect();
        let mut all = Vec::new();
        for home in &teardown.homes {
            let lodgers = in_home(self.cluster, kinds, &home.key.name, &kept, &teardown.kept).await?;
            all.push((home.clone(), lodgers));
        }
        Ok(all)
    }

    /// Waits until no pod of external-dns runs.
    async fn wait_for_publisher(&mut self) -> Result<()> {
        let (cluster, kinds, none) = (self.cluster, &self.picture.kinds, BTreeSet::new());
        let look = async || Ok(in_home(cluster, kinds, external_dns::NAMESPACE, &none, &[]).await?.going);
        self.until_ended(look).await
    }

    /// Pods and what else belonged to something that is gone go by themselves.
    async fn wait_for_collector(&mut self) -> Result<()> {
        let look = async || {
            let all = self.lodgers().await?;
            Ok(all.into_iter().flat_map(|(_, lodgers)| lodgers.going).collect())
        };
        self.until_ended(look).await
    }

    async fn until_ended(&self, look: impl AsyncFn() -> Result<Vec<String>>) -> Result<()> {
        let show = |left: &[String]| {
            self.progress.update(DELETE, &format!("waiting for {} to end", named(left.iter().cloned())))
        };
        let left = self.cluster.until_gone(&[&kind::POD], TICK, self.deadline, look, show).await?;
        if left.is_empty() { Ok(()) } else { Err(self.still_running(left)) }
    }

    fn still_running(&self, left: Vec<String>) -> Error {
        Error::unfinished("not all of homelab's pods have stopped in time")
            .because(format!("still there: {}", named(left.into_iter())))
            .hint(format!(
                "`{} --timeout 15m` waits longer: open connections hold a pod of the ingress controller for up to 5 minutes",
                self.wanted.command()
            ))
    }

    /// What the programs made for themselves, also since it was listed: one that was just starting then has its lease only now.
    async fn delete_beside(&mut self) -> Result<()> {
        let listed: BTreeMap<_, _> =
            self.picture.beside.iter().map(|(one, doomed)| (one.clone(), doomed.uid.clone())).collect();
        let mut all = candidates(&self.picture.snapshot, self.config);
        all.retain(|one| one.part != Part::Account);
        all.extend(listed.keys().cloned());
        for candidate in all {
            let again = async |run: &mut Self, key: &Key| {
                // Who named it is gone by now, or was among those that stay.
                let live = run.cluster.metadata_of(key).await?;
                Ok(live.filter(|live| candidate.is_ours(live, &[])).map(|live| Doomed::of(key, &live)))
            };
            let is_meant = |now: &Doomed| listed.get(&candidate).is_none_or(|uid| *uid == now.uid);
            if let Some(now) = again(self, &candidate.key).await?.filter(is_meant) {
                self.delete(now, again).await?;
            }
        }
        Ok(())
    }
}
