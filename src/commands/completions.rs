//! `homelab completions` and `homelab man`, for packages.

use std::path::Path;

use clap::CommandFactory;

use crate::cli::Cli;
use crate::error::{Error, Exit, Result};
use crate::ui;

/// Prints the completions of `shell`.
pub(super) fn completions(shell: clap_complete::Shell) -> Result<Exit> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "homelab", &mut text);
    ui::exact_answer(&String::from_utf8_lossy(&text));
    Ok(Exit::Fine)
}

/// Writes the manual pages into `folder`.
pub(super) fn man(folder: &Path) -> Result<Exit> {
    let failed =
        |error| Error::wrong(format!("cannot write manual pages into `{}`", folder.display())).because(error);
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), folder).map_err(failed)?;
    Ok(Exit::Fine)
}
