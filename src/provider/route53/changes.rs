//! The call that writes: changes of sets of records, all or none of them (API reference, ChangeResourceRecordSets). What is deleted
//! has to be said as it is, so that a set that somebody has changed meanwhile stays.

use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType};

use super::client::Client;
use super::refusal::{BATCH, said};
use crate::evidence::{Fault, Zone};

impl Client {
    /// Carries out changes, and gives the id by which they are asked for.
    pub(super) async fn change(
        &self,
        zone: &Zone,
        changes: impl IntoIterator<Item = (ChangeAction, ResourceRecordSet)>,
    ) -> Result<String, Fault> {
        let changes = changes
            .into_iter()
            .map(|(action, set)| Change::builder().action(action).resource_record_set(set).build());
        let changes = changes.collect::<Result<Vec<_>, _>>().map_err(unmade)?;
        let batch = ChangeBatch::builder().set_changes(Some(changes)).build().map_err(unmade)?;
        let call = self.sdk.change_resource_record_sets().hosted_zone_id(&zone.id).change_batch(batch);
        let asked = self.asked("ChangeResourceRecordSets", Some(&zone.id));
        let answer = call.send().await.map_err(|error| asked.fault(error))?;
        Ok(answer.change_info.map(|info| info.id).unwrap_or_default())
    }
}

/// A set of records.
pub(super) fn set<'c>(
    (name, kind): (&str, &str),
    ttl: u32,
    contents: impl IntoIterator<Item = &'c str>,
) -> Result<ResourceRecordSet, Fault> {
    let records = contents.into_iter().map(|content| ResourceRecord::builder().value(content).build());
    let records = records.collect::<Result<Vec<_>, _>>().map_err(unmade)?;
    ResourceRecordSet::builder()
        .name(format!("{}.", name.trim_end_matches('.')))
        .r#type(RrType::from(kind))
        .ttl(ttl.into())
        .set_resource_records(Some(records))
        .build()
        .map_err(unmade)
}

/// The same set with other records in it.
pub(super) fn with(set: &ResourceRecordSet, records: Vec<ResourceRecord>) -> ResourceRecordSet {
    let mut changed = set.clone();
    changed.resource_records = Some(records);
    changed
}

/// Whether nothing was changed, since a set is there already.
pub(super) fn is_conflict(fault: &Fault) -> bool {
    said(fault, BATCH).is_some_and(|said| said.contains("it already exists"))
}

/// Whether nothing was deleted, since there is no such set: a call whose answer got lost has deleted it.
pub(super) fn is_gone(fault: &Fault) -> bool {
    said(fault, BATCH).is_some_and(|said| said.contains("it was not found"))
}

fn unmade(error: aws_sdk_route53::error::BuildError) -> Fault {
    Fault::Unexpected { what: error.to_string() }
}
