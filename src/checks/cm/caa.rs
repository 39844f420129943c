//! CAA records: whether the domain lets the authority issue (RFC 8659).

use std::collections::BTreeMap;

use crate::checks::cm::issuer::host_of;
use crate::checks::engine::{Finding, Outcome, Severity};
use crate::evidence::dns::{Data, Rcode};
use crate::evidence::{AcmeSeen, Evidence, Lookup};
use crate::facts::names::{endings, is_within};
use crate::provider::words;

/// The names that authorities go by in CAA records, by the end of their ACME server's host (each one's documents).
const AUTHORITIES: [(&str, &str); 5] = [
    ("letsencrypt.org", "letsencrypt.org"),
    ("zerossl.com", "sectigo.com"),
    ("pki.goog", "pki.goog"),
    ("buypass.com", "buypass.com"),
    ("ssl.com", "ssl.com"),
];

/// `wild` says whether the certificate is one for a wildcard, `ready` whether there is one that serves.
pub(super) fn lets_issue(
    evidence: &Evidence,
    acme: &AcmeSeen,
    host: &str,
    (wild, ready): (bool, bool),
) -> Outcome {
    let Some(answers) = &acme.caa else {
        return Outcome::skip("nothing beyond this network was asked");
    };
    let weigh = |finding: Finding| if ready { finding.only(Severity::Warning) } else { finding };
    let (name, found) = match climb(answers, host) {
        Climb::Nothing => return Outcome::pass("no CAA record: every certificate authority may issue"),
        Climb::Unknown(why) => return Outcome::unknown(why),
        Climb::Broken(name, server) => {
            return weigh(
                Finding::new(
                    format!("{server} cannot say whether `{name}` has CAA records (SERVFAIL)"),
                    "a certificate authority that cannot read the CAA records must not issue. DNSSEC is broken, or name servers do not answer",
                    "remove or renew the DS record at the registrar; https://dnsviz.net shows where the chain of trust breaks",
                )
                .heals(),
            )
            .into();
        }
        Climb::Found(name, found) => (name, found),
    };
    let tagged = |tag: &str| found.iter().filter(|(t, _)| t.eq_ignore_ascii_case(tag)).collect::<Vec<_>>();
    let (issue, issue_wild) = (tagged("issue"), tagged("issuewild"));
    // For a wildcard, `issuewild` counts alone where there is one.
    let counting = if wild && !issue_wild.is_empty() { issue_wild } else { issue };
    let allowed: Vec<&str> = counting.iter().map(|(_, value)| domain_of(value)).collect();
    let tag = if wild { "issuewild" } else { "issue" };
    let shown =
        counting.iter().map(|(tag, value)| format!("`0 {tag} \"{value}\"`")).collect::<Vec<_>>().join(", ");
    if allowed.is_empty() {
        return Outcome::pass(format!("the CAA records of `{name}` forbid no certificate authority"));
    }
    let page = match evidence.is_zone_of_challenges() || evidence.dns.is_on_nodes() {
        // The names are in another zone than the provider's.
        true => "the public zone that holds it",
        false => words(evidence.dns).records_page,
    };
    let server = host_of(&acme.wanted.server);
    let authority = AUTHORITIES.into_iter().find(|(end, _)| is_within(server, end));
    let nobody = allowed.iter().all(|domain| domain.is_empty());
    match authority {
        Some((_, identity)) if allowed.iter().any(|domain| domain.eq_ignore_ascii_case(identity)) => {
            Outcome::pass(format!("`{name}` allows {identity}"))
        }
        Some((_, identity)) => weigh(Finding::new(
            format!("the CAA records of `{name}` do not let {identity} issue: {shown}"),
            "the CAA records allow other certificate authorities only",
            format!("add the record `{name} CAA 0 {tag} \"{identity}\"` to the existing ones, in {page}"),
        ))
        .into(),
        None if nobody => weigh(Finding::new(
            format!("the CAA records of `{name}` let no authority issue: {shown}"),
            "an empty name in a CAA record forbids every certificate authority",
            format!("remove that record in {page}, or replace it by one with the name of the authority behind {server}"),
        ))
        .into(),
        None => Outcome::skip(format!("the name of {server} in CAA records is not known; `{name}` has {shown}")),
    }
}

/// What comes of asking a name and every one above it.
enum Climb<'e> {
    /// The first name that has CAA records, with tag and value of each.
    Found(&'e str, Vec<(&'e str, &'e str)>),
    /// No name has any.
    Nothing,
    /// A server failed to answer.
    Broken(&'e str, &'e str),
    /// It could not be asked.
    Unknown(String),
}

fn climb<'e>(answers: &'e BTreeMap<String, Lookup>, host: &str) -> Climb<'e> {
    for name in endings(host) {
        let Some((asked, lookup)) = answers.get_key_value(&name) else {
            return Climb::Unknown(format!("no name server could be asked for the CAA records of `{name}`"));
        };
        match &lookup.result {
            Err(why) => {
                return Climb::Unknown(format!(
                    "{} was asked for the CAA records of `{name}`: {why}",
                    lookup.server
                ));
            }
            Ok(reply) if reply.rcode == Rcode::ServFail => return Climb::Broken(asked, &lookup.server),
            Ok(reply) => {
                let found: Vec<_> =
                    reply.answers.iter().filter_map(|record| property(&record.data)).collect();
                if !found.is_empty() {
                    return Climb::Found(asked, found);
                }
            }
        }
    }
    Climb::Nothing
}

fn property(data: &Data) -> Option<(&str, &str)> {
    match data {
        Data::Caa { tag, value } => Some((tag, value)),
        _ => None,
    }
}

/// The domain of an authority, without parameters.
fn domain_of(value: &str) -> &str {
    value.split(';').next().unwrap_or_default().trim()
}

/// Whether the Certificate for the host is one for a wildcard.
pub(super) fn is_by_wildcard(evidence: &Evidence, host: &str) -> bool {
    let mut all = evidence.certificates_of(host).peekable();
    all.peek().is_some() && !all.any(|certificate| certificate.hosts.iter().any(|name| name == host))
}
