//! The API token, by everything but its value.

use std::path::PathBuf;

use serde::Serialize;

use crate::evidence::{Budget, Excess, ProviderFailure};
use crate::facts::secret::SecretError;
use crate::facts::variables;

/// Where the token came from, what it can do, and where copies of it lie.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TokenSeen {
    /// Where it was found, or would have been.
    pub place: TokenPlace,
    /// How many characters it has, white space around it left out; 0 when it was not read.
    pub length: usize,
    /// Why it cannot be used; `None` when it can.
    pub problem: Option<TokenProblem>,
    /// Whether every user of this machine may read its file; off for what is no file.
    pub open_to_all: bool,
    /// What its rate limit leaves; `None` when the provider was not asked or did not say.
    pub budget: Option<Budget>,
    /// Whether a scratch record could be made and removed; `None` without `--active`.
    pub edit: Option<Result<(), ProviderFailure>>,
    /// What it may do beyond its zone; `None` without `--active`, and where the provider does not tell.
    pub excess: Option<Result<Option<Excess>, ProviderFailure>>,
    /// The Secrets in the cluster that should hold it; `None` when they were not read.
    pub copies: Option<Vec<TokenCopy>>,
}

/// Where a token is looked for, in this order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenPlace {
    /// The credential that systemd hands to a service.
    Credential(PathBuf),
    /// The environment variables of those names.
    Variables(&'static [&'static str]),
    /// The file that `dns.tokenFile` names.
    File(PathBuf),
    /// The Secret in the cluster, as `namespace/name`, where this machine has none.
    Secret(String),
    /// None of these is there.
    #[default]
    Nowhere,
    /// Nowhere: the provider asks for none.
    NotNeeded,
}

impl std::fmt::Display for TokenPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Credential(path) | Self::File(path) => write!(f, "`{}`", path.display()),
            Self::Variables(names) => f.write_str(&variables::told(names)),
            Self::Secret(name) => write!(f, "the Secret `{name}`"),
            Self::Nowhere | Self::NotNeeded => f.write_str("no place that is known"),
        }
    }
}

/// Why there is no token to use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenProblem {
    /// No credential, no variable, and no file in the configuration.
    Nowhere,
    /// The file is not there.
    Missing,
    /// This user may not read the file.
    Denied,
    /// The file cannot be read for another reason, in the system's words.
    Unreadable(String),
    /// What was read can be no token.
    Shape(SecretError),
}

/// A Secret in the cluster that should hold the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenCopy {
    /// Where the Secret lies.
    pub namespace: String,
    /// Who reads it: `external-dns` or `cert-manager`.
    pub used_by: String,
    /// How it compares with the token at hand.
    pub state: CopyState,
}

/// How a copy of the token compares with the token at hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CopyState {
    /// It is the same.
    Same,
    /// It is another one.
    Differs {
        /// Whoever else than homelab wrote it, as the Secret's managed fields say; `None` when homelab did.
        by: Option<String>,
    },
    /// The token is the same, and the zone beside it is another one than the provider has.
    OtherZone {
        /// The id of the zone in the Secret.
        there: String,
        /// The id that the zone has at the provider.
        now: String,
    },
    /// There is no such Secret.
    Missing,
    /// The Secret is there without the key.
    Empty,
    /// It could not be read.
    Unread(String),
}
