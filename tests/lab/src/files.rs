//! Reading and writing files, with the path in every error.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::error::{Context, Result};

pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).context(format_args!("reading {}", path.display()))
}

pub(crate) fn read_text(path: &Path) -> Result<String> {
    fs::read_to_string(path).context(format_args!("reading {}", path.display()))
}

/// Writes a file and the folders above it.
pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    fs::write(path, content).context(format_args!("writing {}", path.display()))
}

/// Writes beside the file first, so that nobody reads half of it.
pub(crate) fn write_whole(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    let beside = path.with_extension("partial");
    write(&beside, content)?;
    rename(&beside, path)
}

pub(crate) fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).context(format_args!("renaming {} to {}", from.display(), to.display()))
}

pub(crate) fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).context(format_args!("making the folder {}", path.display()))
}

/// Removes a folder and all below it; a missing one is fine.
pub(crate) fn remove_folder(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).context(format_args!("removing {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Removes a file; a missing one is fine.
pub(crate) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).context(format_args!("removing {}", path.display()))
        }
        _ => Ok(()),
    }
}

pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    serde_json::from_slice(&read(path)?).context(format_args!("reading {}", path.display()))
}

pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_vec_pretty(value).context(format_args!("writing {}", path.display()))?;
    write_whole(path, text)
}

/// Every regular file below a folder, by relative path, in order. Links are followed to files only.
pub(crate) fn below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(current) = open.pop() {
        for entry in fs::read_dir(&current).context(format_args!("listing {}", current.display()))? {
            let entry = entry.context(format_args!("listing {}", current.display()))?;
            let path = entry.path();
            let kind = entry.file_type().context(format_args!("looking at {}", path.display()))?;
            if kind.is_dir() {
                open.push(path);
            } else if path.is_file() {
                let relative = path.strip_prefix(folder).context("listing a folder")?;
                found.push(relative.to_path_buf());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Copies every file below a folder, which its owner may write there.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    for file in below(from)? {
        let target = to.join(&file);
        if let Some(parent) = target.parent() {
            make_folder(parent)?;
        }
        write(&target, read(&from.join(&file))?)?;
    }
    Ok(())
}

/// SHA-256 of some bytes, in hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(Sha256::digest(bytes).as_slice())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Names a recipe: everything that the result depends on goes in, twelve hex digits come out.
#[derive(Default)]
pub(crate) struct Recipe(Sha256);

impl Recipe {
    pub(crate) fn add(&mut self, name: &str, content: impl AsRef<[u8]>) -> &mut Self {
        let content = content.as_ref();
        self.0.update(format!("{name} {}\n", content.len()));
        self.0.update(content);
        self
    }

    /// Adds every file below a folder.
    pub(crate) fn add_folder(&mut self, folder: &Path) -> Result<&mut Self> {
        for path in below(folder)? {
            self.add(&path.to_string_lossy(), read(&folder.join(&path))?);
        }
        Ok(self)
    }

    pub(crate) fn key(&self) -> String {
        hex(self.0.clone().finalize().as_slice()).chars().take(12).collect()
    }
}
