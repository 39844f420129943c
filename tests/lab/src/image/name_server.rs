//! The name servers' image: Debian's PowerDNS in place of upstream's, with the backend for SQLite, the schema where upstream has it,
//! and the few programs that homelab's scripts use.

use std::path::{Path, PathBuf};

use super::tree::Tree;
use super::{Image, reference};
use crate::error::Result;
use crate::files;
use crate::parts::Programs;

const SERVER: &str = "/usr/sbin/pdns_server";
const PROGRAMS: [&str; 4] = [SERVER, "/usr/bin/pdnsutil", "/usr/bin/pdns_control", "/usr/bin/sqlite3"];
/// Where Debian has the schema, and where upstream's image has it (PowerDNS, Dockerfile-auth).
const SCHEMA: [&str; 2] = [
    "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql",
    "usr/local/share/doc/pdns/schema.sqlite3.sql",
];

pub(super) fn image(_: &Programs) -> Result<Image> {
    let mut tree = Tree::with_users();
    for program in PROGRAMS {
        tree.same_with_libraries(Path::new(program))?;
    }
    let backend = format!("/usr/lib/{}-linux-gnu/pdns/libgsqlite3backend.so", std::env::consts::ARCH);
    tree.same_with_libraries(&PathBuf::from(backend))?;
    let [debian, upstream] = SCHEMA;
    tree.text(upstream, files::read(debian.as_ref())?);
    tree.program("bin/busybox", Path::new("/usr/bin/busybox"));
    for name in ["sh", "od", "tr", "rm", "mkdir", "chmod", "grep"] {
        tree.link(format!("bin/{name}"), "busybox");
    }
    Ok(Image {
        reference: reference("nameServer"),
        user: "953",
        entrypoint: vec![SERVER],
        command: Vec::new(),
        tree,
    })
}
