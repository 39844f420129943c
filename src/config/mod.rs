//! The configuration: what it says, and every problem in it at once. Pure: where the file lies is the machine's matter.

mod annotations;
mod backend;
mod challenge_server;
mod challenges;
mod dns;
mod doctor;
pub mod edit;
mod egress;
mod egress_words;
mod extra;
mod fields;
mod foreign;
mod house;
mod image;
mod ingress;
pub mod inside;
mod interpret;
mod issuer;
mod model;
mod organisations;
mod own_names;
mod protect;
mod public;
mod quoted;
mod records;
mod root_page;
mod schema;
mod security;
mod service;
mod start_page;
#[cfg(test)]
pub(crate) mod testing;
mod token;
mod values;
mod yaml;
mod zone_file;

use std::path::Path;

use crate::error::Result;

pub use crate::facts::controllers::Controller;
pub use crate::facts::providers::Provider;
pub use challenge_server::{ChallengeServer, ParentRecord, PublicPlace};
pub use challenges::Challenge;
pub use dns::{Dns, HouseHost, Policy, Tsig};
pub use doctor::{Hook, Notify};
pub use egress::{Egress, Goal, Port, To};
pub use extra::ExtraCertificate;
pub use fields::{Problem, nearest};
pub use foreign::{Entry, entries};
pub use inside::{InsideZone, ZoneSource};
pub use model::{
    Acme, AcmeServer, Backend, CertManager, Certificates, Config, Ingress, Issuer, Language,
    PUBLIC_RESOLVERS, ROOT_PAGE, START_PAGE, Scheme, Service, StartPage, Timeouts, WHOAMI,
};
pub use organisations::{Organisation, meant as meant_organisation};
pub use protect::{ForwardAuth, Protect};
pub use public::{Public, Target, Way};
pub use records::Records;
pub use schema::schema;
pub use security::OwnEgress;
pub use values::duration;
pub use zone_file::{LONGEST as LONGEST_ZONE_FILE, Mistake as ZoneMistake, RecordData, ZoneRecord};

/// Interprets the text of the file at `path`.
///
/// # Errors
/// When anything in it cannot be used; the message lists every problem, each with its line.
pub fn read(path: &Path, text: &str) -> Result<Config> {
    parse(text).map_err(|problems| quoted::report(path, text, &problems))
}

/// Interprets the text of a configuration.
///
/// # Errors
/// Every problem that was found, in the order of the file.
pub fn parse(text: &str) -> std::result::Result<Config, Vec<Problem>> {
    let node = yaml::parse(text)
        .map_err(|(place, message)| vec![Problem::new(place, format!("not valid YAML: {message}"), None)])?;
    interpret::config(&node)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::names::Host;

    const MINIMAL: &str = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare, tokenFile: /run/secrets/token }\n";

    #[test]
    fn each_provider_has_its_own_limits_and_asks_for_a_server_only_where_it_needs_one() {
        let dns = |dns: &str| {
            let text = format!("domain: a.example.com\nemail: ada@lovelace.dev\ndns: {{ {dns} }}\n");
            parse(&text).map(|config| config.dns).map_err(|error| format!("{error:?}"))
        };
        let paper = "provider: paper, tokenFile: /t, server: drawer.test";
        let given = dns(paper).unwrap();
        assert_eq!((given.ttl, given.server.as_deref()), (300, Some("drawer.test")));
        assert!(dns(&format!("{paper}, ttl: 60")).unwrap_err().contains("between 300 and 600"));
        assert!(dns("provider: paper, tokenFile: /t").unwrap_err().contains("`dns.server` is missing"));
        assert_eq!(dns("provider: slate, server: s.test").unwrap().token_file, None);
        let needless = dns("provider: slate, server: s.test, tokenFile: /t").unwrap_err();
        assert!(needless.contains("unknown key `dns.tokenFile`"), "{needless}");
        let none = dns("provider: cloudflare, tokenFile: /t, server: drawer.test").unwrap_err();
        assert!(none.contains("unknown key `dns.server`"), "{none}");
    }

    #[test]
    fn three_lines_are_a_whole_configuration() {
        let config = parse(MINIMAL).unwrap();
        assert_eq!(config.dns.ttl, 60);
        assert_eq!(config.acme.server, AcmeServer::Production);
        assert_eq!(config.hosts(), vec![Host::parse("whoami.home.example.com").unwrap()]);
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place_and_the_nearest_known_one() {
        let problems = parse(&format!("{MINIMAL}servces: {{}}\n")).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].place.map(|p| (p.line, p.column)), Some((4, 1)));
        assert_eq!(problems[0].help.as_deref(), Some("did you mean `services`?"));
    }

    #[test]
    fn every_problem_is_reported_at_once() {
        let text = "domain: 192.168.1.1\nemail: you@example.com\ndns: { provider: cloudfare, ttl: 5 }\nservices:\n  Photos: { url: ftp://x }\n  nas: {}\n";
        let problems = parse(text).unwrap_err();
        let all = problems.iter().map(|p| p.message.clone()).collect::<Vec<_>>().join("\n");
        for part in ["is an address", "refuses it", "cloudfare", "dns.ttl", "services.Photos", "services.nas"]
        {
            assert!(all.contains(part), "`{part}` is missing in:\n{all}");
        }
    }

    #[test]
    fn the_same_host_twice_is_refused_with_both_names() {
        let text = format!(
            "{MINIMAL}services:\n  a: {{ url: 'http://10.0.0.2', host: x }}\n  b: {{ url: 'http://10.0.0.3', host: x }}\n"
        );
        let problems = parse(&text).unwrap_err();
        assert!(problems[0].message.contains("`x.home.example.com`"), "{}", problems[0].message);
    }

    #[test]
    fn a_service_may_have_several_names_short_ones_below_the_domain() {
        let text = format!(
            "{MINIMAL}services:\n  a: {{ url: 'https://10.0.0.2:5001', hosts: [a, files.example.com] }}\n"
        );
        let config = parse(&text).unwrap();
        let hosts: Vec<_> = config.services[0].hosts.iter().map(Host::as_str).collect();
        assert_eq!(hosts, ["a.home.example.com", "files.example.com"]);
        assert_eq!(config.services[0].scheme, Scheme::Https);
    }

    #[test]
    fn text_that_is_not_yaml_is_named_with_its_place() {
        let problems = parse("domain: [a\nemail: b\n").unwrap_err();
        assert!(problems[0].place.is_some());
        assert!(problems[0].message.starts_with("not valid YAML"));
    }
}
