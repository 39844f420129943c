//! The DNS records of the lab: external-dns deletes them when their Ingresses are gone, and `down` waits until it has.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::try_join_all;
use serde_json::Value;
use tokio::time::Instant;

use super::published::{hosts, living};
use super::{RECORDS, Wanted};
use crate::checks;
use crate::cli::Global;
use crate::cluster::Cluster;
use crate::collect::{self, Parts, Scope};
use crate::commands::organisations;
use crate::commands::strangers::{may_have_any_records, may_have_records, named};
use crate::config::{Config, Policy};
use crate::desired::external_dns;
use crate::desired::leaving::Leaving;
use crate::desired::object::Key;
use crate::error::{Error, Result};
use crate::evidence::ownership::{Unwanted, owned, unwanted};
use crate::evidence::{Fault, Record, Zone};
use crate::machine::token;
use crate::plan::teardown::{Teardown, publisher};
use crate::plan::{Snapshot, moving};
use crate::provider::{self, Client, Credentials};
use crate::ui::Progress;

/// Between two looks: nobody's API is to be pressed.
const TICK: Duration = Duration::from_secs(3);
/// As long as the look for the reason may take.
const REASON: Duration = Duration::from_secs(20);
/// A TXT record may be left alone for a moment, while external-dns deletes one after the other.
const ALONE: Duration = Duration::from_secs(30);

/// What becomes of them.
pub(super) enum Records {
    /// external-dns deletes them, and that is waited for.
    Go {
        zones: Zones,
        /// The names that have some.
        left: Unwanted,
        /// Whether others keep records that bear the lab's owner: those of their Ingresses.
        others: bool,
    },
    /// They stay, and why, in words.
    Stay(String),
    /// This cluster has none.
    None,
}

/// The zone of the lab, and those of its organisations, each with who reads it.
pub(super) struct Zones(Vec<(Client, Zone)>);

impl Zones {
    /// Every record of all of them.
    async fn records(&self) -> Result<Vec<Record>, Fault> {
        let listed = self.0.iter().map(|(client, zone)| client.records(zone, None));
        Ok(try_join_all(listed).await?.into_iter().flatten().collect())
    }
}

fn refused(config: &Config, fault: Fault) -> Error {
    let failure = provider::failure(config.dns.provider, fault);
    Error::unfinished(failure.message).hint(failure.hint)
}

/// The zones of organisations, each as its own credential sees it.
async fn of_organisations(
    cluster: &Cluster,
    config: &Config,
    snapshot: &Snapshot,
    own: &Client,
) -> Result<Vec<(Client, Zone)>> {
    let read = config.organisations.iter().map(async |organisation| {
        let refused = |fault| refused(config, fault);
        let name = organisation.zone.as_str();
        let keyring = match organisations::keyring(config, cluster, organisation).await {
            Ok(keyring) => keyring,
            Err(error) if token::is_here(config, organisation) => return Err(error),
            // Somebody has taken it out of the cluster: perhaps that of the lab sees the records.
            Err(error) if snapshot.objects.contains_key(&organisations::publisher_of(organisation)) => {
                return match own.check_zone(name, None).await {
                    Ok(zone) => Ok(Some((own.clone(), zone))),
                    Err(Fault::NoZone { .. }) => Ok(None),
                    Err(_) => Err(error),
                };
            }
            // An earlier run has, when its records were gone: nothing writes there any more.
            Err(_) => return Ok(None),
        };
        let client = Client::new(config, &keyring).map_err(refused)?;
        match client.check_zone(name, Some(own)).await {
            Ok(zone) => Ok(Some((client, zone))),
            // With the zone, all of its records are gone.
            Err(Fault::NoZone { .. }) => Ok(None),
            Err(fault) => Err(refused(fault)),
        }
    });
    Ok(try_join_all(read).await?.into_iter().flatten().collect())
}

