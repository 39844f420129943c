//! What the world finds above a zone, before one in an account is taken for it.

use std::collections::BTreeSet;

use crate::collect::network::challenges::zone_of;
use crate::collect::network::delegation::{first, servers_of};
use crate::collect::network::{Limit, Probes};
use crate::config::Config;
use crate::evidence::AboveSeen;
use crate::evidence::dns::Rcode;
use crate::net::dns::{Question, RecordType};

/// Looks for the zone in which the world finds `name`, and asks its own servers where that name leads.
///
/// # Errors
/// Why it is not known, in words.
pub async fn above(config: &Config, name: &str) -> Result<AboveSeen, String> {
    let probes = Probes::of(config, config.domain.to_string(), Vec::new());
    let limit = Limit::new(probes.probe, probes.deadline);
    seen(&probes, &limit, name).await
}

async fn seen(probes: &Probes, limit: &Limit, name: &str) -> Result<AboveSeen, String> {
    let over = name.split_once('.').map_or(name, |(_, over)| over);
    let found = zone_of(probes, limit, over).await;
    let found = found.ok_or_else(|| format!("public DNS does not say which zone has `{over}`"))?;
    let question = Question::new(name, RecordType::Ns).authoritative();
    let said = first(limit, &found.found.servers, &question).await;
    let said = said.filter(|reply| matches!(reply.rcode, Rcode::NoError | Rcode::NxDomain));
    let said = said.ok_or_else(|| format!("no name server of the zone `{}` answers", found.name))?;
    let plain = |server: String| server.trim_end_matches('.').to_ascii_lowercase();
    let leads: BTreeSet<String> = servers_of(&said, name).map(plain).collect();
    Ok(AboveSeen { zone: found.name, servers: found.found.names.into_iter().map(plain).collect(), leads })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::testing::dns::Zone;

    async fn asked(zone: Zone) -> Result<AboveSeen, String> {
        let server = zone.ns("ns.test").a("ns.test", [127, 0, 0, 1]).serve().await;
        let mut probes = Probes::new("example.com".into(), Vec::new());
        (probes.resolvers, probes.dns_port) = (vec![server], server.port());
        let limit = Limit::new(probes.probe, probes.deadline);
        seen(&probes, &limit, "acme.example.com").await
    }

    #[tokio::test]
    async fn the_zone_above_is_told_with_its_servers_and_with_those_to_which_it_leads() {
        let found = asked(Zone::new("example.com")).await.unwrap();
        assert_eq!(found.zone, "example.com");
        assert_eq!((found.servers, found.leads), (["ns.test".to_owned()].into(), BTreeSet::new()));
        let found =
            asked(Zone::new("example.com").ns_of("acme.example.com", "ns-1.acme.test")).await.unwrap();
        assert_eq!(found.leads, ["ns-1.acme.test".to_owned()].into());
    }

    #[tokio::test]
    async fn servers_that_do_not_answer_say_nothing_and_not_that_nothing_is_there() {
        let probes = Probes { resolvers: Vec::new(), ..Probes::new("example.com".into(), Vec::new()) };
        let limit = Limit::new(probes.probe, probes.deadline);
        assert!(seen(&probes, &limit, "acme.example.com").await.is_err());
    }
}
