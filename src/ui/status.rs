//! Names at a glance, and one name's chain.

use std::fmt::Write as _;

use crate::outside;
use crate::ui::colors::{BOLD, CYAN, GREEN, RED, YELLOW};
use crate::ui::house::House;
use crate::ui::page::Page;

/// One name.
#[derive(Debug, Clone)]
pub struct StatusLine {
    /// `ok`, `not yet`, `broken` or `unknown`.
    pub word: &'static str,
    /// What people type.
    pub url: String,
    /// Where it leads.
    pub addresses: String,
    /// What is left of its certificate.
    pub certificate: String,
    /// Whose Ingress it is, where it is not of the configuration.
    pub foreign: Option<String>,
    /// What is wrong, one line each.
    pub wrong: Vec<String>,
}

/// One step of a name's chain.
#[derive(Debug, Clone)]
pub struct StatusStep {
    /// As in a report.
    pub word: &'static str,
    /// What is looked at.
    pub name: &'static str,
    /// What it was seen to be, or what is wrong with it.
    pub saw: String,
}

/// One line for each name, and under it what is wrong.
#[must_use]
pub fn status(lines: &[StatusLine], house: &House) -> String {
    names(lines, &Page::of_stdout(house))
}

fn names(lines: &[StatusLine], page: &Page) -> String {
    let widest = |of: fn(&StatusLine) -> usize| lines.iter().map(of).max().unwrap_or(0);
    let (words, urls) =
        (widest(|line| line.word.len()), widest(|line| outside::lines(&line.url).chars().count()));
    let addresses = widest(|line| outside::lines(&line.addresses).chars().count());
    let mut text = String::new();
    for line in lines {
        let style = style(line.word);
        let foreign = line
            .foreign
            .as_ref()
            .map_or(String::new(), |name| format!("  (Ingress {})", outside::lines(name)));
        let _ = writeln!(
            text,
            "{style}{:<words$}{style:#}  {BOLD}{:<urls$}{BOLD:#}  {:<addresses$}  {}{foreign}",
            line.word,
            outside::lines(&line.url),
            outside::lines(&line.addresses),
            outside::lines(&line.certificate)
        );
        for wrong in &line.wrong {
            page.hang(&mut text, &" ".repeat(words + 2), &outside::lines(wrong));
        }
    }
    if lines.iter().any(|line| !line.wrong.is_empty()) {
        let doctor = page.house.words("`homelab doctor`");
        let _ = writeln!(text, "\nwhy, and what to do: {}", doctor.trim_matches('`'));
    }
    if lines.is_empty() {
        text.push_str(
            &page.house.words("there is no name yet: add one under `services`, and run `homelab up`\n"),
        );
    }
    text
}

/// The chain of one name, one step a line.
#[must_use]
pub fn status_chain(line: &StatusLine, steps: &[StatusStep]) -> String {
    chain(line, steps, &Page::of_stdout(&House::default()))
}

fn chain(line: &StatusLine, steps: &[StatusStep], page: &Page) -> String {
    let style = style(line.word);
    let mut text = format!("{style}{}{style:#}  {BOLD}{}{BOLD:#}\n", line.word, outside::lines(&line.url));
    let (words, names) = (
        steps.iter().map(|step| step.word.len()).max().unwrap_or(0),
        steps.iter().map(|step| step.name.len()).max().unwrap_or(0),
    );
    for step in steps {
        let style = self::style(step.word);
        let lead = format!("  {style}{:<words$}{style:#}  {:<names$}  ", step.word, step.name);
        page.hang(&mut text, &lead, &outside::lines(&step.saw));
    }
    text
}

fn style(word: &str) -> anstyle::Style {
    match word {
        "ok" => GREEN,
        "broken" | "FAIL" => RED,
        "skip" => CYAN,
        _ => YELLOW,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    fn page() -> Page {
        Page {
            width: 60,
            now: jiff::Timestamp::UNIX_EPOCH,
            zone: jiff::tz::TimeZone::UTC,
            sudo: false,
            house: House::default(),
        }
    }

    fn line(word: &'static str, url: &str, wrong: &[&str]) -> StatusLine {
        StatusLine {
            word,
            url: url.to_owned(),
            addresses: "192.168.1.2".to_owned(),
            certificate: "62 days left".to_owned(),
            foreign: None,
            wrong: wrong.iter().map(|&wrong| wrong.to_owned()).collect(),
        }
    }

    #[test]
    fn names_stand_in_columns_with_what_is_wrong_below() {
        let lines = [
            line("ok", "https://a.example.com", &[]),
            line(
                "broken",
                "https://photos.example.com",
                &["dns.rebind: the router dropped the answer for this name"],
            ),
        ];
        let wanted = "ok      https://a.example.com       192.168.1.2  62 days left\n\
                      broken  https://photos.example.com  192.168.1.2  62 days left\n        \
                      dns.rebind: the router dropped the answer for this\n        name\n\n\
                      why, and what to do: homelab doctor\n";
        assert_eq!(plain(&names(&lines, &page())), wanted);
    }

    #[test]
    fn a_chain_has_one_step_a_line() {
        let step = |word, name| StatusStep { word, name, saw: "x".to_owned() };
        let text =
            chain(&line("ok", "https://a", &[]), &[step("ok", "record"), step("blocked", "answer")], &page());
        assert_eq!(plain(&text), "ok  https://a\n  ok       record  x\n  blocked  answer  x\n");
    }
}
