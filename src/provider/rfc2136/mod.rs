//! A name server of one's own that takes DNS updates (RFC 2136) and transfers its zone (AXFR, RFC 5936), both signed with one TSIG
//! key (RFC 8945): BIND, Knot DNS, PowerDNS. hickory-proto has TSIG only together with DNSSEC, and not for transfers in which
//! some messages bear no signature; the little that is needed stands here, on ring, which rustls brings.
//!
//! Sources: those RFCs; external-dns 0.22, provider/rfc2136/rfc2136.go; BIND 9 ARM, `update-policy`, `allow-transfer`; Knot DNS
//! 3.4, "Access control list"; PowerDNS, docs/dnsupdate.rst.

mod client;
mod components;
mod delegation;
mod explained;
mod fault;
mod message;
mod said;
mod scratch;
mod sign;
mod tcp;
mod transfer;
mod wire;
mod words;

#[cfg(test)]
pub(super) use client::tests::fake::Fake as FakeServer;

use crate::provider::credentials::Keyring;
use crate::provider::scratch::is_scratch;
use crate::provider::traits::Traits;
use crate::provider::tsig;

/// What is particular to such a server.
pub(super) const TRAITS: Traits = Traits {
    words: &words::WORDS,
    client: client::of_keyring,
    external_dns_arguments: components::external_dns_arguments,
    external_dns_env: components::EXTERNAL_DNS_ENV,
    external_dns_settings: &[],
    solver: tsig::solver,
    keyring: |text| Ok(Keyring::new(tsig::read(text)?.parts()?)),
    misshapen: words::misshapen,
    hint: fault::hint,
    cause: fault::cause,
    refusals: said::REFUSALS,
    outages: said::OUTAGES,
    challenges: said::CHALLENGES,
    unknown_code: |_| None,
    quoted: |_| None,
    desired: |_| None,
    is_refused_edit: said::is_refused_edit,
    is_scratch,
    quota: |_| None,
    unchangeable: |_| None,
    refused_for: |_| None,
    tunnels: None,
    zones: None,
};
