//! What is said of a lab with one public service.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::checks::engine::{CheckId, Finding, Outcome};
use crate::checks::tests::*;
use crate::checks::{Report, id};
use crate::evidence::dns::Rcode;
use crate::evidence::http::Scheme;
use crate::evidence::{Evidence, Hairpin, OwnServer, OwnServersSeen, PublicSeen, SeenBy, Transport};

const OUTSIDE: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 7);

fn public() -> PublicSeen {
    let hairpin =
        Hairpin { address: OUTSIDE.into(), tls: Ok(served()), http: Ok(page(200, "text/plain", "hi")) };
    PublicSeen {
        by_port: [HOST.to_owned()].into(),
        follows: true,
        target: Some(OUTSIDE.to_string()),
        seen: vec![SeenBy { url: "https://ip.example.net".into(), address: Ok(OUTSIDE) }],
        hairpin: BTreeMap::from([(HOST.to_owned(), hairpin)]),
        ..PublicSeen::default()
    }
}

/// A healthy lab whose host is public, with one change.
fn open(change: impl FnOnce(&mut Evidence, &mut PublicSeen)) -> Report {
    whole(|evidence| {
        let mut seen = public();
        lead_to(evidence, &OUTSIDE.to_string());
        let outside: IpAddr = OUTSIDE.into();
        let answer = || reply(Rcode::NoError, &[OUTSIDE.octets()]);
        let host = evidence.hosts.get_mut(HOST).unwrap();
        host.authoritative = vec![lookup("ada.ns", answer())];
        host.public = vec![lookup("1.1.1.1", answer())];
        host.system_servers = vec![lookup("192.168.1.1", answer())];
        host.system = Some(Ok(vec![outside]));
        change(evidence, &mut seen);
        evidence.public = Some(seen);
    })
}

/// The record of the host leads there.
fn lead_to(evidence: &mut Evidence, content: &str) {
    let found = records(evidence).iter_mut().find(|record| record.kind == "A").unwrap();
    content.clone_into(&mut found.content);
}

fn finding(report: &Report, wanted: CheckId) -> Finding {
    only(report, wanted)
}

#[test]
fn a_public_name_with_its_public_record_is_well() {
    let report = open(|_, _| ());
    assert_eq!(fails(&report), []);
    for id in [id::SOURCE_NAT, id::CGNAT, id::ADDRESS, id::RECORD, id::HAIRPIN] {
        assert!(matches!(outcome(&report, id), Outcome::Pass { .. }), "{id}: {:?}", outcome(&report, id));
    }
    assert!(matches!(outcome(&report, id::RECORDS), Outcome::Skip { .. }));
}

#[test]
fn a_lab_without_a_public_service_is_not_spoken_of() {
    let report = whole(|_| ());
    assert!(!report.checks.iter().any(|check| check.id.as_str().starts_with("public.")));
}

#[test]
fn a_shared_address_is_told_before_everything_that_follows_from_it() {
    for (address, word) in
        [([100, 64, 3, 4], "carrier-grade NAT"), ([192, 168, 178, 20], "behind another one")]
    {
        let report = open(|_, seen| seen.seen[0].address = Ok(address.into()));
        assert!(finding(&report, id::CGNAT).cause.contains(word));
    }
    let report = open(|_, seen| seen.router = Some(Ipv4Addr::new(100, 70, 1, 1)));
    let told = finding(&report, id::CGNAT);
    assert!(
        told.summary.contains("the router has 100.70.1.1") && told.fix.text.contains("public: tunnel"),
        "{told:?}"
    );
}

#[test]
fn two_who_see_the_lab_at_two_addresses_are_told() {
    let report = open(|_, seen| {
        let other = Ipv4Addr::new(203, 0, 113, 8);
        seen.seen.push(SeenBy { url: "https://other.example.net".into(), address: Ok(other) });
    });
    assert!(finding(&report, id::CGNAT).cause.contains("several ways"));
}

#[test]
fn nobody_who_says_the_address_is_no_failure_of_the_lab() {
    let report = open(|_, seen| seen.seen[0].address = Err(Transport::Timeout));
    assert_eq!(fails(&report), []);
    assert!(matches!(outcome(&report, id::CGNAT), Outcome::Unknown { .. }));
}

#[test]
fn an_address_of_before_is_told_with_what_follows_it() {
    let report = open(|_, seen| seen.seen[0].address = Ok(Ipv4Addr::new(198, 51, 100, 9)));
    let told = finding(&report, id::ADDRESS);
    assert!(
        told.summary.contains("leads to 203.0.113.7") && told.summary.contains("198.51.100.9"),
        "{told:?}"
    );
    assert_eq!(told.fix.commands[0], "homelab addresses");
    let report = open(|_, seen| {
        seen.follows = false;
        seen.seen[0].address = Ok(Ipv4Addr::new(198, 51, 100, 9));
    });
    assert!(finding(&report, id::ADDRESS).fix.text.contains("public.target: auto"));
}

#[test]
fn a_record_that_leads_nowhere_yet_is_told_once() {
    let report = open(|evidence, seen| {
        seen.target = Some(String::new());
        records(evidence).retain(|record| record.kind != "A");
    });
    assert_eq!(fails(&report)[0], id::ADDRESS);
    assert!(!fails(&report).contains(&id::RECORD));
}

