//! Debian's BIND, set up as docs/rfc2136.md says.

use std::path::PathBuf;
use std::process::Command;

use super::{SOA, STRANGERS, TSIG, ZONE};
use crate::command::run as run_command;
use crate::error::Result;
use crate::files;
use crate::network::AUTHORITATIVE;
use crate::paths::Run;
use crate::vantage::{Place, Vantage};

pub(super) const PACKAGES: &[&str] = &["bind9"];

fn folder(run: &Run) -> PathBuf {
    run.path("bind")
}

pub(super) fn config(run: &Run) -> PathBuf {
    folder(run).join("named.conf")
}

/// The key as `tsig-keygen` wrote it.
pub(crate) fn key(run: &Run) -> PathBuf {
    folder(run).join("homelab.key")
}

pub(super) fn words(run: &Run) -> Vec<String> {
    vec!["-g".to_owned(), "-c".to_owned(), config(run).display().to_string()]
}

/// Makes the key anew; a server that runs does not know of it yet.
pub(crate) fn new_key(run: &Run) -> Result<String> {
    let written = run_command(Command::new("tsig-keygen").arg(TSIG))?;
    files::write(&key(run), &written)?;
    Ok(written)
}

/// Makes the zone, and gives the key as homelab reads it.
pub(super) fn make(run: &Run) -> Result<String> {
    let written = new_key(run)?;
    let strangers: String =
        STRANGERS.iter().map(|(name, kind, content)| format!("{name} 300 IN {kind} {content}\n")).collect();
    let dotted = SOA.replace("lab.test", "lab.test.").replace(ZONE, &format!("{ZONE}."));
    let zone = format!(
        "$TTL 3600\n@ 10 IN SOA {}\n@ IN NS ada.ns.lab.test.\n@ IN NS bob.ns.lab.test.\n{strangers}",
        dotted,
    );
    files::write(&folder(run).join("zone"), zone)?;
    let text = format!(
        "include \"{}\";\n\
         options {{\n  directory \"{}\";\n  listen-on {{ {}; }};\n  listen-on-v6 {{ none; }};\n  recursion no;\n  \
         dnssec-validation no;\n  notify no;\n  pid-file none;\n  session-keyfile none;\n}};\n\
         controls {{ }};\n\
         zone \"{ZONE}\" {{\n  type primary;\n  file \"zone\";\n  update-policy {{ grant {TSIG} zonesub ANY; }};\n  \
         allow-transfer {{ key {TSIG}; }};\n}};\n",
        key(run).display(),
        folder(run).display(),
        AUTHORITATIVE.join("; "),
    );
    files::write(&config(run), text)?;
    Ok(written)
}

/// Every record, as `dig` transfers them with the key.
pub(super) fn list(run: &Run) -> Result<String> {
    let (server, key) = (format!("@{}", AUTHORITATIVE[0]), key(run).display().to_string());
    let world = Vantage::find(run, Place::World)?;
    world.run("dig", &["+noall", "+answer", "+time=3", "+tries=1", &server, "-k", &key, ZONE, "AXFR"])
}

pub(super) fn add(run: &Run, name: &str, kind: &str, content: &str) -> Result<()> {
    update(run, &format!("add {name}.{ZONE}. 300 {kind} {content}"))
}

pub(super) fn remove(run: &Run, name: &str, kind: &str) -> Result<()> {
    update(run, &format!("delete {name}.{ZONE}. {kind}"))
}

/// As a person with the key would.
fn update(run: &Run, change: &str) -> Result<()> {
    let commands = folder(run).join("by-hand");
    files::write(&commands, format!("server {}\nupdate {change}\nsend\n", AUTHORITATIVE[0]))?;
    let world = Vantage::find(run, Place::World)?;
    let (key, commands) = (key(run).display().to_string(), commands.display().to_string());
    world.run("nsupdate", &["-k", &key, &commands]).map(drop)
}
