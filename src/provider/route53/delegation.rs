//! Records of a delegation. A set that has more in it is changed by what is to stay.

use aws_sdk_route53::types::{ChangeAction, ResourceRecordSet};

use super::answers::plain;
use super::changes::{is_conflict, set, with};
use super::client::Client;
use crate::config::ParentRecord;
use crate::evidence::{Fault, Record, Zone};

/// Its time to live, in seconds.
pub(super) const TTL: u32 = 3600;

impl Client {
    pub(super) async fn enter(&self, zone: &Zone, record: &ParentRecord) -> Result<(), Fault> {
        let content = as_written(record.kind, &record.content);
        let created = set((&record.name, record.kind), TTL, [content.as_str()])?;
        let Err(fault) = self.change(zone, [(ChangeAction::Create, created)]).await else { return Ok(()) };
        if !is_conflict(&fault) {
            return Err(fault);
        }
        // A call whose answer got lost has written it.
        let there = self.of_kind(zone, &record.name, record.kind).await?;
        match there.iter().any(|set| holds(set, &content)) {
            true => Ok(()),
            false if there.is_empty() => Err(fault),
            false => {
                let what =
                    format!("somebody has written another `{} {}` meanwhile", record.name, record.kind);
                Err(Fault::Unexpected { what })
            }
        }
    }

    pub(super) async fn take_out(&self, zone: &Zone, record: &Record) -> Result<(), Fault> {
        let there = self.of_kind(zone, &record.name, &record.kind).await?;
        let Some(set) = there.into_iter().find(|set| holds(set, &record.content)) else { return Ok(()) };
        let mut rest = set.resource_records().to_vec();
        rest.retain(|one| !is_same(one.value(), &record.content));
        let stays = (!rest.is_empty()).then(|| (ChangeAction::Create, with(&set, rest)));
        let changes = [(ChangeAction::Delete, set)].into_iter().chain(stays);
        let Err(fault) = self.change(zone, changes).await else { return Ok(()) };
        // A call whose answer got lost has deleted it.
        let left = self.of_kind(zone, &record.name, &record.kind).await?;
        if left.iter().any(|set| holds(set, &record.content)) { Err(fault) } else { Ok(()) }
    }

    /// The sets of one name and type: more than one where they have identifiers.
    pub(super) async fn of_kind(
        &self,
        zone: &Zone,
        name: &str,
        kind: &str,
    ) -> Result<Vec<ResourceRecordSet>, Fault> {
        let mut sets = self.sets(zone, Some(name)).await?;
        sets.retain(|set| set.r#type().as_str() == kind);
        Ok(sets)
    }
}

fn holds(set: &ResourceRecordSet, content: &str) -> bool {
    set.resource_records().iter().any(|one| is_same(one.value(), content))
}

/// Names are the same with their final dot and without.
fn is_same(value: &str, content: &str) -> bool {
    plain(value) == plain(content)
}

/// Names have their final dot there.
fn as_written(kind: &str, content: &str) -> String {
    match kind {
        "A" | "AAAA" | "TXT" => content.to_owned(),
        _ => format!("{}.", plain(content)),
    }
}
