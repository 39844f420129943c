//! From the changed text to the changed lab: show it, ask, write the file, run `up`.

use serde_json::{Value, json};

use crate::checks::{Check, Outcome, Report, Severity};
use crate::cli::Global;
use crate::commands::house::house;
use crate::commands::interruption::Signals;
use crate::commands::own;
use crate::commands::strangers::named;
use crate::commands::up::{self, Task};
use crate::config::edit::Edited;
use crate::error::{Error, Exit, Result};
use crate::machine::configuration::Opened;
use crate::outside::Shown;
use crate::ui::{self, House, Output, Ui, ask, file};

/// The question.
const GO_ON: &str = "Write this and run `homelab up`?";

/// One entry more or less.
pub(super) struct Change<'o> {
    pub(super) opened: &'o Opened,
    pub(super) edited: Edited,
    pub(super) service: String,
    /// The names that people type.
    pub(super) hosts: Vec<String>,
    /// Whether the entry comes, and does not go.
    pub(super) comes: bool,
    /// The command to do the same as root.
    pub(super) again: Option<String>,
    /// What to do where NixOS generates the file.
    pub(super) nix: String,
    /// What to do in an editor.
    pub(super) by_hand: String,
    /// What people lose.
    pub(super) goes: Option<Shown>,
    /// What is left to the user: what nobody else deletes, or lets in; in words.
    pub(super) left: Vec<String>,
}

/// How far to go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    pub(super) dry_run: bool,
    pub(super) yes: bool,
}

pub(super) async fn carry_out(global: &Global, ui: Ui, change: &Change<'_>, way: Way) -> Result<Exit> {
    if change.opened.is_generated() {
        return Ok(for_nixos(ui, change));
    }
    let mut told = ui::edited(&change.opened.path, &change.edited);
    if let Some(goes) = &change.goes {
        told.push(goes);
    }
    let house = house(global);
    let left: Vec<Shown> =
        change.left.iter().map(|left| shown!("{}\n", Shown::line(&house.words(left)))).collect();
    let left = Shown::join(&left, "");
    told.push(left.clone());
    if way.dry_run {
        match ui.output {
            Output::Json => ui::document(with(json!({ "schema_version": 1 }), change, false)),
            _ => ui::answer(&told),
        }
        return Ok(Exit::Fine);
    }
    let target = change.opened.target();
    file::can_be_rewritten(&target).map_err(|error| not_ours(error, change))?;
    ui::note(&told);
    if !way.yes {
        if !ask::is_possible() {
            return Err(Error::usage("nothing was changed: there is no terminal to ask on")
                .hint("`--yes` goes on without a question; `--dry-run` only shows the change"));
        }
        if !ask::is_confirmed(GO_ON)? {
            ui::note(&"nothing was changed".into());
            return Ok(Exit::Fine);
        }
    }
    // From before the file changes until `up` has ended, Ctrl-C is told what it leaves.
    let signals = Signals::listen();
    file::rewrite(&target, &change.opened.text, &change.edited.text)?;
    let task = Task { names: Some(&change.hosts), ..Task::default() };
    let ran = signals.or(up::run(global, task, ui), None).await;
    let ran = ran.map_err(|error| written_before(error, change))?;
    let judged = ran.report.as_ref().map(|report| own::judged(report, task.names));
    let more = |document: &mut Value| *document = with(document.take(), change, true);
    let exit = up::tell(&ran, judged.as_deref(), global, ui, more);
    if ui.output == Output::Text {
        ui::answer(&others(change, ran.report.as_ref(), &house));
        ui::answer(&ending(change, ran.report.as_ref(), &house));
        ui::answer(&left);
    }
    Ok(exit)
}

