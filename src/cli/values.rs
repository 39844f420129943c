//! Values of flags.

use crate::config::{Provider, Way, duration};
use crate::facts::cluster_domain::domain;

/// A span of time, as `90`, `90s`, `5m` or `1h`, at most a day.
pub(super) fn seconds(text: &str) -> Result<u64, String> {
    let with_unit =
        if text.ends_with(|c: char| c.is_ascii_digit()) { format!("{text}s") } else { text.to_owned() };
    duration(&with_unit).map(|length| length.as_secs())
}

/// The domain of a cluster's own names.
pub(super) fn cluster_domain(text: &str) -> Result<String, String> {
    domain(text).ok_or_else(|| "this is no domain, such as `cluster.local`".to_owned())
}

/// A way in from the internet.
pub(super) fn way(text: &str) -> Result<Way, String> {
    Way::ALL.iter().copied().find(|way| way.word() == text).ok_or_else(|| {
        let words: Vec<&str> = Way::ALL.iter().map(|way| way.word()).collect();
        format!("it is none of {}", words.join(" and "))
    })
}

/// A provider whose configuration needs no more than `init` asks for.
pub(super) fn provider(text: &str) -> Result<Provider, String> {
    let plain = || Provider::ALL.iter().copied().filter(|provider| provider.facts().server.is_none());
    plain().find(|provider| provider.facts().key == text).ok_or_else(|| {
        let words: Vec<&str> = plain().map(|provider| provider.facts().key).collect();
        format!(
            "`init` knows {}; for a server of your own, write the configuration by hand",
            words.join(" and ")
        )
    })
}
