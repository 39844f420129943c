//! What was read on this machine for the provider, what `up` learned from it, and the Secrets that both go into.

use crate::facts::secret::Secret;

/// The Secret with the provider's credentials, in external-dns' namespace and in cert-manager's.
pub const SECRET: &str = "homelab-dns-provider";
/// The key of a credential that is one word.
pub const TOKEN_KEY: &str = "token";
/// The Secret's key that holds the zone's id.
pub const ZONE_ID_KEY: &str = "zone-id";
/// The Secret's key that holds the zone's name.
pub const ZONE_KEY: &str = "zone";

/// The provider's credentials as they were read on this machine, one or more: each under the key that it has in the
/// Secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyring(Vec<(&'static str, Secret)>);

impl Keyring {
    /// These secrets.
    #[must_use]
    pub fn new(secrets: impl IntoIterator<Item = (&'static str, Secret)>) -> Self {
        Self(secrets.into_iter().collect())
    }

    /// The one under a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Secret> {
        self.iter().find(|(known, _)| *known == key).map(|(_, secret)| secret)
    }

    /// All, each with its key.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Secret)> {
        self.0.iter().map(|(key, secret)| (*key, secret))
    }
}

/// What goes into the Secrets: each value under the key by which external-dns' environment and the ACME solver name it.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// What both programs read, for example [`TOKEN_KEY`].
    pub secrets: Keyring,
    /// What external-dns alone reads and is no secret, for example [`ZONE_ID_KEY`].
    pub about_zone: Vec<(&'static str, String)>,
}

impl Credentials {
    /// The data of external-dns' Secret: a key for each thing that it reads.
    #[must_use]
    pub fn of_external_dns(&self) -> Vec<(&'static str, &str)> {
        let about = self.about_zone.iter().map(|(key, value)| (*key, value.as_str()));
        self.of_cert_manager().into_iter().chain(about).collect()
    }

    /// The data of cert-manager's Secret.
    #[must_use]
    pub fn of_cert_manager(&self) -> Vec<(&'static str, &str)> {
        self.secrets.iter().map(|(key, secret)| (key, secret.expose())).collect()
    }
}
