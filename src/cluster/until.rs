//! Waiting until something is gone that no single object tells of: looked at again after each change, and now and then.

use std::time::Duration;

use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};
use tokio::time::{Instant, timeout_at};

use crate::cluster::Cluster;
use crate::cluster::wait::Seen;
use crate::desired::kind::KindRef;
use crate::error::Result;

/// What happens at once is looked at once.
const BURST: Duration = Duration::from_millis(200);

impl Cluster {
    /// Looks until nothing is left, again after each change of `kinds` and every `tick`. What is left at `deadline` is given;
    /// `show` is told meanwhile.
    ///
    /// # Errors
    /// When `look` fails.
    pub async fn until_gone(
        &self,
        kinds: &[KindRef],
        tick: Duration,
        deadline: Instant,
        mut look: impl AsyncFnMut() -> Result<Vec<String>>,
        show: impl Fn(&[String]),
    ) -> Result<Vec<String>> {
        let watches: Vec<BoxStream<'_, Seen>> =
            kinds.iter().map(|kind| self.follow(kind, String::new(), None)).collect();
        let mut events = stream::select_all(watches);
        loop {
            let left = look().await?;
            if left.is_empty() || Instant::now() >= deadline {
                return Ok(left);
            }
            show(&left);
            let next = deadline.min(Instant::now() + tick);
            match kinds.is_empty() {
                true => tokio::time::sleep_until(next).await,
                false => {
                    let _ = timeout_at(next, events.next()).await;
                    tokio::time::sleep(BURST).await;
                    while events.next().now_or_never().is_some_and(|event| event.is_some()) {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::fake::cluster;

    async fn looked(until: usize, patience: u64) -> (Vec<String>, usize) {
        let (cluster, _) = cluster(|_, _| (200, serde_json::json!({})));
        let mut looks = 0;
        let look = async || {
            looks += 1;
            Ok(if looks < until { vec!["a".to_owned()] } else { Vec::new() })
        };
        let deadline = Instant::now() + Duration::from_secs(patience);
        let left = cluster.until_gone(&[], Duration::from_secs(2), deadline, look, |_| ()).await.unwrap();
        (left, looks)
    }

    #[tokio::test(start_paused = true)]
    async fn it_looks_until_nothing_is_left_and_says_what_is_at_the_deadline() {
        assert_eq!(looked(3, 60).await, (Vec::new(), 3));
        assert_eq!(looked(100, 5).await, (vec!["a".to_owned()], 4));
    }
}
