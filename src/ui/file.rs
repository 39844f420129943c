//! Files that are written for the user, whole or not at all, and for their owner alone: such files are made with mode 0600.

use std::io::{ErrorKind, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::error::{Error, Result};

/// Writes a file that replaces what is there.
///
/// # Errors
/// When it cannot be written; what was there stays.
pub fn replace(path: &Path, text: &str) -> Result<()> {
    beside(path, text)?.persist(path).map(drop).map_err(|error| failed(path, &error.error))
}

/// Writes a file that is not there yet.
///
/// # Errors
/// When something is there, or it cannot be written.
pub fn create(path: &Path, text: &str) -> Result<()> {
    beside(path, text)?.persist_noclobber(path).map(drop).map_err(|error| match error.error.kind() {
        ErrorKind::AlreadyExists => taken(path),
        _ => failed(path, &error.error),
    })
}

/// Refuses a file that is there already, before there is anything to write.
///
/// # Errors
/// When it is there, or its folder is not.
pub fn is_free(path: &Path) -> Result<()> {
    if path.symlink_metadata().is_ok() {
        return Err(taken(path));
    }
    let folder = folder(path);
    match folder.is_dir() {
        true => Ok(()),
        false => Err(Error::usage(format!("there is no folder `{}`", folder.display()))),
    }
}

fn beside(path: &Path, text: &str) -> Result<NamedTempFile> {
    let mut file = NamedTempFile::new_in(folder(path)).map_err(|error| failed(path, &error))?;
    file.write_all(text.as_bytes()).map_err(|error| failed(path, &error))?;
    Ok(file)
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn failed(path: &Path, cause: &std::io::Error) -> Error {
    Error::unfinished(format!("cannot write `{}`", path.display())).because(cause)
}

fn taken(path: &Path) -> Error {
    Error::usage(format!("`{}` is there already", path.display()))
        .hint("name a new file, or remove that one: nothing is overwritten")
}
