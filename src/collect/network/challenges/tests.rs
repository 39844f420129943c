use super::*;
use crate::net::testing::dns::Zone as DnsZone;

const NAME: &str = "_acme-challenge.photos.example.com";
const TARGET: &str = "_acme-challenge.photos.example.com.acme.test";

/// One server on loopback is the resolver and holds every zone that is asked for.
async fn followed(zone: DnsZone) -> ChallengeSeen {
    let server = zone.ns("ns.test").a("ns.test", [127, 0, 0, 1]).serve().await;
    let mut probes = Probes::new("example.com".into(), Vec::new());
    (probes.resolvers, probes.doh, probes.dns_port) = (vec![server], Vec::new(), server.port());
    probes.challenge_zone = Some("acme.test".into());
    let proves = vec!["photos.example.com".to_owned()];
    probes.challenges = vec![Challenge { name: NAME.into(), target: TARGET.into(), proves }];
    let limit = Limit::new(probes.probe, probes.deadline);
    look(&probes, &limit, false).await.unwrap().remove(0)
}

#[tokio::test]
async fn a_chain_is_followed_to_its_end_at_the_servers_of_the_zones() {
    let seen =
        followed(DnsZone::new("example.com").cname(NAME, "b.example.com").cname("b.example.com", TARGET))
            .await;
    assert_eq!(seen.chain, ["b.example.com", TARGET]);
    assert!(matches!(seen.end, ChainEnd::Here { .. }) && !seen.by_wildcard, "{seen:?}");
}

#[tokio::test]
async fn a_name_without_a_record_ends_in_its_own_zone() {
    let seen = followed(DnsZone::new("example.com")).await;
    let here = ChainEnd::Here { zone: Some("example.com".into()), server: "ns.test".into() };
    assert_eq!((seen.chain.len(), seen.end), (0, here));
}

#[tokio::test]
async fn a_circle_is_left_and_a_wildcard_is_told_from_a_record() {
    let seen =
        followed(DnsZone::new("example.com").cname(NAME, "b.example.com").cname("b.example.com", NAME)).await;
    assert_eq!((seen.chain.len(), seen.end), (2, ChainEnd::Circle));
    let gate = "gate.example.com";
    let any = "homelab-check.photos.example.com";
    let seen = followed(DnsZone::new("example.com").cname(NAME, gate).cname(any, gate)).await;
    assert!(seen.by_wildcard, "{seen:?}");
    let seen = followed(DnsZone::new("example.com").cname(NAME, gate)).await;
    assert!(!seen.by_wildcard, "{seen:?}");
}

#[tokio::test]
async fn nobody_is_asked_where_nobody_is_to_be_asked() {
    let mut probes = Probes::new("example.com".into(), Vec::new());
    let limit = Limit::new(probes.probe, probes.deadline);
    assert!(look(&probes, &limit, false).await.is_none(), "the challenges are met beside the names");
    probes.challenge_zone = Some("acme.test".into());
    probes.resolvers = Vec::new();
    assert!(look(&probes, &limit, false).await.is_none());
}
