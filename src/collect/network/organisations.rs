//! The zones of organisations: what the zone above says of each, and whether the servers that it names have it.

use std::net::SocketAddr;

use futures::future::join_all;

use crate::collect::network::delegation::{looked_up, parent};
use crate::collect::network::{Limit, Probes};
use crate::config::Organisation;
use crate::evidence::{OrganisationSeen, ProviderFailure, ProviderSeen, TokenOwner, TokenSeen, Zone};
use crate::net::dns::{self, NameServer, Question, RecordType};
use crate::provider::Client;

/// One organisation, and by what its zone is read.
#[derive(Debug, Clone)]
pub struct Organised {
    /// Its name.
    pub name: String,
    /// The name of its zone.
    pub zone: String,
    /// Its namespaces, in order.
    pub namespaces: Vec<String>,
    /// Its token without the value; `None` where it was not looked for, as in `up`, which ends without it.
    pub token: Option<TokenSeen>,
    /// Who else has the same token.
    pub shared_with: Option<TokenOwner>,
    /// Its zone as the provider has it, or why it does not show it; `None` when it was not asked.
    pub found: Option<Result<Zone, ProviderFailure>>,
    /// With the organisation's own credential; `None` where that was not found.
    pub client: Option<Client>,
}

impl Organised {
    /// An organisation of the configuration, which nothing is known of yet.
    #[must_use]
    pub fn of(organisation: &Organisation) -> Self {
        Self {
            name: organisation.name.clone(),
            zone: organisation.zone.to_string(),
            namespaces: organisation.namespaces.iter().cloned().collect(),
            token: None,
            shared_with: None,
            found: None,
            client: None,
        }
    }
}

/// One listing of each whole zone, however many hosts there are: that of the lab, and those of its organisations beside it.
pub(super) async fn read_zones(
    probes: &Probes,
    client: Option<&Client>,
) -> Option<Result<ProviderSeen, ProviderFailure>> {
    let zone = probes.zone.clone()?;
    let client = client?.clone().deadline(probes.deadline);
    let more = probes.organisations.iter().map(|one| async {
        let client = one.client.as_ref()?.clone().deadline(probes.deadline);
        // Why one cannot be read, its own check says.
        client.records(one.found.as_ref()?.as_ref().ok()?, None).await.ok()
    });
    let (records, more) = futures::join!(client.records(&zone, None), join_all(more));
    let all = |mut records: Vec<_>| {
        records.extend(more.into_iter().flatten().flatten());
        ProviderSeen { zone, records }
    };
    Some(records.map(all).map_err(|fault| client.failure(fault)))
}

/// What public DNS says of each zone; nothing where nobody beyond this network is to be asked.
pub(super) async fn look(probes: &Probes, limit: &Limit, offline: bool) -> Vec<OrganisationSeen> {
    join_all(probes.organisations.iter().map(|one| seen(probes, limit, one, offline))).await
}

async fn seen(probes: &Probes, limit: &Limit, one: &Organised, offline: bool) -> OrganisationSeen {
    let mut seen = OrganisationSeen {
        name: one.name.clone(),
        zone: one.zone.clone(),
        namespaces: one.namespaces.clone(),
        token: one.token.clone(),
        shared_with: one.shared_with.clone(),
        provider: one.found.clone(),
        delegation: None,
        servers: Vec::new(),
    };
    if offline || probes.public().0.is_empty() {
        return seen;
    }
    let delegation = parent(probes, limit, &one.zone, &one.zone).await;
    if let Ok(parent) = &delegation {
        let asked = parent.servers.iter().map(|server| async {
            let answer = has_zone(probes, limit, server, &one.zone).await;
            (server.clone(), answer)
        });
        seen.servers = join_all(asked).await;
    }
    seen.delegation = Some(delegation);
    seen
}

/// Whether a name server has the zone: the start of authority is its own word. One that refuses, or knows of none, has it not.
async fn has_zone(probes: &Probes, limit: &Limit, server: &str, zone: &str) -> Result<bool, String> {
    let addresses = looked_up(probes, limit, server).await;
    let Some(address) = addresses.first() else { return Err("it has no address".to_owned()) };
    let at = SocketAddr::new(*address, probes.dns_port);
    let question = Question::new(zone, RecordType::Soa).authoritative();
    match limit.run(|within| dns::ask(at, &question, within)).await {
        None => Err("no time was left to ask it".to_owned()),
        Some(Err(error)) => Err(error.to_string()),
        Some(Ok(reply)) => Ok(reply.answers.iter().any(|record| record.name.eq_ignore_ascii_case(zone))),
    }
}

/// The servers to ask for the names in each zone.
pub(super) async fn servers(probes: &Probes, limit: &Limit) -> Vec<(String, Vec<NameServer>)> {
    let port = probes.dns_port;
    let found = probes.organisations.iter().map(|one| async move {
        let by = &probes.resolvers;
        let found =
            limit.run(|within| async move { dns::authoritative(&one.zone, by, port, within).await }).await;
        let servers = found.and_then(Result::ok).map(|found| found.servers).unwrap_or_default();
        (one.zone.clone(), servers)
    });
    join_all(found).await
}
