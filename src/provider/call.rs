//! One call of an HTTP API.

use reqwest::Method;
use serde_json::Value;

use crate::evidence::Permission;

/// What to call, and which permission it takes.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: Method,
    /// Below the address of the API.
    pub(super) path: String,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    pub(super) needs: Permission,
}

impl Call {
    pub(super) fn new(method: Method, path: &str, needs: Permission) -> Self {
        Self { method, path: path.to_owned(), query: Vec::new(), body: None, needs }
    }

    pub(super) fn query(mut self, key: &'static str, value: &str) -> Self {
        self.query.push((key, value.to_owned()));
        self
    }

    pub(super) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Whether a second call does no more than the first, should both arrive.
    pub(super) fn is_idempotent(&self) -> bool {
        self.method != Method::POST
    }
}
