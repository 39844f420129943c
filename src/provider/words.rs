//! What a provider is called, and where at its place people do what a finding asks them to.

use crate::evidence::Permission;
use crate::facts::secret::SecretError;

/// The words of one provider, for findings, hints and lines of progress. Everything is homelab's own text.
#[derive(Debug)]
pub struct Words {
    /// As people call it, in a sentence.
    pub name: &'static str,
    /// The same in front of a colon.
    pub heading: &'static str,
    /// The host that external-dns, cert-manager and homelab reach its API at. For one without an API in the internet: another name
    /// outside the house that pods must be able to look up.
    pub api_host: &'static str,
    /// Where an answer has a date in it, for comparing clocks; in the internet, too.
    pub api: &'static str,
    /// Where people edit records by hand, as it stands after "in".
    pub records_page: &'static str,
    /// Where its DS record is shown.
    pub dnssec_page: &'static str,
    /// Where the id of the zone stands, for whoever makes external-dns' Secret by hand; empty where zones have none.
    pub zone_id: &'static str,
    /// A permission, as it is called there.
    pub permission: fn(Permission) -> &'static str,
    /// The credential that it gives out.
    pub token: TokenWords,
    /// Its proxy in front of an address, where it has one.
    pub proxy: Option<ProxyWords>,
    /// What its rate limit counts.
    pub rate_limit: RateWords,
    /// What it adds to what `homelab doctor --explain` says of a check.
    pub explained: &'static [Explained],
    /// From when on it answers for a zone.
    pub serves: &'static str,
    /// Why it refuses changes to a zone whatever the token may do, and what helps; nothing where it does not.
    pub refused_ending: &'static str,
    /// What to do where it takes no further record.
    pub no_more_room: &'static str,
    /// The text behind the count of records: what happens beyond its quota.
    pub beyond_quota: &'static str,
}

/// The credential of one provider.
#[derive(Debug)]
pub struct TokenWords {
    /// What it is, as it stands after "the" or "an": homelab says "API token" of whatever opens the API.
    pub called: &'static str,
    /// The same in short, where it is clear which one is meant.
    pub short: &'static str,
    /// Where people get one, and what it must be able to do, for whoever is about to paste it.
    pub where_made: &'static str,
    /// How to get one, where there is none: a step as a finding gives it.
    pub make_one: &'static str,
    /// The same as an error gives it.
    pub make_one_and_name_it: &'static str,
    /// The fewest characters that one has; shorter ones are cut off.
    pub shortest: usize,
    /// Why it does not see the zone where it sees others, beside a wrong `domain`.
    pub of_another_zone: &'static str,
    /// Why one that may read cannot change records, and what to do about it.
    pub may_not_edit: &'static str,
}

impl TokenWords {
    /// Of a provider that asks for none: only what refuses an open API is said.
    pub const NONE: Self = Self {
        called: "request",
        short: "request",
        where_made: "",
        make_one: "",
        make_one_and_name_it: "",
        shortest: 0,
        of_another_zone: "the server has other zones",
        may_not_edit: "",
    };
}

/// What is said of one check at this provider, beside what holds at every provider. A text that is empty adds nothing.
#[derive(Debug)]
pub struct Explained {
    /// The name of the check.
    pub check: &'static str,
    /// What is looked at here.
    pub looks_at: &'static str,
    /// What people see here when it fails.
    pub symptom: &'static str,
    /// Why it fails here, each with what to do.
    pub causes: &'static [(&'static str, &'static str)],
    /// Where the facts come from.
    pub sources: &'static [&'static str],
}

impl Explained {
    /// Nothing yet of that check.
    pub(super) const fn at(check: &'static str) -> Self {
        Self { check, looks_at: "", symptom: "", causes: &[], sources: &[] }
    }
}

/// A proxy that stands in front of an address.
#[derive(Debug)]
pub struct ProxyWords {
    /// The annotation for external-dns, without its prefix.
    pub annotation: &'static str,
    /// Why a private address gets nowhere with it.
    pub no_private: &'static str,
    /// The same, seen at a record.
    pub hides: &'static str,
    /// How it is switched off at the record.
    pub switch_off: &'static str,
}

/// What a rate limit counts.
#[derive(Debug)]
pub struct RateWords {
    /// How long a spent limit blocks when the provider does not say, in seconds.
    pub blocks: i64,
    /// Who used it up, and what follows.
    pub spent: &'static str,
    /// Who shares it.
    pub shared: &'static str,
}

/// What is told of a text that cannot be the provider's credential.
#[derive(Debug)]
pub struct Misshapen {
    /// What is wrong with it.
    pub message: String,
    /// How it came to be so.
    pub cause: &'static str,
    /// The next step.
    pub hint: &'static str,
}

impl Misshapen {
    /// The same words at every provider.
    #[must_use]
    pub fn of(error: &SecretError) -> Self {
        let cause = match error {
            SecretError::Empty => {
                "the file was created, but the token was not written to it, or its secret was decrypted to an empty file"
            }
            SecretError::BearerPrefix
            | SecretError::Quotes
            | SecretError::SeveralLines
            | SecretError::WhiteSpace
            | SecretError::Characters
            | SecretError::Assignment
            | SecretError::Other(_) => "something else was copied together with the token, or instead of it",
        };
        Self { message: error.to_string(), cause, hint: error.hint() }
    }
}
