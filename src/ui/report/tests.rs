//! Each form of one report that has something of everything. `UPDATE_GOLDEN=1 cargo test` writes the files anew.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::checks::{CheckId, Finding, Vantage, id};
use crate::ui::page::Page;
use crate::ui::report::*;

const WHOAMI: &str = "whoami.home.example.com";
const PHOTOS: &str = "photos.home.example.com";

fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

fn page() -> Page {
    Page {
        width: 100,
        now: now(),
        zone: TimeZone::fixed(jiff::tz::offset(2)),
        sudo: false,
        house: crate::ui::house::House::default(),
    }
}

/// With words of its own, so that a change of the registry changes no golden file.
fn check(id: CheckId, subject: Subject, vantage: Vantage, outcome: Outcome) -> Check {
    let severity = match (&outcome, id) {
        (Outcome::Fail(finding), _) if finding.lowered.is_some() => Severity::Info,
        (_, id::RENEWAL) => Severity::Warning,
        _ => Severity::Error,
    };
    Check { id, title: "what should hold", subject, vantage, severity, needs: &[], outcome }
}

fn pass(saw: &str) -> Outcome {
    Outcome::Pass { saw: saw.to_owned() }
}

/// Two hosts behind a router that protects from rebinding, one of them with a certificate that is late.
fn report() -> Report {
    let dropped = |host: &str| {
        Finding::new(
            format!("`192.168.1.1` answers without an address for `{host}`, which has 192.168.1.2"),
            "the router drops answers with private addresses, to protect from DNS rebinding",
            "let the router pass answers for `home.example.com` (FRITZ!Box: Home Network, Network, Network Settings, DNS Rebind Protection; dnsmasq: `rebind-domain-ok`)",
        )
        .look("dig @192.168.1.1 whoami.home.example.com")
        .into()
    };
    let late = Finding::new(
        "the certificate `homelab/photos-tls` is not issued: the challenge is <pending> & \"waits\"",
        "Let's Encrypt allows no more certificates for this set of names",
        "wait",
    )
    .heals()
    .retry_at(Some("2026-06-01T12:12:00Z".parse().unwrap()))
    .command("homelab renew photos")
    .nixos("services.homelab.acme.staging = true;")
    .into();
    let ends = Finding::new("the certificate ends in 5 days", "it was not renewed", "renew it").into();
    let noted =
        Finding::new("one public resolver is slow", "it is far away", "nothing").only(Severity::Info).into();
    Report::of(vec![
        check(id::TOKEN, Subject::default(), Vantage::Provider, pass("zone `example.com`")),
        check(id::CLUSTER_404, Subject::default(), Vantage::Cluster, pass("404 from nginx at its pod")),
        check(id::NODE_404, Subject::node("pi"), Vantage::Node("pi".into()), pass("404 at 192.168.1.2")),
        check(id::REBIND, Subject::host(WHOAMI), Vantage::System, dropped(WHOAMI)),
        check(id::REBIND, Subject::host(PHOTOS), Vantage::System, dropped(PHOTOS)),
        check(id::SYSTEM, Subject::host(WHOAMI), Vantage::System, Outcome::Blocked { by: id::REBIND }),
        check(id::END_TO_END, Subject::host(WHOAMI), Vantage::Lan, Outcome::Blocked { by: id::REBIND }),
        check(id::CERTIFICATE, Subject::host(PHOTOS), Vantage::Api, late),
        check(id::RENEWAL, Subject::both(WHOAMI, "pi"), Vantage::Node("pi".into()), ends),
        check(id::PUBLIC, Subject::host(WHOAMI), Vantage::PublicDns("9.9.9.9".into()), noted),
        check(
            id::AUTHORITATIVE,
            Subject::host(WHOAMI),
            Vantage::Authoritative("ada.ns".into()),
            pass("192.168.1.2"),
        ),
        check(
            id::AUTHORITATIVE,
            Subject::host("nas.home.example.com"),
            Vantage::Authoritative("ada.ns".into()),
            pass("192.168.1.2"),
        ),
        check(
            id::AUTHORITATIVE,
            Subject::host("nas.home.example.com"),
            Vantage::Authoritative("bob.ns".into()),
            pass("192.168.1.2"),
        ),
        check(
            id::ANSWER,
            Subject::both(PHOTOS, "pi"),
            Vantage::Node("pi".into()),
            Outcome::Unknown { why: "no answer in time".into() },
        ),
        check(
            id::OWNER,
            Subject::host(WHOAMI),
            Vantage::Provider,
            Outcome::Skip { why: "external-dns is not homelab's".into() },
        ),
    ])
}

fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ui/report/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(text == wanted, "{} differs; `UPDATE_GOLDEN=1 cargo test` accepts it:\n{text}", path.display());
}

fn plain(text: &Shown) -> String {
    anstream::adapter::strip_str(text.as_str()).to_string()
}

#[test]
fn the_text_is_as_the_golden_file_has_it() {
    golden("report.txt", &plain(&text::text(&report(), &page(), false)));
    golden("verbose.txt", &plain(&text::text(&report(), &page(), true)));
}

#[test]
fn the_forms_for_programs_and_for_pasting_are_as_the_golden_files_have_them() {
    golden("short.txt", short::short(&report()).as_str());
    golden("junit.xml", junit::junit(&report(), false).as_str());
    golden("report.json", &format!("{:#}\n", serde_json::json!(report())));
    let run = Run {
        at: now(),
        took: std::time::Duration::from_millis(1_234),
        certificates: [(WHOAMI.to_owned(), "2026-08-30T12:00:00Z".parse().unwrap())].into(),
    };
    golden("report.prom", metrics(&report(), &run).as_str());
    crate::ui::assert_is("report", &serde_json::json!(report()));
}

