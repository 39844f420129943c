//! What stands first: one line for each group and each host.

use std::collections::{BTreeMap, BTreeSet};

use crate::checks::{Check, GROUPS, Outcome, Report, def, in_up};
use crate::outside::Shown;
use crate::ui::colors::{BOLD, CYAN, GREEN, RED, YELLOW};
use crate::ui::page::{Page, seen_width};
use crate::ui::report::alike::{self, pattern};
use crate::ui::report::{many, one_line, word};

/// What one line can leave out: it follows from what the others saw.
const FOLLOWS: [&str; 5] = ["edns.owner", "edns.records", "cm.certificate", "tls.handshake", "tls.renewal"];
/// The words of a line, the worst first.
const WORST_FIRST: [&str; 7] = ["FAIL", "warn", "unknown", "blocked", "ok", "note", "skip"];

/// So many hosts have a line each; of more, those that are in one state share one.
const HOSTS: usize = 12;

/// One line of the overview: what is about a host stands with the host, everything else with its group.
struct Section<'a> {
    name: Shown,
    of_host: bool,
    checks: Vec<&'a Check>,
}

/// Writes the overview; with `verbose`, each check under its line.
pub(super) fn overview(text: &mut Shown, report: &Report, page: &Page, verbose: bool) {
    let sections = sections(report);
    if verbose {
        let words = sections.iter().map(|section| section.word().len()).max().unwrap_or(0);
        for section in &sections {
            let word = section.word();
            let style = style(word);
            text.push(shown!("{}{:<words$}{:#}  {}{}{:#}\n", style, word, style, BOLD, section.name, BOLD));
            for check in &section.checks {
                line(text, check, page);
            }
        }
        return;
    }
    let lines = lines(&sections);
    let width = lines.iter().map(|line| line.name.length()).max().unwrap_or(0);
    let words = lines.iter().map(|line| line.section.word().len()).max().unwrap_or(0);
    for line in &lines {
        let word = line.section.word();
        let style = style(word);
        let lead = shown!("{}{:<words$}{:#}  {}{:<width$}{:#}  ", style, word, style, BOLD, line.name, BOLD);
        let room = page.width.saturating_sub(seen_width(lead.as_str()));
        let said = line.said.clone().unwrap_or_else(|| line.section.in_short(room));
        page.hang(text, lead, said);
    }
}

/// A line, which may stand for more than one section.
struct Line<'a> {
    name: Shown,
    section: &'a Section<'a>,
    /// What it says, where that is not what the section says.
    said: Option<Shown>,
}

/// A line for each section; of many hosts, one for each state.
fn lines<'a>(sections: &'a [Section<'a>]) -> Vec<Line<'a>> {
    let (hosts, groups): (Vec<_>, Vec<_>) = sections.iter().partition(|section| section.of_host);
    let single = |section: &'a Section<'a>| Line { name: section.name.clone(), section, said: None };
    let mut lines: Vec<Line<'a>> = groups.into_iter().map(single).collect();
    if hosts.len() <= HOSTS {
        lines.extend(hosts.into_iter().map(single));
        return lines;
    }
    let state = |section: &&Section<'_>| {
        let subject = section.checks.first().map(|check| check.subject.clone()).unwrap_or_default();
        format!("{}\n{}", section.word(), pattern(section.in_short(usize::MAX).as_str(), &subject))
    };
    let mut states = alike::by(hosts.iter().copied(), state);
    let told = states.len() <= HOSTS;
    if !told {
        states = alike::by(hosts, |section| section.word().to_owned());
    }
    lines.extend(states.into_iter().filter_map(|alike| {
        let section = *alike.first()?;
        let name = match alike.len() {
            1 => section.name.clone(),
            all => shown!("{} and {} more", section.name, all - 1),
        };
        let said = (!told && alike.len() > 1).then(|| together(&alike));
        Some(Line { name, section, said })
    }));
    lines
}

/// What many hosts have in common that are well, or not, each in its way.
fn together(sections: &[&Section<'_>]) -> Shown {
    if sections.iter().all(|section| section.word() == "ok") {
        return "nothing is wrong; `--verbose` shows each".into();
    }
    let failed =
        sections.iter().flat_map(|section| &section.checks).filter(|check| check.finding().is_some());
    let ids: BTreeSet<&'static str> =
        failed.filter(|check| word(check) != "note").map(|check| check.id.as_str()).collect();
    let ids: Vec<Shown> = ids.into_iter().map(Shown::from).collect();
    match ids.is_empty() {
        true => "`--verbose` shows each".into(),
        false => alike::names(&ids),
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
                n => shown!("{} from {} places", one_line(saw), n),
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
