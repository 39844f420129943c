//! Who asks, and may they?

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;

use super::error::ApiError;
use crate::state::token::{Permission, Token};
use crate::state::zone::Zone;

/// The headers that say who asks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Credentials<'a> {
    /// `Authorization`, as bytes: it may be anything.
    pub(crate) authorization: Option<&'a [u8]>,
    /// `X-Auth-Key` or `X-Auth-Email` is there.
    pub(crate) legacy: bool,
}

/// Real tokens have 40 characters or more; a global API key has 37.
const SHORTEST_TOKEN: usize = 40;

/// The token of a request, usable or not.
///
/// `verifying` is true for `/user/tokens/verify`, which has its own word for an unknown token.
pub(crate) fn identify<'t>(
    tokens: &'t BTreeMap<String, Token>,
    credentials: Credentials<'_>,
    client: IpAddr,
    verifying: bool,
) -> Result<&'t Token, ApiError> {
    let Some(header) = credentials.authorization else {
        return Err(if credentials.legacy { ApiError::legacy_key() } else { ApiError::no_authorization() });
    };
    let header = std::str::from_utf8(header).map_err(|_| ApiError::malformed_token())?;
    let value = header.strip_prefix("Bearer ").ok_or_else(ApiError::malformed_token)?;
    let Some(token) = tokens.get(value) else {
        let well_formed = value.len() >= SHORTEST_TOKEN && value.bytes().all(is_token_byte);
        return Err(match (well_formed, verifying) {
            (false, _) => ApiError::malformed_token(),
            (true, true) => ApiError::unverified_token(),
            (true, false) => ApiError::invalid_token(),
        });
    };
    if !token.accepts_client(client) {
        return Err(ApiError::location(client));
    }
    Ok(token)
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// The token is in use and has this permission somewhere.
pub(crate) fn require(token: &Token, permission: Permission, now: Timestamp) -> Result<(), ApiError> {
    if !token.is_usable(now) {
        return Err(ApiError::invalid_token());
    }
    if token.may(permission) { Ok(()) } else { Err(ApiError::scope()) }
}

/// The zone with this id, if the token covers it. A limited token cannot tell an unknown zone from
/// one of somebody else.
pub(crate) fn zone_for(
    zones: &[Zone],
    id: &str,
    token: &Token,
    refusal: ApiError,
) -> Result<usize, ApiError> {
    match zones.iter().position(|zone| zone.id == id) {
        Some(at) if zones.get(at).is_some_and(|zone| token.covers(&zone.name)) => Ok(at),
        None if token.sees_all_zones() => Err(ApiError::unknown_zone()),
        _ => Err(refusal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = "0123456789012345678901234567890123456789";

    fn identify_as(header: Option<&str>, grant: &str, verifying: bool) -> Result<(), u32> {
        let grant = serde_json::from_str(grant).unwrap();
        let tokens = BTreeMap::from([(VALUE.to_owned(), Token::new(VALUE, grant))]);
        let credentials = Credentials { authorization: header.map(str::as_bytes), legacy: false };
        let client = "192.0.2.9".parse().unwrap();
        identify(&tokens, credentials, client, verifying).map(|_| ()).map_err(|error| error.item.code)
    }

    #[test]
    fn a_known_token_is_identified() {
        assert_eq!(identify_as(Some(&format!("Bearer {VALUE}")), "{}", false), Ok(()));
    }

    #[test]
    fn an_unknown_token_is_called_differently_by_verify() {
        let header = format!("Bearer {}", "x".repeat(40));
        assert_eq!(identify_as(Some(&header), "{}", true), Err(1000));
        assert_eq!(identify_as(Some(&header), "{}", false), Err(9109));
    }

    #[test]
    fn a_token_with_a_quote_or_of_a_wrong_length_is_malformed() {
        for header in [&format!("Bearer \"{VALUE}\""), "Bearer short", "Basic abc", VALUE] {
            assert_eq!(identify_as(Some(header), "{}", false), Err(6003), "{header}");
        }
    }

    #[test]
    fn no_header_at_all_has_its_own_error() {
        assert_eq!(identify_as(None, "{}", false), Err(9106));
    }

    #[test]
    fn a_token_bound_to_other_addresses_is_refused() {
        let grant = r#"{"allowed_ips":["198.51.100.0/24"]}"#;
        assert_eq!(identify_as(Some(&format!("Bearer {VALUE}")), grant, false), Err(9109));
    }
}
