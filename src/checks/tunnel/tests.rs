//! The way in by a tunnel: a lab in which it works, and one thing broken at a time.

use serde_json::json;

use crate::checks::tests::*;
use crate::evidence::{Permission, Tunnel, TunnelRule, TunnelSeen};

const TARGET: &str = "f70f.cfargotunnel.com";
const EDGE: [u8; 4] = [104, 16, 1, 1];

fn rule(host: &str) -> TunnelRule {
    TunnelRule {
        host: Some(host.into()),
        service: "https://tunnel.traefik.svc.cluster.local:443".into(),
        server_name: Some(host.into()),
        ..TunnelRule::default()
    }
}

/// The healthy lab, whose only host is reached by a tunnel; with one change.
fn lab(change: impl FnOnce(&mut Evidence, &mut TunnelSeen)) -> Report {
    whole(|evidence| {
        let rules = vec![rule(HOST)];
        let mut seen = TunnelSeen {
            name: "homelab-lab".into(),
            hosts: [HOST.to_owned()].into(),
            wanted: rules.clone(),
            id: Some("f70f".into()),
            target: Some(TARGET.into()),
            found: Some(Ok(Some(Tunnel {
                id: "f70f".into(),
                name: "homelab-lab".into(),
                remote: true,
                connections: 8,
                rules,
            }))),
        };
        let txt = record(
            &format!("cname-homelab.{HOST}"),
            "TXT",
            "\"heritage=external-dns,external-dns/owner=lab,external-dns/resource=service/tunnel/public-names\"",
        );
        *records(evidence) = vec![Record { proxied: true, ..record(HOST, "CNAME", TARGET) }, txt];
        if let Some(Ok(provider)) = &mut evidence.provider {
            provider.zone.name = "home.example.com".into();
        }
        let edge = || reply(crate::evidence::dns::Rcode::NoError, &[EDGE]);
        let host = evidence.hosts.get_mut(HOST).unwrap();
        host.authoritative = vec![lookup("ada.ns", edge()), lookup("bob.ns", edge())];
        host.public = vec![lookup("1.1.1.1", edge())];
        (host.system, host.system_servers) =
            (Some(Ok(vec![EDGE.into()])), vec![lookup("192.168.1.1", edge())]);
        change(evidence, &mut seen);
        evidence.tunnel = Some(seen);
    })
}

fn found(seen: &mut TunnelSeen) -> &mut Tunnel {
    seen.found.as_mut().unwrap().as_mut().unwrap().as_mut().unwrap()
}

#[test]
fn a_tunnel_that_works_passes_and_carrier_grade_nat_is_said_to_be_no_obstacle() {
    let report = lab(|_, _| ());
    assert_eq!(fails(&report), [], "{:#?}", report.failures().collect::<Vec<_>>());
    let Outcome::Pass { saw } = outcome(&report, id::TUNNEL_CONNECTED) else { panic!("not open") };
    assert!(saw.contains("8 connections") && saw.contains("carrier-grade NAT is no obstacle"), "{saw}");
    assert!(matches!(outcome(&report, id::RECORDS), Outcome::Skip { .. }), "another check has that record");
}

#[test]
fn a_lab_without_one_hears_nothing_of_it() {
    let report = whole(|_| ());
    assert!(report.checks.iter().all(|check| !check.id.as_str().starts_with("tunnel.")));
}

#[test]
fn a_token_for_records_alone_is_told_what_it_lacks_and_where_to_click() {
    let report = lab(|_, seen| {
        seen.found = Some(Err(failure(Fault::MissingPermission { permission: Permission::Tunnels })));
    });
    let finding = only(&report, id::TUNNEL_PERMISSION);
    assert!(finding.summary.contains("Account → Cloudflare Tunnel → Edit"), "{finding:?}");
    assert!(finding.fix.text.contains("Account Resources"), "{finding:?}");
}

#[test]
fn a_tunnel_that_is_gone_or_a_strangers_is_told_apart() {
    let gone = only(&lab(|_, seen| seen.found = Some(Ok(None))), id::TUNNEL_EXISTS);
    assert!(gone.cause.contains("deleted") && gone.fix.commands == ["homelab up"], "{gone:?}");
    let others = only(&lab(|_, seen| found(seen).id = "beef".into()), id::TUNNEL_EXISTS);
    assert!(others.summary.contains("did not create it") && others.fix.commands.is_empty(), "{others:?}");
    let nobody = lab(|_, seen| (seen.id, seen.target) = (None, None));
    assert!(fails(&nobody).contains(&id::TUNNEL_EXISTS), "a name proves nothing");
    assert_eq!(fails(&lab(|_, seen| seen.id = None)), [], "who may not read Secrets goes by the names");
}

