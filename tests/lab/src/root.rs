//! A clean Debian in a folder of its own. What is done in it has its own processes, its own mounts and no network.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::cgroup;
use crate::command::{output, run, run_within};
use crate::debian;
use crate::error::{Context, Result};
use crate::files::{self, Recipe};
use crate::paths::Cache;
use crate::wait::{self, Look};

/// The oldest Debian that the packages are for.
const SUITE: &str = "bookworm";
const FETCH_LIMIT: Duration = Duration::from_secs(900);
const BOOT_LIMIT: Duration = Duration::from_secs(60);

/// Mounts what is given in pairs, read-only, and runs what follows `--`. Its arguments: the root, the pairs, `--`, the command.
const ENTER: &str = r#"
root=$1; shift
while [ "$1" != -- ]; do
  mkdir -p "$root$2"; mount --bind -o ro "$1" "$root$2"; shift 2
done
shift
mount -t proc proc "$root/proc"
ip link set lo up
exec chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  DEBIAN_FRONTEND=noninteractive "$@""#;

/// What systemd wants of a container (systemd.io, "The Container Interface"), and shared mounts, by which it hands credentials
/// to units. Its argument: the root.
const BOOT: &str = r#"
root=$1
mount --bind "$root" "$root"
cd "$root"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for device in "null 3" "zero 5" "full 7" "random 8" "urandom 9"; do
  mknod -m 666 "dev/${device% *}" c 1 "${device#* }"
done
mknod -m 666 dev/tty c 5 0
ln -s /proc/self/fd dev/fd
ln -s pts/ptmx dev/ptmx
mkdir dev/shm dev/pts run/before
hostname debian
ip link set lo up
pivot_root . run/before
umount -l /run/before
mount --make-rshared /
exec /usr/bin/env -i container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd"#;

/// Where files come and go that are not a package's own: dpkg's lists, logs, what programs of Debian keep.
const NOT_LOOKED_AT: [&str; 8] =
    ["dev", "proc", "sys", "run", "tmp", "var/lib/dpkg", "var/log", "var/cache/ldconfig"];

pub(crate) struct Root(tempfile::TempDir);

impl Root {
    /// Debian's smallest set of packages and these, fetched once and unpacked each time.
    pub(crate) fn unpack(cache: &Cache, packages: &[&str]) -> Result<Self> {
        debian::check_root()?;
        let mut recipe = Recipe::default();
        recipe.add(SUITE, packages.join(" "));
        let packed = cache.roots().join(format!("{SUITE}-{}.tar", recipe.key()));
        if !packed.exists() {
            debian::install_missing()?;
            files::make_folder(&cache.roots())?;
            eprintln!("fetching Debian's packages for a clean root: {}", packages.join(" "));
            let partial = packed.with_extension("partial.tar");
            let mut fetch = Command::new("mmdebstrap");
            fetch.arg("--quiet").arg("--variant=minbase").arg(format!("--include={}", packages.join(",")));
            if packages.iter().any(|name| name.ends_with(":arm64")) {
                fetch.arg("--architectures=amd64,arm64");
            }
            run_within(fetch.arg(SUITE).arg(&partial), FETCH_LIMIT)?;
            files::rename(&partial, &packed)?;
        }
        let folder =
            tempfile::Builder::new().prefix("unpacked-").tempdir_in(cache.roots()).context("a root")?;
        run(Command::new("tar").arg("-C").arg(folder.path()).arg("-xf").arg(&packed))?;
        Ok(Self(folder))
    }

    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        self.0.path().join(inside.trim_start_matches('/'))
    }

    /// A command inside. `mounts` are folders of this machine, to be read only, and where they appear.
    pub(crate) fn command(&self, mounts: &[(&Path, &str)], words: &[&str]) -> Command {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child"]);
        command.args(["sh", "-ec", ENTER, "sh"]).arg(self.0.path());
        for (from, to) in mounts {
            command.arg(from).arg(to);
        }
        command.arg("--").args(words);
        command
    }

    /// Starts systemd in it.
    pub(crate) fn boot(&self) -> Result<Booted<'_>> {
        let group = cgroup::unified()?.join(format!("homelab-root-{}", std::process::id()));
        files::make_folder(&group)?;
        let mut command = Command::new("sh");
        command.args(["-ec", r#"echo $$ >"$1/cgroup.procs"; shift; exec "$@""#, "sh"]).arg(&group);
        command.args(["unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--cgroup", "--fork"]);
        command.args(["--kill-child", "sh", "-ec", BOOT, "sh"]).arg(self.0.path());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.spawn().context("starting systemd in a root")?;
        let booted = Booted { root: self, child, group };
        wait::until("systemd to start", BOOT_LIMIT, || {
            let Ok(mut systemctl) = booted.command("systemctl", &["is-system-running"]) else {
                return Ok(Look::NotYet("no process yet".into()));
            };
            let said = output(&mut systemctl)?;
            let is_up = ["running", "degraded"].contains(&said.stdout.trim());
            Ok(if is_up { Look::Done(()) } else { Look::NotYet(said.stdout + &said.stderr) })
        })?;
        Ok(booted)
    }

    /// Every file, link and folder in it, but for what is not looked at.
    pub(crate) fn everything(&self) -> Result<BTreeSet<PathBuf>> {
        let (mut found, mut open) = (BTreeSet::new(), vec![self.0.path().to_owned()]);
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(&folder).context(folder.display())? {
                let entry = entry.context(folder.display())?;
                let path = entry.path();
                let inside = path.strip_prefix(self.0.path()).context("a path")?.to_owned();
                if NOT_LOOKED_AT.iter().any(|not| inside.starts_with(not)) {
                    continue;
                }
                if entry.file_type().context(path.display())?.is_dir() {
                    open.push(path);
                }
                found.insert(inside);
            }
        }
        Ok(found)
    }
}

/// A root in which systemd runs, until this is dropped.
pub(crate) struct Booted<'r> {
    pub(crate) root: &'r Root,
    child: Child,
    group: PathBuf,
}

impl Booted<'_> {
    /// A command beside systemd.
    pub(crate) fn command(&self, program: &str, arguments: &[&str]) -> Result<Command> {
        let parent = self.child.id();
        let children = files::read_text(Path::new(&format!("/proc/{parent}/task/{parent}/children")))?;
        let init = children.split_whitespace().next().context("systemd has not started")?;
        let mut command = Command::new("nsenter");
        command.args(["--target", init, "--all", "--", "/usr/bin/env", "-i"]);
        command.args(["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"]);
        command.args(["DEBIAN_FRONTEND=noninteractive", program]).args(arguments);
        Ok(command)
    }

    /// Runs a command that has to succeed, and gives what it prints.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Result<String> {
        run(&mut self.command(program, arguments)?)
    }
}

impl Drop for Booted<'_> {
    fn drop(&mut self) {
        // Its namespace of processes ends with it, and everything in that. What the kernel still holds is no matter.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = cgroup::remove_with_all(&self.group);
    }
}
