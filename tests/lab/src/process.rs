//! Daemons: started in the lab's cgroup with a log of their own, recorded by pid and start time, ended by that record.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::cgroup;
use crate::command::{describe, tail};
use crate::error::{Context, Result, bail};
use crate::files;
use crate::paths::Run;
use crate::wait::{self, Look};

/// An API server would wait for its watchers.
const PATIENCE: Duration = Duration::from_secs(3);
const END_LIMIT: Duration = Duration::from_secs(20);

/// A process that the lab started. A pid alone may have gone to another process meanwhile.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Process {
    pub(crate) name: String,
    pub(crate) pid: i32,
    start: u64,
}

/// Joins the cgroup given as first argument, then becomes the program.
const ENTER: &str = r#"echo $$ >"$1/cgroup.procs" && shift && exec "$@""#;

impl Process {
    /// Starts a daemon in a session of its own and records it.
    pub(crate) fn start(run: &Run, name: &str, program: &Command) -> Result<Self> {
        let log = run.log(name);
        files::make_folder(log.parent().unwrap_or(run.folder()))?;
        let open = || {
            let file = fs::OpenOptions::new().create(true).append(true).open(&log);
            file.context(format_args!("opening {}", log.display()))
        };
        let mut command = Command::new("setsid");
        command.args(["sh", "-c", ENTER, "sh"]).arg(cgroup::daemons()?);
        command.arg(program.get_program()).args(program.get_args());
        for (key, value) in program.get_envs() {
            match value {
                Some(value) => command.env(key, value),
                None => command.env_remove(key),
            };
        }
        command.current_dir(run.folder()).stdin(Stdio::null()).stdout(open()?).stderr(open()?);
        let child = command.spawn().context(format_args!("starting {}", describe(program)))?;
        let pid = i32::try_from(child.id()).context("a pid")?;
        let start = start_time(pid).context(format_args!("{name} ended at once"))?;
        let process = Self { name: name.to_owned(), pid, start };
        files::write_json(&run.processes().join(format!("{name}.json")), &process)?;
        Ok(process)
    }

    /// All that a run has recorded.
    pub(crate) fn recorded(run: &Run) -> Result<Vec<Self>> {
        let folder = run.processes();
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let records = files::below(&folder)?;
        let records = records.iter().filter(|path| path.extension().is_some_and(|end| end == "json"));
        records.map(|path| files::read_json(&folder.join(path))).collect()
    }

    pub(crate) fn find(run: &Run, name: &str) -> Result<Self> {
        files::read_json(&run.processes().join(format!("{name}.json")))
    }

    pub(crate) fn is_alive(&self) -> bool {
        start_time(self.pid) == Some(self.start)
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        if !self.is_alive() {
            return Ok(());
        }
        send(self.pid, signal).context(format_args!("ending {}", self.name))
    }

    /// Asks it to end, makes it if it does not, and forgets it.
    pub(crate) fn stop(&self, run: &Run) -> Result<()> {
        self.signal(Signal::TERM)?;
        if self.wait_for_end(PATIENCE).is_err() {
            self.signal(Signal::KILL)?;
            self.wait_for_end(END_LIMIT)?;
        }
        self.forget(run)
    }

    /// Ends it without a word to it, as a crash does, and forgets it.
    pub(crate) fn kill(&self, run: &Run) -> Result<()> {
        self.signal(Signal::KILL)?;
        self.wait_for_end(END_LIMIT)?;
        self.forget(run)
    }

    fn forget(&self, run: &Run) -> Result<()> {
        let record = run.processes().join(format!("{}.json", self.name));
        fs::remove_file(&record).context(format_args!("removing {}", record.display()))
    }

    fn wait_for_end(&self, limit: Duration) -> Result<()> {
        wait::until(&format!("{} to end", self.name), limit, || {
            Ok(if self.is_alive() { Look::NotYet(String::new()) } else { Look::Done(()) })
        })
    }
}

/// An error if a recorded daemon has died, with the last lines of its log.
pub(crate) fn check_alive(run: &Run) -> Result<()> {
    let mut dead = Vec::new();
    for process in Process::recorded(run)?.iter().filter(|process| !process.is_alive()) {
        let log = fs::read_to_string(run.log(&process.name)).unwrap_or_default();
        dead.push(format!("{} has died; the end of its log:\n{}", process.name, tail(&log, 15)));
    }
    if dead.is_empty() {
        return Ok(());
    }
    bail!("{}", dead.join("\n\n"))
}

/// Sends a signal; a process that is gone already is fine.
pub(crate) fn send(pid: i32, signal: Signal) -> rustix::io::Result<()> {
    let Some(pid) = Pid::from_raw(pid) else { return Ok(()) };
    match kill_process(pid, signal) {
        Err(rustix::io::Errno::SRCH) => Ok(()),
        other => other,
    }
}

/// When a process started, in clock ticks since boot; nothing for a process that is gone or only waits to be reaped.
fn start_time(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).ok()?;
    // The name in parentheses may hold spaces and parentheses of its own.
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    if matches!(*fields.first()?, "Z" | "X") {
        return None;
    }
    fields.get(19)?.parse().ok()
}
