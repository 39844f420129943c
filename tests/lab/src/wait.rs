//! Waiting, always with a deadline and a name for what is awaited.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::error::{Result, bail};

const STEP: Duration = Duration::from_millis(100);

/// What one look at the awaited thing gave.
pub(crate) enum Look<T> {
    Done(T),
    /// Not yet, and why not as far as it can be seen.
    NotYet(String),
}

/// Looks until it is done. An error from `look` ends the wait at once.
pub(crate) fn until<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Result<Look<T>>) -> Result<T> {
    let start = Instant::now();
    loop {
        let reason = match look()? {
            Look::Done(value) => return Ok(value),
            Look::NotYet(reason) => reason,
        };
        if start.elapsed() > limit {
            let because = if reason.is_empty() { String::new() } else { format!(": {}", reason.trim_end()) };
            bail!("waited {} s for {what}{because}", limit.as_secs());
        }
        sleep(STEP);
    }
}

/// Tries until it succeeds; the last error is in the message if it never does.
pub(crate) fn until_ok<T>(what: &str, limit: Duration, mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
    until(what, limit, || {
        Ok(match attempt() {
            Ok(value) => Look::Done(value),
            Err(error) => Look::NotYet(error.to_string()),
        })
    })
}
