//! A group of checks: its definitions and its judges, as one value.

use super::definition::Def;
use super::model::Judged;
use crate::evidence::Evidence;

/// Checks that look at the same thing; its name is what stands before the dot of a check's name.
#[derive(Clone, Copy)]
pub struct Group {
    /// For example `dns`.
    pub name: &'static str,
    /// What it looks at, in one line.
    pub about: &'static str,
    /// Its checks, causes first.
    pub checks: &'static [Def],
    /// Judges what was seen: a pure function. What it gives bears the names of [`Self::checks`] and no others.
    pub judge: fn(&Evidence) -> Vec<Judged>,
}
