//! One record: created, replaced, changed, deleted.

use jiff::Timestamp;

use super::draft::Draft;
use super::error::ApiError;
use super::{conflict, validate};
use crate::state::mint::Mint;
use crate::state::record::Record;
use crate::state::zone::Zone;

/// Adds a record to the zone.
pub(crate) fn create(
    zone: &mut Zone,
    draft: Draft,
    mint: &mut Mint,
    now: Timestamp,
) -> Result<Record, ApiError> {
    let facts = validate::facts(draft, &zone.name)?;
    conflict::check(&zone.records, &facts, None)?;
    let record = Record { id: mint.next(), created_on: now, modified_on: now, facts };
    zone.records.push(record.clone());
    zone.serial = zone.serial.wrapping_add(1);
    Ok(record)
}

/// PUT: the record becomes what the draft says, and nothing else.
pub(crate) fn replace(zone: &mut Zone, id: &str, draft: Draft, now: Timestamp) -> Result<Record, ApiError> {
    let at = zone.find(id).ok_or_else(ApiError::no_record)?;
    let facts = validate::facts(draft, &zone.name)?;
    conflict::check(&zone.records, &facts, Some(id))?;
    let record = zone.records.get_mut(at).ok_or_else(ApiError::no_record)?;
    record.facts = facts;
    record.modified_on = now;
    zone.serial = zone.serial.wrapping_add(1);
    Ok(record.clone())
}

/// PATCH: the record keeps what the draft does not say.
pub(crate) fn edit(zone: &mut Zone, id: &str, draft: Draft, now: Timestamp) -> Result<Record, ApiError> {
    let record = zone.find(id).and_then(|at| zone.records.get(at)).ok_or_else(ApiError::no_record)?;
    let draft = draft.over(record);
    replace(zone, id, draft, now)
}

/// Takes the record out of the zone.
pub(crate) fn delete(zone: &mut Zone, id: &str) -> Result<Record, ApiError> {
    let at = zone.find(id).ok_or_else(ApiError::no_record)?;
    zone.serial = zone.serial.wrapping_add(1);
    Ok(zone.records.remove(at))
}
