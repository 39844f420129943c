//! The service of k3s on this machine, as systemd has it: why the API server does not answer.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::evidence::UnitSeen;

/// There when systemd runs (sd_booted(3)).
const SYSTEMD: &str = "/run/systemd/system";
/// A server's unit and an agent's; the NixOS module calls both `k3s`.
const UNITS: [&str; 2] = ["k3s", "k3s-agent"];
/// What a server with etcd says, at no high level, over and over while it starts under another address (k3s-io/k3s#6524).
const STRANGER: &str = "not a member of the etcd cluster";
/// For each of the two programs that are asked.
const WITHIN: Duration = Duration::from_secs(2);

/// The unit, and the last error in its journal where it may be read; `None` without systemd or without a unit.
#[must_use]
pub fn unit() -> Option<UnitSeen> {
    if !Path::new(SYSTEMD).exists() {
        return None;
    }
    UNITS.iter().find_map(|name| {
        let shown = output(
            "systemctl",
            &["show", name, "--property=LoadState", "--property=ActiveState", "--property=SubState"],
        )?;
        let state = state(&shown)?;
        let journal = ["-u", name, "-b", "-n", "80", "-o", "cat", "--no-pager", "-q"];
        let last_error = output("journalctl", &journal).and_then(|journal| last_error(&journal));
        Some(UnitSeen { name: (*name).to_owned(), state, last_error })
    })
}

/// `active/running` and so on; `None` when the unit is not there.
fn state(shown: &str) -> Option<String> {
    let value = |key: &str| shown.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    if value("LoadState")? != "loaded" {
        return None;
    }
    Some(format!("{}/{}", value("ActiveState")?, value("SubState").unwrap_or_default()))
}

/// The message of the last fatal line, else why etcd keeps it out, else of the last error; k3s writes `time=... level=... msg="..."`.
fn last_error(journal: &str) -> Option<String> {
    let last = |level: &str| journal.lines().rev().find(|line| line.contains(level));
    let line = last("level=fatal").or_else(|| last(STRANGER)).or_else(|| last("level=error"))?;
    let message = line.split_once("msg=").map_or(line, |(_, message)| message);
    Some(message.trim().trim_matches('"').replace("\\\"", "\""))
}

/// What a program prints, if it ends well in time.
fn output(program: &str, args: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let mut stdout = child.stdout.take()?;
    // Read beside the wait, so that a full pipe cannot keep the program from ending.
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).ok().map(|_| text)
    });
    let until = Instant::now() + WITHIN;
    while Instant::now() < until {
        match child.try_wait() {
            Ok(Some(status)) => return reader.join().ok().flatten().filter(|_| status.success()),
            Ok(None) => std::thread::sleep(Duration::from_millis(10)),
            Err(_) => break,
        }
    }
    // Reaped, so that no process is left behind.
    let _ = child.kill();
    let _ = child.wait();
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_of_a_unit_is_read_and_a_missing_unit_is_none() {
        let shown = "LoadState=loaded\nActiveState=activating\nSubState=auto-restart\n";
        assert_eq!(state(shown).as_deref(), Some("activating/auto-restart"));
        assert_eq!(state("LoadState=not-found\nActiveState=inactive\n"), None);
    }

    #[test]
    fn the_last_fatal_line_wins_over_later_errors() {
        let journal = "time=\"a\" level=fatal msg=\"failed to find memory cgroup (v2)\"\nk3s.service: Failed\ntime=\"b\" level=error msg=\"other\"\n";
        assert_eq!(last_error(journal).as_deref(), Some("failed to find memory cgroup (v2)"));
        let stranger = "level=info msg=\"this server is a not a member of the etcd cluster\"\nlevel=error msg=\"other\"\n";
        assert_eq!(
            last_error(stranger).as_deref(),
            Some("this server is a not a member of the etcd cluster")
        );
        assert_eq!(last_error("all is well"), None);
    }

    #[test]
    fn a_program_that_hangs_or_is_not_there_gives_nothing() {
        assert_eq!(output("homelab-no-such-program", &[]), None);
        assert_eq!(output("echo", &["a"]).as_deref(), Some("a\n"));
    }
}
