//! What `up` looks at for organisations before its first write: their zones, their credentials, and whose the records there are.

use std::collections::BTreeMap;

use futures::future::{join_all, try_join_all};
use jiff::Timestamp;

use crate::cluster::{Cluster, secret_of};
use crate::collect::Organised;
use crate::commands::planned::refused;
use crate::commands::strangers::named;
use crate::config::{Config, Organisation};
use crate::desired::object::Key;
use crate::desired::{external_dns, kind};
use crate::error::{Error, Result};
use crate::evidence::ownership::claims_of_organisation;
use crate::evidence::{Excess, Fault, Zone};
use crate::facts;
use crate::machine::token;
use crate::plan::zones::Claim;
use crate::plan::{Plan, Snapshot, is_applied};
use crate::provider::{self, Client, Credentials, Keyring, zone_of_data};
use crate::ui::Progress;

/// The line of progress.
pub(super) const LINE: &str = "organisations";
/// That of claims.
pub(super) const CLAIM: &str = "claim";

/// An organisation as this run has found it.
#[derive(Debug, Clone)]
pub(super) struct Found {
    organisation: Organisation,
    /// With the organisation's own credential.
    client: Client,
    zone: Zone,
    pub(super) credentials: Credentials,
}

/// The credentials of all, by their names; none may be that of the lab.
///
/// # Errors
/// When one is missing, cannot be one, or may write into every zone.
pub(super) async fn keyrings(
    config: &Config,
    cluster: &Cluster,
    own: &Keyring,
) -> Result<BTreeMap<String, Keyring>> {
    let read = config.organisations.iter().map(async |organisation| {
        let keyring = keyring(config, cluster, organisation).await?;
        if !own.is_empty() && keyring == *own {
            return Err(is_of_lab(config, organisation));
        }
        Ok((organisation.name.clone(), keyring))
    });
    // All are read at once; what is told is the first in the order of the file.
    join_all(read).await.into_iter().collect()
}

/// The credential of an organisation: this machine's, else the one that `homelab zone policy --apply` laid into the cluster.
///
/// # Errors
/// When there is none, or it cannot be one.
pub(super) async fn keyring(
    config: &Config,
    cluster: &Cluster,
    organisation: &Organisation,
) -> Result<Keyring> {
    if !token::is_here(config, organisation)
        && let Some(kept) = cluster.kept_credential(config, organisation).await?
    {
        return Ok(kept);
    }
    token::read_of(config, organisation)
}

fn is_of_lab(config: &Config, organisation: &Organisation) -> Error {
    let called = provider::words(config.dns.provider).token.called;
    Error::usage(format!("the organisation `{}` has the {called} of the lab", organisation.name))
        .because("it goes into Secrets in the organisation's namespaces, and may write into the zones of all")
        .hint(format!(
            "make one that may write into the zone `{}` and into no other: take `organisations.{name}.tokenFile` out of the configuration and run \
             `homelab zone policy {name} --apply`, or name its file there",
            organisation.zone,
            name = organisation.name
        ))
}

/// Asks for every zone, each with the organisation's own credential; `own` is the client of the lab.
///
/// # Errors
/// When a zone is not there, or its credential does not see it.
pub(super) async fn look(
    (config, own): (&Config, &Client),
    keyrings: &BTreeMap<String, Keyring>,
    progress: &Progress,
) -> Result<Vec<Found>> {
    if keyrings.is_empty() {
        return Ok(Vec::new());
    }
    progress.update(LINE, "looking for their zones");
    let found = config.organisations.iter().filter_map(|one| Some((one, keyrings.get(&one.name)?)));
    let found: Vec<Found> =
        try_join_all(found.map(|(one, keyring)| look_at((config, own), one, keyring))).await?;
    let zones: Vec<&str> = found.iter().map(|one| one.zone.name.as_str()).collect();
    progress.done(LINE, &format!("the zones {} are there", zones.join(", ")));
    Ok(found)
}

async fn look_at(
    (config, own): (&Config, &Client),
    organisation: &Organisation,
    keyring: &Keyring,
) -> Result<Found> {
    let refuse = |fault| refused(config.dns.provider, fault);
    let client = Client::new(config, keyring).map_err(refuse)?;
    let zone = match client.check_zone(organisation.zone.as_str(), Some(own)).await {
        Ok(zone) => zone,
        Err(Fault::NoZone { .. }) => return Err(no_zone(config, organisation)),
        Err(fault) => return Err(refuse(fault)),
    };
    let credentials = Credentials::new(keyring.clone(), &zone);
    Ok(Found { organisation: organisation.clone(), client, zone, credentials })
}

fn no_zone(config: &Config, organisation: &Organisation) -> Error {
    let words = provider::words(config.dns.provider);
    Error::usage(format!("the organisation `{}` has no zone `{}`", organisation.name, organisation.zone))
        .because(format!("at {}, its {} sees no zone of that name", words.name, words.token.called))
        .hint(format!(
            "run `homelab zone create {name}`, then `homelab zone policy {name} --apply`, and `homelab up` again; \
             if you made its {called} yourself, give it the rights that `homelab zone policy {name} --for organisation` prints",
            name = organisation.name,
            called = words.token.called
        ))
}

/// The credentials that go into the Secrets.
pub(super) fn credentials(found: &[Found]) -> BTreeMap<String, Credentials> {
    found.iter().map(|one| (one.organisation.name.clone(), one.credentials.clone())).collect()
}

