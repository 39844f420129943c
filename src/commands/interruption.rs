//! Ctrl-C while something is under way.

use crate::error::{Error, Result};

/// What to do when `up` was stopped.
pub(super) const UP_GOES_ON: &str = "run `homelab up` to continue where it stopped";

/// Does the work, or ends at the first Ctrl-C, with what to do then.
///
/// # Errors
/// Those of the work, and the interruption.
pub(super) async fn or_interrupted<T>(
    work: impl Future<Output = Result<T>>,
    next: Option<&'static str>,
) -> Result<T> {
    tokio::select! {
        ended = work => ended,
        () = interrupted() => Err(match next {
            Some(next) => Error::interrupted().hint(next),
            None => Error::interrupted(),
        }),
    }
}

/// Ctrl-C, or the SIGTERM of systemd.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
