//! What a run of `homelab backup` does with each file.

use std::collections::BTreeMap;

use super::{Entry, Held, Index};

/// What happens to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It is written anew, with what is at this place of the list.
    Write(usize),
    /// It is what it would be.
    Keep(Entry),
    /// What it holds is in the lab no more: it stays.
    Outlived(Entry),
    /// The same, and it goes.
    Remove(Entry),
    /// The same, and it would go, but it is not as `homelab backup` wrote it.
    Strange(Entry),
}

/// What has to be done. `hashes` are those of the files that are there; `same_lock` says whether they are sealed as new ones
/// would be. A file that the index does not name is nobody's but its
/// owner's: [`Err`] names those that are in the way.
pub fn steps(
    before: Option<&Index>,
    held: &[Held],
    same_lock: bool,
    hashes: &BTreeMap<String, String>,
    prune: bool,
) -> Result<Vec<Step>, Vec<String>> {
    let entries = before.map_or(&[][..], |index| index.entries.as_slice());
    let known = |file: &str| entries.iter().find(|entry| entry.file == file);
    let in_the_way: Vec<String> = held
        .iter()
        .map(|held| held.facts.file())
        .filter(|file| hashes.contains_key(file) && known(file).is_none())
        .collect();
    if !in_the_way.is_empty() {
        return Err(in_the_way);
    }
    let is_whole = |entry: &Entry| hashes.get(&entry.file) == Some(&entry.file_sha256);
    let mut steps: Vec<Step> = held
        .iter()
        .enumerate()
        .map(|(at, held)| match known(&held.facts.file()) {
            Some(entry) if same_lock && entry.facts == held.facts && is_whole(entry) => {
                Step::Keep(entry.clone())
            }
            _ => Step::Write(at),
        })
        .collect();
    let outlived = entries.iter().filter(|entry| !held.iter().any(|held| held.facts.file() == entry.file));
    steps.extend(outlived.map(|entry| match hashes.contains_key(&entry.file) {
        _ if !prune => Step::Outlived(entry.clone()),
        true if !is_whole(entry) => Step::Strange(entry.clone()),
        _ => Step::Remove(entry.clone()),
    }));
    Ok(steps)
}
