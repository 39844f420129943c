//! Records of a delegation. Cloudflare's proxy cannot stand before a name server.

use serde_json::json;

use crate::config::ParentRecord;
use crate::evidence::{Fault, Zone};
use crate::provider::cloudflare::client::Client;

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
        self.create(zone, body).await
    }
}
