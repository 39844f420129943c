use super::*;
use crate::{
    net::testing::{dns::Zone as DnsZone, http::Canned, tls::Authority},
    verify::evidence::{IngressSeen, NodeSeen},
};

/// In `/etc/hosts` everywhere: looking it up asks no server.
const HOST: &str = "localhost";

fn zone() -> Zone {
    Zone { id: "z".into(), name: HOST.into(), status: "active".into(), ..Zone::default() }
}

fn seed() -> Evidence {
    let mut seed = Evidence::new(jiff::Timestamp::UNIX_EPOCH);
    seed.nodes = Some(vec![
        NodeSeen { name: "pi".into(), ready: true, addresses: vec![[127, 0, 0, 1].into()] },
        NodeSeen { name: "gone".into(), ready: false, addresses: vec![[127, 0, 0, 9].into()] },
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
    let client = Client::new(&crate::net::Secret::new("tok").unwrap(), Some(base)).unwrap();
    let seen = collect(seed(), &probes, Some(&client)).await;
    assert_eq!((api.requests().len(), seen.hosts.len()), (1, 20));
    assert_eq!(seen.provider.unwrap().unwrap().records.len(), 1);
}

#[tokio::test]
async fn a_black_hole_costs_the_deadline_and_no_more_for_a_hundred_hosts() {
    let hole = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let probes = Probes {
        resolvers: vec![udp.local_addr().unwrap()],
        doh: vec![],
        resolv_conf: "/nonexistent".into(),
        http_port: hole.local_addr().unwrap().port(),
        https_port: hole.local_addr().unwrap().port(),
        probe: Duration::from_millis(400),
        deadline: Duration::from_millis(900),
        ..Probes::new(HOST.into(), (0..100).map(|n| format!("s{n}.localhost")).collect())
    };
    let begun = std::time::Instant::now();
    let seen = collect(seed(), &probes, None).await;
    assert!(begun.elapsed() < Duration::from_millis(1900), "{:?}", begun.elapsed());
    assert_eq!(seen.hosts.len(), 100);
    assert!(seen.no_authoritative.is_some());
}
