//! `homelab render`: configuration -> bundle -> stdout.

use std::fmt::Write as _;

use serde_json::Value;

use super::upstream;
use crate::cli::{Global, Render};
use crate::config::{self, Config};
use crate::desired::pins::pins;
use crate::desired::{Bundle, Inputs, bundle};
use crate::error::{Error, Exit};
use crate::ui::{self, Output};

pub(super) async fn render(global: &Global, flags: &Render) -> crate::error::Result<Exit> {
    let config = config::load(global.config.as_deref())?;
    let documents = if flags.with_upstream { upstream::cert_manager(&config).await? } else { None };
    let authority = super::up::authority(&config)?;
    let inputs =
        Inputs { credentials: None, cert_manager: documents.as_deref(), authority: authority.as_deref() };
    let bundle = bundle(&config, &inputs);
    match global.output {
        Output::Json => {
            let items: Vec<&Value> = bundle.objects.iter().map(|o| &o.body).collect();
            let list = serde_json::json!({ "apiVersion": "v1", "kind": "List", "items": items });
            ui::exact_document(&list);
        }
        _ => ui::answer(&text(&config, &bundle, documents.is_some())?),
    }
    Ok(Exit::Fine)
}

fn text(config: &Config, bundle: &Bundle, with_upstream: bool) -> crate::error::Result<String> {
    let mut text = String::new();
    if let (true, false, Some(pin)) =
        (config.cert_manager.manage, with_upstream, pins().upstream("cert-manager"))
    {
        let _ = writeln!(text, "# {} {} is not printed; `--with-upstream` adds it:", pin.name, pin.version);
        let _ = writeln!(text, "# {}\n# sha256 {}", pin.url, pin.sha256);
    }
    for object in &bundle.objects {
        let yaml = yaml(&object.body)
            .map_err(|error| Error::unfinished(format!("cannot print {}", object.key)).because(error))?;
        let _ = write!(text, "---\n{yaml}");
    }
    Ok(text)
}

/// Every text on one line, however long: image references are searched for and compared.
pub(super) fn yaml(body: &Value) -> Result<String, serde_yaml::ser_error::Error> {
    serde_yaml::to_string_with_options(body, serde_yaml::ser_options! { folded_wrap_chars: usize::MAX })
}
