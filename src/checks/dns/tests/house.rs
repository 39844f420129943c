//! Where the nodes answer in the house, beside a provider.

use std::net::SocketAddr;

use super::*;
use crate::evidence::dns::{Data, Record, Reply, Soa};
use crate::evidence::{ChallengesSeen, Fault, HouseHostSeen};

const ZONE: &str = "home.example.com";
const NAME: &str = "homelab-ns.home.example.com";
const ROUTER: &str = "192.168.1.1";
const PRINTER: [u8; 4] = [192, 168, 1, 9];

fn soa() -> Soa {
    Soa { zone: ZONE.into(), primary: NAME.into(), serial: 1, minimum: 10, ttl: 60 }
}

fn answer(data: Data) -> Reply {
    let record = Record { name: ZONE.into(), ttl: 60, data };
    Reply { authoritative: true, answers: vec![record], ..reply(Rcode::NoError, &[]) }
}

fn own() -> OwnServersSeen {
    let address = SocketAddr::from((NODE, 53));
    let stranger = Ok(reply(Rcode::Refused, &[]));
    OwnServersSeen {
        zone: ZONE.into(),
        name: NAME.into(),
        alone: false,
        servers: vec![OwnServer { node: "pi".into(), address, soa: Ok(answer(Data::Soa(soa()))), stranger }],
        hosts: vec![HouseHostSeen {
            name: format!("printer.{ZONE}"),
            wanted: vec![PRINTER.into()],
            seen: vec![lookup("pi", reply(Rcode::NoError, &[PRINTER]))],
        }],
        resolvers: vec![lookup(ROUTER, answer(Data::Ns(NAME.into())))],
        public: Vec::new(),
    }
}

/// The healthy lab whose nodes answer, too, with one change.
fn house(change: impl FnOnce(&mut Evidence, &mut OwnServersSeen)) -> Report {
    looked(|evidence, _| {
        let mut own = own();
        let host = evidence.hosts.get_mut(HOST).unwrap();
        host.authoritative.insert(0, lookup("pi", reply(Rcode::NoError, &[NODE])));
        change(evidence, &mut own);
        evidence.own_servers = Some(own);
    })
}

/// The same with nothing in public DNS.
fn hidden(change: impl FnOnce(&mut Evidence, &mut OwnServersSeen)) -> Report {
    house(|evidence, own| {
        own.alone = true;
        evidence.unpublished = true;
        records(evidence).clear();
        let host = evidence.hosts.get_mut(HOST).unwrap();
        host.authoritative.truncate(1);
        host.public.clear();
        change(evidence, own);
    })
}

fn does_not_forward(own: &mut OwnServersSeen) {
    own.resolvers = vec![lookup(ROUTER, reply(Rcode::NoError, &[]))];
}

fn host(evidence: &mut Evidence) -> &mut HostSeen {
    evidence.hosts.get_mut(HOST).unwrap()
}

fn saw(report: &Report, id: crate::checks::CheckId) -> String {
    let Outcome::Pass { saw } = outcome(report, id) else { panic!("{id}: {:?}", outcome(report, id)) };
    saw
}

fn skipped(report: &Report, id: crate::checks::CheckId) -> String {
    let Outcome::Skip { why } = outcome(report, id) else { panic!("{id}: {:?}", outcome(report, id)) };
    why
}

#[test]
fn a_house_whose_nodes_answer_beside_the_provider_passes_from_both_sides() {
    let report = house(|_, _| ());
    assert_eq!(fails(&report), []);
    for id in [id::OWN_SERVER, id::NO_RECURSION, id::HOUSE_FORWARDS, id::PUBLIC, id::ZONE, id::RECORDS] {
        assert!(!saw(&report, id).is_empty());
    }
    assert!(saw(&report, id::REBIND).contains("from the nodes"), "{}", saw(&report, id::REBIND));
    assert!(saw(&report, id::HOUSE_HOSTS).contains("1 of `dns.hosts`"));
    assert_eq!(skipped(&report, id::PUBLIC_NAME), "a provider hosts the zone");
}

