//! What external-dns says of a name server, and what that means.
//!
//! Sources: external-dns 0.22, provider/rfc2136/rfc2136.go (`AXFR error: ...`, `RFC2136 create record failed: ...`, `bad return
//! code: CODE`); miekg/dns 1.1, xfr.go (`bad xfr rcode: N`), msg.go (`dns: bad signature`, `dns: bad time`).

use crate::provider::reading::{Reading, means, passes, written_by_up};
use crate::provider::tsig;

const KEY_FILE: &str =
    "write the TSIG key as the server has it into the file that `dns.tokenFile` names, then run `homelab up`";

/// What external-dns is refused.
const OF_THE_SERVER: &[Reading] = &[
    means(
        &["dns: bad time"],
        "the clock of the name server and that of the node differ by more than five minutes",
        "set both clocks: `timedatectl` on the node and on the name server",
    ),
    means(
        &["dns: bad signature", "dns: bad authentication", "dns: bad key", "no signature found"],
        "the name server does not know the TSIG key in the cluster, or has another secret or algorithm for it",
        KEY_FILE,
    ),
    means(
        &["bad xfr rcode: 5", "bad xfr rcode: 9"],
        "the name server does not let the TSIG key transfer the zone, so that external-dns takes the zone for empty: it removes nothing, and adds its records beside those of others at the same names",
        "allow transfers of the zone to the TSIG key (BIND: `allow-transfer { key homelab; };`; Knot: `action: transfer`; PowerDNS: TSIG-ALLOW-AXFR)",
    ),
    means(
        &["bad return code: refused"],
        "the name server refuses the update: it does not allow updates of this zone, or not with this TSIG key, or not from the node's address",
        "allow updates of the zone with the TSIG key from the nodes' addresses (BIND: `update-policy { grant homelab zonesub ANY; };`; Knot: `action: update`; PowerDNS: TSIG-ALLOW-DNSUPDATE)",
    ),
    means(
        &["bad return code: notauth"],
        "the name server does not accept the TSIG key, or is not the primary one of the zone",
        "let `dns.server` name the primary server; if it does, write the key as it has it into the file that `dns.tokenFile` names, and run `homelab up`",
    ),
    means(
        &["bad return code: notzone"],
        "the name is not in the zone at the name server",
        "give the service a name in the zone",
    ),
    means(
        &["bad return code: notimp"],
        "the name server takes no DNS updates for this zone",
        "allow updates of the zone at the name server",
    ),
    written_by_up(
        &["is not supported tsig algorithm"],
        "its container has an algorithm that external-dns does not know: the Deployment was changed by hand",
        "run `homelab up`, which restores the Deployment",
    ),
];

/// What external-dns is refused.
pub(super) const REFUSALS: &[&[Reading]] = &[OF_THE_SERVER];

/// Why external-dns gets no answer (its log), after what keeps a pod from anybody.
pub(super) const OUTAGES: &[Reading] = &[
    passes(
        &["connection refused"],
        "nothing listens at `dns.server` by TCP: the name server is off, or listens elsewhere",
        "check that the name server runs; external-dns tries again by itself",
    ),
    passes(
        &[
            "i/o timeout",
            "deadline exceeded",
            "no route to host",
            "network is unreachable",
            "failed to connect for transfer",
        ],
        "its pod cannot reach the name server: a firewall is in between, or the machine is off",
        "check that the nodes reach `dns.server` by TCP; external-dns tries again by itself",
    ),
    passes(
        &["EOF", "connection reset", "bad return code: servfail", "unexpected response received"],
        "the name server ends the connection or fails: its log says why",
        "read the name server's log",
    ),
];

/// What cert-manager says when a challenge's record is to be written or removed.
pub(super) const CHALLENGES: &[&[Reading]] = &[tsig::OF_CERT_MANAGER];

/// Whether a message of external-dns says that the key may not edit.
#[must_use]
pub(super) fn is_refused_edit(message: &str) -> bool {
    message.contains("bad return code: REFUSED")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::reading::read;

    #[test]
    fn what_external_dns_writes_finds_its_reason() {
        for (message, part) in [
            ("AXFR error: dns: bad xfr rcode: 5", "transfer the zone"),
            ("AXFR error: dns: bad signature", "does not know the TSIG key"),
            ("RFC2136 create record failed: bad return code: REFUSED", "refuses the update"),
            ("RFC2136 had errors in one or more of its batches: [bad return code: NOTAUTH]", "primary"),
            ("RFC2136 create record failed: dns: bad time", "clock"),
            (
                "failed to fetch records via AXFR: failed to connect for transfer: dial tcp 192.168.1.5:53: connect: connection refused",
                "nothing listens",
            ),
            (
                "failed to fetch records via AXFR: failed to connect for transfer: dial tcp 192.168.1.5:53: i/o timeout",
                "cannot reach",
            ),
        ] {
            let rows = REFUSALS.iter().copied().flatten().chain(OUTAGES);
            let found = read(message, rows).unwrap_or_else(|| panic!("{message}"));
            assert!(found.cause.contains(part), "{message}: {}", found.cause);
        }
    }

    #[test]
    fn every_row_keeps_to_the_house_rules() {
        for reading in REFUSALS.iter().copied().flatten().chain(OUTAGES) {
            assert!(!reading.cause.ends_with('.') && !reading.fix.ends_with('.'));
        }
    }
}
