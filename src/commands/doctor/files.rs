//! What is written into files: `--report`, the last report for who looks later; `--bundle`, what was seen and what came of
//! it, for a bug report.

use std::path::Path;

use serde_json::{Value, json};

use crate::checks::Report;
use crate::cli::Doctor;
use crate::config::Config;
use crate::error::Result;
use crate::evidence::Evidence;
use crate::machine::token;
use crate::outside::Shown;
use crate::provider::Keyring;
use crate::ui;

/// The version of the file's form.
const SCHEMA_VERSION: u32 = 1;

/// Writes the bundle, whole or not at all, for its owner alone.
///
/// # Errors
/// When it cannot be written, or came to be there meanwhile.
pub(super) fn bundle(
    path: &Path,
    config: Option<&Config>,
    flags: &Doctor,
    seen: &Evidence,
    report: &Report,
) -> Result<()> {
    ui::file::create(path, &format!("{:#}\n", document(config, flags, seen, report)))?;
    ui::note(&Shown::line(&format!(
        "wrote `{}`: it contains names, private addresses, records and logs of your lab, but no known secret. Read it before you send it",
        path.display()
    )));
    Ok(())
}

/// Replaces the file with the report, whole or not at all, for its owner alone.
///
/// # Errors
/// When it cannot be written.
pub(super) fn keep(path: &Path, report: &Report) -> Result<()> {
    ui::file::replace(path, &format!("{:#}\n", json!(report)))
}

fn document(config: Option<&Config>, flags: &Doctor, seen: &Evidence, report: &Report) -> Value {
    let keyring = config.and_then(|config| token::read(config).ok());
    let secrets: Vec<&str> = keyring
        .iter()
        .flat_map(Keyring::iter)
        .map(|(_, secret)| secret.expose())
        .chain(config.and_then(|config| config.email.as_deref()))
        .collect();
    let document = json!({
        "schema_version": SCHEMA_VERSION,
        "version": env!("HOMELAB_VERSION"),
        "flags": {
            "pre": flags.pre,
            "check": flags.check,
            "skip": flags.skip,
            "strict": flags.strict,
            "active": flags.active,
            "offline": flags.offline,
            "wait": flags.wait,
            "timeout": flags.timeout,
        },
        "report": report,
        "evidence": crate::evidence::redact::redacted(seen),
    });
    crate::evidence::redact::scrubbed(document, &secrets)
}
