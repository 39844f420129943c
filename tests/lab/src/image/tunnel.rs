//! What stands in the pods of a tunnel: cloudflared cannot be built here, and there is no edge that it could connect to. It says that it
//! is ready, and does no more.

use std::path::Path;

use super::tree::Tree;
use super::{Image, reference};
use crate::error::Result;
use crate::parts::Programs;

/// Whatever the arguments are.
const SERVE: &str = "exec /bin/busybox httpd -f -p 2000 -h /answers";

pub(super) fn image(_: &Programs) -> Result<Image> {
    let mut tree = Tree::with_users();
    tree.program("bin/busybox", Path::new("/usr/bin/busybox"));
    for path in ["ready", "healthcheck"] {
        tree.text(&format!("answers/{path}"), "ok\n");
    }
    Ok(Image {
        reference: reference("tunnel"),
        user: "65532",
        entrypoint: vec!["/bin/busybox", "sh", "-c", SERVE, "cloudflared"],
        command: Vec::new(),
        tree,
    })
}
