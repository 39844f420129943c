//! What is the same for every host: the zone, the resolvers, the way to the internet's DNS, this machine's place.

mod hidden;
mod house;
pub(in crate::checks) mod names;
mod organisations;
mod own;

use std::net::{IpAddr, SocketAddr};

use crate::checks::tests::*;
use crate::evidence::Transport;
use crate::evidence::dns::{AskError, Rcode};
use crate::evidence::http::{HttpAnswer, Scheme};

const CLOUDFLARE: [u8; 4] = [104, 19, 192, 175];

fn resolver(server: &str) -> ResolverSeen {
    let control = Ok(reply(Rcode::NoError, &[CLOUDFLARE]));
    ResolverSeen { server: server.into(), control, signs: None, again: None }
}

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|one| (*one).to_owned()).collect()
}

fn well() -> NamesSeen {
    NamesSeen {
        zone: Some(Ok(ZoneSeen {
            name: "example.com".into(),
            servers: texts(&["ada.ns", "bob.ns"]),
            delegated: Some(texts(&["ada.ns", "bob.ns"])),
        })),
        resolvers: Some(vec![resolver("192.168.1.1")]),
        nowhere: Some(Err(AskError::Timeout)),
        here: Some(HereSeen {
            networks: vec![Network {
                interface: "eth0".into(),
                address: [192, 168, 1, 0].into(),
                prefix: 24,
            }],
            asked: vec![],
        }),
    }
}

/// The healthy lab with everything looked at, and one change.
fn looked(change: impl FnOnce(&mut Evidence, &mut NamesSeen)) -> Report {
    whole(|evidence| {
        let mut names = well();
        if let Some(Ok(provider)) = &mut evidence.provider {
            provider.zone.name_servers = texts(&["ada.ns", "bob.ns"]);
        }
        change(evidence, &mut names);
        evidence.names = Some(names);
    })
}

fn zone(names: &mut NamesSeen) -> &mut ZoneSeen {
    names.zone.as_mut().unwrap().as_mut().unwrap()
}

#[test]
fn a_healthy_lab_passes_and_up_asks_for_none_of_it() {
    let report = looked(|_, _| ());
    assert_eq!((report.exit_code(), report.counts.pass), (0, report.checks.len()));
    assert!(!host(|_| ()).checks.iter().any(|check| check.id == id::ZONE || check.id == id::HOME));
}

#[test]
fn nothing_seen_is_unknown() {
    let report = looked(|_, names| *names = NamesSeen::default());
    for check in [id::ZONE, id::RESOLVER, id::INTERCEPTED, id::HOME] {
        assert!(matches!(outcome(&report, check), Outcome::Unknown { .. }), "{check}");
    }
}

#[test]
fn a_zone_without_name_servers_is_not_registered_or_not_delegated() {
    let report =
        looked(|_, names| *zone(names) = ZoneSeen { name: "example.com".into(), ..ZoneSeen::default() });
    let finding = only(&report, id::ZONE);
    assert!(finding.fix.text.contains("ada.ns and bob.ns"), "{}", finding.fix.text);
}

