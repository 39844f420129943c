//! What every case does: run homelab, ask the cluster, the LAN and the lab's internet.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::command::{self, Output};
use crate::controller::Controller;
use crate::error::{Context, Result, bail};
use crate::files;
use crate::lab;
use crate::name_server::Server;
use crate::network::{CLOUDFLARE_API, ROUTER_LAN};
use crate::paths::{Cache, Run};
use crate::router::{self, Router};
use crate::vantage::{Place, Vantage};
use crate::wait::{self, Look};

/// The lab's domain and zone.
pub(crate) const DOMAIN: &str = "home.example.test";
pub(crate) const ZONE: &str = "example.test";
/// The demo's host.
pub(crate) const WHOAMI: &str = "whoami.home.example.test";

const UP_LIMIT: Duration = Duration::from_secs(400);

/// The vantage points of a lab that runs, and what is done at them.
pub(crate) struct Hands {
    pub(crate) run: Run,
    pub(crate) node: Vantage,
    pub(crate) client: Vantage,
    pub(crate) world: Vantage,
    /// Whether cases print what homelab tells people.
    pub(crate) show: bool,
}

/// A request that the API server noted in its audit log.
pub(crate) struct Request {
    verb: String,
    path: String,
}

impl std::fmt::Display for Request {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}", self.verb, self.path)
    }
}

impl Request {
    pub(crate) fn is_write(&self) -> bool {
        !["get", "list", "watch"].contains(&self.verb.as_str())
    }
}

impl Hands {
    /// Takes hold of the lab that runs.
    pub(crate) fn find(show: bool) -> Result<Self> {
        Self::of(&Cache::find()?.run(), show)
    }

    /// The same of a lab that is known.
    pub(crate) fn of(run: &Run, show: bool) -> Result<Self> {
        let at = |place| Vantage::find(run, place);
        let (node, client, world) = (at(Place::Node)?, at(Place::Client)?, at(Place::World)?);
        Ok(Self { node, client, world, show, run: run.clone() })
    }

    /// The lab's own configuration, as `cargo lab up` wrote it.
    pub(crate) fn config(&self) -> Result<String> {
        fs::read_to_string(self.run.homelab_config()).context("reading the lab's homelab.yaml")
    }

    /// A configuration beside the lab's own.
    pub(crate) fn config_with(&self, name: &str, more: &str) -> Result<PathBuf> {
        self.config_file(name, &format!("{}{more}", self.config()?))
    }

    /// A configuration file of a case.
    pub(crate) fn config_file(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.run.path(name);
        fs::write(&path, text).context(format_args!("writing {}", path.display()))?;
        Ok(path)
    }

    /// A `homelab` command on the node.
    pub(crate) fn homelab(&self, words: &[&str]) -> Command {
        let mut command = self.node.command("homelab");
        command.args(words).env("HOME", self.run.path("home"));
        command
    }

    /// Runs a verb with the lab's own configuration, which has to end well, and gives its answer.
    pub(crate) fn homelab_well(&self, words: &[&str]) -> Result<String> {
        let mut command = self.homelab(words);
        command::run(command.arg("--config").arg(self.run.homelab_config()))
    }

    /// Runs `homelab up` with the lab's own configuration and gives what it left.
    pub(crate) fn up(&self) -> Result<Output> {
        self.up_with(&self.run.homelab_config(), &[])
    }

    /// Runs `homelab up` with another configuration and more flags.
    pub(crate) fn up_with(&self, config: &std::path::Path, flags: &[&str]) -> Result<Output> {
        let mut command = self.homelab(&["up", "--config"]);
        command.arg(config).args(flags);
        command::output_within(&mut command, UP_LIMIT)
    }

    /// The same, and it has to end well.
    pub(crate) fn up_well(&self, config: &std::path::Path, flags: &[&str]) -> Result<Output> {
        let output = self.up_with(config, flags)?;
        if !output.status.success() {
            bail!("homelab up ended with {}:\n{}{}", output.status, output.stdout, output.stderr);
        }
        Ok(output)
    }

    /// Back to what `cargo lab up` left.
    pub(crate) fn restore(&self) -> Result<()> {
        self.up_well(&self.run.homelab_config(), &[]).map(drop)
    }

    /// The router asks nobody for the domain any more, lets private answers through, and the lab is as it was.
    pub(crate) fn restore_router(&self) -> Result<()> {
        self.plain_router()?;
        self.restore()
    }

    /// The router asks nobody for the domain any more, and lets private answers through.
    pub(crate) fn plain_router(&self) -> Result<()> {
        files::write(&router::forwards(&self.run), "")?;
        Router::find(&self.run)?.restart(false)
    }

