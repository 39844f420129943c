//! Amazon Route 53. All of it goes by Amazon's own SDK, over homelab's own HTTP client.
//!
//! Sources: the API reference of Route 53 (ListHostedZones, ListResourceRecordSets, ChangeResourceRecordSets, GetChange, common
//! errors, quotas), the IAM user guide (access keys, prefixes of ids), external-dns 0.22 (provider/aws), cert-manager 1.21
//! (pkg/issuer/acme/dns/route53).

mod answers;
mod changes;
mod client;
mod components;
mod delegation;
mod denial;
mod explained;
mod fault;
mod http;
mod keys;
mod limits;
mod policy;
mod refusal;
mod said;
mod scratch;
mod sdk;
mod users;
mod width;
mod words;
mod zones;

use crate::provider::scratch::is_scratch;
use crate::provider::traits::Traits;

/// What is particular to Route 53.
pub(super) const TRAITS: Traits = Traits {
    words: &words::WORDS,
    client: client::of_keyring,
    external_dns_arguments: components::external_dns_arguments,
    external_dns_env: components::EXTERNAL_DNS_ENV,
    external_dns_settings: components::EXTERNAL_DNS_SETTINGS,
    solver: components::solver,
    keyring: keys::keyring,
    misshapen: keys::misshapen,
    hint: fault::hint,
    cause: fault::cause,
    refusals: said::REFUSALS,
    outages: said::OUTAGES,
    challenges: said::CHALLENGES,
    unknown_code: said::unknown_code,
    quoted: said::quoted,
    desired: said::desired,
    is_refused_edit: said::is_refused_edit,
    is_scratch,
    quota: |_| Some((limits::RECORDS, limits::OF_A_ZONE)),
    unchangeable: |_| None,
    refused_for: limits::refused_for,
    tunnels: None,
    zones: Some(&zones::ZONES),
};
