//! Who asks the nodes, though the configuration has no name server there any more.

use futures::future::join_all;

use crate::collect::network::limit::Limit;
use crate::collect::network::own_servers::own_name;
use crate::collect::network::{Probes, servers};
use crate::evidence::{Lookup, is_by, label};
use crate::net::dns::{self, Question, RecordType};

/// The resolvers of this machine that pass questions for `zone` on to the nodes' own name servers.
pub async fn forwarders(probes: &Probes, zone: &str) -> Vec<String> {
    let limit = Limit::new(probes.probe, probes.deadline);
    let question = Question::new(zone, RecordType::Ns);
    let resolvers = servers::system(probes).await.unwrap_or_default();
    let asks = resolvers.into_iter().map(|server| {
        let (question, limit) = (&question, &limit);
        async move {
            let result = limit.run(|within| dns::ask(server, question, within)).await?;
            Some(Lookup { server: label(server), result })
        }
    });
    let own = own_name(zone);
    let seen = join_all(asks).await.into_iter().flatten();
    seen.filter(|lookup| is_by(lookup, &own)).map(|lookup| lookup.server).collect()
}