    /// Waits until the provider has the service's record again.
    pub(crate) fn is_public_again(&self) -> Result<()> {
        eventually("the record to be public again", 90, || {
            Ok(if self.contents("A", WHOAMI)?.is_empty() { Err("no record".to_owned()) } else { Ok(()) })
        })
        .map(drop)
    }

    /// The same where something that homelab does not know of keeps it from being proved.
    pub(crate) fn restore_unproved(&self) -> Result<()> {
        self.up_well(&self.run.homelab_config(), &["--no-verify"]).map(drop)
    }

    /// Runs `kubectl` as administrator.
    pub(crate) fn kubectl(&self, words: &[&str]) -> Result<String> {
        self.node.run("kubectl", words)
    }

    /// An object, or a list, as JSON.
    pub(crate) fn get(&self, words: &[&str]) -> Result<Value> {
        let text = self.kubectl(&[&["get", "-o", "json"][..], words].concat())?;
        serde_json::from_str(&text).context("kubectl's JSON")
    }

    /// Applies a manifest, as a person would.
    pub(crate) fn kubectl_apply(&self, name: &str, manifest: &str) -> Result<String> {
        let path = self.config_file(name, manifest)?;
        self.kubectl(&["apply", "--server-side", "--force-conflicts", "-f", &path.display().to_string()])
    }

    /// Asks the lab's internet for something by its control API.
    pub(crate) fn control(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let url = format!("http://{CLOUDFLARE_API}:8080{path}");
        let mut words = vec!["-sS", "--fail-with-body", "-X", method, "-H", "content-type: application/json"];
        let body = body.map(Value::to_string);
        if let Some(body) = &body {
            words.extend(["-d", body]);
        }
        words.push(&url);
        let text = self.world.run("curl", &words)?;
        if text.trim().is_empty() {
            Ok(Value::Null)
        } else {
            serde_json::from_str(&text).context("the control API's JSON")
        }
    }

    /// Every record of the zone: as the API of the lab's Cloudflare shows it, or as a server of one's own lists it.
    pub(crate) fn records(&self) -> Result<Vec<Value>> {
        if let Some(server) = Server::find(&self.run)? {
            return server.records();
        }
        let state = self.control("GET", "/state", None)?;
        let zones = state["zones"].as_array().context("the zones of the lab's Cloudflare")?;
        Ok(zones.iter().flat_map(|zone| zone["records"].as_array().into_iter().flatten().cloned()).collect())
    }

    /// The records of one type and name.
    pub(crate) fn records_of(&self, kind: &str, name: &str) -> Result<Vec<Value>> {
        let mut found = self.records()?;
        found.retain(|record| record["type"] == kind && record["name"] == name);
        Ok(found)
    }

    /// The contents of the records of one type and name, sorted.
    pub(crate) fn contents(&self, kind: &str, name: &str) -> Result<Vec<String>> {
        let content = |record: &Value| record["content"].as_str().unwrap_or_default().to_owned();
        let mut found: Vec<String> = self.records_of(kind, name)?.iter().map(content).collect();
        found.sort();
        Ok(found)
    }

    /// Nothing has been written at the lab's Cloudflare since that request, although external-dns has looked.
    pub(crate) fn no_record_was_written(&self, since: &impl std::fmt::Display) -> Result<()> {
        let log = self.control("GET", &format!("/requests?since={since}"), None)?;
        let requests = log["requests"].as_array().cloned().unwrap_or_default();
        let looked = requests.iter().any(|r| r["path"].as_str().is_some_and(|p| p.ends_with("/dns_records")));
        expect(looked, "external-dns did not look at the zone meanwhile, so nothing is proven")?;
        let writes: Vec<_> = requests.iter().filter(|r| r["method"] != "GET").collect();
        expect(writes.is_empty(), format!("records were written: {writes:?}"))
    }

    /// Makes a record, as somebody in the dashboard would, in the lab's own zone.
    pub(crate) fn add_record(&self, facts: &Value) -> Result<Value> {
        if let Some(server) = Server::find(&self.run)? {
            let text = |key: &str| facts[key].as_str().unwrap_or_default();
            return server.add(text("name"), text("type"), text("content")).map(|()| facts.clone());
        }
        let mut record = facts.clone();
        record["zone"] = ZONE.into();
        self.control("POST", "/records", Some(&record))
    }

    /// Deletes the records of one type and name, as somebody in the dashboard would.
    pub(crate) fn remove_records(&self, kind: &str, name: &str) -> Result<()> {
        self.records_of(kind, name)?.iter().try_for_each(|record| self.remove_record(record))
    }

    /// Deletes a record.
    pub(crate) fn remove_record(&self, record: &Value) -> Result<()> {
        let id = record["id"].as_str().context("the id of a record")?;
        self.control("DELETE", &format!("/records/{id}"), None).map(drop)
    }