#[test]
fn a_router_that_does_not_ask_the_nodes_is_a_warning_as_long_as_names_resolve() {
    let report = house(|_, own| does_not_forward(own));
    let finding = only(&report, id::HOUSE_FORWARDS);
    assert!(finding.cause.contains("names come from public DNS"), "{finding:?}");
    assert!(finding.fix.text.contains("192.168.1.2"), "{finding:?}");
    assert_eq!(report.failures().next().unwrap().severity, Severity::Warning);
    assert!(!saw(&report, id::REBIND).contains("from the nodes"));
}

#[test]
fn where_names_fail_for_it_the_router_is_the_error_and_rebinding_is_explained_by_it() {
    let fails_here = |evidence: &mut Evidence| {
        let host = host(evidence);
        host.system = Some(Err(AskError::Other("no address".into())));
        host.system_servers = vec![lookup(ROUTER, reply(Rcode::NoError, &[]))];
    };
    let report = house(|evidence, own| {
        does_not_forward(own);
        fails_here(evidence);
    });
    only(&report, id::HOUSE_FORWARDS);
    assert_eq!(report.failures().next().unwrap().severity, Severity::Error);
    assert_eq!(outcome(&report, id::REBIND), Outcome::Blocked { by: id::HOUSE_FORWARDS });
    // Without the house resolver, that is the cure that is told beside the router's own setting.
    let report = looked(|evidence, _| fails_here(evidence));
    let finding = only(&report, id::REBIND);
    assert!(finding.fix.text.contains("`dns.houseResolver: true`"), "{finding:?}");
    // With it in force, what still drops the answer is the router alone.
    let finding = only(&house(|evidence, _| fails_here(evidence)), id::REBIND);
    assert!(finding.cause.contains("also from those of the nodes"), "{finding:?}");
    assert!(!finding.fix.text.contains("houseResolver"), "{finding:?}");
}

#[test]
fn nothing_public_is_looked_for_where_nothing_is_published() {
    let report = hidden(|_, _| ());
    assert_eq!(fails(&report), []);
    assert_eq!(skipped(&report, id::PUBLIC), "only the nodes know these names");
    assert_eq!(skipped(&report, id::DNSSEC), "only the nodes know these names");
    assert!(skipped(&report, id::OWNER).contains("dns.publish: false"));
    assert!(saw(&report, id::RECORDS).contains("no record"));
    // The challenges of certificates are public all the same.
    assert!(!saw(&report, id::ZONE).is_empty() && !saw(&report, id::TOKEN).is_empty());
}

#[test]
fn where_nothing_is_published_a_router_that_does_not_ask_the_nodes_is_an_error() {
    let report = hidden(|_, own| does_not_forward(own));
    assert!(only(&report, id::HOUSE_FORWARDS).cause.contains("only the nodes know these names"));
    assert_eq!(report.failures().next().unwrap().severity, Severity::Error);
}

#[test]
fn without_the_internet_nothing_is_broken_and_it_is_said_that_the_house_goes_on() {
    let report = looked(|evidence, names| {
        let unreached = Fault::Transport { host: "api.cloudflare.com".into(), cause: Transport::Timeout };
        evidence.provider = Some(Err(failure(unreached)));
        names.zone = Some(Err("the name servers of `home.example.com` cannot be found".into()));
        let host = host(evidence);
        host.authoritative = vec![lookup("pi", reply(Rcode::NoError, &[NODE]))];
        host.public = vec![Lookup { server: "1.1.1.1".into(), result: Err(AskError::Timeout) }];
        evidence.own_servers = Some(own());
    });
    assert_eq!(fails(&report), []);
    assert_eq!(report.exit_code(), 3);
    assert!(skipped(&report, id::PUBLIC).contains("the name goes on working"));
    assert!(skipped(&report, id::RECORDS).contains("in the house the nodes answer"));
    let Outcome::Unknown { why } = outcome(&report, id::TOKEN) else { panic!("{report:?}") };
    assert!(why.contains("names go on working"), "{why}");
    for id in [id::AUTHORITATIVE, id::SYSTEM, id::HOUSE_FORWARDS, id::HOUSE_HOSTS, id::END_TO_END] {
        assert!(!saw(&report, id).is_empty());
    }
}

