//! Files that are written for the user, whole or not at all, and for their owner alone, with mode 0600, unless it says otherwise.

use std::fs::{DirBuilder, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Error, Result};

/// How many files a name is tried for.
const BACKUPS: u32 = 100;

/// Writes a file that replaces what is there.
///
/// # Errors
/// When it cannot be written; what was there stays.
pub fn replace(path: &Path, text: &str) -> Result<()> {
    beside(path, text)?.persist(path).map(drop).map_err(|error| failed(path, &error.error))
}

/// Writes a file that replaces what is there, and that everybody may read.
///
/// # Errors
/// When it cannot be written; what was there stays.
pub fn replace_readable(path: &Path, text: &str) -> Result<()> {
    readable(path, text)?.persist(path).map(drop).map_err(|error| failed(path, &error.error))
}

/// Writes a file that is not there yet.
///
/// # Errors
/// When something is there, or it cannot be written.
pub fn create(path: &Path, text: &str) -> Result<()> {
    persist_new(beside(path, text)?, path)
}

fn persist_new(file: NamedTempFile, path: &Path) -> Result<()> {
    file.persist_noclobber(path).map(drop).map_err(|error| match error.error.kind() {
        ErrorKind::AlreadyExists => taken(path),
        _ => failed(path, &error.error),
    })
}

/// Refuses a file that is there already, before there is anything to write.
///
/// # Errors
/// When it is there, or its folder is not.
pub fn is_free(path: &Path) -> Result<()> {
    is_new(path)?;
    let folder = folder(path);
    match folder.is_dir() {
        true => Ok(()),
        false => Err(Error::usage(format!("there is no folder `{}`", folder.display()))),
    }
}

/// Refuses a file that is there already; its folder may be missing.
///
/// # Errors
/// When it is there.
pub fn is_new(path: &Path) -> Result<()> {
    if path.symlink_metadata().is_ok() { Err(taken(path)) } else { Ok(()) }
}

fn beside(path: &Path, text: &str) -> Result<NamedTempFile> {
    let mut file = NamedTempFile::new_in(folder(path)).map_err(|error| failed(path, &error))?;
    file.write_all(text.as_bytes()).map_err(|error| failed(path, &error))?;
    Ok(file)
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

pub(super) fn failed(path: &Path, cause: &std::io::Error) -> Error {
    Error::unfinished(format!("cannot write `{}`", path.display())).because(cause)
}

fn taken(path: &Path) -> Error {
    Error::usage(format!("`{}` exists already", path.display()))
        .hint("name a new file, or remove that one: homelab overwrites no file")
}

/// Whether a new file could be written there now, in its folder or in the nearest one above it that is there.
///
/// # Errors
/// When something is there, or nothing can be written.
pub fn can_be_made(path: &Path) -> Result<()> {
    is_new(path)?;
    let there = std::path::absolute(path).map_err(|error| failed(path, &error))?;
    let there = there.ancestors().skip(1).find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    NamedTempFile::new_in(there).map(drop).map_err(|error| failed(path, &error))
}

/// Removes a file that this run has written, because the run came to nothing.
pub fn take_back(path: &Path) {
    // What could not be removed is named by the next run.
    let _ = std::fs::remove_file(path);
}

/// Writes a file that is not there yet and that everybody may read; its folder is made if it is missing.
///
/// # Errors
/// When something is there, or it cannot be written.
pub fn create_readable(path: &Path, text: &str) -> Result<()> {
    make_folder(path)?;
    persist_new(readable(path, text)?, path)
}

fn readable(path: &Path, text: &str) -> Result<NamedTempFile> {
    let file = beside(path, text)?;
    file.as_file().set_permissions(Permissions::from_mode(0o644)).map_err(|error| failed(path, &error))?;
    Ok(file)
}

/// Writes a file that is not there yet and that nobody else may read; its folder is made if it is missing.
///
/// # Errors
/// When something is there, or it cannot be written.
pub fn create_secret(path: &Path, text: &str) -> Result<()> {
    make_folder(path)?;
    create(path, text)
}

fn make_folder(path: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o755).create(folder(path)).map_err(|error| failed(path, &error))
}

/// Gives a file that is there another text, with its mode and its owner, and keeps the text `before` beside it: in
/// `PATH.bak`, or `PATH.bak.1` and so on, since no backup takes the place of an older one. Returns that file.
///
/// # Errors
/// When it cannot be written; what was there stays.
pub fn edit(path: &Path, before: &str, text: &str) -> Result<PathBuf> {
    let new = like(path, text)?;
    let mut backup = like(path, before)?;
    for number in 0..BACKUPS {
        let place = match number {
            0 => with_ending(path, ".bak"),
            _ => with_ending(path, &format!(".bak.{number}")),
        };
        match backup.persist_noclobber(&place) {
            Ok(_) => {
                return new.persist(path).map(|_| place).map_err(|error| failed(path, &error.error));
            }
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => backup = error.file,
            Err(error) => return Err(failed(&place, &error.error)),
        }
    }
    Err(Error::usage(format!("there are {BACKUPS} backups of `{}` already", path.display()))
        .hint("remove some of them"))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Whether a file could be rewritten now, with its owner and its mode kept.
///
/// # Errors
/// When it could not.
pub fn can_be_rewritten(path: &Path) -> Result<()> {
    like(path, "").map(drop)
}

/// Writes a file anew that has to be as it was read, with its owner and its mode kept. Nobody ever sees half of it.
///
/// # Errors
/// When somebody changed it meanwhile, or it cannot be written; what was there stays.
pub fn rewrite(path: &Path, read: &str, text: &str) -> Result<()> {
    let file = like(path, text)?;
    let now = std::fs::read(path).map_err(|error| failed(path, &error))?;
    if now != read.as_bytes() {
        return Err(Error::wrong(format!(
            "`{}` was changed meanwhile, and is not overwritten",
            path.display()
        ))
        .hint("run the same command again"));
    }
    file.persist(path).map(drop).map_err(|error| failed(path, &error.error))
}

/// A file beside `path` with its owner and its mode. It is on the disk: also after a power cut, `path` is the old file or
/// the new one.
fn like(path: &Path, text: &str) -> Result<NamedTempFile> {
    let file = beside(path, text)?;
    let there = path.metadata().and_then(|there| {
        chown(file.path(), Some(there.uid()), Some(there.gid()))?;
        file.as_file().set_permissions(there.permissions())?;
        file.as_file().sync_all()
    });
    there.map(|()| file).map_err(|error| failed(path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_rewritten_with_its_mode_unless_somebody_changed_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("homelab.yaml");
        std::fs::write(&path, "a").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        rewrite(&path, "a", "b").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "b");
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, 0o640);
        let error = rewrite(&path, "a", "c").unwrap_err();
        assert!(error.what.contains("changed meanwhile"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "b");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