/// The file says it, the lab not yet.
fn written_before(mut error: Error, change: &Change<'_>) -> Error {
    let (path, service) = (change.opened.path.display(), &change.service);
    let (state, next) = match change.comes {
        true => (
            format!("the entry is written: `{path}` has `{service}` now"),
            format!("run `homelab up` to go on with it, or `homelab unexpose {service}` to take it back"),
        ),
        false => (
            format!("the entry is removed: `{path}` has `{service}` no more"),
            "run `homelab up` to remove what the cluster still has of it".to_owned(),
        ),
    };
    let first = error.hint.take().map(|hint| format!("{hint}\n")).unwrap_or_default();
    error.because(state).hint(format!("{first}{next}"))
}

fn not_ours(error: Error, change: &Change<'_>) -> Error {
    let as_root = change.again.as_ref().map(|command| format!("run `{command}`; or "));
    error.hint(format!("{}{}\nand run `homelab up`", as_root.unwrap_or_default(), change.by_hand))
}

/// The module writes the file: what to change in its configuration.
fn for_nixos(ui: Ui, change: &Change<'_>) -> Exit {
    if ui.output == Output::Json {
        let document =
            json!({ "schema_version": 1, "service": change.service, "nix": change.nix, "written": false });
        ui::document(document);
        return Exit::Fine;
    }
    let path = Shown::line(&change.opened.path.display().to_string());
    let task = if change.comes {
        "NixOS generates {}: put this into your configuration, then run `sudo nixos-rebuild switch`"
    } else {
        "NixOS generates {}: take this out of your configuration, then run `sudo nixos-rebuild switch`"
    };
    let (before, behind) = task.split_once("{}").unwrap_or((task, ""));
    ui::note(&shown!("{}{}{}", before, path, behind));
    for left in &change.left {
        ui::note(&Shown::line(left));
    }
    ui::answer(&Shown::lines(&change.nix));
    Exit::Fine
}

/// The document of `up`, with what was done before.
fn with(mut document: Value, change: &Change<'_>, written: bool) -> Value {
    let Change { opened, edited, service, hosts, .. } = change;
    let urls: Vec<String> = hosts.iter().map(|host| format!("https://{host}/")).collect();
    document["service"] = json!(service);
    document["urls"] = json!(urls);
    document["configuration"] = json!({
        "path": opened.path, "line": edited.line, "removed": edited.removed, "added": edited.added, "written": written,
    });
    document
}

/// A line on the other names that something is wrong with, which changes no exit code.
fn others(change: &Change<'_>, report: Option<&Report>, house: &House) -> Shown {
    let all = report.map(|report| own::others(report, &change.hosts)).unwrap_or_default();
    if all.is_empty() {
        return Shown::default();
    }
    let names = named(all.into_iter().map(str::to_owned));
    let doctor = house.words("`homelab doctor` says why");
    shown!(
        "other names do not work, which does not count here: {}; {}\n",
        Shown::line(&names),
        Shown::line(&doctor)
    )
}

