//! What can stand between the record and this machine.

use std::net::IpAddr;

use crate::checks::tests::*;
use crate::evidence::dns::{AskError, Data, Rcode, Record, Reply};

/// This machine finds nothing, and its resolver says this.
fn resolver_says(seen: &mut HostSeen, said: Reply) {
    seen.system = Some(Ok(vec![]));
    seen.system_servers = vec![lookup("192.168.1.1", said)];
    seen.end_to_end = None;
}

pub(in crate::checks) fn rebind() -> Report {
    host(|seen| resolver_says(seen, reply(Rcode::NoError, &[])))
}

pub(in crate::checks) fn remembered() -> Report {
    young(|seen| resolver_says(seen, with_soa(reply(Rcode::NxDomain, &[]), 1200)))
}

/// A house whose record was made just now, so that its absence may be remembered.
fn young(change: impl FnOnce(&mut HostSeen)) -> Report {
    whole(|evidence| {
        records(evidence)[0].modified_on = Some(now());
        change(evidence.hosts.get_mut(HOST).unwrap());
    })
}

#[test]
fn an_absence_cannot_be_remembered_of_a_record_that_is_older_than_any_memory() {
    let report = host(|seen| resolver_says(seen, with_soa(reply(Rcode::NxDomain, &[]), 1200)));
    assert_eq!(fails(&report), [id::REBIND]);
}

#[test]
fn an_empty_answer_without_a_soa_is_rebinding_protection_and_never_heals() {
    let report = rebind();
    let finding = only(&report, id::REBIND);
    assert!(finding.fix.text.contains("rebind-domain-ok=/example.com/"));
    assert_eq!(finding.heals, Heals::Never);
    assert_eq!(outcome(&report, id::SYSTEM), Outcome::Blocked { by: id::REBIND });
    assert_eq!(outcome(&report, id::END_TO_END), Outcome::Blocked { by: id::REBIND });
    assert!(settled(&report));
}

#[test]
fn a_remembered_absence_gives_a_countdown_and_heals_by_waiting() {
    let report = remembered();
    let finding = only(&report, id::NEGATIVE_CACHE);
    assert!(finding.fix.text.contains("in 20 min"), "{}", finding.fix.text);
    assert_eq!(finding.retry_at, Some("2026-06-01T12:20:00Z".parse().unwrap()));
    assert!(!settled(&report));
    assert_eq!(next_try(&report), finding.retry_at);
}

#[test]
fn an_absence_ends_no_later_than_one_from_before_the_record_however_often_its_soa_is_renewed() {
    // dnsmasq keeps one SOA for the whole zone, which each made-up name renews.
    let look = |written: &str| {
        let report = whole(|evidence| {
            records(evidence)[0].modified_on = Some(written.parse().unwrap());
            let said = with_soa(reply(Rcode::NxDomain, &[]), 1799);
            resolver_says(evidence.hosts.get_mut(HOST).unwrap(), said);
        });
        only(&report, id::NEGATIVE_CACHE).retry_at.unwrap().to_string()
    };
    assert_eq!(look("2026-06-01T12:00:00Z"), "2026-06-01T12:29:59Z");
    assert_eq!(look("2026-06-01T11:50:00Z"), "2026-06-01T12:21:00Z");
    assert_eq!(look("2026-06-01T11:35:00Z"), "2026-06-01T12:06:00Z");
}

#[test]
fn an_absence_without_a_soa_is_remembered_when_the_record_is_new_and_filtered_when_it_is_old() {
    let said = || reply(Rcode::NxDomain, &[]);
    assert_eq!(fails(&young(|seen| resolver_says(seen, said()))), [id::NEGATIVE_CACHE]);
    assert_eq!(fails(&host(|seen| resolver_says(seen, said()))), [id::REBIND]);
}

#[test]
fn another_address_from_the_resolver_is_a_local_override() {
    let report = host(|seen| {
        seen.system = Some(Ok(vec![IpAddr::from([10, 9, 9, 9])]));
        seen.system_servers = vec![lookup("192.168.1.1", reply(Rcode::NoError, &[[10, 9, 9, 9]]))];
    });
    let finding = only(&report, id::LOCAL_OVERRIDE);
    assert!(finding.cause.contains("192.168.1.1"));
    assert_eq!(finding.heals, Heals::Never);
}

#[test]
fn an_answer_that_leads_to_the_nodes_is_right_whatever_the_record_says() {
    let report = host(|seen| {
        let moved = || lookup("203.0.113.53", reply(Rcode::NoError, &[[10, 9, 9, 9]]));
        seen.authoritative = vec![moved()];
        seen.public = vec![moved()];
    });
    for check in [id::LOCAL_OVERRIDE, id::SYSTEM] {
        assert!(
            report.checks.iter().any(|one| one.id == check && matches!(one.outcome, Outcome::Pass { .. }))
        );
    }
}