#[test]
fn a_narrow_terminal_gets_narrow_lines_but_whole_commands() {
    let narrow = Page { width: 45, ..page() };
    let text = plain(&text::text(&report(), &narrow, false));
    let long: Vec<&str> = text.lines().filter(|line| line.chars().count() > 45).collect();
    let copied = [
        "  more:   dig @192.168.1.1 whoami.home.example.com",
        "  NixOS:  services.homelab.acme.staging = true;",
    ];
    assert_eq!(long, copied);
}

#[test]
fn a_failure_that_one_step_mends_is_explained_once_for_all_hosts() {
    let text = plain(&text::text(&report(), &page(), false));
    assert_eq!(text.matches("FAIL dns.rebind").count(), 1);
    assert!(text.contains("whoami.home.example.com, photos.home.example.com"), "{text}");
}

#[test]
fn what_a_filter_left_out_is_still_named_as_the_cause() {
    let report = report().without(|id| id != id::SYSTEM);
    let text = plain(&text::text(&report, &page(), false));
    assert!(text.contains("blocked dns.system: by dns.rebind, which is not shown"), "{text}");
}

#[test]
fn warnings_are_junits_failures_only_under_strict() {
    let failures = |strict| junit::junit(&report(), strict).as_str().matches("<failure").count();
    assert_eq!((failures(false), failures(true)), (3, 4));
}

#[test]
fn text_from_outside_brings_no_control_characters() {
    let finding = Finding::new("a\u{1b}[2Jb\nc", "d\u{7}", "e").into();
    let report = Report::of(vec![check(id::TOKEN, Subject::default(), Vantage::Provider, finding)]);
    for text in [
        plain(&text::text(&report, &page(), true)),
        short::short(&report).to_string(),
        junit::junit(&report, false).to_string(),
    ] {
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    }
}

#[test]
fn a_host_of_which_nothing_can_be_met_yet_has_what_the_configuration_says() {
    let saw = pass("`whoami.home.example.com` lies in `example.com`");
    let report = Report::of(vec![check(id::HOST_IN_ZONE, Subject::host(WHOAMI), Vantage::Machine, saw)]);
    let text = plain(&text::text(&report, &page(), false));
    assert!(text.contains("lies in `example.com`"), "{text}");
}

/// Many names behind one router, each with all that a name is judged by.
fn many(hosts: usize, broken: bool) -> Report {
    let of = |n: usize| {
        let host = format!("s{n}.home.example.com");
        let looks = [id::RECORDS, id::AUTHORITATIVE, id::PUBLIC, id::LEAF, id::ANSWER];
        let mut checks: Vec<Check> = looks
            .map(|id| {
                check(id, Subject::host(&host), Vantage::Lan, pass(&format!("{} of `{host}`", id.as_str())))
            })
            .into();
        let dropped = Finding::new(
            format!("192.168.1.1 answers no address for `{host}`"),
            "it drops answers with private addresses",
            format!("let it pass `{host}`"),
        )
        .look(command!("dig {} @192.168.1.1", host));
        let rebind = if broken { dropped.into() } else { pass("no sign of this problem") };
        checks.push(check(id::REBIND, Subject::host(&host), Vantage::System, rebind));
        let blocked = if broken { Outcome::Blocked { by: id::REBIND } } else { pass("192.168.1.2") };
        checks.push(check(id::SYSTEM, Subject::host(&host), Vantage::System, blocked));
        checks
    };
    Report::of((0..hosts).flat_map(of).collect())
}

#[test]
fn a_thousand_names_with_one_cause_fit_one_screen_and_json_has_each() {
    for hosts in [10, 100, 1000] {
        for broken in [false, true] {
            let report = many(hosts, broken);
            let told = plain(&text::text(&report, &page(), false));
            assert!(told.lines().count() <= 50, "{hosts} {broken}:\n{told}");
            assert_eq!(short::short(&report).to_string().lines().count(), 1 + usize::from(broken));
            assert_eq!(report.checks.len(), hosts * 7);
        }
    }
    let told = plain(&text::text(&many(1000, true), &page(), false));
    assert!(
        told.contains("FAIL dns.rebind  s0.home.example.com, s1.home.example.com and 998 more"),
        "{told}"
    );
    assert!(told.contains("s0.home.example.com and 999 more"), "{told}");
    assert!(told.contains("and 997 more like these") && told.contains("the others need the same"), "{told}");
}

#[test]
fn of_many_names_those_that_differ_have_lines_of_their_own() {
    let mut report = many(100, false);
    report.checks[3].outcome = Finding::new("another certificate", "c", "f").into();
    let told = plain(&text::text(&report, &page(), false));
    assert!(
        told.contains("FAIL  s0.home.example.com") && told.contains("s1.home.example.com and 98 more"),
        "{told}"
    );
}

#[test]
fn the_command_to_go_on_with_is_the_one_that_the_reader_has_to_paste() {
    let next = |page: &Page| super::next("nothing is wrong; next", "homelab up", page).as_str().to_owned();
    assert_eq!(next(&page()), "nothing is wrong; next: homelab up\n");
    let house = crate::ui::House::new(None, crate::ui::Found::ByBoth, Some("trial"));
    let trial = Page { sudo: true, house, ..page() };
    assert_eq!(next(&trial), "nothing is wrong; next: sudo homelab --context trial up\n");
}
