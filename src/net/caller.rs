//! The address that this house has on the internet, as those see it who are asked from here.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use reqwest::StatusCode;

use crate::evidence::Transport;
use crate::net::body::whole;
use crate::net::tls_client_config;

/// As much of an answer as is read, in bytes.
const LIMIT: usize = 4096;

/// The address from which this machine's requests arrive at `url`, over IPv4: the one that its answer is, or has in a line `ip=`, as
/// Cloudflare's `/cdn-cgi/trace` has it. No redirects and no proxy: both would be somebody else's address.
///
/// # Errors
/// When nothing answered within the time, or the answer has no address.
pub async fn address_by(url: &str, within: Duration) -> Result<Ipv4Addr, Transport> {
    let tls = tls_client_config().map_err(|error| Transport::Other(error.to_string()))?;
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .local_address(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
        .timeout(within)
        .user_agent(concat!("homelab/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(Transport::from_reqwest)?;
    let answer = client.get(url).send().await.map_err(Transport::from_reqwest)?;
    if answer.status() != StatusCode::OK {
        return Err(Transport::Other(format!("it answers {}", answer.status().as_u16())));
    }
    let body = whole(answer, LIMIT).await?;
    address_in(&String::from_utf8_lossy(&body))
        .ok_or_else(|| Transport::Other("its answer has no IPv4 address".to_owned()))
}

fn address_in(text: &str) -> Option<Ipv4Addr> {
    let of_line = || text.lines().find_map(|line| line.trim().strip_prefix("ip="));
    text.trim().parse().ok().or_else(|| of_line()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::testing::http::Canned;

    const SECOND: Duration = Duration::from_secs(1);

    async fn of(status: u16, body: &str) -> Result<Ipv4Addr, String> {
        let server = Canned::text(status, "text/plain", body).serve().await;
        address_by(&format!("http://{}/", server.address), SECOND).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn an_address_alone_and_a_line_of_a_trace_are_read() {
        let address = Ok(Ipv4Addr::new(203, 0, 113, 7));
        assert_eq!(of(200, "203.0.113.7\n").await, address);
        assert_eq!(of(200, "fl=1\nh=1.1.1.1\nip=203.0.113.7\nts=1\n").await, address);
    }

    #[tokio::test]
    async fn what_is_no_address_is_none() {
        for body in ["<html>sign in</html>", "ip=2001:db8::1\n", "", "ip=\n"] {
            assert!(of(200, body).await.unwrap_err().contains("no IPv4 address"), "{body}");
        }
        assert!(of(503, "203.0.113.7").await.unwrap_err().contains("503"));
        assert!(of(200, &"x".repeat(10_000)).await.unwrap_err().contains("longer"));
    }
}
