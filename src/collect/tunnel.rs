//! The tunnel by which the internet gets in.

use crate::config::Config;
use crate::desired::public_record::target_key;
use crate::desired::tunnel::{hosts, records_key, rules, tunnels};
use crate::evidence::{Fault, Tunnel, TunnelSeen, Zone};
use crate::facts::tunnel::name_of;
use crate::plan::Snapshot;
use crate::plan::tunnel::kept;
use crate::provider::{Client, Which};

/// What the configuration asks for; none where no service takes a tunnel. `cluster_domain` is that of the cluster's own names.
pub(super) fn wanted(config: &Config, cluster_domain: &str) -> Option<TunnelSeen> {
    tunnels(config).map(|_| TunnelSeen {
        name: name_of(&config.dns.owner),
        hosts: hosts(config).iter().map(ToString::to_string).collect(),
        wanted: rules(config, cluster_domain),
        ..TunnelSeen::default()
    })
}

/// What the cluster remembers of it.
pub(super) fn remembered(seen: &mut TunnelSeen, config: &Config, snapshot: &Snapshot) {
    seen.id = kept(snapshot).and_then(|kept| kept.id);
    let target = target_key(config);
    let names = snapshot.objects.get(&records_key());
    seen.target =
        names.and_then(|names| names["metadata"]["annotations"][target].as_str()).map(str::to_owned);
}

/// Asks the provider.
pub(super) async fn ask(seen: &mut TunnelSeen, client: &Client, zone: &Zone) {
    let found = look(seen, client, zone).await;
    seen.found = Some(found.map_err(|fault| client.failure(fault)));
}

async fn look(seen: &TunnelSeen, client: &Client, zone: &Zone) -> Result<Option<Tunnel>, Fault> {
    let api = client.tunnels()?;
    let known = match &seen.id {
        Some(id) => api.find(zone, Which::Id(id)).await?,
        None => None,
    };
    let found = match known {
        Some(tunnel) => Some(tunnel),
        None => api.find(zone, Which::Name(&seen.name)).await?,
    };
    let Some(tunnel) = found else { return Ok(None) };
    let rules = api.rules(zone, &tunnel.id).await?;
    Ok(Some(Tunnel { rules, ..tunnel }))
}
