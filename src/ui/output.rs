//! In which form things are printed, and where.

use std::io::IsTerminal;

/// How the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Text,
    /// One line for each problem, to paste into a chat; only for `up`, `status` and `doctor`.
    Short,
    /// One JSON document on stdout, also on failure.
    Json,
    /// JUnit's XML, for CI; only for `up`, `status` and `doctor`.
    Junit,
    /// Metrics for Prometheus; only for `doctor`.
    Prometheus,
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
    /// Whether the answer can take the place of an earlier one: stdout is a terminal that does more than lines.
    pub redraws: bool,
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
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let mode = match (quiet, plain || !std::io::stderr().is_terminal()) {
            (true, _) => Mode::Quiet,
            (_, true) => Mode::Lines,
            _ => Mode::Bars,
        };
        Self { output, mode, redraws: !plain && std::io::stdout().is_terminal() }
    }
}
