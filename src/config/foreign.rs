//! A YAML file that is not homelab's own, as far as its uppermost keys go.

use crate::config::yaml::{self, Position, Value};

/// One of the uppermost keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where it begins.
    pub place: Position,
    /// Its value, or each item of it where it is a list.
    pub values: Vec<String>,
}

/// The uppermost keys of a document, in its order.
///
/// # Errors
/// What is wrong with it, with the place where that is known.
pub fn entries(text: &str) -> Result<Vec<Entry>, String> {
    let node = yaml::parse(text).map_err(|(place, message)| match place {
        Some(Position { line, column }) => format!("{line}:{column}: {message}"),
        None => message,
    })?;
    match node.value {
        Value::Null => Ok(Vec::new()),
        Value::Map(fields) => Ok(fields
            .into_iter()
            .map(|(key, node)| Entry { key: key.name, place: key.place, values: values(&node.value) })
            .collect()),
        other => Err(format!("it must be a mapping, not {}", other.kind())),
    }
}

fn values(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Bool(value) => vec![value.to_string()],
        Value::Int(number) => vec![number.to_string()],
        Value::Float => vec!["a number".to_owned()],
        Value::Text(text) => vec![text.clone()],
        Value::List(items) => items.iter().flat_map(|item| values(&item.value)).collect(),
        Value::Map(fields) => fields
            .iter()
            .flat_map(|(key, node)| [vec![key.name.clone()], values(&node.value)].concat())
            .collect(),
    }
}
