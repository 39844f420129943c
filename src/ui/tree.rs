//! A folder of files that homelab writes again and again, for git: a record in it says what homelab wrote, and nothing else is
//! overwritten or deleted.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{DirBuilder, File, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::{Builder, TempDir};

use crate::error::{Error, Result};
use crate::plan::backup::digest;
use crate::ui::file::{failed, replace_readable};

/// The record, a file of the folder.
const RECORD: &str = ".homelab-render.json";
/// The form of the record.
const VERSION: u32 = 1;
/// How many files of others are named.
const NAMED: usize = 5;

/// What became of the folder; each path is relative to it.
#[derive(Debug, Default)]
pub struct Done {
    /// The files that are new or have another content now.
    pub written: Vec<String>,
    /// The files that went.
    pub removed: Vec<String>,
    /// How many files were as they should be.
    pub unchanged: usize,
}

/// What homelab wrote into the folder: the SHA-256 of each file by its path, which is relative, with `/`.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    schema_version: u32,
    files: BTreeMap<String, String>,
    /// What a run replaces or deletes, as long as it is not finished.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    before: BTreeMap<String, BTreeSet<String>>,
}

impl Record {
    fn of(files: &BTreeMap<String, String>) -> Self {
        let files = files.iter().map(|(path, text)| (path.clone(), digest(text.as_bytes())));
        Self { schema_version: VERSION, files: files.collect(), ..Self::default() }
    }

    /// The same for a run that begins where that one ended, finished or not.
    fn over(mut self, old: &Self) -> Self {
        self.before.clone_from(&old.before);
        for (path, hash) in &old.files {
            self.before.entry(path.clone()).or_default().insert(hash.clone());
        }
        self
    }

    fn text(&self) -> String {
        serde_json::to_value(self).map(|value| format!("{value:#}\n")).unwrap_or_default()
    }

    /// The record of a folder; an empty one where there is none.
    fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(RECORD);
        let unusable = |why: String| {
            Error::usage(format!("`{}` is not as homelab wrote it", path.display())).because(why).hint(
                "it says which files homelab may overwrite: take it back from git \
                 (`git checkout -- .homelab-render.json`), or name another folder",
            )
        };
        let text = match look(folder, RECORD)? {
            Seen::Nothing => return Ok(Self { schema_version: VERSION, ..Self::default() }),
            Seen::Plain(content) => content,
            Seen::Other(what) => return Err(unusable(what)),
        };
        let record: Self = serde_json::from_slice(&text).map_err(|error| unusable(error.to_string()))?;
        if record.schema_version != VERSION {
            return Err(unusable(format!(
                "it has the version {}, and this homelab knows {VERSION}",
                record.schema_version
            )));
        }
        let outside = record.paths().find(|path| !is_inside(path)).cloned();
        match outside {
            Some(path) => Err(unusable(format!("it names `{path}`, which is not in the folder"))),
            None => Ok(record),
        }
    }

    fn paths(&self) -> impl Iterator<Item = &String> {
        self.files.keys().chain(self.before.keys())
    }

    /// Whether homelab wrote a file with that content there.
    fn wrote(&self, path: &str, hash: &str) -> bool {
        self.files.get(path).is_some_and(|written| written == hash)
            || self.before.get(path).is_some_and(|written| written.contains(hash))
    }
}

/// Whether a path stays in the folder, whatever the record or a name says.
fn is_inside(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

/// What stands at a path of the folder.
enum Seen {
    Nothing,
    /// A plain file, with its content.
    Plain(Vec<u8>),
    /// Something else on the way or at its end, in words.
    Other(String),
}

/// Looks without following any symbolic link below the folder.
fn look(folder: &Path, path: &str) -> Result<Seen> {
    let unread = |at: &Path, error: &std::io::Error| {
        Error::unfinished(format!("cannot read `{}`", at.display())).because(error)
    };
    let mut at = folder.to_owned();
    let mut parts = Path::new(path).components().peekable();
    while let Some(part) = parts.next() {
        at.push(part);
        let there = match at.symlink_metadata() {
            Ok(there) => there,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Seen::Nothing),
            Err(error) => return Err(unread(&at, &error)),
        };
        let (is_last, name) = (parts.peek().is_none(), at.strip_prefix(folder).unwrap_or(&at).display());
        match there.file_type() {
            kind if kind.is_symlink() => {
                return Ok(Seen::Other(format!("`{name}` is a symbolic link, and is not followed")));
            }
            kind if kind.is_dir() && is_last => {
                return Ok(Seen::Other(format!("`{name}` is a folder")));
            }
            kind if kind.is_dir() => {}
            kind if kind.is_file() && is_last => {
                return std::fs::read(&at).map(Seen::Plain).map_err(|error| unread(&at, &error));
            }
            _ => return Ok(Seen::Other(format!("`{name}` is not what homelab writes"))),
        }
    }
    Ok(Seen::Nothing)
}

