//! cert-manager takes its challenges back at the provider, as long as it runs: nobody else removes their finalizer.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::picture::Picture;
use super::{DELETE, Wanted};
use crate::cluster::Cluster;
use crate::commands::strangers::named;
use crate::config::Config;
use crate::desired::object::Key;
use crate::desired::{cert_manager, kind};
use crate::error::{Error, Result};
use crate::evidence::{View, at};
use crate::facts::names::CHALLENGE;
use crate::plan::challenges::Issuing;
use crate::ui::Progress;

/// Beside what is watched, they are looked at again after this long.
const TICK: Duration = Duration::from_secs(3);
const SLOW: &str = "cert-manager first removes the record that it made for each of them, and has not done so";
const ABSENT: &str = "only cert-manager ends them, and it is not there any more";

/// Whether cert-manager is there, as far as can be seen.
pub(super) fn has_controller(config: &Config, picture: &Picture) -> bool {
    let controller = Key {
        kind: &kind::DEPLOYMENT,
        namespace: Some(cert_manager::NAMESPACE.to_owned()),
        name: "cert-manager".to_owned(),
    };
    !config.cert_manager.manage || picture.snapshot.objects.contains_key(&controller)
}

/// Everything that is being issued, whoever asked for it.
///
/// # Errors
/// When the API server cannot be asked.
pub(super) async fn issuing(cluster: &Cluster) -> Result<Issuing> {
    let (challenges, orders, requests) = tokio::try_join!(
        cluster.all(&kind::CHALLENGE),
        cluster.all(&kind::ORDER),
        cluster.all(&kind::CERTIFICATE_REQUEST)
    )?;
    Ok(Issuing { challenges, orders, requests })
}

/// Waits until none of a Certificate that went is left.
///
/// # Errors
/// When one is left at the deadline, or at once where cert-manager is not there.
pub(super) async fn wait(
    cluster: &Cluster,
    config: &Config,
    picture: &Picture,
    wanted: Wanted,
    deadline: Instant,
    progress: &Progress,
) -> Result<()> {
    let listed: BTreeSet<&Key> = picture.teardown.gone.iter().map(|doomed| &doomed.key).collect();
    let look = async || {
        let (certificates, issuing) = tokio::try_join!(cluster.all(&kind::CERTIFICATE), issuing(cluster))?;
        let stays = |one: &&Value| !Key::of(&kind::CERTIFICATE, one).is_some_and(|key| listed.contains(&key));
        let stay = certificates.iter().filter(stays).map(|one| at(one, "/metadata/uid").to_owned()).collect();
        Ok(issuing.going(&stay).iter().map(|one| one.full_name()).collect())
    };
    let is_there = has_controller(config, picture);
    let deadline = if is_there { deadline } else { Instant::now() };
    let show = |left: &[String]| {
        let left = named(left.iter().cloned());
        progress.update(DELETE, &format!("waiting for cert-manager to end the challenges {left}"));
    };
    // Nobody watches a kind of which there is nothing, or which is not there.
    let left = match cluster.all(&kind::CHALLENGE).await? {
        none if none.is_empty() => Vec::new(),
        _ => cluster.until_gone(&[&kind::CHALLENGE], TICK, deadline, look, show).await?,
    };
    let Some((namespace, name)) = left.first().and_then(|one| one.split_once('/')) else { return Ok(()) };
    let edit = command!("kubectl -n {} edit challenge {}", namespace, name);
    let edit = edit.map_or_else(String::new, |edit| format!(" (`{edit}`)"));
    Err(Error::unfinished("some challenges have not ended, so nothing more is deleted")
        .because(format!("left: {}", named(left.iter().map(|one| format!("Challenge {one}")))))
        .because(if is_there { SLOW } else { ABSENT })
        .hint(format!(
            "check that cert-manager runs: `kubectl -n cert-manager get pods`. If it is gone, `homelab up` installs it again; or delete \
             the TXT records `{CHALLENGE}` of these names at your DNS provider, and remove the line \
             `acme.cert-manager.io/finalizer` from each challenge{edit};\n\
             then run `{}` again",
            wanted.command()
        )))
}
