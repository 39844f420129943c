//! From what programs write into statuses and logs to a cause and a next step.

/// One thing that a message may mean.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// One of these has to be in the message; compared without case.
    pub words: &'static [&'static str],
    /// Why, as a plain statement.
    pub cause: &'static str,
    /// The next step.
    pub fix: &'static str,
    /// What brings it back.
    pub cure: Cure,
}

/// What brings back what a message speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cure {
    /// Time: the program tries again by itself.
    Waiting,
    /// `homelab up`: what lies in the cluster is not what homelab writes.
    Up,
    /// Another attempt, with `homelab renew`: nothing is in the way any more.
    Renewal,
    /// A person, elsewhere.
    Person,
}

/// A meaning that stays until somebody acts.
#[must_use]
pub const fn means(words: &'static [&'static str], cause: &'static str, fix: &'static str) -> Reading {
    Reading { words, cause, fix, cure: Cure::Person }
}

/// A meaning that may pass.
#[must_use]
pub const fn passes(words: &'static [&'static str], cause: &'static str, fix: &'static str) -> Reading {
    Reading { words, cause, fix, cure: Cure::Waiting }
}

/// A meaning that `homelab up` cures.
#[must_use]
pub const fn written_by_up(
    words: &'static [&'static str],
    cause: &'static str,
    fix: &'static str,
) -> Reading {
    Reading { words, cause, fix, cure: Cure::Up }
}

/// A meaning that is over, so that another attempt helps.
#[must_use]
pub const fn over(words: &'static [&'static str], cause: &'static str) -> Reading {
    Reading { words, cause, fix: "try again with `homelab renew`", cure: Cure::Renewal }
}

/// The first row that fits.
#[must_use]
pub fn read<'r>(message: &str, rows: impl IntoIterator<Item = &'r Reading>) -> Option<&'r Reading> {
    let message = message.to_lowercase();
    rows.into_iter().find(|row| row.words.iter().any(|word| message.contains(&word.to_lowercase())))
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
}
