//! One record for each name, or one for all of them (`records`).

use std::collections::BTreeSet;

use crate::config::dns::Dns;
use crate::config::fields::Fields;
use crate::config::model::{Certificates, Config, Issuer};
use crate::facts::controllers::Controller;
use crate::facts::names::{Host, challenge_name};
use crate::facts::ownership::WILDCARD;

/// The key.
const KEY: &str = "records";

/// How names get their records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Records {
    /// One for each name.
    #[default]
    PerHost,
    /// One for `*.<domain>`, and others for the names that it does not answer for.
    Wildcard,
}

/// Reads the key.
pub(super) fn read(fields: &mut Fields<'_>) -> Records {
    let read = |text: &str| match text {
        "per-host" => Ok(Records::PerHost),
        "wildcard" => Ok(Records::Wildcard),
        other => Err(format!("`{other}` is neither `per-host` nor `wildcard`")),
    };
    fields.parsed(KEY, read).unwrap_or_default()
}

/// Refuses a wildcard record where nobody would write it, or where it would not answer.
pub(super) fn check(
    fields: &mut Fields<'_>,
    records: Records,
    dns: &Dns,
    (certificates, signs): (Certificates, Issuer),
    (controller, external_dns): (Controller, Option<bool>),
) {
    if records == Records::PerHost {
        return;
    }
    let (word, leave_out) = (dns.provider.facts().key, "leave `records` out".to_owned());
    let (why, help) = match () {
        () if dns.provider.is_on_nodes() => (
            format!("cannot work with `dns.provider: {word}`: the name servers on the nodes know each name of the lab, and no others"),
            leave_out,
        ),
        () if dns.challenge_zone.is_some() => (
            "cannot work with `dns.challengeZone`: the provider's zone is not that of the names, so they have no record there".to_owned(),
            leave_out,
        ),
        () if !dns.publish => (
            "contradicts `dns.publish: false`, with which public DNS has no record of the lab".to_owned(),
            leave_out,
        ),
        () if external_dns == Some(false) => (
            "and `externalDns.manage: false` do not go together: what an external-dns of your own publishes is yours to say".to_owned(),
            "leave one of the two out".to_owned(),
        ),
        () if !controller.is_managed() => (
            "cannot work with `ingress.manage: false`: what your controller does with the names that no service has, homelab does not know".to_owned(),
            leave_out,
        ),
        () if signs == Issuer::Acme && certificates == Certificates::PerHost => (
            "does not work with a certificate for each service: as long as the TXT record of a challenge is there, \
             `_acme-challenge.photos.<domain>` for example, DNS takes no wildcard for `photos.<domain>` (RFC 4592), and the name does not resolve"
                .to_owned(),
            "add `certificates: wildcard`, whose challenge is at `_acme-challenge.<domain>`; or leave `records` out".to_owned(),
        ),
        () => return,
    };
    let place = fields.node(KEY).map(|node| node.place);
    fields.problem(place, format!("`records: wildcard` {why}"), Some(help));
}

impl Config {
    /// Whether the certificate for `*.<domain>` serves these hosts, if `issuer` signs theirs.
    pub fn has_wildcard_for(&self, hosts: &[Host], issuer: Issuer) -> bool {
        let dots = |host: &Host| host.as_str().matches('.').count();
        let covered = |host: &Host| {
            host.is_within(&self.domain)
                && dots(host) <= dots(&self.domain) + 1
                && self.organisation_of(host.as_str()).is_none()
        };
        self.certificates == Certificates::Wildcard && issuer == self.issuer && hosts.iter().all(covered)
    }

    /// The name of the record that answers for names without one of their own, if the lab has such a record.
    pub fn wildcard_record(&self) -> Option<String> {
        (self.records == Records::Wildcard).then(|| format!("*.{}", self.domain))
    }

    /// The names of the records by which the hosts are found: their own, and the wildcard's.
    pub fn recorded(&self) -> impl Iterator<Item = String> + use<> {
        let answered = self.by_wildcard();
        let own = self.hosts().into_iter().filter(move |host| !answered.contains(host));
        own.map(|host| host.to_string()).chain(self.wildcard_record())
    }

    /// The hosts that the wildcard record answers for; none without it.
    ///
    /// Only those one label below the domain, as for a certificate: DNS would take the wildcard for deeper ones, too, but not
    /// where something is in between. And only those below which nothing of the lab's lies: a wildcard answers for names that do
    /// not exist, and a name exists as soon as one below it has a record (RFC 4592, section 2.2.2).
    pub fn by_wildcard(&self) -> BTreeSet<Host> {
        if self.records == Records::PerHost {
            return BTreeSet::new();
        }
        let hosts = self.hosts();
        // What is reached from the internet has a record of another kind.
        let public: Vec<&Host> =
            self.services.iter().filter(|one| one.public.is_some()).flat_map(|one| &one.hosts).collect();
        let beside = |name: &str| label_at(name, &self.domain).map(str::to_owned);
        let deeper = hosts.iter().filter(|host| !self.is_child(host)).map(ToString::to_string);
        let further = self.house_hosts().filter(|_| self.dns.publish_hosts);
        let further = further.map(|host| host.name.to_string());
        let challenges = self.signed_by_acme().into_iter().map(|name| challenge_name(&name));
        let mut exist: BTreeSet<String> =
            deeper.chain(further).chain(challenges).filter_map(|name| beside(&name)).collect();
        // The TXT record that owns the wildcard has this label in place of the `*`.
        exist.insert(WILDCARD.to_owned());
        let answers = |host: &Host| {
            self.is_child(host)
                && !public.contains(&host)
                && beside(host.as_str()).is_some_and(|label| !exist.contains(&label))
        };
        let public = self.public_hosts(None);
        hosts.into_iter().filter(|host| answers(host) && !public.contains(host)).collect()
    }

