//! One call with its retries, inside the client's deadline.

use std::time::Duration;

use reqwest::{Response, StatusCode, header};
use tokio::time::{Instant, sleep, timeout_at};

use crate::evidence::{Fault, Transport};
use crate::net::body::whole;
use crate::provider::call::Call;
use crate::provider::cloudflare::client::Client;
use crate::provider::cloudflare::envelope::Envelope;
use crate::provider::cloudflare::fault::classify;

/// How often a call is tried at most.
const ATTEMPTS: u32 = 4;
/// The longest one attempt may take: a lost connection must leave time for another.
const ATTEMPT: Duration = Duration::from_secs(8);
/// The longest answer that is read: a page of a thousand records has some hundred KiB.
const LONGEST: usize = 8 * 1024 * 1024;
/// The longest wait that is taken from an answer; what is longer says no more.
const LONGEST_WAIT: u64 = 86_400;
/// The first pause; it doubles.
const PAUSE: Duration = Duration::from_millis(500);

impl Client {
    /// Sends a call, again after a rate limit or a server's failure while the deadline allows.
    pub(super) async fn send(&self, call: Call) -> Result<Envelope, Fault> {
        let deadline = Instant::now() + self.deadline;
        let mut pause = PAUSE;
        for attempt in 1.. {
            let error = match self.attempt(&call, deadline.min(Instant::now() + ATTEMPT)).await {
                Ok(envelope) => return Ok(envelope),
                Err(error) => error,
            };
            let wait = match &error {
                // Refused before it was done: safe to send again, whatever it is.
                Fault::RateLimited { retry_after } => retry_after.unwrap_or(pause),
                Fault::Transport {
                    cause: Transport::Refused | Transport::Name(_) | Transport::Tls(_),
                    ..
                } => return Err(error),
                Fault::Server { .. } | Fault::Transport { .. } if call.is_idempotent() => pause,
                _ => return Err(error),
            };
            if attempt >= ATTEMPTS || wait >= deadline.saturating_duration_since(Instant::now()) {
                return Err(error);
            }
            sleep(wait).await;
            pause *= 2;
        }
        Err(Fault::Unexpected { what: "no attempt was made".into() })
    }

    async fn attempt(&self, call: &Call, until: Instant) -> Result<Envelope, Fault> {
        let host = || self.base.host_str().unwrap_or_default().to_owned();
        let unreachable = |cause| Fault::Transport { host: host(), cause };
        let url =
            self.base.join(&call.path).map_err(|error| unreachable(Transport::Other(error.to_string())))?;
        let mut request = self.http.request(call.method.clone(), url).query(&call.query);
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let exchange = async {
            let answer = request.send().await.map_err(Transport::from_reqwest)?;
            let head = Head::of(&answer);
            self.note_budget(answer.headers());
            Ok::<_, Transport>((head, whole(answer, LONGEST).await?))
        };
        let (head, body) = timeout_at(until, exchange)
            .await
            .map_err(|_| unreachable(Transport::Timeout))?
            .map_err(unreachable)?;
        if head.status == StatusCode::TOO_MANY_REQUESTS {
            return Err(Fault::RateLimited { retry_after: head.retry_after });
        }
        if head.status.is_server_error() {
            return Err(Fault::Server { status: head.status.as_u16() });
        }
        let Ok(envelope) = serde_json::from_slice::<Envelope>(&body) else {
            return Err(Fault::NotJson { host: host(), status: head.status.as_u16(), kind: head.kind });
        };
        if head.status.is_success() && envelope.success {
            return Ok(envelope);
        }
        Err(classify(head.status.as_u16(), &envelope.errors, call.needs, |text| self.token.redact(text)))
    }
}

struct Head {
    status: StatusCode,
    kind: String,
    retry_after: Option<Duration>,
}

impl Head {
    fn of(answer: &Response) -> Self {
        let text = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self {
            status: answer.status(),
            kind: text(header::CONTENT_TYPE).unwrap_or_else(|| "no content type".into()),
            retry_after: text(header::RETRY_AFTER)
                .and_then(|value| value.parse().ok())
                .map(|seconds: u64| Duration::from_secs(seconds.min(LONGEST_WAIT))),
        }
    }
}
