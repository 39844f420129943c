//! DNS providers. Everything that differs between them is in one folder each; the rest of homelab says [`Zone`],
//! [`Record`], [`Fault`] and asks here.
//!
//! What each way needs, those to come included, and where the seam has room for it:
//!
//! | | Cloudflare | PowerDNS, RFC 2136 | Route 53 | a server of the lab's own | house resolver |
//! |---|---|---|---|---|---|
//! | credentials | one API token | an API key; a TSIG key with its name and algorithm | access key and secret | none | none beyond the provider's |
//! | [`keyring`] reads | the token | the key; the file of `tsig-keygen` | AWS' credentials file | nothing | as the provider's |
//! | [`Credentials`] | one secret | several, each under its own key | several | none | as the provider's |
//! | `config::ProviderNeeds::server` | none | its address | none | none: the lab's own | as the provider's |
//! | its times to live | `config::ProviderNeeds` | the same | the same | the same | the same |
//! | zones | one, found by the token | one, named | one for each organisation | the lab's own, made | the lab's own beside the provider's |
//! | [`Client::check`] | asks the API | asks the API or transfers the zone | asks the API, private zones told apart | always good | as the provider's |
//! | records are listed | by the API | by the API or AXFR | by the API | by asking the server | by asking the server |
//! | external-dns | [`external_dns_arguments`], [`external_dns_env`] | the same | one for each organisation | one beside each server | one more |
//! | ACME | [`solver`] | RFC 2136 | `route53`, with the zone's id | none: the lab's own authority | as the provider's |
//! | proxy, rate limit, quota | [`Words::proxy`], [`Words::rate_limit`], [`quota`] | none | throttling, quota of zones | none | none |
//! | what `--explain` adds | [`Words::explained`] | the same | the same | the same | the same |
//! | what programs quote of it | [`refusals`], [`outages`], [`challenges`] | the same | the same | the same | the same |
//!
//! A new one: its variant in `config::Provider` with what it needs, its folder here, and an arm in each `match` of this file and of
//! [`client`](self::Client), which the compiler names.

mod client;
pub mod cloudflare;
mod credentials;
mod fault;
#[cfg(test)]
pub(crate) mod paper;
pub mod reading;
mod words;

use serde_json::Value;

use self::reading::Reading;
use crate::config::{Config, Provider};
use crate::evidence::{Fault, ProviderFailure, Record, Zone};
use crate::facts::secret::SecretError;

pub use client::Client;
pub use credentials::{Credentials, Keyring, SECRET, TOKEN_KEY, ZONE_ID_KEY, ZONE_KEY};
pub use fault::message;
pub use words::{Explained, Misshapen, ProxyWords, RateWords, TokenWords, Words};

/// Variables in which the tools of any provider look for secrets.
pub const SECRET_VARIABLES: &[&str] = cloudflare::SECRET_VARIABLES;

/// What the provider is called, and where people do what a finding asks.
#[must_use]
pub const fn words(provider: Provider) -> &'static Words {
    match provider {
        Provider::Cloudflare => &cloudflare::WORDS,
        #[cfg(test)]
        Provider::Paper => &paper::WORDS,
    }
}

/// The provider's own arguments of external-dns.
#[must_use]
pub fn external_dns_arguments(config: &Config) -> Vec<String> {
    match config.dns.provider {
        Provider::Cloudflare => cloudflare::external_dns_arguments(config),
        #[cfg(test)]
        Provider::Paper => paper::external_dns_arguments(config),
    }
}

/// The environment of external-dns: the names that the provider's client reads, each with the Secret's key behind it.
#[must_use]
pub fn external_dns_env(config: &Config) -> Vec<(&'static str, &'static str)> {
    match config.dns.provider {
        Provider::Cloudflare => cloudflare::external_dns_env().into(),
        #[cfg(test)]
        Provider::Paper => paper::external_dns_env(),
    }
}

/// The `dns01` part of an ACME solver.
#[must_use]
pub fn solver(config: &Config) -> Value {
    match config.dns.provider {
        Provider::Cloudflare => cloudflare::solver(),
        #[cfg(test)]
        Provider::Paper => paper::solver(),
    }
}

/// What goes into the Secrets: what was read on this machine, and what the provider said of the zone.
#[must_use]
pub fn credentials(config: &Config, keyring: &Keyring, zone: &Zone) -> Credentials {
    match config.dns.provider {
        Provider::Cloudflare => cloudflare::credentials(keyring, zone),
        #[cfg(test)]
        Provider::Paper => paper::credentials(keyring),
    }
}

