//! Reads `issuer` and `acme`: who signs certificates, and whether that may be for the names that are asked of it.

use std::collections::BTreeSet;

use crate::config::extra::ExtraCertificate;
use crate::config::fields::{Fields, nearest};
use crate::config::model::{Acme, AcmeServer, Issuer, Service};
use crate::config::values::duration;
use crate::config::yaml::Position;
use crate::facts::authority::{is_permitted, permitted};
use crate::facts::cluster_domain::DEFAULT;
use crate::facts::names::Host;

/// DNS over HTTPS, so that neither the router's view nor one that catches port 53 can hide a challenge's record.
const RECURSIVE: [&str; 2] = ["https://1.1.1.1/dns-query", "https://8.8.8.8/dns-query"];

/// The word of an issuer.
///
/// # Errors
/// What can stand there instead.
pub(super) fn issuer(text: &str) -> Result<Issuer, String> {
    if let Some(issuer) = Issuer::ALL.into_iter().find(|issuer| issuer.word() == text) {
        return Ok(issuer);
    }
    let words = Issuer::ALL.map(Issuer::word);
    let meant = nearest(text, &words).map(|word| format!("; did you mean `{word}`?")).unwrap_or_default();
    Err(format!(
        "`{text}` is not an issuer that homelab knows; `acme` (Let's Encrypt, or the server in `acme.server`) and `ca` (the lab's own certificate authority) are{meant}"
    ))
}

/// Who signs where nothing is said: no ACME server can look up names that only the nodes know.
pub(super) fn default(on_nodes: bool) -> Issuer {
    if on_nodes { Issuer::Ca } else { Issuer::default() }
}

/// Everybody who signs something.
pub(super) fn used(issuer: Issuer, services: &[Service], extra: &[ExtraCertificate]) -> BTreeSet<Issuer> {
    let of_services = services.iter().map(|service| service.issuer);
    of_services.chain(extra.iter().map(|extra| extra.issuer)).chain([issuer]).collect()
}

/// The e-mail address belongs to an account at an ACME server: where none is used, none is needed.
pub(super) fn needs_email(fields: &mut Fields<'_>, used: &BTreeSet<Issuer>) {
    if used.contains(&Issuer::Acme) {
        fields.missing("email", "Let's Encrypt needs an e-mail address for your account", "you@example.com");
    }
}

/// Reads `acme`.
pub(super) fn acme(fields: &mut Fields<'_>) -> Acme {
    let staging = fields.bool("staging");
    let server = fields.parsed("server", |text| {
        if text.starts_with("https://") {
            Ok(text.to_owned())
        } else {
            Err(format!("`{text}` must begin with `https://`"))
        }
    });
    if let (Some(true), Some(_)) = (staging, &server) {
        let place = fields.node("staging").map(|n| n.place);
        fields.problem(place, "`acme` has both `staging` and `server`; keep one", None);
    }
    let ca_file = fields.text("caFile").map(|(_, path)| path.into());
    let given: Vec<String> = fields.texts("recursiveNameservers").into_iter().map(|(_, text)| text).collect();
    Acme {
        server: match (server, staging) {
            (Some(server), _) => AcmeServer::Other(server),
            (None, Some(true)) => AcmeServer::Staging,
            (None, _) => AcmeServer::Production,
        },
        ca_file,
        recursive_nameservers: if given.is_empty() { RECURSIVE.map(str::to_owned).to_vec() } else { given },
        propagation_wait: fields.parsed("propagationWait", duration),
    }
}

/// Reports names that the lab's own authority may not sign: who trusts its root trusts it for the lab's domain, and for
/// nothing else. `path` is the key whose names they are.
pub(super) fn refuse_outside(
    fields: &mut Fields<'_>,
    domain: Option<&Host>,
    hosts: &[Host],
    (path, place): (&str, Option<Position>),
) {
    let Some(domain) = domain else { return };
    for host in hosts.iter().filter(|host| !is_permitted(host.as_str(), permitted(domain.as_str(), DEFAULT)))
    {
        let message = format!(
            "`{path}`: `{host}` is not in the domain `{domain}`, so the lab's own certificate authority may not sign it"
        );
        let help = match path {
            START_PAGE => {
                format!("give it a name below `{domain}`; or leave `issuer: ca` to single services")
            }
            _ => format!("set `issuer: acme` for this service, or give it a name below `{domain}`"),
        };
        fields.problem(place, message, Some(help));
    }
}

/// The key of the start page.
pub(super) const START_PAGE: &str = "startPage";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Problem, parse};

    fn read(more: &str) -> Result<Config, Vec<Problem>> {
        parse(&format!(
            "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare }}\n{more}"
        ))
    }

    #[test]
    fn a_service_has_the_labs_issuer_unless_it_names_its_own() {
        let of = |config: &Config| config.services.iter().map(|service| service.issuer).collect::<Vec<_>>();
        let config = read("services: { a: { local: 1 }, b: { local: 2, issuer: ca } }\n").unwrap();
        assert_eq!((config.issuer, of(&config)), (Issuer::Acme, vec![Issuer::Acme, Issuer::Ca]));
        let config =
            read("issuer: ca\nservices: { a: { local: 1 }, b: { local: 2, issuer: acme } }\n").unwrap();
        assert_eq!((config.issuer, of(&config)), (Issuer::Ca, vec![Issuer::Ca, Issuer::Acme]));
    }

    #[test]
    fn a_word_that_is_no_issuer_is_told_with_those_that_are() {
        for text in ["issuer: cs\n", "services: { a: { local: 1, issuer: cs } }\n"] {
            let problems = read(text).unwrap_err();
            assert!(problems[0].message.contains("did you mean `ca`?"), "{problems:?}");
            assert!(problems[0].place.is_some());
        }
        let problems = read("issuer: letsencrypt\n").unwrap_err();
        assert!(problems[0].message.contains("`acme` (Let's Encrypt"), "{problems:?}");
    }

    #[test]
    fn the_authority_signs_no_name_outside_the_labs_domain() {
        let outside = "services:\n  wiki: { local: 1, hosts: [wiki, wiki.example.org], issuer: ca }\n";
        let problems = read(outside).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].message.contains("`services.wiki`: `wiki.example.org` is not in the domain"));
        assert_eq!(problems[0].place.map(|place| place.line), Some(5));
        assert!(problems[0].help.as_deref().unwrap().contains("set `issuer: acme`"));
        assert!(read(&outside.replace("issuer: ca", "issuer: acme")).is_ok());
        let page = read("issuer: ca\nstartPage: { host: start.example.org }\n").unwrap_err();
        assert!(page[0].message.starts_with("`startPage`: `start.example.org`"), "{page:?}");
        assert!(read("issuer: ca\nstartPage: true\n").is_ok());
    }
}
