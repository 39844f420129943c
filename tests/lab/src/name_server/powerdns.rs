//! Debian's PowerDNS, set up as docs/powerdns.md says.

use std::path::PathBuf;
use std::process::Command;

use super::{SOA, STRANGERS, TSIG, ZONE};
use crate::command::run as run_command;
use crate::error::Result;
use crate::files;
use crate::network::{AUTHORITATIVE, ROUTER_WAN};
use crate::paths::Run;

pub(super) const PACKAGES: &[&str] = &["pdns-server", "pdns-backend-sqlite3"];
pub(super) const API_PORT: u16 = 8081;
const API_KEY: &str = "lab-api-key-5f0c2a";
const SCHEMA: &str = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql";
/// Makes the database; the package has no program that does.
const MAKE: &str =
    "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(open(sys.argv[2]).read())";

fn folder(run: &Run) -> PathBuf {
    run.path("pdns")
}

pub(super) fn config(run: &Run) -> PathBuf {
    folder(run).join("pdns.conf")
}

pub(super) fn words(run: &Run) -> Vec<String> {
    vec![config_dir(run)]
}

fn config_dir(run: &Run) -> String {
    format!("--config-dir={}", folder(run).display())
}

/// `pdnsutil`, as a person at the server.
pub(crate) fn util(run: &Run, words: &[&str]) -> Result<String> {
    run_command(Command::new("pdnsutil").arg(config_dir(run)).args(words))
}

/// SQL at the server's database.
pub(crate) fn sql(run: &Run, statement: &str) -> Result<String> {
    run_command(Command::new("sqlite3").arg(folder(run).join("pdns.sqlite3")).arg(statement))
}

/// Makes the zone, and gives both keys as homelab reads them. What comes out of the house has the router's address.
pub(super) fn make(run: &Run) -> Result<String> {
    let database = folder(run).join("pdns.sqlite3");
    files::make_folder(&folder(run))?;
    run_command(Command::new("python3").args(["-c", MAKE]).arg(&database).arg(SCHEMA))?;
    let text = format!(
        "launch=gsqlite3\ngsqlite3-database={}\nsocket-dir={}\nlocal-address={}\nlocal-port=53\n\
         daemon=no\nguardian=no\ndisable-syslog=yes\nwrite-pid=no\nsetuid=0\nsetgid=0\n\
         cache-ttl=0\nquery-cache-ttl=0\nnegquery-cache-ttl=0\nzone-cache-refresh-interval=0\nloglevel=5\n\
         api=yes\napi-key={API_KEY}\nwebserver=yes\nwebserver-address=0.0.0.0\nwebserver-port={API_PORT}\n\
         webserver-allow-from=127.0.0.1,{ROUTER_WAN}\ndnsupdate=yes\n",
        database.display(),
        folder(run).display(),
        AUTHORITATIVE.join(","),
    );
    files::write(&config(run), text)?;
    for words in [
        &["create-zone", ZONE, "ada.ns.lab.test"][..],
        &["replace-rrset", ZONE, "@", "SOA", "10", SOA],
        &["replace-rrset", ZONE, "@", "NS", "3600", "ada.ns.lab.test", "bob.ns.lab.test"],
        &["generate-tsig-key", TSIG, "hmac-sha256"],
        &["add-meta", ZONE, "TSIG-ALLOW-DNSUPDATE", TSIG],
        &["add-meta", ZONE, "ALLOW-DNSUPDATE-FROM", ROUTER_WAN],
    ] {
        util(run, words)?;
    }
    for (name, kind, content) in STRANGERS {
        util(run, &["add-record", ZONE, name, kind, "300", content])?;
    }
    Ok(format!("api-key={API_KEY}\n{}", util(run, &["list-tsig-keys"])?))
}

/// Every record, as `pdnsutil` lists them from the database.
pub(super) fn list(run: &Run) -> Result<String> {
    util(run, &["list-zone", ZONE])
}

pub(super) fn add(run: &Run, name: &str, kind: &str, content: &str) -> Result<()> {
    util(run, &["add-record", ZONE, name, kind, "300", content]).map(drop)
}

pub(super) fn remove(run: &Run, name: &str, kind: &str) -> Result<()> {
    util(run, &["delete-rrset", ZONE, name, kind]).map(drop)
}
