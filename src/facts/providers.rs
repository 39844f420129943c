//! The DNS providers that homelab knows, with what several rooms have to know of each. What is particular to one beyond that
//! is in its folder of `provider`.

use serde::{Serialize, Serializer};

use crate::facts::name_server;
use crate::facts::names::is_within;
use crate::facts::server::HostPort;
use crate::facts::{shape, variables};

/// A DNS provider.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Provider {
    /// Cloudflare.
    #[default]
    Cloudflare,
    /// A PowerDNS server of one's own, by its HTTP API.
    PowerDns,
    /// A name server of one's own that takes DNS updates (RFC 2136).
    Rfc2136,
    /// Amazon Route 53.
    Route53,
    /// Name servers of the lab's own, one on each node.
    Local,
    /// A provider of the tests (see `provider::paper`).
    #[cfg(test)]
    Paper,
    /// The same without any credential, as a server of the house is.
    #[cfg(test)]
    Slate,
}

/// What several rooms have to know of a provider.
#[derive(Debug)]
pub struct ProviderFacts {
    /// The value of `dns.provider`; also the provider's line of progress.
    pub key: &'static str,
    /// The shortest time to live that it takes, in seconds.
    pub shortest_ttl: u32,
    /// The longest time to live that it takes, in seconds.
    pub longest_ttl: u32,
    /// Its server, where the configuration has to say where it is: `dns.server` is a key then, and a required one. `None` for a
    /// provider whose API is at one address for everybody.
    pub server: Option<Server>,
    /// Whether challenges are written by signed DNS updates: `dns.tsigKey` and `dns.tsigAlgorithm` are keys then.
    pub tsig: bool,
    /// Whether these go to another place than `dns.server`: `dns.nameserver` is a key then.
    pub nameserver: bool,
    /// Its credential. `None` for one that asks for none: `dns.tokenFile` is no key then, and cert-manager gets no Secret.
    pub credential: Option<Credential>,
    /// The fields of its solver, below `dns01` of an issuer, that a redacted bundle keeps; `/**` keeps all below.
    pub solver: &'static [&'static str],
    /// What external-dns calls it (external-dns 0.22, `--provider`); `None` where none writes there for the whole lab.
    pub external_dns: Option<&'static str>,
    /// Whether it has tunnels, by which visitors from the internet come to a service (`public: tunnel`).
    pub tunnels: bool,
    /// The annotation of external-dns by which visitors come by its proxy, without its prefix; `None` for one without a proxy.
    pub proxied: Option<&'static str>,
    /// Whether homelab makes zones there: one for each organisation.
    pub zones: bool,
    /// Whether the nodes themselves are its name servers, and nothing of the zone is in public DNS: homelab installs a server on
    /// each node, no ACME server can look anything up, and the lab's own authority signs.
    pub on_nodes: bool,
}

/// The server of a provider, where the configuration says where it is.
#[derive(Debug)]
pub struct Server {
    /// An example.
    pub example: &'static str,
    /// Refuses what can be no address of it, in words.
    pub check: fn(&str) -> Result<(), String>,
}

/// The credential of a provider: one word, or a file with several.
#[derive(Debug)]
pub struct Credential {
    /// The variables of the provider's own tools in which homelab looks for it, one for each part that it has. Their values,
    /// one a line in this order, are read as its file is.
    pub variables: &'static [&'static str],
    /// Other variables in which those tools look for secrets. Programs that homelab runs for others see none of all these.
    pub others: &'static [&'static str],
    /// A path for it, in examples.
    pub file: &'static str,
    /// How it begins, if always in the same way: such a word is shown nowhere, not as the end of a longer one either.
    pub prefixes: &'static [&'static str],
    /// Whether a word (letters, digits, `-`, `_`) without such a beginning has its shape.
    pub is_one: fn(&str) -> bool,
}

impl Provider {
    /// The one that a new configuration is given, unless its domain says more: [`Self::offered`].
    pub const OFFERED: Self = Self::Cloudflare;
    /// Every provider that `dns.provider` may name.
    pub const ALL: &[Self] = &[
        Self::Cloudflare,
        Self::PowerDns,
        Self::Rfc2136,
        Self::Route53,
        Self::Local,
        #[cfg(test)]
        Self::Paper,
        #[cfg(test)]
        Self::Slate,
    ];

