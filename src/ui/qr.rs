//! A QR code for the camera of a phone, of half blocks: two modules in one character, about as high as wide.

use anstyle::{Ansi256Color, Color, Style};
use fast_qr::{ECL, QRBuilder, QRCode};

use crate::outside::Shown;
use crate::ui::page::columns_of_stdout;

/// As many light modules belong around a code (ISO/IEC 18004:2015, 6.3.8).
const QUIET: usize = 4;
/// Light is what is drawn, so that it comes out right on a dark terminal without colours, too. With colours it does on every
/// one: these two of the 256 are the same whatever the theme, which the first 16 are not.
const STYLE: Style = Style::new()
    .fg_color(Some(Color::Ansi256(Ansi256Color(231))))
    .bg_color(Some(Color::Ansi256(Ansi256Color(16))));

/// The code of a text, where stdout is a terminal that is wide enough for it.
#[must_use]
pub fn qr(text: &str) -> Option<Shown> {
    within(text, columns_of_stdout()?)
}

fn within(text: &str, columns: usize) -> Option<Shown> {
    // On a screen nothing is torn or dirty: the level that is usual on paper is enough, and the code stays small.
    let code = QRBuilder::new(text).ecl(ECL::M).build().ok()?;
    (code.size + 2 * QUIET <= columns).then(|| drawn(&code))
}

fn drawn(code: &QRCode) -> Shown {
    let side = code.size + 2 * QUIET;
    let is_light = |x: usize, y: usize| {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < code.size);
        inside(x).zip(inside(y)).is_none_or(|(x, y)| !code[y][x].value())
    };
    let mut text = Shown::default();
    for y in (0..side).step_by(2) {
        text.push(STYLE);
        for x in 0..side {
            text.push(match (is_light(x, y), is_light(x, y + 1)) {
                (true, true) => "█",
                (true, false) => "▀",
                (false, true) => "▄",
                (false, false) => " ",
            });
        }
        text.push(shown!("{:#}\n", STYLE));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "http://ca.home.example.com/";

    /// Whether each module is dark, as somebody sees it who looks at a terminal: rows from top to bottom.
    fn seen(drawn: &Shown) -> Vec<Vec<bool>> {
        let text = anstream::adapter::strip_str(drawn.as_str()).to_string();
        let half = |line: &str, light: [char; 2]| line.chars().map(|c| !light.contains(&c)).collect();
        text.lines().flat_map(|line| [half(line, ['█', '▀']), half(line, ['█', '▄'])]).collect()
    }

    #[test]
    fn a_decoder_reads_what_a_terminal_shows() {
        for page in [PAGE, "http://ca.home.arpa/", &format!("http://ca.{}.example.com/", "a".repeat(63))] {
            let rows = seen(&within(page, 200).unwrap());
            let side = rows[0].len() - 2 * QUIET;
            let grid = rqrr::SimpleGrid::from_func(side, |x, y| rows[y + QUIET][x + QUIET]);
            let (_, text) = rqrr::Grid::new(grid).decode().unwrap();
            assert_eq!(text, page);
        }
    }

    #[test]
    fn around_it_is_a_quiet_zone_of_four_modules() {
        let rows = seen(&within(PAGE, 200).unwrap());
        let width = rows[0].len();
        // A line has two rows, and a code an odd number of them.
        assert!(rows.iter().all(|row| row.len() == width) && rows.len() == width + 1);
        let is_dark = |x: usize, y: usize| rows[y][x];
        for at in 0..width {
            for edge in (0..QUIET).chain(width - QUIET..width) {
                assert!(!is_dark(at, edge) && !is_dark(edge, at), "{at} {edge}");
            }
        }
        assert!(is_dark(QUIET, QUIET), "the corner of a finder pattern");
    }

    #[test]
    fn each_line_says_its_colours_and_ends_them() {
        let drawn = within(PAGE, 200).unwrap();
        for line in drawn.as_str().lines() {
            assert!(
                line.starts_with("\u{1b}[38;5;231m\u{1b}[48;5;16m") && line.ends_with("\u{1b}[0m"),
                "{line:?}"
            );
        }
    }

    #[test]
    fn it_is_not_drawn_where_it_does_not_fit() {
        let width = seen(&within(PAGE, 200).unwrap())[0].len();
        assert!(width <= 40, "{width}: an ordinary terminal has 80 columns");
        assert!(within(PAGE, width).is_some() && within(PAGE, width - 1).is_none());
    }
}
