use super::*;
use crate::collect::network::Probes;
use crate::net::testing::dns::Zone as DnsZone;

/// One server on loopback is the resolver, has the zone above, and is the lab's own at the public address.
async fn looked(above: DnsZone) -> DelegationSeen {
    let at = above.ns("ns.test").a("ns.test", [127, 0, 0, 1]).serve().await;
    let mut probes = Probes::new("example.com".into(), Vec::new());
    (probes.resolvers, probes.doh, probes.dns_port) = (vec![at], Vec::new(), at.port());
    probes.challenge_zone = Some("acme.example.com".into());
    let config = crate::config::parse(
        "domain: example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare, challengeZone: acme.example.com, challengeServer: 203.0.113.7 }\n",
    );
    let mut server = config.unwrap().dns.challenge_server.unwrap();
    server.port = at.port();
    server.public = crate::config::PublicPlace::Address([127, 0, 0, 1].into());
    probes.challenge_server = Some(("homelab-ns.acme.example.com".into(), server));
    let limit = Limit::new(probes.probe, probes.deadline);
    look(&probes, &limit, &[("pi".into(), [127, 0, 0, 1].into())]).await.unwrap()
}

#[tokio::test]
async fn the_zone_above_its_glue_and_the_server_in_both_places_are_seen() {
    let zone = DnsZone::new("example.com")
        .ns_of("acme.example.com", "homelab-ns.acme.example.com")
        .a("homelab-ns.acme.example.com", [127, 0, 0, 1]);
    let seen = looked(zone).await;
    let parent = seen.parent.unwrap();
    assert_eq!(
        (parent.zone.as_str(), parent.servers.as_slice()),
        ("example.com", ["homelab-ns.acme.example.com".to_owned()].as_slice())
    );
    assert_eq!(parent.addresses, [IpAddr::from([127, 0, 0, 1])]);
    assert!(seen.public.unwrap().is_there() && seen.nodes[0].is_there());
    assert!(seen.from_outside.unwrap().result.is_ok());
}

#[tokio::test]
async fn without_a_delegation_the_zone_above_names_nobody() {
    let parent = looked(DnsZone::new("example.com")).await.parent.unwrap();
    assert_eq!((parent.servers.len(), parent.addresses.len()), (0, 0));
}

#[tokio::test]
async fn udp_and_tcp_are_told_apart() {
    let seen = looked(DnsZone::new("example.com").deaf_on_udp()).await;
    let public = seen.public.unwrap();
    assert!(public.udp.is_err() && public.tcp.is_ok() && public.is_there(), "{public:?}");
}

#[tokio::test]
async fn nobody_is_asked_where_nobody_is_to_be_asked() {
    let mut probes = Probes::new("example.com".into(), Vec::new());
    let limit = Limit::new(probes.probe, probes.deadline);
    assert!(look(&probes, &limit, &[]).await.is_none(), "the provider has the zone");
    probes.challenge_zone = Some("acme.example.com".into());
    probes.resolvers = Vec::new();
    assert!(above(&probes, &limit).await.is_none());
}
