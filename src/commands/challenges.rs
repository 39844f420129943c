//! Challenges that are met in another zone: before the first write, public DNS must lead there. An order that fails counts at the
//! certificate authority, and cert-manager tries again only after an hour.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::checks::{Finding, misled, undelegated};
use crate::cluster;
use crate::commands::strangers::named;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::evidence::{CertificateSeen, ChallengesSeen, Evidence, ProviderSeen, Zone};
use crate::plan::Snapshot;

/// As many are told.
const TOLD: usize = 12;

/// Holds what was seen against what the provider has. A name whose certificate is there does not stop a run: nothing is asked for
/// it now, and `doctor` tells of its record.
///
/// # Errors
/// When a certificate could not be issued.
pub(super) fn lead_there(
    config: &Config,
    seen: Option<ChallengesSeen>,
    (snapshot, zone): (&Snapshot, &Zone),
) -> Result<()> {
    let mut evidence = Evidence::new(Timestamp::now());
    (evidence.dns, evidence.challenges) = (config.dns.provider, seen);
    evidence.provider = Some(Ok(ProviderSeen { zone: zone.clone(), records: Vec::new() }));
    let issued: Vec<CertificateSeen> =
        snapshot.certificates.iter().flat_map(|all| all.values()).map(cluster::certificate).collect();
    let is_issued = |name: &String| {
        issued.iter().any(|certificate| certificate.ready == Some(true) && certificate.hosts.contains(name))
    };
    let mut wrong = misled(&evidence);
    wrong.retain(|(challenge, _)| !challenge.proves.iter().all(is_issued));
    let misled = wrong.iter().flat_map(|(challenge, _)| challenge.proves.clone());
    let all = evidence.challenges.iter().flat_map(|seen| seen.names.iter().flatten());
    // Without the way to the lab's own server, none of them.
    let undelegated = undelegated(&evidence);
    let names: BTreeSet<String> = match undelegated {
        Some(_) => all.flat_map(|one| one.proves.clone()).filter(|name| !is_issued(name)).collect(),
        None => misled.collect(),
    };
    let findings: Vec<Finding> =
        undelegated.into_iter().chain(wrong.into_iter().map(|(_, finding)| finding)).collect();
    if names.is_empty() { Ok(()) } else { Err(refusal(names, &findings)) }
}

