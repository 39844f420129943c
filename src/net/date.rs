//! What time it is elsewhere: the `Date` header of any answer (RFC 9110 section 6.6.1).

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::DATE;

use crate::evidence::Transport;
use crate::net::tls_client_config_unchecked;

/// The time at the server of `url`, to the second. Its certificate is not checked: by a wrong clock every certificate is
/// out of date, and the time of an impostor does no harm, since nothing is set by it.
///
/// # Errors
/// Why there is no answer, or that it has no date.
pub async fn date(url: &str, within: Duration) -> Result<Timestamp, Transport> {
    let tls = tls_client_config_unchecked().map_err(|error| Transport::Other(error.to_string()))?;
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(within)
        .user_agent(concat!("homelab/", env!("CARGO_PKG_VERSION")));
    let client = client.build().map_err(Transport::from_reqwest)?;
    let answer = client.head(url).send().await.map_err(Transport::from_reqwest)?;
    let header = answer.headers().get(DATE).and_then(|value| value.to_str().ok());
    header.and_then(parse).ok_or_else(|| Transport::Other("the answer has no date".into()))
}

/// Reads a header such as `Sat, 21 Nov 2026 08:29:02 GMT`.
#[must_use]
pub fn parse(header: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(header).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_an_answer_is_read() {
        let read = parse("Sat, 21 Nov 2026 08:29:02 GMT");
        assert_eq!(read, "2026-11-21T08:29:02Z".parse().ok());
        assert_eq!(parse("yesterday"), None);
    }
}
