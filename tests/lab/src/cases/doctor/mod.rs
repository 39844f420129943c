//! Failures made on purpose, one by one, on a lab that is well: the doctor has to name each, and nothing before it.

mod apps;
mod backends;
mod beside;
pub(super) mod certificates;
mod cluster;
mod egress;
pub(super) mod ingress;
mod machine;
pub(super) mod names;
pub(super) mod nearer;
mod nodes;
mod protections;
mod provider;
mod public;
mod reach;
mod records;
pub(super) mod resolvers;
pub(super) mod route53;
mod tunnel;
pub(super) mod vantages;

pub(super) use provider::few_calls;

use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use super::hands::{Hands, eventually, expect};
use crate::command::{Output, output_within};
use crate::error::{Context, Result, bail};
use crate::vantage::{Place, Vantage};

/// How long the doctor may take, deadline and all.
const DOCTOR_LIMIT: Duration = Duration::from_secs(60);
/// How long the lab has to show what was broken, and to be well again.
const PATIENCE: u64 = 120;
/// How long what follows from a failure may be held for a cause of its own, while the looks catch up with it.
const SETTLES: u64 = 20;
/// Between two looks: the provider counts calls.
const PACE: Duration = Duration::from_secs(1);

/// The checks that tell of any change to what was applied.
const DRIFT: [&str; 2] = ["lab.applied", "lab.conflict"];

/// A failure that can be made and undone.
pub(super) struct Injury {
    /// What is broken, as a sentence.
    pub(super) name: &'static str,
    /// The check that has to name it, before any other.
    pub(super) id: &'static str,
    /// Words that its finding has to have: in the summary, the cause or the fix.
    pub(super) says: &'static [&'static str],
    /// Where the doctor is asked, and with which flags.
    pub(super) ask: Ask,
    /// Runs without `--all`, too.
    pub(super) always: bool,
    /// Makes the failure.
    pub(super) make: fn(&Hands) -> Result<()>,
    /// Undoes it. Where the finding has commands that cure, those are run first, and this is only the cleaning up after.
    pub(super) undo: fn(&Hands) -> Result<()>,
}

/// How the doctor is asked.
pub(super) struct Ask {
    /// The machine that it runs on.
    pub(super) at: Place,
    /// More flags, beside `--config` and `--output json`.
    pub(super) flags: &'static [&'static str],
    /// The file in the run's folder that is the configuration, where it is not the lab's own.
    pub(super) config: Option<&'static str>,
    /// The file in the run's folder that is the kubeconfig, where it is not the lab's own.
    pub(super) kubeconfig: Option<&'static str>,
    /// What stands before `homelab`: a program that runs it in a world of its own.
    pub(super) wrap: &'static [&'static str],
}

impl Ask {
    /// On the first node, with the lab's own configuration.
    pub(super) const NODE: Self =
        Self { at: Place::Node, flags: &[], config: None, kubeconfig: None, wrap: &[] };

    fn config(&self, hands: &Hands) -> std::path::PathBuf {
        self.config.map_or_else(|| hands.run.homelab_config(), |name| hands.run.path(name))
    }

    /// Runs the doctor; any of its exit codes is an answer.
    pub(super) fn run(&self, hands: &Hands) -> Result<Answer> {
        Answer::of(output_within(&mut self.doctor(hands, "json")?, DOCTOR_LIMIT)?)
    }

    /// What a person reads who asks the same.
    fn text(&self, hands: &Hands) -> Result<String> {
        Ok(output_within(&mut self.doctor(hands, "text")?, DOCTOR_LIMIT)?.stdout)
    }

    fn doctor(&self, hands: &Hands, format: &str) -> Result<Command> {
        let place = Vantage::find(&hands.run, self.at)?;
        let mut words = self.wrap.iter().copied().chain(["homelab"]);
        let mut command = place.command(words.next().unwrap_or_default());
        command.args(words);
        command.args(["doctor", "--output", format, "--config"]).arg(self.config(hands));
        if let Some(name) = self.kubeconfig {
            command.arg("--kubeconfig").arg(hands.run.path(name));
        }
        command.args(self.flags).env("HOME", hands.run.path("home"));
        Ok(command)
    }
}

/// What the doctor said.
pub(super) struct Answer {
    pub(super) code: Option<i32>,
    pub(super) report: Value,
}

impl Answer {
    fn of(output: Output) -> Result<Self> {
        let mut report: Value = serde_json::from_str(&output.stdout)
            .context(format_args!("the doctor's JSON\n{}{}", output.stdout, output.stderr))?;
        if let Some(checks) = report["checks"].as_array_mut() {
            checks.retain(|check| !is_the_disk_below(check));
        }
        Ok(Self { code: output.status.code(), report })
    }

