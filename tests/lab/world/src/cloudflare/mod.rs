//! An emulator of the parts of Cloudflare's API v4 that DNS tools use.

mod auth;
mod batch;
mod conflict;
mod draft;
pub(crate) mod error;
mod filter;
mod handle;
mod page;
pub(crate) mod records;
mod reply;
pub(crate) mod server;
#[cfg(test)]
mod tests;
mod tunnels;
mod validate;

pub(crate) use draft::Draft;
