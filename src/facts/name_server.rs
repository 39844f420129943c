//! The lab's own name servers: what they are called, and where they listen.

use crate::facts::namespaces;

/// Where they run.
pub const NAMESPACE: &str = namespaces::NAME_SERVER;
/// Their DaemonSet and its account.
pub const NAME: &str = "name-server";
/// Where they listen on each node, as every name server does (RFC 1035, section 4.2).
pub const PORT: u16 = 53;
/// The container that listens there.
pub const CONTAINER: &str = "server";
/// The container that runs external-dns to its end before the server starts.
pub const FILL: &str = "fill";
/// Where PowerDNS' API listens, on loopback: below what Linux gives to connections that go out (from 32768), and of no known
/// service.
pub const API_PORT: i32 = 21_053;
/// Where the server with the API answers DNS, on loopback.
pub const API_PORT_DNS: i32 = 21_054;
/// Where the external-dns beside them has its metrics and its health, on loopback.
pub const METRICS_PORT: i32 = 21_055;

/// The first label of the name that the zone has for its server; each node's server gives it the node's address.
pub const LABEL: &str = "homelab-ns";
