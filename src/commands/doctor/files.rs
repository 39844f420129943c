//! What is written into files: `--report`, the last report for who looks later; `--bundle`, what was seen and what came of
//! it, for a bug report.

use std::io::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::checks::Report;
use crate::cli::{Doctor, Global};
use crate::config;
use crate::error::{Error, Result};
use crate::evidence::Evidence;
use crate::machine::token;
use crate::outside;
use crate::ui;

/// The version of the file's form.
const SCHEMA_VERSION: u32 = 1;

/// Refuses a file that is there already, before anything is looked at.
///
/// # Errors
/// When it is there, or its folder is not.
pub(super) fn is_free(path: &Path) -> Result<()> {
    if path.symlink_metadata().is_ok() {
        return Err(taken(path));
    }
    let folder = folder(path);
    match folder.is_dir() {
        true => Ok(()),
        false => Err(Error::usage(format!("there is no folder `{}`", folder.display()))),
    }
}

/// Writes the bundle, whole or not at all, for its owner alone.
///
/// # Errors
/// When it cannot be written, or came to be there meanwhile.
pub(super) fn bundle(
    path: &Path,
    global: &Global,
    flags: &Doctor,
    seen: &Evidence,
    report: &Report,
) -> Result<()> {
    let written = beside(path, &document(global, flags, seen, report))?;
    written.persist_noclobber(path).map_err(|error| match error.error.kind() {
        std::io::ErrorKind::AlreadyExists => taken(path),
        _ => failed(path, &error.error),
    })?;
    ui::note(&outside::line(&format!(
        "wrote `{}`: it has names, private addresses, records and logs of your lab, and no secret that is known; read it before you send it",
        path.display()
    )));
    Ok(())
}

/// Replaces the file with the report, whole or not at all, for its owner alone.
///
/// # Errors
/// When it cannot be written.
pub(super) fn keep(path: &Path, report: &Report) -> Result<()> {
    let written = beside(path, &json!(report))?;
    written.persist(path).map(drop).map_err(|error| failed(path, &error.error))
}

/// The document in a file beside `path`, which only its owner can read: such files are made with mode 0600.
fn beside(path: &Path, document: &Value) -> Result<NamedTempFile> {
    let mut file = NamedTempFile::new_in(folder(path)).map_err(|error| failed(path, &error))?;
    file.write_all(format!("{document:#}\n").as_bytes()).map_err(|error| failed(path, &error))?;
    Ok(file)
}

fn failed(path: &Path, cause: &std::io::Error) -> Error {
    Error::unfinished(format!("cannot write `{}`", path.display())).because(cause)
}

fn document(global: &Global, flags: &Doctor, seen: &Evidence, report: &Report) -> Value {
    let config = config::load(global.config.as_deref()).ok();
    let token = config.as_ref().and_then(|config| token::read(config).ok());
    let secrets: Vec<&str> = token
        .iter()
        .map(|token| token.expose())
        .chain(config.iter().map(|config| config.email.as_str()))
        .collect();
    let document = json!({
        "schema_version": SCHEMA_VERSION,
        "version": env!("CARGO_PKG_VERSION"),
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

fn taken(path: &Path) -> Error {
    Error::usage(format!("`{}` is there already", path.display()))
        .hint("name a new file, or remove that one: nothing is overwritten")
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
