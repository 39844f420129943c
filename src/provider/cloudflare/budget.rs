//! What is left of the rate limit: 1200 calls in five minutes for each user (fundamentals/api/reference/limits).

use std::sync::PoisonError;

use reqwest::header::HeaderMap;

use crate::evidence::Budget;
use crate::provider::cloudflare::client::Client;

impl Budget {
    /// Reads `"default";r=50;t=30` and `"default";q=1200;w=300`.
    fn parse(left: &str, policy: Option<&str>) -> Option<Self> {
        Some(Self {
            remaining: parameter(left, "r")?,
            resets_in: parameter(left, "t").unwrap_or(0),
            limit: policy.and_then(|policy| parameter(policy, "q")),
        })
    }
}

/// The first limit is meant when there are several.
fn parameter(list: &str, name: &str) -> Option<u32> {
    let first = list.split(',').next()?;
    first.split(';').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}

impl Client {
    /// Keeps what an answer says of the limit.
    pub(super) fn note_budget(&self, headers: &HeaderMap) {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let said = text("ratelimit").and_then(|left| Budget::parse(left, text("ratelimit-policy")));
        if said.is_some() {
            *self.budget.lock().unwrap_or_else(PoisonError::into_inner) = said;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_headers_are_read_and_the_second_may_be_missing() {
        let left = "\"default\";r=50;t=30";
        let whole = Budget { remaining: 50, resets_in: 30, limit: Some(1200) };
        assert_eq!(Budget::parse(left, Some("\"default\";q=1200;w=300")), Some(whole));
        assert_eq!(Budget::parse(left, None), Some(Budget { limit: None, ..whole }));
    }

    #[test]
    fn the_first_of_several_limits_counts_and_nonsense_is_nothing() {
        assert_eq!(Budget::parse("\"a\";r=1;t=2, \"b\";r=9;t=9", None).map(|b| b.remaining), Some(1));
        assert_eq!(Budget::parse("soon", None), None);
    }
}
