//! What `homelab doctor --explain` says of the checks at Cloudflare, beside what holds at every provider.

use crate::provider::words::Explained;

/// In the order of a report.
pub(super) const EXPLAINED: &[Explained] = &[
    Explained {
        looks_at: "the annotation is `cloudflare-proxied: \"true\"` (the orange cloud); Cloudflare refuses the record with errors 1004 and 9003",
        sources: &["external-dns#1428", "external-dns#1945"],
        ..Explained::at("config.target-private-unproxied")
    },
    Explained {
        symptom: "`x509: certificate is valid for ..., not api.cloudflare.com`",
        ..Explained::at("host.search-domain")
    },
    Explained { looks_at: "the name of the API is `api.cloudflare.com`", ..Explained::at("net.pod-dns") },
    Explained {
        symptom: "`x509: certificate is valid for *.home.example.com, not api.cloudflare.com`",
        ..Explained::at("net.ndots")
    },
    Explained {
        looks_at: "the variable is `CLOUDFLARE_API_TOKEN`",
        causes: &[(
            "it is the Global API Key (37 hexadecimal digits, or `cfk_…`), which opens the whole account",
            "create an API token: My Profile, API Tokens, Create Token, with Zone → Zone → Read and Zone → DNS → Edit for your zone",
        )],
        sources: &[
            "developers.cloudflare.com, fundamentals/api/get-started/token-formats",
            "cert-manager#3021, external-dns#4263",
        ],
        ..Explained::at("cf.token-source")
    },
    Explained {
        looks_at: "status 429 comes with `retry-after`; the header `Ratelimit` shows how many calls are left. All tokens of a user and the dashboard share 1200 calls in five minutes",
        sources: &["developers.cloudflare.com, fundamentals/api/reference/limits"],
        ..Explained::at("cf.rate")
    },
    Explained {
        looks_at: "`GET /user/tokens/verify` and `GET /zones`. `/user/tokens/verify` does not know account-owned tokens. For those, it is enough that `/zones` lists your zone",
        causes: &[
            (
                "its Client IP Address Filtering does not allow this address",
                "add this address to the filter, the IPv6 address too",
            ),
            (
                "extra characters were pasted with the token, for example a quote or a space (codes 6003, 6111)",
                "paste only the token",
            ),
            ("the API is down", "look at https://www.cloudflarestatus.com and wait"),
        ],
        sources: &[
            "developers.cloudflare.com/api: user/tokens/verify",
            "ddns-go#1341 (9109, location)",
            "cert-manager#3021 (6003)",
        ],
        ..Explained::at("cf.token")
    },
    Explained {
        looks_at: "`GET /zones` and `GET /zones/ID/dns_records`. The permissions are Zone → Zone → Read and Zone → DNS → Edit, which includes reading; they are added to the token in the dashboard",
        sources: &[
            "external-dns, docs/tutorials/cloudflare.md",
            "origin-ca-issuer#107 (10000)",
            "external-dns#1719",
        ],
        ..Explained::at("cf.permissions")
    },
    Explained {
        looks_at: "a token sees the zones in its Zone Resources; a zone is `pending` until Cloudflare's two name servers are entered at the registrar",
        sources: &["developers.cloudflare.com, dns/zone-setups/full-setup/setup"],
        ..Explained::at("cf.zone")
    },
    Explained {
        looks_at: "Cloudflare's API refuses changes (code 1038) for domains that end in .tk, .ml, .ga, .cf and .gq, which were free of charge",
        sources: &["cert-manager, docs/configuration/acme/dns01/cloudflare.md", "acme.sh#2901"],
        ..Explained::at("cf.free-domain")
    },
    Explained {
        looks_at: "the record is `_homelab-check`, the permission Zone → DNS → Edit. A zone whose quota is used up refuses it with code 81045",
        sources: &["origin-ca-issuer#107, cloudflare-docs#20396 (10000)"],
        ..Explained::at("cf.dns-edit")
    },
    Explained {
        looks_at: "200 records in a Free zone, 1000 in one from before September 2024, 3500 in a paid one; Cloudflare refuses more with code 81045",
        sources: &["developers.cloudflare.com, dns/manage-dns-records", "cloudflare-docs#16600"],
        ..Explained::at("cf.records-limit")
    },
    Explained {
        causes: &[(
            "a record with a private address uses the proxy (error 9003), or another record of that name is in the way (81053)",
            "switch the record to `DNS only`, or remove the record in the way",
        )],
        ..Explained::at("edns.sync")
    },
    Explained {
        causes: &[(
            "the record is proxied, and the proxy cannot reach a private address",
            "switch it to `DNS only`",
        )],
        ..Explained::at("edns.records")
    },
    Explained {
        looks_at: "resolvers cache a missing name for 30 minutes",
        sources: &["cloudflare-docs#29782"],
        ..Explained::at("dns.negative-cache")
    },
    Explained {
        looks_at: "codes 6003, 9109 and 10000 mean that Cloudflare refuses the token",
        sources: &["cert-manager v1.21: pkg/issuer/acme/dns/cloudflare", "cert-manager#3021"],
        ..Explained::at("cm.challenge")
    },
];
