//! What time it is at the API server.

use jiff::Timestamp;
use kube::client::Body;
use tokio::time::{Instant, timeout_at};

use crate::cluster::{Cluster, request};
use crate::net::date;

impl Cluster {
    /// The date of an answer of the API server.
    ///
    /// # Errors
    /// Why there is no answer or no date, in words.
    pub async fn clock(&self, deadline: Instant) -> Result<Timestamp, String> {
        let asked = self.client.send(request::get("/version", false).map(Body::from));
        let answer = timeout_at(deadline, asked).await.map_err(|_| "no answer in time".to_owned())?;
        let answer = answer.map_err(|error| error.to_string())?;
        let header = answer.headers().get(http::header::DATE).and_then(|value| value.to_str().ok());
        header.and_then(date::parse).ok_or_else(|| "the answer has no date".to_owned())
    }
}
