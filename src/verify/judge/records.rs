//! The records as the provider holds them: whose they are and what they say.

use std::net::IpAddr;

use super::judged;
use crate::{
    net::cloudflare::Record,
    verify::{
        evidence::{Evidence, ProviderSeen},
        model::{Finding, Judged, Outcome, Subject, Vantage},
        ownership::{Owner, registry_name},
        registry::id,
        words::list,
    },
};

pub(super) fn token(evidence: &Evidence) -> Judged {
    let outcome = match &evidence.provider {
        None => Outcome::unknown("the DNS provider was not asked"),
        Some(Err(failure)) if failure.unreachable => Outcome::unknown(failure.message.clone()),
        Some(Err(failure)) => {
            let finding = Finding::new(
                &failure.message,
                "the DNS provider does not let homelab read the zone",
                &failure.hint,
            );
            if failure.transient { finding.heals().into() } else { finding.into() }
        }
        Some(Ok(seen)) => Outcome::pass(format!("zone `{}`", seen.zone.name)),
    };
    judged(id::TOKEN, Subject::default(), Vantage::Provider, outcome)
}

pub(super) fn host(evidence: &Evidence, host: &str) -> [Judged; 2] {
    let (owner, records) = match &evidence.provider {
        Some(Ok(seen)) => (owner(evidence, seen, host), content(evidence, seen, host)),
        _ => {
            let unknown = || Outcome::unknown("the zone at the provider was not read");
            (unknown(), unknown())
        }
    };
    let of = |id, outcome| judged(id, Subject::host(host), Vantage::Provider, outcome);
    [of(id::OWNER, owner), of(id::RECORDS, records)]
}

/// The addresses that the provider has for a host; nothing when it was not asked.
pub(super) fn addresses(evidence: &Evidence, host: &str) -> Vec<IpAddr> {
    let Some(Ok(seen)) = &evidence.provider else {
        return Vec::new();
    };
    let mut found: Vec<IpAddr> = named(seen, host).filter_map(|record| record.content.parse().ok()).collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn named<'a>(seen: &'a ProviderSeen, host: &'a str) -> impl Iterator<Item = &'a Record> {
    seen.records.iter().filter(move |record| {
        record.name.eq_ignore_ascii_case(host) && matches!(record.kind.as_str(), "A" | "AAAA" | "CNAME")
    })
}

fn owner(evidence: &Evidence, seen: &ProviderSeen, host: &str) -> Outcome {
    let Some(ours) = &evidence.owner else {
        return Outcome::unknown("this lab's owner id is not known");
    };
    let Some(record) = named(seen, host).next() else {
        return Outcome::skip("there is no record yet");
    };
    let registry = registry_name(&ours.txt_prefix, &ours.wildcard_replacement, &record.kind, host);
    let texts = seen.records.iter().filter(|record| record.kind == "TXT");
    let owners: Vec<Owner> = texts
        .filter(|txt| txt.name.eq_ignore_ascii_case(&registry) || is_registry_of(&txt.name, host))
        .filter_map(|txt| Owner::parse(&txt.text()))
        .collect();
    if owners.iter().any(|owner| owner.id == ours.id) {
        return Outcome::pass(format!("owner `{}`", ours.id));
    }
    let what = format!("the {} record `{host}` ({})", record.kind, record.content);
    match owners.first() {
        Some(other) => Finding::new(
            format!("{what} belongs to `{}`, not to `{}`", other.id, ours.id),
            "another lab or an earlier installation made it with another owner id; external-dns leaves it alone",
            format!(
                "give the service another name; or, if that lab is gone, delete the record and its TXT record in the \
                 provider's dashboard, or set `dns.owner: {}`",
                other.id
            ),
        )
        .into(),
        None => Finding::new(
            format!("{what} belongs to nobody: it has no TXT record `{registry}`"),
            "it was made by hand, or its TXT record was deleted; external-dns never touches such a record",
            "give the service another name, or delete that record in the provider's dashboard: it comes back within a minute",
        )
        .into(),
    }
}

/// Whether a TXT name is one under which some external-dns, with whatever prefix, keeps the owner of `host`.
fn is_registry_of(txt: &str, host: &str) -> bool {
    let (txt, host) = (txt.to_lowercase(), host.to_lowercase());
    if txt == host || txt.ends_with(&format!(".{host}")) {
        return true;
    }
    ["a-", "aaaa-", "cname-"].iter().any(|kind| txt.ends_with(&format!("{kind}{host}")))
}

fn content(evidence: &Evidence, seen: &ProviderSeen, host: &str) -> Outcome {
    let records: Vec<&Record> = named(seen, host).collect();
    let status = evidence.status_of(host);
    if records.is_empty() {
        return Finding::new(
            format!("the zone `{}` has no record `{host}`", seen.zone.name),
            "external-dns has not written it yet: it looks every minute, and only at Ingresses with an address",
            "wait a minute; then look at the log of external-dns",
        )
        .look("kubectl -n external-dns get pods")
        .heals()
        .into();
    }
    if let Some(alias) = records.iter().find(|record| record.kind == "CNAME") {
        return Finding::new(
            format!("`{host}` is a CNAME to `{}`", alias.content),
            "a CNAME leaves no room for an A record of the same name",
            format!(
                "delete the CNAME `{host}` in the provider's dashboard, or give the service another name"
            ),
        )
        .into();
    }
    if records.iter().any(|record| record.proxied) {
        return Finding::new(
            format!("the record `{host}` is proxied"),
            "Cloudflare then answers with its own addresses, which cannot reach a private one",
            "switch the record to `DNS only` in the dashboard, and drop the `cloudflare-proxied` annotation",
        )
        .into();
    }
    let found = addresses(evidence, host);
    if let Some(public) = found.iter().find(|address| !is_private(address)) {
        return Finding::new(
            format!("the record `{host}` holds the public address {public}"),
            "a node reports that address, or an Ingress names it as its target",
            "let the node report its private address (`services.homelab.nodeIP`, or k3s' `--node-ip`), and drop the `target` annotation",
        )
        .into();
    }
    if status.is_empty() {
        return Outcome::unknown(format!(
            "the record holds {}, the Ingress has no address to compare",
            list(&found)
        ));
    }
    if found != status {
        return Finding::new(
            format!("the record `{host}` holds {}, the Ingress has {}", list(&found), list(&status)),
            "the Ingress changed a moment ago, or external-dns does not run",
            "wait a minute; then look at the log of external-dns",
        )
        .look("kubectl -n external-dns get pods")
        .heals()
        .into();
    }
    Outcome::pass(format!("{}, not proxied", list(&found)))
}

/// RFC 1918, RFC 6598 (carrier-grade NAT, as overlay networks use it) and RFC 4193.
fn is_private(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => {
            let [a, b, ..] = four.octets();
            four.is_private() || four.is_link_local() || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(six) => six.is_unique_local() || six.is_unicast_link_local(),
    }
}