    fn is_child(&self, host: &Host) -> bool {
        host.as_str().split_once('.').is_some_and(|(_, parent)| parent == self.domain.as_str())
    }
}

/// The label next to the domain of a name below it.
fn label_at<'n>(name: &'n str, domain: &Host) -> Option<&'n str> {
    name.strip_suffix(domain.as_str())?.strip_suffix('.')?.rsplit('.').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "domain: home.example.com\nemail: ada@lovelace.dev\nrecords: wildcard\n";
    const WILDCARD_CERTIFICATE: &str = "certificates: wildcard\ndns: { provider: cloudflare }\n";

    fn answers(more: &str) -> Vec<String> {
        let config = crate::config::parse(&format!("{BASE}{more}")).unwrap();
        config.by_wildcard().into_iter().map(|host| host.as_str().replace(".home.example.com", "")).collect()
    }

    fn refused(text: &str) -> String {
        let problems = crate::config::parse(text).unwrap_err();
        let told = |problem: &crate::config::Problem| {
            format!("{}; {}\n", problem.message, problem.help.as_deref().unwrap_or_default())
        };
        problems.iter().map(told).collect()
    }

    #[test]
    fn each_name_has_a_record_unless_one_is_asked_for_all() {
        let config =
            crate::config::parse(&BASE.replace("records: wildcard\n", WILDCARD_CERTIFICATE)).unwrap();
        assert_eq!(
            (config.records, config.wildcard_record(), config.by_wildcard().len()),
            (Records::PerHost, None, 0)
        );
        let config = crate::config::parse(&format!("{BASE}{WILDCARD_CERTIFICATE}")).unwrap();
        assert_eq!(config.wildcard_record().as_deref(), Some("*.home.example.com"));
        assert!(
            refused(&BASE.replace("wildcard", "one")).contains("`one` is neither `per-host` nor `wildcard`")
        );
    }

    #[test]
    fn it_answers_for_the_names_next_to_the_domain_and_for_no_others() {
        let found = answers(&format!(
            "{WILDCARD_CERTIFICATE}startPage: true\nservices:\n  photos: {{ local: 1 }}\n  deep: {{ local: 2, host: a.b.home.example.com }}\n  \
             old: {{ local: 3, host: old.example.com }}\n"
        ));
        assert_eq!(found, ["photos", "whoami"]);
        let config = crate::config::parse(&format!("{BASE}{WILDCARD_CERTIFICATE}startPage: true\n")).unwrap();
        assert_eq!(config.recorded().collect::<Vec<_>>(), ["home.example.com", "*.home.example.com"]);
    }

    /// RFC 4592: `b` exists as soon as `a.b` does, and no wildcard answers for it any more.
    #[test]
    fn a_name_with_something_of_the_labs_below_it_has_a_record_of_its_own() {
        let services = "services: { b: { local: 1 }, nas: { local: 2 }, db: { local: 3 }, wildcard: { local: 4 }, tv: { local: 5 } ";
        let acme = "certificates: wildcard\ndns: { provider: cloudflare, publishHosts: true, hosts: { ssh.nas: 10.0.0.2 } }\nwhoami: false\n\
             extraCertificates: [{ namespace: qa, names: [db.home.example.com] }]\n";
        assert_eq!(
            answers(&format!("{acme}{services}, deep: {{ local: 6, host: a.b.home.example.com }} }}\n")),
            ["tv"]
        );
        let unpublished = acme.replace("publishHosts: true", "houseResolver: true");
        assert_eq!(answers(&format!("{unpublished}{services}}}\n")), ["b", "nas", "tv"]);
    }

    #[test]
    fn with_an_authority_of_the_labs_own_there_are_no_challenges_in_the_way() {
        let own = "issuer: ca\ndns: { provider: cloudflare }\nservices:\n  a: { local: 1 }\n  b: { local: 2, issuer: acme }\n";
        assert_eq!(answers(own), ["a", "ca", "whoami"]);
    }

    #[test]
    fn where_nobody_would_write_it_or_it_would_not_answer_it_is_refused_with_the_reason() {
        for (more, why) in [
            ("dns: { provider: local }\nissuer: ca\n", "the name servers on the nodes know each name"),
            (
                "dns: { provider: cloudflare, houseResolver: true, publish: false }\n",
                "contradicts `dns.publish: false`",
            ),
            (
                "dns: { provider: cloudflare, challengeZone: lab.dev }\n",
                "the provider's zone is not that of the names",
            ),
            (
                "dns: { provider: cloudflare }\nissuer: ca\ningress: { manage: false, class: traefik }\n",
                "what your controller does",
            ),
            ("dns: { provider: cloudflare }\nexternalDns: { manage: false }\n", "is yours to say"),
            ("dns: { provider: cloudflare }\n", "add `certificates: wildcard`"),
        ] {
            let told = refused(&format!("{BASE}{more}"));
            assert!(told.contains("`records: wildcard`") && told.contains(why), "{told}");
        }
    }
}
