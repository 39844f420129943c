use crate::collect::network::*;
use crate::evidence::{IngressSeen, NodeSeen};
use crate::net::testing::dns::Zone as DnsZone;
use crate::net::testing::http::Canned;
use crate::net::testing::tls::Authority;

/// In `/etc/hosts` everywhere: looking it up asks no server.
const HOST: &str = "localhost";

fn zone() -> Zone {
    Zone { id: "z".into(), name: HOST.into(), status: "active".into(), ..Zone::default() }
}

fn seed() -> Evidence {
    let mut seed = Evidence::new(jiff::Timestamp::UNIX_EPOCH);
    seed.nodes = Some(vec![
        NodeSeen {
            name: "pi".into(),
            ready: true,
            addresses: vec![[127, 0, 0, 1].into()],
            ..NodeSeen::default()
        },
        NodeSeen {
            name: "gone".into(),
            ready: false,
            addresses: vec![[127, 0, 0, 9].into()],
            ..NodeSeen::default()
        },
    ]);
    seed
}

/// A world on loopback: one server is the public resolver, the zone's own and this machine's.
async fn probes(dns: DnsZone) -> (Probes, tempfile::TempDir) {
    let dns = dns.ns("ns.test").a("ns.test", [127, 0, 0, 1]).serve().await;
    let home = tempfile::tempdir().unwrap();
    let resolv_conf = home.path().join("resolv.conf");
    std::fs::write(&resolv_conf, "nameserver 127.0.0.1\n").unwrap();
    let http = Canned::text(404, "text/html", "<hr><center>nginx</center>").serve().await;
    let issued = Authority::new("CA").issue("nas", &[HOST], (2020, 2100));
    let https = issued.serve(Canned::text(200, "text/plain", "hello")).await;
    let probes = Probes {
        resolvers: vec![dns],
        doh: vec![],
        resolv_conf,
        dns_port: dns.port(),
        http_port: http.address.port(),
        https_port: https.port(),
        check_certificates: false,
        zone: Some(zone()),
        ..Probes::new(HOST.into(), vec![HOST.into()])
    };
    (probes, home)
}

#[tokio::test]
async fn a_published_host_is_seen_from_every_vantage() {
    let (probes, _home) = probes(DnsZone::new(HOST).a(HOST, [127, 0, 0, 1])).await;
    let seen = collect(seed(), &probes, None).await;
    assert_eq!(seen.node_answers.len(), 4);
    assert!(seen.node_answers.iter().all(|probe| probe.node == "pi" && probe.answer.is_ok()));
    let host = &seen.hosts[HOST];
    assert!(host.authoritative[0].result.is_ok() && host.public[0].result.is_ok());
    assert_eq!(host.system_servers.len(), 1);
    assert!(host.system.as_ref().unwrap().as_ref().unwrap().contains(&[127, 0, 0, 1].into()));
    assert!(host.tls[0].result.as_ref().unwrap().leaf.covers(HOST));
    assert_eq!(host.end_to_end.as_ref().unwrap().as_ref().unwrap().body, "hello");
    assert_eq!(host.http[0].result.as_ref().unwrap().body, "hello");
}

#[tokio::test]
async fn a_host_that_is_not_published_is_asked_of_no_resolver() {
    let (probes, _home) = probes(DnsZone::new(HOST)).await;
    let seen = collect(seed(), &probes, None).await;
    let host = &seen.hosts[HOST];
    assert_eq!(host.authoritative.len(), 1, "{:?}", seen.no_authoritative);
    assert!(host.public.is_empty() && host.system_servers.is_empty());
    assert!(host.system.is_none() && host.end_to_end.is_none());
}

#[tokio::test]
async fn a_host_without_a_certificate_is_asked_by_plain_http() {
    let (probes, _home) = probes(DnsZone::new(HOST).a(HOST, [127, 0, 0, 1])).await;
    let mut seed = seed();
    seed.ingresses = Some(vec![IngressSeen { hosts: vec![HOST.into()], ..IngressSeen::default() }]);
    let seen = collect(seed, &probes, None).await;
    let answer = seen.hosts[HOST].http[0].result.as_ref().unwrap();
    assert_eq!((answer.status, answer.content_type.as_deref()), (404, Some("text/html")));
    assert_eq!(seen.hosts[HOST].http[0].address.port(), probes.http_port);
}

