//! One error type: what failed, why, and the next step.

use std::fmt;
use std::process::ExitCode;

/// As many characters of what failed as are shown: a configuration may have many problems.
pub const LONGEST: usize = 40_000;

/// How the program ends. The numbers are part of the command line's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything is as it should be.
    Fine = 0,
    /// Something is wrong: a check or a write failed.
    Wrong = 1,
    /// The command line or the configuration cannot be used.
    Usage = 2,
    /// Could not look, or did not finish.
    Unfinished = 3,
    /// Stopped by Ctrl-C or SIGTERM.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error as it is shown: what failed, the causes from the outside in, and a hint.
#[derive(Debug, Clone)]
pub struct Error {
    /// How the program ends because of it.
    pub exit: Exit,
    /// What failed: one sentence without a full stop.
    pub what: String,
    /// Why, the nearest cause first.
    pub causes: Vec<String>,
    /// The next step.
    pub hint: Option<String>,
}

/// The result of everything that can fail in a way that a user must see.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), causes: Vec::new(), hint: None }
    }

    /// Something is wrong in the cluster or the world (exit 1).
    pub fn wrong(what: impl Into<String>) -> Self {
        Self::new(Exit::Wrong, what)
    }

    /// The configuration or the command line cannot be used (exit 2).
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what)
    }

    /// Could not look, or did not finish (exit 3).
    pub fn unfinished(what: impl Into<String>) -> Self {
        Self::new(Exit::Unfinished, what)
    }

    /// Stopped by a signal (exit 130).
    pub fn interrupted() -> Self {
        Self::new(Exit::Interrupted, "interrupted")
    }

    /// Adds one cause, the nearest first.
    #[must_use]
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.causes.push(cause.to_string());
        self
    }

    /// Sets the next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        for cause in &self.causes {
            write!(f, "\n  cause: {}", cause.replace('\n', "\n         "))?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n\nhint: {}", hint.replace('\n', "\n      "))?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
