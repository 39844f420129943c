//! The tests of `cargo lab test`: every case is a sentence that holds.

mod changes;
mod clients;
mod crashes;
mod ground;
mod hands;
mod main_job;
mod nodes;
mod rendering;
mod renewal;
mod runner;
mod secrets;
mod stages;
mod weather;

use std::process::ExitCode;

use clap::Args;

use crate::error::Result;
use crate::paths::Cache;
use hands::Hands;

/// Something that must hold on a lab with two nodes on which `homelab up` has run.
struct Case {
    group: &'static str,
    name: &'static str,
    /// Runs without `--all`, too.
    always: bool,
    run: fn(&Hands) -> Result<()>,
}

const fn always(group: &'static str, name: &'static str, run: fn(&Hands) -> Result<()>) -> Case {
    Case { group, name, always: true, run }
}

const fn with_all(group: &'static str, name: &'static str, run: fn(&Hands) -> Result<()>) -> Case {
    Case { group, name, always: false, run }
}

/// In the order in which they run.
const CASES: &[Case] = &[
    always("ground", "the nodes are Ready", ground::nodes_are_ready),
    always("ground", "pods reach pods and services", ground::pods_reach_pods_and_services),
    always("ground", "a host port shows the client's address", ground::a_host_port_shows_the_client),
    always("ground", "names resolve through the router", ground::names_resolve_through_the_router),
    always("ground", "the router can drop private answers", ground::the_router_can_drop_private_answers),
    always("ground", "nothing of the lab reaches the machine", ground::nothing_reaches_the_machine),
];

/// Which tests to run.
#[derive(Args)]
pub(crate) struct Selection {
    /// Everything, not only the main job and one case of each group
    #[arg(long)]
    all: bool,
    /// Only list the names
    #[arg(long)]
    list: bool,
    /// Leave the lab running
    #[arg(long)]
    keep: bool,
    /// Only tests whose group is one of these, or whose name contains one
    names: Vec<String>,
}

impl Selection {
    fn names(&self, group: &str, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|part| part == group || name.contains(part.as_str()))
    }

    /// A case that is named is run, also without `--all`.
    fn wants(&self, case: &Case) -> bool {
        self.names(case.group, case.name) && (case.always || self.all || !self.names.is_empty())
    }
}

/// Lists or runs what was selected.
pub(crate) fn run(cache: &Cache, selection: &Selection) -> Result<ExitCode> {
    if !selection.list {
        return runner::run(cache, selection);
    }
    for stage in stages::STAGES.iter().filter(|stage| selection.names("build", stage.name)) {
        println!("build: {}", stage.name);
    }
    for case in CASES.iter().filter(|case| selection.names(case.group, case.name)) {
        println!("{}: {}{}", case.group, case.name, if case.always { "" } else { " (--all)" });
    }
    Ok(ExitCode::SUCCESS)
}
