//! The one proof that the key may edit records: to make one and take it away again. An update adds beside what is there and removes
//! one record alone, so that nobody else's can be lost; the record is made only at a name that has none all the same.

use super::client::Client;
use super::message::Update;
use crate::evidence::{Fault, Zone};
use crate::provider::scratch::{MARK, TTL, names, none_is_free};

/// "Some name that ought not to exist, does exist" (RFC 2136, section 2.2).
const USED: u32 = 6;

impl Client {
    /// Creates and removes a TXT record `_homelab-check` in the zone, and with it what a stopped run left there.
    pub(super) async fn prove_edit(&self, zone: &Zone) -> Result<(), Fault> {
        for name in names(zone) {
            let removal = || Update::default().remove_text(&name, MARK);
            self.update(zone, removal()?).await?;
            let made = Update::default().where_unused(&name)?.add_text(&name, TTL, MARK)?;
            match self.update(zone, made).await {
                Err(Fault::Refused { code: USED, .. }) => continue,
                made => made?,
            }
            let leftover = |cause| Fault::Leftover { name: name.clone(), cause: Box::new(cause) };
            return self.update(zone, removal()?).await.map_err(leftover);
        }
        Err(none_is_free(zone))
    }
}