impl Records {
    /// Asks the provider which records there are. Before anything is deleted: a token that is refused here cannot delete
    /// them there.
    ///
    /// # Errors
    /// When they cannot be seen, or nobody would delete them.
    pub(super) async fn look(
        cluster: &Cluster,
        config: &Config,
        wanted: Wanted,
        snapshot: &Snapshot,
        teardown: &Teardown,
        ingresses: &[Value],
    ) -> Result<Self> {
        if let (Some(left), false) = (moving::unfinished(snapshot), wanted.keep_records) {
            return Err(not_moved(&left, wanted));
        }
        if !config.external_dns {
            return Ok(Self::None);
        }
        let hosts = hosts(config, teardown, ingresses);
        let at = provider::words(config.dns.provider).name;
        let stay = |why: &str| match may_have_any_records(snapshot) {
            true => {
                let all = named(hosts.iter().cloned());
                Self::Stay(format!("the DNS records of {all} stay at {at}: {why}"))
            }
            false => Self::None,
        };
        if wanted.keep_records {
            return Ok(stay("`--keep-records`"));
        }
        if config.dns.policy == Policy::UpsertOnly {
            return Ok(stay("`dns.policy` is `upsert-only`"));
        }
        if !may_have_any_records(snapshot) {
            // Whoever is finished needs no token any more.
            return Ok(Self::None);
        }
        let unseen = |error: Error| {
            let hint = error.hint.clone().unwrap_or_default();
            let seen = error.causes.iter().fold(
                Error::unfinished("cannot see homelab's DNS records, so nothing was deleted")
                    .because(&error.what),
                |told, cause| told.because(cause),
            );
            let told = seen.because(format!("left at {at}: the records of {}", named(hosts.iter().cloned())));
            let ways_on = ways_on(wanted);
            told.hint(if hint.is_empty() { ways_on } else { format!("{hint};\n{ways_on}") })
        };
        let keyring = token::read(config).map_err(unseen)?;
        let refused = |fault| unseen(refused(config, fault));
        let client = Client::new(config, &keyring).map_err(refused)?;
        let domain = config.zone_or_domain();
        let zone = client.check(domain.as_str()).await.map_err(refused)?;
        if !may_have_records(snapshot, &Credentials::new(keyring, &zone)) {
            // The configuration was changed since `up`: what its external-dns wrote lies elsewhere.
            return Err(Error::unfinished("homelab's records are in another zone, so nothing was deleted")
                .because(format!(
                    "the configuration is for the zone `{}`, and external-dns was given another one",
                    zone.name
                ))
                .hint(format!(
                    "set `domain` and `dns.zone` to what they were at the last `homelab up`; {}",
                    ways_on(wanted)
                )));
        }
        let going = |key: &Key| teardown.gone.iter().any(|gone| gone.key == *key);
        let living = living(cluster, config, &going).await?;
        let theirs = of_organisations(cluster, config, snapshot, &client).await.map_err(unseen)?;
        let zones = Zones([(client, zone)].into_iter().chain(theirs).collect());
        let records = zones.records().await.map_err(refused)?;
        let ours = external_dns::ownership(config);
        let left = unwanted(&records, &ours, &living);
        let others = owned(&records, &ours).iter().any(|(host, _)| !left.hosts.contains(*host));
        if !left.hosts.is_empty() && !snapshot.objects.contains_key(&publisher()) {
            return Err(still_there(config, &left, "nothing was deleted")
                .because(format!("external-dns deletes them, and {} is not there", publisher()))
                .hint(format!("`homelab up` installs it again; {}", ways_on(wanted))));
        }
        Ok(Self::Go { zones, left, others })
    }

    /// The names whose records go.
    pub(super) fn going(&self) -> BTreeSet<String> {
        match self {
            Self::Go { left, .. } => left.hosts.clone(),
            Self::Stay(_) | Self::None => BTreeSet::new(),
        }
    }

    /// Whether some that bear the lab's owner are there afterwards: by then nothing proves that this cluster wrote them, so
    /// `up` takes them over only if asked to.
    pub(super) fn outlive(&self) -> bool {
        match self {
            Self::Go { others, .. } => *others,
            Self::Stay(_) => true,
            Self::None => false,
        }
    }

    /// That they stay, and why.
    pub(super) fn stay(&self) -> Option<String> {
        match self {
            Self::Stay(why) => Some(why.clone()),
            Self::Go { .. } | Self::None => None,
        }
    }

