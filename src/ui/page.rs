//! A page of text: how wide it is, and what time it is for who reads it.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::checks::words::span;
use crate::outside::Shown;
use crate::outside::shown::Fit;
use crate::ui::house::House;
use crate::ui::print::{note, width_of_stderr};

/// Where nobody says how wide: wide enough for a sentence, narrow enough for an issue or a mail.
const WIDTH: usize = 100;
/// Wider lines are hard to read, whatever the terminal has room for.
pub(super) const WIDEST: usize = 140;
/// Narrower ones are not worth the wrapping.
pub(super) const NARROWEST: usize = 40;

/// As many columns have to be left for a text beside its lead.
const ROOM: usize = 20;
/// How far a text is indented that stands below its lead.
const BELOW: usize = 4;

/// What text is fitted to.
#[derive(Debug, Clone)]
pub(super) struct Page {
    /// Columns.
    pub(super) width: usize,
    /// The moment from which times to come are counted.
    pub(super) now: Timestamp,
    /// Whose clock is shown.
    pub(super) zone: TimeZone,
    /// Whether the reader ran homelab by `sudo`: what is to be pasted then needs it as well, for the kubeconfig and the
    /// token's file are root's.
    pub(super) sudo: bool,
    /// Which lab it is about.
    pub(super) house: House,
}

impl Page {
    /// As wide as the terminal that stdout is, in this machine's time zone.
    pub(super) fn of_stdout(house: &House) -> Self {
        let width = columns_of_stdout().map_or(WIDTH, |columns| columns.clamp(NARROWEST, WIDEST));
        let sudo = std::env::var_os("SUDO_USER").is_some();
        Self { width, now: Timestamp::now(), zone: TimeZone::system(), sudo, house: house.clone() }
    }

    /// A command as the reader has to paste it.
    pub(super) fn command(&self, command: &Shown) -> Shown {
        let needs = ["kubectl ", "homelab ", "journalctl "]
            .iter()
            .any(|program| command.as_str().starts_with(program));
        if self.sudo && needs { shown!("sudo {}", command) } else { command.clone() }
    }

    /// `lead` and `body` after it, wrapped; further lines begin under the body's first word. A word that is too long for a
    /// line is left whole, so that it can be copied.
    pub(super) fn hang(&self, text: &mut Shown, lead: impl Fit, body: impl Fit) {
        text.push(hung(self.width, lead, body));
        text.push("\n");
    }

    /// A time on the reader's clock and how far away it is: `15:40 (in 12 min)`.
    pub(super) fn when(&self, at: Timestamp) -> String {
        let (then, now) = (at.to_zoned(self.zone.clone()), self.now.to_zoned(self.zone.clone()));
        let clock = match then.date() == now.date() {
            true => then.strftime("%H:%M").to_string(),
            false => then.strftime("%a %d %b %H:%M").to_string(),
        };
        let away = at.duration_since(self.now);
        match away.is_negative() {
            true => format!("{clock} ({} ago)", span(-away.as_secs())),
            false => format!("{clock} (in {})", span(away.as_secs())),
        }
    }
}

/// How wide the terminal is that stdout is; `None` where it is none.
pub(super) fn columns_of_stdout() -> Option<usize> {
    terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0))
}

/// `lead` and `body` after it, wrapped at `width` columns, without a last newline; see [`Page::hang`].
pub(super) fn hung(width: usize, lead: impl Fit, body: impl Fit) -> Shown {
    let (lead, body) = (shown!("{}", lead), shown!("{}", body));
    let beside = seen_width(lead.as_str());
    let first = body.words().next().map_or(0, |word| seen_width(word.as_str()));
    // Beside a long name on a narrow terminal there is no room for words, or not for the first: the body then stands below it.
    let has_room = beside * 2 <= width || beside + ROOM <= width;
    let is_cut = beside > BELOW && beside + first > width && BELOW + first <= width;
    let is_below = (is_cut || !has_room) && !lead.as_str().trim().is_empty();
    let (mut text, indent) =
        if is_below { (shown!("{}\n{:BELOW$}", lead.trimmed(), ""), BELOW) } else { (lead, beside) };
    let mut column = indent;
    let mut is_first = true;
    for word in body.words() {
        let length = seen_width(word.as_str());
        if is_first {
            is_first = false;
        } else if column + 1 + length > width {
            text.push(shown!("\n{:indent$}", ""));
            column = indent;
        } else {
            text.push(" ");
            column += 1;
        }
        text.push(word);
        column += length;
    }
    text
}

/// Writes an explanation, wrapped where it is read on a terminal.
pub fn note_of(lead: &'static str, body: &Shown) {
    note(&match width_of_stderr() {
        Some(columns) => hung(columns, lead, body),
        None => shown!("{}{}", lead, body),
    });
}

/// How many columns a text takes, its colours left out.
pub(super) fn seen_width(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(width: usize) -> Page {
        Page {
            sudo: false,
            house: House::default(),
            width,
            now: "2026-06-01T12:00:00Z".parse().unwrap(),
            zone: TimeZone::fixed(jiff::tz::offset(2)),
        }
    }

    fn hung(width: usize, lead: &'static str, body: &'static str) -> String {
        let mut text = Shown::default();
        page(width).hang(&mut text, lead, body);
        text.to_string()
    }

    #[test]
    fn text_is_wrapped_under_its_first_word() {
        assert_eq!(
            hung(20, "  fix: ", "take the cable and plug it in"),
            "  fix: take the\n       cable and\n       plug it in\n"
        );
    }

    #[test]
    fn a_text_without_room_beside_its_lead_stands_below_it() {
        assert_eq!(
            hung(40, "ok  whoami.home.example.test  ", "10.99.0.10, 10.99.0.11 from 6 resolvers"),
            "ok  whoami.home.example.test\n    10.99.0.10, 10.99.0.11 from 6\n    resolvers\n"
        );
    }

    #[test]
    fn a_word_that_fits_a_line_of_its_own_has_one() {
        assert_eq!(
            hung(40, "configuration: ", "/home/ada/lab/house/homelab.yaml"),
            "configuration:\n    /home/ada/lab/house/homelab.yaml\n"
        );
    }

    #[test]
    fn a_long_word_stays_whole_and_colours_take_no_room() {
        assert_eq!(hung(10, "a ", "https://example.com/long b"), "a https://example.com/long\n  b\n");
        let green = crate::ui::colors::GREEN;
        assert_eq!(seen_width(&format!("{green}ok{green:#} x")), 4);
    }

    #[test]
    fn a_time_is_told_on_the_readers_clock_with_its_distance() {
        let when = |at: &str| page(80).when(at.parse().unwrap());
        assert_eq!(when("2026-06-01T12:12:30Z"), "14:12 (in 12 min)");
        assert_eq!(when("2026-06-01T11:59:30Z"), "13:59 (30 s ago)");
        assert_eq!(when("2026-06-04T12:00:00Z"), "Thu 04 Jun 14:00 (in 3 days)");
    }

    #[test]
    fn who_needed_sudo_gets_commands_with_it() {
        let mut page = page(80);
        assert_eq!(page.command(&"kubectl get nodes".into()).as_str(), "kubectl get nodes");
        page.sudo = true;
        assert_eq!(page.command(&"kubectl get nodes".into()).as_str(), "sudo kubectl get nodes");
        assert_eq!(page.command(&"homelab up".into()).as_str(), "sudo homelab up");
        assert_eq!(page.command(&"dig example.com".into()).as_str(), "dig example.com");
    }
}
