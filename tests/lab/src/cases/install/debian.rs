//! The Debian package, from its installation to its purge, with systemd as on a real machine.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cases::hands::expect;
use crate::cases::package;
use crate::command::{output, run};
use crate::dist::{self, Arch, Release};
use crate::error::{Context, Result};
use crate::files;
use crate::paths::{Cache, repository};
use crate::root::{Booted, Root};
use crate::wait::{self, Look};

/// What the package needs of Debian.
pub(in crate::cases) const NEEDED: [&str; 2] = ["ca-certificates", "systemd"];
const OLDER: &str = "0.0.9";
pub(in crate::cases) const NEWER: &str = env!("CARGO_PKG_VERSION");
const TIMER: &str = "homelab-doctor.timer";
/// `homelab up` and the doctor try for a while to reach what is not there.
const LIMIT: Duration = Duration::from_secs(240);

/// What a person writes, and what must be there for the units: a k3s that answers its readiness and nothing else.
const WRITTEN: [(&str, &str); 6] = [
    (
        "etc/homelab/homelab.yaml",
        "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n",
    ),
    ("etc/homelab/dns-token", "0123456789abcdefghijklmnopqrstuvwxyzABCD\n"),
    ("etc/rancher/k3s/k3s.yaml", KUBECONFIG),
    ("etc/systemd/system/homelab-apply.service.d/own.conf", "[Unit]\nDescription=mine\n"),
    ("etc/systemd/system/homelab-doctor-access.service.d/own.conf", "[Service]\nEnvironment=PATIENCE=1\n"),
    ("usr/local/bin/k3s", "#!/bin/sh\n"),
];
/// Nobody listens there; the certificate is needed to send anything.
const KUBECONFIG: &str = r#"{ "apiVersion": "v1", "kind": "Config", "current-context": "k3s",
  "clusters": [{ "name": "k3s", "cluster": { "server": "https://127.0.0.1:6443" } }],
  "contexts": [{ "name": "k3s", "context": { "cluster": "k3s", "user": "k3s" } }],
  "users": [{ "name": "k3s", "user": { "token": "none" } }] }"#;

pub(in crate::cases) fn package() -> Result<()> {
    let cache = Cache::find()?;
    let root = Root::unpack(&cache, &NEEDED)?;
    for version in [OLDER, NEWER] {
        write(version, &root.path(&format!("var/tmp/{version}.deb")))?;
    }
    let booted = root.boot()?;
    let before = root.everything()?;
    install(&booted, OLDER)?;
    expect(booted.run("homelab", &["--version"])?.trim_end() == package::SAYS, "another version")?;
    let units = dpkg_lists(&booted, "/usr/lib/systemd/system/")?;
    expect(units.len() == 6, format!("{units:?}"))?;
    let names: Vec<&str> = units.iter().filter_map(|unit| unit.rsplit('/').next()).collect();
    let said =
        output(&mut booted.command("systemd-analyze", &[&["verify", "--man=no"], &names[..]].concat())?)?;
    expect(
        said.status.success() && (said.stdout + &said.stderr).trim().is_empty(),
        "systemd-analyze verify",
    )?;
    for unit in ["homelab-apply.service", TIMER] {
        let state = output(&mut booted.command("systemctl", &["is-enabled", unit])?)?.stdout;
        expect(state.trim() == "disabled", format!("{unit}: {state}"))?;
    }
    for page in ["share/man/man1/homelab-up.1.gz", "share/bash-completion/completions/homelab"] {
        expect(root.path(&format!("usr/{page}")).exists(), page)?;
    }

    let written = write_as_a_person(&root)?;
    booted.run("systemctl", &["daemon-reload"])?;
    booted.run("systemctl", &["enable", "--now", TIMER, "homelab-apply.service", "--no-block"])?;
    units_run(&booted)?;

    install(&booted, NEWER)?;
    still_set_up(&booted, &written)?;
    // Back to the older one, and on again.
    install(&booted, OLDER)?;
    install(&booted, NEWER)?;
    still_set_up(&booted, &written)?;

    booted.run("dpkg", &["--remove", "homelab"])?;
    expect(!root.path("usr/bin/homelab").exists(), "the program is left")?;
    for unit in ["homelab-apply.service", TIMER] {
        let state = output(&mut booted.command("systemctl", &["is-active", unit])?)?.stdout;
        expect(state.trim() == "inactive", format!("{unit} is {state}"))?;
    }
    unchanged(&root, &written)?;
    expect(root.path("var/lib/private/homelab/doctor.json").exists(), "a removal keeps the last report")?;
    booted.run("dpkg", &["--purge", "homelab"])?;
    unchanged(&root, &written)?;
    let left: BTreeSet<PathBuf> = root.everything()?.difference(&before).cloned().collect();
    let mine = |path: &PathBuf| written.iter().any(|(mine, _)| mine.starts_with(path));
    let strange: Vec<_> = left.iter().filter(|path| !mine(path)).collect();
    expect(strange.is_empty(), format!("a purge leaves {strange:?}"))
}

