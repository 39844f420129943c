//! The way to the lab's own server for challenges.

use std::net::{IpAddr, SocketAddr};

use crate::checks::cm::tests::*;
use crate::evidence::dns::{AskError, Data, Rcode, Record, Reply, Soa};
use crate::evidence::{DelegationSeen, Lookup, ParentSeen, ServerSeen};

const ZONE: &str = "acme.example.org";
const NS: &str = "homelab-ns.acme.example.org";
const PUBLIC: [u8; 4] = [203, 0, 113, 7];

/// A server's word on the zone.
fn soa(authoritative: bool) -> Reply {
    Reply { authoritative, ..begun(1) }
}

/// The same by a resolver, of a zone with that serial number.
fn begun(serial: u32) -> Reply {
    let soa = Soa { zone: ZONE.into(), primary: NS.into(), serial, minimum: 10, ttl: 60 };
    let answers = vec![Record { name: ZONE.into(), ttl: 60, data: Data::Soa(soa) }];
    Reply { answers, ..Reply::default() }
}

fn refused() -> Reply {
    Reply { rcode: Rcode::Refused, ..Reply::default() }
}

fn at(address: [u8; 4], port: u16) -> ServerSeen {
    let at = SocketAddr::from((address, port));
    ServerSeen { at, udp: Ok(soa(true)), tcp: Ok(soa(true)), stranger: Ok(refused()), inside: None }
}

/// Everything as it should be.
fn healthy() -> DelegationSeen {
    DelegationSeen {
        name: NS.into(),
        address: Some(PUBLIC.into()),
        port: 8053,
        parent: Ok(ParentSeen {
            zone: "example.org".into(),
            servers: vec![NS.into()],
            addresses: vec![PUBLIC.into()],
        }),
        from_outside: Some(Lookup { server: "https://1.1.1.1/dns-query".into(), result: Ok(soa(false)) }),
        public: Some(at(PUBLIC, 53)),
        nodes: vec![at([192, 168, 1, 5], 8053)],
    }
}

fn judged(change: impl FnOnce(&mut DelegationSeen), ready: bool) -> Report {
    let mut way = healthy();
    change(&mut way);
    lab(|evidence| {
        let challenges =
            ChallengesSeen { zone: ZONE.into(), own: true, names: Some(Vec::new()), server: Some(way) };
        evidence.challenges = Some(challenges);
        for certificate in evidence.certificates.iter_mut().flatten() {
            certificate.ready = Some(ready);
        }
    })
}

fn told(change: impl FnOnce(&mut DelegationSeen)) -> String {
    let report = judged(change, false);
    let finding = only(&report, id::CHALLENGE_SERVER);
    format!("{}; {}; {}", finding.summary, finding.cause, finding.fix.text)
}

fn parent(way: &mut DelegationSeen) -> &mut ParentSeen {
    way.parent.as_mut().unwrap()
}

fn nobody(server: &mut ServerSeen) {
    (server.udp, server.tcp, server.stranger) =
        (Err(AskError::Timeout), Err(AskError::Timeout), Err(AskError::Timeout));
}

fn outside(way: &mut DelegationSeen, result: Result<Reply, AskError>) {
    way.from_outside = Some(Lookup { server: "https://1.1.1.1/dns-query".into(), result });
}

fn servfail() -> Result<Reply, AskError> {
    Ok(Reply { rcode: Rcode::ServFail, ..Reply::default() })
}

#[test]
fn a_server_that_the_internet_finds_passes_and_says_from_where_it_was_seen() {
    let report = judged(|_| (), true);
    let Outcome::Pass { .. } = outcome(&report, id::CHALLENGE_SERVER) else { panic!("{report:?}") };
    let from_inside = judged(|way| nobody(way.public.as_mut().unwrap()), true);
    let said = format!("{:?}", outcome(&from_inside, id::CHALLENGE_SERVER));
    assert!(said.contains("from outside") && said.contains("were not told apart"), "{said}");
    assert!(!lab(|_| ()).checks.iter().any(|check| check.id == id::CHALLENGE_SERVER));
}

#[test]
fn a_missing_delegation_is_told_with_the_records_to_enter() {
    let said = told(|way| parent(way).servers.clear());
    assert!(said.contains("`acme.example.org` is not delegated"), "{said}");
    assert!(said.contains("enter `acme.example.org. NS homelab-ns.acme.example.org.` and `homelab-ns.acme.example.org. A 203.0.113.7` in the zone `example.org`"), "{said}");
    let report = judged(|way| parent(way).servers.clear(), false);
    assert_eq!(outcome(&report, id::CERTIFICATE), Outcome::Blocked { by: id::CHALLENGE_SERVER });
    assert_eq!(judged(|way| parent(way).servers.clear(), true).exit_code(), 0, "what is there serves");
}

#[test]
fn a_delegation_to_somebody_else_or_to_others_too_is_told() {
    let said = told(|way| parent(way).servers = vec!["old.example.net".into()]);
    assert!(said.contains("delegated to `old.example.net`, and not to `homelab-ns"), "{said}");
    let said = told(|way| parent(way).servers.push("old.example.net".into()));
    assert!(said.contains("to `old.example.net`, too") && said.contains("remove the other NS"), "{said}");
}

