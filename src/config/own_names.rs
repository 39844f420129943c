//! What holds where the nodes themselves are the name servers of `domain`, and public DNS knows nothing of it.

use std::collections::BTreeSet;

use crate::config::fields::Fields;
use crate::config::model::Issuer;
use crate::facts::names::{Host, is_within};

/// The ending that devices look up by multicast and never by a name server (RFC 6762, section 3).
const MULTICAST: &str = "local";

/// Endings that no registry gives out (RFC 8375; ICANN, resolution 2024.07.29.06; RFC 6762).
const OF_THE_HOUSE: [&str; 3] = ["home.arpa", "internal", MULTICAST];

/// Whether no zone of public DNS can have a name, so that nobody can be shown that it is yours.
pub(super) fn is_of_the_house(name: &str) -> bool {
    OF_THE_HOUSE.into_iter().any(|ending| is_within(name, ending))
}

/// Reports what cannot work with names of the house's own. With a server for challenges (`can_prove`), an ACME server can be shown
/// that a name is yours, if it is below a domain that somebody can own.
pub(super) fn check(
    fields: &mut Fields<'_>,
    domain: Option<&Host>,
    (used, can_prove): (&BTreeSet<Issuer>, bool),
    external_dns: Option<bool>,
) {
    if let Some(domain) = domain.filter(|domain| is_within(domain.as_str(), MULTICAST)) {
        let place = fields.node("domain").map(|node| node.place);
        fields.problem(
            place,
            format!(
                "`domain`: `{domain}` ends in `.local`, which devices ask each other for by multicast (mDNS, RFC 6762) and never a name server"
            ),
            Some("use `home.arpa` (RFC 8375), a name below `internal` such as `lab.internal`, or a domain of your own".to_owned()),
        );
    }
    if used.contains(&Issuer::Acme) && !can_prove {
        fields.problem(
            None,
            "`issuer: acme` cannot work: no ACME server can look up names that only your own nodes know",
            Some("leave `issuer` out, and the lab's own certificate authority signs; or let a name server of the lab's own answer the challenges, by `dns.challengeServer`: docs/challenge-zone.md".to_owned()),
        );
    }
    if let Some(domain) = domain.filter(|domain| can_prove && is_of_the_house(domain.as_str()))
        && used.contains(&Issuer::Acme)
    {
        let place = fields.node("domain").map(|node| node.place);
        fields.problem(
            place,
            format!("`domain`: nobody owns `{domain}`, so no ACME server signs a certificate for a name in it"),
            Some("set `issuer: ca`, and the lab's own certificate authority signs; or use a name below a domain of your own".to_owned()),
        );
    }
    if external_dns == Some(false) {
        let place = fields.node("externalDns").map(|node| node.place);
        fields.problem(
            place,
            "`externalDns.manage: false` cannot work: each node's name server is filled by an external-dns of its own",
            Some("leave `externalDns` out; an external-dns that is installed already is left alone".to_owned()),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Issuer, Problem, parse};

    fn read(domain: &str, more: &str) -> Result<Config, Vec<Problem>> {
        parse(&format!("domain: {domain}\ndns: {{ provider: local }}\n{more}"))
    }

    #[test]
    fn a_domain_and_the_word_are_a_whole_configuration() {
        for domain in ["home.arpa", "lab.internal", "house.example.com"] {
            let config = read(domain, "").unwrap();
            assert_eq!((config.issuer, &config.email, config.external_dns), (Issuer::Ca, &None, false));
            assert!(config.dns.token_file.is_none());
            assert_eq!(config.dns.owner, domain);
        }
    }

    #[test]
    fn a_domain_of_multicast_is_refused_with_the_reason_and_what_to_use() {
        for domain in ["home.local", "cluster.local"] {
            let problems = read(domain, "").unwrap_err();
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!(problems[0].message.contains("mDNS, RFC 6762"), "{problems:?}");
            assert_eq!(problems[0].place.map(|place| place.line), Some(1));
            assert!(problems[0].help.as_deref().unwrap().contains("home.arpa"));
        }
        assert!(read("localhome.example.com", "").is_ok() && read("local.internal", "").is_ok());
    }

    #[test]
    fn what_needs_the_internets_dns_is_refused() {
        let problems = read("home.arpa", "issuer: acme\nemail: ada@lovelace.dev\n").unwrap_err();
        assert!(problems[0].message.contains("no ACME server"), "{problems:?}");
        let one = "email: ada@lovelace.dev\nservices: { a: { local: 1, issuer: acme } }\n";
        assert!(read("home.arpa", one).unwrap_err()[0].message.contains("no ACME server"));
        let problems = read("home.arpa", "externalDns: { manage: false }\n").unwrap_err();
        assert!(problems[0].message.contains("external-dns of its own"), "{problems:?}");
        let problems = read("home.arpa", "services: { a: { local: 1, host: a.example.com } }\n").unwrap_err();
        assert!(problems.iter().any(|problem| problem.message.contains("not in the domain")), "{problems:?}");
        let problems = parse("domain: home.arpa\ndns: { provider: local, tokenFile: /t }\n").unwrap_err();
        assert!(problems[0].message.contains("tokenFile"), "{problems:?}");
    }
}
