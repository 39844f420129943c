//! A healthy lab of one node and one host, to be broken one thing at a time.

use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;

use crate::checks::tests::*;
use crate::evidence::dns::{Data, Rcode, Record as DnsRecord, Reply, Soa};
use crate::evidence::http::{HttpAnswer, Scheme};
use crate::evidence::tls::{Leaf, Served, Trust};
use crate::evidence::{Record, Zone};
use crate::facts::ownership::Ownership;

pub(in crate::checks) const HOST: &str = "whoami.home.example.com";
pub(in crate::checks) const NODE: [u8; 4] = [192, 168, 1, 2];

pub(in crate::checks) fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

/// The only pod of the controller, by what it said last.
pub(in crate::checks) fn reload(last: Reload) -> ReloadSeen {
    ReloadSeen { pod: "ingress-nginx-controller-abcde".into(), node: "pi".into(), last: Ok(last) }
}

pub(in crate::checks) fn page(status: u16, kind: &str, body: &str) -> HttpAnswer {
    HttpAnswer {
        status,
        server: None,
        content_type: Some(kind.into()),
        location: None,
        round: None,
        body: body.into(),
    }
}

pub(in crate::checks) fn nginx_404() -> HttpAnswer {
    page(404, "text/html", "<center><h1>404 Not Found</h1></center>\r\n<hr><center>nginx</center>")
}

pub(in crate::checks) fn record(name: &str, kind: &str, content: &str) -> Record {
    Record {
        id: "r".into(),
        name: name.into(),
        kind: kind.into(),
        content: content.into(),
        proxied: false,
        ttl: 60,
        created_on: Some("2026-05-01T00:00:00Z".parse().unwrap()),
        modified_on: None,
    }
}

pub(in crate::checks) fn reply(rcode: Rcode, addresses: &[[u8; 4]]) -> Reply {
    let answers = addresses
        .iter()
        .map(|a| DnsRecord { name: HOST.into(), ttl: 60, data: Data::Address(IpAddr::from(*a)) })
        .collect();
    Reply { rcode, answers, ..Reply::default() }
}

pub(in crate::checks) fn with_soa(mut reply: Reply, ttl: u32) -> Reply {
    let (zone, primary) = ("example.com".into(), "ada.ns".into());
    reply.soa = Some(Soa { zone, primary, serial: 1, minimum: 1800, ttl });
    reply
}

pub(in crate::checks) fn lookup(server: &str, reply: Reply) -> Lookup {
    Lookup { server: server.into(), result: Ok(reply) }
}

pub(in crate::checks) fn served() -> Served {
    Served {
        leaf: Leaf {
            subject: format!("CN={HOST}"),
            issuer: "C=US, O=Let's Encrypt, CN=R12".into(),
            names: vec![HOST.into()],
            not_before: "2026-05-01T00:00:00Z".parse().unwrap(),
            not_after: "2026-07-30T00:00:00Z".parse().unwrap(),
            serial: "03ab".into(),
            fingerprint: "00".into(),
        },
        chain: 2,
        trust: Trust::Trusted,
        by_lab: None,
    }
}

/// A fault as Cloudflare tells it.
pub(in crate::checks) fn failure(fault: Fault) -> ProviderFailure {
    crate::provider::failure(crate::config::Provider::Cloudflare, fault)
}

/// A token in a file of its owner's, with copies in the cluster.
pub(in crate::checks) fn token() -> TokenSeen {
    let copy =
        |name: &str| TokenCopy { namespace: name.into(), used_by: name.into(), state: CopyState::Same };
    TokenSeen {
        place: TokenPlace::File("/run/token".into()),
        length: 40,
        edit: Some(Ok(())),
        excess: Some(Ok(None)),
        copies: Some(vec![copy("external-dns"), copy("cert-manager")]),
        ..TokenSeen::default()
    }
}