#[test]
fn glue_that_is_missing_or_of_an_earlier_address_is_told() {
    let said = told(|way| parent(way).addresses.clear());
    assert!(said.contains("has no address in the zone `example.org`") && said.contains("glue"), "{said}");
    assert!(said.contains("enter `homelab-ns.acme.example.org. A 203.0.113.7`"), "{said}");
    let said = told(|way| parent(way).addresses = vec![IpAddr::from([203, 0, 113, 9])]);
    assert!(
        said.contains("the address `203.0.113.9`") && said.contains("into `dns.challengeServer`"),
        "{said}"
    );
    let dyndns = |way: &mut DelegationSeen| {
        (way.name, way.address) = ("house.example.net".into(), None);
        parent(way).servers = vec!["house.example.net".into()];
    };
    let said = told(|way| {
        dyndns(way);
        parent(way).addresses.clear();
    });
    assert!(said.contains("`house.example.net`, has no address") && said.contains("DynDNS"), "{said}");
    assert!(matches!(outcome(&judged(dyndns, true), id::CHALLENGE_SERVER), Outcome::Pass { .. }));
}

#[test]
fn one_of_udp_and_tcp_alone_is_told_by_its_name() {
    let said = told(|way| way.public.as_mut().unwrap().tcp = Err(AskError::Timeout));
    assert!(
        said.contains("by UDP at 203.0.113.7, and not by TCP") && said.contains("192.168.1.5:8053"),
        "{said}"
    );
    let said = told(|way| way.public.as_mut().unwrap().udp = Err(AskError::Timeout));
    assert!(said.contains("by TCP at 203.0.113.7, and not by UDP"), "{said}");
}

#[test]
fn another_server_at_the_public_address_is_lame_and_a_resolver_is_told_as_the_danger_it_is() {
    let lame = |way: &mut DelegationSeen| {
        let public = way.public.as_mut().unwrap();
        (public.udp, public.tcp) = (Ok(refused()), Ok(refused()));
        outside(way, servfail());
    };
    let said = told(lame);
    assert!(said.contains("a lame delegation") && said.contains("forward public port 53"), "{said}");
    let said = told(|way| {
        lame(way);
        way.public.as_mut().unwrap().stranger = Ok(Reply { recursive: true, ..Reply::default() });
    });
    assert!(said.contains("recursion") && said.contains("at once"), "{said}");
}

/// Many routers answer questions from inside at each of their addresses themselves, whatever they forward from outside.
#[test]
fn a_router_that_answers_the_house_itself_is_no_open_resolver_where_the_way_in_is_seen_to_lead_to_the_server()
{
    let own = |way: &mut DelegationSeen| {
        let public = way.public.as_mut().unwrap();
        public.udp = Ok(Reply { recursive: true, ..begun(1) });
        public.tcp = public.udp.clone();
        public.stranger = Ok(Reply { recursive: true, ..Reply::default() });
        public.inside = Some(("photos.home.example.com".into(), true));
    };
    let said = format!("{:?}", outcome(&judged(own, false), id::CHALLENGE_SERVER));
    assert!(said.contains("Pass") && said.contains("mostly the router's own"), "{said}");
    let said = told(|way| {
        own(way);
        outside(way, Ok(begun(7)));
    });
    assert!(said.contains("recursion") && said.contains("at once"), "{said}");
}

#[test]
fn a_router_that_answers_by_tcp_itself_does_not_pass_tcp_on() {
    let said = told(|way| {
        way.public.as_mut().unwrap().tcp = Ok(Reply { recursive: true, ..soa(true) });
    });
    assert!(said.contains("and not by TCP: another name server answers"), "{said}");
}

#[test]
fn the_houses_own_server_in_its_place_is_told_although_it_may_have_a_zone_of_that_name() {
    let said = told(|way| {
        way.public.as_mut().unwrap().inside = Some(("photos.home.example.com".into(), true));
        outside(way, Ok(begun(2_026)));
    });
    assert!(
        said.contains("names of the house: `photos.home.example.com`") && said.contains("at once"),
        "{said}"
    );
    let well = judged(
        |way| way.public.as_mut().unwrap().inside = Some(("photos.home.example.com".into(), false)),
        true,
    );
    assert!(matches!(outcome(&well, id::CHALLENGE_SERVER), Outcome::Pass { .. }));
}

#[test]
fn a_router_that_forwards_nothing_is_told_from_a_server_that_does_not_run() {
    let unforwarded = |way: &mut DelegationSeen| {
        nobody(way.public.as_mut().unwrap());
        outside(way, servfail());
    };
    let said = told(unforwarded);
    assert!(said.contains("answers at 192.168.1.5:8053 in the house, and nobody gets to it"), "{said}");
    let said = told(|way| {
        unforwarded(way);
        nobody(&mut way.nodes[0]);
    });
    assert!(said.contains("neither from outside nor at its node at port 8053"), "{said}");
    let said = told(|way| {
        unforwarded(way);
        (way.nodes[0].udp, way.nodes[0].tcp) = (Ok(refused()), Ok(refused()));
    });
    assert!(said.contains("does not have the zone") && said.contains("homelab up"), "{said}");
    let said = told(|way| outside(way, servfail()));
    assert!(said.contains("answers from inside the house") && said.contains("DS record"), "{said}");
}

#[test]
fn what_could_not_be_looked_at_is_no_failure() {
    let is_unknown =
        |report: Report| matches!(outcome(&report, id::CHALLENGE_SERVER), Outcome::Unknown { .. });
    assert!(is_unknown(judged(|way| way.parent = Err("nobody answers".into()), false)));
    assert!(is_unknown(judged(|way| outside(way, Err(AskError::Timeout)), false)));
    let report = lab(|evidence| {
        evidence.challenges =
            Some(ChallengesSeen { zone: ZONE.into(), own: true, ..ChallengesSeen::default() });
    });
    assert!(matches!(outcome(&report, id::CHALLENGE_SERVER), Outcome::Skip { .. }));
}
