//! `homelab render`: configuration -> bundle -> stdout.

use std::fmt::Write as _;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::cli::{Global, Render};
use crate::config::Config;
use crate::desired::{Bundle, Inputs, bundle};
use crate::error::{Error, Exit};
use crate::facts::pins::pins;
use crate::machine::{configuration, upstream};
use crate::outside::invisible::is_invisible;
use crate::ui::{self, Output};

pub(super) async fn render(global: &Global, flags: &Render) -> crate::error::Result<Exit> {
    let config = configuration::load(global.config.as_deref())?;
    let documents = if flags.with_upstream { upstream::cert_manager(&config).await? } else { None };
    let authority = crate::machine::authority::authority(&config)?;
    let inputs =
        Inputs { cert_manager: documents.as_deref(), authority: authority.as_deref(), ..Inputs::default() };
    let bundle = bundle(&config, &inputs);
    match global.output {
        Output::Json => {
            let items: Vec<&Value> = bundle.objects.iter().map(|o| &o.body).collect();
            let list = serde_json::json!({ "apiVersion": "v1", "kind": "List", "items": items });
            ui::exact_document(&list);
        }
        _ => ui::exact_answer(&text(&config, &bundle, documents.is_some())?),
    }
    Ok(Exit::Fine)
}

fn text(config: &Config, bundle: &Bundle, with_upstream: bool) -> crate::error::Result<String> {
    let mut text = String::new();
    if let (true, false, Some(pin)) =
        (config.cert_manager.manage, with_upstream, pins().upstream("cert-manager"))
    {
        let _ = writeln!(text, "# {} {} is not printed; `--with-upstream` prints it:", pin.name, pin.version);
        let _ = writeln!(text, "# {}\n# sha256 {}", pin.url, pin.sha256);
    }
    for object in &bundle.objects {
        let yaml = yaml(&object.body)
            .map_err(|error| Error::unfinished(format!("cannot print {}", object.key)).because(error))?;
        let _ = write!(text, "---\n{yaml}");
    }
    Ok(text)
}

/// Every text on one line, however long: image references are searched for and compared.
pub(super) fn yaml(body: &Value) -> Result<String, serde_yaml::ser_error::Error> {
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
