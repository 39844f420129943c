//! How CoreDNS is given further zones in a cluster, and what of that is homelab's.
//!
//! k3s mounts the ConfigMap `coredns-custom` at `/etc/coredns/custom`. Its Corefile imports `*.override` into the block for all
//! names, and `*.server` as blocks of their own (k3s documentation, "Managing Packaged Components"; k3s, manifests/coredns.yaml).

/// The ConfigMap, in `kube-system`. It may be somebody else's: homelab has its own entries in it, and no more.
pub const CONFIG_MAP: &str = "coredns-custom";
/// Where its entries lie in a pod of CoreDNS.
pub const FOLDER: &str = "/etc/coredns/custom";
/// What the names of entries end in that are blocks of their own.
pub const SERVER: &str = ".server";
/// What the names of entries end in that add to the block for all names.
pub const OVERRIDE: &str = ".override";
/// homelab's entry with blocks.
pub const KEY: &str = "homelab.server";
/// Seconds that a pod may keep an answer out of it.
pub const TTL: u32 = 30;

/// Endings of names in a house that public DNS does not have: those that RFC 6762, appendix G, lists, `home.arpa` (RFC 8375), and
/// `intra`.
const OF_A_HOUSE: [&str; 8] =
    ["corp", "home", "home.arpa", "internal", "intra", "intranet", "lan", "private"];

/// The entry with the records of a zone.
#[must_use]
pub fn zone_key(zone: &str) -> String {
    format!("homelab.{zone}.zone")
}

/// Whether a name ends as no name in public DNS does.
#[must_use]
pub fn is_of_a_house(name: &str) -> bool {
    OF_A_HOUSE.iter().any(|ending| name.strip_suffix(ending).is_some_and(|rest| rest.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_house_is_known_by_its_ending_and_no_ending_alone_is_a_name() {
        for name in ["nas.k8s.intra", "db.lan", "a.home.arpa"] {
            assert!(is_of_a_house(name), "{name}");
        }
        for name in ["ssh.nas", "lan", "nas.plan", "a.example.com"] {
            assert!(!is_of_a_house(name), "{name}");
        }
    }
}
