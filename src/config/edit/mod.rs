//! One entry more, or one less, under `services`: the rest of the file stays as it is, to the byte.
//!
//! An edit is one piece of text put in or taken out, at a place that the parser's events give. It is proved before anybody
//! gets it: the new file, parsed anew, must say what the old one said with exactly this entry more or less, and no comment
//! outside of the entry may be lost. What cannot be edited so is refused.
//!
//! Crates that edit YAML bring a parser of their own, which could read a file in another way than homelab does: yaml-edit
//! 0.3.6 on rowan, yamlpatch 1.32.0 on tree-sitter, in C.

mod entry;
mod flow;
mod lines;
mod outline;
mod proof;

#[cfg(test)]
mod tests;

use crate::config::edit::flow::Flow;
use crate::config::edit::lines::Splice;
use crate::config::edit::outline::{Entry, Item, Kind, Outline};
use crate::config::{quoted, yaml};

pub use entry::{ServiceEntry, Setting, nix, nix_service, scalar};

/// The key that is edited.
const SERVICES: &str = "services";
/// How far an entry is set in where the file has no example.
const STEP: usize = 2;

/// A file with one entry more or less.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The new text.
    pub text: String,
    /// The line where it changes, from 1.
    pub line: usize,
    /// The lines that go, without what may be a secret.
    pub removed: Vec<String>,
    /// The lines that come, without what may be a secret.
    pub added: Vec<String>,
}

/// The text with `entry` under `services`, behind those that are there.
///
/// # Errors
/// Why it has to be done by hand, in words.
pub fn add(text: &str, entry: &ServiceEntry) -> Result<Edited, String> {
    let outline = read_outline(text)?;
    let splice = place_for(text, &outline, entry)?;
    let wanted = proof::with(&tree(text)?, entry).ok_or(NO_MAPPING)?;
    edited(text, &outline, &splice, &wanted)
}

/// The text without the entry `name` under `services`.
///
/// # Errors
/// Why it has to be done by hand, in words.
pub fn remove(text: &str, name: &str) -> Result<Edited, String> {
    let outline = read_outline(text)?;
    let splice = without(text, &outline, name)?;
    let wanted = proof::without(&tree(text)?, name).ok_or(NO_MAPPING)?;
    edited(text, &outline, &splice, &wanted)
}

const NO_MAPPING: &str = "`services` is no mapping";
const NOT_ALONE: &str = "the entry does not begin a line of its own";
const ELSEWHERE: &str =
    "the entry stands somewhere else in the file, and comes here by an alias or a merge key";

fn read_outline(text: &str) -> Result<Outline, String> {
    let lone = text.match_indices('\r').any(|(at, _)| !text[at..].starts_with("\r\n"));
    if lone {
        return Err("a line ends with a carriage return alone".to_owned());
    }
    outline::read(text).ok_or_else(|| "the file is not one YAML document".to_owned())
}

fn tree(text: &str) -> Result<yaml::Node, String> {
    yaml::parse(text).map_err(|(_, why)| why)
}

fn entries(item: &Item) -> Option<&[Entry]> {
    match &item.kind {
        Kind::Block(entries) | Kind::Flow(_, entries) => Some(entries),
        _ => None,
    }
}

fn place_for(text: &str, outline: &Outline, entry: &ServiceEntry) -> Result<Splice, String> {
    let root = &outline.root;
    let keys = entries(root).ok_or("the file is no mapping")?;
    let Some(services) = keys.iter().find(|key| key.is(SERVICES)) else {
        return section(text, outline, keys, entry);
    };
    let line = entry.yaml();
    match &services.value.kind {
        Kind::Nothing if matches!(root.kind, Kind::Block(_)) => {
            let indent = lines::indent(text, services.key.start).ok_or(NOT_ALONE)?;
            let step = step(text, keys);
            Ok(lines::below(text, services.end(), &[format!("{indent}{step}{line}")]))
        }
        Kind::Null => {
            let value = &services.value;
            Ok(Splice::new(value.start..value.end, format!("{{ {line} }}")))
        }
        Kind::Flow(opens, own) => {
            Ok(Flow::new(text, &outline.comments, &services.value, *opens, own).add(&line))
        }
        Kind::Block(own) => {
            let (first, last) = own.first().zip(own.last()).ok_or(NO_MAPPING)?;
            let indent = lines::indent(text, first.key.start).ok_or(NOT_ALONE)?;
            Ok(lines::below(text, last.end(), &[format!("{indent}{line}")]))
        }
        Kind::Alias => Err("`services` is an alias of something else in the file".to_owned()),
        Kind::Nothing | Kind::Scalar(_) | Kind::List => Err(NO_MAPPING.to_owned()),
    }
}

