//! What a resolver does to a name, told by what it says of it and of the names around it.

use std::net::IpAddr;

use crate::checks::dns::local_zone::ADGUARD;
use crate::checks::tests::*;
use crate::evidence::dns::{AskError, Data, Extended, Rcode, Record, Reply, Soa};

const SERVER: &str = "192.168.1.1";
const PARENT: &str = "home.example.com";

fn soa(zone: &str, primary: &str) -> Soa {
    Soa { zone: zone.into(), primary: primary.into(), serial: 1, minimum: 300, ttl: 300 }
}

fn denied(by: Option<Soa>) -> Reply {
    Reply { soa: by, ..reply(Rcode::NxDomain, &[]) }
}

fn real() -> Option<Soa> {
    Some(soa("example.com", "ada.ns"))
}

fn saying(mut said: Reply, code: u16, text: &str) -> Reply {
    said.extended = vec![Extended { code, text: text.into() }];
    said
}

/// A resolver that passes everything on.
fn open() -> AroundSeen {
    AroundSeen {
        server: SERVER.into(),
        parent: PARENT.into(),
        soa: Ok(Reply { soa: real(), ..reply(Rcode::NoError, &[]) }),
        sibling: Ok(denied(real())),
        stranger: Some(Ok(denied(Some(soa("com", "a.gtld-servers.net"))))),
    }
}

/// This machine's resolver says this of the host, and that of the names around it.
fn says(said: Reply, around: AroundSeen) -> Report {
    age(said, around, "2026-05-01T00:00:00Z")
}

fn age(said: Reply, around: AroundSeen, written: &str) -> Report {
    whole(|evidence| {
        records(evidence)[0].modified_on = Some(written.parse().unwrap());
        evidence.around = vec![around];
        let seen = evidence.hosts.get_mut(HOST).unwrap();
        let found = said.addresses();
        (seen.system, seen.end_to_end) = (Some(Ok(found)), None);
        seen.system_servers = vec![lookup(SERVER, said)];
    })
}

#[test]
fn a_router_that_owns_the_lans_domain_is_told_by_a_made_up_name_that_it_asked_nobody_for() {
    let own = || AroundSeen { sibling: Ok(denied(None)), ..open() };
    for written in ["2026-05-01T00:00:00Z", "2026-06-01T11:59:00Z"] {
        let report = age(denied(None), own(), written);
        let finding = only(&report, id::LOCAL_ZONE);
        assert!(
            finding.cause.contains("192.168.1.1 is authoritative for `home.example.com`"),
            "{}",
            finding.cause
        );
        assert!(finding.fix.text.contains("home.arpa") && finding.fix.text.contains("OpenWrt"));
        assert_eq!(outcome(&report, id::SYSTEM), Outcome::Blocked { by: id::LOCAL_ZONE });
    }
}

#[test]
fn a_router_that_leaves_the_soa_out_of_every_answer_owns_nothing() {
    let strips = AroundSeen { sibling: Ok(denied(None)), stranger: Some(Ok(denied(None))), ..open() };
    assert_eq!(fails(&age(denied(None), strips, "2026-06-01T11:59:00Z")), [id::NEGATIVE_CACHE]);
}

#[test]
fn a_zone_of_the_resolvers_own_is_told_by_its_soa() {
    let zone = || Some(soa(PARENT, "ns.home.example.com"));
    let answered =
        Record { name: PARENT.into(), ttl: 300, data: Data::Soa(soa(PARENT, "ns.home.example.com")) };
    let own = AroundSeen {
        soa: Ok(Reply { answers: vec![answered], ..reply(Rcode::NoError, &[]) }),
        sibling: Ok(denied(zone())),
        ..open()
    };
    let finding = only(&says(denied(zone()), own), id::LOCAL_ZONE);
    assert!(finding.cause.contains("has its own zone `home.example.com`"), "{}", finding.cause);
}

#[test]
fn a_server_that_holds_the_whole_zone_is_told_by_its_first_name_server() {
    let report = whole(|evidence| {
        let Some(Ok(provider)) = &mut evidence.provider else { panic!("a provider") };
        provider.zone.name_servers = vec!["ada.ns".into(), "bob.ns".into()];
        let said = Reply { authoritative: true, ..denied(Some(soa("example.com", "dc1.example.com"))) };
        evidence.around = vec![AroundSeen { sibling: Ok(said.clone()), ..open() }];
        let seen = evidence.hosts.get_mut(HOST).unwrap();
        (seen.system, seen.end_to_end) = (Some(Ok(vec![])), None);
        seen.system_servers = vec![lookup(SERVER, said)];
    });
    assert!(only(&report, id::LOCAL_ZONE).cause.contains("`dc1.example.com`"));
}

