//! What was read on this machine for the provider, what `up` learned from it, and the Secrets that both go into.

use k8s_openapi::ByteString;
use serde_json::Value;

use crate::evidence::Zone;
use crate::facts::secret::Secret;

/// The Secret with the provider's credentials and the zone, in external-dns' namespace; in cert-manager's with the credentials
/// alone, where there are any.
pub const SECRET: &str = "homelab-dns-provider";
/// The key of a credential that is one word.
pub const TOKEN_KEY: &str = "token";
/// The Secret's key that holds the zone's id.
pub const ZONE_ID_KEY: &str = "zone-id";
/// The Secret's key that holds the zone's name.
pub const ZONE_KEY: &str = "zone";

/// The provider's credentials as they were read on this machine, none, one or more: each under the key that it has in the
/// Secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keyring(Vec<(&'static str, Secret)>);

impl Keyring {
    /// These secrets.
    #[must_use]
    pub fn new(secrets: impl IntoIterator<Item = (&'static str, Secret)>) -> Self {
        Self(secrets.into_iter().collect())
    }

    /// What lies in a Secret's data under these keys; `None` where one is missing or cannot be a secret.
    #[must_use]
    pub fn of_data(keys: impl IntoIterator<Item = &'static str>, data: &Value) -> Option<Self> {
        let one = |key: &'static str| Some((key, Secret::word(&text(&data[key])?).ok()?));
        let found = keys.into_iter().map(one).collect::<Option<Vec<_>>>()?;
        (!found.is_empty()).then_some(Self(found))
    }

    /// The one under a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Secret> {
        self.iter().find(|(known, _)| *known == key).map(|(_, secret)| secret)
    }

    /// Whether there is none: the provider asks for none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All, each with its key.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Secret)> {
        self.0.iter().map(|(key, secret)| (*key, secret))
    }
}

/// A value of a Secret's data.
fn text(value: &Value) -> Option<String> {
    let bytes: ByteString = serde_json::from_value(value.clone()).ok()?;
    String::from_utf8(bytes.0).ok()
}

/// The zone that a Secret of external-dns names; an empty one where it names none.
#[must_use]
pub fn zone_of_data(data: &Value) -> Zone {
    let of = |key: &str| text(&data[key]).unwrap_or_default();
    Zone { id: of(ZONE_ID_KEY), name: of(ZONE_KEY), ..Zone::default() }
}

/// What goes into the Secrets: each value under the key by which external-dns' environment and the ACME solver name it.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// What both programs read, for example [`TOKEN_KEY`].
    secrets: Keyring,
    /// What external-dns alone reads and is no secret: the zone, by which the next run knows whose records there are.
    zone: Vec<(&'static str, String)>,
}

impl Credentials {
    /// What was read on this machine, and what the provider said of the zone.
    #[must_use]
    pub fn new(secrets: Keyring, zone: &Zone) -> Self {
        let zone = [(ZONE_ID_KEY, &zone.id), (ZONE_KEY, &zone.name)];
        let zone = zone.into_iter().filter(|(_, value)| !value.is_empty());
        Self { secrets, zone: zone.map(|(key, value)| (key, value.clone())).collect() }
    }

    /// The data of external-dns' Secret: a key for each thing that it reads.
    #[must_use]
    pub fn of_external_dns(&self) -> Vec<(&'static str, &str)> {
        self.of_cert_manager().into_iter().chain(self.of_zone()).collect()
    }

    /// The part of it that tells the zone.
    pub fn of_zone(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.zone.iter().map(|(key, value)| (*key, value.as_str()))
    }

    /// The zone's id; `None` where the provider has none.
    #[must_use]
    pub fn zone_id(&self) -> Option<&str> {
        self.of_zone().find(|(key, _)| *key == ZONE_ID_KEY).map(|(_, id)| id)
    }

    /// The data of cert-manager's Secret; nothing at a provider that asks for no credential.
    #[must_use]
    pub fn of_cert_manager(&self) -> Vec<(&'static str, &str)> {
        self.secrets.iter().map(|(key, secret)| (key, secret.expose())).collect()
    }
}
