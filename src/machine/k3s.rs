//! The service of k3s on this machine, as systemd has it: why the API server does not answer.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::evidence::{Note, TELLING, UnitSeen};

/// There when systemd runs (sd_booted(3)).
const SYSTEMD: &str = "/run/systemd/system";
/// A server's unit and an agent's; the NixOS module calls both `k3s`.
const UNITS: [&str; 2] = ["k3s", "k3s-agent"];
/// How it says at level info that it waits, over and over, so that it never becomes active: for its datastore (an etcd that
/// knows it by another address: k3s-io/k3s#6524), and on an agent for its server, which may not let it in (#1264, #13063).
const WAITS: [&str; 6] = [
    "Failed to test etcd connection",
    "Failed to test data store connection",
    "not a member of the etcd cluster",
    "Waiting to retrieve agent configuration",
    "Node password rejected",
    "multiple global unicast addresses",
];
/// For each program that is asked.
const WITHIN: Duration = Duration::from_secs(2);
/// As much of a line as is kept, in characters.
const LINE: usize = 600;

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

/// The message of the last line that is fatal or says what k3s waits for, else of the last error; k3s writes
/// `time=... level=... msg="..."`.
fn last_error(journal: &str) -> Option<String> {
    let stops = |line: &&str| line.contains("level=fatal") || WAITS.iter().any(|words| line.contains(words));
    let mut lines = journal.lines().rev();
    let line = lines.clone().find(stops).or_else(|| lines.find(|line| line.contains("level=error")))?;
    Some(message(line))
}

/// The text of a line, without what stands before it.
fn message(line: &str) -> String {
    let message = line.split_once("msg=").map_or(line, |(_, message)| message);
    message.trim().trim_matches('"').replace("\\\"", "\"")
}

/// What the service wrote lately that tells something; `None` where its journal cannot be read.
pub(super) fn notes(unit: &str) -> Option<Vec<Note>> {
    let lately = |of: &[&str]| {
        let words = [of, &["--since=-5min", "-n", "4000", "-o", "cat", "--no-pager", "-q"]].concat();
        output("journalctl", &words)
    };
    std::thread::scope(|scope| {
        // The kernel says the rest; its lines are for root and the group systemd-journal.
        let kernel = scope.spawn(|| lately(&["-k"]));
        let mut notes = noted(&lately(&["-u", unit])?);
        notes.extend(noted(&kernel.join().ok().flatten().unwrap_or_default()));
        Some(notes)
    })
}

/// The last line with each of the words, and how many there are.
fn noted(journal: &str) -> Vec<Note> {
    let of = |word: &&str| {
        let lines = journal.lines().filter(|line| line.contains(word));
        let (times, line) = lines.fold((0_u32, ""), |(times, _), line| (times.saturating_add(1), line));
        let line = line.chars().take(LINE).collect();
        (times > 0).then(|| Note { word: (*word).to_owned(), line, times })
    };
    TELLING.iter().filter_map(of).collect()
}

/// What a program prints, if it ends well in time.
pub(super) fn output(program: &str, args: &[&str]) -> Option<String> {
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
        assert_eq!(last_error("all is well"), None);
    }

    #[test]
    fn what_k3s_waits_for_is_read_though_it_says_so_at_level_info() {
        // As k3s writes it: k3s-io/k3s#6524, #1264 and #3266, timothystewart6/k3s-ansible#230.
        let lines = [
            "time=\"2022-11-21T08:58:27Z\" level=info msg=\"Failed to test data store connection: this server is a not a member of the etcd cluster. Found [pi-1=https://192.168.1.2:2380], expect: pi-1=https://192.168.1.77:2380\"",
            "time=\"2023-02-28T15:26:57+08:00\" level=info msg=\"Waiting to retrieve agent configuration; server is not ready: Node password rejected, duplicate hostname or contents of '/etc/rancher/node/password' may not match server node-passwd entry, try enabling a unique node name with the --with-node-id flag\"",
            "time=\"2023-02-13T10:44:52-05:00\" level=info msg=\"Waiting to retrieve agent configuration; server is not ready: \\\"overlayfs\\\" snapshotter cannot be enabled for \\\"/var/lib/rancher/k3s/agent/containerd\\\", try using \\\"fuse-overlayfs\\\" or \\\"native\\\": failed to mount overlay: permission denied\"",
        ];
        for line in lines {
            let journal = format!("{line}\ntime=\"x\" level=error msg=\"other\"\n");
            let found = last_error(&journal).unwrap();
            assert!(line.replace("\\\"", "\"").contains(&found) && found != "other", "{found}");
        }
        let later = format!("time=\"x\" level=fatal msg=\"old\"\n{}\n", lines[1]);
        assert!(last_error(&later).unwrap().contains("Node password rejected"), "the last one counts");
    }

    #[test]
    fn what_the_journal_tells_is_counted_by_its_words() {
        let slow = "time=\"2023-06-30T09:56:00Z\" level=info msg=\"Slow SQL (started: 2023-06-30 09:55:55.477825148 +0000 UTC m=+72029.041571689) (total time: 5.162300684s):  SELECT\"\n";
        let notes = noted(&format!("{slow}all is well\n{slow}"));
        assert_eq!(notes.len(), 1);
        assert_eq!((notes[0].word.as_str(), notes[0].times), ("Slow SQL", 2));
        assert!(notes[0].line.contains("total time: 5.16"));
    }

    #[test]
    fn a_program_that_hangs_or_is_not_there_gives_nothing() {
        assert_eq!(output("homelab-no-such-program", &[]), None);
        assert_eq!(output("echo", &["a"]).as_deref(), Some("a\n"));
    }
}
