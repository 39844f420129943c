//! Many changes as one: all of them, or none.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::draft::Draft;
use super::error::ApiError;
use super::records::{create, delete, edit, replace};
use crate::state::mint::Mint;
use crate::state::record::Record;
use crate::state::zone::Zone;

/// Operations in one batch on the Free plan.
pub(crate) const LIMIT: usize = 200;

/// The body of `POST /zones/{id}/dns_records/batch`. A list may be missing or null.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Batch {
    deletes: Option<Vec<Target>>,
    patches: Option<Vec<Change>>,
    puts: Option<Vec<Change>>,
    posts: Option<Vec<Draft>>,
}

#[derive(Debug, Deserialize)]
struct Target {
    id: String,
}

#[derive(Debug, Deserialize)]
struct Change {
    id: String,
    #[serde(flatten)]
    draft: Draft,
}

impl Batch {
    fn len(&self) -> usize {
        fn count<T>(list: &Option<Vec<T>>) -> usize {
            list.as_ref().map_or(0, Vec::len)
        }
        count(&self.deletes) + count(&self.patches) + count(&self.puts) + count(&self.posts)
    }
}

/// Deletes, then patches, then puts, then posts, on a copy that replaces the zone only if all went well.
pub(crate) fn run(zone: &mut Zone, batch: Batch, mint: &mut Mint, now: Timestamp) -> Result<Value, ApiError> {
    if batch.len() > LIMIT {
        return Err(ApiError::batch_too_large(LIMIT));
    }
    let mut copy = zone.clone();
    let deletes = each(batch.deletes, |target| delete(&mut copy, &target.id))?;
    let patches = each(batch.patches, |change| edit(&mut copy, &change.id, change.draft, now))?;
    let puts = each(batch.puts, |change| replace(&mut copy, &change.id, change.draft, now))?;
    let posts = each(batch.posts, |draft| create(&mut copy, draft, mint, now))?;
    *zone = copy;
    Ok(json!({ "deletes": deletes, "patches": patches, "puts": puts, "posts": posts }))
}

fn each<T>(
    list: Option<Vec<T>>,
    work: impl FnMut(T) -> Result<Record, ApiError>,
) -> Result<Vec<Value>, ApiError> {
    let done: Result<Vec<Record>, ApiError> = list.unwrap_or_default().into_iter().map(work).collect();
    Ok(done?.iter().map(Record::to_json).collect())
}
