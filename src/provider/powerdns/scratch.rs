//! The one proof that the key may edit records: to make one and take it away again.
//!
//! The API replaces all records of a name and type at once. So the record is made only at a name that nobody else has any record
//! at, and taken away only while nothing but it is there.

use reqwest::Method;
use serde_json::json;

use super::client::Client;
use crate::evidence::{Fault, Permission, Zone};
use crate::provider::call::Call;
use crate::provider::scratch::{MARK, TTL, names, none_is_free};

fn content() -> String {
    format!("\"{MARK}\"")
}

impl Client {
    /// Creates and removes a TXT record `_homelab-check` in the zone, and with it what a stopped run left there.
    pub(super) async fn prove_edit(&self, zone: &Zone) -> Result<(), Fault> {
        let name = self.free_name(zone).await?;
        let record = json!({ "content": content(), "disabled": false });
        self.change(
            zone,
            json!({ "name": name, "type": "TXT", "ttl": TTL, "changetype": "REPLACE", "records": [record] }),
        )
        .await?;
        let leftover =
            |cause| Fault::Leftover { name: name.trim_end_matches('.').to_owned(), cause: Box::new(cause) };
        if !self.is_own(zone, &name).await.map_err(leftover)? {
            let what = "somebody wrote another record beside it".to_owned();
            return Err(leftover(Fault::Unexpected { what }));
        }
        self.change(zone, json!({ "name": name, "type": "TXT", "changetype": "DELETE", "records": [] }))
            .await
            .map_err(leftover)
    }

    /// The first name at which there is nothing, or only what a stopped run left.
    async fn free_name(&self, zone: &Zone) -> Result<String, Fault> {
        for name in names(zone).map(|name| name + ".") {
            if self.is_own(zone, &name).await? {
                return Ok(name);
            }
        }
        Err(none_is_free(zone))
    }

    /// Whether nobody else has a record of any type at the name.
    async fn is_own(&self, zone: &Zone, name: &str) -> Result<bool, Fault> {
        let seen = self.zone(zone, Some(name)).await?;
        Ok(seen.rrsets.iter().all(|rrset| rrset.kind == "TXT" && rrset.is_all(&content())))
    }

    async fn change(&self, zone: &Zone, rrset: serde_json::Value) -> Result<(), Fault> {
        let call = Call::new(Method::PATCH, &format!("zones/{}", zone.id), Permission::DnsEdit);
        self.send(call.body(json!({ "rrsets": [rrset] }))).await.map(drop)
    }
}
