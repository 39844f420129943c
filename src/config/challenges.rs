//! Challenges that are met in another zone than that of the names (`dns.challengeZone`), and the CNAME records by which an ACME
//! server gets there.

use std::collections::BTreeMap;

use crate::config::challenge_server::{self, ChallengeServer};
use crate::config::fields::{Fields, Problem};
use crate::config::model::{Certificates, Config, Issuer};
use crate::config::own_names;
use crate::facts::names::{CHALLENGE, Host, behind_challenge, challenge_name, is_within};
use crate::facts::providers::Provider;

/// The key.
const KEY: &str = "challengeZone";

/// A name at which an ACME server looks for a proof, and where its CNAME record leads. Any target in the zone would do, since
/// cert-manager goes where the record leads; this one says whose it is, and no two names share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// `_acme-challenge.` and the name; a wildcard and the name above it share it.
    pub name: String,
    /// The same with the zone behind it; the name itself where that is in the zone, and needs no CNAME record.
    pub target: String,
    /// The names of certificates that it proves, sorted.
    pub proves: Vec<String>,
}

/// Reads the key. A zone that holds the names has their challenges beside them, and needs no CNAME: there is something to say of it
/// only where the lab's own server has it.
pub(super) fn read(
    fields: &mut Fields<'_>,
    domain: Option<&Host>,
    provider: Provider,
) -> (Option<Host>, Option<ChallengeServer>) {
    let zone = fields.parsed(KEY, zone_name);
    let place = fields.node(KEY).map(|node| node.place);
    let server = challenge_server::read(fields, zone.as_ref());
    let Some(zone) = zone else { return (None, server) };
    if server.is_some() {
        if own_names::is_of_the_house(zone.as_str()) {
            fields.problem(
                place,
                format!(
                    "`dns.{KEY}`: `{zone}` is in no public zone, so nobody can delegate it to your server"
                ),
                Some("use a name below a domain of your own: docs/challenge-zone.md".to_owned()),
            );
        }
        return (Some(zone), server);
    }
    if provider.is_on_nodes() {
        let word = provider.facts().key;
        fields.problem(
            place,
            format!("`dns.{KEY}` cannot work with `dns.provider: {word}`, which has no zone in public DNS"),
            Some("choose the provider that hosts that zone, or let a name server of the lab's own have it, by `challengeServer`: docs/challenge-zone.md".to_owned()),
        );
    }
    if let Some(domain) = domain.filter(|domain| domain.is_within(&zone)) {
        fields.problem(
            place,
            format!("`dns.{KEY}`: `{domain}` is in `{zone}` itself, so its challenges are met beside the names, and need no CNAME record"),
            Some(format!("leave `{KEY}` out; it is for names whose zone the provider does not host")),
        );
    }
    (Some(zone), None)
}

/// A name, or that of a challenge: a zone may begin there.
fn zone_name(text: &str) -> Result<Host, String> {
    match behind_challenge(&text.to_ascii_lowercase()) {
        Some(rest) => Host::parse(rest).map(|rest| rest.child(CHALLENGE)),
        None => Host::parse(text),
    }
}

/// A CNAME record that DNS cannot hold.
pub(super) fn too_long(config: &Config) -> Option<Problem> {
    let challenges = config.challenges();
    let challenge = challenges.iter().find(|challenge| challenge.target.len() > LONGEST)?;
    let message = format!(
        "`dns.{KEY}`: `{}` has {} characters, and a DNS name at most {LONGEST}",
        challenge.target,
        challenge.target.len()
    );
    Some(Problem::new(
        None,
        message,
        Some("choose a shorter name for the zone, or for the service".to_owned()),
    ))
}

/// The longest name in DNS, as it is written (RFC 1035, section 2.3.4).
const LONGEST: usize = 253;

impl Challenge {
    /// Whether somebody has to enter a CNAME record for it.
    #[must_use]
    pub fn needs_record(&self) -> bool {
        self.name != self.target
    }
}

impl Config {
    /// Those of all certificates that the ACME server signs, in the order of their names; none where they are met beside the names by the
    /// provider.
    pub fn challenges(&self) -> Vec<Challenge> {
        let Some(zone) = &self.dns.challenge_zone else { return Vec::new() };
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for name in self.signed_by_acme() {
            let proves = found.entry(challenge_name(&name)).or_default();
            if !proves.contains(&name) {
                proves.push(name);
                proves.sort_unstable();
            }
        }
        let target = |name: &String| match is_within(name, zone.as_str()) {
            true => name.clone(),
            false => format!("{name}.{zone}"),
        };
        let challenge = |(name, proves): (String, _)| Challenge { target: target(&name), name, proves };
        found.into_iter().map(challenge).collect()
    }

    /// The names of all certificates that the ACME server signs.
    pub(super) fn signed_by_acme(&self) -> Vec<String> {
        let wildcard = self.certificates == Certificates::Wildcard && self.issuer == Issuer::Acme;
        let wildcard = wildcard.then(|| [self.domain.to_string(), format!("*.{}", self.domain)]);
        let own = self.own_hosts().into_iter().filter(|host| self.has_certificate(host));
        let own = own.map(|host| (vec![host], self.issuer));
        let services = self.services.iter().map(|service| (service.hosts.clone(), service.issuer));
        let alone = own
            .chain(services)
            .filter(|(hosts, issuer)| *issuer == Issuer::Acme && !self.has_wildcard_for(hosts, *issuer));
        let alone = alone.flat_map(|(hosts, _)| hosts).map(|host| host.to_string());
        let extra = self.extra_certificates.iter().filter(|extra| extra.issuer == Issuer::Acme);
        let extra = extra.flat_map(|extra| extra.names.iter().cloned());
        wildcard.into_iter().flatten().chain(alone).chain(extra).collect()
    }
}

#[cfg(test)]
mod tests;