/// The key itself is missing: it comes last.
fn section(text: &str, outline: &Outline, keys: &[Entry], entry: &ServiceEntry) -> Result<Splice, String> {
    let line = entry.yaml();
    if let Kind::Flow(opens, own) = &outline.root.kind {
        let new = format!("{SERVICES}: {{ {line} }}");
        return Ok(Flow::new(text, &outline.comments, &outline.root, *opens, own).add(&new));
    }
    let first = keys.first().ok_or("the file is empty")?;
    let indent = lines::indent(text, first.key.start).ok_or(NOT_ALONE)?;
    let new = [format!("{indent}{SERVICES}:"), format!("{indent}{}{line}", step(text, keys))];
    // Behind the last comment, which often is the example of such a section.
    let last = match outline.ends {
        Some(ends) => ends.saturating_sub(1),
        None => text.trim_end_matches(['\r', '\n']).len().max(outline.root.end),
    };
    Ok(lines::below(text, last, &new))
}

/// How much further the file sets in what is below a key.
fn step(text: &str, keys: &[Entry]) -> String {
    let mut examples = keys.iter().filter_map(|key| {
        let Kind::Block(below) = &key.value.kind else { return None };
        let (outer, inner) =
            (lines::indent(text, key.key.start)?, lines::indent(text, below.first()?.key.start)?);
        inner.len().checked_sub(outer.len()).filter(|step| *step > 0)
    });
    " ".repeat(examples.next().unwrap_or(STEP))
}

fn without(text: &str, outline: &Outline, name: &str) -> Result<Splice, String> {
    let keys = entries(&outline.root).ok_or("the file is no mapping")?;
    let services = keys.iter().find(|key| key.is(SERVICES)).ok_or(ELSEWHERE)?;
    let own = entries(&services.value).ok_or(ELSEWHERE)?;
    let index = own.iter().position(|entry| entry.is(name)).ok_or(ELSEWHERE)?;
    match &services.value.kind {
        Kind::Flow(opens, own) => Flow::new(text, &outline.comments, &services.value, *opens, own)
            .remove(index)
            .ok_or_else(|| "comments stand between the entry and its braces".to_owned()),
        _ => {
            let entry = &own[index];
            lines::indent(text, entry.key.start).ok_or(NOT_ALONE)?;
            Ok(lines::without(text, entry.key.start, entry.end()))
        }
    }
}

/// Proves the edit, and says which lines it changes.
fn edited(text: &str, outline: &Outline, splice: &Splice, wanted: &yaml::Node) -> Result<Edited, String> {
    let new = splice.done(text).ok_or(NOT_ALONE)?;
    // Such as an alias of what goes.
    let said = tree(&new).map_err(|why| format!("after the edit the file would not be valid YAML: {why}"))?;
    if !proof::same(&said.value, &wanted.value) {
        return Err("the edit would change something else in the file, too".to_owned());
    }
    let after = read_outline(&new)?;
    if !proof::keeps_comments((text, outline), (&new, &after), &splice.at) {
        return Err("a comment would be lost".to_owned());
    }
    let secrets = quoted::hook(text);
    let shown = |lines: Vec<&str>| -> Vec<String> {
        lines.into_iter().map(|line| quoted::blanked(line, &secrets, 1)).collect()
    };
    let (line, removed, added) = proof::changed(text, &new);
    let (removed, added) = (shown(removed), shown(added));
    Ok(Edited { text: new, line, removed, added })
}
