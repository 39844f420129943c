//! Entries of a mapping in braces.

use std::ops::Range;

use crate::config::edit::lines::{self, Splice};
use crate::config::edit::outline::{Entry, Item};

/// A mapping in braces, with what stands around its entries.
pub(super) struct Flow<'f> {
    pub text: &'f str,
    pub comments: &'f [Range<usize>],
    /// Where its `{` is.
    pub opens: usize,
    /// Behind its `}`.
    pub ends: usize,
    pub entries: &'f [Entry],
}

impl<'f> Flow<'f> {
    pub(super) fn new(
        text: &'f str,
        comments: &'f [Range<usize>],
        item: &Item,
        opens: usize,
        entries: &'f [Entry],
    ) -> Self {
        Self { text, comments, opens, ends: item.end, entries }
    }

    /// With `new` as its last entry.
    pub(super) fn add(&self, new: &str) -> Splice {
        let Some(last) = self.entries.last().map(Entry::end) else {
            let inside = self.opens + 1;
            let space = if self.text[inside..].starts_with('}') { " " } else { "" };
            return Splice::new(inside..inside, format!(" {new}{space}"));
        };
        match self.comma(last..self.ends) {
            Some(comma) => Splice::new(comma + 1..comma + 1, format!(" {new},")),
            None => Splice::new(last..last, format!(", {new}")),
        }
    }

    /// Without the entry `index`.
    pub(super) fn remove(&self, index: usize) -> Option<Splice> {
        let entry = self.entries.get(index)?;
        let (start, end) = (entry.key.start, entry.end());
        let next = self.entries.get(index + 1);
        let comma = self.comma(end..next.map_or(self.ends, |next| next.key.start));
        let behind = comma.map_or(end, |comma| comma + 1);
        if self.is_alone_on_its_lines(start, behind) {
            return Some(lines::without(self.text, start, behind));
        }
        let before = match index.checked_sub(1) {
            Some(before) => self.entries.get(before)?.end(),
            None => self.opens + 1,
        };
        let at = match (index, next) {
            // All that is between the braces, if that is no more than a line.
            (0, None) if self.text[behind..self.ends - 1].bytes().all(|b| b == b' ') => before..self.ends - 1,
            (0, None) => before..behind,
            (_, Some(next)) if self.is_plain(behind..next.key.start) => start..next.key.start,
            (_, Some(_)) => start..behind,
            // The comma before it goes with it, or its own does.
            (_, None) if self.is_plain(before..start) => match comma {
                Some(_) => self.comma(before..start)? + 1..behind,
                None => before..end,
            },
            (_, None) => start..behind,
        };
        let only_entry = index == 0 && next.is_none();
        (!only_entry || self.is_plain(before..start)).then(|| Splice::new(at, ""))
    }

    fn is_alone_on_its_lines(&self, start: usize, behind: usize) -> bool {
        let rest = &self.text[behind..lines::end(self.text, behind)];
        let is_blank = rest.trim().is_empty()
            || self.comments.iter().any(|comment| {
                comment.start >= behind
                    && self.text[behind..comment.start].bytes().all(|b| b == b' ' || b == b'\t')
            });
        lines::indent(self.text, start).is_some() && is_blank && lines::start(self.text, start) > self.opens
    }

    /// Nothing but commas and spaces of one line.
    fn is_plain(&self, between: Range<usize>) -> bool {
        self.text[between].bytes().all(|b| b == b' ' || b == b',')
    }

    /// The first comma there that is in no comment.
    fn comma(&self, between: Range<usize>) -> Option<usize> {
        let is_comment = |at: &usize| self.comments.iter().any(|comment| comment.contains(at));
        let commas = self.text[between.clone()].match_indices(',').map(|(at, _)| between.start + at);
        commas.into_iter().find(|at| !is_comment(at))
    }
}
