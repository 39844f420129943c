//! The credentials of organisations that lie in the cluster alone: `homelab zone policy --apply` made them.

use serde_json::Value;

use crate::cluster::Cluster;
use crate::config::{Config, Organisation};
use crate::desired::object::Key;
use crate::desired::{external_dns, kind, organisations};
use crate::error::Result;
use crate::plan::is_applied;
use crate::provider::{Keyring, keyring_of_data};

/// Where the credential of an organisation lies: in the Secret of its external-dns, into whose namespace none of its people get.
#[must_use]
pub fn secret_of(organisation: &str) -> Key {
    Key {
        kind: &kind::SECRET,
        namespace: Some(external_dns::NAMESPACE.to_owned()),
        name: organisations::secret_name(organisation),
    }
}

/// The credential in a Secret that homelab wrote; a stranger's Secret has none.
#[must_use]
pub fn credential_in(config: &Config, live: &Value) -> Option<Keyring> {
    is_applied(live).then(|| keyring_of_data(config.dns.provider, &live["data"])).flatten()
}

impl Cluster {
    /// The credential of an organisation that lies in the cluster; none where there is no Secret of homelab's with one in it.
    ///
    /// # Errors
    /// When the API server cannot be reached or refuses.
    pub async fn kept_credential(
        &self,
        config: &Config,
        organisation: &Organisation,
    ) -> Result<Option<Keyring>> {
        let live = self.read(&secret_of(&organisation.name)).await?;
        Ok(live.and_then(|live| credential_in(config, &live)))
    }
}
