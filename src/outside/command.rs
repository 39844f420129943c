//! Commands that findings give to be pasted. What stands in one is homelab's own text, or a word that is quoted: nothing
//! that another wrote gets there in any other way.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::facts::names::Host;
use crate::outside::shell;

/// How many commands a finding has at most.
const MOST_COMMANDS: usize = 20;
/// The longest command, in bytes.
const LONGEST_COMMAND: usize = 2048;

/// A command, or a part of one. Its only makers are [`command!`] and text that is known when homelab is built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Command(String);

/// Makes a [`Command`] of a template and one word for each `{}` in it: `command!("kubectl -n {} get pods", namespace)`.
/// Gives `None` when a word cannot be quoted: then there is no command to show. Does not compile with more or fewer words
/// than places, nor with a place inside quotes.
macro_rules! command {
    ($template:literal $(, $word:expr)* $(,)?) => {{
        const { assert!($crate::outside::command::holes($template) == <[&str]>::len(&[$(stringify!($word)),*])) }
        $crate::outside::command::fill($template, &[$(&$word),*])
    }};
}

/// What may stand in a `{}`.
pub(crate) trait Word {
    /// As a shell reads it back; `None` when that cannot be had.
    fn word(&self) -> Option<String>;
}

/// What a finding takes as a command: text of homelab's own, or a [`Command`], where there is one.
pub trait Pasted {
    /// The line.
    fn line(self) -> Option<String>;
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Pasted for &'static str {
    fn line(self) -> Option<String> {
        Some(self.to_owned())
    }
}

impl Pasted for Command {
    fn line(self) -> Option<String> {
        Some(self.0)
    }
}

impl From<&'static str> for Command {
    fn from(text: &'static str) -> Self {
        Self(text.to_owned())
    }
}

impl<T: Pasted> Pasted for Option<T> {
    fn line(self) -> Option<String> {
        self?.line()
    }
}

impl Word for str {
    fn word(&self) -> Option<String> {
        shell::quote(self)
    }
}

impl Word for String {
    fn word(&self) -> Option<String> {
        shell::quote(self)
    }
}

/// A part that is a command's already.
impl Word for Command {
    fn word(&self) -> Option<String> {
        Some(self.0.clone())
    }
}

impl<T: Word> Word for Option<T> {
    fn word(&self) -> Option<String> {
        self.as_ref()?.word()
    }
}

/// Several words.
impl<T: Word> Word for [T] {
    fn word(&self) -> Option<String> {
        Some(self.iter().map(Word::word).collect::<Option<Vec<_>>>()?.join(" "))
    }
}

impl<T: Word> Word for Vec<T> {
    fn word(&self) -> Option<String> {
        self.as_slice().word()
    }
}

impl<T: Word + ?Sized> Word for &T {
    fn word(&self) -> Option<String> {
        (**self).word()
    }
}

impl Word for Host {
    fn word(&self) -> Option<String> {
        shell::quote(self.as_str())
    }
}

impl Word for Path {
    fn word(&self) -> Option<String> {
        shell::quote(self.to_str()?)
    }
}

impl Word for PathBuf {
    fn word(&self) -> Option<String> {
        self.as_path().word()
    }
}

impl Word for IpAddr {
    fn word(&self) -> Option<String> {
        shell::quote(&self.to_string())
    }
}

impl Word for Ipv4Addr {
    fn word(&self) -> Option<String> {
        shell::quote(&self.to_string())
    }
}

impl Word for SocketAddr {
    fn word(&self) -> Option<String> {
        shell::quote(&self.to_string())
    }
}

/// What is too long to be read before it is pasted is left out, and so is what would be more than a person pastes: the next
/// look gives the rest.
pub(crate) fn add(commands: &mut Vec<String>, command: impl Pasted) {
    if let Some(line) = command.line().filter(|line| line.len() <= LONGEST_COMMAND)
        && commands.len() < MOST_COMMANDS
    {
        commands.push(line);
    }
}

/// How many places a template has. For [`command!`].
pub(crate) const fn holes(template: &str) -> usize {
    let text = template.as_bytes();
    let (mut at, mut count, mut quote) = (0, 0, 0);
    while at < text.len() {
        match text[at] {
            b'{' if at + 1 < text.len() && text[at + 1] == b'}' => {
                assert!(quote == 0, "a word is quoted by itself: no quotes around `{{}}`");
                count += 1;
            }
            mark @ (b'\'' | b'"') if quote == 0 => quote = mark,
            mark if mark == quote => quote = 0,
            _ => {}
        }
        at += 1;
    }
    count
}

/// Puts words into a template. For [`command!`].
pub(crate) fn fill(template: &'static str, words: &[&dyn Word]) -> Option<Command> {
    let mut words = words.iter();
    let mut parts = template.split("{}");
    let mut line = parts.next()?.to_owned();
    for part in parts {
        line.push_str(&words.next()?.word()?);
        line.push_str(part);
    }
    Some(Command(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_wrote_is_one_word_of_the_shell() {
        let manager = "x';id;'";
        let line = command!("kubectl -n {} annotate {}", "a b", manager).line();
        assert_eq!(line.as_deref(), Some("kubectl -n 'a b' annotate 'x'\\'';id;'\\'''"));
    }

    #[test]
    fn without_a_word_that_can_be_quoted_there_is_no_command() {
        assert_eq!(command!("ls -l {}", "a\nb"), None);
        assert_eq!(command!("dig {}", Option::<String>::None), None);
    }

    #[test]
    fn nobody_is_given_more_commands_than_can_be_read() {
        let mut commands = Vec::new();
        (0..100).for_each(|_| add(&mut commands, "homelab up"));
        assert_eq!(commands.len(), MOST_COMMANDS);
        let mut long = Vec::new();
        add(&mut long, command!("ls -l {}", "x".repeat(LONGEST_COMMAND)));
        assert!(long.is_empty());
    }

    #[test]
    fn several_words_and_parts_of_a_command_stay_what_they_are() {
        let part = command!("-n {} secret/{}", "a", "b");
        let line = command!("kubectl get {} {}", part, ["x", "y z"].as_slice());
        assert_eq!(line.line().as_deref(), Some("kubectl get -n a secret/b x 'y z'"));
    }

    #[test]
    fn places_are_counted_outside_of_quotes() {
        assert_eq!(holes("dig {} @{}"), 2);
        assert_eq!(holes("kubectl get node {} --output jsonpath='{.metadata}'"), 1);
        assert_eq!(holes("homelab up"), 0);
    }
}
