//! Ctrl-C while something is under way.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::{Error, Result};

/// What to do when `up` was stopped.
pub(super) const UP_GOES_ON: &str = "run `homelab up` to continue where it stopped";

/// Ctrl-C and the SIGTERM of systemd, from the moment on at which it is made: until something waits for them, they end nothing.
#[derive(Debug)]
pub(super) struct Signals([Option<Signal>; 2]);

impl Signals {
    /// Begins to listen.
    pub(super) fn listen() -> Self {
        Self([SignalKind::interrupt(), SignalKind::terminate()].map(|kind| signal(kind).ok()))
    }

    /// Does the work, or ends at the first signal, also at one that came before, with what to do then.
    ///
    /// # Errors
    /// Those of the work, and the interruption.
    pub(super) async fn or<T>(
        self,
        work: impl Future<Output = Result<T>>,
        next: Option<&'static str>,
    ) -> Result<T> {
        let Self([interrupt, terminate]) = self;
        // What came before is known once the runtime has looked.
        tokio::task::yield_now().await;
        tokio::select! {
            biased;
            () = came(interrupt) => Err(interrupted(next)),
            () = came(terminate) => Err(interrupted(next)),
            ended = work => ended,
        }
    }
}

/// Does the work, or ends at the first Ctrl-C, with what to do then.
///
/// # Errors
/// Those of the work, and the interruption.
pub(super) async fn or_interrupted<T>(
    work: impl Future<Output = Result<T>>,
    next: Option<&'static str>,
) -> Result<T> {
    Signals::listen().or(work, next).await
}

fn interrupted(next: Option<&'static str>) -> Error {
    match next {
        Some(next) => Error::interrupted().hint(next),
        None => Error::interrupted(),
    }
}

async fn came(signal: Option<Signal>) {
    let Some(mut signal) = signal else { return std::future::pending().await };
    signal.recv().await;
}