fn refusal(names: BTreeSet<String>, wrong: &[Finding]) -> Error {
    let mut error = Error::usage(format!("no certificate can be issued for {}", named(names.into_iter())));
    for finding in wrong.iter().take(TOLD) {
        error = error.because(format!("{}: {}", finding.summary, finding.cause));
    }
    let mut hints: Vec<&str> = wrong.iter().take(TOLD).map(|finding| finding.fix.text.as_str()).collect();
    hints.push("then run `homelab up` again; `homelab zone delegate` prints every record, to paste");
    error.hint(hints.join(";\n"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config;
    use crate::desired::kind;
    use crate::evidence::{ChainEnd, ChallengeSeen, DelegationSeen, ParentSeen};

    const CONFIG: &str = "domain: intranet.example.com\nemail: ada@lovelace.dev\n\
        dns: { provider: cloudflare, challengeZone: acme.example.org, houseResolver: true }\n";

    /// What is said where the records of these challenges lead nowhere, and these names have certificates.
    fn told(chains: &[&[&str]], issued: &[&str]) -> Result<()> {
        let config = config::parse(&format!("{CONFIG}services: {{ photos: {{ local: 1 }} }}\n")).unwrap();
        let seen = config.challenges().into_iter().zip(chains).map(|(challenge, chain)| ChallengeSeen {
            name: challenge.name,
            target: challenge.target,
            proves: challenge.proves,
            chain: chain.iter().map(|name| (*name).to_owned()).collect(),
            by_wildcard: false,
            end: ChainEnd::Here { zone: Some("example.org".into()), server: "ns".into() },
        });
        let seen = ChallengesSeen {
            zone: "acme.example.org".into(),
            names: Some(seen.collect()),
            ..ChallengesSeen::default()
        };
        let mut snapshot = Snapshot::default();
        let items: Vec<_> = issued
            .iter()
            .map(|name| {
                json!({ "metadata": { "namespace": "x", "name": name }, "spec": { "dnsNames": [name] },
                    "status": { "conditions": [{ "type": "Ready", "status": "True" }] } })
            })
            .collect();
        snapshot.note("o", &kind::CERTIFICATE, Some(json!({ "items": items })));
        let zone = Zone { name: "example.org".into(), ..Zone::default() };
        lead_there(&config, Some(seen), (&snapshot, &zone))
    }

    #[test]
    fn a_certificate_that_could_not_be_issued_stops_the_run_with_the_record_to_enter() {
        let good: &[&str] = &["any.acme.example.org"];
        assert!(told(&[good, good], &[]).is_ok());
        let error = told(&[&[], good], &[]).unwrap_err().to_string();
        assert!(
            error.starts_with("no certificate can be issued for `photos.intranet.example.com`\n"),
            "{error}"
        );
        let record = "`_acme-challenge.photos.intranet.example.com. CNAME _acme-challenge.photos.intranet.example.com.acme.example.org.`";
        assert!(error.contains(record) && error.contains("`homelab zone delegate`"), "{error}");
    }

    #[test]
    fn a_name_whose_certificate_is_there_stops_nobody() {
        let good: &[&str] = &["any.acme.example.org"];
        assert!(told(&[&[], good], &["photos.intranet.example.com"]).is_ok());
        assert!(told(&[&[], good], &["whoami.intranet.example.com"]).is_err());
    }

    #[test]
    fn where_challenges_are_met_beside_the_names_nothing_is_asked() {
        let config = config::parse(&CONFIG.replace(", challengeZone: acme.example.org", "")).unwrap();
        assert!(lead_there(&config, None, (&Snapshot::default(), &Zone::default())).is_ok());
    }

    #[test]
    fn without_the_way_to_the_labs_own_server_nothing_is_asked_of_the_acme_server() {
        let text = CONFIG.replace("houseResolver: true", "challengeServer: 203.0.113.7");
        let config = config::parse(&text).unwrap();
        let told = |servers: &[&str]| {
            let names = config.challenges().into_iter().map(|challenge| ChallengeSeen {
                chain: vec![challenge.target.clone()],
                name: challenge.name,
                target: challenge.target,
                proves: challenge.proves,
                by_wildcard: false,
                end: ChainEnd::Unknown { why: "no name server answers".into() },
            });
            let parent = ParentSeen {
                zone: "example.org".into(),
                servers: servers.iter().map(|server| (*server).to_owned()).collect(),
                addresses: vec![[203, 0, 113, 7].into()],
            };
            let server = DelegationSeen {
                name: "homelab-ns.acme.example.org".into(),
                address: Some([203, 0, 113, 7].into()),
                port: 8053,
                parent: Ok(parent),
                from_outside: None,
                public: None,
                nodes: Vec::new(),
            };
            let zone = "acme.example.org".to_owned();
            let seen = ChallengesSeen { zone, own: true, names: Some(names.collect()), server: Some(server) };
            let zone = Zone { name: "example.com".into(), ..Zone::default() };
            lead_there(&config, Some(seen), (&Snapshot::default(), &zone))
        };
        assert!(told(&["homelab-ns.acme.example.org"]).is_ok(), "the server itself comes with this run");
        let error = told(&[]).unwrap_err().to_string();
        assert!(
            error.starts_with("no certificate can be issued for `whoami.intranet.example.com`\n"),
            "{error}"
        );
        assert!(error.contains("`acme.example.org. NS homelab-ns.acme.example.org.`"), "{error}");
    }
}