    /// The one that a new configuration of this domain is given: names that no registry gives out are nobody's but the house's
    /// own (RFC 8375; ICANN, resolution 2024.07.29.06).
    #[must_use]
    pub fn offered(domain: &str) -> Self {
        match ["home.arpa", "internal"].into_iter().any(|own| is_within(domain.trim_end_matches('.'), own)) {
            true => Self::Local,
            false => Self::OFFERED,
        }
    }

    /// What several rooms have to know of it.
    #[must_use]
    pub const fn facts(self) -> &'static ProviderFacts {
        match self {
            Self::Cloudflare => &ProviderFacts {
                key: "cloudflare",
                // On every plan (API reference, DNS records).
                shortest_ttl: 60,
                longest_ttl: 86_400,
                server: None,
                tsig: false,
                nameserver: false,
                credential: Some(Credential {
                    variables: &["CLOUDFLARE_API_TOKEN"],
                    others: &["CLOUDFLARE_API_KEY", "CF_API_TOKEN", "CF_API_KEY"],
                    file: "/var/lib/secrets/cloudflare-token",
                    // Since 2026 (developers.cloudflare.com, "Token formats").
                    prefixes: &["cfk_", "cfut_", "cfat_"],
                    is_one: is_old_cloudflare,
                }),
                solver: &["cloudflare/**"],
                external_dns: Some("cloudflare"),
                tunnels: true,
                // external-dns 0.22, source/annotations/annotations.go.
                proxied: Some("cloudflare-proxied"),
                zones: false,
                on_nodes: false,
            },
            Self::PowerDns => &ProviderFacts {
                key: "powerdns",
                shortest_ttl: 1,
                longest_ttl: LONGEST_TTL,
                server: Some(Server {
                    example: "http://192.168.1.5:8081",
                    check: |text| HostPort::of_url(text).map(drop),
                }),
                tsig: true,
                nameserver: true,
                credential: Some(Credential {
                    variables: &["PDNS_API_KEY", "PDNS_TSIG_KEY"],
                    // Of external-dns.
                    others: &["EXTERNAL_DNS_PDNS_API_KEY"],
                    file: "/var/lib/secrets/powerdns-keys",
                    prefixes: &[],
                    // Whoever sets the server up chooses its keys.
                    is_one: |_| false,
                }),
                solver: &["rfc2136/**"],
                external_dns: Some("pdns"),
                tunnels: false,
                proxied: None,
                zones: false,
                on_nodes: false,
            },
            Self::Rfc2136 => &ProviderFacts {
                key: "rfc2136",
                shortest_ttl: 1,
                longest_ttl: LONGEST_TTL,
                server: Some(Server {
                    example: "192.168.1.5",
                    check: |text| HostPort::parse(text, name_server::PORT).map(drop),
                }),
                tsig: true,
                nameserver: false,
                credential: Some(Credential {
                    // As lego has them, which Traefik and Caddy use.
                    variables: &["RFC2136_TSIG_KEY", "RFC2136_TSIG_ALGORITHM", "RFC2136_TSIG_SECRET"],
                    others: &["EXTERNAL_DNS_RFC2136_TSIG_SECRET"],
                    file: "/var/lib/secrets/tsig-key",
                    prefixes: &[],
                    is_one: |_| false,
                }),
                solver: &["rfc2136/**"],
                external_dns: Some("rfc2136"),
                tunnels: false,
                proxied: None,
                zones: false,
                on_nodes: false,
            },
            Self::Route53 => &ProviderFacts {
                key: "route53",
                shortest_ttl: 1,
                longest_ttl: LONGEST_TTL,
                server: None,
                tsig: false,
                nameserver: false,
                credential: Some(Credential {
                    // As Amazon's own tools have them.
                    variables: &["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
                    others: &["AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"],
                    file: "/var/lib/secrets/route53-key",
                    // An access key's id has a beginning, and is no secret; its secret has none.
                    prefixes: &[],
                    is_one: is_aws_secret,
                }),
                solver: &["route53/**"],
                external_dns: Some("aws"),
                tunnels: false,
                proxied: None,
                zones: true,
                on_nodes: false,
            },
            Self::Local => &ProviderFacts {
                key: "local",
                shortest_ttl: 1,
                longest_ttl: LONGEST_TTL,
                server: None,
                tsig: false,
                nameserver: false,
                credential: None,
                solver: &[],
                external_dns: None,
                tunnels: false,
                proxied: None,
                zones: false,
                on_nodes: true,
            },
            #[cfg(test)]
            Self::Paper => &ProviderFacts {
                key: "paper",
                shortest_ttl: 300,
                longest_ttl: 600,
                server: Some(Server { example: "drawer.example.com", check: |_| Ok(()) }),
                tsig: false,
                nameserver: false,
                credential: Some(Credential {
                    variables: &["PAPER_KEY", "PAPER_NAME"],
                    others: &["PAPER_PAPERS"],
                    file: "/var/lib/secrets/paper-key",
                    prefixes: &["pprkey_"],
                    is_one: |_| false,
                }),
                solver: &["paper/drawer"],
                external_dns: None,
                tunnels: false,
                proxied: None,
                zones: true,
                on_nodes: false,
            },
            #[cfg(test)]
            Self::Slate => &ProviderFacts {
                key: "slate",
                shortest_ttl: 1,
                longest_ttl: 600,
                server: Some(Server { example: "wall.example.com", check: |_| Ok(()) }),
                tsig: false,
                nameserver: false,
                credential: None,
                solver: &[],
                external_dns: None,
                tunnels: false,
                proxied: None,
                zones: false,
                on_nodes: false,
            },
        }
    }

