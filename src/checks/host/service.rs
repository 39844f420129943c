//! The service of k3s on this machine: whether it runs, and what its log says over and over while it does.

use crate::checks::engine::{Finding, Outcome, Severity};
use crate::checks::reading::last_words;
use crate::evidence::{Evidence, MachineSeen, Note};

/// How many slow answers of the datastore within five minutes are no accident: one comes with every start.
const SLOW: u32 = 10;

/// What a line says that k3s writes while it runs, from how many on, and how much it matters.
struct Reading {
    words: &'static [&'static str],
    times: u32,
    severity: Severity,
    cause: &'static str,
    fix: &'static str,
    nixos: &'static str,
}

/// From what ends k3s to what slows it. Lines that only explain a connection are read where that connection is.
const READINGS: [Reading; 5] = [
    // k3s-io/k3s#1850, #2615, #12380.
    Reading {
        words: &["leaderelection lost"],
        times: 1,
        severity: Severity::Error,
        cause: "the datastore did not answer within the ten seconds that a controller holds its lease, so k3s exited and was started again: usually because of a slow disk (an SD card, a network disk), or too little memory",
        fix: "put `/var/lib/rancher` on an SSD; check what else writes with `iotop -o`, and whether memory is short with `free -h`",
        nixos: "",
    },
    // k3s-io/k3s#8042; openmediavault/openmediavault#1775; etcd documentation, "Hardware recommendations": disks.
    Reading {
        words: &["Slow SQL", "apply request took too long", "slow fdatasync"],
        times: SLOW,
        severity: Severity::Warning,
        cause: "the disk is too slow for the datastore, which writes to it all the time: an SD card, a network disk, or a disk that is busy with something else",
        fix: "put `/var/lib/rancher` on an SSD; check what else writes with `iotop -o`",
        nixos: "",
    },
    // kairos-io/kairos#2071, k0sproject/k0s#8113.
    Reading {
        words: &["too many open files"],
        times: 1,
        severity: Severity::Error,
        cause: "a limit of the kernel is reached, usually that of inotify instances, of which root has 128: `kubectl logs -f` and new pods fail",
        fix: "raise it: `sudo sysctl -w fs.inotify.max_user_instances=8192`, and the same line in `/etc/sysctl.d/90-inotify.conf`",
        nixos: "boot.kernel.sysctl.\"fs.inotify.max_user_instances\" = 8192;",
    },
    // kubernetes/kubernetes#71261.
    Reading {
        words: &["nf_conntrack: table full"],
        times: 1,
        severity: Severity::Error,
        cause: "the kernel's connection table (conntrack) is full, so it drops new connections",
        fix: "make it larger: `sudo sysctl -w net.netfilter.nf_conntrack_max=262144`, and find the machine that has so many: `sudo conntrack -L | awk '{print $4}' | sort | uniq -c | sort -n | tail`",
        nixos: "boot.kernel.sysctl.\"net.netfilter.nf_conntrack_max\" = 262144;",
    },
    // k3s-io/k3s#66, #10512.
    Reading {
        words: &["not supported as upperdir"],
        times: 1,
        severity: Severity::Error,
        cause: "overlayfs does not work on the file system below `/var/lib/rancher` (ZFS before 2.2, NFS, another overlay), so that no container starts",
        fix: "put that folder on ext4 or XFS, or start k3s with `--snapshotter=native`, which needs more space",
        nixos: "services.homelab.k3s.extraFlags = [ \"--snapshotter=native\" ];",
    },
];

pub(super) fn state(evidence: &Evidence, machine: &MachineSeen) -> Outcome {
    let ground = &machine.ground;
    let Some(unit) = &ground.unit else {
        return Outcome::skip("k3s is not a systemd service on this machine");
    };
    let name = &unit.name;
    if !unit.state.starts_with("active/") {
        // Without an answer of the API server, that is the cause of it, and told there.
        let told = evidence.cluster.as_ref().is_some_and(|cluster| cluster.unit.is_some());
        // One that was stopped has ended well, and one that starts writes errors that pass.
        let lasts = |error: &String| match unit.state.as_str() {
            "activating/start" => last_words::is_known(error),
            state => !state.starts_with("inactive"),
        };
        return match (told, unit.last_error.as_ref().filter(|error| lasts(error))) {
            (true, _) => Outcome::skip("see `k3s.api`"),
            (false, Some(error)) => {
                let summary = format!("the service `{name}` of this machine is {}", unit.state);
                last_words::finding(summary, unit, error).into()
            }
            (false, None) => {
                Outcome::pass(format!("`{name}` is {}, and its log shows no lasting error", unit.state))
            }
        };
    }
    let Some(notes) = &ground.notes else {
        return Outcome::skip(format!("`{name}` runs; only root can read its log: `sudo homelab doctor`"));
    };
    match READINGS.iter().find_map(|reading| Some((reading, noted(reading, notes)?))) {
        Some((reading, (note, times))) => complaint(name, reading, note, times).into(),
        None => Outcome::pass(format!("`{name}` runs, and its log shows no lasting error")),
    }
}

/// The line that says most, and how many there are of its kind.
fn noted<'n>(reading: &Reading, notes: &'n [Note]) -> Option<(&'n Note, u32)> {
    let of: Vec<&Note> = notes.iter().filter(|note| reading.words.contains(&note.word.as_str())).collect();
    let times = of.iter().map(|note| note.times).sum();
    (times >= reading.times).then(|| of.first().copied()).flatten().map(|note| (note, times))
}

fn complaint(unit: &str, reading: &Reading, note: &Note, times: u32) -> Finding {
    let line = note.line.find(&note.word).and_then(|start| note.line.get(start..)).unwrap_or(&note.line);
    let said: String = line.chars().take(160).collect();
    let often = if times == 1 { "once".to_owned() } else { format!("{times} times") };
    let summary =
        format!("`{unit}` wrote {often} within five minutes: {}", said.trim_end_matches(['.', '"', ' ']));
    let finding = Finding::new(summary, reading.cause, reading.fix).look(command!(
        "journalctl -u {} --since -10min | grep {}",
        unit,
        note.word
    ));
    let finding = if reading.nixos.is_empty() { finding } else { finding.nixos(reading.nixos) };
    if reading.severity == Severity::Error { finding } else { finding.only(reading.severity) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::TELLING;

    #[test]
    fn every_word_that_the_journal_is_searched_for_is_read_somewhere() {
        let elsewhere = ["Sending HTTP 502 response", "Failed to load kernel module br_netfilter"];
        for word in TELLING {
            let read = READINGS.iter().any(|reading| reading.words.contains(&word));
            assert!(read != elsewhere.contains(&word), "{word}");
        }
    }
}
