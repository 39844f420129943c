//! cert-manager's own look for a challenge's record, before it lets the authority look.

use std::net::{IpAddr, SocketAddr};

use serde_json::Value;

use crate::checks::cm::asked;
use crate::checks::cm::chain::Chain;
use crate::checks::cm::reading::{Cure, Reading, means, one_line, passes, read};
use crate::checks::engine::words::span;
use crate::checks::engine::{Finding, Outcome};
use crate::checks::reading::zone::zone_name;
use crate::evidence::{AcmeSeen, Evidence, View, at};
use crate::facts::address::is_private;
use crate::facts::names::{challenge_name, is_within};

/// How cert-manager begins what it writes while it looks.
const WAITING: &str = "challenge propagation:";
/// Longer than this, a record is not only slow.
const USUAL: i64 = 240;
const HTTPS: &str = "let cert-manager ask over HTTPS: set `acme.recursiveNameservers: [\"https://1.1.1.1/dns-query\"]` (the default), then run `homelab up`; or set `acme.propagationWait: 60s`: cert-manager then waits 60 seconds instead of asking a resolver";

/// What the look may run into.
const READINGS: &[Reading] = &[
    means(
        &[":53: i/o timeout", ":53: connect", ":53: read", "->", ":53: connection refused"],
        "cert-manager's pod cannot reach name servers on port 53: the router or a firewall blocks DNS",
        HTTPS,
    ),
    means(
        &[
            "dns-query\": dial",
            "dns-query\": context",
            "dns-query\": net",
            "dns-query\": eof",
            "client.timeout",
        ],
        "cert-manager's pod cannot reach the resolver over HTTPS: TCP 443 to the internet is closed, or the address is blocked",
        "allow pods to reach it, or name another resolver in `acme.recursiveNameservers`; then run `homelab up`",
    ),
    means(
        &["server returned http", "unexpected content-type"],
        "the answer from the resolver's address is not DNS over HTTPS: a filter or a proxy is in between",
        "name another resolver in `acme.recursiveNameservers`, then run `homelab up`",
    ),
    means(
        &["x509", "tls: "],
        "another server answers instead of the resolver, with its own certificate: a proxy that inspects TLS",
        "exclude the nodes' traffic from that inspection, or set another resolver in `acme.recursiveNameservers`",
    ),
    means(
        &["returned servfail"],
        "the resolver cannot answer for the zone: broken DNSSEC (a stale DS record), or name servers that do not answer",
        "remove or renew the DS record at the registrar; https://dnsviz.net shows where the chain of trust breaks",
    ),
    means(
        &["returned refused"],
        "the server that was asked does not answer for this zone",
        "check that the name servers at the registrar are those that the DNS provider names",
    ),
    means(
        &["soa record", "determine the zone", "authoritative nameservers"],
        "the resolver drops SOA or NS records (dnsmasq: `filterwin2k`; OpenWrt: \"Filter SRV/SOA service discovery\", older \"Filter useless\")",
        HTTPS,
    ),
    passes(
        &["no such host", "server misbehaving"],
        "the name of the resolver does not resolve inside the cluster",
        "name resolvers by address in `acme.recursiveNameservers`, then run `homelab up`",
    ),
];

pub(super) fn sees_record(evidence: &Evidence, acme: &AcmeSeen, chain: &Chain<'_>) -> Outcome {
    if chain.challenges.iter().any(|challenge| !asked::is_by_dns(challenge)) {
        return Outcome::pass("its challenge needs no record: see cm.challenge");
    }
    let waiting = chain.challenges.iter().find(|challenge| at(challenge, "/status/reason").contains(WAITING));
    let Some(challenge) = waiting.filter(|_| !chain.is_over()) else {
        return Outcome::pass("no challenge waits for its record");
    };
    let reason = at(challenge, "/status/reason");
    let said = reason.split_once(WAITING).map_or(reason, |(_, said)| said);
    let record = record_of(evidence, challenge);
    let summary = format!("cert-manager does not see the record `{record}` yet: {}", one_line(said));
    let finding = match read(said, READINGS) {
        Some(row) => {
            let finding = Finding::new(summary, row.cause, row.fix);
            if row.cure == Cure::Waiting { finding.heals() } else { finding }
        }
        None => spreading(evidence, acme, challenge, summary, &record),
    };
    let (namespace, name) = (challenge.namespace(), challenge.name());
    chain.weigh(finding.look(command!("kubectl -n {} describe challenge {}", namespace, name))).into()
}

/// Nothing went wrong, but the record is not seen.
fn spreading(
    evidence: &Evidence,
    acme: &AcmeSeen,
    challenge: &Value,
    summary: String,
    record: &str,
) -> Finding {
    let since = at(challenge, "/metadata/creationTimestamp").parse::<jiff::Timestamp>().ok();
    let age = since.map(|since| evidence.now.duration_since(since).as_secs());
    let resolvers = acme.wanted.nameservers.join(", ");
    if let Some(Ok(provider)) = evidence.provider.as_ref().filter(|_| !evidence.has_own_challenge_server())
        && is_within(record, &provider.zone.name)
        && !provider.records.iter().any(|found| found.kind == "TXT" && found.name == record)
    {
        return Finding::new(
            summary,
            "cert-manager wrote the record, but it is not in the zone: another program removed it, or it is in another zone of the same name",
            "find the other program that edits the zone: a second cert-manager or ACME client, or a script that cleans up",
        )
        .heals();
    }
    if let Some(server) = age.filter(|age| *age > USUAL).and_then(|_| of_the_house(acme)) {
        let domain = zone_name(evidence).unwrap_or(record);
        return Finding::new(
            summary,
            format!(
                "cert-manager asks {server}, a resolver of this network, and the record is in the zone: that resolver has \
                 cached that the record does not exist, or it has its own zone `{domain}` (check with the command below: the SOA \
                 record then does not name your provider's server)"
            ),
            HTTPS,
        )
        .look(command!("dig {} SOA", domain))
        .heals();
    }
    match age {
        Some(age) if age > USUAL => Finding::new(
            summary,
            format!("the record has been in the zone for {}, but {resolvers} still does not return it: a resolver has cached that it does not exist, or a record above it delegates the name to other servers", span(age)),
            "wait up to half an hour; then look for a CNAME or NS record at that name or above it",
        ),
        Some(age) => Finding::new(
            summary,
            format!("the challenge is {} old; it usually takes a minute or two until {resolvers} has the record", span(age)),
            "wait; `homelab doctor --wait` looks again until it is done",
        ),
        None => Finding::new(summary, "the record is on its way to the resolvers", "wait a minute or two"),
    }
    .heals()
}

/// A resolver with a private address among those that cert-manager asks.
fn of_the_house(acme: &AcmeSeen) -> Option<&str> {
    let is_inside = |server: &&str| {
        let host = server.split_once("://").map_or(*server, |(_, rest)| rest);
        let host = host.split('/').next().unwrap_or_default();
        let address =
            host.parse::<SocketAddr>().map(|socket| socket.ip()).or_else(|_| host.parse::<IpAddr>());
        address.is_ok_and(|address| is_private(&address))
    };
    acme.wanted.nameservers.iter().map(String::as_str).find(is_inside)
}

/// The TXT record that answers a challenge: where CNAME records lead, if they do.
fn record_of(evidence: &Evidence, challenge: &Value) -> String {
    let name = challenge_name(at(challenge, "/spec/dnsName"));
    let mut followed = evidence.challenges.iter().flat_map(|seen| seen.names.iter().flatten());
    let led = followed.find(|one| one.name == name).and_then(|one| one.chain.last());
    led.cloned().unwrap_or(name)
}
