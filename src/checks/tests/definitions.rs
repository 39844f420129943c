//! What holds for every check there is.

use super::*;

#[test]
fn every_check_comes_after_all_that_it_needs() {
    let all: Vec<&Def> = checks().collect();
    for (at, def) in all.iter().enumerate() {
        for need in def.needs {
            assert!(all[..at].iter().any(|earlier| earlier.id == *need), "{} needs {need}", def.id);
        }
    }
}

#[test]
fn no_two_checks_share_a_name_and_each_title_is_a_statement() {
    let all: Vec<&Def> = checks().collect();
    for (at, def) in all.iter().enumerate() {
        assert!(!all[..at].iter().any(|earlier| earlier.id == def.id), "{}", def.id);
        assert!(!def.title.ends_with('.') && def.title.starts_with(char::is_lowercase), "{}", def.title);
    }
}

#[test]
fn every_check_says_what_it_looks_at_what_people_notice_and_what_to_do() {
    for Def { id, explain, .. } in checks() {
        assert!(!explain.looks_at.is_empty() && !explain.symptom.is_empty(), "{id}: what about?");
        assert!(!explain.causes.is_empty(), "{id}: what makes it fail?");
        let whole = |cause: &Cause| !cause.why.is_empty() && !cause.fix.is_empty();
        assert!(explain.causes.iter().all(whole), "{id}: a cause without words");
    }
}

#[test]
fn every_check_lies_in_the_group_of_its_name() {
    for group in GROUPS {
        for def in group.checks {
            assert_eq!(def.group(), group.name, "{}", def.id);
        }
    }
}