#[test]
fn the_domain_of_adguard_homes_dhcp_server_is_told_from_its_block_list() {
    let made_up = |name: &str| denied(Some(soa(name, ADGUARD)));
    let dhcp = AroundSeen { sibling: Ok(made_up("x.home.example.com")), ..open() };
    assert_eq!(fails(&says(made_up(HOST), dhcp)), [id::LOCAL_ZONE]);
    let listed = only(&says(made_up(HOST), open()), id::LOCAL_OVERRIDE);
    assert!(listed.cause.contains("blocks `whoami.home.example.com`"), "{}", listed.cause);
    let all = AroundSeen { sibling: Ok(made_up("x.home.example.com")), soa: Ok(made_up(PARENT)), ..open() };
    assert_eq!(fails(&says(made_up(HOST), all)), [id::LOCAL_OVERRIDE]);
}

#[test]
fn a_block_list_is_known_by_its_answer_and_allowed_for_the_domain_where_it_has_all_of_it() {
    let void = || reply(Rcode::NoError, &[[0, 0, 0, 0]]);
    let whole = AroundSeen { sibling: Ok(void()), ..open() };
    let finding = only(&says(void(), whole), id::LOCAL_OVERRIDE);
    assert!(finding.cause.contains("`home.example.com` and all names below it"), "{}", finding.cause);
    assert!(
        finding.fix.text.contains("allow `example.com`") && finding.fix.text.contains("@@||example.com^")
    );
    assert!(!finding.fix.text.contains("rebind"), "{}", finding.fix.text);
    let others = [
        reply(Rcode::NoError, &[[127, 0, 0, 1]]),
        reply(Rcode::NoError, &[[192, 168, 1, 1]]),
        reply(Rcode::NoError, &[[146, 112, 61, 106]]),
        saying(denied(None), 15, "gravity"),
        saying(reply(Rcode::NoError, &[]), 17, ""),
    ];
    for said in others {
        let finding = only(&says(said, open()), id::LOCAL_OVERRIDE);
        assert!(finding.fix.text.contains("allow `whoami.home.example.com`"), "{}", finding.fix.text);
    }
}

#[test]
fn what_dnsmasq_says_of_a_private_answer_that_it_dropped_is_no_block_list() {
    let dropped = || saying(reply(Rcode::NoError, &[]), 15, "");
    assert_eq!(fails(&says(dropped(), open())), [id::REBIND]);
    let blocked = AroundSeen { sibling: Ok(dropped()), ..open() };
    assert_eq!(fails(&says(dropped(), blocked)), [id::LOCAL_OVERRIDE]);
}

#[test]
fn a_wildcard_of_the_resolver_is_told_from_an_entry_and_from_the_zones_own() {
    let elsewhere = || reply(Rcode::NoError, &[[10, 9, 9, 9]]);
    let wild = || AroundSeen { sibling: Ok(elsewhere()), ..open() };
    assert!(
        only(&says(elsewhere(), wild()), id::LOCAL_OVERRIDE).cause.contains("has its own wildcard entry")
    );
    assert!(
        only(&says(elsewhere(), open()), id::LOCAL_OVERRIDE).cause.contains("its own entry for the name")
    );
}

#[test]
fn a_refusal_that_stays_is_a_rule_or_a_limit_and_it_is_said_how_to_tell() {
    let finding = only(&says(reply(Rcode::Refused, &[]), open()), id::LOCAL_OVERRIDE);
    assert!(finding.cause.contains("Disallowed domains") && finding.fix.text.contains("in a minute"));
}

#[test]
fn a_domain_that_is_passed_on_to_a_dead_server_fails_alone_and_with_the_servers_words() {
    let said = || saying(reply(Rcode::ServFail, &[]), 22, "");
    let dead = AroundSeen { sibling: Ok(said()), ..open() };
    let finding = only(&says(said(), dead), id::SYSTEM);
    assert!(
        finding.cause.contains("conditional forwarding") && finding.cause.contains("No Reachable Authority")
    );
    assert!(!only(&says(said(), open()), id::SYSTEM).cause.contains("conditional forwarding"));
}

