//! What is there before the first deletion: what goes, what stays, and what others lose by it.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::account::Account;
use super::challenges;
use super::lodgers::{Lodgers, in_definitions, in_home};
use super::lost::lost;
use super::records::Records;
use super::{CLUSTER, Wanted};
use crate::cluster::{Cluster, Kinds};
use crate::commands::planned::existing;
use crate::commands::{close_tunnel, strangers};
use crate::config::Config;
use crate::desired::kind::{self, KindRef};
use crate::desired::meta;
use crate::desired::object::Key;
use crate::error::Result;
use crate::evidence::View;
use crate::plan::Snapshot;
use crate::plan::beside::{Candidate, Part, candidates};
use crate::plan::ownership::Doomed;
use crate::plan::teardown::{Teardown, teardown};
use crate::ui::Progress;

/// As long as the garbage collector may take for what an earlier run left it.
const COLLECTED: Duration = Duration::from_secs(20);
const TICK: Duration = Duration::from_secs(2);

/// What is there.
pub(super) struct Picture {
    pub(super) snapshot: Snapshot,
    pub(super) teardown: Teardown,
    /// What programs of the lab made for themselves, and what it is.
    pub(super) beside: Vec<(Candidate, Doomed)>,
    pub(super) records: Records,
    pub(super) account: Account,
    /// What could not go yet: the namespaces and definitions in which others have something.
    pub(super) spared: Vec<(Key, Lodgers)>,
    /// What others lose, in words.
    lost: Vec<String>,
    /// What goes at the provider beside the records, in words.
    tunnel: Option<String>,
    pub(super) kinds: Kinds,
}

impl Picture {
    /// Looks at everything, and decides.
    ///
    /// # Errors
    /// When something cannot be looked at, or the cluster is another lab's.
    pub(super) async fn look(
        cluster: &Cluster,
        config: &Config,
        wanted: Wanted,
        progress: &Progress,
    ) -> Result<Self> {
        progress.update(CLUSTER, "reading the cluster");
        wait_for_collector(cluster, progress).await?;
        let (snapshot, mut kinds, ingresses, issuing) = tokio::try_join!(
            cluster.snapshot(&config.dns.owner, config.ingress.controller),
            cluster.kinds(),
            cluster.all(&kind::INGRESS),
            challenges::issuing(cluster)
        )?;
        strangers::one_lab(&snapshot, &config.dns.owner)?;
        let mut teardown = teardown(&snapshot, wanted.purge);
        wait_for_definitions(cluster, &mut kinds, &teardown, progress).await?;
        let mut beside = Vec::new();
        let stay = issuers_that_stay(cluster, &teardown).await?;
        for candidate in candidates(&snapshot, config) {
            let live = cluster.metadata_of(&candidate.key).await?;
            let Some(live) = live.filter(|live| candidate.is_ours(live, &stay)) else { continue };
            let doomed = Doomed::of(&candidate.key, &live);
            match candidate.part {
                Part::Account if !wanted.purge => teardown.kept.push(doomed),
                _ => beside.push((candidate, doomed)),
            }
        }
        let records = Records::look(cluster, config, wanted, &snapshot, &teardown, &ingresses).await?;
        let account = Account::look(cluster, config, wanted).await;
        let lost = lost(config, &snapshot, &teardown, &ingresses, &issuing);
        let tunnel = close_tunnel::going(config, &snapshot);
        let mut picture =
            Self { snapshot, teardown, beside, records, account, spared: Vec::new(), lost, tunnel, kinds };
        picture.spared = picture.occupied(cluster).await?;
        progress.done(CLUSTER, &existing(&picture.snapshot));
        Ok(picture)
    }

    /// The namespaces and definitions that would stay if all else had gone.
    async fn occupied(&self, cluster: &Cluster) -> Result<Vec<(Key, Lodgers)>> {
        let ours: BTreeSet<String> =
            self.doomed().chain(&self.teardown.kept).map(|one| one.uid.clone()).collect();
        let mut spared = Vec::new();
        for home in &self.teardown.homes {
            let lodgers = in_home(cluster, &self.kinds, &home.key.name, &ours, &self.teardown.kept).await?;
            spared.push((home.key.clone(), lodgers));
        }
        spared.extend(in_definitions(cluster, &self.kinds, &self.teardown.definitions, &ours).await?);
        spared.retain(|(_, lodgers)| !lodgers.is_empty());
        Ok(spared)
    }

    /// Whatever goes, but for namespaces and definitions.
    pub(super) fn doomed(&self) -> impl Iterator<Item = &Doomed> {
        self.teardown.gone.iter().chain(self.beside.iter().map(|(_, doomed)| doomed))
    }

