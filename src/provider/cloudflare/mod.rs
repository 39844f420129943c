//! The few calls of Cloudflare's API v4 that homelab makes itself; records are written by external-dns, not here.
//!
//! Sources: developers.cloudflare.com/api (zones, dns_records, user/tokens/verify), the error codes that cert-manager's
//! and external-dns' users report, and fundamentals/api/reference/limits.

mod budget;
mod changes;
mod client;
mod codes;
mod components;
mod delegation;
mod envelope;
mod explained;
mod fault;
mod limits;
mod request;
mod said;
mod scratch;
mod token;
mod tunnels;
mod words;

#[cfg(test)]
pub(super) use client::Client;

use crate::provider::traits::Traits;

/// What is particular to Cloudflare.
pub(super) const TRAITS: Traits = Traits {
    words: &words::WORDS,
    client: client::of_keyring,
    external_dns_arguments: components::external_dns_arguments,
    external_dns_env: components::EXTERNAL_DNS_ENV,
    external_dns_settings: &[],
    solver: components::solver,
    keyring: token::keyring,
    misshapen: token::misshapen,
    hint: fault::hint,
    cause: fault::cause,
    refusals: said::REFUSALS,
    outages: said::OUTAGES,
    challenges: said::CHALLENGES,
    unknown_code: said::unknown_code,
    quoted: said::quoted,
    desired: |_| None,
    is_refused_edit: said::is_refused_edit,
    is_scratch: scratch::is_scratch,
    quota: |zone| Some(limits::quota(zone)),
    unchangeable: limits::unchangeable,
    refused_for: limits::refused_for,
    tunnels: Some(&tunnels::TUNNELS),
    zones: None,
};
