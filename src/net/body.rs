//! Bodies of answers: read whole, or not at all when they are longer than they should be.

use reqwest::Response;

use crate::evidence::Transport;

/// The whole body.
///
/// # Errors
/// When it is longer than `limit` bytes, or does not come to its end.
pub(crate) async fn whole(mut answer: Response, limit: usize) -> Result<Vec<u8>, Transport> {
    let mut read = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(Transport::from_reqwest)? {
        if read.len() + chunk.len() > limit {
            return Err(Transport::Other(format!("the answer is longer than {} KiB", limit / 1024)));
        }
        read.extend_from_slice(&chunk);
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::testing::http::Canned;

    async fn read(body: &str, limit: usize) -> Result<Vec<u8>, Transport> {
        let server = Canned::text(200, "text/plain", body).serve().await;
        let tls = crate::net::tls_client_config().unwrap();
        let client = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap();
        whole(client.get(format!("http://{}/", server.address)).send().await.unwrap(), limit).await
    }

    #[tokio::test]
    async fn a_body_is_read_whole_or_refused() {
        assert_eq!(read("hello", 1024).await.unwrap(), b"hello");
        let long = read(&"x".repeat(2000), 1024).await.unwrap_err();
        assert_eq!(long.to_string(), "the answer is longer than 1 KiB");
    }
}
