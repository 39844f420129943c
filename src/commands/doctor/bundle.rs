//! `--bundle FILE`: what was seen and what came of it, for a bug report.

use std::io::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::cli::{Doctor, Global};
use crate::commands::token;
use crate::config;
use crate::error::{Error, Result};
use crate::ui;
use crate::verify::{self, Evidence, Report};

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

/// Writes the file, whole or not at all, for its owner alone.
///
/// # Errors
/// When it cannot be written, or came to be there meanwhile.
pub(super) fn write(
    path: &Path,
    global: &Global,
    flags: &Doctor,
    seen: &Evidence,
    report: &Report,
) -> Result<()> {
    let failed = |cause: &std::io::Error| {
        Error::unfinished(format!("cannot write `{}`", path.display())).because(cause)
    };
    let text = format!("{:#}\n", document(global, flags, seen, report));
    // Such a file is made with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder(path)).map_err(|error| failed(&error))?;
    file.write_all(text.as_bytes()).map_err(|error| failed(&error))?;
    file.persist_noclobber(path).map_err(|error| match error.error.kind() {
        std::io::ErrorKind::AlreadyExists => taken(path),
        _ => failed(&error.error),
    })?;
    ui::note(&format!(
        "wrote `{}`: it has names, private addresses, records and logs of your lab, and no secret that is known; read it before you send it",
        path.display()
    ));
    Ok(())
}

fn document(global: &Global, flags: &Doctor, seen: &Evidence, report: &Report) -> Value {
    let config = config::load(global.config.as_deref()).ok();
    let token = config.as_ref().and_then(|config| token::read(config).ok());
    let secrets: Vec<&str> = token
        .iter()
        .map(|token| token.expose())
        .chain(config.iter().map(|config| config.email.as_str()))
        .collect();
    json!({
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
        "report": verify::scrubbed(json!(report), &secrets),
        "evidence": verify::redacted(seen, &secrets),
    })
}

fn taken(path: &Path) -> Error {
    Error::usage(format!("`{}` is there already", path.display()))
        .hint("name a new file, or remove that one: nothing is overwritten")
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
