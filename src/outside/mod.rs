//! Text that others wrote: names, annotations, logs, DNS, certificates, API errors, the file of the configuration.
//!
//! It reaches people as [`Shown`] alone, and documents through [`json`]: nothing in it moves a cursor, hides or turns other text,
//! fills a screen, or has the shape of a secret. A command takes it through [`shell`], Markdown through [`code_span`]. Pure:
//! text in, text out; each of them changes nothing in what it gave itself.

#[macro_use]
pub mod command;
#[macro_use]
pub mod shown;
pub mod credential;
pub mod invisible;
mod login;
pub mod named;
pub mod shell;
mod wrapped;

use std::collections::HashMap;

use serde_json::Value;

use crate::outside::invisible::is_invisible;

pub use shown::Shown;

/// What stands in place of what was taken out.
pub const GONE: &str = "***";
/// As many characters of one text as people read; longer ones are no message any more.
const LONGEST: usize = 4000;
/// Room for the words that say how much was cut off.
const NOTE: usize = 24;

/// `text` as it may be shown, its lines kept.
#[must_use]
pub fn lines(text: &str) -> String {
    lines_up_to(text, LONGEST)
}

/// The same for a text that may have more characters than others: one with a line for each of many problems.
#[must_use]
pub fn lines_up_to(text: &str, longest: usize) -> String {
    capped(hide(&clean(text)), longest)
}

/// `text` as it may be shown, on one line.
#[must_use]
pub fn line(text: &str) -> String {
    lines(text).replace('\n', " ")
}

/// Every text of a document as it may be shown, names of fields too.
pub fn json(document: &mut Value) {
    shown(document, &mut HashMap::new());
}

/// `before` has the texts that were looked at already: a report of many names repeats the same few some ten thousand times.
fn shown(document: &mut Value, before: &mut HashMap<String, String>) {
    match document {
        Value::Object(fields) => {
            let taken = std::mem::take(fields);
            fields.extend(taken.into_iter().map(|(name, mut value)| {
                shown(&mut value, before);
                (once(&name, before), value)
            }));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| shown(item, before)),
        Value::String(text) => *text = once(text, before),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn once(text: &str, before: &mut HashMap<String, String>) -> String {
    if let Some(known) = before.get(text) {
        return known.clone();
    }
    let shown = lines(text);
    before.insert(text.to_owned(), shown.clone());
    shown
}

/// `text` without what people do not see (see [`is_invisible`]). Lines stay; other white space becomes a space.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => cleaned.push('\n'),
            '\t' | '\u{85}' | '\u{2028}' | '\u{2029}' => cleaned.push(' '),
            // What was no text at all: one sign for any number of bytes.
            '\u{fffd}' if cleaned.ends_with('\u{fffd}') => {}
            c if is_invisible(c) => {}
            c => cleaned.push(c),
        }
    }
    cleaned
}

/// `text` with `***` in place of everything that has the shape of a secret: keys, tokens, and what stands where passwords
/// stand. What is hidden here is guessed from its looks; whatever is known to be a secret must not get this far.
#[must_use]
pub fn hide(text: &str) -> String {
    let text = wrapped::hide(text);
    let text = login::hide(&text);
    let text = named::hide(&text);
    credential::hide(&text)
}

/// `text` as one code span of Markdown: nothing in it can be a link, HTML, a heading, a fence or somebody's name. Backticks
/// become `'`.
#[must_use]
pub fn code_span(text: &str) -> String {
    let text = line(text).replace('`', "'");
    match text.trim() {
        "" => String::new(),
        text => format!("`{text}`"),
    }
}

/// At most `longest` characters, with how many were cut off.
fn capped(text: String, longest: usize) -> String {
    let length = text.chars().count();
    if length <= longest {
        return text;
    }
    let kept = longest.saturating_sub(NOTE);
    let head: String = text.chars().take(kept).collect();
    format!("{head} … ({} more)", length - kept)
}

#[cfg(test)]
mod tests;
