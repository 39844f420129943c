//! Evidence that may be shown to strangers: what a judge reads stays, everything else goes.
//!
//! Evidence holds no token of homelab's. But it has objects and logs of the whole cluster, and those of other programs hold
//! what their owners put there. So objects are picked by a list of kinds and fields ([`kept`]), what a field may hold is
//! narrowed where that is known ([`objects`]), and every text that is left loses what has the shape of a secret
//! ([`crate::outside`]), e-mail addresses, and public addresses ([`addresses`]).

mod addresses;
mod kept;
mod objects;

#[cfg(test)]
pub(crate) use objects::allowed;

use serde_json::{Map, Value, json};

use crate::evidence::{Evidence, at};
use crate::facts::ownership::Owner;
use crate::outside::{self, GONE};

/// As much of a page as tells who answered.
const BODY: usize = 200;
/// Longer than any log that is kept: nothing is cut that was not cut before.
const LONGEST: usize = 100_000;
/// Keys whose texts are nobody else's business, wherever they stand.
const KEYS: [&str; 9] = [
    "email",
    "lastRegisteredEmail",
    "token",
    "password",
    "passwd",
    "apiKey",
    "valuesContent",
    "stringData",
    "set",
];
/// Records whose content says where a name leads; what others hold can be anything.
const RECORDS: [&str; 5] = ["A", "AAAA", "CAA", "CNAME", "NS"];

/// The evidence as JSON, with the objects and fields that judges read. It is fit for [`scrubbed`], and for nobody's eyes
/// before that.
#[must_use]
pub fn redacted(evidence: &Evidence) -> Value {
    let cluster = evidence.cluster.as_ref().map(objects::allowed);
    let mut json = json!(Evidence { cluster, ..evidence.clone() });
    for record in json.pointer_mut("/provider/Ok/records").and_then(Value::as_array_mut).into_iter().flatten()
    {
        let owner = at(record, "/type") == "TXT" && Owner::parse(at(record, "/content")).is_some();
        if !owner && !RECORDS.contains(&at(record, "/type")) {
            record["content"] = json!(GONE);
        }
    }
    for service in json.pointer_mut("/config/services").and_then(Value::as_array_mut).into_iter().flatten() {
        let annotations = service.get_mut("annotations").and_then(Value::as_object_mut);
        annotations.into_iter().flatten().for_each(|(name, value)| *value = objects::annotation(name, value));
    }
    json
}

/// A document without what could be a secret or tells where somebody lives, by its keys and by what its texts look like.
/// `secrets` are texts that must not be in it, wherever they stand.
#[must_use]
pub fn scrubbed(mut json: Value, secrets: &[&str]) -> Value {
    scrub(&mut json, secrets);
    addresses::Names::default().replace(&mut json);
    json
}

/// Goes through everything: keys that name secrets, long pages, and every text.
fn scrub(json: &mut Value, secrets: &[&str]) {
    match json {
        Value::Object(entries) => scrub_entries(entries, secrets),
        Value::Array(items) => items.iter_mut().for_each(|item| scrub(item, secrets)),
        Value::String(text) => *text = of_text(text, secrets),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn scrub_entries(entries: &mut Map<String, Value>, secrets: &[&str]) {
    let page = entries.contains_key("status") && entries.contains_key("content_type");
    let taken = std::mem::take(entries);
    entries.extend(taken.into_iter().map(|(key, mut value)| {
        match &mut value {
            Value::String(text) if KEYS.contains(&key.as_str()) && !text.is_empty() => {
                *text = GONE.to_owned();
            }
            Value::Object(_) if KEYS.contains(&key.as_str()) && key != "token" => value = json!(GONE),
            Value::String(text) if page && key == "body" => {
                *text = of_text(&text.chars().take(BODY).collect::<String>(), secrets);
            }
            other => scrub(other, secrets),
        }
        (of_text(&key, secrets), value)
    }));
}

/// A text without the secrets, without what looks like one, and without e-mail addresses.
fn of_text(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, GONE);
    }
    let text = outside::lines_up_to(&text, LONGEST);
    let ends = |c: char| c.is_whitespace() || "\"'<>(),;[]{}=`".contains(c);
    let words = text.split_inclusive(ends).map(|piece| {
        let (word, rest) = piece.split_at(piece.trim_end_matches(ends).len());
        of_word(word) + rest
    });
    words.collect()
}

/// `a@b.c` is an e-mail address; `image@sha256:…`, `user@host/path`, `user@1000.service` and `pkg@1.2.3` are none.
fn of_word(word: &str) -> String {
    let top = |label: &str| {
        label.starts_with("xn--")
            || (!label.is_empty() && label != "service" && label.chars().all(|c| c.is_ascii_alphabetic()))
    };
    let domain = |text: &str| {
        text.trim_end_matches('.').rsplit_once('.').is_some_and(|(_, label)| top(label))
            && text.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c))
    };
    match word.trim_start_matches("mailto:").split_once('@') {
        Some((user, rest)) if !user.is_empty() && !user.contains(['/', ':']) && domain(rest) => {
            GONE.to_owned()
        }
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests;
