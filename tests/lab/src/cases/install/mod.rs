//! The ways in without Nix, each on a clean Debian.

pub(super) mod cargo;
pub(super) mod debian;
