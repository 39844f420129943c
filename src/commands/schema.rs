//! `homelab schema`: the forms of what homelab reads and of what it prints.

use crate::cli::Schema;
use crate::error::{Exit, Result};
use crate::{config, ui};

pub(super) fn schema(of: Schema) -> Result<Exit> {
    ui::document(match of {
        Schema::Config => config::schema(),
        Schema::Report => ui::schema(),
    });
    Ok(Exit::Fine)
}