#[tokio::test]
async fn the_provider_is_asked_once_for_all_hosts() {
    let (mut probes, _home) = probes(DnsZone::new(HOST)).await;
    probes.hosts = (0..20).map(|n| format!("s{n}.localhost")).collect();
    let api = Canned::json(200, r#"{"success":true,"result":[{"id":"r","name":"s1.localhost","type":"A"}]}"#)
        .serve()
        .await;
    let base = format!("http://{}/", api.address).parse().unwrap();
    let client = Client::at_cloudflare(base);
    let seen = collect(seed(), &probes, Some(&client)).await;
    assert_eq!((api.requests().len(), seen.hosts.len()), (1, 20));
    assert_eq!(seen.provider.unwrap().unwrap().records.len(), 1);
}

/// Addresses where packets get lost: bound, and never read.
fn black_hole(hosts: usize, sockets: &(std::net::TcpListener, std::net::UdpSocket)) -> Probes {
    let (tcp, udp) = (sockets.0.local_addr().unwrap(), sockets.1.local_addr().unwrap());
    Probes {
        resolvers: vec![udp],
        doh: vec![],
        resolv_conf: "/nonexistent".into(),
        nowhere: udp,
        survey: Some(HereSeen::default()),
        http_port: tcp.port(),
        https_port: tcp.port(),
        probe: Duration::from_millis(400),
        deadline: Duration::from_millis(900),
        ..Probes::new(HOST.into(), (0..hosts).map(|n| format!("s{n}.localhost")).collect())
    }
}

#[tokio::test]
async fn a_black_hole_costs_the_deadline_and_no_more_for_one_host_and_for_a_hundred() {
    let bind = "127.0.0.1:0";
    let sockets = (std::net::TcpListener::bind(bind).unwrap(), std::net::UdpSocket::bind(bind).unwrap());
    for hosts in [1, 100] {
        let begun = std::time::Instant::now();
        let seen = collect(seed(), &black_hole(hosts, &sockets), None).await;
        assert!(begun.elapsed() < Duration::from_millis(1900), "{hosts}: {:?}", begun.elapsed());
        assert_eq!(seen.hosts.len(), hosts);
        assert!(seen.no_authoritative.is_some());
        assert!(matches!(seen.names.unwrap().zone, Some(Err(_))));
    }
}

#[tokio::test]
async fn the_survey_finds_the_zone_the_resolver_and_what_it_gives_away() {
    let (mut probes, _home) = probes(DnsZone::new(HOST).a(HOST, [0, 0, 0, 0])).await;
    probes.survey = Some(HereSeen::default());
    probes.nowhere = "127.0.0.1:9".parse().unwrap();
    let names = collect(seed(), &probes, None).await.names.unwrap();
    assert_eq!(names.zone.unwrap().unwrap().servers, ["ns.test"]);
    assert!(names.nowhere.unwrap().is_err());
    let resolver = &names.resolvers.unwrap()[0];
    assert!(!resolver.control.as_ref().unwrap().answers.is_empty());
    // It hides the address of a host that the world has, so it is asked for its make, which it does not tell.
    let signs = resolver.signs.as_ref().unwrap();
    assert_eq!((signs.version.as_deref(), signs.names.len()), (None, 0));
}

#[tokio::test]
async fn a_resolver_that_is_late_is_asked_again_and_a_good_one_is_not() {
    let surveyed = |zone: DnsZone| async move {
        let (mut probes, _home) = probes(zone).await;
        (probes.resolvers, probes.survey) = (vec![], Some(HereSeen::default()));
        let mut seed = seed();
        seed.offline = true;
        collect(seed, &probes, None).await.names.unwrap().resolvers.unwrap().remove(0)
    };
    assert_eq!(surveyed(DnsZone::new(HOST)).await.again, None);
    let late = surveyed(DnsZone::new(HOST).late(Duration::from_millis(800))).await;
    assert!(late.control.is_ok(), "an answer that comes late is one");
    let again = late.again.unwrap();
    assert!(again.asked == 5 && again.answered > 0, "{again:?}");
}

#[tokio::test]
async fn offline_nobody_but_this_machines_resolver_is_asked() {
    let (mut probes, _home) = probes(DnsZone::new(HOST).a(HOST, [127, 0, 0, 1])).await;
    (probes.resolvers, probes.survey) = (vec![], Some(HereSeen::default()));
    let mut seed = seed();
    seed.offline = true;
    let seen = collect(seed, &probes, None).await;
    let host = &seen.hosts[HOST];
    assert!(host.authoritative.is_empty() && host.public.is_empty());
    assert_eq!((host.system_servers.len(), host.system.is_some()), (1, true));
    let names = seen.names.unwrap();
    assert!(names.zone.is_none() && names.nowhere.is_none() && names.resolvers.unwrap().len() == 1);
}

/// The world's own servers answer all; the house's resolver lets so many questions a second through.
async fn behind_a_limit(hosts: usize, a_second: usize) -> (Evidence, crate::net::testing::dns::Counted) {
    let names: Vec<String> = (0..hosts).map(|n| format!("s{n}.{HOST}")).collect();
    let world = names.iter().fold(DnsZone::new(HOST), |zone, name| zone.a(name, [127, 0, 0, 1]));
    let (mut probes, _home) = probes(world.clone()).await;
    let house = SocketAddr::from(([127, 0, 0, 2], probes.dns_port));
    let (_, counted) = world.counting_at(house, a_second).await;
    std::fs::write(&probes.resolv_conf, "nameserver 127.0.0.2\n").unwrap();
    probes.hosts = names;
    // It is counted, not timed: a busy machine may take long.
    (probes.probe, probes.deadline) = (Duration::from_secs(10), Duration::from_secs(60));
    probes.survey = Some(HereSeen::default());
    probes.nowhere = "127.0.0.1:9".parse().unwrap();
    // Ten times as fast as at home, so that the test is.
    probes.pace = (PACE.0 * 10, PACE.1 * 10);
    (collect(seed(), &probes, None).await, counted)
}

#[tokio::test]
async fn a_thousand_names_flood_no_resolver_and_some_stand_for_the_others() {
    let (seen, counted) = behind_a_limit(1000, 200).await;
    assert_eq!((counted.refused(), seen.hosts.len()), (0, 1000));
    assert!(counted.asked() < 150 && counted.most_in_a_second() <= 200);
    let asked: Vec<_> = seen.hosts.values().filter(|host| !host.left_out).collect();
    assert_eq!(asked.len(), 32);
    assert!(asked.iter().all(|host| host.system.is_some() && host.authoritative[0].result.is_ok()));
    assert!(seen.hosts.values().all(|host| !host.tls.is_empty()), "each node is asked for every name");
}

#[tokio::test]
async fn a_resolver_that_owns_the_domain_is_asked_for_names_around_the_host() {
    let (mut probes, _home) = probes(DnsZone::new(HOST).a(&format!("nas.{HOST}"), [127, 0, 0, 1])).await;
    let house = SocketAddr::from(([127, 0, 0, 2], probes.dns_port));
    DnsZone::new(HOST).without_soa().counting_at(house, 100).await;
    std::fs::write(&probes.resolv_conf, "nameserver 127.0.0.2\n").unwrap();
    probes.hosts = vec![format!("nas.{HOST}")];
    let seen = collect(seed(), &probes, None).await;
    let [around] = seen.around.as_slice() else { panic!("{:?}", seen.around) };
    assert_eq!((around.server.as_str(), around.parent.as_str()), (house.to_string().as_str(), HOST));
    let sibling = around.sibling.as_ref().unwrap();
    assert!(sibling.soa.is_none() && sibling.rcode == crate::evidence::dns::Rcode::NxDomain);
}

/// The nodes are the provider.
fn at_home(probes: &mut Probes) {
    probes.on_nodes = true;
    probes.house = Some(House { zone: HOST.to_owned(), alone: true, hosts: Vec::new() });
}

#[tokio::test]
async fn where_the_nodes_are_the_name_servers_each_is_asked_itself_and_no_resolver_is_asked_for_its_servers()
{
    let (mut probes, _home) = probes(DnsZone::new(HOST).a(HOST, [127, 0, 0, 1])).await;
    at_home(&mut probes);
    probes.world = std::mem::take(&mut probes.resolvers);
    let seen = collect(seed(), &probes, None).await;
    let host = &seen.hosts[HOST];
    let servers: Vec<&str> = host.authoritative.iter().map(|lookup| lookup.server.as_str()).collect();
    assert_eq!(servers, ["pi"], "{:?}", seen.no_authoritative);
    assert!(host.public.is_empty() && host.system_servers.len() == 1);
    let own = seen.own_servers.unwrap();
    assert_eq!((own.zone.as_str(), own.name.as_str()), (HOST, "homelab-ns.localhost"));
    assert_eq!((own.servers.len(), own.servers[0].node.as_str()), (1, "pi"));
    assert!(own.servers[0].stranger.is_ok() && own.public.is_empty(), "{own:?}");
    // The resolver of this machine has other name servers for the zone.
    assert!(own.resolvers.len() == 1 && !own.is_asked_by(&own.resolvers[0]), "{own:?}");
}

#[tokio::test]
async fn beside_a_provider_the_nodes_are_asked_first_and_where_nothing_is_published_alone() {
    for (alone, asked, public) in [(false, vec!["pi", "ns.test"], 1), (true, vec!["pi"], 0)] {
        let (mut probes, _home) = probes(DnsZone::new(HOST).a(HOST, [127, 0, 0, 1])).await;
        let printer = (format!("printer.{HOST}"), vec![[192, 168, 1, 9].into()]);
        probes.house = Some(House { zone: HOST.to_owned(), alone, hosts: vec![printer] });
        let seen = collect(seed(), &probes, None).await;
        let host = &seen.hosts[HOST];
        let servers: Vec<&str> = host.authoritative.iter().map(|lookup| lookup.server.as_str()).collect();
        assert_eq!((servers, host.public.len()), (asked, public), "{:?}", seen.no_authoritative);
        let own = seen.own_servers.unwrap();
        assert_eq!((own.alone, own.servers.len(), own.public.len()), (alone, 1, 0));
        assert_eq!((own.hosts[0].seen[0].server.as_str(), own.hosts[0].wanted.len()), ("pi", 1));
        assert!(own.is_at_node(&host.authoritative[0]) && !own.is_in_force());
    }
}

#[tokio::test]
async fn a_name_outside_of_what_the_nodes_answer_for_is_asked_of_the_world_alone() {
    let (mut probes, _home) = probes(DnsZone::new(HOST).a(HOST, [127, 0, 0, 1])).await;
    probes.house = Some(House { zone: format!("home.{HOST}"), ..House::default() });
    let seen = collect(seed(), &probes, None).await;
    let servers: Vec<&str> = seen.hosts[HOST].authoritative.iter().map(|one| one.server.as_str()).collect();
    assert_eq!(servers, ["ns.test"]);
}

#[tokio::test]
async fn without_nodes_nobody_knows_who_the_name_servers_are() {
    let (mut probes, _home) = probes(DnsZone::new(HOST)).await;
    at_home(&mut probes);
    let seen = collect(Evidence::new(jiff::Timestamp::UNIX_EPOCH), &probes, None).await;
    assert!(seen.no_authoritative.unwrap().contains("which nodes are ready"));
    assert!(seen.own_servers.unwrap().servers.is_empty());
}

#[tokio::test]
async fn a_resolver_asks_the_nodes_as_long_as_their_server_is_the_zones_there() {
    for (server, count) in [("homelab-ns.localhost", 1), ("ns.elsewhere.test", 0)] {
        let (probes, _home) = probes(DnsZone::new("elsewhere.test")).await;
        let house = SocketAddr::from(([127, 0, 0, 2], probes.dns_port));
        DnsZone::new(HOST).ns(server).counting_at(house, 100).await;
        std::fs::write(&probes.resolv_conf, "nameserver 127.0.0.2\n").unwrap();
        let found = forwarders(&probes, HOST).await;
        assert_eq!(found.len(), count, "{found:?}");
    }
}
