//! A PowerDNS server of one's own: homelab and external-dns use its HTTP API, cert-manager DNS updates that are signed (it has no
//! PowerDNS in it).
//!
//! Sources: PowerDNS, docs/http-api and pdns/ws-auth.cc (zones, metadata, TSIG keys, configuration), pdns/rfc2136handler.cc (what
//! updates need), pdns/webserver.cc (who is let in), 4.9 and 5.1; external-dns 0.22, provider/pdns/pdns.go; joeig/go-powerdns v3.

mod answers;
mod changes;
mod client;
mod components;
mod delegation;
mod explained;
mod fault;
mod keys;
mod request;
mod said;
mod scratch;
mod updates;
mod words;

use crate::provider::scratch::is_scratch;
use crate::provider::traits::Traits;
use crate::provider::tsig;

/// What is particular to PowerDNS.
pub(super) const TRAITS: Traits = Traits {
    words: &words::WORDS,
    client: client::of_keyring,
    external_dns_arguments: components::external_dns_arguments,
    external_dns_env: components::EXTERNAL_DNS_ENV,
    external_dns_settings: &[],
    solver: tsig::solver,
    keyring: keys::keyring,
    misshapen: keys::misshapen,
    hint: fault::hint,
    cause: fault::cause,
    refusals: said::REFUSALS,
    outages: said::OUTAGES,
    challenges: said::CHALLENGES,
    unknown_code: |_| None,
    quoted: said::quoted,
    desired: |_| None,
    is_refused_edit: |_| false,
    is_scratch,
    quota: |_| None,
    unchangeable: |_| None,
    refused_for: |_| None,
    tunnels: None,
    zones: None,
};
