//! Route 53, which is moto (PyPI) with a judge before it and name servers beside it: see `tests/lab/amazon`. homelab and the pods
//! reach it by Amazon's own name.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::{SERVERS, STRANGERS, ZONE, below_zone};
use crate::command::run_within;
use crate::error::{Context, Error, Result};
use crate::files;
use crate::network::{AMAZON_API, AUTHORITATIVE};
use crate::paths::{Cache, Run, repository, sources};
use crate::pki::Pair;
use crate::vantage::{Place, Vantage};

/// The names of Amazon's that the lab has.
pub(crate) const HOSTS: [&str; 2] = ["route53.amazonaws.com", "iam.amazonaws.com"];
/// What is installed from PyPI: the newest that the cases were run with.
const PACKAGES: [&str; 2] = ["moto[server]==5.2.5", "dnslib==0.9.26"];
const LIMIT: Duration = Duration::from_secs(600);
/// Where the lab does what a person does in the console.
const CONSOLE: u16 = 8080;
/// What stands between the lines of the policy in the docs.
const POLICY: (&str, &str) = ("```json\n", "```");

fn python() -> Result<PathBuf> {
    Ok(Cache::find()?.folder().join("amazon/bin/python"))
}

/// An environment of its own, once.
pub(super) fn install() -> Result<()> {
    let (python, folder) = (python()?, Cache::find()?.folder().join("amazon"));
    let installed = folder.join("installed");
    if files::read_text(&installed).is_ok_and(|text| text == PACKAGES.join("\n")) {
        return Ok(());
    }
    run_within(Command::new("python3").args(["-m", "venv"]).arg(&folder), LIMIT)?;
    let words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    run_within(Command::new(python).args(words).args(PACKAGES), LIMIT)?;
    files::write(&installed, PACKAGES.join("\n"))
}

/// The Python of its environment.
pub(crate) fn program() -> Result<PathBuf> {
    python()
}

fn config(run: &Run) -> PathBuf {
    run.path("amazon").join("config.json")
}

/// The policy that docs/route53.md tells people to give the user: what homelab and both programs need, and no more.
pub(crate) fn policy() -> Result<String> {
    let text = files::read_text(&repository().join("docs/route53.md"))?;
    let (_, rest) = text.split_once(POLICY.0).context("the policy in docs/route53.md")?;
    let (policy, _) = rest.split_once(POLICY.1).context("the end of the policy in docs/route53.md")?;
    Ok(policy.to_owned())
}

/// Makes its configuration. The zone, the user and its key come to be when it starts.
pub(super) fn make(run: &Run, pair: &Pair) -> Result<()> {
    files::make_folder(&run.path("amazon"))?;
    let authoritative: Vec<_> = AUTHORITATIVE.iter().map(|address| format!("{address}:53")).collect();
    files::write_json(
        &config(run),
        &json!({
            "zone": ZONE,
            "servers": SERVERS,
            "strangers": STRANGERS,
            "policy": policy()?,
            "key": run.token(),
            "authoritative": authoritative,
            "api": format!("{AMAZON_API}:443"),
            "control": format!("{AMAZON_API}:{CONSOLE}"),
            "cert": pair.certificate,
            "private_key": pair.key,
        }),
    )
}

pub(super) fn words(run: &Run) -> Vec<String> {
    let program = sources().join("amazon/amazon.py");
    vec![program.display().to_string(), config(run).display().to_string()]
}

/// Every record, a line each.
pub(super) fn list(run: &Run) -> Result<String> {
    Vantage::find(run, Place::World)?.run("curl", &["-sS", "--fail-with-body", &console()])
}

/// Does one thing as a person in the console: `what` has its name under `do`.
pub(crate) fn by_hand(run: &Run, what: &Value) -> Result<String> {
    let words = ["-sS", "--fail-with-body", "--data", &what.to_string(), &console()];
    Vantage::find(run, Place::World)?
        .run("curl", &words)
        .map_err(|error| Error::new(format!("{what}: {error}")))
}

fn console() -> String {
    format!("http://{AMAZON_API}:{CONSOLE}/")
}

pub(super) fn add(run: &Run, name: &str, kind: &str, content: &str) -> Result<()> {
    let name = format!("{}.{ZONE}", below_zone(name));
    by_hand(run, &json!({ "do": "add", "name": name, "kind": kind, "content": content })).map(drop)
}

pub(super) fn remove(run: &Run, name: &str, kind: &str) -> Result<()> {
    let name = format!("{}.{ZONE}", below_zone(name));
    by_hand(run, &json!({ "do": "remove", "name": name, "kind": kind })).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_of_the_docs_is_one_for_one_zone() -> Result<()> {
        let policy: Value = serde_json::from_str(&policy()?).context("the policy's JSON")?;
        let statements = policy["Statement"].as_array().context("its statements")?;
        let resources: Vec<_> = statements.iter().map(|one| &one["Resource"]).collect();
        assert!(resources.contains(&&json!("arn:aws:route53:::hostedzone/ZONE_ID")), "{resources:?}");
        Ok(())
    }
}
