//! The name servers of the zones and the public resolvers.

pub(crate) mod answer;
pub(crate) mod cache;
pub(crate) mod delegation;
pub(crate) mod doh;
pub(crate) mod forward;
mod lookup;
#[cfg(test)]
mod lookup_tests;
pub(crate) mod message;
pub(crate) mod outside;
mod rdata;
mod resolve;
pub(crate) mod server;
pub(crate) mod text;
