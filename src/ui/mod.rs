//! Everything that is printed: stdout is the answer, stderr the progress and the errors.

mod catalogue;
mod house;
mod page;
mod progress;
mod report;
mod status;

use std::io::{IsTerminal, Write};

pub use catalogue::{explanation, explanation_json, list, list_json};
pub use house::{Found, House};
pub use progress::Progress;
pub use report::{Form, print_report};
pub use status::{StatusLine, StatusStep, status, status_chain};

use crate::error::Error;
use crate::outside;

/// How the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Text,
    /// One line for each thing that is wrong, to be pasted; only for reports.
    Short,
    /// One JSON document on stdout, also on failure.
    Json,
    /// JUnit's XML, for CI; only for reports.
    Junit,
}

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Bars that change in place.
    Bars,
    /// One line when something changed.
    Lines,
    /// Nothing.
    Quiet,
}

/// What the flags and the surroundings say about printing.
#[derive(Debug, Clone, Copy)]
pub struct Ui {
    /// How the answer is written.
    pub output: Output,
    /// How progress is shown.
    pub mode: Mode,
}

impl Ui {
    /// Decides from the flags, the terminal and the environment (`CI`, `TERM=dumb`, `HOMELAB_NO_PROGRESS`).
    pub fn new(output: Output, color: Color, quiet: bool, no_progress: bool) -> Self {
        match color {
            Color::Auto => {}
            Color::Always => anstream::ColorChoice::AlwaysAnsi.write_global(),
            Color::Never => anstream::ColorChoice::Never.write_global(),
        }
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let plain = no_progress
            || set("CI")
            || set("HOMELAB_NO_PROGRESS")
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb")
            || !std::io::stderr().is_terminal();
        let mode = match (quiet, plain) {
            (true, _) => Mode::Quiet,
            (_, true) => Mode::Lines,
            _ => Mode::Bars,
        };
        Self { output, mode }
    }
}

/// Writes the answer. A reader that went away (`| head`) is no error.
pub fn answer(text: &str) {
    let mut stdout = anstream::stdout().lock();
    let _ = stdout.write_all(text.as_bytes());
    let _ = stdout.flush();
}

/// Writes a JSON document as the answer. What others wrote in it is as it may be shown (see [`outside`]).
pub fn document(mut document: serde_json::Value) {
    outside::json(&mut document);
    answer(&format!("{document:#}\n"));
}

/// Writes a JSON document with every text as it is, because it is applied (see [`exact`]).
pub fn exact_document(document: &serde_json::Value) {
    answer(&exact(document));
}

/// A JSON document with every text as it is: what people do not see is written as `\u`.
#[must_use]
pub fn exact(document: &serde_json::Value) -> String {
    let mut text = String::new();
    for c in format!("{document:#}\n").chars() {
        match c {
            c if c != '\n' && outside::invisible::is_invisible(c) => {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}")));
            }
            c => text.push(c),
        }
    }
    text
}

/// Writes a line of progress or an explanation.
pub fn note(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Writes an error as people read it.
pub fn print_error(error: &Error) {
    let text = error.shown().to_string();
    let text = text.replacen("\n\nhint:", &format!("\n\n{CYAN}hint:{CYAN:#}"), 1);
    note(&format!("{RED}error:{RED:#} {text}"));
}

/// Writes a problem that does not stop what was asked for.
pub fn print_warning(error: &Error) {
    note(&format!("{YELLOW}warning:{YELLOW:#} {}", error.shown()));
}

/// Text of others as it may be shown, its lines kept.
fn clean(text: &str) -> String {
    outside::lines(text)
}

const fn color(color: anstyle::AnsiColor) -> anstyle::Style {
    anstyle::Style::new().fg_color(Some(anstyle::Color::Ansi(color))).bold()
}

pub(crate) const GREEN: anstyle::Style = color(anstyle::AnsiColor::Green);
pub(crate) const RED: anstyle::Style = color(anstyle::AnsiColor::Red);
pub(crate) const YELLOW: anstyle::Style = color(anstyle::AnsiColor::Yellow);
pub(crate) const CYAN: anstyle::Style = color(anstyle::AnsiColor::Cyan);
pub(crate) const BOLD: anstyle::Style = anstyle::Style::new().bold();
