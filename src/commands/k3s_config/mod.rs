//! `homelab k3s-config`: this machine -> k3s' own configuration file.

mod edit;

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::{Global, K3sConfig};
use crate::error::{Error, Exit, Result};
use crate::machine::configuration;
use crate::machine::k3s_config::{self, File, Here};
use crate::machine::k3s_settings::{Setting, Wishes, settings};
use crate::outside::Shown;
use crate::ui::{self, Output, Ui, file};

/// Why nothing is disabled.
const KEPT: &str = "your configuration has `ingress.manage: false`: k3s keeps its own ingress and servicelb, in case they are what you use";
/// k3s' own way to install it (k3s documentation, "Quick-Start Guide").
const INSTALL: &str = "next: curl -sfL https://get.k3s.io | sh -    # it reads that file; if you have k3s already, restart it instead\n";
/// Nobody knows how it was started.
const START_AGAIN: &str = "next: restart k3s, which is on this machine already, in the way in which you start it: it reads that file when it starts\n";
/// Once servicelb is off, nobody releases traefik's Service any more (see `checks/k3s/bundled.rs`).
const IN_TWO_STEPS: &str = "k3s runs its own traefik here. Before you restart k3s, take `servicelb` out of that file; restart it, wait until\n\
                            `sudo k3s kubectl --namespace kube-system get service traefik` finds none; put `servicelb` back, and restart it again.\n\
                            In one step, that Service is never deleted. `homelab doctor` tells whether it is gone\n";

pub(super) fn k3s_config(global: &Global, flags: &K3sConfig, ui: Ui) -> Result<Exit> {
    let here = k3s_config::here();
    if let Some(address) = flags.node_ip
        && !here.linked.iter().any(|linked| linked.address == address)
    {
        return Err(Error::usage(format!("this machine does not have the address {address}"))
            .hint("`ip -brief address` shows the addresses that it has"));
    }
    let keeps_bundled = !installs_controller(global)?;
    if keeps_bundled {
        ui::note(&KEPT.into());
    }
    let wishes = Wishes { names: flags.tls_san.clone(), address: flags.node_ip, keeps_bundled };
    let (settings, unsure) = settings(&here, &wishes);
    if let Some(unsure) = &unsure {
        ui::note(&Shown::line(unsure));
    }
    match &flags.write {
        None => {
            let text = edit::whole(&settings);
            match ui.output {
                Output::Json => ui::document(document(None, &text, None, false)),
                _ => ui::exact_answer(&text),
            }
            Ok(Exit::Fine)
        }
        Some(path) => {
            // What k3s brings stays, so there is nothing to be removed in order.
            let here = Here { has_traefik: here.has_traefik && !keeps_bundled, ..here };
            write(path, &here, &settings, ui)
        }
    }
}

/// Whether homelab installs an ingress controller, as it does where nobody has written a configuration yet.
fn installs_controller(global: &Global) -> Result<bool> {
    let given = global.config.as_deref();
    if given.is_none() && configuration::find(None).is_err() {
        return Ok(true);
    }
    Ok(configuration::load(given)?.ingress.controller.is_managed())
}

fn write(path: &Path, here: &Here, settings: &[Setting], ui: Ui) -> Result<Exit> {
    if here.is_nixos && path == Path::new(k3s_config::PATH) {
        return Err(Error::usage("on NixOS, the module gives k3s these settings; nothing was written")
            .hint("set `services.homelab.enable = true;`, and run `nixos-rebuild switch`"));
    }
    // A link stays one.
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let main = k3s_config::read(path)?;
    let over = k3s_config::laid_over(path).into_iter().filter_map(|path| k3s_config::read(&path).transpose());
    let over: Vec<File> = over.collect::<Result<_>>()?;
    let text = edit::with(path, main.as_ref(), &over, settings)?;
    let backup = match (&text, &main) {
        (None, _) => None,
        (Some(text), None) => {
            file::create_readable(path, text)?;
            None
        }
        (Some(text), Some(before)) => Some(file::edit(path, &before.text, text)?),
    };
    tell(path, text.as_deref(), backup, here, ui);
    Ok(Exit::Fine)
}

fn document(path: Option<&Path>, text: &str, backup: Option<PathBuf>, written: bool) -> serde_json::Value {
    json!({ "schema_version": 1, "path": path, "yaml": text, "written": written, "backup": backup })
}

fn tell(path: &Path, text: Option<&str>, backup: Option<PathBuf>, here: &Here, ui: Ui) {
    if ui.output == Output::Json {
        return ui::document(document(Some(path), text.unwrap_or_default(), backup, text.is_some()));
    }
    let mut lines = match text {
        Some(_) => format!("wrote {}\n", path.display()),
        None => format!("{} has these settings already; nothing was changed\n", path.display()),
    };
    if let Some(backup) = backup {
        lines.push_str(&format!("the file as it was: {}\n", backup.display()));
    }
    if text.is_some() {
        lines.push_str(&next(here));
    }
    ui::answer(&Shown::lines(&lines));
}

/// What lets k3s read the file.
fn next(here: &Here) -> String {
    match here {
        Here { has_traefik: true, .. } => IN_TWO_STEPS.to_owned(),
        Here { restart: Some(restart), .. } => {
            format!("next: sudo {restart}    # k3s reads that file when it starts\n")
        }
        Here { has_run: true, .. } => START_AGAIN.to_owned(),
        _ => INSTALL.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k3s_that_is_there_is_restarted_and_not_installed_again() {
        let unit = Here { restart: Some("systemctl restart k3s"), has_run: true, ..Here::default() };
        assert!(next(&unit).starts_with("next: sudo systemctl restart k3s "), "{}", next(&unit));
        let by_hand = Here { has_run: true, ..Here::default() };
        assert!(next(&by_hand).starts_with("next: restart k3s") && !next(&by_hand).contains("curl"));
        let traefik = Here { has_traefik: true, ..unit };
        assert!(next(&traefik).contains("Before you restart k3s"));
        assert!(next(&Here::default()).starts_with("next: curl -sfL https://get.k3s.io | sh -"));
    }
}
