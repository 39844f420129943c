//! What cert-manager says of an update that fails, and what that means.
//!
//! Sources: cert-manager 1.21, pkg/issuer/acme/dns/rfc2136 (`DNS update failed: ...`, `DNS update failed. Server replied: CODE`);
//! miekg/dns (`dns: bad signature`, `dns: bad time`); RFC 2136 section 2.2 and RFC 8945 section 5.2 for the codes.

use crate::provider::reading::{Reading, means, passes, written_by_up};

const KEY_FILE: &str =
    "write the TSIG key as the server has it into the file that `dns.tokenFile` names, then run `homelab up`";

/// What cert-manager says when a challenge's record is to be written or removed (its status), whichever server it is.
pub(in crate::provider) const OF_CERT_MANAGER: &[Reading] = &[
    means(
        &["dns: bad time"],
        "the clock of the name server and that of the node differ by more than five minutes, so that no signature is accepted",
        "set both clocks: `timedatectl` on the node and on the name server",
    ),
    means(
        &["dns: bad signature", "dns: bad authentication", "dns: bad key"],
        "the name server does not know the TSIG key, or has another secret or algorithm for it",
        KEY_FILE,
    ),
    means(
        &["server replied: notauth"],
        "the name server does not accept the TSIG key, or does not have the zone",
        KEY_FILE,
    ),
    means(
        &["server replied: notzone"],
        "the name is not in the zone that cert-manager found for it: public DNS and the name server have different zones",
        "let `acme.recursiveNameservers` name resolvers that see the zone of the name server",
    ),
    means(
        &["server replied: notimp"],
        "the name server takes no DNS updates for this zone",
        "allow updates of the zone at the name server",
    ),
    means(
        &["server replied: refused"],
        "the name server refuses the update: it does not allow updates of this zone, or not with this TSIG key, or not from this address",
        "allow updates of the zone with this TSIG key from the nodes' addresses",
    ),
    passes(
        &["server replied: servfail"],
        "the name server failed to write the record: its log says why",
        "read the name server's log",
    ),
    means(
        &["error decoding the provided tsig secret", "is not supported tsig", "' is not supported"],
        "the issuer has a TSIG key that cert-manager cannot use",
        KEY_FILE,
    ),
    written_by_up(
        &[
            "not found in secret",
            "secret \"homelab-dns-provider\" not found",
            "secrets \"homelab-dns-provider\" not found",
        ],
        "the issuer does not find the Secret with the TSIG key",
        "run `homelab up`, which writes it",
    ),
    passes(
        &["no such host", "server misbehaving"],
        "cert-manager's pod cannot look up the name server by its name",
        "write the address of the name server into the configuration in place of its name",
    ),
    passes(
        &["i/o timeout", "deadline exceeded", "connection refused", "no route to host", "unreachable"],
        "cert-manager's pod cannot reach the name server: it is off, listens elsewhere, or a firewall is in between",
        "check that the name server runs and lets the nodes reach its port by UDP; cert-manager tries again by itself",
    ),
];

/// The same at the lab's own server for challenges, whose key `up` makes and writes for both sides.
pub(in crate::provider) const OF_OWN_SERVER: &[Reading] = &[
    means(
        &["dns: bad time"],
        "the clock of the node with the server of the challenges and that of cert-manager's node differ by more than five minutes, so that no signature is accepted",
        "set the clocks of the nodes: `timedatectl`",
    ),
    written_by_up(
        &[
            "dns: bad signature",
            "dns: bad authentication",
            "dns: bad key",
            "server replied: notauth",
            "server replied: refused",
            "error decoding the provided tsig secret",
            "not found in secret",
            "secret \"homelab-challenge-key\" not found",
            "secrets \"homelab-challenge-key\" not found",
        ],
        "cert-manager and the server of the challenges do not have the same key: somebody changed one of the Secrets `homelab-challenge-key`",
        "run `homelab up`, which writes one key for both",
    ),
    means(
        &["server replied: notzone"],
        "the name is not in the zone of the lab's own server: public DNS has another zone there than `dns.challengeZone`",
        "run `homelab doctor --check cm.challenge-server,cm.challenge-cname`, which follow the way there",
    ),
    passes(
        &["server replied: servfail"],
        "the server of the challenges failed to write the record: its log says why",
        "read its log: `kubectl -n challenge-server logs deployment/challenge-server`",
    ),
    passes(
        &["no such host", "server misbehaving"],
        "cert-manager's pod cannot look up the Service of the server in the cluster",
        "run `homelab doctor`, whose group `net` looks at DNS in the cluster",
    ),
    passes(
        &["i/o timeout", "deadline exceeded", "connection refused", "no route to host", "unreachable"],
        "cert-manager's pod cannot reach the server of the challenges: its pod does not run, or a firewall between the nodes drops packets",
        "look at its pod: `kubectl -n challenge-server get pods`; cert-manager tries again by itself",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::reading::read;

    #[test]
    fn what_cert_manager_writes_finds_its_reason() {
        for (message, part) in [
            ("DNS update failed. Server replied: REFUSED", "refuses the update"),
            ("DNS update failed. Server replied: NOTAUTH", "does not accept the TSIG key"),
            ("DNS update failed. Server replied: NOTIMP", "takes no DNS updates"),
            ("DNS update failed: dns: bad signature", "another secret"),
            ("DNS update failed: dns: bad time", "clock"),
            ("DNS update failed: read udp 10.42.0.9:4711->192.168.1.5:53: i/o timeout", "cannot reach"),
            ("data entry with key \"tsig-secret\" not found in secret", "does not find the Secret"),
            ("algorithm 'HMACSHA384' is not supported", "cannot use"),
        ] {
            let found = read(message, OF_CERT_MANAGER).unwrap_or_else(|| panic!("{message}"));
            assert!(found.cause.contains(part), "{message}: {}", found.cause);
        }
    }

    #[test]
    fn at_the_labs_own_server_nobody_is_sent_to_a_file() {
        for (message, part) in [
            ("DNS update failed. Server replied: NOTAUTH", "do not have the same key"),
            ("DNS update failed: dns: bad time", "clock"),
            ("DNS update failed: read udp 10.42.0.9:4711->10.43.0.5:53: i/o timeout", "cannot reach"),
        ] {
            let found = read(message, OF_OWN_SERVER).unwrap_or_else(|| panic!("{message}"));
            assert!(found.cause.contains(part) && !found.fix.contains("tokenFile"), "{message}: {found:?}");
        }
    }

    #[test]
    fn every_row_keeps_to_the_house_rules() {
        for row in OF_CERT_MANAGER.iter().chain(OF_OWN_SERVER) {
            assert!(!row.cause.ends_with('.') && !row.fix.ends_with('.'));
        }
    }
}
