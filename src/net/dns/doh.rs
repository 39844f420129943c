//! DNS over HTTPS (RFC 8484), by address: a router that redirects port 53 cannot answer it.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE};

use crate::evidence::Transport;
use crate::evidence::dns::{AskError, Reply};
use crate::net::body::whole;
use crate::net::dns::Question;
use crate::net::dns::wire::{decode, encode};
use crate::net::tls_client_config;

/// No DNS message is longer (RFC 1035 section 4.2.2: its length has 16 bits).
const LONGEST: usize = 64 * 1024;
const MEDIA_TYPE: &str = "application/dns-message";

/// A DoH server: its URL, and the address to use instead of a lookup of the URL's host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doh {
    /// For example `https://1.1.1.1/dns-query`.
    pub url: String,
    /// `None` goes to the URL's host, which then should be an address itself.
    pub address: Option<SocketAddr>,
}

/// Asks a DoH server.
pub async fn doh(server: &Doh, question: &Question, within: Duration) -> Result<Reply, AskError> {
    let sent = encode(question, true)?;
    let failed = |error| AskError::from(Transport::from_reqwest(error));
    let tls = tls_client_config().map_err(|error| AskError::Other(error.to_string()))?;
    let mut client = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().timeout(within);
    let url = reqwest::Url::parse(&server.url).map_err(|error| AskError::Other(error.to_string()))?;
    if let (Some(host), Some(address)) = (url.host_str(), server.address) {
        client = client.resolve(host, address);
    }
    let answer = client
        .build()
        .map_err(failed)?
        .post(url)
        .header(CONTENT_TYPE, MEDIA_TYPE)
        .header(ACCEPT, MEDIA_TYPE)
        .body(sent.bytes.clone())
        .send()
        .await
        .map_err(failed)?;
    if !answer.status().is_success() {
        return Err(AskError::Other(format!("it answers HTTP {}", answer.status().as_u16())));
    }
    let bytes = whole(answer, LONGEST).await.map_err(AskError::from)?;
    decode(&sent, &bytes)
        .unwrap_or_else(|| Err(AskError::Malformed("it is no DNS message".into())))
        .map(|(reply, _)| reply)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::dns::RecordType;
    use crate::net::testing::dns::Zone;
    use crate::net::testing::http::Canned;

    fn plain(address: SocketAddr) -> Doh {
        Doh { url: format!("http://{address}/dns-query"), address: None }
    }

    #[tokio::test]
    async fn a_question_travels_over_http() {
        let zone = Zone::new("example.com").a("nas.example.com", [192, 168, 1, 5]);
        let question = Question::new("nas.example.com", RecordType::A);
        let wire = zone.reply_to(&encode(&question, true).unwrap().bytes, false);
        let server = Canned::bytes(200, MEDIA_TYPE, wire).serve().await;
        let reply = doh(&plain(server.address), &question, Duration::from_secs(2)).await.unwrap();
        assert_eq!(reply.addresses().len(), 1);
        assert!(server.requests()[0].starts_with("POST /dns-query"));
    }

    #[tokio::test]
    async fn an_answer_without_end_is_not_read_to_its_end() {
        let server = Canned::bytes(200, MEDIA_TYPE, vec![0; 1 << 20]).serve().await;
        let question = Question::new("nas.example.com", RecordType::A);
        let reply = doh(&plain(server.address), &question, Duration::from_secs(2)).await;
        assert!(reply.unwrap_err().to_string().contains("longer than 64 KiB"));
    }

    #[tokio::test]
    async fn a_web_page_instead_of_dns_is_no_answer() {
        let server = Canned::text(200, "text/html", "<html>log in</html>").serve().await;
        let question = Question::new("nas.example.com", RecordType::A);
        let reply = doh(&plain(server.address), &question, Duration::from_secs(2)).await;
        assert!(matches!(reply, Err(AskError::Malformed(_))), "{reply:?}");
    }
}