    /// The token's value, which must be seen nowhere.
    pub(crate) fn token(&self) -> Result<String> {
        let text = fs::read_to_string(self.run.token()).context("reading the token")?;
        Ok(text.trim().to_owned())
    }

    /// What a client on the LAN gets from the router for a name.
    pub(crate) fn dig(&self, name: &str) -> Result<Vec<String>> {
        let server = format!("@{ROUTER_LAN}");
        let text = self.client.run("dig", &["+short", "+time=2", "+tries=2", name, "A", &server])?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// An HTTPS answer to the LAN client, by name alone: status and body.
    pub(crate) fn browse(&self, host: &str) -> Result<(String, String)> {
        let url = format!("https://{host}/");
        let text = self.client.run("curl", &["-sS", "--max-time", "10", "-w", "\n%{http_code}", &url])?;
        let (body, status) = text.rsplit_once('\n').context("curl's answer")?;
        Ok((status.to_owned(), body.to_owned()))
    }

    /// The ingress controller that the lab came up with.
    pub(crate) fn controller(&self) -> Result<Controller> {
        Ok(lab::state(&self.run)?.shape.map(|shape| shape.controller).unwrap_or_default())
    }

    /// The controller's own answer to who asks a node by its address, which has no host.
    pub(crate) fn expect_404(&self, node: &str) -> Result<()> {
        let (url, page) = (format!("http://{node}/"), self.controller()?.page());
        let answer = self.client.run("curl", &["-sS", "-i", "--max-time", "10", &url])?;
        expect(answer.starts_with("HTTP/1.1 404") && answer.contains(page), answer)
    }

    /// Whether a page answers with this status now, for who waits for it: a pod that ends may leave a question without answer.
    pub(crate) fn answers(&self, host: &str, wanted: &str) -> std::result::Result<(), String> {
        let (status, _) = self.browse(host).map_err(|error| error.to_string())?;
        if status == wanted { Ok(()) } else { Err(status) }
    }

    /// How long the audit log is now, to read on from there.
    pub(crate) fn audit_mark(&self) -> Result<u64> {
        Ok(fs::metadata(self.run.audit()).context("the audit log")?.len())
    }

    /// What homelab has sent to the API server since the mark.
    pub(crate) fn audited(&self, mark: u64) -> Result<Vec<Request>> {
        let bytes = fs::read(self.run.audit()).context("the audit log")?;
        let text = String::from_utf8_lossy(bytes.get(mark as usize..).unwrap_or_default()).into_owned();
        let mut seen = std::collections::BTreeSet::new();
        let mut requests = Vec::new();
        for line in text.lines() {
            let Ok(event) = serde_json::from_str::<Value>(line) else { continue };
            let ours = event["userAgent"].as_str().is_some_and(|agent| agent.starts_with("homelab/"));
            // A watch has an event for its start and one for its end.
            if ours && seen.insert(event["auditID"].to_string()) {
                let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
                requests.push(Request { verb: text("verb"), path: text("requestURI") });
            }
        }
        Ok(requests)
    }

    /// The addresses in the status of an Ingress, sorted.
    pub(crate) fn ingress_addresses(&self, namespace: &str, name: &str) -> Result<Vec<String>> {
        let ingress = self.get(&["ingress", "-n", namespace, name])?;
        let entries = ingress["status"]["loadBalancer"]["ingress"].as_array().cloned().unwrap_or_default();
        let mut found: Vec<String> =
            entries.iter().filter_map(|e| e["ip"].as_str().map(str::to_owned)).collect();
        found.sort();
        Ok(found)
    }

    /// The InternalIP of every node, sorted.
    pub(crate) fn node_addresses(&self) -> Result<Vec<String>> {
        let path = "{.items[*].status.addresses[?(@.type=='InternalIP')].address}";
        let text = self.kubectl(&["get", "nodes", "-o", &format!("jsonpath={path}")])?;
        let mut found: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        found.sort();
        Ok(found)
    }
}

/// Waits for something to be true and says after how many seconds it was.
pub(crate) fn eventually(
    what: &str,
    limit: u64,
    mut look: impl FnMut() -> Result<std::result::Result<(), String>>,
) -> Result<f64> {
    let began = Instant::now();
    wait::until(what, Duration::from_secs(limit), || {
        Ok(match look()? {
            Ok(()) => Look::Done(()),
            Err(why) => Look::NotYet(why),
        })
    })?;
    Ok(began.elapsed().as_secs_f64())
}

/// An error unless `is`.
pub(crate) fn expect(is: bool, otherwise: impl std::fmt::Display) -> Result<()> {
    if is { Ok(()) } else { bail!("{otherwise}") }
}
