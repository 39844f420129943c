//! The router of the home: dnsmasq, which forwards names and hands out addresses.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::Result;
use crate::files;
use crate::network::{RESOLVERS, ROUTER_LAN};
use crate::paths::Run;
use crate::process::{Process, check_alive};
use crate::vantage::{Place, Vantage};
use crate::wait;

const DNSMASQ: &str = "dnsmasq";
const LIMIT: Duration = Duration::from_secs(20);

/// The router of a lab that runs.
pub(crate) struct Router {
    run: Run,
    at: Vantage,
}

/// Answers with private addresses are dropped. dnsmasq counts the networks for documentation among the private ones, and
/// what has a public address in the world has one of those in the lab.
const PROTECTION: &str = "stop-dns-rebind\nrebind-domain-ok=/cloudflare.com/github.com/lab.test/";

/// What a person has entered for one domain.
pub(crate) fn forwards(run: &Run) -> PathBuf {
    run.path("router").join("forwards.conf")
}

impl Router {
    pub(crate) fn find(run: &Run) -> Result<Self> {
        Ok(Self { run: run.clone(), at: Vantage::find(run, Place::Router)? })
    }

    /// Starts dnsmasq; with `rebind_protection` it drops answers with private addresses, as many routers do.
    pub(crate) fn start(&self, rebind_protection: bool) -> Result<()> {
        self.start_with(if rebind_protection { PROTECTION } else { "" })
    }

    fn start_with(&self, line: &str) -> Result<()> {
        let config = self.run.path("router").join("dnsmasq.conf");
        files::write(&config, self.config(line))?;
        let mut dnsmasq = self.at.daemon(DNSMASQ);
        dnsmasq.arg("--keep-in-foreground").arg(format!("--conf-file={}", config.display()));
        Process::start(&self.run, DNSMASQ, &dnsmasq)?;
        wait::until_ok("the router's DNS", LIMIT, || {
            check_alive(&self.run)?;
            self.at.run("dig", &["+time=1", "+tries=1", &format!("@{ROUTER_LAN}"), "router.lan"])
        })
        .map(drop)
    }

    /// Starts it again with an empty cache.
    pub(crate) fn restart(&self, rebind_protection: bool) -> Result<()> {
        self.stop()?;
        self.start(rebind_protection)
    }

    /// The same with one more line in its configuration.
    pub(crate) fn restart_with(&self, line: &str) -> Result<()> {
        self.stop()?;
        self.start_with(line)
    }

    /// Ends it: nobody answers names on the LAN.
    pub(crate) fn stop(&self) -> Result<()> {
        Process::find(&self.run, DNSMASQ)?.stop(&self.run)
    }

    /// The log of all queries that it was asked.
    pub(crate) fn queries(&self) -> PathBuf {
        self.run.path("router").join("queries.log")
    }

    fn config(&self, line: &str) -> String {
        let folder = self.run.path("router");
        let mut lines = vec![
            "no-resolv".to_owned(),
            "no-hosts".to_owned(),
            "bind-interfaces".to_owned(),
            format!("listen-address={ROUTER_LAN}"),
            "except-interface=lo".to_owned(),
            "user=root".to_owned(),
            "pid-file".to_owned(),
            "domain=lan".to_owned(),
            "local=/lan/".to_owned(),
            format!("address=/router.lan/{ROUTER_LAN}"),
            "dhcp-range=10.99.0.100,10.99.0.200,12h".to_owned(),
            "dhcp-authoritative".to_owned(),
            format!("dhcp-leasefile={}", folder.join("leases").display()),
            "log-queries=extra".to_owned(),
            format!("log-facility={}", self.queries().display()),
        ];
        lines.extend(RESOLVERS.map(|server| format!("server={server}")));
        lines.push(line.to_owned());
        lines.extend(files::read_text(&forwards(&self.run)).ok());
        lines.join("\n") + "\n"
    }
}
