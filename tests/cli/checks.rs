//! docs/checks.md is what `--explain` says of every check. `UPDATE_GOLDEN=1 cargo test` writes it anew.

use std::fmt::Write as _;
use std::path::Path;

use homelab::checks::{Def, GROUPS, Severity};
use homelab::provider::Explained;

const HEAD: &str = "# Checks

<!-- Generated, do not edit: from `texts.rs` of each group in `src/checks`, and from what each DNS provider adds in `src/provider`, by `UPDATE_GOLDEN=1 cargo test --test cli`. -->

Each check of `homelab doctor`: what people notice when it fails, the causes and what to do, and how it checks. `homelab doctor --explain ID` prints the same, without network.

An *error* makes the exit code 1, a *warning* only with `--strict`, a *note* never. If a check needs another check, and that one failed for the same host or node, it is
shown as \"blocked\". So you see the cause first.
";

fn document() -> String {
    let mut text = HEAD.to_owned();
    for group in GROUPS.iter().filter(|group| !group.checks.is_empty()) {
        let _ = writeln!(text, "\n## {}: {}\n", group.name, group.about);
        for def in group.checks {
            let _ = writeln!(text, "- [`{0}`](#{1}): {2}", def.id, anchor(def), def.title);
        }
        for def in group.checks {
            section(&mut text, def);
        }
    }
    text
}

/// As GitHub makes it of the heading: without the dot.
fn anchor(def: &Def) -> String {
    def.id.as_str().replace('.', "")
}

fn section(text: &mut String, def: &Def) {
    let severity = match def.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    let mut facts = vec![severity.to_owned()];
    if def.before_up {
        facts.push("also with `--pre`".to_owned());
    }
    if def.active {
        facts.push("only with `--active`".to_owned());
    }
    if def.asked {
        facts.push(format!("only with `--check {}`", def.id));
    }
    if def.in_up {
        facts.push("also at the end of `up`".to_owned());
    }
    if !def.needs.is_empty() {
        let needs = def.needs.iter().map(|need| format!("[`{need}`](#{})", need.as_str().replace('.', "")));
        facts.push(format!("needs {}", needs.collect::<Vec<_>>().join(", ")));
    }
    let explain = &def.explain;
    let _ = writeln!(text, "\n### {}\n\n{} ({}).", def.id, sentence(def.title), facts.join("; "));
    let _ = writeln!(
        text,
        "\n**What people notice:** {}{}",
        explain.symptom,
        at_providers(def, |one| one.symptom)
    );
    if !explain.causes.is_empty() {
        text.push_str("\n| cause | what to do |\n|---|---|\n");
    }
    for cause in explain.causes {
        let _ = writeln!(text, "| {} | {} |", cell(cause.why), cell(cause.fix));
    }
    for (name, one) in def.at_providers() {
        for (why, fix) in one.causes {
            let _ = writeln!(text, "| {name}: {} | {} |", cell(why), cell(fix));
        }
    }
    let _ =
        writeln!(text, "\n**How it checks:** {}{}", explain.looks_at, at_providers(def, |one| one.looks_at));
    let there = def.at_providers().flat_map(|(_, one)| one.sources);
    let sources: Vec<&str> = explain.sources.iter().chain(there).copied().collect();
    if !sources.is_empty() {
        let _ = writeln!(text, "\nSources: {}", sources.join("; "));
    }
}

/// One of the texts that the providers add, under the name of each.
fn at_providers(def: &Def, text: fn(&Explained) -> &'static str) -> String {
    let told = def.at_providers().filter(|(_, one)| !text(one).is_empty());
    told.map(|(name, one)| format!(" {name}: {}.", text(one))).collect()
}

fn sentence(title: &str) -> String {
    // These names are never written with a capital.
    if ["external-dns", "k3s", "cert-manager"].iter().any(|name| title.starts_with(name)) {
        return title.to_owned();
    }
    let mut letters = title.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[test]
fn the_document_of_the_checks_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/checks.md");
    let text = document();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    let first = text.lines().zip(wanted.lines()).find(|(a, b)| a != b);
    assert!(text == wanted, "docs/checks.md differs: {first:?}; `UPDATE_GOLDEN=1 cargo test` accepts it");
}
