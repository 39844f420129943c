//! What a token may do beyond its zone, and the tokens of organisations.

use super::*;

const ZONE: &str = "acme.example.com";

/// A lab with one organisation, whose token lies in a file.
fn organised(change: impl FnOnce(&mut OrganisationSeen, &mut TokenSeen)) -> Report {
    whole(|e| {
        e.dns = Provider::Route53;
        let mut one = OrganisationSeen {
            name: "acme".into(),
            zone: ZONE.into(),
            provider: Some(Ok(Zone { name: ZONE.into(), ..Zone::default() })),
            ..OrganisationSeen::default()
        };
        let mut token = TokenSeen {
            place: TokenPlace::File("/run/acme".into()),
            edit: Some(Ok(())),
            ..TokenSeen::default()
        };
        change(&mut one, &mut token);
        e.organisations = vec![OrganisationSeen { token: Some(token), ..one }];
    })
}

fn refused(fault: Fault) -> Option<Result<Zone, ProviderFailure>> {
    Some(Err(crate::provider::failure(Provider::Route53, fault)))
}

fn no_right() -> Fault {
    Fault::Unprepared {
        what: "the access key of `arn:aws:iam::1:user/globex` may not `route53:ListResourceRecordSets` on `arn:aws:route53:::hostedzone/Z1`".into(),
        cure: "allow it".into(),
    }
}

/// What is told of the organisation's token.
fn told(report: &Report, id: CheckId) -> (Severity, Finding) {
    let found = report.failures().find(|check| check.id == id);
    let check = found.unwrap_or_else(|| panic!("{:?}", fails(report)));
    (check.severity, check.finding().unwrap().clone())
}

fn excess() -> Excess {
    Excess {
        may: "change every zone".into(),
        cause: "its policy names all of them".into(),
        cure: "name one".into(),
    }
}

#[test]
fn a_token_for_every_zone_is_a_warning_that_hides_nothing() {
    let report = token_is(|token| token.excess = Some(Ok(Some(excess()))));
    let finding = only(&report, id::LEAST_RIGHTS);
    assert_eq!(finding.summary, "the API token may change every zone");
    assert_eq!((report.exit_code(), report.counts.warn), (0, 1));
    let theirs = organised(|_, token| token.excess = Some(Ok(Some(excess()))));
    let (severity, finding) = told(&theirs, id::LEAST_RIGHTS);
    assert_eq!(severity, Severity::Warning);
    assert_eq!(finding.summary, "the access key of the organisation `acme` may change every zone");
}

#[test]
fn nobody_speaks_of_rights_that_were_not_tried_and_a_provider_that_did_not_answer_is_no_verdict() {
    let untried = token_is(|token| token.excess = None);
    assert!(untried.checks.iter().all(|check| check.id != id::LEAST_RIGHTS));
    let fault = failure(Fault::RateLimited { retry_after: None });
    let unread = token_is(|token| token.excess = Some(Err(fault)));
    assert!(matches!(outcome(&unread, id::LEAST_RIGHTS), Outcome::Unknown { .. }));
}

#[test]
fn the_key_of_another_organisation_is_named_as_such() {
    let report = organised(|one, _| {
        one.provider = refused(no_right());
        one.shared_with = Some(TokenOwner::Organisation("globex".into()));
    });
    let (severity, finding) = told(&report, id::ORGANISATION_TOKEN);
    assert_eq!(severity, Severity::Error);
    assert!(
        finding.summary.starts_with(
            "`/run/acme` of the organisation `acme` has the access key of the organisation `globex`: "
        ),
        "{}",
        finding.summary
    );
    assert!(
        finding.fix.text.contains("`homelab zone policy acme --for organisation`"),
        "{}",
        finding.fix.text
    );
}

#[test]
fn a_key_of_somebody_else_is_named_by_its_user_and_a_wrong_one_with_its_own_file() {
    let (_, finding) = told(&organised(|one, _| one.provider = refused(no_right())), id::ORGANISATION_TOKEN);
    assert!(
        finding.summary.starts_with("organisation `acme`: the access key of `arn:aws:iam::1:user/globex`")
    );
    let (_, finding) =
        told(&organised(|one, _| one.provider = refused(Fault::InvalidToken)), id::ORGANISATION_TOKEN);
    let fix = &finding.fix.text;
    assert!(fix.contains("`organisations.acme.tokenFile`") && !fix.contains("dns.tokenFile"), "{fix}");
    let (_, finding) = told(
        &organised(|_, token| {
            token.edit = Some(Err(crate::provider::failure(Provider::Route53, no_right())))
        }),
        id::ORGANISATION_TOKEN,
    );
    assert_eq!(finding.fix.text, "allow it");
}

#[test]
fn one_key_for_two_zones_is_a_warning() {
    let (severity, finding) =
        told(&organised(|one, _| one.shared_with = Some(TokenOwner::Lab)), id::ORGANISATION_TOKEN);
    assert_eq!(severity, Severity::Warning);
    assert_eq!(finding.summary, "the organisation `acme` has the same access key as the lab");
}

#[test]
fn each_problem_with_the_file_of_an_organisation_is_told_with_its_own_key() {
    for (problem, part) in [
        (TokenProblem::Nowhere, "there is no access key of the organisation `acme`"),
        (
            TokenProblem::Missing,
            "the file `/run/acme` with the access key of the organisation `acme` does not exist",
        ),
        (TokenProblem::Denied, "this user cannot read the file `/run/acme`"),
        (TokenProblem::Unreadable("is a directory".into()), "cannot be read"),
        (TokenProblem::Shape(SecretError::Empty), "organisation `acme`: "),
    ] {
        let report = organised(|one, token| {
            (one.provider, token.edit, token.problem) = (None, None, Some(problem));
        });
        let (_, finding) = told(&report, id::ORGANISATION_TOKEN);
        assert!(finding.summary.contains(part), "{}", finding.summary);
        assert!(!finding.fix.text.contains("dns.tokenFile"), "{}", finding.fix.text);
    }
}

#[test]
fn a_zone_that_is_gone_is_no_fault_of_the_key() {
    let gone = Fault::NoZone { tried: vec![ZONE.into()], sees: Vec::new() };
    let report = organised(|one, _| one.provider = refused(gone));
    let check = report.checks.iter().find(|check| check.id == id::ORGANISATION_TOKEN).unwrap();
    assert!(matches!(check.outcome, Outcome::Pass { .. }), "{:?}", check.outcome);
}