#[test]
fn a_zone_at_another_provider_is_an_error_and_one_at_two_providers_a_warning() {
    let report = looked(|_, names| zone(names).delegated = Some(texts(&["ns1.old.net", "ns2.old.net"])));
    assert!(only(&report, id::ZONE).summary.contains("ns1.old.net and ns2.old.net"));
    assert_eq!(report.exit_code(), 1);
    let report = looked(|_, names| zone(names).delegated = Some(texts(&["ada.ns", "ns2.old.net"])));
    assert!(only(&report, id::ZONE).cause.contains("two providers"));
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn the_servers_that_resolvers_find_count_where_the_zone_above_does_not_answer() {
    let report = looked(|_, names| {
        zone(names).delegated = None;
        zone(names).servers = texts(&["ns1.old.net"]);
    });
    assert_eq!(fails(&report), [id::ZONE]);
}

#[test]
fn a_zone_that_does_not_exist_blocks_the_servers_that_cannot_be_asked() {
    let report = looked(|evidence, names| {
        *zone(names) = ZoneSeen { name: "example.com".into(), ..ZoneSeen::default() };
        evidence.hosts.get_mut(HOST).unwrap().authoritative.clear();
    });
    assert_eq!(outcome(&report, id::AUTHORITATIVE), Outcome::Blocked { by: id::ZONE });
}

#[test]
fn a_host_outside_the_zone_is_passed_over() {
    let report = looked(|evidence, names| {
        zone(names).name = "other.org".into();
        let Some(Ok(provider)) = &mut evidence.provider else { unreachable!() };
        provider.zone.name = "other.org".into();
    });
    assert!(matches!(outcome(&report, id::AUTHORITATIVE), Outcome::Skip { .. }));
    assert!(matches!(outcome(&report, id::SYSTEM), Outcome::Pass { .. }));
    assert!(!fails(&report).iter().any(|id| id.as_str().starts_with("dns.")));
}

fn dead(names: &mut NamesSeen, why: AskError) {
    names.resolvers.as_mut().unwrap()[0].control = Err(why);
}

#[test]
fn a_resolver_that_does_not_answer_is_named_before_the_lookups_that_fail_for_it() {
    let report = looked(|evidence, names| {
        dead(names, AskError::Refused);
        let seen = evidence.hosts.get_mut(HOST).unwrap();
        seen.system = Some(Err(AskError::Other("Temporary failure in name resolution".into())));
        seen.system_servers = vec![Lookup { server: "192.168.1.1".into(), result: Err(AskError::Refused) }];
        seen.end_to_end = None;
    });
    let finding = only(&report, id::RESOLVER);
    assert!(finding.summary.contains("192.168.1.1: nothing listens"), "{}", finding.summary);
    assert_eq!(outcome(&report, id::SYSTEM), Outcome::Blocked { by: id::RESOLVER });
}

#[test]
fn one_dead_resolver_of_two_is_a_warning_as_long_as_names_resolve() {
    let two = |names: &mut NamesSeen| {
        names.resolvers.as_mut().unwrap().push(resolver("1.1.1.1"));
        dead(names, AskError::Timeout);
    };
    let report = looked(|_, names| two(names));
    assert!(only(&report, id::RESOLVER).summary.contains("1.1.1.1 answers"));
    assert_eq!(report.exit_code(), 0);
    let report = looked(|evidence, names| {
        two(names);
        evidence.hosts.get_mut(HOST).unwrap().system = Some(Err(AskError::Timeout));
    });
    assert_eq!((fails(&report), report.exit_code()), (vec![id::RESOLVER], 1));
}

#[test]
fn a_resolver_that_loses_questions_or_is_slow_is_a_warning_and_one_lost_by_chance_is_none() {
    let with = |answered: u32, late: u32| {
        looked(|_, names| {
            let again = Some(AgainSeen { asked: 5, answered, late });
            names.resolvers = Some(vec![ResolverSeen { again, ..resolver("192.168.1.1") }]);
        })
    };
    let report = with(3, 0);
    let finding = only(&report, id::RESOLVER);
    assert!(finding.summary.contains("192.168.1.1 answers 3 of 5 questions") && report.exit_code() == 0);
    assert!(finding.cause.contains("Wi-Fi") && finding.cause.contains("1000 questions a minute"));
    assert!(only(&with(5, 2), id::RESOLVER).summary.contains("2 of them after more than a second"));
    for (answered, late) in [(5, 0), (4, 0), (5, 1)] {
        assert_eq!(fails(&with(answered, late)), [], "{answered} {late}");
    }
}

#[test]
fn names_that_others_stand_for_are_passed_over_and_that_is_said() {
    let report = looked(|evidence, _| {
        for n in 0..9 {
            let left_out = HostSeen { left_out: true, ..HostSeen::default() };
            evidence.hosts.insert(format!("s{n}.home.example.com"), left_out);
        }
    });
    let of_dns = |check: &&Check| check.id.as_str().starts_with("dns.") || check.id == id::END_TO_END;
    let others =
        report.checks.iter().filter(of_dns).filter(|check| check.subject.host.as_deref() != Some(HOST));
    let fine = |check: &Check| matches!(check.outcome, Outcome::Pass { .. } | Outcome::Skip { .. });
    assert!(others.clone().all(fine), "{:#?}", others.filter(|check| !fine(check)).collect::<Vec<_>>());
    let Outcome::Pass { saw } = outcome(&report, id::RESOLVER) else { panic!("the resolver answers") };
    assert!(saw.contains("1 of 10 names were looked up"), "{saw}");
}

#[test]
fn a_resolver_that_knows_no_public_name_is_broken_and_no_rebinding() {
    let report = looked(|evidence, names| {
        names.resolvers.as_mut().unwrap()[0].control = Ok(reply(Rcode::ServFail, &[]));
        let seen = evidence.hosts.get_mut(HOST).unwrap();
        (seen.system, seen.end_to_end) = (Some(Ok(vec![])), None);
        seen.system_servers = vec![lookup("192.168.1.1", reply(Rcode::NoError, &[]))];
    });
    assert_eq!(fails(&report), [id::RESOLVER]);
}

#[test]
fn the_make_of_the_resolver_that_drops_private_answers_is_named_with_its_setting() {
    let rebind = |signs: Signs| {
        looked(|evidence, names| {
            names.resolvers.as_mut().unwrap()[0].signs = Some(signs);
            let seen = evidence.hosts.get_mut(HOST).unwrap();
            (seen.system, seen.end_to_end) = (Some(Ok(vec![])), None);
            seen.system_servers = vec![lookup("192.168.1.1", reply(Rcode::NoError, &[]))];
        })
    };
    let report = rebind(Signs { version: Some("dnsmasq-2.90".into()), ..Signs::default() });
    let finding = only(&report, id::REBIND);
    assert!(finding.cause.contains("dnsmasq with `stop-dns-rebind`"), "{}", finding.cause);
    assert_eq!(finding.fix.nixos, None, "a router's configuration is not this machine's");
    let report = rebind(Signs { names: texts(&["fritz.box"]), ..Signs::default() });
    let finding = only(&report, id::REBIND);
    assert!(
        finding.fix.text.contains("`example.com` without `*.`") && !finding.fix.text.contains("OpenWrt"),
        "{}",
        finding.fix.text
    );
    let finding = only(&rebind(Signs::default()), id::REBIND);
    assert!(finding.fix.text.contains("OpenWrt") && finding.fix.text.contains("Pi-hole"));
}

#[test]
fn an_answer_from_where_nobody_is_means_that_port_53_is_intercepted() {
    let report = looked(|_, names| names.nowhere = Some(Ok(reply(Rcode::NoError, &[CLOUDFLARE]))));
    assert!(only(&report, id::INTERCEPTED).summary.contains("192.0.2.1"));
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn a_public_resolver_that_hides_on_port_53_what_it_has_over_https_is_intercepted() {
    let https = || lookup("https://1.1.1.1/dns-query", reply(Rcode::NoError, &[NODE]));
    let report = looked(|evidence, _| {
        let seen = evidence.hosts.get_mut(HOST).unwrap();
        seen.public = vec![lookup("1.1.1.1", reply(Rcode::NoError, &[])), https()];
    });
    assert_eq!(fails(&report).first(), Some(&id::INTERCEPTED));
    let remembered = looked(|evidence, _| {
        let seen = evidence.hosts.get_mut(HOST).unwrap();
        seen.public = vec![lookup("1.1.1.1", with_soa(reply(Rcode::NxDomain, &[]), 300)), https()];
    });
    assert!(!fails(&remembered).contains(&id::INTERCEPTED));
}

#[test]
fn offline_leaves_out_what_lies_beyond_this_network_and_ends_well() {
    let report = looked(|evidence, names| {
        evidence.offline = true;
        (evidence.provider, names.zone, names.nowhere) = (None, None, None);
        let seen = evidence.hosts.get_mut(HOST).unwrap();
        (seen.authoritative, seen.public) = (vec![], vec![]);
    });
    let unknown: Vec<_> =
        report.checks.iter().filter(|check| matches!(check.outcome, Outcome::Unknown { .. })).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
    assert_eq!(report.exit_code(), 0);
    assert!(matches!(outcome(&report, id::SYSTEM), Outcome::Pass { .. }));
}

fn asked(names: &mut NamesSeen, answer: Result<HttpAnswer, Transport>) {
    let address = SocketAddr::new(IpAddr::from(NODE), 80);
    let probe = NodeProbe { node: String::new(), address, scheme: Scheme::Http, named: true, answer };
    names.here.as_mut().unwrap().asked.push(probe);
}

/// Elsewhere: no API server, another network.
fn away(answer: Result<HttpAnswer, Transport>, network: [u8; 4]) -> Report {
    looked(|evidence, names| {
        evidence.nodes = None;
        names.here.as_mut().unwrap().networks[0].address = network.into();
        asked(names, answer);
    })
}

#[test]
fn another_network_and_a_silent_node_mean_not_at_home() {
    let finding = only(&away(Err(Transport::Timeout), [10, 0, 0, 0]), id::HOME);
    assert!(finding.summary.contains("10.0.0.0/24 (eth0)"), "{}", finding.summary);
}

#[test]
fn somebody_else_at_the_nodes_address_means_not_at_home_also_in_a_network_of_the_same_numbers() {
    for network in [[192, 168, 1, 0], [10, 0, 0, 0]] {
        let report = away(Ok(page(200, "text/html", "<title>Cafe</title>")), network);
        assert!(only(&report, id::HOME).cause.contains("not at home"));
    }
}

#[test]
fn what_speaks_for_being_at_home_is_believed() {
    let passes = |report: &Report| matches!(outcome(report, id::HOME), Outcome::Pass { .. });
    assert!(passes(&away(Err(Transport::Timeout), [192, 168, 1, 0])));
    assert!(passes(&away(Ok(nginx_404()), [10, 0, 0, 0])));
    let refused = away(Err(Transport::Refused), [10, 0, 0, 0]);
    assert!(matches!(outcome(&refused, id::HOME), Outcome::Skip { .. }));
}
