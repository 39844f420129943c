//! Cloudflare's errors: HTTP status, code and words.
//!
//! The codes and words are those that users report from the real API; where no report was found, the
//! docstring says so.

use std::net::IpAddr;

use serde::Serialize;

/// An answer that is not a success.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) item: Item,
    pub(crate) retry_after: Option<u32>,
}

/// One entry of `errors`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Item {
    pub(crate) code: u32,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) error_chain: Vec<Item>,
}

/// The code of "DNS Validation Error", which wraps the real cause.
const VALIDATION: u32 = 1004;

impl Item {
    fn new(code: u32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), error_chain: Vec::new() }
    }
}

impl ApiError {
    pub(crate) fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self { status, item: Item::new(code, message), retry_after: None }
    }

    fn caused_by(mut self, code: u32, message: impl Into<String>) -> Self {
        self.item.error_chain.push(Item::new(code, message));
        self
    }

    /// The cause instead of its wrapper: some endpoints answer 9003 itself, some 1004 around it.
    pub(crate) fn flattened(mut self) -> Self {
        if self.item.code == VALIDATION
            && let Some(cause) = self.item.error_chain.pop()
        {
            self.item = cause;
        }
        self
    }

    /// A value that Cloudflare refuses: 1004 around the cause.
    pub(crate) fn validation(code: u32, message: impl Into<String>) -> Self {
        Self::new(400, VALIDATION, "DNS Validation Error").caused_by(code, message)
    }

    pub(crate) fn no_authorization() -> Self {
        Self::new(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
    }

    /// A token with a newline, a quote or the wrong length.
    pub(crate) fn malformed_token() -> Self {
        Self::new(400, 6003, "Invalid request headers")
            .caused_by(6111, "Invalid format for Authorization header")
    }

    /// There is no user with a global key here.
    pub(crate) fn legacy_key() -> Self {
        Self::new(403, 9103, "Unknown X-Auth-Key or X-Auth-Email")
    }

    /// What `/user/tokens/verify` says of a token that does not exist.
    pub(crate) fn unverified_token() -> Self {
        Self::new(401, 1000, "Invalid API Token")
    }

    /// What every other endpoint says of a token that does not exist or is out of use.
    pub(crate) fn invalid_token() -> Self {
        Self::new(403, 9109, "Invalid access token")
    }

    pub(crate) fn location(client: IpAddr) -> Self {
        Self::new(403, 9109, format!("Cannot use the access token from location: {client}"))
    }

    /// The token lacks a permission, or the zone.
    pub(crate) fn scope() -> Self {
        Self::new(403, 10000, "Authentication error")
    }

    /// `GET /zones/{id}` of a zone that the token does not cover.
    pub(crate) fn other_zone() -> Self {
        Self::new(403, 9109, "Unauthorized to access requested resource")
    }

    /// A well-formed zone id that no zone has.
    pub(crate) fn unknown_zone() -> Self {
        Self::new(404, 1001, "Invalid zone identifier")
    }

    pub(crate) fn no_route(path: &str) -> Self {
        Self::new(400, 7003, format!("Could not route to {path}, perhaps your object identifier is invalid?"))
    }

    /// The code of the real answer to a body that is no JSON is not known: 9207 is our choice.
    pub(crate) fn bad_body(reason: &str) -> Self {
        Self::new(400, 9207, format!("Request body is invalid: {reason}"))
    }

    /// The code of the real answer is not known: 1002 is our choice.
    pub(crate) fn no_tunnel() -> Self {
        Self::new(404, 1002, "Tunnel not found")
    }

    /// linuxserver/docker-mods#280; cloudflared, cfapi/tunnel.go: HTTP 409.
    pub(crate) fn tunnel_exists() -> Self {
        Self::new(
            409,
            1013,
            "You already have a tunnel with this name. Delete the existing tunnel, or choose a different name for your new tunnel",
        )
    }

    /// tuanngocptn/nport#16.
    pub(crate) fn tunnel_connected() -> Self {
        Self::new(400, 1022, "Cannot delete tunnel because it has active connections")
    }

    /// cloudflared, ingress/ingress.go, has the words; the real code is not known: 1056 is our choice.
    pub(crate) fn bad_rules() -> Self {
        Self::new(400, 1056, "Bad Configuration: The last ingress rule must match all URLs")
    }

    pub(crate) fn identical() -> Self {
        Self::new(400, 81058, "An identical record already exists.")
    }

    pub(crate) fn exists() -> Self {
        Self::new(400, 81057, "Record already exists.")
    }

    /// A CNAME where there is an address or another CNAME.
    pub(crate) fn host_exists() -> Self {
        Self::new(400, 81053, "An A, AAAA, or CNAME record with that host already exists.")
    }

    /// An address where there is a CNAME.
    pub(crate) fn cname_exists() -> Self {
        Self::new(400, 81054, "A CNAME record with that host already exists.")
    }

    pub(crate) fn no_record() -> Self {
        Self::new(404, 81044, "Record does not exist.")
    }

    /// More operations than the plan allows; the real code is not known, 81100 is our choice.
    pub(crate) fn batch_too_large(limit: usize) -> Self {
        Self::new(400, 81100, format!("Batch exceeds the maximum of {limit} operations."))
    }

    pub(crate) fn too_many_requests(limit: u32, window: u32, retry_after: u32) -> Self {
        let message = format!(
            "More than {limit} requests per {window} seconds reached. Please wait and consider throttling your \
             request speed"
        );
        Self { retry_after: Some(retry_after), ..Self::new(429, 971, message) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_validation_error_wraps_its_cause_until_it_is_flattened() {
        let error = ApiError::validation(9021, "Invalid TTL.");
        assert_eq!((error.item.code, error.item.error_chain[0].code), (1004, 9021));
        assert_eq!(error.flattened().item, Item::new(9021, "Invalid TTL."));
    }

    #[test]
    fn flattening_keeps_other_errors_as_they_are() {
        assert_eq!(ApiError::malformed_token().flattened(), ApiError::malformed_token());
    }
}
