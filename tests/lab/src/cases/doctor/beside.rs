//! What else is true while one thing is broken. Whatever error the doctor tells beside the cause, and is not here, is a false
//! cause, and fails the case.

/// By the name of a failure, the checks that rightly fail as well.
const BESIDE: &[(&str, &[&str])] = &[
    // Nobody is behind the stranger's Ingress.
    ("an Ingress of others that asks for Cloudflare's proxy", &["apps.endpoints"]),
    ("an annotation with a prefix that external-dns does not read", &["apps.endpoints"]),
    ("an Ingress of others whose host is outside the zone", &["apps.endpoints"]),
    // The controller takes its address away when its lease has ended.
    ("a node is not heard of any more", &["ingress.status"]),
    // Nothing listens there.
    ("a resolver that only the machine itself reaches", &["dns.resolver"]),
    // Nobody is behind the demo's Service until it is there again.
    ("a Deployment that somebody deleted", &["apps.endpoints", "apps.answer"]),
    // CoreDNS has begun anew, and asks resolvers that no pod reaches.
    ("the node's resolvers have IPv6 addresses alone", &["net.pod-dns"]),
    // This machine's own questions to that node go through the same firewall.
    (
        "a firewall rejects what the API server sends to the pods of another node",
        &["ingress.node-404", "ingress.hostport"],
    ),
    // The controller has written its address, and goes on to serve there.
    ("the cloud controller has not come to a node that joined", &["ingress.status"]),
    // The router remembers the record that had that address, until its TTL ends.
    ("the status of an Ingress has the address of a Service", &["dns.local-override"]),
    // The LAN is kept out at every node, and the node that asks at the other.
    (
        "a NetworkPolicy keeps the LAN from the ingress controller",
        &["net.cross-node", "ingress.node-404", "apps.answer"],
    ),
    // It ends, and begins anew, without an answer of the API server.
    ("a NetworkPolicy keeps external-dns in", &["edns.pods"]),
    // Its certificate has just been asked for.
    ("an Ingress has a host that its tls entry lacks", &["cm.certificate"]),
    // The lab has no image of cert-manager's solver.
    ("an Ingress uses an issuer of HTTP-01", &["apps.images", "apps.pods"]),
    // Nobody serves at the nodes while they are away.
    ("the DaemonSet of the name servers was deleted", &["dns.own-server"]),
    // Its first sync does not end.
    ("the account of the name servers has lost its right, and one of them begins anew", &["dns.own-server"]),
    // The router remembers the record of before, until its TTL ends.
    ("a public name has a private record", &["dns.local-override"]),
    (RENEWED, NO_EDGE),
    ("a CNAME of somebody else is at the name of a tunnel", NO_EDGE),
    // It is of before.
    ("the Secret of the lab's root was deleted", &["tls.leaf"]),
];

/// What is said of an Ingress that the failure, or its cure, has just made: the controller writes addresses every few seconds.
const NEW: &str = " old and has no address yet";

/// A failure whose cure is followed by a proof.
const RENEWED: &str = "the tunnel's token was renewed at Cloudflare";
/// Nobody answers at the edge of the lab's Cloudflare.
const NO_EDGE: &[&str] = &["apps.end-to-end"];

/// Whether the check fails by what the lab does not have, before and after the cure.
pub(super) fn is_of_the_lab(failure: &str, id: &str) -> bool {
    failure == RENEWED && NO_EDGE.contains(&id)
}

/// Whether the check rightly fails with that summary while that is broken.
pub(super) fn is_true(failure: &str, id: &str, summary: &str) -> bool {
    (id == "ingress.status" && summary.ends_with(NEW))
        || BESIDE.iter().any(|(name, ids)| *name == failure && ids.contains(&id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_is_of_a_failure_that_is_made() {
        for (name, _) in BESIDE {
            assert!(
                super::super::injuries()
                    .map(|(_, injury)| injury)
                    .chain(crate::cases::own::injuries())
                    .chain(crate::cases::local::injuries())
                    .any(|injury| injury.name == *name),
                "no failure is called `{name}`"
            );
        }
    }
}
