//! Another server in place of the account at Cloudflare: Debian's PowerDNS by its API, Debian's BIND by DNS updates, and moto as
//! Route 53.

pub(crate) mod bind;
pub(crate) mod powerdns;
pub(crate) mod route53;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::{Context, Error, Result, bail};
use crate::network::AUTHORITATIVE;
use crate::paths::Run;
use crate::pki::Pair;
use crate::process::{Process, check_alive};
use crate::vantage::{Place, Vantage};
use crate::world::ZONE;
use crate::{debian, files, lab, wait};

/// Who has the zone of the lab.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Provider {
    /// The emulator of Cloudflare's API, whose zones `lab-world` answers
    #[default]
    Cloudflare,
    /// PowerDNS by its API
    Powerdns,
    /// BIND by DNS updates and transfers
    Rfc2136,
    /// Route 53, which is moto
    Route53,
    /// The nodes themselves, to which the router forwards the domain; nobody in the internet has it
    Local,
}

/// What homelab's configuration has as its domain.
pub(crate) const DOMAIN: &str = "home.example.test";
/// The name servers of the zone, by their names.
const SERVERS: [&str; 2] = ["ada.ns.lab.test", "bob.ns.lab.test"];
const TSIG: &str = "homelab";
/// Names that do not exist are kept for ten seconds.
const SOA: &str = "ada.ns.lab.test hostmaster.example.test 1 10800 3600 604800 10";
/// What somebody has in the zone before homelab comes, below the zone's name.
const STRANGERS: [(&str, &str, &str); 2] =
    [("nas", "A", "192.168.1.5"), ("notes.home", "TXT", "\"by hand\"")];
const LIMIT: Duration = Duration::from_secs(30);

/// The lines of the router's dnsmasq that send questions for the domain to these nodes.
pub(crate) fn to_nodes(nodes: &[Place]) -> String {
    let of_node = |node: &Place| node.lan_address().map(|address| format!("server=/{DOMAIN}/{address}\n"));
    let servers: String = nodes.iter().filter_map(of_node).collect();
    format!("{servers}rebind-domain-ok=/{DOMAIN}/\n")
}

impl Provider {
    /// Every one that is not the usual one.
    pub(crate) const OTHERS: [Self; 4] = [Self::Powerdns, Self::Rfc2136, Self::Route53, Self::Local];

    /// Whether a server of the lab's internet has the zone in the emulator's place.
    pub(crate) fn is_own(self) -> bool {
        matches!(self, Self::Powerdns | Self::Rfc2136 | Self::Route53)
    }

    /// What it needs of the machine.
    pub(crate) fn install(self) -> Result<()> {
        let packages = match self {
            Self::Powerdns => powerdns::PACKAGES,
            Self::Rfc2136 => bind::PACKAGES,
            Self::Route53 => return route53::install(),
            Self::Cloudflare | Self::Local => return Ok(()),
        };
        debian::install_for_a_case(packages).map_err(Error::new)
    }

    /// The section `dns` of homelab's configuration, and the same with more in it.
    pub(crate) fn section_with(self, run: &Run, more: &str) -> String {
        self.section(run).replace(" }", &format!(", {more} }}"))
    }

    /// The section `dns` of homelab's configuration.
    pub(crate) fn section(self, run: &Run) -> String {
        let file = run.token();
        let file = file.display();
        let server = AUTHORITATIVE[0];
        match self {
            Self::Cloudflare => format!("{{ provider: cloudflare, tokenFile: {file} }}"),
            Self::Powerdns => format!(
                "{{ provider: powerdns, server: \"http://{server}:{}\", tokenFile: {file}, ttl: 10 }}",
                powerdns::API_PORT
            ),
            Self::Rfc2136 => format!("{{ provider: rfc2136, server: {server}, tokenFile: {file}, ttl: 10 }}"),
            Self::Route53 => format!("{{ provider: route53, tokenFile: {file}, ttl: 10 }}"),
            Self::Local => "{ provider: local }".to_owned(),
        }
    }

    /// The lines of the router's dnsmasq that send questions for the domain to the nodes; none where the world has the zone.
    pub(crate) fn forwards(self, nodes: &[Place]) -> String {
        match self {
            Self::Local => to_nodes(nodes),
            Self::Cloudflare | Self::Powerdns | Self::Rfc2136 | Self::Route53 => String::new(),
        }
    }

    /// Starts the server at its place in the internet, with the zone, and writes its keys where homelab reads them.
    pub(crate) fn start(self, run: &Run, pair: &Pair) -> Result<()> {
        match self {
            Self::Powerdns => write_keys(run, &powerdns::make(run)?)?,
            Self::Rfc2136 => write_keys(run, &bind::make(run)?)?,
            Self::Route53 => route53::make(run, pair)?,
            Self::Cloudflare | Self::Local => return Ok(()),
        }
        Server { run: run.clone(), provider: self }.start()
    }
}

/// Writes the keys that homelab reads, so that only root can read them.
pub(crate) fn write_keys(run: &Run, keys: &str) -> Result<()> {
    files::write(&run.token(), keys)?;
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(run.token(), private).context("protecting the keys")
}

