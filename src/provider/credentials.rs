//! What `up` learned from the provider, and the Secrets that it goes into.

use crate::facts::secret::Secret;

/// The Secret with the provider's credentials, in external-dns' namespace and in cert-manager's.
pub const SECRET: &str = "homelab-dns-provider";
/// The key of a credential that is one word.
pub const TOKEN_KEY: &str = "token";
/// The Secret's key that holds the zone's id.
pub const ZONE_ID_KEY: &str = "zone-id";
/// The Secret's key that holds the zone's name.
pub const ZONE_KEY: &str = "zone";

/// What goes into the Secrets: each value under the key by which external-dns' environment and the ACME solver name it.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// What both programs read, for example [`TOKEN_KEY`].
    pub secrets: Vec<(&'static str, Secret)>,
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
        self.secrets.iter().map(|(key, secret)| (*key, secret.expose())).collect()
    }
}
