//! One POST of a JSON document, to somewhere that a user named.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;

use crate::evidence::Transport;
use crate::facts::secret::Secret;
use crate::net::tls_client_config;

/// Sends `json` to `url` and gives the status of the answer. No redirects: what is in a report goes nowhere else.
///
/// # Errors
/// When nothing answered within the time. The URL, which may be a secret, is not in the error.
pub async fn post_json(url: &Secret, json: String, within: Duration) -> Result<u16, Transport> {
    let tls = tls_client_config().map_err(|error| Transport::Other(error.to_string()))?;
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(within)
        .user_agent(concat!("homelab/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(Transport::from_reqwest)?;
    let request = client.post(url.expose()).header(CONTENT_TYPE, "application/json").body(json);
    let answer = request.send().await.map_err(Transport::from_reqwest)?;
    Ok(answer.status().as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::testing::http::Canned;

    #[tokio::test]
    async fn the_document_arrives_and_the_status_comes_back() {
        let server = Canned::text(202, "text/plain", "").serve().await;
        let url = Secret::url(&format!("http://{}/hook", server.address)).unwrap();
        assert_eq!(post_json(&url, "{\"a\":1}".to_owned(), Duration::from_secs(5)).await, Ok(202));
        let request = &server.requests()[0];
        assert!(request.starts_with("POST /hook") && request.contains("application/json"), "{request}");
    }

    #[tokio::test]
    async fn nobody_there_is_an_error_without_the_url() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        // The last is taken for an address until it is to be used.
        for url in [
            format!("http://{closed}/secret"),
            "http://[/secret".to_owned(),
            "http://secret:port/".to_owned(),
        ] {
            let url = Secret::url(&url).unwrap();
            let error = post_json(&url, String::new(), Duration::from_secs(5)).await.unwrap_err();
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
