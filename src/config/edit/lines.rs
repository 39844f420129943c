//! Lines of a file by the places of bytes in it.

use std::ops::Range;

/// What is taken out, and what is put there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Splice {
    pub at: Range<usize>,
    pub with: String,
}

impl Splice {
    pub(super) fn new(at: Range<usize>, with: impl Into<String>) -> Self {
        Self { at, with: with.into() }
    }

    /// The file with it done.
    pub(super) fn done(&self, text: &str) -> Option<String> {
        Some(format!("{}{}{}", text.get(..self.at.start)?, self.with, text.get(self.at.end..)?))
    }
}

/// Where the line begins in which `at` stands.
pub(super) fn start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Behind the newline of the line in which `at` stands, or the end of the file.
pub(super) fn end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1)
}

/// How the lines of the file end at that place.
pub(super) fn ending(text: &str, at: usize) -> &'static str {
    let before = text[..at].rfind('\n').or_else(|| text.find('\n'));
    match before {
        Some(newline) if text[..newline].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// The spaces before `at` in its line; `None` when something else stands there.
pub(super) fn indent(text: &str, at: usize) -> Option<&str> {
    let before = text[start(text, at)..at].trim_start_matches('\u{feff}');
    before.chars().all(|c| c == ' ').then_some(before)
}

/// New lines below the line in which `at` stands. A file without a newline at its end stays one.
pub(super) fn below(text: &str, at: usize, new: &[String]) -> Splice {
    let end = end(text, at);
    let ending = ending(text, end);
    let with = match text[..end].ends_with('\n') {
        true => new.iter().map(|line| format!("{line}{ending}")).collect::<String>(),
        false => new.iter().map(|line| format!("{ending}{line}")).collect(),
    };
    Splice::new(end..end, with)
}

/// The lines from that of `from` to that of `to` taken out. A file without a newline at its end stays one.
pub(super) fn without(text: &str, from: usize, to: usize) -> Splice {
    let (mut begin, end) = (start(text, from), end(text, to));
    if end == text.len() && !text.ends_with('\n') && begin > 0 {
        begin -= ending(text, begin).len();
    }
    Splice::new(begin..end, "")
}
