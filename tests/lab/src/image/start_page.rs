//! The image of homelab's own pages: Debian's nginx in place of upstream's, with the shell and the programs that homelab's start
//! scripts use. Nothing in it can be written, as in upstream's under a root file system that is read-only.

use std::path::Path;

use super::tree::Tree;
use super::{Image, reference};
use crate::error::Result;
use crate::parts::Programs;

const NGINX: &str = "/usr/sbin/nginx";

pub(super) fn image(_: &Programs) -> Result<Image> {
    let mut tree = Tree::with_users();
    tree.same_with_libraries(Path::new(NGINX))?;
    tree.program("bin/busybox", Path::new("/usr/bin/busybox"));
    for name in ["sh", "awk", "base64", "mkdir", "mv", "sha256sum", "sleep", "tr"] {
        tree.link(format!("bin/{name}"), "busybox");
    }
    Ok(Image {
        reference: reference("startPage"),
        user: "101",
        entrypoint: vec![NGINX],
        command: vec!["-g", "daemon off;"],
        tree,
    })
}