    fn checks(&self) -> &[Value] {
        self.report["checks"].as_array().map_or(&[], Vec::as_slice)
    }

    /// What failed, be it an error or a warning, in the order of the report.
    pub(super) fn failures(&self) -> Vec<&Value> {
        self.failures_and("")
    }

    /// The same, with what is only good to know if it has that name.
    fn failures_and(&self, id: &str) -> Vec<&Value> {
        let counts = |check: &&Value| check["severity"] != "info" || check["id"] == id;
        self.checks().iter().filter(|check| check["outcome"] == "fail").filter(counts).collect()
    }

    /// One line for each failure and each thing that could not be looked at.
    pub(super) fn lines(&self) -> String {
        let telling = self.checks().iter().filter(|check| {
            check["outcome"] == "unknown" || (check["outcome"] == "fail" && check["severity"] != "info")
        });
        let line = |check: &Value| {
            let text = |key: &str| check[key].as_str().unwrap_or_default().to_owned();
            let said = if check["outcome"] == "fail" { text("summary") } else { text("why") };
            let about = format!("{}{}", text("host"), text("node"));
            format!("{} {} [{}] {about}: {said}", text("outcome"), text("id"), text("severity"))
        };
        telling.map(line).collect::<Vec<_>>().join("\n")
    }
}

/// How full the machine is on which the lab lies is no matter of the lab's.
fn is_the_disk_below(check: &Value) -> bool {
    check["id"] == "host.disk" && check["summary"].as_str().is_some_and(|text| text.contains("of `/` "))
}

/// Looks until it is so, not too often.
pub(super) fn asked_until(
    what: &str,
    mut look: impl FnMut() -> Result<std::result::Result<(), String>>,
) -> Result<f64> {
    eventually(what, PATIENCE, || {
        let seen = look()?;
        if seen.is_err() {
            sleep(PACE);
        }
        Ok(seen)
    })
}

/// Asks until nothing fails.
pub(super) fn is_well(hands: &Hands) -> Result<()> {
    asked_until("the doctor to find nothing", || {
        let answer = Ask::NODE.run(hands)?;
        Ok(match (answer.code, answer.failures().as_slice()) {
            (Some(0), []) => Ok(()),
            (code, _) => Err(format!("exit {code:?}\n{}", answer.lines())),
        })
    })
    .map(drop)
}

/// A failure that is asked about on the first node, and runs with `--all` only.
pub(super) const fn injury(
    name: &'static str,
    id: &'static str,
    says: &'static [&'static str],
    make: fn(&Hands) -> Result<()>,
    undo: fn(&Hands) -> Result<()>,
) -> Injury {
    Injury { name, id, says, ask: Ask::NODE, always: false, make, undo }
}

impl Injury {
    /// Makes the failure, asks the doctor, follows its commands, and is sure that all is well again. A cause that is not
    /// true is told of at the end, after the cure was tried.
    pub(super) fn run(&self, hands: &Hands) -> Result<()> {
        is_well(hands)?;
        let named = (self.make)(hands).and_then(|()| self.is_named(hands));
        let truth = if named.is_ok() { self.is_all_true(hands) } else { Ok(()) };
        let cured = named.and_then(|commands| self.cure(hands, &commands));
        let undone = (self.undo)(hands);
        cured.and(undone).and_then(|()| is_well(hands)).and(truth)
    }

