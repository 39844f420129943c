//! The token and the zone: one failure at a time.

use std::time::Duration;

use crate::checks::tests::*;
use crate::config::Provider;
use crate::evidence::{Budget, Fault, Permission, Plan, Transport};
use crate::facts::secret::SecretError;

mod rights;

fn token_is(change: impl FnOnce(&mut TokenSeen)) -> Report {
    whole(|e| change(e.token.as_mut().unwrap()))
}

/// The provider refuses, and so nothing could be proved either.
fn refuses(error: Fault) -> Report {
    whole(|e| {
        e.provider = Some(Err(failure(error)));
        e.token.as_mut().unwrap().edit = None;
    })
}

/// No token to use: the provider was not asked.
fn unusable(problem: TokenProblem) -> Report {
    whole(|e| {
        let token = e.token.as_mut().unwrap();
        (token.problem, token.edit, token.copies) = (Some(problem), None, None);
        e.provider = None;
    })
}

/// One report for each failure, for what must hold of all.
pub(in crate::checks) fn all() -> Vec<Report> {
    let shapes = [SecretError::Empty, SecretError::Quotes, SecretError::Other("this is something else")]
        .map(TokenProblem::Shape);
    let problems = [
        TokenProblem::Nowhere,
        TokenProblem::Missing,
        TokenProblem::Denied,
        TokenProblem::Unreadable("is a directory".into()),
    ];
    let mut reports: Vec<Report> = problems.into_iter().chain(shapes).map(unusable).collect();
    let at = now();
    let errors = [
        Fault::Malformed { code: 6111 },
        Fault::InvalidToken,
        Fault::Disabled,
        Fault::Expired { on: Some(at) },
        Fault::NotYetValid { from: at },
        Fault::Location { said: "Cannot use the access token from location: 203.0.113.7".into() },
        Fault::Server { status: 500 },
        Fault::RateLimited { retry_after: None },
        Fault::MissingPermission { permission: Permission::ZoneRead },
        Fault::MissingPermission { permission: Permission::DnsRead },
        Fault::NoZone { tried: vec!["example.com".into()], sees: vec![] },
        Fault::ZoneNotActive { name: "example.com".into(), status: "pending".into(), servers: vec![] },
        Fault::Refused { status: 400, code: 7003, message: "Could not route".into() },
    ];
    reports.extend(errors.into_iter().map(refuses));
    let states = [
        CopyState::Missing,
        CopyState::Empty,
        CopyState::Differs { by: None },
        CopyState::Differs { by: Some("kubectl-patch".into()) },
        CopyState::OtherZone { there: "Z1".into(), now: "Z2".into() },
    ];
    reports.extend(states.into_iter().map(copy_is));
    reports
}

fn copy_is(state: CopyState) -> Report {
    token_is(|token| token.copies.as_mut().unwrap()[0].state = state)
}

#[test]
fn each_problem_with_the_token_is_the_first_thing_to_mend() {
    let cases = [
        (TokenProblem::Nowhere, "there is no API token"),
        (TokenProblem::Missing, "`/run/token` does not exist"),
        (TokenProblem::Denied, "cannot read"),
        (TokenProblem::Unreadable("is a directory".into()), "cannot be read"),
        (TokenProblem::Shape(SecretError::BearerPrefix), "begins with `Bearer `"),
        (TokenProblem::Shape(SecretError::SeveralLines), "more than one line"),
        (TokenProblem::Shape(SecretError::Other("this is something else")), "Global API Key"),
    ];
    for (problem, part) in cases {
        let report = unusable(problem);
        let finding = only(&report, id::TOKEN_SOURCE);
        assert!(finding.summary.contains(part), "{}", finding.summary);
        assert_eq!(outcome(&report, id::RECORDS), Outcome::Blocked { by: id::TOKEN_SOURCE });
    }
}