/// The server of a lab that runs.
pub(crate) struct Server {
    run: Run,
    provider: Provider,
}

impl Server {
    /// `None` where the zone is the emulator's, or the nodes'.
    pub(crate) fn find(run: &Run) -> Result<Option<Self>> {
        let provider = lab::state(run)?.shape.map(|shape| shape.provider).unwrap_or_default();
        Ok(provider.is_own().then(|| Self { run: run.clone(), provider }))
    }

    /// What the process is called, and the program.
    fn program(&self) -> Result<(&'static str, PathBuf)> {
        Ok(match self.provider {
            Provider::Powerdns => ("pdns_server", "pdns_server".into()),
            Provider::Route53 => ("amazon", route53::program()?),
            _ => ("named", "named".into()),
        })
    }

    fn config(&self) -> PathBuf {
        if self.provider == Provider::Powerdns {
            powerdns::config(&self.run)
        } else {
            bind::config(&self.run)
        }
    }

    pub(crate) fn start(&self) -> Result<()> {
        let at = Vantage::find(&self.run, Place::World)?;
        let words = match self.provider {
            Provider::Powerdns => powerdns::words(&self.run),
            Provider::Route53 => route53::words(&self.run),
            _ => bind::words(&self.run),
        };
        let (name, program) = self.program()?;
        let mut command = at.daemon(program);
        command.args(words);
        Process::start(&self.run, name, &command)?;
        let server = format!("@{}", AUTHORITATIVE[0]);
        // Any answer will do: what it says of the zone is what cases are about.
        wait::until_ok(name, LIMIT, || {
            check_alive(&self.run)?;
            at.run("dig", &["+time=1", "+tries=1", &server, ZONE, "SOA"])
        })
        .map(drop)
    }

    /// Ends it: nobody has the zone.
    pub(crate) fn stop(&self) -> Result<()> {
        Process::find(&self.run, self.program()?.0)?.stop(&self.run)
    }

    pub(crate) fn restart(&self) -> Result<()> {
        self.stop()?;
        self.start()
    }

    /// Changes its configuration, as a person would, and starts it again.
    pub(crate) fn edit(&self, changes: &[(&str, &str)]) -> Result<()> {
        let mut text = files::read_text(&self.config())?;
        for (from, to) in changes {
            if !text.contains(from) {
                bail!("`{from}` is not in {}", self.config().display());
            }
            text = text.replace(from, to);
        }
        files::write(&self.config(), text)?;
        self.restart()
    }

    /// Every record but the SOA, whose serial number changes with each change.
    pub(crate) fn records(&self) -> Result<Vec<Value>> {
        let text = match self.provider {
            Provider::Powerdns => powerdns::list(&self.run)?,
            Provider::Route53 => route53::list(&self.run)?,
            _ => bind::list(&self.run)?,
        };
        let mut found: Vec<Value> = text.lines().filter_map(record).collect();
        found.sort_by_key(ToString::to_string);
        Ok(found)
    }

    /// Adds a record by hand.
    pub(crate) fn add(&self, name: &str, kind: &str, content: &str) -> Result<()> {
        let name = below_zone(name);
        match self.provider {
            Provider::Powerdns => powerdns::add(&self.run, name, kind, content),
            Provider::Route53 => route53::add(&self.run, name, kind, content),
            _ => bind::add(&self.run, name, kind, content),
        }
    }

    /// Removes the records of one name and type by hand.
    pub(crate) fn remove(&self, name: &str, kind: &str) -> Result<()> {
        let name = below_zone(name);
        match self.provider {
            Provider::Powerdns => powerdns::remove(&self.run, name, kind),
            Provider::Route53 => route53::remove(&self.run, name, kind),
            _ => bind::remove(&self.run, name, kind),
        }
    }
}

fn below_zone(name: &str) -> &str {
    name.strip_suffix(ZONE).and_then(|below| below.strip_suffix('.')).unwrap_or(name)
}

/// A line of a zone: name, time to live, class, type, content.
fn record(line: &str) -> Option<Value> {
    let mut words = line.split_whitespace();
    let (name, ttl, class, kind) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let content = words.collect::<Vec<_>>().join(" ");
    let plain = name.trim_end_matches('.');
    (class == "IN" && kind != "SOA")
        .then(|| json!({ "name": plain, "ttl": ttl, "type": kind, "content": content }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_zone_is_read_as_dig_and_pdnsutil_write_it() {
        let wanted =
            json!({ "name": "a.example.test", "ttl": "10", "type": "TXT", "content": "\"by hand\"" });
        for line in
            ["a.example.test.\t\t10\tIN\tTXT\t\"by hand\"", "a.example.test\t10\tIN\tTXT\t\"by hand\""]
        {
            assert_eq!(record(line).as_ref(), Some(&wanted), "{line}");
        }
        for line in ["$ORIGIN .", "", "example.test.\t10\tIN\tSOA\tada. host. 1 2 3 4 5"] {
            assert_eq!(record(line), None, "{line}");
        }
    }
}