#[test]
fn rules_that_somebody_changed_are_named() {
    let missing = only(&lab(|_, seen| found(seen).rules.clear()), id::TUNNEL_RULES);
    assert_eq!(missing.summary, format!("the tunnel does not lead to `{HOST}`"));
    let more = only(&lab(|_, seen| found(seen).rules.push(rule("nas.example.com"))), id::TUNNEL_RULES);
    assert!(more.summary.contains("leads to `nas.example.com`, too"), "{more:?}");
    let past =
        |_: &mut Evidence, seen: &mut TunnelSeen| found(seen).rules[0].service = "http://router".into();
    assert!(only(&lab(past), id::TUNNEL_RULES).summary.contains("elsewhere"));
}

fn connectors(evidence: &mut Evidence, ready: bool, log: &str) {
    let status = if ready { "True" } else { "False" };
    let pod = json!({ "metadata": { "namespace": "tunnel", "name": "tunnel-1" },
        "spec": { "containers": [{ "name": "cloudflared" }] },
        "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": status }] } });
    let cluster = evidence.cluster.as_mut().unwrap();
    cluster.objects.0.insert("pods".into(), Listing::Items(vec![pod]));
    cluster.logs.insert("tunnel/tunnel-1/cloudflared".into(), log.into());
}

#[test]
fn a_token_that_was_revoked_is_told_by_the_connectors_own_words() {
    let log = "2026-06-01T11:59:44Z ERR Register tunnel error from server side error=\"Unauthorized: Invalid tunnel secret\" connIndex=0\n\
               2026-06-01T11:59:44Z INF Retrying connection in up to 2s connIndex=0\n";
    let report = lab(|evidence, seen| {
        connectors(evidence, false, log);
        found(seen).connections = 0;
    });
    let finding =
        report.failures().find(|check| check.id == id::TUNNEL_CONNECTED).unwrap().finding().unwrap();
    assert!(
        finding.cause.contains("renewed or revoked") && finding.fix.commands == ["homelab up"],
        "{finding:?}"
    );
}

#[test]
fn without_a_connection_it_is_said_whether_anybody_tries() {
    let shut = |ready: Option<bool>| {
        let report = lab(|evidence, seen| {
            found(seen).connections = 0;
            match ready {
                Some(ready) => connectors(evidence, ready, ""),
                None => {
                    let objects = &mut evidence.cluster.as_mut().unwrap().objects.0;
                    objects.insert("pods".into(), Listing::Items(Vec::new()));
                }
            }
        });
        report.failures().find(|check| check.id == id::TUNNEL_CONNECTED).unwrap().finding().unwrap().clone()
    };
    assert!(shut(Some(false)).cause.contains("7844"));
    assert!(shut(Some(true)).fix.text.contains("homelab up"));
    assert!(shut(None).summary.contains("no pod of cloudflared exists"));
}

#[test]
fn what_is_in_the_way_of_the_name_is_told_once() {
    let strangers = |kind: &str, content: &str| {
        let records_are = vec![record(HOST, kind, content)];
        fails(&lab(|evidence, _| *records(evidence) = records_are))
    };
    assert_eq!(strangers("A", "203.0.113.9"), [id::OWNER]);
    assert_eq!(strangers("CNAME", "shop.example.net"), [id::OWNER]);
    let grey = only(&lab(|evidence, _| records(evidence)[0].proxied = false), id::TUNNEL_RECORD);
    assert!(grey.summary.contains("not proxied"), "{grey:?}");
    let own = only(
        &lab(|evidence, _| records(evidence)[0].content = "old.cfargotunnel.com".into()),
        id::TUNNEL_RECORD,
    );
    assert!(own.cause.contains("replaces it within a minute"), "{own:?}");
}

#[test]
fn a_name_that_the_free_certificate_does_not_cover_is_a_warning() {
    let report = lab(|evidence, _| {
        if let Some(Ok(provider)) = &mut evidence.provider {
            provider.zone.name = "example.com".into();
        }
    });
    let finding = only(&report, id::TUNNEL_CERTIFICATE);
    assert!(finding.fix.text.contains("`host:`"), "{finding:?}");
}

#[test]
fn the_providers_addresses_of_ipv6_are_nothing_wrong() {
    let report = lab(|evidence, _| {
        let both = vec![EDGE.into(), "2606:4700::6810:101".parse().unwrap()];
        evidence.hosts.get_mut(HOST).unwrap().system = Some(Ok(both));
    });
    assert_eq!(fails(&report), [], "{:#?}", report.failures().collect::<Vec<_>>());
}

#[test]
fn in_the_house_the_nodes_answer_with_their_own_address_and_nothing_is_wrong() {
    let report = lab(|evidence, _| {
        let host = evidence.hosts.get_mut(HOST).unwrap();
        let node = reply(crate::evidence::dns::Rcode::NoError, &[NODE]);
        (host.system, host.system_servers) = (Some(Ok(vec![NODE.into()])), vec![lookup("192.168.1.1", node)]);
    });
    assert_eq!(fails(&report), [], "{:#?}", report.failures().collect::<Vec<_>>());
}
