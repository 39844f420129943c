//! What the lab's way out by a tunnel is called.

/// Its namespace, its Deployment, its Secret and its part of the lab.
pub const NAME: &str = "tunnel";
/// The Service that stands for the names in public DNS.
pub const RECORDS: &str = "public-names";
/// The Secret's key with what the tunnel was made with: whoever has it has made it.
pub const KEY: &str = "key";
/// The Secret's key with the id of the tunnel.
pub const ID: &str = "id";
/// The Secret's key with what the connector shows.
pub const TOKEN: &str = "token";
/// The Secret's key that says that the tunnel was there before.
pub const ADOPTED: &str = "adopted";

/// The tunnel of a lab, by its owner id.
#[must_use]
pub fn name_of(owner: &str) -> String {
    format!("homelab-{owner}")
}