#[test]
fn an_address_that_was_taken_away_is_remembered_for_a_while_beside_those_that_stay() {
    let answered = |ttl: u32| {
        host(|seen| {
            let both = reply(Rcode::NoError, &[NODE, [192, 168, 1, 77]]);
            seen.system = Some(Ok(both.addresses()));
            let mut said = both;
            said.answers.iter_mut().for_each(|record| record.ttl = ttl);
            seen.system_servers = vec![lookup("192.168.1.1", said)];
        })
    };
    let remembered = only(&answered(20), id::LOCAL_OVERRIDE).clone();
    assert_eq!(remembered.heals, Heals::Waiting);
    assert_eq!(only(&answered(3600), id::LOCAL_OVERRIDE).heals, Heals::Never, "longer than the record lasts");
}

#[test]
fn an_answer_that_may_not_be_kept_is_no_memory_of_the_record_however_young_that_is() {
    let report = whole(|evidence| {
        records(evidence)[0].modified_on = Some(now());
        let seen = evidence.hosts.get_mut(HOST).unwrap();
        let mut said = reply(Rcode::NoError, &[[192, 168, 1, 77]]);
        said.answers.iter_mut().for_each(|record| record.ttl = 0);
        seen.system = Some(Ok(vec![IpAddr::from([192, 168, 1, 77])]));
        seen.system_servers = vec![lookup("192.168.1.1", said)];
    });
    assert_eq!(only(&report, id::LOCAL_OVERRIDE).heals, Heals::Never);
}

#[test]
fn another_address_than_the_resolver_gives_comes_from_the_hosts_file() {
    let elsewhere = || Some(Ok(vec![IpAddr::from([10, 9, 9, 9])]));
    let report = host(|seen| {
        seen.system = elsewhere();
        seen.hosts_lines = vec![format!("10.9.9.9 {HOST}")];
    });
    assert!(only(&report, id::LOCAL_OVERRIDE).cause.contains("`/etc/hosts` has the line `10.9.9.9"));
    let report = host(|seen| seen.system = elsewhere());
    assert!(only(&report, id::LOCAL_OVERRIDE).fix.text.contains("nsswitch"));
}

#[test]
fn the_old_address_just_after_a_change_heals_by_waiting() {
    let report = whole(|evidence| {
        records(evidence)[0].modified_on = Some(now());
        let seen = evidence.hosts.get_mut(HOST).unwrap();
        seen.system = Some(Ok(vec![IpAddr::from([192, 168, 1, 77])]));
        seen.system_servers = vec![lookup("192.168.1.1", reply(Rcode::NoError, &[[192, 168, 1, 77]]))];
    });
    assert_eq!(only(&report, id::LOCAL_OVERRIDE).heals, Heals::Waiting);
}

#[test]
fn a_resolver_that_does_not_answer_fails_the_plain_check_alone() {
    let report = host(|seen| {
        seen.system = Some(Err(AskError::Timeout));
        seen.system_servers = vec![Lookup { server: "192.168.1.1".into(), result: Err(AskError::Timeout) }];
        seen.end_to_end = None;
    });
    assert!(only(&report, id::SYSTEM).summary.contains("no answer in time"));
}

#[test]
fn a_name_not_yet_published_blocks_the_resolvers_which_were_not_asked() {
    let report = host(|seen| {
        seen.authoritative = vec![lookup("ada.ns", with_soa(reply(Rcode::NxDomain, &[]), 1800))];
        (seen.public, seen.system, seen.system_servers, seen.end_to_end) = (vec![], None, vec![], None);
    });
    assert_eq!(only(&report, id::AUTHORITATIVE).heals, Heals::Waiting);
    for check in [id::PUBLIC, id::REBIND, id::NEGATIVE_CACHE, id::SYSTEM] {
        assert_eq!(outcome(&report, check), Outcome::Blocked { by: id::AUTHORITATIVE });
    }
}

#[test]
fn servers_that_cannot_be_reached_are_unknown_and_one_of_several_is_passed_over() {
    let lost = |server: &str| Lookup { server: server.into(), result: Err(AskError::Timeout) };
    let report = host(|seen| seen.authoritative[1] = lost("bob.ns"));
    assert_eq!((report.exit_code(), report.counts.skip), (0, 1));
    let report = host(|seen| seen.public = vec![lost("1.1.1.1")]);
    assert!(matches!(outcome(&report, id::PUBLIC), Outcome::Unknown { .. }));
    assert_eq!(report.exit_code(), 3);
}

