//! Values of flags.

use crate::config::duration;

/// A span of time, as `90`, `90s`, `5m` or `1h`, at most a day.
pub(super) fn seconds(text: &str) -> Result<u64, String> {
    let with_unit =
        if text.ends_with(|c: char| c.is_ascii_digit()) { format!("{text}s") } else { text.to_owned() };
    duration(&with_unit).map(|length| length.as_secs())
}
