//! The image of the server for challenges: Debian's Knot DNS in place of upstream's, with the program that lists its zone.

use std::path::Path;

use super::tree::Tree;
use super::{Image, reference};
use crate::error::Result;
use crate::parts::Programs;

const SERVER: &str = "/usr/sbin/knotd";
const CONTROL: &str = "/usr/sbin/knotc";

pub(super) fn image(_: &Programs) -> Result<Image> {
    let mut tree = Tree::with_users();
    for program in [SERVER, CONTROL] {
        tree.same_with_libraries(Path::new(program))?;
    }
    Ok(Image {
        reference: reference("challengeServer"),
        user: "53",
        entrypoint: Vec::new(),
        command: vec![SERVER],
        tree,
    })
}
