//! A command as a person sees it: on a terminal of so many columns, when it has ended.

use std::num::NonZeroU16;
use std::process::Command;
use std::time::Duration;

use anstyle::{Ansi256Color, Style};
use vt100::{Color, Parser};

use crate::command::{describe, output_within};
use crate::error::{Context, Result};
use crate::vantage::Vantage;

/// As high as the longest answer: what has scrolled away cannot be looked at.
const ROWS: u16 = 1000;

/// What a command left on the terminal.
pub(crate) struct Seen {
    pub(crate) code: Option<i32>,
    pub(crate) rows: Vec<Row>,
}

/// One row of the terminal.
pub(crate) struct Row {
    /// As it reads.
    pub(crate) text: String,
    /// With its colours, as escape codes.
    pub(crate) styled: String,
    /// Whether the terminal broke the line here, in the middle of a word or not, since it was too long.
    pub(crate) broken: bool,
}

/// Runs a command at a place, on a terminal with so many columns.
pub(crate) fn run(at: &Vantage, words: &[&str], columns: u16, limit: Duration) -> Result<Seen> {
    let line: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    let line = format!("stty cols {columns} rows {ROWS} -echo; exec {}", line.join(" "));
    // `script` gives the program a terminal of its own, and us what the program writes to it.
    let mut script: Command = at.command("script");
    script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).env("TERM", "xterm-256color");
    script.env_remove("NO_COLOR").env_remove("CI");
    let output = output_within(&mut script, limit)?;
    let size = |number: u16| NonZeroU16::new(number).context(format_args!("running {}", describe(&script)));
    let mut terminal = Parser::new(size(ROWS)?, size(columns)?, 0);
    terminal.process(output.stdout.as_bytes());
    let mut rows: Vec<Row> = (0..ROWS).map(|row| seen(terminal.screen(), row, columns)).collect();
    rows.truncate(rows.iter().rposition(|row| !row.text.is_empty()).map_or(0, |last| last + 1));
    Ok(Seen { code: output.status.code(), rows })
}

/// A word as a shell takes it for one word.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn seen(screen: &vt100::Screen, row: u16, columns: u16) -> Row {
    let (mut text, mut styled) = (String::new(), String::new());
    let mut style = Style::new();
    for cell in (0..columns).filter_map(|column| screen.cell(row, column)) {
        if cell.is_wide_continuation() {
            continue;
        }
        let letter = if cell.has_contents() { cell.contents() } else { " " };
        let now = style_of(cell);
        if now != style {
            styled.push_str(&format!("{style:#}{now}"));
            style = now;
        }
        text.push_str(letter);
        styled.push_str(letter);
    }
    styled.push_str(&format!("{style:#}"));
    text.truncate(text.trim_end().len());
    Row { text, styled: styled.trim_end().to_owned(), broken: screen.row_wrapped(row) }
}

fn style_of(cell: &vt100::Cell) -> Style {
    let color = match cell.fgcolor() {
        Color::Idx(number) => Some(Ansi256Color(number).into()),
        Color::Default | Color::Rgb(..) => None,
    };
    let style = Style::new().fg_color(color);
    let style = if cell.bold() { style.bold() } else { style };
    if cell.dim() { style.dimmed() } else { style }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_keeps_its_colours_and_a_line_that_is_too_long_is_told() {
        let ten = NonZeroU16::MIN.saturating_add(9);
        let mut terminal = Parser::new(Parser::DEFAULT_ROWS, ten, 0);
        terminal.process(b"\x1b[32mok\x1b[0m fine\r\nmore than ten columns\r\n");
        let rows: Vec<Row> = (0..4).map(|row| seen(terminal.screen(), row, 10)).collect();
        let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
        assert_eq!(texts, ["ok fine", "more than", "ten column", "s"]);
        assert!(rows[0].styled.starts_with("\x1b[38;5;2mok\x1b[0m fine"), "{:?}", rows[0].styled);
        assert_eq!(rows.iter().map(|row| row.broken).collect::<Vec<_>>(), [false, true, true, false]);
    }

    #[test]
    fn a_word_with_blanks_is_one_word_for_the_shell() {
        assert_eq!(quoted("--config=/etc/homelab.yaml"), "--config=/etc/homelab.yaml");
        assert_eq!(quoted("it's a"), r"'it'\''s a'");
    }
}
