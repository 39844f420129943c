//! The one proof that a token may edit records: to make one and take it away again.

use serde_json::json;

use crate::evidence::{Fault, Record, Zone};
use crate::provider::cloudflare::client::Client;
use crate::provider::scratch::{LABEL, MARK};

/// Whether a record is a scratch record, which a run that was stopped left behind.
#[must_use]
pub(super) fn is_scratch(record: &Record) -> bool {
    record.kind == "TXT" && record.name.starts_with(LABEL) && record.text().starts_with(MARK)
}

impl Client {
    /// Creates and removes a TXT record `_homelab-check` in the zone, and removes what a stopped run left there.
    pub(super) async fn prove_edit(&self, zone: &Zone) -> Result<(), Fault> {
        let name = format!("{LABEL}.{}", zone.name);
        let record = json!({ "type": "TXT", "name": name, "content": format!("\"{MARK}\""), "ttl": 60 });
        // One that is there was left by a run that was stopped here: removing it proves as much.
        self.create(zone, record).await?;
        let leftover = |cause| Fault::Leftover { name: name.clone(), cause: Box::new(cause) };
        let found = self.records(zone, Some(&name)).await.map_err(leftover)?;
        for record in found.into_iter().filter(is_scratch) {
            self.take_out(zone, &record).await.map_err(|cause| match cause {
                Fault::MissingPermission { .. } => cause,
                cause => leftover(cause),
            })?;
        }
        Ok(())
    }
}
