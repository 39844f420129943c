//! The lab's own name server for challenges, which the internet asks: what it is called, and where it listens.

use crate::facts::namespaces;

/// Where it runs.
pub const NAMESPACE: &str = namespaces::CHALLENGE_SERVER;
/// Its Deployment, its Service and its ConfigMap.
pub const NAME: &str = "challenge-server";
/// Where it listens on its node, unless the configuration says otherwise. Not 53: the house's own name server listens there, and
/// the internet must never get to that one.
pub const PORT: u16 = 8053;
/// The first label of its name, where homelab gives it one.
pub const LABEL: &str = "homelab-ns";
/// The TSIG key by which cert-manager writes, in DNS.
pub const KEY_NAME: &str = "homelab-challenges";
/// The Secret with that key, in cert-manager's namespace and in [`NAMESPACE`].
pub const SECRET: &str = "homelab-challenge-key";
/// The key in the Secret that holds the secret of the TSIG key, in base64.
pub const SECRET_KEY: &str = "tsig-secret";
