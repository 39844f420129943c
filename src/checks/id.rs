//! The names of all checks, for judges and for callers that look for one.

pub use super::apps::ids::*;
pub use super::cm::ids::*;
pub use super::config::ids::*;
pub use super::dns::ids::*;
pub use super::edns::ids::*;
pub use super::egress::ids::*;
pub use super::host::ids::*;
pub use super::ingress::ids::*;
pub use super::k3s::ids::*;
pub use super::lab::ids::*;
pub use super::net::ids::*;
pub use super::provider::ids::*;
pub use super::public::ids::*;
pub use super::tls::ids::*;
pub use super::tunnel::ids::*;
