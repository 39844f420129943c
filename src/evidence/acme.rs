//! The way of a certificate: what the webhook, the CAA records and the Secrets that are served say.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::evidence::Lookup;
use crate::evidence::tls::Leaf;

/// The way of a certificate, as far as it can be tried without asking for one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AcmeSeen {
    /// What the configuration asks for.
    pub wanted: Issuance,
    /// What came of a dry run; `None` when nobody tried.
    pub webhook: Option<WebhookSeen>,
    /// What the TLS Secrets hold, by `namespace/name`; `None` when they were not read.
    pub secrets: Option<BTreeMap<String, Result<SecretSeen, String>>>,
    /// What was said about CAA, by the name asked: each host and every name above it; `None` when nobody beyond this
    /// network was asked.
    pub caa: Option<BTreeMap<String, Lookup>>,
}

/// How the configuration has certificates issued.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Issuance {
    /// Whether homelab installs cert-manager.
    pub managed: bool,
    /// Where cert-manager runs; the account's key and the API token lie there.
    pub namespace: String,
    /// The ClusterIssuer that Ingresses name.
    pub issuer: String,
    /// The directory of its ACME server.
    pub server: String,
    /// The address of the ACME account.
    pub email: String,
    /// Where cert-manager looks for a challenge's record: `https://` (DNS over HTTPS) or `host:port`.
    pub nameservers: Vec<String>,
}

/// Two CertificateRequests, created as a dry run: nothing is stored, but both webhooks are called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WebhookSeen {
    /// What came of a good one.
    pub good: DryRun,
    /// What came of one that no webhook may let through.
    pub bad: DryRun,
}

/// What came of one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum DryRun {
    /// It was taken.
    Taken {
        /// Whether the webhook wrote into it who asks (`spec.username`).
        stamped: bool,
    },
    /// The API server refused it.
    Refused {
        /// The HTTP status.
        code: u16,
        /// In the server's words.
        message: String,
    },
    /// No answer in time.
    Silent {
        /// How long was waited, in seconds.
        seconds: u64,
    },
    /// The API server could not be asked.
    Unasked {
        /// Why.
        why: String,
    },
}

/// The public half of a TLS Secret; the key is never kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SecretSeen {
    /// The certificate that it is for.
    pub leaf: Leaf,
    /// Certificates in `tls.crt`, the first counted.
    pub chain: usize,
}
