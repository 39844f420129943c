//! The file tree of an image, written as one layer: the same tree gives the same bytes.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tar::{Builder, EntryType, Header};

use crate::command::output;
use crate::error::{Context, Result};
use crate::files;

/// User and group `www-data`, as ingress-nginx's own image numbers them.
pub(crate) const WWW_DATA: (u64, u64) = (101, 82);

const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\n\
    nobody:x:65534:65534:nobody:/:/sbin/nologin\n\
    nonroot:x:65532:65532:nonroot:/:/sbin/nologin\n\
    www-data:x:101:82:www-data:/:/sbin/nologin\n";
const GROUP: &str = "root:x:0:\nnogroup:x:65534:\nnobody:x:65533:\nnonroot:x:65532:\nwww-data:x:82:\n";

/// The extended attribute that lets a program bind ports below 1024: CAP_NET_BIND_SERVICE, effective and permitted.
const BIND_LOW_PORTS: (&str, [u8; 20]) =
    ("SCHILY.xattr.security.capability", [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

enum Content {
    Folder,
    Bytes(Vec<u8>),
    File(PathBuf),
    Link(String),
}

struct Entry {
    content: Content,
    mode: u32,
    owner: (u64, u64),
    binds_low_ports: bool,
}

/// Paths inside the image, without a leading slash, parents first by their order.
#[derive(Default)]
pub(crate) struct Tree(BTreeMap<String, Entry>);

impl Tree {
    /// What every image has: users, a place for temporary files.
    pub(crate) fn with_users() -> Self {
        let mut tree = Self::default();
        tree.text("etc/passwd", PASSWD);
        tree.text("etc/group", GROUP);
        tree.folder("tmp", 0o1777, (0, 0));
        tree
    }

    pub(crate) fn folder(&mut self, path: &str, mode: u32, owner: (u64, u64)) {
        self.put(path, Content::Folder, mode, owner);
    }

    pub(crate) fn text(&mut self, path: &str, content: impl AsRef<[u8]>) {
        self.put(path, Content::Bytes(content.as_ref().to_vec()), 0o644, (0, 0));
    }

    pub(crate) fn link(&mut self, path: impl AsRef<str>, target: &str) {
        self.put(path.as_ref(), Content::Link(target.to_owned()), 0o777, (0, 0));
    }

    pub(crate) fn program(&mut self, path: &str, source: &Path) {
        self.put(path, Content::File(source.to_path_buf()), 0o755, (0, 0));
    }

    pub(crate) fn program_for_low_ports(&mut self, path: &str, source: &Path) {
        self.program(path, source);
        if let Some(entry) = self.0.get_mut(clean(path)) {
            entry.binds_low_ports = true;
        }
    }

    /// A file from this machine at the same path, links resolved.
    pub(crate) fn same(&mut self, source: &Path) -> Result<()> {
        let mode = fs::metadata(source).context(source.display())?.permissions().mode() & 0o777;
        self.put(&source.to_string_lossy(), Content::File(source.to_path_buf()), mode, (0, 0));
        Ok(())
    }

    /// A program or library from this machine at the same path, with the libraries that it needs.
    pub(crate) fn same_with_libraries(&mut self, source: &Path) -> Result<()> {
        self.same(source)?;
        for library in libraries(source)? {
            self.same(&library)?;
        }
        Ok(())
    }

    /// All files below a folder of this machine.
    pub(crate) fn copy(&mut self, from: &Path, to: &str, owner: (u64, u64)) -> Result<()> {
        for path in files::below(from)? {
            let source = from.join(&path);
            let mode = fs::metadata(&source).context(source.display())?.permissions().mode() & 0o777 | 0o200;
            self.put(&format!("{to}/{}", path.display()), Content::File(source), mode, owner);
        }
        Ok(())
    }

    fn put(&mut self, path: &str, content: Content, mode: u32, owner: (u64, u64)) {
        let path = clean(path);
        for (end, _) in path.match_indices('/') {
            let parent = Entry { content: Content::Folder, mode: 0o755, owner, binds_low_ports: false };
            self.0.entry(path[..end].to_owned()).or_insert(parent);
        }
        self.0.insert(path.to_owned(), Entry { content, mode, owner, binds_low_ports: false });
    }

    /// Writes the tree as a tar.
    pub(crate) fn write(&self, out: impl Write) -> Result<()> {
        let mut tar = Builder::new(out);
        for (path, entry) in &self.0 {
            append(&mut tar, path, entry).context(format_args!("packing {path}"))?;
        }
        tar.finish().context("packing a layer")
    }
}

fn append(tar: &mut Builder<impl Write>, path: &str, entry: &Entry) -> std::io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_mode(entry.mode);
    header.set_uid(entry.owner.0);
    header.set_gid(entry.owner.1);
    header.set_mtime(0);
    header.set_size(0);
    if entry.binds_low_ports {
        tar.append_pax_extensions([(BIND_LOW_PORTS.0, &BIND_LOW_PORTS.1[..])])?;
    }
    match &entry.content {
        Content::Folder => {
            header.set_entry_type(EntryType::Directory);
            tar.append_data(&mut header, path, std::io::empty())
        }
        Content::Link(target) => {
            header.set_entry_type(EntryType::Symlink);
            tar.append_link(&mut header, path, target)
        }
        Content::Bytes(bytes) => {
            header.set_size(bytes.len() as u64);
            tar.append_data(&mut header, path, bytes.as_slice())
        }
        Content::File(source) => {
            let file = fs::File::open(source)?;
            header.set_size(file.metadata()?.len());
            tar.append_data(&mut header, path, file)
        }
    }
}

fn clean(path: &str) -> &str {
    path.trim_matches('/')
}

/// The shared libraries that the loader would take for a program.
pub(crate) fn libraries(program: &Path) -> Result<Vec<PathBuf>> {
    // A static program makes ldd fail, and needs none.
    let listed = output(std::process::Command::new("ldd").arg(program))?.stdout;
    let paths = listed.lines().flat_map(|line| line.split_whitespace().find(|word| word.starts_with('/')));
    Ok(paths.map(|path| PathBuf::from(path.trim_end_matches(':'))).collect())
}
