//! DNS updates that are signed with a key that both sides have (RFC 2136, RFC 8945), for every provider whose challenges are
//! written in that way.

mod file;
mod said;
mod solver;

#[cfg(test)]
pub(super) use file::KEY;
pub(super) use file::{Key, SECRET as SECRET_KEY, decoded, read};
pub(super) use said::{OF_CERT_MANAGER, OF_OWN_SERVER as READINGS_OF_OWN_SERVER};
pub use solver::signed_updates;
pub(super) use solver::solver;
