//! From what components write into a status to a cause and a next step.

use crate::checks::reading;

pub(super) use crate::provider::reading::{Cure, Reading, means, over, passes, read, written_by_up};

/// A message in one line, cut where nobody reads on.
pub(super) fn one_line(message: &str) -> String {
    const LONGEST: usize = 300;
    let line = reading::one_line(message);
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_becomes_one_line_of_bearable_length() {
        assert_eq!(one_line("a\n\t b."), "a b");
        assert!(one_line(&"ä".repeat(1000)).chars().count() == 301);
    }
}
