//! What the ingress controller said last of loading its configuration.

use serde::Serialize;

/// A pod of the controller, by what it said last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReloadSeen {
    /// Its name.
    pub pod: String,
    /// The node that it runs on.
    pub node: String,
    /// What it said, or why that is not known.
    pub last: Result<Reload, String>,
}

/// What came of the newest configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reload {
    /// The controller runs it.
    Loaded,
    /// Nothing was said for so long that nothing can have been refused: the controller tries again and again.
    Quiet,
    /// The controller has just begun to load it.
    UnderWay,
    /// It is refused, and what ran before goes on.
    Refused(Refusal),
}

/// A configuration that was not taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// In which words; none where they could not be read.
    pub said: Vec<String>,
    /// The line that tells of it, with its time.
    pub line: String,
    /// How often it has been told since a configuration was loaded, as far as the log was read.
    pub times: u32,
}
