//! What `homelab backup` says.

use std::path::Path;

use serde_json::{Value, json};

use super::Done;
use crate::commands::strangers::named;
use crate::outside::Shown;
use crate::plan::backup::{Entry, SealedFor};
use crate::ui::House;

/// What was done, and what to keep in mind.
pub(super) fn summary(done: &Done, at: &Path, sealed_for: &SealedFor, house: &House) -> Shown {
    let list = |entries: &[Entry]| named(entries.iter().map(|entry| entry.facts.place()));
    let mut lines = Vec::new();
    match (done.written.len(), done.unchanged.len()) {
        (0, unchanged) => lines.push(format!("`{}` is up to date: {unchanged} unchanged", at.display())),
        (written, unchanged) => lines.push(format!(
            "saved {written} Secrets in `{}`: {}; {unchanged} unchanged",
            at.display(),
            list(&done.written)
        )),
    }
    if !done.removed.is_empty() {
        lines.push(format!("deleted, because the lab no longer has them: {}", list(&done.removed)));
    }
    if !done.outlived.is_empty() {
        lines.push(format!(
            "the lab no longer has {}; their files stay, `--prune` deletes them",
            list(&done.outlived)
        ));
    }
    if !done.strange.is_empty() {
        lines.push(format!("not deleted, because somebody has changed the file: {}", list(&done.strange)));
    }
    lines.extend(done.problems.iter().map(|problem| format!("not saved: {problem}")));
    let at = at.display().to_string();
    let (key, restore) = match sealed_for {
        SealedFor::Recipients(_) => {
            ("the private key (the age identity)", command!("homelab restore {} --identity key.txt", at))
        }
        SealedFor::Passphrase => ("the passphrase", command!("homelab restore {}", at)),
    };
    if !done.written.is_empty() {
        lines.push(format!("keep {key} in another place than the backup: without it, nobody opens it"));
    }
    lines.extend(restore.map(|restore| format!("`{restore}` brings them back")));
    let lines: Vec<Shown> = lines.iter().map(|line| Shown::line(&house.words(line))).collect();
    shown!("{}\n", Shown::join(&lines, "\n"))
}

/// The document.
pub(super) fn document(done: &Done, at: &Path) -> Value {
    let lists = [
        ("written", &done.written),
        ("unchanged", &done.unchanged),
        ("outlived", &done.outlived),
        ("removed", &done.removed),
        ("changed-by-others", &done.strange),
    ];
    let one = |outcome: &str, entry: &Entry| {
        json!({ "secret": entry.facts.place(), "holds": entry.facts.holds, "hosts": entry.facts.hosts,
            "serial": entry.facts.serial, "not_after": entry.facts.not_after, "file": entry.file, "outcome": outcome })
    };
    let secrets = lists.into_iter().flat_map(|(word, list)| list.iter().map(move |entry| one(word, entry)));
    json!({
        "schema_version": 1,
        "folder": at.display().to_string(),
        "secrets": secrets.collect::<Vec<_>>(),
        "problems": done.problems,
    })
}
