//! What external-dns and cert-manager quote of a PowerDNS server, and what that means.
//!
//! Sources: external-dns 0.22, provider/pdns/pdns.go (`unable to list zones: ...`, `unable to patch zone: ...`); go-powerdns v3,
//! powerdns.go and errors.go (status 401 is `Unauthorized`, else the API's own words); PowerDNS, pdns/ws-auth.cc (those).

use crate::provider::reading::{Reading, means, passes, written_by_up};
use crate::provider::tsig;

/// What external-dns is refused.
const OF_THE_API: &[Reading] = &[
    written_by_up(
        &["missing api key for pdns"],
        "its Secret has no API key",
        "run `homelab up`, which writes the Secret again",
    ),
    means(
        &[": unauthorized", "\"unauthorized"],
        "PowerDNS does not accept the API key in the cluster: it was changed at the server",
        "write the API key of pdns.conf into the file that `dns.tokenFile` names, then run `homelab up`",
    ),
    means(
        &["does not support editing records"],
        "the zone lies in a backend that PowerDNS' API cannot write to, such as BIND's zone files",
        "move the zone to a backend such as SQLite: `pdnsutil b2b-migrate bind gsqlite3`",
    ),
    means(
        &["conflicts with pre-existing rrset", "conflicts with another rrset"],
        "another record of that name is in the way: a name with a CNAME can have no other record",
        "delete the other record with `pdnsutil delete-rrset`, once you know whose it is, or give the service another name",
    ),
    means(
        &["modifying rrsets in consumer zones"],
        "the zone is made by a catalog of another server, so that nobody can change it here",
        "let `dns.server` name the server that the zone comes from",
    ),
    means(
        &["name is out of zone"],
        "the name is not in the zone at the server",
        "give the service a name in the zone",
    ),
    means(
        &["no matching zones were found"],
        "the server has no zone for this name",
        "create the zone at the server: `pdnsutil create-zone ZONE`",
    ),
];

/// What external-dns is refused.
pub(super) const REFUSALS: &[&[Reading]] = &[OF_THE_API];

/// Why external-dns gets no answer (its log), after what keeps a pod from anybody.
pub(super) const OUTAGES: &[Reading] = &[
    passes(
        &["connection refused"],
        "nothing listens at `dns.server`: PowerDNS is off, its API is (`api=yes`, `webserver=yes`), or it listens on 127.0.0.1 only (`webserver-address`)",
        "check that PowerDNS runs, and its settings in pdns.conf; external-dns tries again by itself",
    ),
    passes(
        &["EOF", "connection reset"],
        "PowerDNS closes the connection: `webserver-allow-from` in pdns.conf does not have the address from which pods come, which is their node's",
        "add the addresses of all nodes to `webserver-allow-from`, and restart PowerDNS",
    ),
    passes(
        &["i/o timeout", "deadline exceeded", "no route to host", "network is unreachable"],
        "its pod cannot reach PowerDNS: a firewall is in between, or the machine is off",
        "check that the nodes reach the port of `dns.server`; external-dns tries again by itself",
    ),
    passes(
        &["unable to list zones", "unable to patch zone", "unable to list zone"],
        "PowerDNS answers with an error: its log says why",
        "read PowerDNS' log: `journalctl -u pdns`",
    ),
];

/// What cert-manager is told where the server says no more than REFUSED (pdns/rfc2136handler.cc, pdns/packethandler.cc): a wrong
/// signature is refused in the same way.
const OF_UPDATES: &[Reading] = &[means(
    &["server replied: refused"],
    "PowerDNS refuses the update: `dnsupdate` is off, the zone's metadata lacks TSIG-ALLOW-DNSUPDATE or ALLOW-DNSUPDATE-FROM with the node's address, the secret of the TSIG key is another one, or a clock is wrong by more than five minutes",
    "run `homelab doctor --check cf`, which names what is missing at the server; its log says more: `journalctl -u pdns`",
)];

/// What cert-manager says when a challenge's record is to be written or removed.
pub(super) const CHALLENGES: &[&[Reading]] = &[OF_UPDATES, tsig::OF_CERT_MANAGER];

/// The API's own words in a message of external-dns; `None` when it quotes none.
#[must_use]
pub(super) fn quoted(message: &str) -> Option<String> {
    let (_, said) = ["unable to patch zone: ", "unable to list zones: "]
        .iter()
        .find_map(|head| message.split_once(head))?;
    Some(said.trim().trim_end_matches('.').to_owned()).filter(|said| !said.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::reading::read;

    fn cause(message: &str) -> &'static str {
        let rows = REFUSALS.iter().copied().flatten().chain(OUTAGES);
        read(message, rows).unwrap_or_else(|| panic!("{message}")).cause
    }

    #[test]
    fn what_external_dns_writes_finds_its_reason() {
        for (message, part) in [
            ("failed to do run once: unable to list zones: Unauthorized", "does not accept the API key"),
            ("unable to patch zone: Hosting backend does not support editing records.", "cannot write to"),
            (
                "unable to patch zone: RRset a.example.com. IN A: Conflicts with pre-existing RRset",
                "in the way",
            ),
            (
                "unable to list zones: Get \"http://192.168.1.5:8081/api/v1/servers/localhost/zones\": dial tcp 192.168.1.5:8081: connect: connection refused",
                "nothing listens",
            ),
            (
                "unable to list zones: Get \"http://192.168.1.5:8081/api/v1/servers/localhost/zones\": EOF",
                "webserver-allow-from",
            ),
            (
                "unable to list zones: Get \"http://192.168.1.5:8081/api/v1/servers/localhost/zones\": dial tcp 192.168.1.5:8081: i/o timeout",
                "cannot reach",
            ),
            ("unable to patch zone: something new", "its log says why"),
        ] {
            assert!(cause(message).contains(part), "{message}: {}", cause(message));
        }
    }

    #[test]
    fn the_servers_own_words_are_taken_out_of_the_message() {
        let message =
            "failed to do run once: unable to patch zone: RRset a. IN A: Conflicts with pre-existing RRset";
        assert_eq!(quoted(message).as_deref(), Some("RRset a. IN A: Conflicts with pre-existing RRset"));
        assert_eq!(quoted("oops"), None);
    }

    #[test]
    fn every_row_keeps_to_the_house_rules() {
        for reading in CHALLENGES.iter().chain(REFUSALS).copied().flatten().chain(OUTAGES) {
            assert!(!reading.cause.ends_with('.') && !reading.fix.ends_with('.'));
        }
    }
}