/// The last line: where to go, and whether it works.
fn ending(change: &Change<'_>, report: Option<&Report>, house: &House) -> Shown {
    let doctor = Shown::line(&house.words("`homelab doctor` says why"));
    let lines = change.hosts.iter().map(|host| {
        let url = Shown::line(&format!("https://{host}/"));
        let of_host = |check: &&Check| check.subject.host.as_deref() == Some(host);
        let own: Vec<&Check> = report.into_iter().flat_map(|report| &report.checks).filter(of_host).collect();
        let passed = own.iter().filter(|check| matches!(check.outcome, Outcome::Pass { .. })).count();
        let is_bad = |check: &&Check| {
            let good = matches!(check.outcome, Outcome::Pass { .. } | Outcome::Skip { .. });
            check.severity == Severity::Error && !good
        };
        match own.iter().any(is_bad) {
            _ if !change.comes => shown!("removed: {}\n", Shown::line(host)),
            false if passed > 0 => shown!("{}  works: {} of {} checks passed\n", url, passed, own.len()),
            _ => shown!("{}  does not work yet: {}\n", url, doctor),
        }
    });
    Shown::join(&lines.collect::<Vec<_>>(), "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::{Finding, Judged, Subject, Vantage, id, report_of};
    use crate::config;
    use crate::config::edit;

    fn opened() -> Opened {
        let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\nservices: { nas: { url: 'http://10.0.0.2' } }\n";
        Opened { path: "homelab.yaml".into(), text: text.into(), config: config::parse(text).unwrap() }
    }

    fn change(opened: &Opened, comes: bool) -> Change<'_> {
        Change {
            edited: edit::remove(&opened.text, "nas").unwrap(),
            opened,
            service: "nas".into(),
            hosts: vec!["nas.home.example.com".into()],
            comes,
            again: Some("sudo homelab unexpose nas".into()),
            nix: String::new(),
            by_hand: "take `nas` out of `services:`".into(),
            goes: None,
            left: Vec::new(),
        }
    }

    fn report(outcome: Outcome) -> Report {
        let of = |host: &str, outcome| Judged {
            id: id::HANDSHAKE,
            subject: Subject::host(host),
            vantage: Vantage::Api,
            outcome,
        };
        let pass = Outcome::Pass { saw: "x".into() };
        report_of(vec![of("nas.home.example.com", outcome), of("tv.home.example.com", pass)])
    }

    #[test]
    fn it_ends_with_the_address_and_whether_it_works() {
        let opened = opened();
        let change = change(&opened, true);
        let end = |outcome| ending(&change, Some(&report(outcome)), &House::default()).as_str().to_owned();
        let pass = Outcome::Pass { saw: "x".into() };
        assert_eq!(end(pass), "https://nas.home.example.com/  works: 1 of 1 checks passed\n");
        let nobody_looked = ending(&change, None, &House::default());
        assert!(nobody_looked.as_str().contains("does not work yet"), "{}", nobody_looked.as_str());
        let fail = Finding::new("s", "c", "f").into();
        assert!(end(fail).starts_with("https://nas.home.example.com/  does not work yet"));
    }

    #[test]
    fn a_file_that_cannot_be_written_is_left_to_root_or_to_an_editor() {
        let opened = opened();
        let told = not_ours(Error::unfinished("cannot write"), &change(&opened, false)).to_string();
        assert!(told.contains("run `sudo homelab unexpose nas`; or take `nas` out of `services:`"), "{told}");
    }

    #[test]
    fn the_trouble_of_another_name_is_one_line() {
        let opened = opened();
        let change = change(&opened, true);
        let told = |report: &Report| others(&change, Some(report), &House::default()).as_str().to_owned();
        let own = report(Finding::new("s", "c", "f").into());
        assert_eq!(told(&own), "");
        let of = |host: &str| Judged {
            id: id::HANDSHAKE,
            subject: Subject::host(host),
            vantage: Vantage::Api,
            outcome: Finding::new("s", "c", "f").into(),
        };
        let both = report_of(vec![of("nas.home.example.com"), of("tv.home.example.com")]);
        assert_eq!(
            told(&both),
            "other names do not work, which does not count here: `tv.home.example.com`; `homelab doctor` says why\n"
        );
    }

    #[test]
    fn what_stops_up_tells_that_the_file_is_written() {
        let opened = opened();
        let told = |comes| written_before(Error::wrong("x"), &change(&opened, comes)).to_string();
        assert!(told(true).contains("`homelab unexpose nas` to take it back"), "{}", told(true));
        assert!(told(false).contains("has `nas` no more"), "{}", told(false));
    }

    #[test]
    fn the_document_has_the_change_and_the_address() {
        let opened = opened();
        let document = with(json!({ "schema_version": 1 }), &change(&opened, true), false);
        ui::assert_is("exposed", &document);
        assert_eq!(document["urls"], json!(["https://nas.home.example.com/"]));
        assert_eq!(document["configuration"]["line"], 4);
        assert_eq!(document["configuration"]["added"], json!(["services: {}"]));
    }
}
