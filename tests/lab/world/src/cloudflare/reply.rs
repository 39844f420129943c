//! Cloudflare's envelope round every answer.

use serde_json::{Value, json};

use super::error::ApiError;
use crate::state::meter::Reading;

/// An answer of the API before it becomes HTTP.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// Error codes, outer and inner, for the log.
    pub(crate) codes: Vec<u32>,
    /// Who asked, for the log.
    pub(crate) token_id: Option<String>,
}

impl Reply {
    pub(crate) fn result(result: Value) -> Self {
        Self::ok(json!({ "success": true, "errors": [], "messages": [], "result": result }))
    }

    /// A result with a word of its own beside it.
    pub(crate) fn result_with_message(result: Value, code: u32, message: &str) -> Self {
        let messages = json!([{ "code": code, "message": message, "type": null }]);
        Self::ok(json!({ "success": true, "errors": [], "messages": messages, "result": result }))
    }

    pub(crate) fn list(result: Vec<Value>, info: Value) -> Self {
        Self::ok(
            json!({ "success": true, "errors": [], "messages": [], "result": result, "result_info": info }),
        )
    }

    fn ok(body: Value) -> Self {
        Self { status: 200, body, headers: Vec::new(), codes: Vec::new(), token_id: None }
    }

    pub(crate) fn error(error: ApiError) -> Self {
        let ApiError { status, item, retry_after } = error;
        let codes =
            std::iter::once(item.code).chain(item.error_chain.iter().map(|cause| cause.code)).collect();
        let body = json!({ "success": false, "errors": [item], "messages": [], "result": null });
        let headers = retry_after.map(|seconds| ("retry-after", seconds.to_string())).into_iter().collect();
        Self { status, body, headers, codes, token_id: None }
    }

    /// The headers that tell a client how much it has left (draft-ietf-httpapi-ratelimit-headers).
    pub(crate) fn metered(mut self, reading: &Reading) -> Self {
        let Reading { remaining, resets_in, limit, window_seconds, .. } = reading;
        self.headers.push(("ratelimit", format!("\"default\";r={remaining};t={resets_in}")));
        self.headers.push(("ratelimit-policy", format!("\"default\";q={limit};w={window_seconds}")));
        self
    }

    pub(crate) fn asked_by(mut self, token_id: Option<&str>) -> Self {
        self.token_id = token_id.map(str::to_owned);
        self
    }
}
