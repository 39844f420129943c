//! Where each component lives.

/// The ingress controller's.
pub const INGRESS_NGINX: &str = "ingress-nginx";
/// cert-manager's, as its own manifest has it.
pub const CERT_MANAGER: &str = "cert-manager";
/// external-dns'.
pub const EXTERNAL_DNS: &str = "external-dns";
/// The one with the Services and Ingresses of the configuration.
pub const HOMELAB: &str = "homelab";

/// Whether a namespace is one of homelab's own, in which nobody else is expected to write.
#[must_use]
pub fn is_home(namespace: &str) -> bool {
    [INGRESS_NGINX, CERT_MANAGER, EXTERNAL_DNS, HOMELAB].contains(&namespace)
}
