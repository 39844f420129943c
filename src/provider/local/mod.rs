//! Name servers of the lab's own, one on each node: no account, no domain of one's own, no token. They are made with the lab
//! (`desired::name_server`), each filled by an external-dns beside it, so that there is no zone to find and nobody to ask before
//! there are nodes. Certificates come from the lab's own authority: no ACME server can look these names up.

mod client;
mod words;

use crate::facts::secret::SecretError;
use crate::provider::traits::Traits;
use crate::provider::words::Misshapen;

/// What is particular to them.
pub(super) const TRAITS: Traits = Traits {
    words: &words::WORDS,
    client: |_, _| Ok(std::sync::Arc::new(client::Client)),
    // The one beside each server has its own: see `desired::name_server`.
    external_dns_arguments: |_| Vec::new(),
    external_dns_env: &[],
    external_dns_settings: &[],
    solver: |_, _| serde_json::Value::Null,
    keyring: |_| Err(SecretError::Other("the lab's own name servers ask for no credential")),
    misshapen: Misshapen::of,
    hint: |_| "run `homelab doctor --check dns`".to_owned(),
    cause: |_| None,
    refusals: &[],
    outages: &[],
    challenges: &[],
    unknown_code: |_| None,
    quoted: |_| None,
    desired: |_| None,
    is_refused_edit: |_| false,
    is_scratch: |_| false,
    quota: |_| None,
    unchangeable: |_| None,
    refused_for: |_| None,
    tunnels: None,
    zones: None,
};
