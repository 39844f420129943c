//! Challenges that are met in another zone than that of the names: where public DNS leads who looks for one.

use serde::Serialize;

use crate::facts::names::covers;

/// What was seen where the challenges are met elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChallengesSeen {
    /// The zone that the configuration names, or a name in it.
    pub zone: String,
    /// Of each challenge; `None` when nobody beyond this network was asked.
    pub names: Option<Vec<ChallengeSeen>>,
}

/// One challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChallengeSeen {
    /// Where an ACME server looks first.
    pub name: String,
    /// Where its CNAME record should lead.
    pub target: String,
    /// The names of certificates that it proves.
    pub proves: Vec<String>,
    /// The targets of the CNAME records, one after the other; empty where there is none.
    pub chain: Vec<String>,
    /// Whether a wildcard has led to the first of them; looked for only where that is no good one.
    pub by_wildcard: bool,
    /// How it ends.
    pub end: ChainEnd,
}

/// How a chain of CNAME records ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "end", rename_all = "kebab-case")]
pub enum ChainEnd {
    /// The last name has no CNAME record.
    Here {
        /// The zone that holds the last name, as public DNS has it; `None` where a resolver has answered, which does not tell.
        zone: Option<String>,
        /// Who said so.
        server: String,
    },
    /// It leads to a name that it came from, or is longer than anybody follows.
    Circle,
    /// It could not be followed further.
    Unknown {
        /// Why.
        why: String,
    },
}

impl ChallengesSeen {
    /// The one by which the certificate of a name is issued: of the name itself before that of a wildcard.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<&ChallengeSeen> {
        let all = || self.names.iter().flatten();
        let itself = all().find(|one| one.proves.iter().any(|other| other.eq_ignore_ascii_case(name)));
        itself.or_else(|| all().find(|one| one.proves.iter().any(|other| covers(other, name))))
    }
}
