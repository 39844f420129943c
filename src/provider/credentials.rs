//! What `up` learned from the provider, and the Secrets that it goes into.

use crate::facts::secret::Secret;

/// The Secret with the provider's credentials, in external-dns' namespace and in cert-manager's.
pub const SECRET: &str = "homelab-dns-provider";
/// The Secret's key that holds the token.
pub const TOKEN_KEY: &str = "token";
/// The Secret's key that holds the zone's id.
pub const ZONE_ID_KEY: &str = "zone-id";
/// The Secret's key that holds the zone's name.
pub const ZONE_KEY: &str = "zone";

/// What `up` learned from the provider and what goes into the Secrets.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The API token.
    pub token: Secret,
    /// The provider's id of the zone.
    pub zone_id: String,
    /// The zone's name.
    pub zone: String,
}

/// The data of external-dns' Secret: a key for each thing that it reads.
pub fn external_dns_secret(credentials: &Credentials) -> Vec<(&'static str, &str)> {
    vec![
        (TOKEN_KEY, credentials.token.expose()),
        (ZONE_ID_KEY, &credentials.zone_id),
        (ZONE_KEY, &credentials.zone),
    ]
}

/// The data of cert-manager's Secret.
pub fn cert_manager_secret(credentials: &Credentials) -> Vec<(&'static str, &str)> {
    vec![(TOKEN_KEY, credentials.token.expose())]
}