#[test]
fn a_private_record_of_a_public_name_is_told() {
    let report = open(|evidence, _| lead_to(evidence, "192.168.1.2"));
    assert_eq!(fails(&report)[0], id::RECORD);
    let told = report.failures().next().unwrap().finding().unwrap();
    assert!(told.summary.contains("private address 192.168.1.2"), "{told:?}");
}

#[test]
fn a_name_that_follows_a_name_is_right_by_its_cname() {
    let report = open(|evidence, seen| {
        seen.target = Some("me.dyn.example.net".to_owned());
        seen.follows = false;
        let found = records(evidence).iter_mut().find(|record| record.kind == "A").unwrap();
        (found.kind, found.content) = ("CNAME".to_owned(), "me.dyn.example.net".to_owned());
    });
    assert!(
        matches!(outcome(&report, id::RECORD), Outcome::Pass { .. }),
        "{:?}",
        outcome(&report, id::RECORD)
    );
}

#[test]
fn behind_the_providers_proxy_public_dns_answers_what_no_record_has() {
    let edge = [104, 16, 1, 1];
    let report = open(|evidence, seen| {
        seen.proxied = true;
        records(evidence).iter_mut().for_each(|record| record.proxied = record.kind == "A");
        let host = evidence.hosts.get_mut(HOST).unwrap();
        let answer = || reply(Rcode::NoError, &[edge]);
        host.authoritative = vec![lookup("ada.ns", answer())];
        host.public = vec![lookup("1.1.1.1", answer())];
        host.system_servers = vec![lookup("192.168.1.1", answer())];
        host.system = Some(Ok(vec![edge.into(), "2606:4700::1".parse().unwrap()]));
    });
    assert_eq!(fails(&report), []);
}

#[test]
fn where_the_nodes_answer_in_the_house_the_world_is_compared_with_the_public_record() {
    let report = open(|evidence, _| {
        let host = evidence.hosts.get_mut(HOST).unwrap();
        let at_home = reply(Rcode::NoError, &[NODE]);
        host.authoritative.insert(0, lookup("pi", at_home.clone()));
        host.system = Some(Ok(vec![NODE.into()]));
        host.system_servers = vec![lookup("192.168.1.1", at_home)];
        let refused = Ok(reply(Rcode::Refused, &[]));
        let address = SocketAddr::from((NODE, 53));
        let soa = Ok(with_soa(reply(Rcode::NoError, &[]), 60));
        let server = OwnServer { node: "pi".into(), address, soa, stranger: refused };
        let own = OwnServersSeen { servers: vec![server], ..Default::default() };
        evidence.own_servers = Some(own);
    });
    let of_dns = |id| report.failures().any(|check| check.id == id);
    assert!(
        !of_dns(id::PUBLIC) && !of_dns(id::SYSTEM) && !of_dns(id::LOCAL_OVERRIDE),
        "{:?}",
        fails(&report)
    );
}

#[test]
fn a_proxy_that_was_switched_by_hand_is_told() {
    let report = open(|evidence, _| {
        records(evidence).iter_mut().for_each(|record| record.proxied = record.kind == "A");
    });
    assert_eq!(fails(&report)[0], id::RECORD);
}

#[test]
fn a_router_that_does_not_lead_back_is_told_where_the_house_goes_that_way() {
    let missing = |evidence: &mut Evidence, seen: &mut PublicSeen| {
        let hairpin = seen.hairpin.get_mut(HOST).unwrap();
        (hairpin.tls, hairpin.http) = (Err(Transport::Timeout), Err(Transport::Timeout));
        evidence.hosts.get_mut(HOST).unwrap().end_to_end = Some(Err(Transport::Timeout));
    };
    let told = finding(&open(missing), id::HAIRPIN);
    assert!(
        told.fix.text.contains("dns.houseResolver: true")
            && told.fix.text.contains("cannot see from outside"),
        "{told:?}"
    );
}

#[test]
fn another_machine_at_the_public_address_is_told_by_its_certificate() {
    let report = open(|_, seen| {
        let mut other = served();
        (other.leaf.fingerprint, other.leaf.subject) = ("ff".into(), "CN=fritz.box".into());
        seen.hairpin.get_mut(HOST).unwrap().tls = Ok(other);
    });
    assert!(finding(&report, id::HAIRPIN).summary.contains("CN=fritz.box"));
}

#[test]
fn a_house_that_is_kept_out_with_the_internet_is_told_before_the_controllers_404() {
    let report = open(|evidence, _| {
        for probe in evidence.node_answers.iter_mut().filter(|probe| probe.scheme == Scheme::Http) {
            probe.answer = Err(Transport::Closed);
        }
    });
    let told = finding(&report, id::SOURCE_NAT);
    assert!(told.cause.contains("source NAT") && told.fix.text.contains("`lan`"), "{told:?}");
}

#[test]
fn a_handshake_that_is_refused_to_a_name_that_nobody_has_is_right_as_soon_as_a_service_is_public() {
    let refused = |evidence: &mut Evidence| {
        for probe in evidence.node_answers.iter_mut().filter(|probe| probe.scheme == Scheme::Https) {
            probe.answer = Err(Transport::Tls("received fatal alert: UnrecognizedName".into()));
        }
    };
    assert_eq!(fails(&open(|evidence, _| refused(evidence))), []);
    assert_eq!(fails(&whole(refused)), [id::NODE_404]);
}
