//! Archives whose bytes depend on what goes in, and on nothing else.

use std::collections::BTreeMap;
use std::io::{Seek, Write};
use std::process::{Command, Stdio};

use tar::{Builder, EntryType, Header};

use crate::error::{Context, Result, bail};

/// Files by their paths, without a leading slash.
pub(super) type Files = BTreeMap<String, File>;

pub(super) struct File {
    pub(super) content: Vec<u8>,
    pub(super) mode: u32,
}

impl File {
    pub(super) fn text(content: impl Into<Vec<u8>>) -> Self {
        Self { content: content.into(), mode: 0o644 }
    }

    pub(super) fn program(content: impl Into<Vec<u8>>) -> Self {
        Self { content: content.into(), mode: 0o755 }
    }
}

/// A tar of root's files. dpkg has to know each folder, so that it can remove it; below `/usr/local`, an entry for a folder
/// would change one that is there.
pub(super) fn tar(files: &Files, time: u64, with_folders: bool) -> Result<Vec<u8>> {
    let mut tar = Builder::new(Vec::new());
    let mut known = Vec::new();
    for (path, file) in files {
        let above = path.match_indices('/').map(|(end, _)| &path[..end]);
        for folder in above.filter(|_| with_folders) {
            if !known.contains(&folder) {
                known.push(folder);
                append(&mut tar, folder, EntryType::Directory, 0o755, time, &[])?;
            }
        }
        append(&mut tar, path, EntryType::Regular, file.mode, time, &file.content)?;
    }
    tar.into_inner().context("packing")
}

fn append(
    tar: &mut Builder<Vec<u8>>,
    path: &str,
    kind: EntryType,
    mode: u32,
    time: u64,
    content: &[u8],
) -> Result<()> {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_mtime(time);
    header.set_size(content.len() as u64);
    tar.append_data(&mut header, path, content).context(format_args!("packing {path}"))
}

/// An archive of `ar`, as dpkg reads it (deb(5)).
pub(super) fn ar(members: &[(&str, Vec<u8>)], time: u64) -> Vec<u8> {
    let mut bytes = b"!<arch>\n".to_vec();
    for (name, content) in members {
        let header = format!("{name:<16}{time:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 100_644, content.len());
        bytes.extend(header.into_bytes());
        bytes.extend(content);
        if content.len() % 2 == 1 {
            bytes.push(b'\n');
        }
    }
    bytes
}

/// Without name and time.
pub(super) fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    through(Command::new("gzip").args(["--best", "--no-name", "--stdout"]), content)
}

/// With one thread: the bytes do not depend on how many processors there are.
pub(super) fn xz(content: &[u8]) -> Result<Vec<u8>> {
    through(Command::new("xz").args(["--threads=1", "--stdout"]), content)
}

fn through(program: &mut Command, content: &[u8]) -> Result<Vec<u8>> {
    let mut file = tempfile::tempfile().context("a file to pack")?;
    file.write_all(content).and_then(|()| file.rewind()).context("a file to pack")?;
    let name = program.get_program().to_string_lossy().into_owned();
    let output = program.stdin(Stdio::from(file)).stderr(Stdio::inherit()).output().context(&name)?;
    if !output.status.success() {
        bail!("{name} ended with {}", output.status);
    }
    Ok(output.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_of_odd_length_is_padded() {
        let bytes = ar(&[("a", b"abc".to_vec()), ("b", b"de".to_vec())], 7);
        assert_eq!(bytes.len(), 8 + 60 + 4 + 60 + 2);
        assert_eq!(&bytes[8..72], b"a               7           0     0     100644  3         `\nabc\n");
    }

    #[test]
    fn each_folder_stands_once_before_what_is_in_it() -> Result<()> {
        let files: Files = ["a/b/c", "a/b/d"].map(|path| (path.to_owned(), File::text("x"))).into();
        for (with_folders, wanted) in
            [(true, &["a", "a/b", "a/b/c", "a/b/d"][..]), (false, &["a/b/c", "a/b/d"][..])]
        {
            let bytes = tar(&files, 1, with_folders)?;
            let mut archive = tar::Archive::new(bytes.as_slice());
            let mut paths = Vec::new();
            for entry in archive.entries().context("reading")? {
                let entry = entry.context("reading")?;
                paths.push(String::from_utf8_lossy(&entry.path_bytes()).trim_end_matches('/').to_owned());
            }
            assert_eq!(paths, wanted);
        }
        Ok(())
    }

    #[test]
    fn packed_twice_it_is_the_same() -> Result<()> {
        assert_eq!(gzip(b"lab")?, gzip(b"lab")?);
        assert_eq!(xz(b"lab")?, xz(b"lab")?);
        Ok(())
    }
}
