//! Organisations that are in the configuration no more: `up` deletes what this cluster has in the zone of each, and then its claim on
//! the zone, so that `homelab zone prune` may delete it.
//!
//! The Secret of its external-dns tells which zone that was, and opens it; so it goes last. Until then the next run goes on.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use crate::cluster::{Cluster, credential_in, secret_of};
use crate::commands::prune;
use crate::config::{Config, Policy};
use crate::desired::object::Key;
use crate::desired::{external_dns, kind, organisations};
use crate::error;
use crate::evidence::{Fault, Record, View, Zone};
use crate::facts::organisations as facts;
use crate::plan::ownership::{Doomed, removal};
use crate::plan::zones::{Claim, left_by};
use crate::plan::{Plan, Snapshot, is_applied};
use crate::provider::{Client, Keyring, zone_of_data};
use crate::ui::Progress;

/// The line of progress.
pub(super) const LINE: &str = "left";
/// How long its external-dns may take to end: Kubernetes gives a pod 30 s.
const ENDS: Duration = Duration::from_secs(60);
/// Between two looks at its pods.
const TICK: Duration = Duration::from_secs(1);

/// An organisation that has left, as the Secret of its external-dns remembers it.
#[derive(Debug)]
pub(super) struct Left {
    organisation: String,
    secret: Doomed,
    zone: Zone,
    /// Whether its external-dns was ever given that zone.
    has_written: bool,
    keyring: Keyring,
}

/// Takes out of the plan what has to be there until an organisation has been given up.
pub(super) fn hold_back(plan: &mut Plan, snapshot: &Snapshot, config: &Config) -> Vec<Left> {
    let mut held = Vec::new();
    plan.removal.gone.retain(|doomed| {
        let left = snapshot.objects.get(&doomed.key).and_then(|live| Left::of(doomed, live, config));
        let goes = left.is_none();
        held.extend(left);
        goes
    });
    // Nobody else's look at what is left over deletes it meanwhile.
    plan.wanted.extend(held.iter().map(|left: &Left| left.secret.key.clone()));
    held
}

/// What became of a zone.
#[derive(Debug, PartialEq, Eq)]
enum Given {
    /// So many records were deleted, and the claim is taken back.
    Up(usize),
    /// It was deleted before.
    NoZone,
    /// This cluster has never written there, and somebody has done so under its owner id: nothing was changed.
    OfAnother,
}

impl Left {
    /// `None` for what is not the Secret of an organisation's external-dns, as homelab wrote it.
    fn of(doomed: &Doomed, live: &Value, config: &Config) -> Option<Self> {
        let organisation = organisations::of_secret(&doomed.key.name)?;
        let is_it = doomed.key == secret_of(organisation) && is_applied(live) && live["data"].is_object();
        if !is_it {
            return None;
        }
        let mut zone = zone_of_data(&live["data"]);
        let has_written = !zone.id.is_empty() || !zone.name.is_empty();
        if zone.name.is_empty() {
            // Before the first `up`, it holds a key alone (`homelab zone policy --apply`).
            zone.name = config.domain.child(organisation).to_string();
        }
        Some(Self {
            organisation: organisation.to_owned(),
            secret: doomed.clone(),
            zone,
            has_written,
            // Where somebody has taken it out, that of the lab is left.
            keyring: credential_in(config, live).unwrap_or_default(),
        })
    }

    /// What is left to do once it has been given up; nothing where homelab makes no users.
    fn then(&self, own: &Client) -> String {
        let remove = command!("homelab zone policy {} --remove", self.organisation);
        let remove = remove.filter(|_| own.members().is_ok());
        remove.map_or_else(String::new, |remove| format!("; if homelab made its user, delete it: `{remove}`"))
    }

    /// By the organisation's own credential, else by that of the lab: its own user may have been deleted first.
    async fn give_up(&self, own: &Client, config: &Config) -> Result<Given, Fault> {
        let by_its_own =
            async { self.give_up_by(&Client::new(config, &self.keyring)?, &config.dns.owner).await };
        let fault = match by_its_own.await {
            Ok(given) => return Ok(given),
            Err(fault) => fault,
        };
        match self.give_up_by(own, &config.dns.owner).await {
            // It may be in another account.
            Ok(Given::NoZone) | Err(_) => Err(fault),
            Ok(given) => Ok(given),
        }
    }

