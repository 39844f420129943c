//! Names at a glance, and one name's chain.

use crate::checks::Subject;
use crate::outside::Shown;
use crate::ui::colors::{BOLD, CYAN, GREEN, RED, YELLOW};
use crate::ui::house::House;
use crate::ui::page::Page;
use crate::ui::report::alike;

/// So many names have a line each; of more, those that are in one state share one.
const NAMES: usize = 40;

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
pub fn status(lines: &[StatusLine], house: &House) -> Shown {
    names(lines, &Page::of_stdout(house))
}

fn names(lines: &[StatusLine], page: &Page) -> Shown {
    let told = told(lines);
    let widest = |of: fn(&StatusLine) -> usize| lines.iter().map(of).max().unwrap_or(0);
    let words = widest(|line| line.word.len());
    let urls = told.iter().map(|(_, url)| url.length()).max().unwrap_or(0);
    let addresses = widest(|line| Shown::lines(&line.addresses).length());
    let foreign = |line: &StatusLine| {
        line.foreign.as_ref().map_or(Shown::default(), |name| shown!("  (Ingress {})", Shown::lines(name)))
    };
    let left = |line: &StatusLine| shown!("{}{}", Shown::lines(&line.certificate), foreign(line));
    let last = lines.iter().map(|line| left(line).length()).max().unwrap_or(0);
    let is_wide = words + urls + addresses + last + 3 * "  ".len() <= page.width;
    let mut text = Shown::default();
    for (line, url) in told {
        let (style, at) = (style(line.word), Shown::lines(&line.addresses));
        if is_wide {
            let lead =
                shown!("{}{:<words$}{:#}  {}{:<urls$}{:#}  ", style, line.word, style, BOLD, url, BOLD);
            text.push(shown!("{}{:<addresses$}  {}\n", lead, at, left(line)));
        } else {
            let lead = shown!("{}{}{:#}  ", style, line.word, style);
            page.hang(&mut text, lead, shown!("{}{}{:#} {} {}", BOLD, url, BOLD, at, left(line)));
        }
        for wrong in &line.wrong {
            let indent = words + 2;
            page.hang(&mut text, shown!("{:indent$}", ""), Shown::lines(wrong));
        }
    }
    if lines.iter().any(|line| !line.wrong.is_empty()) {
        text.push(cure(page));
    }
    if lines.is_empty() {
        let said = page.house.words("there is no name yet: add one under `services`, and run `homelab up`\n");
        text.push(Shown::lines(&said));
    }
    text
}

/// The lines to be shown, each with what stands for its name; of many names, one line for each state.
fn told(lines: &[StatusLine]) -> Vec<(&StatusLine, Shown)> {
    if lines.len() <= NAMES {
        return lines.iter().map(|line| (line, Shown::lines(&line.url))).collect();
    }
    let state = |line: &&StatusLine| {
        let host = line.url.split_once("://").map_or(line.url.as_str(), |(_, host)| host);
        let wrong = alike::pattern(&line.wrong.join("\n"), &Subject::host(host));
        format!("{}\n{}\n{}\n{wrong}", line.word, line.addresses, line.foreign.is_some())
    };
    let told = alike::by(lines, state).into_iter().filter_map(|same| {
        let first = *same.iter().min_by_key(|line| days(&line.certificate))?;
        let url = Shown::lines(&first.url);
        Some((first, if same.len() == 1 { url } else { shown!("{} and {} more", url, same.len() - 1) }))
    });
    told.collect()
}

/// The name whose certificate ends first stands for the others.
fn days(certificate: &str) -> u64 {
    let number = certificate.split(' ').next().and_then(|word| word.parse().ok());
    number.unwrap_or(0)
}

/// The chain of one name, one step a line.
#[must_use]
pub fn status_chain(line: &StatusLine, steps: &[StatusStep]) -> Shown {
    chain(line, steps, &Page::of_stdout(&House::default()))
}

fn chain(line: &StatusLine, steps: &[StatusStep], page: &Page) -> Shown {
    let style = style(line.word);
    let mut text =
        shown!("{}{}{:#}  {}{}{:#}\n", style, line.word, style, BOLD, Shown::lines(&line.url), BOLD);
    let (words, names) = (
        steps.iter().map(|step| step.word.len()).max().unwrap_or(0),
        steps.iter().map(|step| step.name.len()).max().unwrap_or(0),
    );
    for step in steps {
        let style = self::style(step.word);
        let lead = shown!("  {}{:<words$}{:#}  {:<names$}  ", style, step.word, style, step.name);
        page.hang(&mut text, lead, Shown::lines(&step.saw));
    }
    if line.word != "ok" || steps.iter().any(|step| step.word == "FAIL") {
        text.push(cure(page));
    }
    text
}

/// Where the cause and the fix are told.
fn cure(page: &Page) -> Shown {
    let doctor = page.house.words("`homelab doctor`");
    shown!("\nwhy, and what to do: {}{}{:#}\n", CYAN, Shown::lines(doctor.trim_matches('`')), CYAN)
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

    fn plain(text: &Shown) -> String {
        anstream::adapter::strip_str(text.as_str()).to_string()
    }

    fn page() -> Page {
        Page {
            width: 61,
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
    fn on_a_narrow_terminal_what_is_known_of_a_name_stands_below_it() {
        let narrow = Page { width: 40, ..page() };
        let shown = |word, url| plain(&names(&[line(word, url, &[])], &narrow));
        let wanted = "ok  https://photos.example.com\n    192.168.1.2 62 days left\n";
        assert_eq!(shown("ok", "https://photos.example.com"), wanted);
        let wanted = "not yet\n    http://nowhere.home.example.test\n    192.168.1.2 62 days left\n";
        assert_eq!(shown("not yet", "http://nowhere.home.example.test"), wanted);
    }

    #[test]
    fn a_chain_has_one_step_a_line() {
        let step = |word, name| StatusStep { word, name, saw: "x".to_owned() };
        let text =
            chain(&line("ok", "https://a", &[]), &[step("ok", "record"), step("blocked", "answer")], &page());
        assert_eq!(plain(&text), "ok  https://a\n  ok       record  x\n  blocked  answer  x\n");
    }
}