/// Makes the folder hold these files, by their paths. All are on the disk before the first takes its place; a run that is
/// stopped between two of them is finished by the next.
///
/// # Errors
/// Before anything is written: when a file that homelab did not write, or that was changed since, stands where one is to be
/// written or deleted. Otherwise when something cannot be read or written.
pub fn write(folder: &Path, files: &BTreeMap<String, String>) -> Result<Done> {
    let old = Record::read(folder)?;
    let new = Record::of(files);
    let (mut done, mut strange) = (Done::default(), Vec::new());
    let mut judge = |path: &String, wanted: Option<&String>| -> Result<()> {
        let going = if wanted.is_some() { &mut done.written } else { &mut done.removed };
        match (look(folder, path)?, wanted) {
            (Seen::Nothing, Some(_)) => going.push(path.clone()),
            (Seen::Nothing, None) => {}
            (Seen::Plain(content), wanted) => {
                let hash = digest(&content);
                match wanted {
                    Some(wanted) if *wanted == hash => done.unchanged += 1,
                    _ if old.wrote(path, &hash) => going.push(path.clone()),
                    _ if old.paths().any(|known| known == path) => {
                        strange.push(format!("`{path}`: it was changed after homelab wrote it"));
                    }
                    _ => strange.push(format!("`{path}`: homelab did not write it")),
                }
            }
            (Seen::Other(what), _) => strange.push(format!("`{path}`: {what}")),
        }
        Ok(())
    };
    new.files.iter().try_for_each(|(path, hash)| judge(path, Some(hash)))?;
    let gone: BTreeSet<&String> = old.paths().filter(|path| !new.files.contains_key(*path)).collect();
    gone.into_iter().try_for_each(|path| judge(path, None))?;
    if !strange.is_empty() {
        return Err(in_the_way(folder, &strange));
    }
    if !done.written.is_empty() || !done.removed.is_empty() || old != new {
        put(folder, files, &done, (&old, new))?;
    }
    Ok(done)
}

/// Writes what was decided: everything beside its place first, then the record of both states, the files, the final record.
fn put(
    folder: &Path,
    files: &BTreeMap<String, String>,
    done: &Done,
    (old, new): (&Record, Record),
) -> Result<()> {
    make(folder)?;
    let staged = Builder::new().prefix(".homelab-").suffix(".tmp").tempdir_in(folder);
    let staged = staged.map_err(|error| failed(folder, &error))?;
    let mut moves = Vec::new();
    for (number, path) in done.written.iter().enumerate() {
        let text = files.get(path).map_or("", String::as_str);
        let place = folder.join(path);
        moves.push((stage(&staged, number, text).map_err(|error| failed(&place, &error))?, place));
    }
    let last = new.text();
    replace_readable(&folder.join(RECORD), &new.over(old).text())?;
    for (from, place) in moves {
        place.parent().map_or(Ok(()), make)?;
        std::fs::rename(from, &place).map_err(|error| failed(&place, &error))?;
    }
    for path in &done.removed {
        let place = folder.join(path);
        super::staged::remove(&place)?;
        let above = place.ancestors().skip(1).take_while(|at| *at != folder);
        // What others have in a folder keeps it.
        above.map_while(|at| std::fs::remove_dir(at).ok()).for_each(drop);
    }
    replace_readable(&folder.join(RECORD), &last)
}

fn stage(folder: &TempDir, number: usize, text: &str) -> std::io::Result<PathBuf> {
    let path = folder.path().join(number.to_string());
    let mut file = File::create_new(&path)?;
    file.write_all(text.as_bytes())?;
    file.set_permissions(Permissions::from_mode(0o644))?;
    file.sync_all()?;
    Ok(path)
}

fn make(folder: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o755).create(folder).map_err(|error| failed(folder, &error))
}

fn in_the_way(folder: &Path, strange: &[String]) -> Error {
    let error = Error::usage(format!(
        "`{}` has files that would be overwritten or deleted, and are not as homelab wrote them",
        folder.display()
    ));
    let error = strange.iter().take(NAMED).fold(error, |error, one| error.because(one));
    let error = match strange.len().saturating_sub(NAMED) {
        0 => error,
        more => error.because(format!("{more} more")),
    };
    error.hint(
        "nothing was written. Move them away, or take them back from git (`git checkout -- FILE`), and run it again; \
         what should differ belongs into the configuration, or into a folder of its own",
    )
}

#[cfg(test)]
mod tests;
