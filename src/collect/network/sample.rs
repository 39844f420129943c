//! Which hosts are asked for by DNS. A house's resolver lets a few questions a second through, so of many names some stand
//! for the others: those that are in trouble elsewhere, and some from all over the list.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::evidence::{Evidence, ProviderFailure, ProviderSeen};

/// So many names are asked for: some six seconds at the pace of a house's resolver.
const MOST: usize = 32;
/// So many where the router answers in place of every server, and has to take all questions.
const MOST_INTERCEPTED: usize = 8;

/// The hosts that are asked for; all of them where they are few.
pub(super) fn of(
    hosts: &[String],
    seed: &Evidence,
    provider: Option<&Result<ProviderSeen, ProviderFailure>>,
    intercepted: bool,
) -> BTreeSet<String> {
    let most = if intercepted { MOST_INTERCEPTED } else { MOST };
    if hosts.len() <= most {
        return hosts.iter().cloned().collect();
    }
    let troubled = hosts.iter().filter(|host| is_troubled(seed, provider, host));
    let mut chosen: BTreeSet<String> = troubled.take(most / 2).cloned().collect();
    // Evenly spread; the first is always among them.
    let rest: Vec<&String> = hosts.iter().filter(|host| !chosen.contains(*host)).collect();
    let left = most - chosen.len();
    let spread = (0..left).filter_map(|n| rest.get(n * rest.len() / left));
    chosen.extend(spread.map(|host| (*host).clone()));
    chosen
}

/// Whether the cluster or the provider has another idea of the host than the other one has.
fn is_troubled(
    seed: &Evidence,
    provider: Option<&Result<ProviderSeen, ProviderFailure>>,
    host: &str,
) -> bool {
    let status = seed.status_of(host);
    if seed.ingresses.is_some() && status.is_empty() {
        return true;
    }
    if seed.certificates_of(host).any(|one| one.ready != Some(true)) {
        return true;
    }
    let name = seed.wildcard.as_ref().map_or(host, |wildcard| wildcard.record_of(provider, host));
    let Some(Ok(provider)) = provider else { return false };
    let of_host = provider
        .records
        .iter()
        .filter(|record| ["A", "AAAA"].contains(&record.kind.as_str()) && record.name == name);
    let mut published: Vec<IpAddr> = of_host.filter_map(|record| record.content.parse().ok()).collect();
    published.sort_unstable();
    published.dedup();
    let wanted = seed.led_to(host);
    published.is_empty() || (!wanted.is_empty() && published != wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{IngressSeen, Record, Zone};

    fn hosts(count: usize) -> Vec<String> {
        (0..count).map(|n| format!("s{n:04}.example.com")).collect()
    }

    #[test]
    fn few_names_are_all_asked_for_and_of_many_some_from_all_over() {
        let seed = Evidence::new(jiff::Timestamp::UNIX_EPOCH);
        assert_eq!(of(&hosts(32), &seed, None, false).len(), 32);
        let chosen = of(&hosts(1000), &seed, None, false);
        assert_eq!(chosen.len(), 32);
        assert!(chosen.contains("s0000.example.com") && chosen.iter().any(|host| host > &"s0900".to_owned()));
        assert_eq!(of(&hosts(1000), &seed, None, true).len(), 8);
    }

    #[test]
    fn names_in_trouble_come_first() {
        let names = hosts(1000);
        let mut seed = Evidence::new(jiff::Timestamp::UNIX_EPOCH);
        let node = IpAddr::from([192, 168, 1, 2]);
        seed.ingresses =
            Some(vec![IngressSeen { hosts: names.clone(), addresses: vec![node], ..IngressSeen::default() }]);
        let record = |name: &String| Record {
            id: "r".into(),
            name: name.clone(),
            kind: "A".into(),
            content: if name == "s0777.example.com" { "192.168.1.9".into() } else { "192.168.1.2".into() },
            proxied: false,
            ttl: 60,
            created_on: None,
            modified_on: None,
        };
        let records = names.iter().filter(|name| *name != "s0333.example.com").map(record).collect();
        let provider = Some(Ok(ProviderSeen { zone: Zone::default(), records }));
        let chosen = of(&names, &seed, provider.as_ref(), false);
        assert!(chosen.contains("s0333.example.com") && chosen.contains("s0777.example.com"));
        assert_eq!(chosen.len(), 32);
    }
}
