//! Objects as YAML, with nothing in them that people do not see.

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::outside::invisible::is_invisible;

/// Every text on one line, however long: image references are searched for and compared.
pub(in crate::commands) fn yaml(body: &Value) -> Result<String, serde_yaml::ser_error::Error> {
    let options = serde_yaml::ser_options! { folded_wrap_chars: usize::MAX };
    let text = serde_yaml::to_string_with_options(&Seen(body), options)?;
    Ok(text.chars().fold(String::with_capacity(text.len()), |mut shown, c| {
        match c {
            c if c != '\n' && is_invisible(c) => shown.push_str(&format!("\\U{:08x}", u32::from(c))),
            c => shown.push(c),
        }
        shown
    }))
}

/// A document whose texts stand in double quotes where they have what people do not see, so that it can be an escape
/// (YAML 1.2.2, 5.7).
struct Seen<'a>(&'a Value);

impl Serialize for Seen<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(fields) => to.collect_map(fields.iter().map(|(name, value)| (name, Seen(value)))),
            Value::Array(items) => to.collect_seq(items.iter().map(Seen)),
            Value::String(text) if text.contains(|c| c != '\n' && is_invisible(c)) => {
                serde_yaml::DoubleQuoted(text).serialize(to)
            }
            other => other.serialize(to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_do_not_see_is_an_escape_and_the_document_is_the_same() {
        let body = serde_json::json!({
            "a": "x\u{202e}y", "b": ["two\nlines \u{200b}\u{1b}\t\u{e0041}", "two\nlines\n"], "c": { "d": 1, "e": [], "f": {} },
        });
        let text = yaml(&body).unwrap();
        assert!(!text.contains(|c| c != '\n' && is_invisible(c)), "{text}");
        assert_eq!(serde_yaml::from_str::<Value>(&text).unwrap(), body, "{text}");
    }
}
