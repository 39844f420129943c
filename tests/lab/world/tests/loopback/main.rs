//! The program itself on loopback addresses, asked with real DNS packets and real HTTPS.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod api;
mod dns;
mod process;
mod program;
mod tunnel;