#[test]
fn a_name_of_a_machine_that_a_node_does_not_have_is_told_with_what_it_should_be() {
    let report =
        house(|_, own| own.hosts[0].seen = vec![lookup("pi", reply(Rcode::NoError, &[[192, 168, 1, 8]]))]);
    let finding = only(&report, id::HOUSE_HOSTS);
    assert!(
        finding.summary.contains("`pi` answers 192.168.1.8 for `printer.home.example.com`, not 192.168.1.9")
    );
    assert!(finding.fix.text.contains("run `homelab up`"), "{finding:?}");
    let silent = house(|_, own| {
        own.hosts[0].seen = vec![Lookup { server: "pi".into(), result: Err(AskError::Timeout) }];
    });
    assert!(matches!(outcome(&silent, id::HOUSE_HOSTS), Outcome::Unknown { .. }));
}

#[test]
fn a_node_is_compared_with_the_cluster_and_not_with_what_the_provider_has() {
    let report = house(|evidence, _| {
        host(evidence).authoritative[0] = lookup("pi", reply(Rcode::NoError, &[[192, 168, 1, 99]]));
    });
    let finding = report.failures().find(|check| check.id == id::AUTHORITATIVE).unwrap().finding().unwrap();
    assert!(finding.cause.contains("the external-dns beside"), "{finding:?}");
    let report = house(|evidence, _| records(evidence)[0].content = "192.168.1.77".into());
    let at_node = |check: &crate::checks::Check| {
        check.id == id::AUTHORITATIVE && check.vantage == Vantage::Authoritative("pi".into())
    };
    let check = report.checks.iter().find(|check| at_node(check)).unwrap();
    assert!(matches!(check.outcome, Outcome::Pass { .. }), "{check:?}");
}

#[test]
fn a_resolver_that_passes_the_nodes_zone_on_has_no_zone_of_its_own() {
    let nothing = || Reply { soa: Some(soa()), ..reply(Rcode::NxDomain, &[]) };
    let report = house(|evidence, _| {
        records(evidence)[0].created_on = Some(now());
        host(evidence).system = Some(Err(AskError::Other("no such name".into())));
        host(evidence).system_servers = vec![lookup(ROUTER, nothing())];
        evidence.around = vec![AroundSeen {
            server: ROUTER.into(),
            parent: ZONE.into(),
            soa: Ok(answer(Data::Soa(soa()))),
            sibling: Ok(nothing()),
            stranger: Some(Ok(with_soa(reply(Rcode::NxDomain, &[]), 60))),
        }];
    });
    assert!(!fails(&report).contains(&id::LOCAL_ZONE), "{:?}", fails(&report));
    assert!(fails(&report).contains(&id::NEGATIVE_CACHE), "{:?}", fails(&report));
}

#[test]
fn a_resolver_that_checks_signatures_is_told_that_the_houses_zone_has_none() {
    for picture in [house as fn(fn(&mut Evidence, &mut OwnServersSeen)) -> Report, hidden] {
        let report = picture(|evidence, _| {
            let host = host(evidence);
            host.system = Some(Err(AskError::Other("SERVFAIL".into())));
            host.system_servers = vec![lookup(ROUTER, reply(Rcode::ServFail, &[]))];
            host.unchecked = vec![lookup(ROUTER, reply(Rcode::NoError, &[NODE]))];
        });
        let finding = only(&report, id::DNSSEC);
        assert!(finding.fix.text.contains("`domain-insecure: \"home.example.com\"`"), "{finding:?}");
    }
}

