//! The program as a user starts it: arguments and files in, stdout, stderr and exit code out.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod addresses;
mod backup;
mod checks;
mod configuration;
mod doctor;
mod expose;
mod expose_image;
mod field_failures;
mod golden;
mod help;
mod init;
mod interruption;
mod k3s_config;
mod modules;
mod packaging;
mod program;
mod renovate;
mod rooms;
mod schema;
mod token;
mod units;
mod upgrade;
mod watch;
