//! What `homelab doctor --explain` says of the checks at PowerDNS, beside what holds at every provider.

use crate::provider::words::Explained;

/// In the order of a report.
pub(super) const EXPLAINED: &[Explained] = &[
    Explained {
        looks_at: "the file has two keys: `api-key=` and the API key, as pdns.conf has it, and below it the TSIG key as `pdnsutil list-tsig-keys` prints it. The variables are `PDNS_API_KEY` and `PDNS_TSIG_KEY`",
        causes: &[(
            "pdns.conf has only the hash of the API key (`$scrypt$...`)",
            "write the API key itself into the file: the text that `pdnsutil hash-password` was given",
        )],
        sources: &["doc.powerdns.com, authoritative/http-api"],
        ..Explained::at("cf.token-source")
    },
    Explained {
        looks_at: "`GET /api/v1/servers/localhost/zones` with the header `X-API-Key`",
        causes: &[
            (
                "the API is off, or listens on 127.0.0.1 only: the connection is refused",
                "write `api=yes`, `webserver=yes` and `webserver-address=0.0.0.0` into pdns.conf",
            ),
            (
                "`webserver-allow-from` does not have this machine's address: PowerDNS closes the connection",
                "add the addresses of this machine and of the nodes to it",
            ),
        ],
        sources: &["PowerDNS: pdns/webserver.cc"],
        ..Explained::at("cf.token")
    },
    Explained {
        looks_at: "whether the server takes DNS updates that are signed with the TSIG key, since cert-manager has no other way to PowerDNS: `dnsupdate`, the TSIG key, and the zone's metadata TSIG-ALLOW-DNSUPDATE and ALLOW-DNSUPDATE-FROM",
        causes: &[(
            "the zone's metadata does not name the TSIG key, or the network of the nodes",
            "run `pdnsutil add-meta ZONE TSIG-ALLOW-DNSUPDATE homelab` and `pdnsutil add-meta ZONE ALLOW-DNSUPDATE-FROM 192.168.1.0/24`, with your network",
        )],
        sources: &["doc.powerdns.com, authoritative/dnsupdate", "PowerDNS: pdns/rfc2136handler.cc"],
        ..Explained::at("cf.permissions")
    },
    Explained {
        looks_at: "a zone of the kind `Slave` (`Secondary`) or `Consumer` is a copy of another server's: changes would be overwritten",
        ..Explained::at("cf.zone")
    },
    Explained {
        looks_at: "the record is `_homelab-check`, made by the API and then by a signed DNS update, as cert-manager does; where others have a record of that name, `_homelab-check-2`. BIND's zone files (`launch=bind`) take no changes by the API",
        causes: &[(
            "the server takes no signed updates from this machine's address, or the clocks differ by more than five minutes: it answers REFUSED to both",
            "add the network of this machine and the nodes to ALLOW-DNSUPDATE-FROM; PowerDNS' log says which it is",
        )],
        sources: &["PowerDNS: pdns/rfc2136handler.cc, pdns/packethandler.cc"],
        ..Explained::at("cf.dns-edit")
    },
    Explained {
        looks_at: "resolvers cache a missing name as long as the last number of the zone's SOA record says, often an hour",
        causes: &[(
            "the zone's SOA record lets resolvers cache a missing name for long",
            "set its last number to 10 seconds: `pdnsutil edit-zone ZONE`",
        )],
        sources: &["RFC 2308, section 5"],
        ..Explained::at("dns.negative-cache")
    },
    Explained {
        looks_at: "PowerDNS answers REFUSED to every update that it does not allow, and to one with a wrong signature; its log says which",
        sources: &["cert-manager v1.21: pkg/issuer/acme/dns/rfc2136", "PowerDNS: pdns/packethandler.cc"],
        ..Explained::at("cm.challenge")
    },
];
