//! The CNAME records of challenges that are met in another zone.

use crate::checks::cm::tests::*;

const NAME: &str = "_acme-challenge.whoami.home.example.com";
const TARGET: &str = "_acme-challenge.whoami.home.example.com.acme.example.org";

fn here(zone: &str) -> ChainEnd {
    ChainEnd::Here { zone: Some(zone.into()), server: "ada.ns".into() }
}

fn seen(chain: &[&str], end: ChainEnd) -> ChallengeSeen {
    ChallengeSeen {
        name: NAME.into(),
        target: TARGET.into(),
        proves: vec![HOST.into()],
        chain: chain.iter().map(|name| (*name).to_owned()).collect(),
        by_wildcard: false,
        end,
    }
}

/// The lab whose challenges are met in `acme.example.org`, which the provider has as a part of `example.org`.
fn led(challenge: ChallengeSeen, ready: bool) -> Report {
    lab(|evidence| {
        let names = Some(vec![challenge]);
        evidence.challenges =
            Some(ChallengesSeen { zone: "acme.example.org".into(), names, ..ChallengesSeen::default() });
        evidence.unpublished = true;
        if let Some(Ok(provider)) = &mut evidence.provider {
            provider.zone.name = "example.org".into();
        }
        for certificate in evidence.certificates.iter_mut().flatten() {
            certificate.ready = Some(ready);
        }
    })
}

#[test]
fn a_record_that_leads_into_the_zone_is_all_there_has_to_be() {
    assert!(matches!(
        outcome(&led(seen(&[TARGET], here("example.org")), true), id::CHALLENGE_CNAME),
        Outcome::Pass { .. }
    ));
    let by_two = seen(&["a.example.net", "any.acme.example.org"], here("example.org"));
    assert!(matches!(outcome(&led(by_two, true), id::CHALLENGE_CNAME), Outcome::Pass { .. }));
    assert!(!lab(|_| ()).checks.iter().any(|check| check.id == id::CHALLENGE_CNAME), "nobody asks for one");
}

#[test]
fn a_missing_record_is_told_with_its_line_and_comes_before_what_follows_from_it() {
    let report = led(seen(&[], here("example.com")), false);
    let finding = only(&report, id::CHALLENGE_CNAME);
    assert!(finding.summary.contains(&format!("no CNAME record `{NAME}`")), "{}", finding.summary);
    assert_eq!(finding.fix.text, format!("enter `{NAME}. CNAME {TARGET}.` in the zone `example.com`"));
    assert_eq!(outcome(&report, id::CERTIFICATE), Outcome::Blocked { by: id::CHALLENGE_CNAME });
    assert_eq!(report.exit_code(), 1);
    let serves = led(seen(&[], here("example.com")), true);
    assert_eq!(serves.exit_code(), 0, "the certificate that is there still serves");
}

#[test]
fn a_record_that_leads_elsewhere_is_told_with_the_reason_as_far_as_the_name_tells() {
    let told = |chain: &[&str], end, wildcard| {
        let challenge = ChallengeSeen { by_wildcard: wildcard, ..seen(chain, end) };
        let report = led(challenge, false);
        let finding = only(&report, id::CHALLENGE_CNAME);
        assert!(finding.fix.text.contains(&format!("`{NAME}. CNAME {TARGET}.`")), "{finding:?}");
        format!("{}; {}", finding.summary, finding.cause)
    };
    let other = told(&["old.example.net"], here("example.net"), false);
    assert!(other.contains("leads to `old.example.net`, which is not in `acme.example.org`"), "{other}");
    let no_dot = told(&[&format!("{TARGET}.example.com")], here("example.com"), false);
    assert!(no_dot.contains("the final dot is missing") && no_dot.contains("`example.com`"), "{no_dot}");
    let beyond = ChainEnd::Unknown { why: "no name server answers".into() };
    let no_dot = told(&[&format!("{TARGET}.example.com"), "gate.example.net"], beyond, false);
    assert!(no_dot.contains("the final dot is missing"), "{no_dot}");
    let wildcard = told(&["gate.example.com"], here("example.com"), true);
    assert!(wildcard.contains("by a wildcard record"), "{wildcard}");
    let circle = told(&["b.example.com", NAME], ChainEnd::Circle, false);
    assert!(circle.contains("leads in a circle: to `b.example.com`, then to `_acme-"), "{circle}");
}

#[test]
fn a_zone_that_public_dns_does_not_ask_the_provider_for_is_told() {
    let report = led(seen(&[TARGET], here("acme.example.org")), false);
    let cause = only(&report, id::CHALLENGE_CNAME).cause;
    assert!(cause.contains("`acme.example.org` is a zone of its own, with other name servers"), "{cause}");
    let report = led(seen(&[TARGET], here("org")), false);
    let finding = only(&report, id::CHALLENGE_CNAME);
    assert!(finding.cause.contains("`org` above it does not delegate it"), "{}", finding.cause);
    assert!(finding.fix.text.contains("enter NS records for `example.org`"), "{}", finding.fix.text);
}

#[test]
fn what_was_not_asked_is_no_failure() {
    let unknown = ChainEnd::Unknown { why: "no name server answers".into() };
    assert!(matches!(outcome(&led(seen(&[], unknown), false), id::CHALLENGE_CNAME), Outcome::Unknown { .. }));
    let report = lab(|evidence| evidence.challenges = Some(ChallengesSeen::default()));
    assert!(matches!(outcome(&report, id::CHALLENGE_CNAME), Outcome::Skip { .. }));
}

#[test]
fn a_certificate_of_no_service_has_the_worst_of_its_names() {
    let report = lab(|evidence| {
        let of = |host: &str, chain: &[&str]| ChallengeSeen {
            proves: vec![host.into()],
            ..seen(chain, here("example.org"))
        };
        let names = Some(vec![of("*.qa.example.com", &[TARGET]), of("db.example.com", &[])]);
        evidence.challenges =
            Some(ChallengesSeen { zone: "acme.example.org".into(), names, ..ChallengesSeen::default() });
        if let Some(Ok(provider)) = &mut evidence.provider {
            provider.zone.name = "example.org".into();
        }
        let hosts = vec!["*.qa.example.com".into(), "db.example.com".into()];
        evidence.extra =
            vec![ExtraSeen { namespace: "qa".into(), secret: "qa-tls".into(), hosts, by_authority: false }];
    });
    let of_extra = report.failures().find(|check| check.id == id::CHALLENGE_CNAME).unwrap();
    assert!(of_extra.finding().unwrap().summary.contains("no CNAME record"));
}