#[test]
fn a_token_that_everybody_may_read_is_a_warning_that_hides_nothing() {
    let report = token_is(|token| token.open_to_all = true);
    assert_eq!(only(&report, id::TOKEN_PRIVATE).fix.commands, ["chmod 600 /run/token"]);
    assert_eq!(report.exit_code(), 0);
    let odd = token_is(|token| {
        token.open_to_all = true;
        token.place = TokenPlace::File("/home/ada/to ken;x/cf".into());
    });
    assert_eq!(only(&odd, id::TOKEN_PRIVATE).fix.commands, ["chmod 600 '/home/ada/to ken;x/cf'"]);
    let both = whole(|e| {
        e.token.as_mut().unwrap().open_to_all = true;
        e.provider = Some(Err(failure(Fault::InvalidToken)));
    });
    assert_eq!(both.exit_code(), 1);
}

#[test]
fn each_refusal_of_the_token_has_its_own_cause() {
    let cases = [
        (Fault::Malformed { code: 6003 }, "copied together with the token"),
        (Fault::InvalidToken, "revoked or rolled"),
        (Fault::Disabled, "switched it off"),
        (Fault::Expired { on: Some(now()) }, "with an end date"),
        (Fault::NotYetValid { from: now() }, "clock is slow"),
        (Fault::Location { said: "from location: 203.0.113.7".into() }, "IPv6"),
    ];
    for (error, part) in cases {
        let finding = only(&refuses(error), id::TOKEN);
        assert!(finding.cause.contains(part) && finding.heals == Heals::Never, "{finding:?}");
    }
    assert_eq!(only(&refuses(Fault::Server { status: 500 }), id::TOKEN).heals, Heals::Waiting);
}

#[test]
fn a_token_that_is_too_short_says_so_when_it_is_refused() {
    let report = whole(|e| {
        e.token.as_mut().unwrap().length = 31;
        e.provider = Some(Err(failure(Fault::Malformed { code: 6111 })));
    });
    assert!(only(&report, id::TOKEN).cause.contains("31 characters"));
}

#[test]
fn nobody_reached_is_unknown_and_names_what_keeps_from_it() {
    for (cause, part) in [
        (Transport::Timeout, "firewall"),
        (Transport::Name("no such host".into()), "resolver"),
        (Transport::Tls("bad certificate".into()), "clock"),
    ] {
        let report = refuses(Fault::Transport { host: "api.cloudflare.com".into(), cause });
        assert_eq!((report.exit_code(), report.counts.fail), (3, 0));
        let Outcome::Unknown { why } = outcome(&report, id::TOKEN) else { panic!() };
        assert!(why.contains(part), "{why}");
    }
}

#[test]
fn a_server_of_the_house_that_does_not_answer_is_a_failure_with_its_cause() {
    for (provider, cause, part, fix) in [
        (Provider::PowerDns, Transport::Refused, "its API is off", "api=yes"),
        (Provider::PowerDns, Transport::Closed, "webserver-allow-from", "webserver-allow-from"),
        (Provider::PowerDns, Transport::Timeout, "firewall", "dns.server"),
        (Provider::Rfc2136, Transport::Refused, "nothing listens", "runs"),
        (Provider::Rfc2136, Transport::Timeout, "firewall", "dns.server"),
    ] {
        let report = whole(|e| {
            let fault = Fault::Transport { host: "192.168.1.5".into(), cause };
            (e.dns, e.provider) = (provider, Some(Err(crate::provider::failure(provider, fault))));
            e.token.as_mut().unwrap().edit = None;
        });
        let finding = only(&report, id::TOKEN);
        assert!(finding.cause.contains(part), "{}", finding.cause);
        assert!(finding.fix.text.contains(fix), "{}", finding.fix.text);
        assert_eq!(outcome(&report, id::RECORDS), Outcome::Blocked { by: id::TOKEN });
    }
}

#[test]
fn a_spent_rate_limit_says_when_it_ends_and_is_the_root() {
    let report = refuses(Fault::RateLimited { retry_after: Some(Duration::from_secs(120)) });
    let finding = only(&report, id::CF_RATE);
    assert_eq!(finding.retry_at, Some("2026-06-01T12:02:00Z".parse().unwrap()));
    assert_eq!(finding.heals, Heals::Waiting);
    assert_eq!(outcome(&report, id::TOKEN), Outcome::Blocked { by: id::CF_RATE });
}

