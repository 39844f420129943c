//! What a client sends about a record.

use serde::Deserialize;
use serde_json::Value;

use crate::state::record::Record;

/// The body of POST, PUT and PATCH; every field may be missing here, the rules come later.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Draft {
    pub(crate) name: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) content: Option<String>,
    pub(crate) data: Option<Value>,
    pub(crate) priority: Option<f64>,
    /// Some clients send floating-point numbers.
    pub(crate) ttl: Option<f64>,
    pub(crate) proxied: Option<bool>,
    pub(crate) comment: Option<String>,
    pub(crate) tags: Option<Vec<String>>,
    pub(crate) settings: Option<Value>,
}

impl Draft {
    /// This draft, with what it does not say taken from a record: the meaning of PATCH.
    pub(crate) fn over(self, record: &Record) -> Self {
        let old = record.facts.clone();
        let content = if self.data.is_some() { self.content } else { self.content.or(Some(old.content)) };
        Self {
            name: self.name.or(Some(old.name)),
            kind: self.kind.or_else(|| Some(old.kind.as_str().to_owned())),
            content,
            data: self.data,
            priority: self.priority.or(old.priority.map(f64::from)),
            ttl: self.ttl.or(Some(f64::from(old.ttl))),
            proxied: self.proxied.or(Some(old.proxied)),
            comment: self.comment.or(old.comment),
            tags: self.tags.or(Some(old.tags)),
            settings: self.settings.or(Some(old.settings)),
        }
    }
}
