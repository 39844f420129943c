//! The one place where a client of Amazon's SDK gets its keys, its region, its limits and its way to the network. A client of
//! another of Amazon's services is made from the same.

use std::time::Duration;

use aws_sdk_route53::config::{BehaviorVersion, Credentials, Region};
use aws_types::SdkConfig;
use aws_types::sdk_config::{RetryConfig, SharedCredentialsProvider, TimeoutConfig};

use super::http::Http;
use super::keys::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
use crate::evidence::{Fault, Transport};
use crate::provider::credentials::Keyring;

/// Route 53 is one for all regions; requests to it are signed for this one (AWS general reference, "Route 53 endpoints").
pub(super) const REGION: &str = "us-east-1";
/// How often a call is tried at most. The SDK knows throttling by its codes.
const ATTEMPTS: u32 = 4;
/// The longest first pause, as a part of the deadline; it doubles twice, so that the last attempt is still answered in time.
const PAUSE: u32 = 20;
/// The longest one attempt may take: a lost connection must leave time for another.
const ATTEMPT: Duration = Duration::from_secs(8);

/// What every client of the SDK is made from. Nothing is sent yet, and nothing is read from this machine's environment or files.
pub(super) fn config(keyring: &Keyring, deadline: Duration) -> Result<SdkConfig, Fault> {
    let of = |key| keyring.get(key).ok_or_else(|| unsent("there is no access key".into()));
    let (id, secret) = (of(ACCESS_KEY_ID)?, of(SECRET_ACCESS_KEY)?);
    let credentials = Credentials::new(id.expose(), secret.expose(), None, None, "homelab");
    Ok(SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(Http::new().map_err(unsent)?)
        .retry_config(patience(deadline))
        .timeout_config(limits(deadline))
        .build())
}

/// How long a call may take, its retries counted.
pub(super) fn limits(deadline: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_timeout(deadline)
        .operation_attempt_timeout(ATTEMPT.min(deadline))
        .build()
}

/// How often a call is tried, and with which pauses.
pub(super) fn patience(deadline: Duration) -> RetryConfig {
    RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(deadline / PAUSE)
}

/// Why nothing can be sent.
fn unsent(why: String) -> Fault {
    Fault::Transport { host: "the Route 53 API".into(), cause: Transport::Other(why) }
}
