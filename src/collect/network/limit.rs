//! How long a probe may take, and how many run at once.

use std::future::Future;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

/// Open sockets at once: a hundred hosts must fit the usual limit of 1024 files.
const AT_ONCE: usize = 128;

pub(super) struct Limit {
    probe: Duration,
    until: Instant,
    permits: Semaphore,
}

impl Limit {
    pub(super) fn new(probe: Duration, deadline: Duration) -> Self {
        Self { probe, until: Instant::now() + deadline, permits: Semaphore::new(AT_ONCE) }
    }

    /// Runs a probe when there is room. `None`: the deadline came first, so nothing was seen.
    pub(super) async fn run<T, F: Future<Output = T>>(&self, probe: impl FnOnce(Duration) -> F) -> Option<T> {
        let turn = async {
            let _permit = self.permits.acquire().await.ok()?;
            Some(probe(self.probe).await)
        };
        self.until(turn).await
    }

    /// The same for what waits for a turn of its own first.
    pub(super) async fn until<T>(&self, seen: impl Future<Output = Option<T>>) -> Option<T> {
        timeout_at(self.until, seen).await.ok().flatten()
    }
}