#[test]
fn a_domain_that_is_passed_on_to_silence_is_told_from_a_resolver_that_is_silent() {
    let silent = |around: Vec<AroundSeen>| {
        whole(|evidence| {
            evidence.around = around;
            let seen = evidence.hosts.get_mut(HOST).unwrap();
            (seen.system, seen.end_to_end) = (Some(Err(AskError::Timeout)), None);
            seen.system_servers = vec![Lookup { server: SERVER.into(), result: Err(AskError::Timeout) }];
        })
    };
    let lost = AroundSeen { sibling: Err(AskError::Timeout), soa: Err(AskError::Timeout), ..open() };
    assert!(only(&silent(vec![lost]), id::SYSTEM).cause.contains("conditional forwarding"));
    assert!(only(&silent(vec![]), id::SYSTEM).cause.contains("its resolver does not answer"));
}

fn both(beside: &str, of_zone: bool, of_server: bool) -> Report {
    let six: IpAddr = beside.parse().unwrap();
    let record = |address| Record { name: HOST.into(), ttl: 60, data: Data::Address(address) };
    host(|seen| {
        seen.system = Some(Ok(vec![NODE.into(), six]));
        let mut said = reply(Rcode::NoError, &[NODE]);
        if of_server {
            said.answers.push(record(six));
        }
        seen.system_servers = vec![lookup(SERVER, said)];
        let answers = if of_zone { vec![record(six)] } else { vec![] };
        seen.six = Some(lookup("ada.ns", Reply { answers, ..reply(Rcode::NoError, &[]) }));
    })
}

#[test]
fn an_address_of_another_family_has_the_zone_the_resolver_or_dns64_for_its_cause() {
    let zone = only(&both("2001:db8::9", true, true), id::SYSTEM);
    assert!(zone.cause.contains("the zone itself has an AAAA record"), "{}", zone.cause);
    let resolver = only(&both("2001:db8::9", false, true), id::LOCAL_OVERRIDE);
    assert!(
        resolver.cause.contains("192.168.1.1 has the AAAA record 2001:db8::9, which is not in the zone"),
        "{}",
        resolver.cause
    );
    let made_up = only(&both("64:ff9b::c0a8:102", false, true), id::LOCAL_OVERRIDE);
    assert!(made_up.cause.contains("DNS64"), "{}", made_up.cause);
    let other = only(&both("2001:db8::9", false, false), id::LOCAL_OVERRIDE);
    assert!(other.fix.text.contains("nsswitch"), "{}", other.fix.text);
}

#[test]
fn a_second_resolver_with_another_answer_is_a_warning_where_this_machine_gets_the_right_one() {
    let report = whole(|evidence| {
        evidence.around = vec![AroundSeen { sibling: Ok(denied(None)), ..open() }];
        let seen = evidence.hosts.get_mut(HOST).unwrap();
        seen.system_servers =
            vec![lookup("1.1.1.1", reply(Rcode::NoError, &[NODE])), lookup(SERVER, denied(None))];
    });
    let finding = only(&report, id::LOCAL_ZONE);
    assert!(finding.summary.contains("other devices and pods may not"), "{}", finding.summary);
    assert_eq!((report.exit_code(), report.counts.warn), (0, 1));
}

#[test]
fn a_resolver_that_refuses_this_network_has_an_access_list_and_not_a_dead_router() {
    let refuses = |server: &str, control| {
        whole(|evidence| {
            evidence.names = Some(NamesSeen {
                resolvers: Some(vec![ResolverSeen { control, ..super::resolver(server) }]),
                ..NamesSeen::default()
            });
        })
    };
    let cause = |report: &Report| {
        let check = report.failures().find(|check| check.id == id::RESOLVER).unwrap();
        check.finding().unwrap().cause.clone()
    };
    assert!(cause(&refuses(SERVER, Ok(reply(Rcode::Refused, &[])))).contains("access list"));
    let failed = saying(reply(Rcode::ServFail, &[]), 23, "198.51.100.2:53 refused");
    assert!(cause(&refuses(SERVER, Ok(failed))).contains("Network Error: 198.51.100.2:53 refused"));
    assert!(cause(&refuses("100.100.100.100", Err(AskError::Timeout))).contains("MagicDNS"));
}
