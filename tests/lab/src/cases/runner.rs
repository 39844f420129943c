//! Runs stages and cases, one after the other, and says how each ended.

use std::process::ExitCode;
use std::time::Instant;

use super::hands::Hands;
use super::{Case, Selection, cases, cluster_domain, stages};
use crate::controller::Controller;
use crate::error::Result;
use crate::lab::{self, Shape};
use crate::name_server::Provider;
use crate::paths::Cache;
use crate::{homelab, process, teardown};

const SHAPE: Shape = Shape {
    nodes: 2,
    rebind_protection: false,
    provider: Provider::Cloudflare,
    house_resolver: false,
    controller: Controller::IngressNginx,
    cluster_domain: None,
};
/// What `cargo lab up` leaves when it is given no flag.
const OF_UP: Shape = Shape { nodes: 1, ..SHAPE };
const TAKE_OVER: &str = "a lab that `cargo lab up` has left is taken down first";
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

    fn run_all(&mut self, cases: Vec<Case>, is_up: bool, show: bool) {
        for case in cases {
            if is_up {
                self.run(case.group, case.name, || case.run(&Hands::find(show)?));
            } else {
                self.leave_out(case.group, case.name, "there is no lab");
            }
        }
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
        if selection.wants("build", stage.name, stage.always) {
            tally.run("build", stage.name, stage.run);
        } else if selection.names("build", stage.name) {
            tally.leave_out("build", stage.name, "only with --all");
        }
    }
    let wants = |case: &Case| selection.wants(case.group, case.name, case.always);
    let (wanted, of_others): (Vec<Case>, Vec<Case>) =
        cases().filter(wants).partition(|case| shape_of(case) == SHAPE);
    for case in cases().filter(|case| selection.names(case.group, case.name) && !wants(case)) {
        tally.leave_out(case.group, case.name, "only with --all");
    }
    let of_lab = [TAKE_OVER, BRING_UP, TAKE_DOWN].iter().any(|name| selection.names("lab", name));
    if wanted.is_empty() && of_others.is_empty() && !of_lab {
        return Ok(tally.finish());
    }

    let _lock = lab::lock(cache)?;
    if !wanted.is_empty() || of_lab {
        run_usual(cache, selection, &mut tally, wanted)?;
    }
    let with_provider = Provider::OTHERS.map(|provider| Shape { provider, ..SHAPE });
    let others = [
        Shape { controller: Controller::Traefik, ..SHAPE },
        Shape { cluster_domain: Some(cluster_domain::DOMAIN.to_owned()), ..SHAPE },
    ];
    for shape in with_provider.into_iter().chain(others) {
        let cases: Vec<Case> = of_others.iter().filter(|case| shape_of(case) == shape).cloned().collect();
        if !cases.is_empty() {
            run_with(cache, selection, &mut tally, &shape, cases)?;
        }
    }
    Ok(tally.finish())
}

/// The lab that a case needs.
fn shape_of(case: &Case) -> Shape {
    Shape {
        provider: case.provider,
        controller: case.controller,
        cluster_domain: case.cluster_domain.map(str::to_owned),
        ..SHAPE
    }
}

/// The cases of the lab that `cargo lab up` makes.
fn run_usual(cache: &Cache, selection: &Selection, tally: &mut Tally, wanted: Vec<Case>) -> Result<()> {
    let mut was_there = lives(cache, selection.reuse)?;
    if !was_there && selection.wants("lab", TAKE_OVER, false) {
        tally.run("lab", TAKE_OVER, || take_over(cache));
        was_there = lives(cache, selection.reuse)?;
    } else if !was_there && selection.names("lab", TAKE_OVER) {
        tally.leave_out("lab", TAKE_OVER, "only with --all");
    }
    if was_there {
        // The lab runs on; what is tested is what the sources say now.
        lab::renew_homelab(&cache.run())?;
    }
    let is_up = was_there || tally.run("lab", BRING_UP, || bring_up(cache, SHAPE));
    tally.run_all(wanted, is_up, selection.show);
    if was_there || selection.keep {
        tally.leave_out("lab", TAKE_DOWN, "the lab stays");
    } else if cache.run().state().exists() {
        tally.run("lab", TAKE_DOWN, || take_down(cache));
    }
    Ok(())
}

/// The cases of another provider or controller, in a lab of their own: one that stays for others is not taken away for them.
fn run_with(
    cache: &Cache,
    selection: &Selection,
    tally: &mut Tally,
    shape: &Shape,
    cases: Vec<Case>,
) -> Result<()> {
    let run = cache.run();
    let exists = run.state().exists() && process::check_alive(&run).is_ok();
    let is_its = exists && lab::state(&run)?.shape.as_ref() == Some(shape);
    if is_its {
        lab::renew_homelab(&run)?;
    } else if exists {
        for case in &cases {
            tally.leave_out(case.group, case.name, &format!("the lab that stays is not one of {shape}"));
        }
        return Ok(());
    } else if run.state().exists() {
        lab::down(cache)?;
    }
    let name = format!("the lab comes up with {shape}, and homelab on it");
    let is_up = is_its || tally.run("lab", &name, || bring_up(cache, shape.clone()));
    tally.run_all(cases, is_up, selection.show);
    if !is_its && !selection.keep && run.state().exists() {
        tally.run("lab", TAKE_DOWN, || take_down(cache));
    }
    Ok(())
}

/// Whether a lab runs that the cases can use: one of another shape is taken down, unless it is to be kept, and what is
/// left of one whose daemons have died is removed.
fn lives(cache: &Cache, reuse: bool) -> Result<bool> {
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
    match lab::state(&run)?.shape {
        Some(shape) if shape == SHAPE => Ok(true),
        _ if reuse => Ok(true),
        other => {
            let other = other.map_or_else(|| "unknown".to_owned(), |shape| shape.to_string());
            println!(
                "taking down the lab that runs ({other}): the tests need one of {SHAPE}; `--reuse` keeps it"
            );
            lab::down(cache)?;
            Ok(false)
        }
    }
}

/// The README's two commands, one after the other: what the first leaves must not stay for the second.
fn take_over(cache: &Cache) -> Result<()> {
    lab::up(cache, OF_UP)?;
    let kept = lives(cache, true)?;
    let usable = lives(cache, false)?;
    let left = teardown::leftovers(&cache.run())?;
    super::hands::expect(
        kept && !usable && left.is_empty(),
        format!("kept {kept}, usable {usable}, {left:?}"),
    )
}

fn bring_up(cache: &Cache, shape: Shape) -> Result<()> {
    lab::up(cache, shape)?;
    homelab::up(&cache.run())
}

fn take_down(cache: &Cache) -> Result<()> {
    let run = cache.run();
    lab::down(cache)?;
    let left = teardown::leftovers(&run)?;
    super::hands::expect(left.is_empty(), left.join(", "))
}