    /// The namespaces and definitions that go, as far as can be seen now.
    pub(super) fn emptied(&self) -> impl Iterator<Item = &Doomed> {
        let wide = self.teardown.definitions.iter().chain(&self.teardown.homes);
        wide.filter(|doomed| self.keeper(&doomed.key).is_none())
    }

    /// What was found to keep a namespace or a definition.
    pub(super) fn keeper(&self, key: &Key) -> Option<&Lodgers> {
        self.spared.iter().find(|(spared, _)| spared == key).map(|(_, lodgers)| lodgers)
    }

    /// Whether there is nothing to delete.
    pub(super) fn is_nothing(&self) -> bool {
        self.doomed().next().is_none()
            && self.emptied().next().is_none()
            && self.records.going().is_empty()
            && self.account.going().is_empty()
    }

    /// What stays for the next `up`, unless everything goes: certificates, keys, definitions.
    pub(super) fn kept(&self) -> impl Iterator<Item = &Key> {
        let certificates = self.teardown.kept.iter().map(|kept| &kept.key);
        certificates.chain(&self.teardown.definitions_kept)
    }

    /// Whether something of the lab stays.
    pub(super) fn has_rest(&self) -> bool {
        self.kept().next().is_some() || !self.teardown.left.is_empty() || !self.spared.is_empty()
    }

    /// What others lose, in words.
    pub(super) fn losses(&self) -> &[String] {
        &self.lost
    }

    /// What to know before it is confirmed.
    pub(super) fn warnings(&self) -> Vec<String> {
        let unseen = self.account.unseen().iter().cloned();
        self.lost
            .iter()
            .cloned()
            .chain(self.tunnel.clone())
            .chain(self.records.stay())
            .chain(unseen)
            .collect()
    }
}

/// A Certificate whose Ingress an earlier run has deleted is about to go: seen now, it would be taken for another's.
async fn wait_for_collector(cluster: &Cluster, progress: &Progress) -> Result<()> {
    let look = async || {
        let (certificates, ingresses) =
            tokio::try_join!(cluster.all(&kind::CERTIFICATE), cluster.all(&kind::INGRESS))?;
        let lives = |uid: &Value| ingresses.iter().any(|ingress| ingress["metadata"]["uid"] == *uid);
        let is_ours = |one: &&Value| one.label(meta::MANAGED_BY) == meta::HOMELAB;
        let is_orphan = |one: &&Value| {
            let owners = one["metadata"]["ownerReferences"].as_array().map_or(&[][..], Vec::as_slice);
            !owners.is_empty()
                && owners.iter().all(|owner| owner["kind"] == "Ingress" && !lives(&owner["uid"]))
        };
        let left = certificates.iter().filter(is_ours).filter(is_orphan);
        Ok(left.map(|one| format!("Certificate {}", one.full_name())).collect())
    };
    let show = |left: &[String]| progress.update(CLUSTER, &format!("waiting for {} to go", left.join(", ")));
    let deadline = Instant::now() + COLLECTED;
    cluster.until_gone(&[], TICK, deadline, look, show).await.map(drop)
}

/// An `up` that was killed may have made a definition a moment ago: as long as it is not served, nobody can see whose objects
/// it has.
async fn wait_for_definitions(
    cluster: &Cluster,
    kinds: &mut Kinds,
    teardown: &Teardown,
    progress: &Progress,
) -> Result<()> {
    let unserved = |kinds: &Kinds| -> Vec<String> {
        let names = teardown.definitions.iter().map(|one| &one.key).filter(|key| !kinds.serve(&key.name));
        names.map(ToString::to_string).collect()
    };
    if unserved(kinds).is_empty() {
        return Ok(());
    }
    let look = async || {
        *kinds = cluster.kinds().await?;
        Ok(unserved(kinds))
    };
    let show =
        |left: &[String]| progress.update(CLUSTER, &format!("waiting for {} to be served", left.join(", ")));
    cluster.until_gone(&[], TICK, Instant::now() + COLLECTED, look, show).await.map(drop)
}

/// The issuers that are there afterwards: in the whole cluster, and beside the account keys.
pub(in crate::commands) async fn issuers_that_stay(
    cluster: &Cluster,
    teardown: &Teardown,
) -> Result<Vec<Value>> {
    let (wide, inside) = tokio::try_join!(cluster.all(&kind::CLUSTER_ISSUER), cluster.all(&kind::ISSUER))?;
    let goes = |kind: KindRef, issuer: &Value| {
        let key = Key::of(kind, issuer);
        key.is_some_and(|key| teardown.gone.iter().any(|gone| gone.key == key))
    };
    let wide = wide.into_iter().filter(|issuer| !goes(&kind::CLUSTER_ISSUER, issuer));
    Ok(wide.chain(inside.into_iter().filter(|issuer| !goes(&kind::ISSUER, issuer))).collect())
}
