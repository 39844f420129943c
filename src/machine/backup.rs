//! What lies in the folder of a backup.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use crate::error::{Error, Result};
use crate::plan::backup::{Index, digest};

/// The file with the public facts.
pub const INDEX: &str = "index.json";
/// What a sealed Secret is called at its end.
const SEALED: &str = ".age";
/// A Secret has at most a mebibyte (Kubernetes docs, "Secrets"); base64 and age add a half.
const LARGEST: u64 = 2 << 20;

/// The folder as it is.
#[derive(Debug, Default)]
pub struct Folder {
    /// Its index, if there is one.
    pub index: Option<Index>,
    /// SHA-256 of each sealed file, by its name. What is no plain file has none, and an empty text.
    pub hashes: BTreeMap<String, String>,
}

/// Looks at a folder; one that is not there is empty.
///
/// # Errors
/// When it cannot be read, or its index is not one of a backup.
pub fn look(folder: &Path) -> Result<Folder> {
    let failed =
        |error| Error::unfinished(format!("cannot read the folder `{}`", folder.display())).because(error);
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Folder::default()),
        Err(error) => return Err(failed(error)),
    };
    let mut found = Folder::default();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.ends_with(SEALED) {
            let is_plain =
                entry.path().symlink_metadata().is_ok_and(|it| it.is_file() && it.len() <= LARGEST);
            let hash = if is_plain { digest(&read(folder, &name)?) } else { String::new() };
            found.hashes.insert(name, hash);
        }
    }
    let path = folder.join(INDEX);
    found.index = match std::fs::read_to_string(&path) {
        Ok(text) => Some(Index::read(&text).map_err(|why| {
            Error::usage(format!("`{}` is no index of a backup", path.display()))
                .because(why)
                .hint("a backup needs a folder of its own: name another one")
        })?),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => {
            return Err(Error::unfinished(format!("cannot read `{}`", path.display())).because(error));
        }
    };
    Ok(found)
}

/// One file of the folder.
///
/// # Errors
/// When it cannot be read, or is larger than any that homelab writes.
pub fn read(folder: &Path, file: &str) -> Result<Vec<u8>> {
    let path = folder.join(file);
    let failed = || Error::unfinished(format!("cannot read `{}`", path.display()));
    match path.metadata() {
        Ok(there) if there.len() > LARGEST => Err(failed().because("it is larger than any Secret")),
        Ok(_) => std::fs::read(&path).map_err(|error| failed().because(error)),
        Err(error) => Err(failed().because(error)),
    }
}

/// A file that may be missing.
///
/// # Errors
/// When it is there and cannot be read.
pub fn read_if_there(folder: &Path, file: &str) -> Result<Option<Vec<u8>>> {
    match folder.join(file).symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        _ => read(folder, file).map(Some),
    }
}
