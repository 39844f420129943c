//! Several files that are written together: all of them are on the disk before the first takes its place.

use std::fs::{DirBuilder, File};
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::error::Result;
use crate::ui::file::failed;

/// The files, in a folder that only its owner reads if it had to be made. Each has mode 0600.
pub struct Staged {
    folder: PathBuf,
    files: Vec<(NamedTempFile, PathBuf)>,
}

impl Staged {
    /// For files in this folder, which is made if it is missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn within(folder: &Path) -> Result<Self> {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700).create(folder).map_err(|error| failed(folder, &error))?;
        Ok(Self { folder: folder.to_owned(), files: Vec::new() })
    }

    /// Writes one of them beside its place.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, name: &str, content: &[u8]) -> Result<()> {
        let path = self.folder.join(name);
        let written = Builder::new().prefix(".homelab-").suffix(".tmp").tempfile_in(&self.folder).and_then(
            |mut file| {
                file.write_all(content)?;
                file.as_file().sync_all()?;
                Ok(file)
            },
        );
        self.files.push((written.map_err(|error| failed(&path, &error))?, path));
        Ok(())
    }

    /// Puts them into their places, in the order in which they were added.
    ///
    /// # Errors
    /// When one cannot be put there; those before it are in their places.
    pub fn commit(self) -> Result<()> {
        for (file, path) in self.files {
            file.persist(&path).map_err(|error| failed(&path, &error.error))?;
        }
        // The names, too, are to survive a power cut.
        File::open(&self.folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| failed(&self.folder, &error))
    }
}

/// Removes a file that homelab wrote.
///
/// # Errors
/// When it is there afterwards.
pub fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(path, &error)),
        _ => Ok(()),
    }
}