    /// The claim goes last: while it is there, nobody deletes the zone.
    async fn give_up_by(&self, client: &Client, owner: &str) -> Result<Given, Fault> {
        let api = client.zones()?;
        let is_it = |one: &Zone| match self.zone.id.is_empty() {
            true => one.name == self.zone.name,
            false => one.id == self.zone.id,
        };
        let Some(found) = api.all().await?.into_iter().find(|one| is_it(&one.zone)) else {
            return Ok(Given::NoZone);
        };
        let records = client.records(&found.zone, None).await?;
        let ours: Vec<Record> =
            left_by(&[owner], &self.organisation, &records).into_iter().cloned().collect();
        if !ours.is_empty() && !self.has_written {
            return Ok(Given::OfAnother);
        }
        if !ours.is_empty() {
            api.clear(&found.zone, &ours).await?;
        }
        let key = Claim::key(owner);
        if api.tags(&found.zone).await?.contains_key(&key) {
            api.untag(&found.zone, &key).await?;
        }
        Ok(Given::Up(ours.len()))
    }

    /// Waits until nothing writes into the zone any more. Whether nothing does.
    async fn has_ended(&self, cluster: &Cluster) -> error::Result<bool> {
        let name = facts::external_dns(&self.organisation);
        let workload =
            Key { kind: &kind::DEPLOYMENT, namespace: Some(external_dns::NAMESPACE.to_owned()), name };
        let look =
            async || Ok(cluster.pods_of(&workload).await?.iter().map(|pod| pod.name().to_owned()).collect());
        let deadline = Instant::now() + ENDS;
        Ok(cluster.until_gone(&[], TICK, deadline, look, |_| ()).await?.is_empty())
    }

    fn stays(&self, why: &str) -> String {
        let leave = command!("kubectl -n {} delete secret {}", external_dns::NAMESPACE, self.secret.key.name);
        let leave = leave.map(|leave| format!("; to leave both where they are: `{leave}`"));
        format!(
            "the records of `{}` in the zone {} stay, and so does this cluster's claim on it: {why}. Once that is fixed, run `homelab up` again{}",
            self.organisation,
            self.zone.name,
            leave.unwrap_or_default()
        )
    }
}

/// Deletes the records and takes back the claim of each, and then deletes what told of it. What could not be done is said; the next
/// run tries again. Gives what was deleted in the cluster, for the summary.
///
/// # Errors
/// When the cluster cannot be asked.
pub(super) async fn give_up(
    held: &[Left],
    (cluster, own): (&Cluster, &Client),
    config: &Config,
    wanted: &BTreeSet<Key>,
    progress: &Progress,
) -> error::Result<Vec<Doomed>> {
    let (mut said, mut stays, mut given) = (Vec::new(), Vec::new(), BTreeSet::new());
    for left in held {
        let (name, zone) = (&left.organisation, &left.zone.name);
        progress.update(LINE, &format!("giving up the zone {zone} of `{name}`"));
        let ended = match config.dns.policy {
            Policy::UpsertOnly => Ok(format!(
                "the records of `{name}` in the zone {zone} stay, and so does this cluster's claim on it: `dns.policy` is `upsert-only`"
            )),
            _ if !left.has_ended(cluster).await? => Err("its external-dns has not ended yet".to_owned()),
            _ => match left.give_up(own, config).await {
                Ok(Given::NoZone) => Ok(format!("the zone {zone} of `{name}` is gone")),
                Ok(Given::OfAnother) => Ok(format!(
                    "the records of `{name}` in the zone {zone} stay, and so does the claim on it: another cluster with the same owner id `{}` wrote them",
                    config.dns.owner
                )),
                Ok(Given::Up(records)) => Ok(format!(
                    "gave up the zone {zone} of `{name}`: {records} records deleted, and this cluster's claim taken back"
                )),
                Err(fault) => Err(own.failure(fault).message),
            },
        };
        match ended {
            Ok(done) => {
                said.push(done + &left.then(own));
                given.insert(&left.secret.key);
            }
            Err(why) => stays.push(left.stays(&why)),
        }
    }
    let gone = forget(cluster, config, wanted, &given, progress).await?;
    match stays.is_empty() {
        true if said.is_empty() => {}
        true => progress.done(LINE, &said.join("; ")),
        false => progress.open_end(LINE, &stays.into_iter().chain(said).collect::<Vec<_>>().join("; ")),
    }
    Ok(gone)
}

/// Deletes the Secrets of what has been given up.
async fn forget(
    cluster: &Cluster,
    config: &Config,
    wanted: &BTreeSet<Key>,
    given: &BTreeSet<&Key>,
    progress: &Progress,
) -> error::Result<Vec<Doomed>> {
    if given.is_empty() {
        return Ok(Vec::new());
    }
    let owner = config.dns.owner.as_str();
    let wanted: BTreeSet<Key> = wanted.iter().filter(|key| !given.contains(key)).cloned().collect();
    let snapshot = cluster.snapshot(owner, config.ingress.controller).await?;
    let mut removal = removal(&wanted, &snapshot);
    removal.gone.retain(|doomed| given.contains(&doomed.key));
    let plan = Plan { removal, wanted, ..Plan::default() };
    prune::prune(cluster, owner, &plan, snapshot, progress).await?;
    Ok(plan.removal.gone)
}

#[cfg(test)]
mod tests;
