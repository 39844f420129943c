//! `homelab zone`: the zones that the lab's names are in, at the provider and above it.

mod account;
mod claims;
mod create;
mod delegate;
mod list;
mod member;
mod policy;
mod prune;

#[cfg(test)]
mod tests;

use crate::cli::{Global, Zone, ZoneCommand};
use crate::error::{Exit, Result};
use crate::ui::Ui;

pub(super) async fn zone(global: &Global, flags: &Zone, ui: Ui) -> Result<Exit> {
    match &flags.command {
        ZoneCommand::Delegate(flags) => delegate::delegate(global, flags, ui).await,
        ZoneCommand::Policy(flags) => policy::policy(global, flags, ui).await,
        ZoneCommand::List => list::list(global, ui).await,
        ZoneCommand::Create(flags) => create::create(global, flags, ui).await,
        ZoneCommand::Prune(flags) => prune::prune(global, flags, ui).await,
    }
}
