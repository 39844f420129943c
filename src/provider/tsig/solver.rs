//! What cert-manager is told of an update.

use serde_json::{Value, json};

use crate::config::Config;
use crate::facts::tsig::Algorithm;
use crate::provider::credentials::SECRET;
use crate::provider::tsig::SECRET_KEY;

/// cert-manager's solver (cert-manager docs, DNS01, RFC-2136).
pub(in crate::provider) fn solver(config: &Config, _: Option<&str>) -> Value {
    let tsig = config.dns.tsig.as_ref();
    let nameserver = tsig.map(|tsig| tsig.nameserver.joined()).unwrap_or_default();
    let key = tsig.map(|tsig| tsig.key.as_str()).unwrap_or_default();
    let algorithm = tsig.map(|tsig| tsig.algorithm).unwrap_or_default();
    signed_updates(&nameserver, (key, algorithm), (SECRET, SECRET_KEY))
}

/// The same for a server at `host:port`, with a key by its name and algorithm, whose secret is in a Secret under a key.
#[must_use]
pub fn signed_updates(nameserver: &str, key: (&str, Algorithm), secret: (&str, &str)) -> Value {
    json!({ "rfc2136": {
        "nameserver": nameserver,
        "tsigKeyName": key.0,
        "tsigAlgorithm": key.1.of_cert_manager(),
        "tsigSecretSecretRef": { "name": secret.0, "key": secret.1 },
    } })
}
