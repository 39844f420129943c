//! What is written to stdout and stderr: nowhere else.

use std::io::{ErrorKind, Write};

use super::colors::{CYAN, RED, YELLOW};
use super::failure::failure;
use crate::error::Error;
use crate::outside::Shown;
use crate::outside::invisible::is_invisible;
use crate::ui::page::{NARROWEST, WIDEST};

/// Writes the answer. A reader that went away (`| head`) is no error.
pub fn answer(text: &Shown) {
    exact_answer(text.as_str());
}

/// Writes the answer, and returns whether its reader is still there: for answers without an end.
pub(in crate::ui) fn is_read(text: &Shown) -> bool {
    let mut stdout = anstream::stdout().lock();
    let written = stdout.write_all(text.as_str().as_bytes()).and_then(|()| stdout.flush());
    !written.is_err_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

/// Clears the terminal (ECMA-48: CUP and ED), also where colours are not wanted. What was there before stays in its memory.
pub(in crate::ui) fn clear() {
    let _ = std::io::stdout().lock().write_all(b"\x1b[H\x1b[2J");
}

/// Writes an answer for machines, with every text as it is: a manifest, a kubeconfig, completions of a shell.
pub fn exact_answer(text: &str) {
    let mut stdout = anstream::stdout().lock();
    let _ = stdout.write_all(text.as_bytes());
    let _ = stdout.flush();
}

/// Writes a JSON document as the answer. What others wrote in it is as it may be shown (see [`Shown::json`]).
pub fn document(document: serde_json::Value) {
    answer(&Shown::json(document));
}

/// Writes a JSON document with every text as it is, because it is applied (see [`exact`]).
pub fn exact_document(document: &serde_json::Value) {
    exact_answer(&exact(document));
}

/// A JSON document with every text as it is: what people do not see is written as `\u`.
#[must_use]
pub fn exact(document: &serde_json::Value) -> String {
    let mut text = String::new();
    for c in format!("{document:#}\n").chars() {
        match c {
            c if c != '\n' && is_invisible(c) => {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}")));
            }
            c => text.push(c),
        }
    }
    text
}

/// How wide the terminal is that stderr is, as far as it is worth wrapping; `None` without one.
pub(in crate::ui) fn width_of_stderr() -> Option<usize> {
    let terminal = terminal_size::terminal_size_of(std::io::stderr());
    terminal.map(|(width, _)| usize::from(width.0).clamp(NARROWEST, WIDEST))
}

/// Writes a line of progress or an explanation.
pub fn note(text: &Shown) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Writes a question; the answer is typed behind it.
pub(in crate::ui) fn prompt(text: &Shown) {
    let mut stderr = anstream::stderr().lock();
    let _ = write!(stderr, "{text}");
    let _ = stderr.flush();
}

/// Writes an error as people read it.
pub fn print_error(error: &Error) {
    note(&failure(&shown!("{}error:{:#} ", RED, RED), error, &shown!("{}hint:{:#}", CYAN, CYAN)));
}

/// Writes a problem that does not stop what was asked for.
pub fn print_warning(error: &Error) {
    note(&failure(&shown!("{}warning:{:#} ", YELLOW, YELLOW), error, &"hint:".into()));
}
