//! What a command left on a terminal as a picture for the README, and back: the picture says the words that it shows.

use std::collections::BTreeSet;

use anstyle_svg::Term;

use crate::terminal::Row;

/// The picture: what was typed, and what was seen.
pub(crate) fn svg(shown: &[(&str, &[Row])]) -> String {
    let mut text = String::new();
    for (typed, rows) in shown {
        text.push_str(&format!("\x1b[1m$ {typed}\x1b[0m\n"));
        for row in *rows {
            text.push_str(&row.styled);
            text.push('\n');
        }
    }
    Term::new().render_svg(text.trim_end())
}

/// The lines of a picture that [`svg`] made, without what differs from run to run: the order in which parts are ready,
/// numbers, and what is as random as a number.
pub(crate) fn lines(picture: &str) -> BTreeSet<String> {
    let masked = |line: &str| line.split_whitespace().map(mask).collect::<Vec<_>>().join(" ");
    plain(picture).lines().map(masked).filter(|line| !line.is_empty()).collect()
}

/// The text between the tags, a line for each row.
fn plain(svg: &str) -> String {
    let body = svg.split_once("<text").map_or(svg, |(_, body)| body);
    let mut text = String::new();
    let mut inside = true;
    for letter in body.chars() {
        match letter {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => text.push(letter),
            _ => {}
        }
    }
    let unescaped = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    unescaped.replace("&#x27;", "'").replace("&#x2F;", "/").replace("&amp;", "&")
}

/// A word of which every run of digits, and of hexadecimal digits with one among them, is one `#`.
fn mask(word: &str) -> String {
    let mut masked = String::new();
    let mut rest = word;
    while !rest.is_empty() {
        let run = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (part, behind) = rest.split_at(run);
        masked.push_str(if part.bytes().any(|b| b.is_ascii_digit()) { "#" } else { part });
        let after = behind.chars().next().map_or(0, char::len_utf8);
        masked.push_str(&behind[..after]);
        rest = &behind[after..];
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str, styled: &str) -> Row {
        Row { text: text.to_owned(), styled: styled.to_owned(), broken: false }
    }

    #[test]
    fn a_picture_says_what_it_shows_and_no_number_counts() {
        let rows = [
            row("ok   verify  27 of 27 checks", "\x1b[32mok\x1b[0m   verify  27 of 27 checks"),
            row("from <CN=Pebble 09e091> & \"more\"", "from <CN=Pebble 09e091> & \"more\""),
        ];
        let picture = svg(&[("homelab up", &rows)]);
        assert!(picture.starts_with("<svg"), "{picture}");
        let said: Vec<String> = lines(&picture).into_iter().collect();
        assert_eq!(said, ["$ homelab up", "from <CN=Pebble #> & \"more\"", "ok verify # of # checks"]);
    }
}
