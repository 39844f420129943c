//! `homelab` turns a k3s machine into a home lab whose services have names, certificates and a proof that they can be
//! reached.
//!
//! Data goes one way: [`config`] (what you wrote) -> [`desired`] (the objects that should exist) -> [`plan`] (what differs
//! from a snapshot of the cluster) -> [`cluster`] (writes, waits) -> [`collect`] (looks) -> [`checks`] (does the outside
//! world agree). A command in [`commands`] is how far it walks along this line. Only `cluster`, `machine`, `net`,
//! `provider` and `ui` touch the world. docs/architecture.md has the rooms and the arrows between them.
#![warn(missing_docs, clippy::print_stdout, clippy::print_stderr)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[macro_use]
pub mod outside;

pub mod checks;
pub mod cli;
pub mod cluster;
pub mod collect;
pub mod commands;
pub mod config;
pub mod desired;
pub mod error;
pub mod evidence;
pub mod facts;
pub mod ingress;
pub mod machine;
pub mod net;
pub mod plan;
pub mod provider;
pub mod ui;
