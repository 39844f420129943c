//! All outcomes together.

use super::*;

fn assembled(judged: Vec<Judged>) -> Report {
    report_of(judged)
}

fn judged(id: CheckId, host: &str, outcome: Outcome) -> Judged {
    Judged { id, subject: Subject::host(host), vantage: Vantage::System, outcome }
}

fn fail() -> Outcome {
    Finding::new("s", "c", "f").into()
}

fn outcome(report: &Report, wanted: CheckId, host: &str) -> Outcome {
    let found = report.checks.iter().find(|c| c.id == wanted && c.subject.host.as_deref() == Some(host));
    found.unwrap().outcome.clone()
}

#[test]
fn a_failure_blocks_what_needs_it_for_the_same_host_alone_and_names_the_root() {
    let report = assembled(vec![
        judged(id::PUBLIC, "a", fail()),
        judged(id::AUTHORITATIVE, "a", fail()),
        judged(id::RECORDS, "a", fail()),
        judged(id::PUBLIC, "b", fail()),
    ]);
    assert_eq!(outcome(&report, id::AUTHORITATIVE, "a"), Outcome::Blocked { by: id::RECORDS });
    assert_eq!(outcome(&report, id::PUBLIC, "a"), Outcome::Blocked { by: id::RECORDS });
    assert_eq!(outcome(&report, id::PUBLIC, "b"), fail());
    assert_eq!(report.failures().next().unwrap().id, id::RECORDS);
}

#[test]
fn what_a_judge_says_to_follow_from_another_follows_from_its_root() {
    let report = assembled(vec![
        judged(id::RECORDS, "a", fail()),
        judged(id::AUTHORITATIVE, "a", fail()),
        judged(id::LOCAL_OVERRIDE, "a", fail()),
        judged(id::SYSTEM, "a", Outcome::Blocked { by: id::LOCAL_OVERRIDE }),
    ]);
    assert_eq!(outcome(&report, id::LOCAL_OVERRIDE, "a"), Outcome::Blocked { by: id::RECORDS });
    assert_eq!(outcome(&report, id::SYSTEM, "a"), Outcome::Blocked { by: id::RECORDS });
}

#[test]
fn what_was_seen_to_work_is_never_blocked() {
    let pass = Outcome::pass("192.168.1.2");
    let report =
        assembled(vec![judged(id::RECORDS, "a", fail()), judged(id::AUTHORITATIVE, "a", pass.clone())]);
    assert_eq!(outcome(&report, id::AUTHORITATIVE, "a"), pass);
}

#[test]
fn one_vantage_that_passes_is_enough_to_go_on() {
    let mut other = judged(id::AUTHORITATIVE, "a", Outcome::pass("x"));
    other.vantage = Vantage::Authoritative("b".into());
    let report =
        assembled(vec![judged(id::AUTHORITATIVE, "a", fail()), other, judged(id::PUBLIC, "a", fail())]);
    assert_eq!(outcome(&report, id::PUBLIC, "a"), fail());
}

#[test]
fn a_choice_of_checks_keeps_what_blocks_them_unless_it_is_left_out_by_name() {
    let all = assembled(vec![
        judged(id::AUTHORITATIVE, "a", fail()),
        judged(id::PUBLIC, "a", fail()),
        judged(id::AUTHORITATIVE, "b", fail()),
    ]);
    let chosen = all.only(|id| id == id::PUBLIC);
    assert_eq!((chosen.checks.len(), chosen.exit_code()), (2, 1));
    let left = chosen.without(|id| id == id::AUTHORITATIVE);
    assert_eq!((left.checks.len(), left.exit_code()), (1, 0));
}

#[test]
fn a_warning_hides_no_error() {
    let warning = || Finding::new("s", "c", "f").only(Severity::Warning).into();
    let report = assembled(vec![
        judged(id::AUTHORITATIVE, "a", warning()),
        judged(id::PUBLIC, "a", fail()),
        judged(id::AUTHORITATIVE, "b", warning()),
        judged(id::PUBLIC, "b", warning()),
    ]);
    assert_eq!(outcome(&report, id::PUBLIC, "a"), fail());
    assert_eq!(outcome(&report, id::PUBLIC, "b"), Outcome::Blocked { by: id::AUTHORITATIVE });
    assert_eq!(report.exit_code(), 1);
}

#[test]
fn the_exit_code_tells_broken_from_could_not_look_and_passes_over_warnings() {
    let code = |judged| assembled(judged).exit_code();
    assert_eq!(code(vec![]), 0);
    assert_eq!(code(vec![judged(id::RENEWAL, "a", fail())]), 0);
    assert_eq!(code(vec![judged(id::PUBLIC, "a", Outcome::unknown("x"))]), 3);
    assert_eq!(code(vec![judged(id::PUBLIC, "a", Outcome::unknown("x")), judged(id::LEAF, "a", fail())]), 1);
}

#[test]
fn the_json_has_a_version_the_counts_and_flat_checks() {
    let report = assembled(vec![judged(id::LEAF, "a", fail()), judged(id::RENEWAL, "a", fail())]);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["schema_version"], 1);
    assert_eq!(json["counts"]["fail"], 1);
    assert_eq!(json["checks"][0]["id"], "tls.leaf");
    assert_eq!(json["checks"][0]["host"], "a");
    assert_eq!(json["checks"][0]["outcome"], "fail");
    assert_eq!(json["checks"][0]["fix"]["text"], "f");
    assert_eq!(json["checks"][1]["outcome"], "blocked");
}
