//! Where each component lives. Those of ingress controllers: [`crate::facts::controllers`].

use crate::facts::controllers::Controller;
use crate::facts::tunnel;

/// Where k3s runs CoreDNS and its other pods.
pub const SYSTEM: &str = "kube-system";
/// cert-manager's, as its own manifest has it.
pub const CERT_MANAGER: &str = "cert-manager";
/// external-dns'.
pub const EXTERNAL_DNS: &str = "external-dns";
/// The lab's own name servers'.
pub const NAME_SERVER: &str = "name-server";
/// The name server's that the internet asks for challenges.
pub const CHALLENGE_SERVER: &str = "challenge-server";
/// That of the tunnel's connector.
pub const TUNNEL: &str = tunnel::NAME;
/// The one with the Services and Ingresses of the configuration.
pub const HOMELAB: &str = "homelab";

/// The namespace of a service that homelab runs from an image; each has its own. The name of the service alone could be that of
/// a namespace which others made, as people and charts call theirs after the program, or one of Kubernetes' own (`default`).
#[must_use]
pub fn of_image(service: &str) -> String {
    format!("{HOMELAB}-{service}")
}

/// Whether it is there in every cluster (Kubernetes docs, "Namespaces", initial namespaces).
#[must_use]
pub fn is_of_kubernetes(namespace: &str) -> bool {
    ["default", "kube-node-lease", "kube-public", SYSTEM].contains(&namespace)
}

/// Whether one of the programs that homelab installs runs in a namespace.
#[must_use]
pub fn is_of_component(namespace: &str) -> bool {
    let controllers = Controller::ALL.iter().map(|controller| controller.facts().namespace);
    controllers
        .chain([CERT_MANAGER, EXTERNAL_DNS, NAME_SERVER, CHALLENGE_SERVER, TUNNEL])
        .any(|known| known == namespace)
}

/// Whether a namespace is one of homelab's own, in which nobody else is expected to write.
#[must_use]
pub fn is_home(namespace: &str) -> bool {
    namespace == HOMELAB || is_of_component(namespace)
}
