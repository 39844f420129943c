//! One call with its retries, inside the client's deadline.

use std::time::Duration;

use reqwest::{StatusCode, header};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep, timeout_at};

use super::answers::Refusal;
use super::client::Client;
use super::fault::API_OFF;
use crate::evidence::{Fault, Transport};
use crate::net::body::whole;
use crate::provider::call::Call;

/// How often a call is tried at most. Every one may be sent twice: a change says what is to be there in the end.
const ATTEMPTS: u32 = 3;
/// The longest answer that is read: a zone of some ten thousand records.
const LONGEST: usize = 8 * 1024 * 1024;
/// The first pause; it doubles.
const PAUSE: Duration = Duration::from_millis(250);

impl Client {
    /// Sends a call whose answer is JSON.
    pub(super) async fn read<T: DeserializeOwned>(&self, call: Call) -> Result<T, Fault> {
        let (status, kind, body) = self.send(call).await?;
        match serde_json::from_slice(&body) {
            Ok(read) => Ok(read),
            Err(error) if kind.contains("json") => Err(Fault::Unexpected { what: error.to_string() }),
            Err(_) => Err(Fault::NotJson { host: self.host(), status, kind }),
        }
    }

    /// Sends a call, again after the server's failure while the deadline allows.
    pub(super) async fn send(&self, call: Call) -> Result<(u16, String, Vec<u8>), Fault> {
        let deadline = Instant::now() + self.deadline;
        let mut pause = PAUSE;
        for attempt in 1.. {
            let error = match self.attempt(&call, deadline).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let again = matches!(error, Fault::Server { .. })
                || matches!(&error, Fault::Transport { cause: Transport::Closed | Transport::Other(_), .. });
            if !again || attempt >= ATTEMPTS || pause >= deadline.saturating_duration_since(Instant::now()) {
                return Err(error);
            }
            sleep(pause).await;
            pause *= 2;
        }
        Err(Fault::Unexpected { what: "no attempt was made".into() })
    }

    fn host(&self) -> String {
        self.base.host_str().unwrap_or_default().to_owned()
    }

    async fn attempt(&self, call: &Call, until: Instant) -> Result<(u16, String, Vec<u8>), Fault> {
        let unreachable = |cause| Fault::Transport { host: self.host(), cause };
        let url =
            self.base.join(&call.path).map_err(|error| unreachable(Transport::Other(error.to_string())))?;
        let mut request = self.http.request(call.method.clone(), url).query(&call.query);
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let exchange = async {
            let answer = request.send().await.map_err(Transport::from_reqwest)?;
            let status = answer.status();
            let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let kind = kind.unwrap_or("no content type").to_owned();
            Ok::<_, Transport>((status, kind, whole(answer, LONGEST).await?))
        };
        let (status, kind, body) = timeout_at(until, exchange)
            .await
            .map_err(|_| unreachable(Transport::Timeout))?
            .map_err(unreachable)?;
        match status {
            status if status.is_success() => Ok((status.as_u16(), kind, body)),
            StatusCode::UNAUTHORIZED => Err(Fault::InvalidToken),
            // With `webserver=yes` alone, no path of the API is there.
            StatusCode::NOT_FOUND if call.path == "zones" => Err(Fault::Unprepared {
                what: format!("`{}` answers, but not with PowerDNS' API (HTTP 404)", self.host()),
                cure: API_OFF.to_owned(),
            }),
            StatusCode::FORBIDDEN => Err(Fault::MissingPermission { permission: call.needs }),
            status if status.is_server_error() => Err(Fault::Server { status: status.as_u16() }),
            status => match serde_json::from_slice::<Refusal>(&body) {
                Ok(refusal) => Err(Fault::Refused {
                    status: status.as_u16(),
                    code: 0,
                    message: self.api_key.redact(&refusal.error),
                }),
                Err(_) => Err(Fault::NotJson { host: self.host(), status: status.as_u16(), kind }),
            },
        }
    }
}
