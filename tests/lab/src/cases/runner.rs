//! Runs stages and cases, one after the other, and says how each ended.

use std::process::ExitCode;
use std::time::Instant;

use super::hands::Hands;
use super::{Case, Selection, cases, stages};
use crate::error::Result;
use crate::lab::{self, Shape};
use crate::paths::Cache;
use crate::{homelab, process, teardown};

const SHAPE: Shape = Shape { nodes: 2, rebind_protection: false };
const BRING_UP: &str = "the lab comes up with two nodes, and homelab on it";
const TAKE_DOWN: &str = "down leaves nothing behind";

#[derive(Default)]
struct Tally {
    passed: usize,
    failed: Vec<String>,
    left_out: Vec<String>,
}

impl Tally {
    /// Runs one thing and notes how it ended.
    fn run(&mut self, group: &str, name: &str, what: impl FnOnce() -> Result<()>) -> bool {
        println!("...            {group}: {name}");
        let start = Instant::now();
        let result = what();
        let seconds = start.elapsed().as_secs_f64();
        match result {
            Ok(()) => {
                println!("ok   {seconds:7.1} s {group}: {name}");
                self.passed += 1;
                true
            }
            Err(error) => {
                println!("FAIL {seconds:7.1} s {group}: {name}");
                error.to_string().lines().for_each(|line| println!("      {line}"));
                self.failed.push(format!("{group}: {name}"));
                false
            }
        }
    }

    fn leave_out(&mut self, group: &str, name: &str, why: &str) {
        self.left_out.push(format!("{group}: {name} ({why})"));
    }

    fn finish(self) -> ExitCode {
        for (title, names) in [("left out:", &self.left_out), ("failed:", &self.failed)] {
            if !names.is_empty() {
                println!("\n{title}");
                names.iter().for_each(|name| println!("  {name}"));
            }
        }
        println!("\n{} passed, {} failed, {} skipped", self.passed, self.failed.len(), self.left_out.len());
        if self.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Runs what was selected.
pub(super) fn run(cache: &Cache, selection: &Selection) -> Result<ExitCode> {
    let mut tally = Tally::default();
    for stage in &stages::STAGES {
        if selection.names("build", stage.name) {
            tally.run("build", stage.name, stage.run);
        }
    }
    let wanted: Vec<Case> = cases().filter(|case| selection.wants(case)).collect();
    for case in cases().filter(|case| selection.names(case.group, case.name) && !selection.wants(case)) {
        tally.leave_out(case.group, case.name, "only with --all");
    }
    if wanted.is_empty() && !selection.names("lab", BRING_UP) && !selection.names("lab", TAKE_DOWN) {
        return Ok(tally.finish());
    }

    let _lock = lab::lock(cache)?;
    let was_there = lives(cache)?;
    if was_there {
        // The lab runs on; what is tested is what the sources say now.
        lab::renew_homelab(&cache.run())?;
    }
    let is_up = was_there || tally.run("lab", BRING_UP, || bring_up(cache));
    for case in wanted {
        if !is_up {
            tally.leave_out(case.group, case.name, "there is no lab");
            continue;
        }
        tally.run(case.group, case.name, || case.run(&Hands::find(selection.show)?));
    }
    if was_there || selection.keep {
        tally.leave_out("lab", TAKE_DOWN, "the lab stays");
    } else if cache.run().state().exists() {
        tally.run("lab", TAKE_DOWN, || take_down(cache));
    }
    Ok(tally.finish())
}

/// Whether a lab runs. What is left of one whose daemons have died is removed.
fn lives(cache: &Cache) -> Result<bool> {
    let run = cache.run();
    if !run.state().exists() {
        return Ok(false);
    }
    if let Err(dead) = process::check_alive(&run) {
        println!(
            "removing what is left of an earlier lab: {}",
            dead.to_string().lines().next().unwrap_or_default()
        );
        lab::down(cache)?;
        return Ok(false);
    }
    Ok(true)
}

fn bring_up(cache: &Cache) -> Result<()> {
    lab::up(cache, SHAPE)?;
    homelab::up(&cache.run())
}

fn take_down(cache: &Cache) -> Result<()> {
    let run = cache.run();
    lab::down(cache)?;
    let left = teardown::leftovers(&run)?;
    super::hands::expect(left.is_empty(), left.join(", "))
}
