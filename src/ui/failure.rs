//! An error as people read it: wrapped on a terminal, whole in a pipe.

use crate::error::{Error, LONGEST};
use crate::outside::Shown;
use crate::ui::colors::CYAN;
use crate::ui::page::{hung, seen_width};
use crate::ui::print::width_of_stderr;

/// `error` with `lead` before what failed and `hint` before the next step, wrapped where stderr is a terminal.
#[must_use]
pub fn failure(lead: &Shown, error: &Error, hint: &Shown) -> Shown {
    fitted(width_of_stderr(), lead, error, hint)
}

fn fitted(width: Option<usize>, lead: &Shown, error: &Error, hint: &Shown) -> Shown {
    let mut paragraphs = vec![(lead.clone(), 0, Shown::lines_up_to(&error.what, LONGEST))];
    for cause in &error.causes {
        paragraphs.push(("  cause: ".into(), "  cause: ".len(), Shown::lines(cause)));
    }
    if let Some(step) = &error.hint {
        paragraphs.push((Shown::default(), 0, "\n".into()));
        let lead = shown!("{} ", hint);
        let below = seen_width(lead.as_str());
        paragraphs.push((lead, below, Shown::lines(step)));
    }
    let mut lines = Vec::new();
    for (lead, below, text) in paragraphs {
        for (at, line) in text.each_line().enumerate() {
            lines.push(if at == 0 {
                fit(width, &lead, &line)
            } else {
                fit(width, &shown!("{:below$}", ""), &line)
            });
        }
    }
    Shown::join(&lines, "\n")
}

/// One line of it. A line of a file stays whole, for the caret stands below it; so does a command that has a line of its own,
/// for it is copied.
fn fit(width: Option<usize>, lead: &Shown, line: &Shown) -> Shown {
    let whole = shown!("{}{}", lead, line);
    let width = match width {
        Some(width) if seen_width(whole.as_str()) > width => width,
        _ => return whole,
    };
    let words = line.as_str().trim();
    if words.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start().starts_with('|') {
        return whole;
    }
    if words.starts_with('`') && words.ends_with('`') && words.matches('`').count() == 2 {
        return shown!("{}{}{}{:#}", lead, CYAN, line, CYAN);
    }
    let indent = line.length() - line.as_str().trim_start().chars().count();
    hung(width, shown!("{}{:indent$}", lead, ""), line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(width: usize, error: &Error) -> String {
        fitted(Some(width), &"error: ".into(), error, &"hint:".into()).to_string()
    }

    fn failed() -> Error {
        Error::wrong("two checks of seventy failed")
            .because("films.example.org: nothing answers behind this name\nasked at 10.0.0.5")
            .hint("run this, then `homelab up` again:\n`kubectl -n films get pods --output wide`")
    }

    #[test]
    fn each_line_is_wrapped_below_its_first_word_and_a_command_stays_whole() {
        let text = "error: two checks of seventy failed\n  cause: films.example.org: nothing\n         answers behind this name\n         \
                    asked at 10.0.0.5\n\nhint: run this, then `homelab up` again:\n      \
                    \u{1b}[1m\u{1b}[36m`kubectl -n films get pods --output wide`\u{1b}[0m";
        assert_eq!(on(40, &failed()), text);
    }

    #[test]
    fn what_fits_and_what_no_terminal_shows_is_as_it_was_said() {
        let said = format!("error: {}", failed());
        assert_eq!(on(100, &failed()), said);
        assert_eq!(fitted(None, &"error: ".into(), &failed(), &"hint:".into()).to_string(), said);
    }

    #[test]
    fn a_quoted_line_stays_above_its_caret() {
        let quoted = "the configuration has one problem\n\n  homelab.yaml:1:9: no such service\n    1 | a long line, with a mistake in it\n      |         ^";
        assert_eq!(
            on(24, &Error::usage(quoted)).lines().skip(5).collect::<Vec<_>>(),
            quoted.lines().skip(3).collect::<Vec<_>>()
        );
    }
}
