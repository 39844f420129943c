//! The network as a person at home sees it: DNS, HTTP, TLS, downloads, and the DNS provider's API.
//!
//! Nothing here judges. Each function looks once, within a time the caller gives, and returns plain data or a
//! [`Transport`] failure; `verify` decides what it means.

pub(crate) mod body;
pub mod caller;
pub mod date;
pub mod dns;
pub mod download;
pub mod follow;
pub mod http;
pub mod nat_pmp;
pub mod post;
mod roots;
pub mod tls;
mod transport;

pub use roots::{roots, store_of, tls_client_config, tls_client_config_unchecked, trusts};

#[cfg(test)]
pub(crate) mod testing;
