//! DNS providers. Everything that differs between them is in one folder each; the rest of homelab says [`Zone`],
//! [`Record`], [`Fault`] and asks here.
//!
//! What each way needs, those to come included, and where the seam has room for it:
//!
//! | | Cloudflare | PowerDNS, RFC 2136 | Route 53 | local: servers of the lab's own | house resolver |
//! |---|---|---|---|---|---|
//! | `ProviderFacts::credential` | one API token | an API key; a TSIG key with its name and algorithm | access key and secret | none | none beyond the provider's |
//! | [`Traits::keyring`] reads | the token | the key; the file of `tsig-keygen` | AWS' credentials file | nothing | as the provider's |
//! | [`Credentials`] | one secret, and the zone | several, each under its own key, and the zone | several, and the zone | the zone alone | as the provider's |
//! | `ProviderFacts::on_nodes` | no | no | no | yes: `desired::name_server` is installed, and each node is asked for the records | no; the same component (`Config::house_zone`) |
//! | `ProviderFacts::server` | none | its address | none | none: the lab's own | as the provider's |
//! | `ProviderFacts::tsig` and `nameserver` | none | the key's name and algorithm; where updates go | none | none | as the provider's |
//! | its times to live | `ProviderFacts` | the same | the same | the same | the same |
//! | zones | one, found by the token | one, named | one for each organisation | the lab's own, made | the lab's own beside the provider's |
//! | zones of organisations | [`Traits::zones`] is `None` | none | made, billed and deleted: [`Zones`], [`ZoneApi`] | none | none |
//! | users of organisations | none | none | made with rights, a key and homelab's tags: [`Members`], [`MemberApi`] | none | none |
//! | [`Client::check`] | asks the API | asks the API or transfers the zone | asks the API, private zones told apart | always good: it is made with the lab | as the provider's |
//! | records are listed | by the API | by the API or AXFR | by the API | none: `collect::network` asks each node's server | by asking the server |
//! | where a person finds the zone's id | [`Words::zone_id`] | none | the same | none | as the provider's |
//! | external-dns | [`Traits::external_dns_arguments`], [`Traits::external_dns_env`], [`Traits::external_dns_settings`] | the same | one for each organisation | one beside each server | the same, beside the provider's |
//! | ACME | [`Traits::solver`] | RFC 2136 | `route53`, with the zone's id | none: the lab's own authority | as the provider's |
//! | a way in from the internet by a tunnel | [`Traits::tunnels`] | none | none | none | as the provider's |
//! | proxy, rate limit, quota | [`Words::proxy`], [`Words::rate_limit`], [`Traits::quota`] | none | throttling, quota of zones | none | none |
//! | what `--explain` adds | [`Words::explained`] | the same | the same | the same | the same |
//! | what programs quote of it | [`Traits::refusals`], [`Traits::outages`], [`Traits::challenges`] | the same | the same | the same | the same |
//!
//! A new one: its variant in `facts::providers` with its facts, its folder here, and its line in [`traits_of`].

#[cfg(test)]
pub(crate) mod account;
mod call;
mod client;
mod cloudflare;
mod credentials;
mod fault;
mod local;
mod members;
#[cfg(test)]
pub(crate) mod paper;
mod powerdns;
pub mod reading;
mod rfc2136;
mod route53;
mod scratch;
mod traits;
mod tsig;
mod tunnels;
mod words;
mod zones;

use serde_json::Value;

use crate::config::Provider;
use crate::evidence::{Evidence, Fault, ProviderFailure};

pub use client::Client;
pub use credentials::{Credentials, Keyring, SECRET, TOKEN_KEY, ZONE_ID_KEY, ZONE_KEY, zone_of_data};
pub use fault::message;
pub use members::{CLUSTER, Member, MemberApi, MemberKey, Members, ORGANISATION, OWNER, User};
pub use traits::{RefusedFor, Traits};
pub use tsig::signed_updates;
pub use tunnels::{Connector, TunnelApi, TunnelToken, TunnelWords, Tunnels, Which};
pub use words::{Explained, Misshapen, ProxyWords, RateWords, TokenWords, Words};
pub use zones::{Delegation, Holder, Policy, Price, ZoneApi, Zones};

/// What cert-manager says when the lab's own server for challenges does not take or give up a record.
pub const OF_OWN_SERVER: &[&[reading::Reading]] = &[tsig::READINGS_OF_OWN_SERVER];

/// What is particular to the provider.
#[must_use]
pub const fn traits_of(provider: Provider) -> &'static Traits {
    match provider {
        Provider::Cloudflare => &cloudflare::TRAITS,
        Provider::PowerDns => &powerdns::TRAITS,
        Provider::Rfc2136 => &rfc2136::TRAITS,
        Provider::Route53 => &route53::TRAITS,
        Provider::Local => &local::TRAITS,
        #[cfg(test)]
        Provider::Paper => &paper::TRAITS,
        #[cfg(test)]
        Provider::Slate => &paper::SLATE,
    }
}

/// The credential in the data of a Secret of external-dns; `None` where it is not whole.
#[must_use]
pub fn keyring_of_data(provider: Provider, data: &Value) -> Option<Keyring> {
    let keys = traits_of(provider).external_dns_env.iter().map(|(_, key)| *key);
    Keyring::of_data(keys.filter(|key| ![ZONE_ID_KEY, ZONE_KEY].contains(key)), data)
}

/// What the provider is called, and where people do what a finding asks.
#[must_use]
pub const fn words(provider: Provider) -> &'static Words {
    traits_of(provider).words
}

/// A host outside the house that pods must be able to look up: of the provider's API, or what stands in for it.
#[must_use]
pub fn outside(evidence: &Evidence) -> &str {
    evidence.acme_host.as_deref().unwrap_or(words(evidence.dns).api_host)
}

/// A fault with the provider's words to it.
#[must_use]
pub fn failure(provider: Provider, fault: Fault) -> ProviderFailure {
    let traits = traits_of(provider);
    let (hint, cause) = ((traits.hint)(&fault), (traits.cause)(&fault));
    let message = message(&fault, traits.words);
    ProviderFailure { message, cause: cause.map(str::to_owned), hint, error: fault }
}

#[cfg(test)]
mod tests;
