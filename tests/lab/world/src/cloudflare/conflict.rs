//! The rules between records.

use super::error::ApiError;
use crate::dns::text::strings_of;
use crate::state::record::{Facts, Kind, Record};

/// May this record stand beside the others? `own` is the id of the record that it replaces.
pub(crate) fn check(records: &[Record], new: &Facts, own: Option<&str>) -> Result<(), ApiError> {
    let others = || {
        let others = records.iter().filter(move |record| own != Some(record.id.as_str()));
        others.map(|record| &record.facts).filter(|facts| facts.name == new.name)
    };
    if let Some(same) = others().find(|old| old.kind == new.kind && same_content(old, new)) {
        let identical = same.ttl == new.ttl && same.proxied == new.proxied;
        return Err(if identical { ApiError::identical() } else { ApiError::exists() });
    }
    let is_address = |kind| matches!(kind, Kind::A | Kind::Aaaa);
    if new.kind == Kind::Cname && others().any(|old| is_address(old.kind) || old.kind == Kind::Cname) {
        return Err(ApiError::host_exists());
    }
    if is_address(new.kind) && others().any(|old| old.kind == Kind::Cname) {
        return Err(ApiError::cname_exists());
    }
    Ok(())
}

/// Quotes round a TXT record's content make no difference.
fn same_content(a: &Facts, b: &Facts) -> bool {
    if a.kind == Kind::Txt {
        return strings_of(&a.content).concat() == strings_of(&b.content).concat();
    }
    a.content == b.content && a.priority == b.priority
}