#[test]
fn a_public_servfail_points_at_dnssec_and_a_public_absence_at_the_cache() {
    let report = host(|seen| seen.public = vec![lookup("1.1.1.1", reply(Rcode::ServFail, &[]))]);
    let finding = only(&report, id::PUBLIC);
    assert!(finding.cause.contains("DNSSEC") && finding.heals == Heals::Never);
    let report =
        host(|seen| seen.public = vec![lookup("1.1.1.1", with_soa(reply(Rcode::NxDomain, &[]), 300))]);
    let finding = only(&report, id::PUBLIC);
    assert!(finding.cause.contains("5 min") && finding.retry_at.is_some());
}

#[test]
fn an_answer_with_checking_off_where_there_is_servfail_is_bogus_dnssec() {
    let refused = || lookup("1.1.1.1", reply(Rcode::ServFail, &[]));
    let report = host(|seen| {
        seen.public = vec![refused()];
        seen.unchecked = vec![lookup("1.1.1.1", reply(Rcode::NoError, &[NODE]))];
    });
    let finding = only(&report, id::DNSSEC);
    assert!(finding.fix.text.contains("remove the DS record of `example.com`"), "{}", finding.fix.text);
    assert_eq!(outcome(&report, id::PUBLIC), Outcome::Blocked { by: id::DNSSEC });
    let report = host(|seen| {
        seen.public = vec![refused()];
        seen.unchecked = vec![refused()];
    });
    assert!(!only(&report, id::PUBLIC).cause.contains("DNSSEC"));
}

#[test]
fn a_router_that_alone_refuses_dnssec_has_a_wrong_clock_or_bad_upstreams() {
    let report = host(|seen| {
        resolver_says(seen, reply(Rcode::ServFail, &[]));
        seen.system = Some(Err(AskError::Other("Temporary failure in name resolution".into())));
        seen.unchecked = vec![lookup("192.168.1.1", reply(Rcode::NoError, &[NODE]))];
    });
    assert!(only(&report, id::DNSSEC).cause.contains("clock"));
    assert_eq!(outcome(&report, id::SYSTEM), Outcome::Blocked { by: id::DNSSEC });
}

#[test]
fn a_name_that_the_zone_hands_on_to_another_server_is_told_with_the_record_to_delete() {
    let ns = Record {
        name: "home.example.com".into(),
        ttl: 60,
        data: Data::Ns("homelab-ns.home.example.com".into()),
    };
    let report = whole(|evidence| {
        let host = evidence.hosts.get_mut(HOST).unwrap();
        for lookup in &mut host.authoritative {
            lookup.result = Ok(Reply { referral: vec![ns.clone()], ..reply(Rcode::NoError, &[]) });
        }
    });
    let finding = report.failures().find(|check| check.id == id::AUTHORITATIVE).unwrap().finding().unwrap();
    assert!(
        finding.cause.contains("hands `home.example.com` on to `homelab-ns.home.example.com`"),
        "{finding:?}"
    );
    assert!(finding.fix.text.contains("delete the NS record `home.example.com`"), "{finding:?}");
}

#[test]
fn one_of_two_servers_that_lags_heals_and_names_the_one_that_does_not() {
    let report =
        host(|seen| seen.authoritative[1] = lookup("bob.ns", reply(Rcode::NoError, &[[10, 0, 0, 9]])));
    let finding = only(&report, id::AUTHORITATIVE);
    assert!(finding.cause.contains("reached ada.ns") && finding.heals == Heals::Waiting);
}

#[test]
fn a_server_that_refuses_does_not_hold_the_zone() {
    let report = host(|seen| seen.authoritative[1] = lookup("bob.ns", reply(Rcode::Refused, &[])));
    assert!(only(&report, id::AUTHORITATIVE).cause.contains("does not hold the zone"));
}

#[test]
fn the_cache_of_this_machine_itself_is_cleared_by_a_command() {
    let report = young(|seen| {
        seen.system = Some(Ok(vec![]));
        let absent = lookup("127.0.0.53", with_soa(reply(Rcode::NxDomain, &[]), 1200));
        seen.system_servers = vec![lookup("192.168.1.1", reply(Rcode::NoError, &[NODE])), absent];
        seen.end_to_end = None;
    });
    assert_eq!(only(&report, id::NEGATIVE_CACHE).fix.commands, ["resolvectl flush-caches"]);
    assert!(only(&remembered(), id::NEGATIVE_CACHE).fix.commands.is_empty());
}