    /// Whether the nodes themselves are its name servers.
    #[must_use]
    pub const fn is_on_nodes(self) -> bool {
        self.facts().on_nodes
    }

    /// The credentials of all providers.
    pub fn credentials() -> impl Iterator<Item = &'static Credential> {
        Self::ALL.iter().filter_map(|provider| provider.facts().credential.as_ref())
    }

    /// Whether a word has the shape of any provider's credential.
    #[must_use]
    pub fn is_any_credential(word: &str) -> bool {
        Self::credentials().any(|credential| credential.is_begun_by(word) || (credential.is_one)(word))
    }
}

impl Credential {
    /// The variables in which homelab looks for it, in words.
    #[must_use]
    pub fn variables_told(&self) -> String {
        variables::told(self.variables)
    }

    /// Whether a word begins as this credential does.
    #[must_use]
    pub fn is_begun_by(&self, word: &str) -> bool {
        self.prefixes.iter().any(|prefix| shape::begins(word, prefix))
    }
}

impl Serialize for Provider {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.facts().key)
    }
}

/// The longest time to live that DNS has, in seconds (RFC 2181, section 8).
const LONGEST_TTL: u32 = 2_147_483_647;

/// Cloudflare's API tokens from before 2026: so many letters, digits, `-` and `_`.
const CLOUDFLARE_TOKEN: usize = 40;
/// Its Global API Keys from before 2026: so many hexadecimal digits. Serial numbers of certificates have up to 40.
const CLOUDFLARE_KEY: usize = 37;

/// A secret access key of AWS has so many characters (IAM user guide, "Manage access keys"), `/` and `+` among them: such a one is
/// more than one word, and is known by what stands before it.
const AWS_SECRET: usize = 40;

fn is_aws_secret(word: &str) -> bool {
    word.len() == AWS_SECRET && word.bytes().all(|b| b.is_ascii_alphanumeric()) && shape::is_random(word)
}

/// Names of Kubernetes are lower case and digests are hexadecimal: a token of the old form has both cases.
fn is_old_cloudflare(word: &str) -> bool {
    let hex = word.len() == CLOUDFLARE_KEY
        && word.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        && word.bytes().any(|b| b.is_ascii_lowercase());
    let of_token = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    hex || (word.len() == CLOUDFLARE_TOKEN && word.bytes().all(of_token) && shape::is_random(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_credentials_of_every_provider_are_known_by_their_shape() {
        assert!(Provider::is_any_credential("cfut_aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cDeFgHiJ3l01234567"));
        assert!(Provider::is_any_credential("pprkey_0123456789abcdef"));
        assert!(!Provider::is_any_credential("homelab"));
    }
}