/// What the last look reads their zones with.
pub(super) fn organised(found: &[Found]) -> Vec<Organised> {
    let one = |found: &Found| Organised {
        found: Some(Ok(found.zone.clone())),
        client: Some(found.client.clone()),
        ..Organised::of(&found.organisation)
    };
    found.iter().map(one).collect()
}

/// Records that this lab's organisations own and this cluster cannot have written are another cluster's: external-dns would
/// delete what it finds no Ingress for. With `adopt`, what is taken over, in words.
///
/// # Errors
/// When there are such records and they are not to be adopted, or they cannot be read.
pub(super) async fn records(
    found: &[Found],
    config: &Config,
    snapshot: &Snapshot,
    adopt: bool,
) -> Result<Vec<String>> {
    let mut taken = Vec::new();
    let lab = &config.dns.owner;
    for one in found.iter().filter(|one| !may_have_records(snapshot, one)) {
        let records = one.client.records(&one.zone, None).await;
        let records = records.map_err(|fault| refused(config.dns.provider, fault))?;
        let claims = claims_of_organisation(&records, lab, &one.organisation.name);
        if claims.is_empty() {
            continue;
        }
        let owner = format!("{lab}/{}", one.organisation.name);
        if adopt {
            let zone = &one.zone.name;
            taken.push(format!(
                "takes over the records of `{owner}` in {zone} ({} TXT records)",
                claims.len()
            ));
            continue;
        }
        return Err(Error::usage(format!(
            "the zone `{}` has records of `{owner}` that this cluster did not write",
            one.zone.name
        ))
        .because(format!("their TXT records: {}", named(claims.iter().map(|name| (*name).to_owned()))))
        .because(
            "one owner id belongs to one cluster: two clusters with the same id delete each other's records",
        )
        .hint(
            "if this cluster replaces the one that wrote them, run `homelab up --adopt` once;\n\
             if that one still exists, use another `dns.owner` here",
        ));
    }
    Ok(taken)
}

/// Whether this cluster can have written records of the zone: homelab has given the organisation's external-dns that zone. Where
/// its Secret is lost or names none, that external-dns itself says as much: no other cluster has it.
fn may_have_records(snapshot: &Snapshot, found: &Found) -> bool {
    let applied = |key: &Key| snapshot.objects.get(key).filter(|live| is_applied(live));
    let given = applied(&secret_of(&found.organisation.name)).map(|live| zone_of_data(&live["data"]));
    match given.filter(|zone| !zone.id.is_empty() || !zone.name.is_empty()) {
        Some(zone) => zone.id == found.zone.id && (!zone.id.is_empty() || zone.name == found.zone.name),
        None => applied(&publisher_of(&found.organisation)).is_some(),
    }
}

/// The external-dns of an organisation.
pub(super) fn publisher_of(organisation: &Organisation) -> Key {
    Key {
        kind: &kind::DEPLOYMENT,
        namespace: Some(external_dns::NAMESPACE.to_owned()),
        name: facts::organisations::external_dns(&organisation.name),
    }
}

fn too_wide(one: &Found, config: &Config, excess: &Excess) -> Error {
    let called = provider::words(config.dns.provider).token.called;
    Error::usage(format!("the {called} of the organisation `{}` may {}", one.organisation.name, excess.may))
        .because("it lies in Secrets of the organisation's namespaces, and whoever may read them could change the names of others")
        .because(&excess.cause)
        .hint(&excess.cure)
}

/// A credential that the cluster does not have yet must prove that it may edit records in its zone, and in no other.
///
/// # Errors
/// When it may not, or may do more.
pub(super) async fn prove_new(
    found: &[Found],
    plan: &Plan,
    config: &Config,
    progress: &Progress,
) -> Result<()> {
    let is_new =
        |one: &&Found| plan.apply.iter().any(|change| change.object.key == secret_of(&one.organisation.name));
    for one in found.iter().filter(is_new) {
        let short = provider::words(config.dns.provider).token.short;
        progress.update(
            LINE,
            &format!(
                "testing that the {short} of `{}` can edit records, with a temporary TXT record",
                one.organisation.name
            ),
        );
        let proven = one.client.prove_edit(&one.zone).await;
        proven.map_err(|fault| refused(config.dns.provider, fault))?;
        if let Some(Ok(Some(excess))) = one.client.excess(&one.zone).await {
            return Err(too_wide(one, config, &excess));
        }
    }
    Ok(())
}

/// Notes on each zone that this cluster uses it, once a day: `homelab zone prune` in another cluster then leaves it alone. A credential
/// that may not write that stops nothing.
pub(super) async fn claim(found: &[Found], config: &Config, now: Timestamp, progress: &Progress) {
    let noted = found.iter().map(|one| note(&one.client, &one.zone, &config.dns.owner, now));
    // Each `up` asks this: of all zones at once.
    for (one, noted) in found.iter().zip(join_all(noted).await) {
        if let Err(fault) = noted {
            let why = one.client.failure(fault).message;
            let text = format!("cannot note on the zone {} that this cluster uses it: {why}", one.zone.name);
            progress.open_end(CLAIM, &text);
        }
    }
}

/// Notes on a zone that the cluster `owner` uses it, once a day.
///
/// # Errors
/// What the provider refuses.
pub(super) async fn note(
    client: &Client,
    zone: &Zone,
    owner: &str,
    now: Timestamp,
) -> std::result::Result<(), Fault> {
    let (api, (key, today)) = (client.zones()?, Claim::tag(owner, now));
    match api.tags(zone).await?.get(&key).is_some_and(|noted| *noted == today) {
        true => Ok(()),
        false => api.tag(zone, &key, &today).await,
    }
}

#[cfg(test)]
mod tests;