pub(in crate::checks) fn healthy() -> Evidence {
    let node = IpAddr::from(NODE);
    let at = |port| SocketAddr::new(node, port);
    let mut evidence = Evidence::new(now());
    evidence.nodes =
        Some(vec![NodeSeen { name: "pi".into(), ready: true, addresses: vec![node], ..NodeSeen::default() }]);
    evidence.ingresses = Some(vec![IngressSeen {
        namespace: "homelab".into(),
        name: "whoami".into(),
        hosts: vec![HOST.into()],
        addresses: vec![node],
        tls_hosts: vec![HOST.into()],
        ..IngressSeen::default()
    }]);
    evidence.certificates = Some(vec![CertificateSeen {
        namespace: "homelab".into(),
        name: "whoami-tls".into(),
        hosts: vec![HOST.into()],
        ready: Some(true),
        ..CertificateSeen::default()
    }]);
    evidence.cluster_answer = Some(Ok(nginx_404()));
    evidence.reloads = Some(vec![reload(Reload::Loaded)]);
    evidence.addresses_run = Some(Ok(Some(12)));
    let waiting = [(WAITING_PODS.to_owned(), Listing::Items(Vec::new()))];
    evidence.cluster = Some(ClusterSeen { objects: Objects(waiting.into()), ..ClusterSeen::default() });
    evidence.owner = Some(Ownership {
        id: "lab".into(),
        txt_prefix: "%{record_type}-homelab.".into(),
        wildcard_replacement: "wildcard".into(),
    });
    let zone =
        Zone { id: "z".into(), name: "example.com".into(), status: "active".into(), ..Zone::default() };
    let txt = record(
        &format!("a-homelab.{HOST}"),
        "TXT",
        "\"heritage=external-dns,external-dns/owner=lab,external-dns/resource=ingress/homelab/whoami\"",
    );
    let records = vec![record(HOST, "A", "192.168.1.2"), txt];
    evidence.token = Some(token());
    evidence.provider = Some(Ok(ProviderSeen { zone, records }));
    for (scheme, port) in [(Scheme::Http, 80), (Scheme::Https, 443)] {
        for named in [false, true] {
            let answer = Ok(nginx_404());
            evidence.node_answers.push(NodeProbe {
                node: "pi".into(),
                address: at(port),
                scheme,
                named,
                answer,
            });
        }
    }
    let good = || reply(Rcode::NoError, &[NODE]);
    let seen = HostSeen {
        authoritative: vec![lookup("ada.ns", good()), lookup("bob.ns", good())],
        public: vec![lookup("1.1.1.1", good())],
        system: Some(Ok(vec![node])),
        system_servers: vec![lookup("192.168.1.1", good())],
        unchecked: vec![],
        hosts_lines: vec![],
        tls: vec![Seen { node: "pi".into(), address: at(443), result: Ok(served()) }],
        http: vec![Seen { node: "pi".into(), address: at(443), result: Ok(page(200, "text/plain", "hi")) }],
        end_to_end: Some(Ok(page(200, "text/plain", "hi"))),
        six: None,
        left_out: false,
    };
    evidence.hosts.insert(HOST.into(), seen);
    evidence
}

/// The healthy lab with one change to its host.
pub(in crate::checks) fn host(change: impl FnOnce(&mut HostSeen)) -> Report {
    whole(|evidence| change(evidence.hosts.get_mut(HOST).unwrap()))
}

/// The healthy lab with one change.
pub(in crate::checks) fn whole(change: impl FnOnce(&mut Evidence)) -> Report {
    let mut evidence = healthy();
    change(&mut evidence);
    judge(&evidence)
}

/// The records at the provider, to be changed.
pub(in crate::checks) fn records(evidence: &mut Evidence) -> &mut Vec<Record> {
    let Some(Ok(provider)) = &mut evidence.provider else { panic!("the healthy lab has a provider") };
    &mut provider.records
}

pub(in crate::checks) fn fails(report: &Report) -> Vec<CheckId> {
    let mut ids: Vec<CheckId> = report.failures().map(|check| check.id).collect();
    ids.dedup();
    ids
}

pub(in crate::checks) fn outcome(report: &Report, wanted: CheckId) -> Outcome {
    report.checks.iter().find(|check| check.id == wanted).unwrap().outcome.clone()
}

/// The finding of the only check that fails.
pub(in crate::checks) fn only(report: &Report, wanted: CheckId) -> Finding {
    assert_eq!(fails(report), [wanted], "{:#?}", report.failures().collect::<Vec<_>>());
    report.failures().next().unwrap().finding().unwrap().clone()
}
