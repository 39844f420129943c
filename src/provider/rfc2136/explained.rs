//! What `homelab doctor --explain` says of the checks at a name server of one's own, beside what holds at every provider.

use crate::provider::words::Explained;

/// In the order of a report.
pub(super) const EXPLAINED: &[Explained] = &[
    Explained {
        looks_at: "the file has the TSIG key as `tsig-keygen`, `keymgr -t` or `pdnsutil list-tsig-keys` prints it. The variables are `RFC2136_TSIG_KEY`, `RFC2136_TSIG_ALGORITHM` and `RFC2136_TSIG_SECRET`",
        ..Explained::at("cf.token-source")
    },
    Explained {
        looks_at: "a question for the zone's SOA record that is signed with the TSIG key. The server answers BADKEY where it does not know the key, BADSIG where it has another secret, BADTIME where the clocks differ by more than five minutes",
        sources: &["RFC 8945, section 5.2"],
        ..Explained::at("cf.token")
    },
    Explained {
        looks_at: "a transfer of the zone (AXFR) with the TSIG key: while it is refused, external-dns takes the zone for empty. It removes nothing, and adds its records beside whatever others have at the names of Ingresses; once it sees the zone again, it takes those names for its own, and removes what others had there",
        causes: &[(
            "the server does not let the key transfer the zone",
            "BIND: `allow-transfer { key homelab; };`. Knot: `action: transfer` in an `acl`. PowerDNS: the metadata TSIG-ALLOW-AXFR",
        )],
        sources: &["external-dns, docs/tutorials/rfc2136.md", "RFC 5936"],
        ..Explained::at("cf.permissions")
    },
    Explained {
        looks_at: "the server must be authoritative for the zone: the SOA record comes with the flag `aa`",
        ..Explained::at("cf.zone")
    },
    Explained {
        looks_at: "the record is `_homelab-check`, made by a signed update only where the name has no record; where it has, `_homelab-check-2`",
        sources: &["RFC 2136"],
        ..Explained::at("cf.dns-edit")
    },
    Explained {
        looks_at: "resolvers cache a missing name as long as the last number of the zone's SOA record says, often an hour",
        causes: &[(
            "the zone's SOA record lets resolvers cache a missing name for long",
            "set its last number to 10 seconds",
        )],
        sources: &["RFC 2308, section 5"],
        ..Explained::at("dns.negative-cache")
    },
    Explained {
        looks_at: "the codes are those of DNS: REFUSED, NOTAUTH, NOTZONE, NOTIMP; `bad signature` and `bad time` are cert-manager's own look at the answer",
        sources: &["cert-manager v1.21: pkg/issuer/acme/dns/rfc2136", "RFC 2136, section 2.2"],
        ..Explained::at("cm.challenge")
    },
];
