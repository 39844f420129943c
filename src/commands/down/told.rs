//! What `homelab down` says: the list before the question, the summary after it, and the JSON document.

use serde_json::{Value, json};

use super::lodgers::Lodgers;
use super::picture::Picture;
use super::steps::Done;
use crate::commands::data;
use crate::commands::strangers::named;
use crate::desired::object::Key;
use crate::outside::Shown;
use crate::ui::{ChangedObject, House, Word};

/// Everything that goes and stays, in the order in which it goes.
pub(super) fn objects(picture: &Picture) -> Vec<ChangedObject> {
    let one = |word, object: String| ChangedObject { word, object, fields: Vec::new() };
    let records = picture.records.going();
    let records = records.iter().map(|name| one(Word::Unpublish, format!("DNS records of {name}")));
    let gone = picture.doomed().chain(picture.emptied()).map(|gone| one(Word::Delete, gone.told()));
    let left = picture.teardown.left.iter().map(|key| one(Word::Leave, key.to_string()));
    let kept = picture.kept().map(|key| one(Word::Keep, key.to_string()));
    let spared = picture.spared.iter().map(|(key, lodgers)| {
        let word = match (lodgers.others.is_empty() && lodgers.unseen.is_empty(), lodgers.claims.is_empty()) {
            (false, _) => Word::Spare,
            (true, false) => Word::Data,
            (true, true) => Word::Keep,
        };
        one(word, format!("{key} ({})", lodgers.why()))
    });
    let account = picture.account.going().into_iter().map(|what| one(Word::Delete, what));
    records.chain(gone).chain(account).chain(left).chain(kept).chain(spared).collect()
}

/// What was done, what is left, and how to go on.
pub(super) fn summary(picture: &Picture, done: &Done, house: &House) -> Shown {
    let mut lines = Vec::new();
    let records = picture.records.going();
    match (done.removed.len(), records.len()) {
        (0, 0) if picture.has_rest() || !picture.account.going().is_empty() => {
            lines.push("nothing to delete".to_owned())
        }
        (0, 0) => lines.push("nothing to delete: homelab has nothing in this cluster".to_owned()),
        (objects, 0) => lines.push(format!("deleted {objects} objects")),
        (objects, _) => {
            let names = named(records.into_iter());
            lines.push(format!("deleted {objects} objects, and the DNS records of {names}"));
        }
    }
    if picture.kept().next().is_some() {
        let names = named(picture.kept().map(Key::to_string));
        lines.push(format!(
            "kept for the next `homelab up`: {names}; `homelab down --purge` deletes these, too"
        ));
    }
    if !picture.teardown.left.is_empty() {
        let names = named(picture.teardown.left.iter().map(Key::to_string));
        lines.push(format!("not deleted, because it existed before homelab: {names}"));
    }
    let is_told = |lodgers: &Lodgers| !lodgers.others.is_empty() || !lodgers.claims.is_empty();
    for (key, lodgers) in done.spared.iter().filter(|(_, lodgers)| is_told(lodgers)) {
        lines.push(format!("{key} stays: {}", lodgers.why()));
        lines.extend(lodgers.claims.iter().filter_map(data::told));
    }
    lines.extend(picture.records.stay());
    let account = done.account.told();
    if !account.is_empty() {
        lines.push(account);
    }
    lines.extend(picture.account.unseen().iter().chain(&done.account.left).cloned());
    if !done.removed.is_empty() {
        let up = if picture.records.outlive() { "homelab up --adopt" } else { "homelab up" };
        lines.push(format!("`{up}` installs everything again"));
    }
    let lines: Vec<Shown> = lines.iter().map(|line| Shown::line(&house.words(line))).collect();
    shown!("{}\n", Shown::join(&lines, "\n"))
}

/// The document: with what was done, or what would be.
pub(super) fn document(picture: &Picture, done: Option<&Done>) -> Value {
    let text = |key: &Key| key.to_string();
    let would: Vec<String> = picture.doomed().chain(picture.emptied()).map(|gone| text(&gone.key)).collect();
    let removed = done.map_or(would, |done| done.removed.iter().map(text).collect());
    let spared = done.map_or(&picture.spared, |done| &done.spared);
    let is_told = |of: &Lodgers| !(of.others.is_empty() && of.claims.is_empty() && of.unseen.is_empty());
    let spared = spared.iter().filter(|(_, lodgers)| is_told(lodgers)).map(|(key, lodgers)| {
        let data: Vec<String> = lodgers.claims.iter().map(text).collect();
        json!({ "object": text(key), "others": lodgers.others, "data": data, "unseen": lodgers.unseen })
    });
    let spared: Vec<Value> = spared.collect();
    let left = done.map_or(&[][..], |done| done.account.left.as_slice());
    json!({
        "schema_version": 1,
        "dry_run": done.is_none(),
        "removed": removed,
        "records_removed": picture.records.going(),
        "users_removed": done.map_or_else(|| picture.account.users(), |done| done.account.users.clone()),
        "left": picture.teardown.left.iter().map(text).collect::<Vec<_>>(),
        "kept": picture.kept().map(text).collect::<Vec<_>>(),
        "spared": spared,
        "warnings": picture.warnings().into_iter().chain(left.iter().cloned()).collect::<Vec<_>>(),
    })
}
