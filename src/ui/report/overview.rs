//! What stands first: one line for each group and each host.

use std::collections::{BTreeMap, BTreeSet};

use crate::checks::{Check, GROUPS, Outcome, Report, def, in_up};
use crate::outside::Shown;
use crate::ui::colors::{BOLD, CYAN, GREEN, RED, YELLOW};
use crate::ui::page::{Page, seen_width};
use crate::ui::report::{many, one_line, word};

/// What one line can leave out: it follows from what the others saw.
const FOLLOWS: [&str; 5] = ["edns.owner", "edns.records", "cm.certificate", "tls.handshake", "tls.renewal"];
/// The words of a line, the worst first.
const WORST_FIRST: [&str; 7] = ["FAIL", "warn", "unknown", "blocked", "ok", "note", "skip"];

/// One line of the overview: what is about a host stands with the host, everything else with its group.
struct Section<'a> {
    name: Shown,
    of_host: bool,
    checks: Vec<&'a Check>,
}

/// Writes the overview; with `verbose`, each check under its line.
pub(super) fn overview(text: &mut Shown, report: &Report, page: &Page, verbose: bool) {
    let sections = sections(report);
    let width = sections.iter().map(|section| section.name.length()).max().unwrap_or(0);
    let words = sections.iter().map(|section| section.word().len()).max().unwrap_or(0);
    for section in &sections {
        let word = section.word();
        let style = style(word);
        let lead =
            shown!("{}{:<words$}{:#}  {}{:<width$}{:#}  ", style, word, style, BOLD, section.name, BOLD);
        if verbose {
            text.push(shown!("{}{:<words$}{:#}  {}{}{:#}\n", style, word, style, BOLD, section.name, BOLD));
            for check in &section.checks {
                line(text, check, page);
            }
        } else {
            let room = page.width.saturating_sub(seen_width(lead.as_str()));
            page.hang(text, lead, section.in_short(room));
        }
    }
}

fn sections(report: &Report) -> Vec<Section<'_>> {
    let mut hosts: BTreeMap<&str, Vec<&Check>> = BTreeMap::new();
    let mut groups: BTreeMap<&str, Vec<&Check>> = BTreeMap::new();
    for check in &report.checks {
        match &check.subject.host {
            Some(host) => hosts.entry(host).or_default().push(check),
            None => {
                let group = def(check.id).map_or("", |def| def.group());
                groups.entry(group).or_default().push(check);
            }
        }
    }
    let in_order = GROUPS.iter().filter_map(|group| Some((group.name, groups.remove(group.name)?)));
    let named =
        |of_host| move |(name, checks): (&str, Vec<_>)| Section { name: Shown::lines(name), of_host, checks };
    in_order.map(named(false)).chain(hosts.into_iter().map(named(true))).collect()
}

impl Section<'_> {
    fn word(&self) -> &'static str {
        let words: Vec<&str> = self.checks.iter().map(|check| word(check)).collect();
        let worst = WORST_FIRST.into_iter().find(|word| words.contains(word)).unwrap_or("ok");
        if worst == "note" { "ok" } else { worst }
    }

    /// What it comes to, in `room` columns.
    fn in_short(&self, room: usize) -> Shown {
        match self.word() {
            "ok" => self.seen(room),
            "skip" => self.reasons().into_iter().next().unwrap_or_default(),
            "unknown" => Shown::join(&self.reasons(), "; "),
            _ => self.troubles(),
        }
    }

    /// What was seen, each once, with how many looked. Of a host, what people meet; of a group, what fits.
    fn seen(&self, room: usize) -> Shown {
        let mut seen: Vec<(&str, BTreeSet<String>)> = Vec::new();
        let passed: Vec<(&Check, &str)> = self
            .checks
            .iter()
            .filter_map(|check| match &check.outcome {
                Outcome::Pass { saw } => Some((*check, saw.as_str())),
                _ => None,
            })
            .collect();
        let tells = |(check, _): &&(&Check, &str)| {
            !FOLLOWS.contains(&check.id.as_str()) && (!self.of_host || in_up(check.id))
        };
        // Before the first `up` nothing is seen that people meet: then what the configuration says of the host.
        let any_tells = passed.iter().any(|one| tells(&one));
        for (check, saw) in passed.iter().filter(|one| !any_tells || tells(one)) {
            let vantage = check.vantage.to_string();
            match seen.iter_mut().find(|(text, _)| text == saw) {
                Some((_, vantages)) => drop(vantages.insert(vantage)),
                None => seen.push((saw, BTreeSet::from([vantage]))),
            }
        }
        let shown: Vec<Shown> = seen
            .into_iter()
            .map(|(saw, vantages)| match vantages.len() {
                1 => one_line(saw),
                n => shown!("{} from {} vantages", one_line(saw), n),
            })
            .collect();
        let whole = Shown::join(&shown, "; ");
        if self.of_host || whole.length() <= room {
            return whole;
        }
        let more = |left: usize| shown!("; {} more", left);
        let mut text = Shown::default();
        for (at, fact) in shown.iter().enumerate() {
            let left = shown.len() - at;
            let next = if text.is_empty() { fact.clone() } else { shown!("{}; {}", text, fact) };
            if at > 0 && next.length() + more(left).length() > room {
                text.push(more(left));
                return text;
            }
            text = next;
        }
        text
    }

    fn reasons(&self) -> Vec<Shown> {
        let mut found: Vec<Shown> = Vec::new();
        for check in &self.checks {
            if let Outcome::Skip { why } | Outcome::Unknown { why } = &check.outcome
                && (matches!(check.outcome, Outcome::Unknown { .. }) || self.word() == "skip")
                && !found.contains(&one_line(why))
            {
                found.push(one_line(why));
            }
        }
        found
    }

    /// The names of what failed, and how much is blocked.
    fn troubles(&self) -> Shown {
        let mut parts: Vec<Shown> = Vec::new();
        for check in self.checks.iter().filter(|check| check.finding().is_some() && word(check) != "note") {
            let name = check.id.as_str().into();
            if !parts.contains(&name) {
                parts.push(name);
            }
        }
        let blocked = self.checks.iter().filter(|check| matches!(check.outcome, Outcome::Blocked { .. }));
        let roots: BTreeSet<Shown> = blocked
            .clone()
            .filter_map(|check| match check.outcome {
                Outcome::Blocked { by } => Some(by.as_str().into()),
                _ => None,
            })
            .collect();
        if !roots.is_empty() {
            let roots = Shown::join(&roots.into_iter().collect::<Vec<_>>(), ", ");
            parts.push(shown!("{} blocked by {}", many(blocked.count(), "check"), roots));
        }
        Shown::join(&parts, "; ")
    }
}

/// One check with what it saw and from where.
fn line(text: &mut Shown, check: &Check, page: &Page) {
    let said = match &check.outcome {
        Outcome::Pass { saw } => saw.clone(),
        Outcome::Fail(finding) => finding.summary.clone(),
        Outcome::Skip { why } | Outcome::Unknown { why } => why.clone(),
        Outcome::Blocked { by } => format!("by `{by}`"),
    };
    let word = word(check);
    let style = style(word);
    let body = format!("{}: {} ({}): {}", check.id, check.title, check.vantage, one_line(&said));
    page.hang(text, shown!("  {}{:<7}{:#} ", style, word, style), Shown::lines(&body));
}

pub(super) fn style(word: &str) -> anstyle::Style {
    match word {
        "ok" => GREEN,
        "FAIL" => RED,
        "note" | "skip" => CYAN,
        _ => YELLOW,
    }
}