    /// Looks until no error is told beside the cause but those that are true, too.
    fn is_all_true(&self, hands: &Hands) -> Result<()> {
        let may = |check: &Value| {
            let text = |key: &str| check[key].as_str().unwrap_or_default();
            let id = text("id");
            id == self.id || DRIFT.contains(&id) || beside::is_true(self.name, id, text("summary"))
        };
        eventually("no error that is not true", SETTLES, || {
            let answer = self.ask.run(hands)?;
            let wrong =
                answer.failures().into_iter().filter(|check| check["severity"] == "error" && !may(check));
            let wrong: Vec<String> = wrong
                .map(|check| format!("beside `{}`: {} {}", self.id, check["id"], check["summary"]))
                .collect();
            if !wrong.is_empty() {
                sleep(PACE);
            }
            Ok(if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) })
        })
        .map(drop)
    }

    /// Asks until the finding is the first of all, and gives the commands that should cure it.
    fn is_named(&self, hands: &Hands) -> Result<Vec<String>> {
        let mut commands = Vec::new();
        let seconds = asked_until(&format!("the doctor to name `{}`", self.id), || {
            let answer = self.ask.run(hands)?;
            let failures = answer.failures_and(self.id);
            // An object of ours that was changed to break something is no longer as the configuration says: that is told,
            // too, and before what follows from it.
            let is_told =
                |check: &&&Value| check["id"] == self.id || DRIFT.iter().all(|id| check["id"] != *id);
            let Some(first) = failures.iter().find(is_told) else {
                return Ok(Err(format!("nothing failed\n{}", answer.lines())));
            };
            if first["id"] != self.id {
                return Ok(Err(format!("the first is another\n{}", answer.lines())));
            }
            let said = format!("{} {} {}", first["summary"], first["cause"], first["fix"]);
            if let Some(missing) = self.says.iter().find(|part| !said.contains(*part)) {
                return Ok(Err(format!("`{missing}` is not in: {said}")));
            }
            let listed = first["fix"]["commands"].as_array().cloned().unwrap_or_default();
            commands = listed.iter().filter_map(|c| c.as_str().map(str::to_owned)).collect();
            println!("      {}: {}", self.id, first["summary"].as_str().unwrap_or_default());
            for other in failures.iter().filter(|other| other["id"] != self.id) {
                let text = |key: &str| other[key].as_str().unwrap_or_default();
                println!("        also {} [{}]: {}", text("id"), text("severity"), text("summary"));
            }
            Ok(Ok(()))
        })?;
        println!("      named after {seconds:.1} s");
        if hands.show {
            println!("{}", self.ask.text(hands)?);
        }
        Ok(commands)
    }

    /// Whether a proof failed, and by nothing but what this lab cannot have.
    fn is_of_the_lab_alone(&self, output: &Output) -> bool {
        let mut failed =
            output.stdout.lines().filter_map(|line| line.trim_start().strip_prefix("FAIL ")).peekable();
        // The summary has a line for each subject, and the id at its end; what follows has it at its beginning.
        let is = |line: &str| line.split_whitespace().any(|word| beside::is_of_the_lab(self.name, word));
        output.status.code() == Some(1) && failed.peek().is_some() && failed.all(is)
    }

    /// Runs the commands as a person at the node would, and waits until the check passes.
    fn cure(&self, hands: &Hands, commands: &[String]) -> Result<()> {
        if commands.is_empty() {
            return Ok(());
        }
        for command in commands {
            println!("      $ {command}");
            let mut shell: Command = hands.node.command("bash");
            shell.args(["-c", command]).env("HOME", hands.run.path("home"));
            shell.env("HOMELAB_CONFIG", self.ask.config(hands));
            let output = output_within(&mut shell, Duration::from_secs(300))?;
            expect(
                output.status.success() || self.is_of_the_lab_alone(&output),
                format!("`{command}` failed:\n{}{}", output.stdout, output.stderr),
            )?;
        }
        asked_until("the cure to work", || {
            let answer = self.ask.run(hands)?;
            let still = answer.failures().iter().any(|check| check["id"] == self.id);
            Ok(if still { Err(answer.lines()) } else { Ok(()) })
        })
        .map(drop)
    }
}

/// Every failure that is made, with its group, in the order in which they run.
pub(super) fn injuries() -> impl Iterator<Item = (&'static str, &'static Injury)> {
    let rooms = [
        machine::INJURIES,
        cluster::INJURIES,
        nodes::INJURIES,
        reach::INJURIES,
        ingress::CONTROLLER_INJURIES,
        ingress::RULES_INJURIES,
        ingress::RELOAD_INJURIES,
        provider::INJURIES,
        public::INJURIES,
        records::INJURIES,
        names::INJURIES,
        tunnel::INJURIES,
        resolvers::INJURIES,
        certificates::machinery::INJURIES,
        certificates::asked::INJURIES,
        certificates::attempts::INJURIES,
        certificates::served::INJURIES,
        apps::INJURIES,
        backends::INJURIES,
        protections::INJURIES,
        egress::INJURIES,
    ];
    let nearer = [nearer::cloud::INJURIES, nearer::policies::INJURIES];
    let of_lab = rooms.into_iter().flatten().map(|injury| ("doctor", injury));
    of_lab.chain(nearer.into_iter().flatten().map(|injury| ("nearer", injury)))
}

/// The lab that `up` left: no failure, and no warning.
pub(super) fn a_healthy_lab(hands: &Hands) -> Result<()> {
    is_well(hands)?;
    let answer = Ask::NODE.run(hands)?;
    if answer.lines().is_empty() { Ok(()) } else { bail!("{}", answer.lines()) }
}