#[test]
fn a_rate_limit_that_is_nearly_spent_is_a_warning_that_hides_nothing() {
    let budget = |remaining| Some(Budget { remaining, resets_in: 100, limit: Some(1200) });
    let report = token_is(|token| token.budget = budget(100));
    assert!(only(&report, id::CF_RATE).summary.contains("only 100 of 1200"));
    assert_eq!(report.exit_code(), 0);
    assert_eq!(token_is(|token| token.budget = budget(700)).counts.warn, 0);
    let both = whole(|e| {
        e.token.as_mut().unwrap().budget = budget(1);
        records(e).clear();
    });
    assert!(fails(&both).contains(&id::RECORDS));
}

#[test]
fn a_missing_permission_is_named_in_the_dashboards_words() {
    for permission in [Permission::ZoneRead, Permission::DnsRead] {
        let finding = only(&refuses(Fault::MissingPermission { permission }), id::CF_PERMISSIONS);
        assert!(
            finding.summary.contains((crate::provider::words(Provider::Cloudflare).permission)(permission)),
            "{}",
            finding.summary
        );
    }
}

#[test]
fn a_token_of_another_zone_names_the_zones_that_it_sees() {
    let error = Fault::NoZone { tried: vec!["example.com".into()], sees: vec!["other.test".into()] };
    let finding = only(&refuses(error), id::CF_ZONE);
    assert!(finding.summary.contains("`example.com`; it sees `other.test`"), "{}", finding.summary);
}

#[test]
fn a_pending_zone_names_both_sets_of_servers() {
    let error = Fault::ZoneNotActive {
        name: "example.com".into(),
        status: "pending".into(),
        servers: vec!["cleo.ns.cloudflare.com".into()],
    };
    let report = whole(|e| {
        let zone = ZoneSeen { servers: vec!["ada.ns".into(), "bob.ns".into()], ..ZoneSeen::default() };
        e.names = Some(NamesSeen { zone: Some(Ok(zone)), ..NamesSeen::default() });
        e.provider = Some(Err(failure(error)));
    });
    let finding = report.failures().next().unwrap().finding().unwrap();
    assert_eq!(report.failures().next().unwrap().id, id::CF_ZONE);
    for part in ["`pending`", "`ada.ns`, `bob.ns`", "`cleo.ns.cloudflare.com`"] {
        assert!(finding.summary.contains(part), "{}", finding.summary);
    }
}

#[test]
fn an_ending_that_was_free_of_charge_is_a_warning() {
    let report = whole(|e| {
        let Some(Ok(seen)) = &mut e.provider else { panic!() };
        seen.zone.name = "example.tk".into();
    });
    assert!(fails(&report).contains(&id::FREE_DOMAIN));
}

#[test]
fn a_token_that_only_reads_is_found_by_the_scratch_record_or_by_the_log() {
    let error = Fault::MissingPermission { permission: Permission::DnsEdit };
    let finding = only(&token_is(|token| token.edit = Some(Err(failure(error)))), id::DNS_EDIT);
    assert!(finding.summary.contains("DNS → Edit"));
    let report = token_is(|token| token.edit = None);
    assert!(matches!(outcome(&report, id::DNS_EDIT), Outcome::Skip { .. }));
}

#[test]
fn a_scratch_record_that_was_left_is_only_good_to_know() {
    let report = whole(|e| {
        e.token.as_mut().unwrap().edit = None;
        records(e).push(record("_homelab-check.example.com", "TXT", "\"homelab scratch record\""));
    });
    let check = report.failures().next().unwrap();
    assert_eq!((check.id, check.severity), (id::DNS_EDIT, Severity::Info));
    assert!(check.finding().unwrap().fix.commands[0].contains("--active"));
}

