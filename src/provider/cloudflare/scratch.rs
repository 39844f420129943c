//! The one proof that a token may edit records: to make one and take it away again.

use reqwest::Method;
use serde_json::json;

use crate::evidence::{Fault, Permission, Record, Zone};
use crate::provider::call::Call;
use crate::provider::cloudflare::client::Client;
use crate::provider::scratch::{LABEL, MARK};

/// "An identical record already exists."
const EXISTS: u32 = 81058;
/// "Record does not exist."
const GONE: u32 = 81044;

/// Whether a record is a scratch record, which a run that was stopped left behind.
#[must_use]
pub(super) fn is_scratch(record: &Record) -> bool {
    record.kind == "TXT" && record.name.starts_with(LABEL) && record.text().starts_with(MARK)
}

impl Client {
    /// Creates and removes a TXT record `_homelab-check` in the zone, and removes what a stopped run left there.
    pub(super) async fn prove_edit(&self, zone: &Zone) -> Result<(), Fault> {
        let name = format!("{LABEL}.{}", zone.name);
        let path = format!("zones/{}/dns_records", zone.id);
        let record = json!({ "type": "TXT", "name": name, "content": format!("\"{MARK}\""), "ttl": 60 });
        match self.send(Call::new(Method::POST, &path, Permission::DnsEdit).body(record)).await {
            Ok(_) => {}
            // A run that was stopped here left it: removing it proves as much.
            Err(Fault::Refused { code: EXISTS, .. }) => {}
            Err(error) => return Err(error),
        }
        let leftover = |cause| Fault::Leftover { name: name.clone(), cause: Box::new(cause) };
        let found = self.records(zone, Some(&name)).await.map_err(leftover)?;
        for record in found.into_iter().filter(is_scratch) {
            let path = format!("{path}/{}", record.id);
            match self.send(Call::new(Method::DELETE, &path, Permission::DnsEdit)).await {
                Ok(_) | Err(Fault::Refused { code: GONE, .. }) => {}
                Err(cause @ Fault::MissingPermission { .. }) => return Err(cause),
                Err(cause) => return Err(leftover(cause)),
            }
        }
        Ok(())
    }
}