    /// Waits until they are gone.
    ///
    /// # Errors
    /// When they are not gone at the deadline, nobody deletes them, or nobody can see whether they are.
    pub(super) async fn wait(
        &self,
        cluster: &Cluster,
        config: &Config,
        (global, wanted): (&Global, Wanted),
        deadline: Instant,
        progress: &Progress,
    ) -> Result<()> {
        let Self::Go { zones, left, .. } = self else { return Ok(()) };
        if left.is_empty() {
            return Ok(());
        }
        let ours = external_dns::ownership(config);
        let mut last = left.clone();
        let mut alone_since = None;
        let look = async || {
            match zones.records().await {
                Ok(records) => {
                    let living = living(cluster, config, &|_| false).await?;
                    last = unwanted(&records, &ours, &living);
                }
                Err(fault) if fault.is_transient() => {}
                Err(fault) => {
                    let failure = provider::failure(config.dns.provider, fault);
                    return Err(still_there(config, &last, "nothing more is deleted")
                        .because(failure.message)
                        .hint(format!("{};\n{}", failure.hint, ways_on(wanted))));
                }
            }
            let since = *alone_since.get_or_insert_with(Instant::now);
            match last.hosts.is_empty() && !last.alone.is_empty() {
                true if since.elapsed() >= ALONE => return Err(alone(config, &last, wanted)),
                true => {}
                false => alone_since = None,
            }
            Ok(last.names().into_iter().collect())
        };
        let show = |left: &[String]| {
            progress.update(
                RECORDS,
                &format!("waiting for external-dns to delete {}", named(left.iter().cloned())),
            )
        };
        if cluster.until_gone(&[], TICK, deadline, look, show).await?.is_empty() {
            progress.done(RECORDS, &format!("deleted: {}", named(left.names().into_iter())));
            return Ok(());
        }
        if last.hosts.is_empty() {
            return Err(alone(config, &last, wanted));
        }
        progress.update(RECORDS, "looking for the reason");
        let error = still_there(config, &last, "nothing more is deleted");
        let error = why(global, config).await.iter().fold(error, |error, why| error.because(why));
        Err(error.hint(format!(
            "`homelab doctor --check edns` says why external-dns does not delete them; {}",
            ways_on(wanted)
        )))
    }
}

/// How to go on once what is wrong is corrected, or without that.
fn ways_on(wanted: Wanted) -> String {
    let keeping = Wanted { keep_records: true, ..wanted };
    format!(
        "then run `{}` again, which goes on where it stopped;\nor leave these records where they are: `{}`",
        wanted.command(),
        keeping.command()
    )
}

fn still_there(config: &Config, left: &Unwanted, then: &str) -> Error {
    let at = provider::words(config.dns.provider).name;
    Error::unfinished(format!("some of homelab's DNS records are still there, so {then}"))
        .because(format!("left at {at}: the records of {}", named(left.names().into_iter())))
}

/// A move that was not finished: records of the lab are still where they were before.
fn not_moved(left: &Leaving, wanted: Wanted) -> Error {
    Error::unfinished(
        "the lab was moved, and its records at the old place are still there, so nothing was deleted",
    )
    .because(format!("left: what it owns {}", moving::place(left)))
    .hint(format!("`homelab up` deletes them as soon as all its checks pass; {}", ways_on(wanted)))
}

/// TXT records that nobody deletes.
fn alone(config: &Config, left: &Unwanted, wanted: Wanted) -> Error {
    still_there(config, left, "nothing more is deleted")
        .because("their A or AAAA records are gone already, and external-dns deletes no TXT record that is left alone")
        .hint(format!(
            "delete these TXT records in {}; {}",
            provider::words(config.dns.provider).records_page,
            ways_on(wanted)
        ))
}

/// What the doctor says of external-dns and of the provider.
async fn why(global: &Global, config: &Config) -> Vec<String> {
    let scope = Scope { cluster: true, internet: true, active: false, within: REASON };
    let evidence = collect::look(&global.lab(), Ok(config), scope, &Parts::new(&|_| ())).await;
    let of_them = |group: &checks::Group| ["edns", "cf"].contains(&group.name);
    let wanted: Vec<checks::CheckId> = checks::GROUPS
        .iter()
        .filter(|group| of_them(group))
        .flat_map(|group| group.checks)
        .map(|def| def.id)
        .collect();
    let report = checks::judge(&evidence).only(|id| wanted.contains(&id));
    let of_lab = report.failures().filter(|check| check.subject.host.is_none());
    of_lab
        .filter_map(|check| check.finding())
        .map(|found| format!("{}: {}", found.summary, found.cause))
        .collect()
}
