//! A name server of one's own in place of the account at Cloudflare: Debian's PowerDNS, which speaks its own API and RFC 2136.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::command::run as run_command;
use crate::error::{Context, Error, Result};
use crate::network::AUTHORITATIVE;
use crate::paths::Run;
use crate::process::{Process, check_alive};
use crate::vantage::{Place, Vantage};
use crate::world::ZONE;
use crate::{debian, files, wait};

/// Who has the zone of the lab.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Provider {
    /// The emulator of Cloudflare's API, whose zones `lab-world` answers
    #[default]
    Cloudflare,
    /// PowerDNS by its API
    Powerdns,
    /// PowerDNS by DNS updates
    Rfc2136,
    /// The nodes themselves, to which the router forwards the domain; nobody in the internet has it
    Local,
}

/// What homelab's configuration has as its domain.
pub(crate) const DOMAIN: &str = "home.example.test";
const PACKAGES: [&str; 2] = ["pdns-server", "pdns-backend-sqlite3"];
const SCHEMA: &str = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql";
const API_PORT: u16 = 8081;
const API_KEY: &str = "lab-api-key-5f0c2a";
const TSIG: &str = "homelab";
const LIMIT: Duration = Duration::from_secs(30);
/// Makes the database; the package has no program that does.
const MAKE: &str =
    "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(open(sys.argv[2]).read())";

impl Provider {
    /// Every one that is not the usual one.
    pub(crate) const OTHERS: [Self; 3] = [Self::Powerdns, Self::Rfc2136, Self::Local];

    /// Whether a server of the lab's internet has the zone in the emulator's place.
    pub(crate) fn is_own(self) -> bool {
        matches!(self, Self::Powerdns | Self::Rfc2136)
    }

    /// What it needs of the machine.
    pub(crate) fn install(self) -> Result<()> {
        if !self.is_own() {
            return Ok(());
        }
        debian::install_for_a_case(&PACKAGES).map_err(Error::new)
    }

    /// The section `dns` of homelab's configuration.
    pub(crate) fn section(self, run: &Run) -> String {
        let file = run.token();
        let file = file.display();
        let server = AUTHORITATIVE[0];
        match self {
            Self::Cloudflare => format!("{{ provider: cloudflare, tokenFile: {file} }}"),
            Self::Powerdns => format!(
                "{{ provider: powerdns, server: \"http://{server}:{API_PORT}\", tokenFile: {file}, ttl: 10 }}"
            ),
            Self::Rfc2136 => format!("{{ provider: rfc2136, server: {server}, tokenFile: {file}, ttl: 10 }}"),
            Self::Local => "{ provider: local }".to_owned(),
        }
    }

    /// The lines of the router's dnsmasq that send questions for the domain to the nodes; none where the world has the zone.
    pub(crate) fn forwards(self, nodes: &[Place]) -> String {
        let of_node =
            |node: &Place| node.lan_address().map(|address| format!("server=/{DOMAIN}/{address}\n"));
        match self {
            Self::Local => {
                let servers: String = nodes.iter().filter_map(of_node).collect();
                format!("{servers}rebind-domain-ok=/{DOMAIN}/\n")
            }
            Self::Cloudflare | Self::Powerdns | Self::Rfc2136 => String::new(),
        }
    }

    /// Starts the server at its place in the internet, with the zone, and writes its keys where homelab reads them.
    pub(crate) fn start(self, run: &Run) -> Result<()> {
        if !self.is_own() {
            return Ok(());
        }
        let folder = run.path("pdns");
        files::make_folder(&folder)?;
        let database = folder.join("pdns.sqlite3");
        run_command(Command::new("python3").args(["-c", MAKE]).arg(&database).arg(SCHEMA))?;
        let config = format!(
            "launch=gsqlite3\ngsqlite3-database={}\nsocket-dir={}\nlocal-address={}\nlocal-port=53\n\
             daemon=no\nguardian=no\ndisable-syslog=yes\nwrite-pid=no\nsetuid=0\nsetgid=0\n\
             cache-ttl=0\nquery-cache-ttl=0\nnegquery-cache-ttl=0\nzone-cache-refresh-interval=0\n\
             api=yes\napi-key={API_KEY}\nwebserver=yes\nwebserver-address={}\nwebserver-port={API_PORT}\n\
             webserver-allow-from=0.0.0.0/0\ndnsupdate=yes\nloglevel=5\n",
            database.display(),
            folder.display(),
            AUTHORITATIVE.join(","),
            AUTHORITATIVE[0],
        );
        files::write(&folder.join("pdns.conf"), config)?;
        let config = format!("--config-dir={}", folder.display());
        let soa = format!("ada.ns.lab.test hostmaster.{ZONE} 1 10800 3600 604800 10");
        let mut keys = String::new();
        for words in [
            &["create-zone", ZONE, "ada.ns.lab.test"][..],
            &["replace-rrset", ZONE, "@", "SOA", "10", &soa],
            &["replace-rrset", ZONE, "@", "NS", "3600", "ada.ns.lab.test", "bob.ns.lab.test"],
            &["set-meta", ZONE, "ALLOW-DNSUPDATE-FROM", "0.0.0.0/0"],
            &["set-meta", ZONE, "TSIG-ALLOW-DNSUPDATE", TSIG],
            &["set-meta", ZONE, "TSIG-ALLOW-AXFR", TSIG],
            &["generate-tsig-key", TSIG, "hmac-sha256"],
            &["list-tsig-keys"],
        ] {
            keys = run_command(Command::new("pdnsutil").arg(&config).args(words))?;
        }
        let api = if self == Self::Powerdns { format!("api-key={API_KEY}\n") } else { String::new() };
        files::write(&run.token(), format!("{api}{keys}"))?;
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(run.token(), private).context("protecting the keys")?;
        let at = Vantage::find(run, Place::World)?;
        Process::start(run, "pdns", at.daemon("pdns_server").arg(&config))?;
        let url = format!("http://{}:{API_PORT}/api/v1/servers/localhost/zones/{ZONE}.", AUTHORITATIVE[0]);
        wait::until_ok("PowerDNS", LIMIT, || {
            check_alive(run)?;
            let header = format!("X-API-Key: {API_KEY}");
            at.run("curl", &["-sS", "--fail", "--max-time", "2", "-H", &header, &url])
        })
        .map(drop)
    }
}
