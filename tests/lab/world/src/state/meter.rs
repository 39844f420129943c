//! The rate limit: so many requests in a window, for each token.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::config::RateLimit;

/// Counts the requests of each token in fixed windows. Whoever spends a window waits for its end, as
/// Cloudflare blocks all calls for the next five minutes.
#[derive(Debug)]
pub(crate) struct Meter {
    pub(crate) limit: RateLimit,
    windows: HashMap<String, Window>,
}

#[derive(Debug)]
struct Window {
    started: i64,
    used: u32,
}

/// What a request found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Reading {
    pub(crate) allowed: bool,
    pub(crate) remaining: u32,
    pub(crate) resets_in: u32,
    pub(crate) limit: u32,
    pub(crate) window_seconds: u32,
}

impl Meter {
    pub(crate) fn new(limit: RateLimit) -> Self {
        Self { limit, windows: HashMap::new() }
    }

    /// Forgets what was used and counts by a new limit.
    pub(crate) fn set(&mut self, limit: RateLimit) {
        *self = Self::new(limit);
    }

    /// Counts one request of this token.
    pub(crate) fn count(&mut self, token_id: &str, now: Timestamp) -> Reading {
        let RateLimit { requests, window_seconds } = self.limit;
        let now = now.as_second();
        let length = i64::from(window_seconds.max(1));
        let window = self.windows.entry(token_id.to_owned()).or_insert(Window { started: now, used: 0 });
        if now - window.started >= length {
            *window = Window { started: now, used: 0 };
        }
        window.used = window.used.saturating_add(1);
        Reading {
            allowed: window.used <= requests,
            remaining: requests.saturating_sub(window.used),
            resets_in: u32::try_from(window.started + length - now).unwrap_or(0),
            limit: requests,
            window_seconds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_request_after_the_last_allowed_one_is_refused_until_the_window_ends() {
        let mut meter = Meter::new(RateLimit { requests: 2, window_seconds: 10 });
        assert!(meter.count("a", at(100)).allowed);
        assert!(meter.count("a", at(103)).allowed);
        let refused = meter.count("a", at(104));
        assert_eq!((refused.allowed, refused.remaining, refused.resets_in), (false, 0, 6));
        assert!(meter.count("a", at(110)).allowed);
    }

    #[test]
    fn tokens_do_not_share_a_window() {
        let mut meter = Meter::new(RateLimit { requests: 1, window_seconds: 10 });
        assert!(meter.count("a", at(100)).allowed);
        assert!(meter.count("b", at(100)).allowed);
    }
}