/// The credentials in a text: what stands in `dns.tokenFile`, in systemd's credential or in the variable. One word at one
/// provider; a file with a name and a key in it, or one that another program writes, at the next.
///
/// # Errors
/// What the text is in place of them.
pub fn keyring(provider: Provider, text: &str) -> Result<Keyring, SecretError> {
    match provider {
        Provider::Cloudflare => cloudflare::keyring(text),
        #[cfg(test)]
        Provider::Paper => paper::keyring(text),
    }
}

/// What is told of a text that [`keyring`] refuses.
#[must_use]
pub fn misshapen(provider: Provider, error: &SecretError) -> Misshapen {
    match provider {
        Provider::Cloudflare => cloudflare::misshapen(error),
        #[cfg(test)]
        Provider::Paper => Misshapen::of(error),
    }
}

/// A fault with the provider's words to it.
#[must_use]
pub fn failure(provider: Provider, fault: Fault) -> ProviderFailure {
    let (hint, cause) = match provider {
        Provider::Cloudflare => (cloudflare::hint(&fault), cloudflare::cause(&fault)),
        #[cfg(test)]
        Provider::Paper => (paper::HINT.to_owned(), None),
    };
    let message = message(&fault, words(provider));
    ProviderFailure { message, cause: cause.map(str::to_owned), hint, error: fault }
}

/// What external-dns is refused, by what it writes into its log.
#[must_use]
pub fn refusals(provider: Provider) -> Vec<&'static Reading> {
    match provider {
        Provider::Cloudflare => cloudflare::refusals().collect(),
        #[cfg(test)]
        Provider::Paper => paper::REFUSALS.iter().collect(),
    }
}

/// Why external-dns gets no answer, by what it writes into its log.
#[must_use]
pub const fn outages(provider: Provider) -> &'static [Reading] {
    match provider {
        Provider::Cloudflare => cloudflare::OUTAGES,
        #[cfg(test)]
        Provider::Paper => &[],
    }
}

/// What cert-manager says when a challenge's record is to be written or removed.
#[must_use]
pub fn challenges(provider: Provider) -> Vec<&'static Reading> {
    match provider {
        Provider::Cloudflare => cloudflare::challenges().collect(),
        #[cfg(test)]
        Provider::Paper => Vec::new(),
    }
}

/// The code of the API in a message of a program, where homelab does not know what it means.
#[must_use]
pub fn unknown_code(provider: Provider, message: &str) -> Option<&str> {
    match provider {
        Provider::Cloudflare => cloudflare::unknown_code(message),
        #[cfg(test)]
        Provider::Paper => None,
    }
}

/// The API's own words in a message of a program; `None` when it quotes none.
#[must_use]
pub fn quoted(provider: Provider, message: &str) -> Option<String> {
    match provider {
        Provider::Cloudflare => cloudflare::quoted(message),
        #[cfg(test)]
        Provider::Paper => None,
    }
}

/// Whether a message of external-dns says that the credential may not edit.
#[must_use]
pub fn is_refused_edit(provider: Provider, message: &str) -> bool {
    match provider {
        Provider::Cloudflare => cloudflare::is_refused_edit(message),
        #[cfg(test)]
        Provider::Paper => false,
    }
}

/// Whether a record is a scratch record of homelab's, which a run that was stopped left behind.
#[must_use]
pub fn is_scratch(provider: Provider, record: &Record) -> bool {
    match provider {
        Provider::Cloudflare => cloudflare::is_scratch(record),
        #[cfg(test)]
        Provider::Paper => false,
    }
}

/// How many records a zone may have, and why so many; `None` where there is no limit.
#[must_use]
pub fn quota(provider: Provider, zone: &Zone) -> Option<(usize, &'static str)> {
    match provider {
        Provider::Cloudflare => Some(cloudflare::quota(zone)),
        #[cfg(test)]
        Provider::Paper => None,
    }
}

/// The ending of a zone's name under which the API changes nothing, and why.
#[must_use]
pub fn unchangeable(provider: Provider, zone: &str) -> Option<(&'static str, &'static str)> {
    match provider {
        Provider::Cloudflare => cloudflare::unchangeable(zone),
        #[cfg(test)]
        Provider::Paper => None,
    }
}

/// What a refusal is for, where it is not for the credential.
#[must_use]
pub fn refused_for(provider: Provider, fault: &Fault) -> Option<RefusedFor> {
    match provider {
        Provider::Cloudflare if cloudflare::is_for_ending(fault) => Some(RefusedFor::Ending),
        Provider::Cloudflare if cloudflare::is_for_room(fault) => Some(RefusedFor::Room),
        Provider::Cloudflare => None,
        #[cfg(test)]
        Provider::Paper => None,
    }
}

/// What a change is refused for, whatever the credential may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedFor {
    /// The zone's name ends in one that the API does not change.
    Ending,
    /// The zone is full.
    Room,
}

#[cfg(test)]
mod tests;
