//! Why something could not be read, where checks need no more than the words.

use serde::Serialize;

/// Why something could not be read, as the error of a command says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What failed.
    pub what: String,
    /// The last cause that is known; empty when there is none.
    pub cause: String,
    /// The next step; empty when none is known.
    pub hint: String,
}

impl From<&crate::error::Error> for Failure {
    fn from(error: &crate::error::Error) -> Self {
        let cause = error.causes.last().cloned().unwrap_or_default();
        Self { what: error.what.clone(), cause, hint: error.hint.clone().unwrap_or_default() }
    }
}
