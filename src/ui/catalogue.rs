//! What can be checked, for `--list` and `--explain`: it needs no configuration, no cluster and no network.

use serde_json::{Value, json};

use crate::checks::{CheckId, Def, GROUPS, Severity, checks};
use crate::outside::Shown;
use crate::provider::Explained;
use crate::ui::colors::{BOLD, CYAN, RED, YELLOW};
use crate::ui::house::House;
use crate::ui::page::Page;

/// Every group with its checks.
#[must_use]
pub fn list() -> Shown {
    let mut text = listed(|_| true);
    text.push("pre: also runs with --pre, before the first `homelab up`; active: runs only with --active; asked: runs only with --check and its name\n");
    text.push("homelab doctor --explain ID shows the symptom of a check, its causes and their fixes\n");
    text
}

/// The checks that mention a word.
#[must_use]
pub fn mentions(word: &str, defs: &[&Def]) -> Shown {
    let mut text = shown!("checks that mention `{}`:\n\n", Shown::line(word));
    text.push(listed(|def| defs.iter().any(|one| one.id == def.id)));
    text.push("homelab doctor --explain ID shows the symptom of a check, its causes and their fixes\n");
    text
}

/// Those that are wanted, below their groups.
fn listed(wanted: impl Fn(&Def) -> bool) -> Shown {
    let page = Page::of_stdout(&House::default());
    let width = checks().map(|def| def.id.as_str().len()).max().unwrap_or(0);
    let mut text = Shown::default();
    for group in GROUPS.iter().filter(|group| group.checks.iter().any(&wanted)) {
        page.hang(&mut text, shown!("{}{}{:#}  ", BOLD, group.name, BOLD), group.about);
        for def in group.checks.iter().filter(|def| wanted(def)) {
            let style = style(def.severity);
            let lead = shown!(
                "  {:<width$}  {}{:<7}{:#}  {:<6}  ",
                def.id.as_str(),
                style,
                severity(def.severity),
                style,
                mark(def)
            );
            page.hang(&mut text, lead, def.title);
        }
        text.push("\n");
    }
    text
}

/// The same as a document.
#[must_use]
pub fn list_json() -> Value {
    let groups = GROUPS.iter().filter(|group| !group.checks.is_empty()).map(|group| {
        let checks: Vec<Value> = group.checks.iter().map(short_json).collect();
        json!({ "name": group.name, "about": group.about, "checks": checks })
    });
    json!({ "schema_version": 1, "groups": groups.collect::<Vec<_>>() })
}

/// Everything that is known about the checks before one looks.
#[must_use]
pub fn explanation(defs: &[&Def]) -> Shown {
    let page = Page::of_stdout(&House::default());
    Shown::join(&defs.iter().map(|def| explain(def, &page)).collect::<Vec<_>>(), "\n")
}

/// The same as a document.
#[must_use]
pub fn explanation_json(defs: &[&Def]) -> Value {
    let whole = |def: &&Def| {
        let explain = &def.explain;
        let everywhere = explain.causes.iter().map(|cause| json!({ "why": cause.why, "fix": cause.fix }));
        let there = def.at_providers().flat_map(|(name, one)| {
            let causes = one.causes.iter();
            causes.map(move |(why, fix)| json!({ "why": why, "fix": fix, "provider": name }))
        });
        let added = def
            .at_providers()
            .map(|(name, one)| json!({ "provider": name, "looks_at": one.looks_at, "symptom": one.symptom }));
        let sources = def.at_providers().flat_map(|(_, one)| one.sources);
        let mut json = short_json(def);
        json["needs"] = json!(&*def.needs);
        json["looks_at"] = json!(explain.looks_at);
        json["symptom"] = json!(explain.symptom);
        json["at_providers"] = added.collect();
        json["causes"] = everywhere.chain(there).collect();
        json["sources"] = explain.sources.iter().chain(sources).map(|source| json!(source)).collect();
        json
    };
    json!({ "schema_version": 1, "checks": defs.iter().map(whole).collect::<Vec<_>>() })
}

fn short_json(def: &Def) -> Value {
    json!({
        "id": def.id,
        "title": def.title,
        "severity": def.severity,
        "pre": def.before_up,
        "active": def.active,
        "asked": def.asked,
        "up": def.in_up,
    })
}

fn explain(def: &Def, page: &Page) -> Shown {
    let mut text = Shown::default();
    let style = style(def.severity);
    let lead =
        shown!("{}{}{:#}  {}{}{:#}  ", BOLD, def.id.as_str(), BOLD, style, severity(def.severity), style);
    page.hang(&mut text, lead, def.title);
    let explain = &def.explain;
    let at_providers: Vec<(&'static str, &Explained)> = def.at_providers().collect();
    page.hang(&mut text, "  symptom:   ", explain.symptom);
    for (name, one) in at_providers.iter().filter(|(_, one)| !one.symptom.is_empty()) {
        page.hang(&mut text, "             ", shown!("{}: {}", name, one.symptom));
    }
    if !explain.causes.is_empty() {
        text.push("\n  causes and fixes:\n");
    }
    let everywhere = explain.causes.iter().map(|cause| (shown!("{}", cause.why), cause.fix));
    let there = at_providers
        .iter()
        .flat_map(|(name, one)| one.causes.iter().map(move |(why, fix)| (shown!("{}: {}", name, why), *fix)));
    for (at, (why, fix)) in everywhere.chain(there).enumerate() {
        page.hang(&mut text, shown!("  {:>2}. ", at + 1), why);
        page.hang(&mut text, "      fix: ", fix);
    }
    text.push("\n");
    page.hang(&mut text, "  how it checks:  ", explain.looks_at);
    for (name, one) in at_providers.iter().filter(|(_, one)| !one.looks_at.is_empty()) {
        page.hang(&mut text, "                  ", shown!("{}: {}", name, one.looks_at));
    }
    let needs: Vec<Shown> = def.needs.iter().map(|need: &CheckId| need.as_str().into()).collect();
    if !needs.is_empty() {
        page.hang(&mut text, "  needs:          ", Shown::join(&needs, ", "));
    }
    page.hang(&mut text, "  runs in:        ", runs_in(def));
    let sources: Vec<&'static str> =
        explain.sources.iter().chain(at_providers.iter().flat_map(|(_, one)| one.sources)).copied().collect();
    if !sources.is_empty() {
        text.push("\n  sources:\n");
    }
    for source in sources {
        page.hang(&mut text, "  -  ", source);
    }
    text
}

fn runs_in(def: &Def) -> Shown {
    let mut places: Vec<Shown> = vec![match (def.active, def.asked) {
        (true, _) => "`doctor --active`".into(),
        (false, true) => Shown::line(&format!("`doctor --check {}`", def.id)),
        (false, false) => "`doctor`".into(),
    }];
    if def.before_up {
        places.push("`doctor --pre`".into());
    }
    if def.in_up {
        places.push("the end of `up`".into());
    }
    Shown::join(&places, ", ")
}

fn mark(def: &Def) -> &'static str {
    match (def.active, def.asked, def.before_up) {
        (true, _, _) => "active",
        (false, true, _) => "asked",
        (false, false, true) => "pre",
        (false, false, false) => "",
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn style(severity: Severity) -> anstyle::Style {
    match severity {
        Severity::Info => CYAN,
        Severity::Warning => YELLOW,
        Severity::Error => RED,
    }
}
