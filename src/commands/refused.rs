//! A command line that cannot be read: what is wrong with it, and what was perhaps meant.

use std::ffi::OsString;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::Cli;
use crate::config::nearest;
use crate::error::Error;

/// The command line without the program's own name.
pub(super) struct Words(Vec<OsString>);

impl Words {
    /// Up to `--`, behind which there are no flags.
    pub(super) fn of(arguments: impl Iterator<Item = OsString>) -> Self {
        Self(arguments.skip(1).take_while(|word| word != "--").collect())
    }

    /// Whether they ask for JSON.
    pub(super) fn ask_for_json(&self) -> bool {
        let is_flag = |word: &OsString| word == "--output" || word == "-o";
        let apart = |pair: &[OsString]| matches!(pair, [flag, value] if is_flag(flag) && value == "json");
        let one = |word: &OsString| ["--output=json", "-o=json", "-ojson"].iter().any(|form| word == form);
        self.0.windows(2).any(apart) || self.0.iter().any(one)
    }

    /// The flags of the command that is meant, its own and those of every command.
    fn flags(&self) -> Vec<String> {
        let all = Cli::command();
        let of_command = self.0.iter().find_map(|word| all.find_subcommand(word));
        let arguments =
            all.get_arguments().chain(of_command.into_iter().flat_map(clap::Command::get_arguments));
        arguments.filter_map(|argument| Some(format!("--{}", argument.get_long()?))).collect()
    }
}

/// With the nearest flag that there is: clap knows a swap of two letters only in long words.
pub(super) fn with_nearest_flag(mut error: clap::Error, words: &Words) -> clap::Error {
    let Some(ContextValue::String(wrong)) = error.get(ContextKind::InvalidArg) else { return error };
    if error.kind() != ErrorKind::UnknownArgument || error.get(ContextKind::SuggestedArg).is_some() {
        return error;
    }
    let flags = words.flags();
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    if let Some(near) = nearest(wrong, &flags).filter(|_| wrong.starts_with("--")) {
        let near = ContextValue::String(near.to_owned());
        // Its other tip, to take the flag for a value, leads astray.
        error.remove(ContextKind::Suggested);
        error.insert(ContextKind::SuggestedArg, near);
    }
    error
}

/// What clap says, in its paragraphs: what is wrong, perhaps a tip, the usage, where the help is.
pub(super) fn error(said: &str) -> Error {
    let mut paragraphs = said.trim().split("\n\n").map(str::trim);
    let what = paragraphs.next().unwrap_or_default();
    let error = Error::usage(what.strip_prefix("error: ").unwrap_or(what));
    let tip = paragraphs.clone().find_map(|paragraph| paragraph.strip_prefix("tip: "));
    match tip.or_else(|| paragraphs.last()) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}