/// Packs what the sources are now, at a version.
pub(in crate::cases) fn write(version: &str, path: &Path) -> Result<()> {
    let program = package::program()?;
    let release = Release {
        version: version.to_owned(),
        commit: package::COMMIT.to_owned(),
        time: 1,
        source: repository().to_owned(),
        here: program.clone(),
        program,
        arch: Arch::here()?,
    };
    dist::write_deb(&release, "", path)
}

fn install(booted: &Booted, version: &str) -> Result<()> {
    booted.run("dpkg", &["--install", &format!("/var/tmp/{version}.deb")])?;
    let installed =
        booted.run("dpkg-query", &["--show", "--showformat=${Version} ${db:Status-Status}", "homelab"])?;
    expect(installed == format!("{version} installed"), installed)
}

/// The package's files in a folder.
fn dpkg_lists(booted: &Booted, folder: &str) -> Result<Vec<String>> {
    let listed = booted.run("dpkg", &["--listfiles", "homelab"])?;
    Ok(listed.lines().filter(|path| path.starts_with(folder)).map(str::to_owned).collect())
}

fn write_as_a_person(root: &Root) -> Result<Vec<(PathBuf, &'static str)>> {
    for (path, text) in WRITTEN {
        files::write(&root.path(path), text)?;
    }
    for (path, mode) in [("usr/local/bin/k3s", 0o755), ("etc/homelab/dns-token", 0o600)] {
        fs::set_permissions(root.path(path), fs::Permissions::from_mode(mode)).context(path)?;
    }
    Ok(WRITTEN.map(|(path, text)| (PathBuf::from(path), text)).into())
}

/// Closed as they are, systemd can start them, and the program in them says what it says anywhere: no cluster answers.
fn units_run(booted: &Booted) -> Result<()> {
    wait::until("homelab-apply to fail by its own word", LIMIT, || {
        let journal = booted.run("journalctl", &["--output=cat", "--unit=homelab-apply"])?;
        let is_done = journal.contains("homelab-apply failed (exit-code, exit code 3)");
        Ok(if is_done { Look::Done(()) } else { Look::NotYet(journal) })
    })?;
    let ready = booted.run("systemctl", &["show", "--property=Result", "homelab-ready"])?;
    expect(ready.trim() == "Result=success", ready)?;
    let mut start = booted.command("systemctl", &["start", "homelab-doctor"])?;
    let _ = crate::command::output_within(&mut start, LIMIT)?;
    let status = booted.run("systemctl", &["show", "--property=ExecMainStatus", "homelab-doctor"])?;
    expect(["ExecMainStatus=1", "ExecMainStatus=3"].contains(&status.trim()), status)?;
    let report: serde_json::Value =
        files::read_json(&booted.root.path("var/lib/private/homelab/doctor.json"))?;
    expect(report["schema_version"].is_number(), "no report")
}

/// What was enabled is enabled and active, and what was written is as it was.
fn still_set_up(booted: &Booted, written: &[(PathBuf, &str)]) -> Result<()> {
    run(&mut booted.command("systemctl", &["is-enabled", TIMER, "homelab-apply.service"])?)?;
    run(&mut booted.command("systemctl", &["is-active", TIMER])?)?;
    unchanged(booted.root, written)
}

fn unchanged(root: &Root, written: &[(PathBuf, &str)]) -> Result<()> {
    for (path, text) in written {
        let now = files::read_text(&root.path(&path.to_string_lossy()))?;
        expect(now == *text, format!("{}: {now}", path.display()))?;
    }
    Ok(())
}
