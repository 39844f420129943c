//! `homelab status`: one line for each name, or the whole chain of one.

mod chain;
mod names;

use std::time::Duration;

use serde_json::json;

use crate::checks::{self, Report};
use crate::cli::{Global, Status};
use crate::collect::{self, Parts, Scope};
use crate::commands::house::house;
use crate::commands::status::chain::Step;
use crate::commands::status::names::{Line, State};
use crate::config::{self, Config};
use crate::error::{Error, Exit, Result};
use crate::evidence::Evidence;
use crate::machine::configuration;
use crate::outside::Shown;
use crate::ui::{self, Form, Output, Progress, StatusLine, StatusStep, Ui};

/// The line of progress.
const LINE: &str = "status";
/// How long the look may take.
const LIMIT: Duration = Duration::from_secs(15);

pub(super) async fn status(global: &Global, flags: &Status, ui: Ui) -> Result<Exit> {
    let config = configuration::load(global.config.as_deref())?;
    let progress = Progress::new(ui.mode, &[LINE]);
    let scope = Scope { cluster: true, internet: !flags.offline, active: false, within: LIMIT };
    let show = |text: &str| progress.update(LINE, text);
    let evidence = collect::look(&global.lab(), Ok(&config), scope, &Parts::new(&show)).await;
    progress.close(LINE);
    let house = house(global);
    let report = house.report(checks::judge(&evidence));
    let lines = names::lines(&evidence, &report);
    let wanted = match &flags.name {
        Some(name) => chosen(&config, lines, name)?,
        None => lines,
    };
    let exit = exit(&wanted);
    let one_host = |host: &str| flags.name.is_none() || wanted.iter().any(|line| line.host == host);
    match ui.output {
        Output::Text if flags.name.is_some() => ui::answer(&chains(&wanted, &evidence, &report)),
        Output::Text => ui::answer(&ui::status(&wanted.iter().map(shown).collect::<Vec<_>>(), &house)),
        Output::Json => {
            let chain =
                |line: &Line| flags.name.as_ref().map(|_| chain::steps(&evidence, &report, &line.host));
            let names: Vec<_> =
                wanted.iter().map(|line| json!({ "name": line, "chain": chain(line) })).collect();
            ui::document(json!({ "schema_version": 1, "names": names }));
        }
        Output::Short | Output::Junit => {
            let report = report.only(checks::in_up).about(one_host);
            ui::print_report(
                &report,
                Form { output: ui.output, verbose: false, strict: false, house: &house },
            );
        }
    }
    Ok(exit)
}

/// The names that `name` means: a host, or a service of the configuration.
fn chosen(config: &Config, lines: Vec<Line>, name: &str) -> Result<Vec<Line>> {
    let service = config.services.iter().find(|service| service.name == name);
    let mut hosts: Vec<String> = match service {
        Some(service) => service.hosts.iter().map(ToString::to_string).collect(),
        None => vec![name.to_lowercase(), config.domain.child(&name.to_lowercase()).to_string()],
    };
    hosts.dedup();
    let known: Vec<String> = lines.iter().map(|line| line.host.clone()).collect();
    let found: Vec<Line> = lines.into_iter().filter(|line| hosts.contains(&line.host)).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let services = config.services.iter().map(|service| service.name.as_str());
    let all: Vec<&str> = known.iter().map(String::as_str).chain(services).collect();
    let hint = match config::nearest(name, &all) {
        Some(near) => format!("did you mean `{near}`? `homelab status` shows every name"),
        None => "`homelab status` shows every name".to_owned(),
    };
    Err(Error::usage(format!("neither a service nor an Ingress has the name `{name}`")).hint(hint))
}

/// The same as the doctor's: 1 for what is wrong, 3 for what could not be seen.
fn exit(lines: &[Line]) -> Exit {
    let any = |states: &[State]| lines.iter().any(|line| states.contains(&line.state));
    if any(&[State::Broken, State::NotYet]) {
        Exit::Wrong
    } else if any(&[State::Unknown]) {
        Exit::Unfinished
    } else {
        Exit::Fine
    }
}

fn chains(lines: &[Line], evidence: &Evidence, report: &Report) -> Shown {
    let step = |step: &Step| StatusStep { word: step.word, name: step.name, saw: step.saw.clone() };
    let whole = |line: &Line| {
        let steps: Vec<_> = chain::steps(evidence, report, &line.host).iter().map(step).collect();
        ui::status_chain(&shown(line), &steps)
    };
    Shown::join(&lines.iter().map(whole).collect::<Vec<_>>(), "\n")
}

fn shown(line: &Line) -> StatusLine {
    StatusLine {
        word: line.state.word(),
        url: line.url.clone(),
        addresses: line.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        certificate: line.certificate(),
        foreign: line.foreign.clone(),
        wrong: line.wrong.iter().map(|wrong| format!("{}: {}", wrong.id, wrong.summary)).collect(),
    }
}