#[test]
fn a_zone_that_is_nearly_full_is_told_by_the_quota_of_its_plan() {
    let full = |count: usize, plan: Option<&str>, made: &str| {
        whole(|e| {
            records(e).extend((0..count).map(|n| record(&format!("h{n}.example.com"), "A", "192.168.1.2")));
            let Some(Ok(seen)) = &mut e.provider else { panic!() };
            seen.zone.plan = plan.map(|plan| Plan { legacy_id: plan.into() });
            seen.zone.created_on = Some(made.parse().unwrap());
        })
    };
    let (before, after) = ("2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z");
    let finding = only(&full(180, Some("free"), after), id::RECORDS_LIMIT);
    assert!(finding.summary.contains("182 records; the quota of a Free zone is 200"), "{}", finding.summary);
    assert!(only(&full(180, None, after), id::RECORDS_LIMIT).summary.contains("a paid one may have more"));
    assert_eq!(full(180, Some("free"), before).counts.warn, 0);
    assert_eq!(full(180, Some("pro"), after).counts.warn, 0);
    assert_eq!(full(950, Some("free"), before).counts.warn, 1);
}

#[test]
fn each_difference_of_a_copy_has_commands_that_cure_it() {
    assert_eq!(only(&copy_is(CopyState::Missing), id::TOKEN_COPIES).fix.commands, ["homelab up"]);
    assert_eq!(only(&copy_is(CopyState::Empty), id::TOKEN_COPIES).fix.commands, ["homelab up"]);
    let renewed = only(&copy_is(CopyState::Differs { by: None }), id::TOKEN_COPIES);
    assert!(renewed.cause.contains("renewed") && renewed.fix.commands == ["homelab up"]);
    let other = CopyState::OtherZone { there: "Z1".into(), now: "Z2".into() };
    let other = only(&copy_is(other), id::TOKEN_COPIES);
    assert!(other.summary.contains("has the zone `Z1`") && other.fix.commands == ["homelab up"], "{other:?}");
    let by = Some("kubectl-patch".to_owned());
    let changed = only(&copy_is(CopyState::Differs { by }), id::TOKEN_COPIES);
    assert_eq!(changed.fix.commands.len(), 2);
    let both = only(
        &token_is(|token| token.copies.iter_mut().flatten().for_each(|copy| copy.state = CopyState::Missing)),
        id::TOKEN_COPIES,
    );
    assert!(both.summary.contains("`external-dns/") && both.summary.contains("`cert-manager/"));
    let unread = copy_is(CopyState::Unread("the API server does not answer".into()));
    assert_eq!(unread.exit_code(), 3);
}

#[test]
fn what_differs_for_want_of_the_new_token_is_said_once() {
    let report = whole(|e| {
        e.cluster = Some(ClusterSeen::default());
        e.token.as_mut().unwrap().copies.as_mut().unwrap()[0].state = CopyState::Differs { by: None };
        let outdated = |object: &str| Drifted::Outdated(object.into());
        let write = vec![
            outdated("Secret external-dns/homelab-dns-provider"),
            outdated("Deployment external-dns/external-dns"),
        ];
        e.drift = Some(Ok(DriftSeen { write, ..DriftSeen::default() }));
    });
    assert_eq!(fails(&report), [id::TOKEN_COPIES]);
}

#[test]
fn records_that_external_dns_writes_into_a_zone_that_is_gone_are_said_once() {
    let report = whole(|e| {
        e.token.as_mut().unwrap().copies.as_mut().unwrap()[0].state =
            CopyState::OtherZone { there: "Z1".into(), now: "Z2".into() };
        records(e).clear();
    });
    assert!(fails(&report).contains(&id::TOKEN_COPIES));
    assert_eq!(outcome(&report, id::RECORDS), Outcome::Blocked { by: id::TOKEN_COPIES });
}

#[test]
fn without_a_look_at_the_token_nothing_is_said_of_it() {
    let report = whole(|e| e.token = None);
    assert!(report.checks.iter().all(|check| check.id != id::TOKEN_SOURCE && check.id != id::TOKEN_COPIES));
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn a_bad_token_is_not_to_be_given_to_the_cluster() {
    let report = whole(|e| {
        e.provider = Some(Err(failure(Fault::InvalidToken)));
        e.token.as_mut().unwrap().copies.as_mut().unwrap()[0].state = CopyState::Differs { by: None };
    });
    assert_eq!(outcome(&report, id::TOKEN_COPIES), Outcome::Blocked { by: id::TOKEN });
}
