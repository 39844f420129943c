//! A picture that is shown again and again.

use jiff::Zoned;

use crate::outside::Shown;
use crate::ui::output::Ui;
use crate::ui::print;

/// Where the pictures go.
pub struct Screen {
    redraws: bool,
    every: u64,
    last: Option<String>,
}

impl Screen {
    /// On a terminal each picture takes the place of the one before; elsewhere it follows it. `every` so many seconds one comes.
    #[must_use]
    pub fn new(ui: Ui, every: u64) -> Self {
        Self { redraws: ui.redraws, every, last: None }
    }

    /// Shows a picture, with the time; `what` says whether it differs from the one before. Returns whether somebody still reads.
    pub fn show(&mut self, what: String, picture: &Shown) -> bool {
        let Some(text) = self.next(what, picture, &Zoned::now()) else { return true };
        if self.redraws {
            print::clear();
        }
        print::is_read(&text)
    }

    fn next(&mut self, what: String, picture: &Shown, now: &Zoned) -> Option<Shown> {
        let is_first = self.last.is_none();
        let is_new = self.last.as_ref() != Some(&what);
        self.last = Some(what);
        let time = Shown::line(&now.strftime("%Y-%m-%d %H:%M:%S").to_string());
        match self.redraws {
            true => {
                let every = Shown::line(&format!("every {} s", self.every));
                Some(shown!("{}, {}; Ctrl-C ends it\n\n{}", time, every, picture))
            }
            false if is_new => Some(shown!("{}{}\n{}", if is_first { "" } else { "\n" }, time, picture)),
            false => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pictures(redraws: bool) -> Vec<Option<String>> {
        let mut screen = Screen { redraws, every: 5, last: None };
        let now: Zoned = "2026-06-01T12:00:00+02:00[+02:00]".parse().unwrap();
        let mut show = |what: &str, picture: &'static str| {
            screen.next(what.to_owned(), &picture.into(), &now).map(|text| text.to_string())
        };
        vec![show("a", "a 1\n"), show("a", "a 2\n"), show("b", "b\n")]
    }

    #[test]
    fn a_pipe_gets_a_picture_only_when_something_changed() {
        let first = "2026-06-01 12:00:00\na 1\n".to_owned();
        assert_eq!(pictures(false), [Some(first), None, Some("\n2026-06-01 12:00:00\nb\n".to_owned())]);
    }

    #[test]
    fn a_terminal_gets_every_picture_with_its_time() {
        let all = pictures(true);
        assert_eq!(all[1].as_deref(), Some("2026-06-01 12:00:00, every 5 s; Ctrl-C ends it\n\na 2\n"));
    }
}
