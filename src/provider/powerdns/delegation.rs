//! Records of a delegation. The API knows sets of records alone (docs/http-api/zone.rst, "rrset"): one that has more in it is changed
//! by what is to stay.

use reqwest::Method;
use serde_json::json;

use super::answers::undotted;
use super::client::Client;
use crate::config::ParentRecord;
use crate::evidence::{Fault, Permission, Record, Zone};
use crate::provider::call::Call;

/// Its time to live, in seconds.
const TTL: u32 = 3600;

impl Client {
    pub(super) async fn enter(&self, zone: &Zone, record: &ParentRecord) -> Result<(), Fault> {
        let content = as_written(record.kind, &record.content);
        let there = self.contents(zone, &record.name, record.kind).await?;
        if there.contains(&content) {
            return Ok(());
        }
        if !there.is_empty() {
            let what = format!("somebody has written another `{} {}` meanwhile", record.name, record.kind);
            return Err(Fault::Unexpected { what });
        }
        self.write(zone, (&record.name, record.kind), &[content]).await
    }

    pub(super) async fn take_out(&self, zone: &Zone, record: &Record) -> Result<(), Fault> {
        let content = as_written(&record.kind, &record.content);
        let mut rest = self.contents(zone, &record.name, &record.kind).await?;
        if !rest.contains(&content) {
            return Ok(());
        }
        rest.retain(|there| *there != content);
        self.write(zone, (&record.name, &record.kind), &rest).await
    }

    /// What a name has of one type, as the API writes it.
    async fn contents(&self, zone: &Zone, name: &str, kind: &str) -> Result<Vec<String>, Fault> {
        let seen = self.zone(zone, Some(name)).await?;
        let of_kind = seen.rrsets.into_iter().filter(|rrset| rrset.kind == kind);
        Ok(of_kind.flat_map(|rrset| rrset.records).map(|record| record.content).collect())
    }

    async fn write(&self, zone: &Zone, (name, kind): (&str, &str), contents: &[String]) -> Result<(), Fault> {
        let records: Vec<_> =
            contents.iter().map(|content| json!({ "content": content, "disabled": false })).collect();
        let mut rrset = json!({ "name": format!("{}.", undotted(name)), "type": kind, "records": records });
        match contents {
            [] => rrset["changetype"] = "DELETE".into(),
            _ => (rrset["changetype"], rrset["ttl"]) = ("REPLACE".into(), TTL.into()),
        }
        let call = Call::new(Method::PATCH, &format!("zones/{}", zone.id), Permission::DnsEdit);
        self.send(call.body(json!({ "rrsets": [rrset] }))).await.map(drop)
    }
}

/// Names have their final dot there.
fn as_written(kind: &str, content: &str) -> String {
    match kind {
        "A" | "AAAA" => content.to_owned(),
        _ => format!("{}.", undotted(content)),
    }
}
