//! Questions, on a terminal only: asked on stderr, answered on stdin.

use std::io::{BufRead as _, IsTerminal as _, Read as _};

use console::{Key, Term};

use crate::error::{Error, Result};
use crate::outside::Shown;
use crate::ui::colors::{BOLD, CYAN};
use crate::ui::failure::failure;
use crate::ui::print::{note, prompt};

/// Ctrl-D.
const END: char = '\u{4}';
/// As much as an answer can be.
const LONGEST: u64 = 64 << 10;

/// Whether there is somebody to ask.
#[must_use]
pub fn is_possible() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks until `take` takes the answer. What is wrong with an answer is said.
///
/// # Errors
/// When the input ends.
pub fn question<T>(about: &'static str, mut take: impl FnMut(&str) -> Result<T>) -> Result<T> {
    loop {
        prompt(&shown!("{}{}{:#}: ", BOLD, about, BOLD));
        match take(line()?.trim()) {
            Ok(value) => return Ok(value),
            Err(error) => note(&failure(&"  ".into(), &error, &shown!("{}hint:{:#}", CYAN, CYAN))),
        }
    }
}

/// Asks for a yes; everything else is a no.
///
/// # Errors
/// When the input ends.
pub fn is_confirmed(about: &'static str) -> Result<bool> {
    prompt(&shown!("{}{}{:#} [y/N]: ", BOLD, about, BOLD));
    Ok(is_yes(&line()?))
}

fn is_yes(answer: &str) -> bool {
    ["y", "yes"].contains(&answer.trim().to_lowercase().as_str())
}

/// Asks for a secret: what is typed or pasted is not shown.
///
/// # Errors
/// When the input ends, or the terminal cannot hide it.
pub fn secret(about: &'static str) -> Result<String> {
    prompt(&shown!("{}{}{:#} (not shown): ", BOLD, about, BOLD));
    // Key by key: an interruption between two leaves the terminal as it was.
    let (terminal, mut text) = (Term::stderr(), String::new());
    loop {
        match terminal.read_key().map_err(|error| ended().because(error))? {
            Key::Enter => break,
            Key::Backspace => drop(text.pop()),
            Key::CtrlC => return Err(Error::interrupted()),
            Key::Char(END) => return Err(ended()),
            Key::Char(c) if !c.is_control() => text.push(c),
            _ => {}
        }
    }
    note(&Shown::default());
    Ok(text)
}

/// All of stdin, for a secret that another program writes.
///
/// # Errors
/// When it cannot be read, or is no text.
pub fn piped() -> Result<String> {
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|error| Error::usage("cannot read standard input").because(error))?;
    Ok(text)
}

fn line() -> Result<String> {
    let mut text = String::new();
    let read = std::io::stdin().lock().take(LONGEST).read_line(&mut text);
    match read.map_err(|error| ended().because(error))? {
        0 => Err(ended()),
        _ => Ok(text),
    }
}

fn ended() -> Error {
    Error::usage("no answer was given").hint("give the answers as flags: `--help` lists them")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        assert!(["y", "Y\n", " yes \n", "YES"].into_iter().all(is_yes));
        assert!(!["", "\n", "n", "ye", "yess", "yes please", "j"].into_iter().any(is_yes));
    }
}
