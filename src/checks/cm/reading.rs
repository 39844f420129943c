//! From what components write into a status to a cause and a next step.

/// One thing that a message may mean.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    /// One of these has to be in the message; compared without case.
    pub(super) words: &'static [&'static str],
    /// Why, as a plain statement.
    pub(super) cause: &'static str,
    /// The next step.
    pub(super) fix: &'static str,
    /// Whether it may go away with nobody doing anything.
    pub(super) heals: bool,
}

/// A meaning that stays until somebody acts.
pub(super) const fn means(words: &'static [&'static str], cause: &'static str, fix: &'static str) -> Reading {
    Reading { words, cause, fix, heals: false }
}

/// A meaning that may pass.
pub(super) const fn passes(
    words: &'static [&'static str],
    cause: &'static str,
    fix: &'static str,
) -> Reading {
    Reading { words, cause, fix, heals: true }
}

/// The first row that fits.
pub(super) fn read<'r>(message: &str, rows: &'r [Reading]) -> Option<&'r Reading> {
    let message = message.to_lowercase();
    rows.iter().find(|row| row.words.iter().any(|word| message.contains(&word.to_lowercase())))
}

/// A message in one line, cut where nobody reads on.
pub(super) fn one_line(message: &str) -> String {
    const LONGEST: usize = 300;
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.trim_end_matches('.');
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_row_with_one_of_its_words_fits_whatever_the_case() {
        let rows = [means(&["x509"], "a", "b"), passes(&["timeout", "Refused"], "c", "d")];
        assert_eq!(read("connect: connection REFUSED", &rows).map(|row| row.cause), Some("c"));
        assert!(read("all is well", &rows).is_none());
    }

    #[test]
    fn a_message_becomes_one_line_of_bearable_length() {
        assert_eq!(one_line("a\n\t b."), "a b");
        assert!(one_line(&"ä".repeat(1000)).chars().count() == 301);
    }
}