#[test]
fn a_name_that_only_public_dns_has_is_told_since_the_nodes_hide_it() {
    let of = |kind: &str, name: &str| record(name, kind, "203.0.113.7");
    let report = house(|evidence, _| {
        records(evidence).extend([
            of("A", "www.home.example.com"),
            of("MX", "home.example.com"),
            of("A", "www.example.com"),
            of("A", "printer.home.example.com"),
            of("TXT", "_acme-challenge.home.example.com"),
            of("CNAME", "_acme-challenge.nas.home.example.com"),
        ]);
    });
    let finding = only(&report, id::SHADOWED);
    assert!(
        finding.summary.contains("`home.example.com`, `www.home.example.com`, which public DNS has"),
        "{finding:?}"
    );
    assert!(finding.fix.text.contains("`dns.hosts`"), "{finding:?}");
    assert!(saw(&house(|_, _| ()), id::SHADOWED).contains("every name"));
}

#[test]
fn the_name_of_the_labs_own_server_for_challenges_is_not_missed_in_the_house() {
    let glue = || record("homelab-ns.home.example.com", "A", "203.0.113.7");
    let report = house(|evidence, _| {
        evidence.challenges =
            Some(ChallengesSeen { zone: "home.example.com".into(), own: true, names: None, server: None });
        records(evidence).push(glue());
    });
    assert!(saw(&report, id::SHADOWED).contains("every name"));
    let report = house(|evidence, _| records(evidence).push(glue()));
    assert!(
        only(&report, id::SHADOWED).summary.contains("homelab-ns"),
        "without that server it is anybody's"
    );
}

/// The provider's zone is that of the challenges alone.
fn challenged(evidence: &mut Evidence) {
    let zone = "acme.example.org".to_owned();
    if let Some(Ok(provider)) = &mut evidence.provider {
        provider.zone.name.clone_from(&zone);
        provider.zone.name_servers = vec!["ns.example.org".into()];
    }
    evidence.challenges = Some(ChallengesSeen { zone, names: None, ..ChallengesSeen::default() });
}

#[test]
fn the_nodes_have_the_names_also_where_the_provider_has_another_zone() {
    let report = hidden(|evidence, _| challenged(evidence));
    assert_eq!(report.failures().count(), 0, "{:#?}", report.failures().collect::<Vec<_>>());
    assert!(saw(&report, id::SYSTEM).contains("192.168.1.2"));
    assert!(saw(&report, id::ZONE).contains("ada.ns"), "that of the names is compared with nobody's list");
}

#[test]
fn names_that_the_house_has_elsewhere_are_looked_up_on_this_machine_alone() {
    let elsewhere = |found: &[[u8; 4]]| {
        looked(|evidence, _| {
            challenged(evidence);
            evidence.unpublished = true;
            let host = evidence.hosts.get_mut(HOST).unwrap();
            (host.authoritative, host.public) = (Vec::new(), Vec::new());
            host.system = Some(Ok(found.iter().map(|address| (*address).into()).collect()));
        })
    };
    let report = elsewhere(&[NODE]);
    assert_eq!(report.failures().count(), 0, "{:#?}", report.failures().collect::<Vec<_>>());
    assert!(skipped(&report, id::AUTHORITATIVE).contains("`dns.challengeZone`"));
    let finding = only(&elsewhere(&[]), id::SYSTEM);
    assert!(finding.summary.contains(&format!("does not resolve `{HOST}`")), "{}", finding.summary);
    assert!(finding.fix.text.contains(&format!("`{HOST}. A 192.168.1.2`")), "{}", finding.fix.text);
    let finding = only(&elsewhere(&[[10, 9, 8, 7]]), id::SYSTEM);
    assert!(finding.summary.contains("to 10.9.8.7, not to 192.168.1.2"), "{}", finding.summary);
}
