//! What cert-manager is told of an update.

use serde_json::{Value, json};

use crate::config::Config;
use crate::provider::credentials::SECRET;
use crate::provider::tsig::SECRET_KEY;

/// cert-manager's solver (cert-manager docs, DNS01, RFC-2136).
pub(in crate::provider) fn solver(config: &Config) -> Value {
    let tsig = config.dns.tsig.as_ref();
    json!({ "rfc2136": {
        "nameserver": tsig.map(|tsig| tsig.nameserver.joined()),
        "tsigKeyName": tsig.map(|tsig| tsig.key.as_str()),
        "tsigAlgorithm": tsig.map(|tsig| tsig.algorithm.of_cert_manager()),
        "tsigSecretSecretRef": { "name": SECRET, "key": SECRET_KEY },
    } })
}
