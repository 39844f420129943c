//! What runs, and what comes in its place.

use crate::outside::Shown;
use crate::ui::colors::{BOLD, CYAN, GREEN};
use crate::ui::house::House;
use crate::ui::page::Page;

/// The heads of the columns.
const HEADS: [&str; 4] = ["component", "runs", "brings", "means"];

/// One component, or a part of one.
#[derive(Debug, Clone)]
pub struct UpgradeLine {
    /// What people call it.
    pub name: &'static str,
    /// The version that runs.
    pub runs: String,
    /// The version that this homelab brings.
    pub brings: String,
    /// What that means, in words.
    pub means: String,
    /// Whether it would come in the place of what runs.
    pub is_due: bool,
    /// Where the project says what is new.
    pub notes: String,
}

/// A table of them; with the addresses of the release notes if `verbose`.
#[must_use]
pub fn upgrades(lines: &[UpgradeLine], verbose: bool) -> Shown {
    table(lines, verbose, &Page::of_stdout(&House::default()))
}

fn table(lines: &[UpgradeLine], verbose: bool, page: &Page) -> Shown {
    let shown: Vec<[Shown; 2]> =
        lines.iter().map(|line| [&line.runs, &line.brings].map(|text| Shown::line(text))).collect();
    let widest = |column: usize| {
        let all = shown.iter().map(|row| row[column].length());
        all.chain([HEADS[column + 1].len()]).max().unwrap_or(0)
    };
    let names = lines.iter().map(|line| line.name.len()).chain([HEADS[0].len()]).max().unwrap_or(0);
    let (runs, brings) = (widest(0), widest(1));
    let mut text = shown!(
        "{}{:<names$}{:#}  {}{:<runs$}{:#}  {}{:<brings$}{:#}  {}{}{:#}\n",
        CYAN,
        HEADS[0],
        CYAN,
        CYAN,
        HEADS[1],
        CYAN,
        CYAN,
        HEADS[2],
        CYAN,
        CYAN,
        HEADS[3],
        CYAN
    );
    for (line, [now, then]) in lines.iter().zip(&shown) {
        let style = if line.is_due { GREEN } else { anstyle::Style::new() };
        let lead = shown!(
            "{}{:<names$}{:#}  {:<runs$}  {}{:<brings$}{:#}  ",
            BOLD,
            line.name,
            BOLD,
            now,
            style,
            then,
            style
        );
        page.hang(&mut text, lead, Shown::line(&line.means));
        if verbose {
            text.push(shown!("  {}\n", Shown::line(&line.notes)));
        }
    }
    text
}
