//! Records of a delegation (developers.cloudflare.com/api, "Create DNS Record", "Delete DNS Record"). Cloudflare's proxy cannot stand
//! before a name server.

use reqwest::Method;
use serde_json::json;

use crate::config::ParentRecord;
use crate::evidence::{Fault, Permission, Record, Zone};
use crate::provider::call::Call;
use crate::provider::cloudflare::client::Client;

/// "An identical record already exists."
const EXISTS: u32 = 81058;
/// "Record does not exist."
const GONE: u32 = 81044;
/// Who made it, for people: in the dashboard it stands beside the record.
const COMMENT: &str = "made by homelab zone delegate";

impl Client {
    pub(super) async fn enter(&self, zone: &Zone, record: &ParentRecord) -> Result<(), Fault> {
        let mut body = json!({
            "type": record.kind, "name": record.name, "content": record.content, "ttl": 1, "comment": COMMENT,
        });
        // A type that cannot be proxied need not say that it is not.
        if record.kind != "NS" {
            body["proxied"] = false.into();
        }
        let call = Call::new(Method::POST, &format!("zones/{}/dns_records", zone.id), Permission::DnsEdit);
        match self.send(call.body(body)).await {
            // A call whose answer got lost has written it.
            Ok(_) | Err(Fault::Refused { code: EXISTS, .. }) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    pub(super) async fn take_out(&self, zone: &Zone, record: &Record) -> Result<(), Fault> {
        let path = format!("zones/{}/dns_records/{}", zone.id, record.id);
        match self.send(Call::new(Method::DELETE, &path, Permission::DnsEdit)).await {
            Ok(_) | Err(Fault::Refused { code: GONE, .. }) => Ok(()),
            Err(fault) => Err(fault),
        }
    }
}
