//! Records of a delegation. A set that has more in it is changed by what is to stay.

use super::answers::undotted;
use super::client::Client;
use crate::config::ParentRecord;
use crate::evidence::{Fault, Record, Zone};

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
        self.change(zone, (&record.name, record.kind), TTL, &[content]).await
    }

    pub(super) async fn take_out(&self, zone: &Zone, record: &Record) -> Result<(), Fault> {
        let content = as_written(&record.kind, &record.content);
        let mut rest = self.contents(zone, &record.name, &record.kind).await?;
        if !rest.contains(&content) {
            return Ok(());
        }
        rest.retain(|there| *there != content);
        self.change(zone, (&record.name, &record.kind), TTL, &rest).await
    }

    /// What a name has of one type, as the API writes it.
    async fn contents(&self, zone: &Zone, name: &str, kind: &str) -> Result<Vec<String>, Fault> {
        let seen = self.zone(zone, Some(name)).await?;
        let of_kind = seen.rrsets.into_iter().filter(|rrset| rrset.kind == kind);
        Ok(of_kind.flat_map(|rrset| rrset.records).map(|record| record.content).collect())
    }
}

/// Names have their final dot there.
fn as_written(kind: &str, content: &str) -> String {
    match kind {
        "A" | "AAAA" => content.to_owned(),
        _ => format!("{}.", undotted(content)),
    }
}
