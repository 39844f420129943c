//! `homelab status`: one line for each name, or the whole chain of one.

mod chain;
mod extra;
mod names;
mod watch;
mod ways;

use std::time::Duration;

use serde_json::{Value, json};

use crate::checks::{self, Report};
use crate::cli::{Global, Status};
use crate::collect::{self, Parts, Scope};
use crate::commands::house::house;
use crate::commands::status::chain::Step;
use crate::commands::status::extra::Extra;
use crate::commands::status::names::{Line, State};
use crate::config::{self, Config};
use crate::error::{Error, Exit, Result};
use crate::machine::configuration;
use crate::outside::Shown;
use crate::ui::{self, Form, House, Mode, Output, Progress, StatusLine, StatusStep, Ui};

/// The line of progress.
const LINE: &str = "status";
/// How long the look may take.
const LIMIT: Duration = Duration::from_secs(15);

pub(super) async fn status(global: &Global, flags: &Status, ui: Ui) -> Result<Exit> {
    if flags.watch {
        return watch::watch(global, flags, ui).await;
    }
    let seen = look(global, flags, ui.mode).await?;
    let exit = exit(&seen);
    match ui.output {
        Output::Text | Output::Prometheus => ui::answer(&seen.picture()),
        Output::Json => ui::document(seen.document()),
        Output::Short | Output::Junit => {
            let Seen { lines, extra, report, house, .. } = seen;
            let one_host = |host: &str| {
                flags.name.is_none()
                    || lines.iter().any(|line| line.host == host)
                    || extra.iter().any(|extra| extra.secret == host)
            };
            let report = report.only(checks::in_up).about(one_host);
            ui::print_report(
                &report,
                Form { output: ui.output, verbose: false, strict: false, house: &house },
            );
        }
    }
    Ok(exit)
}

/// What one look came to.
struct Seen {
    /// The names that are wanted.
    lines: Vec<Line>,
    /// The certificates of no service that are wanted.
    extra: Vec<Extra>,
    /// Every step of each, where one name was asked for.
    chains: Option<Vec<Vec<Step>>>,
    report: Report,
    house: House,
}

async fn look(global: &Global, flags: &Status, mode: Mode) -> Result<Seen> {
    let config = configuration::load(global.config.as_deref())?;
    let progress = Progress::new(mode, &[LINE]);
    let scope = Scope { cluster: true, internet: !flags.offline, active: false, within: LIMIT };
    let show = |text: &str| progress.update(LINE, text);
    let evidence = collect::look(&global.lab(), Ok(&config), scope, &Parts::new(&show)).await;
    progress.close(LINE);
    let house = house(global);
    let report = house.report(checks::judge(&evidence).without(checks::is_asked));
    let lines = names::lines(&evidence, &report);
    let mut extra = extra::all(&evidence, &report);
    let lines = match &flags.name {
        Some(name) => {
            extra.retain(|extra| extra.is_meant(&config, name));
            match chosen(&config, lines, name) {
                Err(_) if !extra.is_empty() => Vec::new(),
                chosen => chosen?,
            }
        }
        None => lines,
    };
    let steps = |line: &Line| chain::steps(&evidence, &report, &line.host);
    let chains = flags.name.as_ref().map(|_| lines.iter().map(steps).collect());
    Ok(Seen { lines, extra, chains, report, house })
}

impl Seen {
    fn picture(&self) -> Shown {
        let extra = self.extra.iter().map(Extra::shown);
        let Some(chains) = &self.chains else {
            let lines = self.lines.iter().map(shown).chain(extra);
            return ui::status(&lines.collect::<Vec<_>>(), &self.house);
        };
        let step = |step: &Step| StatusStep { word: step.word, name: step.name, saw: step.saw.clone() };
        let whole = |(line, steps): (&Line, &Vec<Step>)| {
            ui::status_chain(&shown(line), &steps.iter().map(step).collect::<Vec<_>>())
        };
        let names = self.lines.iter().zip(chains).map(whole);
        let extra = extra.map(|line| ui::status(&[line], &self.house));
        Shown::join(&names.chain(extra).collect::<Vec<_>>(), "\n")
    }

    fn document(&self) -> Value {
        let chain = |at: usize| self.chains.as_ref().and_then(|chains| chains.get(at));
        let names = self.lines.iter().enumerate();
        let names: Vec<_> = names.map(|(at, line)| json!({ "name": line, "chain": chain(at) })).collect();
        json!({ "schema_version": 1, "names": names, "certificates": self.extra })
    }
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
fn exit(seen: &Seen) -> Exit {
    let all = || seen.lines.iter().map(|line| line.state).chain(seen.extra.iter().map(|extra| extra.state));
    let any = |states: &[State]| all().any(|state| states.contains(&state));
    if any(&[State::Broken, State::NotYet]) {
        Exit::Wrong
    } else if any(&[State::Unknown]) {
        Exit::Unfinished
    } else {
        Exit::Fine
    }
}

fn shown(line: &Line) -> StatusLine {
    StatusLine {
        word: line.state.word(),
        url: line.url.clone(),
        addresses: line.places(),
        certificate: line.certificate(),
        foreign: line.foreign.clone(),
        wrong: line.wrong.iter().map(|wrong| format!("{}: {}", wrong.id, wrong.summary)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::{Finding, Judged, Subject, Vantage, id, report_of};
    use crate::evidence::{Evidence, HostSeen};

    #[test]
    fn the_document_has_the_published_form_with_and_without_the_steps() {
        let mut evidence = Evidence::new("2026-06-01T12:00:00Z".parse().unwrap());
        evidence.hosts.insert("a.example.com".into(), HostSeen::default());
        let subject = Subject::host("a.example.com");
        let outcome = Finding::new("s", "c", "f").into();
        let report = report_of(vec![Judged { id: id::PUBLIC, subject, vantage: Vantage::Api, outcome }]);
        let lines = names::lines(&evidence, &report);
        let chains = Some(vec![chain::steps(&evidence, &report, "a.example.com")]);
        let extra = vec![extra::tests::one()];
        let mut seen = Seen { lines, extra, chains, report, house: House::default() };
        let document = seen.document();
        assert_eq!(document["names"][0]["name"]["wrong"][0]["id"], "dns.public");
        ui::assert_is("status", &document);
        seen.chains = None;
        ui::assert_is("status", &seen.document());
    }
}
