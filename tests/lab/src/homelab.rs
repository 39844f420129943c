//! homelab on the lab: what is built of this repository, its configuration, and a run of it.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::command::{self, describe, run_in_terminal};
use crate::controller::Controller;
use crate::error::{Context, Result, bail};
use crate::image::FOR_HOMELAB;
use crate::lab::Shape;
use crate::name_server::{DOMAIN, Provider};
use crate::paths::{Cache, Run, repository};
use crate::vantage::{Place, Vantage};
use crate::{cargo, files, manifest};

/// The programs of this repository.
pub(crate) struct Built {
    pub(crate) homelab: PathBuf,
    pub(crate) lab_world: PathBuf,
}

/// Builds both with cargo and asks it where they lie.
pub(crate) fn build() -> Result<Built> {
    let mut cargo = cargo::command();
    cargo.args(["build", "--quiet", "--package=homelab", "--package=lab-world"]);
    cargo.arg("--message-format=json-render-diagnostics").current_dir(repository());
    let output = cargo.stdout(Stdio::piped()).stderr(Stdio::inherit()).output();
    let output = output.context(format_args!("starting {}", describe(&cargo)))?;
    if !output.status.success() {
        bail!("homelab and lab-world could not be built");
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let messages: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let find = |name: &str| {
        let mut programs = messages.iter().filter(|message| message["target"]["name"] == name);
        let path = programs.find_map(|message| message["executable"].as_str());
        path.map(PathBuf::from).context(format_args!("cargo did not say where {name} lies"))
    };
    Ok(Built { homelab: find("homelab")?, lab_world: find("lab-world")? })
}

/// What a person would write, and the lab's images.
pub(crate) fn write_config(cache: &Cache, run: &Run, shape: &Shape) -> Result<()> {
    let images: String =
        FOR_HOMELAB.iter().map(|(key, reference)| format!("  {key}: {reference}\n")).collect();
    let provider = shape.provider;
    let dns = match shape.house_resolver && provider != Provider::Local {
        true => provider.section_with(run, "houseResolver: true"),
        false => provider.section(run),
    };
    let more = match provider {
        // Without the internet, there is nobody to download it from.
        Provider::Local => {
            format!("certManager: {{ manifest: \"{}\" }}\n", manifest::file(cache).display())
        }
        _ => "email: admin@example.test\nacme: { server: \"https://acme.lab.test/dir\" }\n".to_owned(),
    };
    let ingress = match shape.controller {
        Controller::IngressNginx => String::new(),
        other => format!("ingress: {{ controller: {} }}\n", other.key()),
    };
    let text = format!("domain: {DOMAIN}\ndns: {dns}\n{more}{ingress}images:\n{images}");
    files::write(&run.homelab_config(), text)
}

/// Writes the root of the lab's own authority, as a person at the node would, and says where. An earlier root's file goes:
/// homelab overwrites none.
pub(crate) fn write_root(run: &Run) -> Result<String> {
    let file = run.path("homelab-root.crt");
    files::remove(&file)?;
    let path = file.display().to_string();
    let mut ca = Vantage::find(run, Place::Node)?.command("homelab");
    ca.args(["ca", "--write", &path, "--config"]).arg(run.homelab_config());
    command::run(ca.env("HOME", run.path("home")))?;
    Ok(path)
}

/// `homelab up`, as a person at the node would run it.
pub(crate) fn up(run: &Run) -> Result<()> {
    let node = Vantage::find(run, Place::Node)?;
    let mut homelab = node.command("homelab");
    homelab.args([Path::new("up"), Path::new("--config"), &run.homelab_config()]);
    homelab.env("HOME", run.path("home"));
    let status = run_in_terminal(&mut homelab)?;
    if !status.success() {
        // Nothing of the lab is left once a run has failed: what its parts said last goes with the failure.
        for of in ["cert-manager-cainjector", "cert-manager-webhook"] {
            let mut log = node.command("kubectl");
            let _ = run_in_terminal(
                log.args(["-n", "cert-manager", "logs", "--tail=15"]).arg(format!("deployment/{of}")),
            );
        }
        bail!("homelab up ended with {status}");
    }
    Ok(())
}
