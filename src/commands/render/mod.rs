//! `homelab render`: configuration -> bundle -> stdout, or a folder for git.

mod escaped;
mod folder;

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::cli::{Global, Render};
use crate::commands::cluster_names::{Known, can_be_signed};
use crate::commands::egress;
use crate::config::Config;
use crate::desired::egress::Placed;
use crate::desired::object::Object;
use crate::desired::{Bundle, Inputs, bundle, readme};
use crate::error::{Error, Exit};
use crate::facts::pins::pins;
use crate::machine::{configuration, upstream};
use crate::outside::Shown;
use crate::ui::tree::{self, Done};
use crate::ui::{self, Output};

pub(super) use escaped::yaml;

pub(super) async fn render(global: &Global, flags: &Render) -> crate::error::Result<Exit> {
    let config = configuration::load(global.config.as_deref())?;
    let names = Known::by_flag(flags.cluster_domain.as_deref());
    can_be_signed(&config, names)?;
    egress::can_be_rendered(&config)?;
    // A folder is applied by itself: nothing may be missing in it.
    let is_whole = flags.with_upstream || flags.output_dir.is_some();
    if flags.output_dir.is_some() {
        folder::can_be_files(&config)?;
    }
    let documents = if is_whole { upstream::cert_manager(&config).await? } else { None };
    let authority = crate::machine::authority::authority(&config)?;
    let placed = flags.cilium.then(|| Placed::of(&[], &[]).by_cilium(true));
    let inputs = Inputs {
        cert_manager: documents.as_deref(),
        authority: authority.as_deref(),
        cluster_domain: Some(names.domain()),
        placed: placed.as_ref(),
        ..Inputs::default()
    };
    let bundle = bundle(&config, &inputs);
    if let Some(at) = &flags.output_dir {
        let done = tree::write(at, &folder::files(&config, &bundle)?)?;
        match global.output {
            Output::Json => ui::document(document(&done, at)),
            _ => ui::answer(&told(&done, at, bundle.objects.iter().filter(|one| !one.is_secret()).count())),
        }
        return Ok(Exit::Fine);
    }
    match global.output {
        Output::Json => {
            let items: Vec<&Value> = bundle.objects.iter().map(|o| &o.body).collect();
            let list = serde_json::json!({ "apiVersion": "v1", "kind": "List", "items": items });
            ui::exact_document(&list);
        }
        _ => ui::exact_answer(&text(&config, &bundle, documents.is_some())?),
    }
    Ok(Exit::Fine)
}

fn text(config: &Config, bundle: &Bundle, with_upstream: bool) -> crate::error::Result<String> {
    let mut text = String::new();
    if let (true, false, Some(pin)) =
        (config.cert_manager.manage, with_upstream, pins().upstream("cert-manager"))
    {
        let _ = writeln!(text, "# {} {} is not printed; `--with-upstream` prints it:", pin.name, pin.version);
        let _ = writeln!(text, "# {}\n# sha256 {}", pin.url, pin.sha256);
    }
    for object in &bundle.objects {
        let yaml = text_of(object)?;
        let _ = write!(text, "---\n{yaml}");
    }
    Ok(text)
}

fn text_of(object: &Object) -> crate::error::Result<String> {
    yaml(&object.body)
        .map_err(|error| Error::unfinished(format!("cannot print {}", object.key)).because(error))
}

fn document(done: &Done, at: &Path) -> Value {
    let Done { written, removed, unchanged } = done;
    json!({ "schema_version": 1, "folder": at.display().to_string(), "written": written, "removed": removed, "unchanged": unchanged })
}

/// What became of the folder, which has so many `objects`, each in a file of its own.
fn told(done: &Done, at: &Path, objects: usize) -> Shown {
    let (written, removed) = (done.written.len(), done.removed.len());
    let folder = Shown::line(&at.display().to_string());
    if written == 0 && removed == 0 {
        return shown!(
            "{}: nothing to do, all {} files match the configuration ({} objects)\n",
            folder,
            done.unchanged,
            objects
        );
    }
    let next = Shown::line(&at.join(readme::NAME).display().to_string());
    shown!(
        "{}: {} files written, {} deleted, {} unchanged; {} objects are in them, and no Secret\nnext: create the Secrets as {} says, and commit the folder\n",
        folder,
        written,
        removed,
        done.unchanged,
        objects,
        next
    )
}

#[cfg(test)]
mod tests;
