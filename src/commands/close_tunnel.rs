//! The end of a tunnel: first those who open it, then the tunnel at the provider, and with the rest of the lab what remembers it.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::cluster::Cluster;
use crate::cluster::remove::{Removed, remove};
use crate::commands::planned::refused;
use crate::commands::tunnel::{LINE, find};
use crate::config::Config;
use crate::desired::kind;
use crate::desired::tunnel::{deployment_key, secret_key};
use crate::error::{Error, Result};
use crate::evidence::{Fault, View, Zone};
use crate::facts::namespaces::TUNNEL as NAMESPACE;
use crate::facts::tunnel::name_of;
use crate::machine::token;
use crate::plan::Snapshot;
use crate::plan::ownership::Doomed;
use crate::plan::tunnel::kept;
use crate::provider::{self, Client, Tunnels};
use crate::ui::Progress;

/// Between two tries to delete one that is still connected.
const PAUSE: Duration = Duration::from_secs(2);

/// Deletes the tunnel of a lab that needs none any more: first those who open it, then the tunnel. What remembers it goes after that,
/// with the rest of the lab.
///
/// # Errors
/// When it cannot be deleted; the next run tries again.
pub(super) async fn close(
    (cluster, provider, zone): (&Cluster, &Client, &Zone),
    config: &Config,
    snapshot: &Snapshot,
    gone: &[Doomed],
    deadline: Instant,
    progress: &Progress,
) -> Result<()> {
    let Some(kept) = kept(snapshot) else { return Ok(()) };
    let name = name_of(&config.dns.owner);
    let Some(traits) = provider::traits_of(provider.provider()).tunnels else {
        progress
            .done(LINE, &format!("the tunnel `{name}` stays at the DNS provider of before: delete it there"));
        return Ok(());
    };
    let failed = |fault: Fault| unfinished(refused(provider.provider(), fault), &name, traits);
    let Some(tunnel) = find(provider, zone, &kept, &name).await.map_err(failed)? else {
        progress.done(LINE, &format!("there is no tunnel `{name}` any more"));
        return Ok(());
    };
    let api = provider.tunnels().map_err(failed)?;
    let token = api.token(zone, &tunnel.id).await.map_err(failed)?;
    if kept.adopted || !kept.is_ours(&tunnel, &token) {
        let page = traits.words.page;
        let stays =
            format!("the tunnel `{}` stays, since homelab did not create it; it is in {page}", tunnel.name);
        progress.done(LINE, &stays);
        return Ok(());
    }
    progress.update(LINE, "stopping the connectors of the tunnel");
    stop(cluster, gone, deadline, progress).await?;
    progress.update(LINE, &format!("deleting the tunnel `{}`", tunnel.name));
    loop {
        api.disconnect(zone, &tunnel.id).await.map_err(failed)?;
        if api.delete(zone, &tunnel.id).await.map_err(failed)? {
            break;
        }
        if Instant::now() + PAUSE > deadline {
            let open = Error::unfinished(format!("the tunnel `{}` cannot be deleted", tunnel.name)).because(
                "somebody opens it again and again: a connector with its token runs outside of this cluster",
            );
            return Err(unfinished(open, &name, traits));
        }
        sleep(PAUSE).await;
    }
    progress.done(LINE, &format!("the tunnel `{}` is deleted", tunnel.name));
    Ok(())
}

/// The same for `homelab down`, which has asked the provider for nothing yet; nobody is asked where the lab has no tunnel.
///
/// # Errors
/// When the provider cannot be asked, and when it cannot be deleted.
pub(super) async fn close_of_lab(
    cluster: &Cluster,
    config: &Config,
    snapshot: &Snapshot,
    gone: &[Doomed],
    deadline: Instant,
    progress: &Progress,
) -> Result<()> {
    if kept(snapshot).is_none() {
        return Ok(());
    }
    let name = name_of(&config.dns.owner);
    let tunnels = provider::traits_of(config.dns.provider).tunnels;
    let told = |error: Error| match tunnels {
        Some(traits) => unfinished(error, &name, traits),
        None => error,
    };
    let keyring = token::read(config).map_err(told)?;
    let refused = |fault: Fault| told(refused(config.dns.provider, fault));
    let client = Client::new(config, &keyring).map_err(refused)?;
    let zone = client.check(config.zone_or_domain().as_str()).await.map_err(refused)?;
    close((cluster, &client, &zone), config, snapshot, gone, deadline, progress).await
}

/// What goes with the lab at the provider, in words; none where it has no tunnel of its own.
pub(super) fn going(config: &Config, snapshot: &Snapshot) -> Option<String> {
    let kept = kept(snapshot).filter(|kept| !kept.adopted)?;
    kept.id.or_else(|| kept.key.map(|_| String::new()))?;
    let name = provider::words(config.dns.provider).name;
    Some(format!("the tunnel `{}` at {name} is deleted, too", name_of(&config.dns.owner)))
}

fn unfinished(error: Error, name: &str, traits: &Tunnels) -> Error {
    let page = traits.words.page;
    let way_out = format!(
        "or delete the tunnel `{name}` yourself in {page}, and then, so that homelab does not look for it again: `kubectl -n {NAMESPACE} delete secret {}`",
        secret_key().name
    );
    match error.hint.clone() {
        Some(hint) => error.hint(format!("{hint};\n{way_out}")),
        None => error.hint(way_out),
    }
}

/// Deletes what runs the connectors, if it is to go, and waits for their end.
async fn stop(cluster: &Cluster, gone: &[Doomed], deadline: Instant, progress: &Progress) -> Result<()> {
    let Some(doomed) = gone.iter().find(|doomed| doomed.key == deployment_key()) else { return Ok(()) };
    let again = async |now: &Doomed| {
        let live = cluster.metadata_of(&now.key).await?;
        Ok(live.map(|live| Doomed::of(&now.key, &live)))
    };
    if !matches!(remove(cluster, doomed.clone(), again).await?, Removed::Gone) {
        return Err(
            Error::unfinished("the connectors of the tunnel could not be stopped").hint("run it again")
        );
    }
    let look = async || {
        let pods = cluster.all(&kind::POD).await?;
        let left = pods.iter().filter(|pod| pod.namespace() == NAMESPACE);
        Ok(left.map(|pod| format!("Pod {}", pod.full_name())).collect())
    };
    let show = |left: &[String]| progress.update(LINE, &format!("waiting for {} to end", left.join(", ")));
    // Should one outlive this, it is disconnected all the same.
    cluster.until_gone(&[&kind::POD], PAUSE, deadline, look, show).await.map(drop)
}
