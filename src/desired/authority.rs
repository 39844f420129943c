//! The lab's own certificate authority: a root that signs an intermediate, which signs for services. cert-manager makes both
//! keys and keeps them in its own namespace; homelab never sees them.

use serde_json::{Value, json};

use crate::config::{Config, Issuer};
use crate::desired::issuer::{KEY, reference};
use crate::desired::meta::inventory_labels;
use crate::desired::object::{Component, Object};
use crate::facts::authority::{EXCLUDED, ISSUER, ROOT, SELF_SIGNED, permitted};

const COMPONENT: Component = Component::Issuer;
/// The longest common name and the longest organization (RFC 5280, appendix A.1, `ub-common-name`).
const LONGEST: usize = 64;
/// What the certificates of services are for. Apple's systems take no certificate without the second one, be its root
/// trusted or not (support.apple.com/103769, "Requirements for trusted certificates in iOS 13 and macOS 10.15"); cert-manager's
/// default has only the first.
pub(super) const USAGES: [&str; 2] = ["digital signature", "server auth"];

/// What differs between the two.
struct Link {
    name: &'static str,
    signed_by: &'static str,
    called: &'static str,
    /// How long it lasts, and how long before that it is renewed.
    lasts: (&'static str, &'static str),
    /// Whether a renewal makes another key.
    rotation: &'static str,
    usages: &'static [&'static str],
}

/// Ten years. A year before its end it is renewed with the same key, so that machines that trust the old one still do until it
/// ends, and have that year to be given the new one.
const OWN_ROOT: Link = Link {
    name: ROOT,
    signed_by: SELF_SIGNED,
    called: "homelab root",
    lasts: ("87600h", "8760h"),
    rotation: "Never",
    usages: &["cert sign", "crl sign"],
};

/// A year, renewed four months before its end: certificates of services last three months, so that none outlives the one that
/// signed it. By `server auth` it can vouch for servers alone, whatever else a certificate says of itself.
const INTERMEDIATE: Link = Link {
    name: ISSUER,
    signed_by: ROOT,
    called: "homelab intermediate",
    lasts: ("8760h", "2880h"),
    rotation: "Always",
    usages: &["cert sign", "crl sign", "server auth"],
};

/// The two certificates and the three issuers; none where nobody asks for them. `cluster_domain` is that of the cluster's own names.
pub(super) fn objects(config: &Config, cluster_domain: &str) -> Vec<Object> {
    if !config.uses(Issuer::Ca) {
        return Vec::new();
    }
    let bodies = [
        issuer(SELF_SIGNED, json!({ "selfSigned": {} })),
        certificate(config, cluster_domain, &OWN_ROOT),
        issuer(ROOT, json!({ "ca": { "secretName": ROOT } })),
        certificate(config, cluster_domain, &INTERMEDIATE),
        issuer(ISSUER, json!({ "ca": { "secretName": ISSUER } })),
    ];
    bodies.into_iter().filter_map(|body| Object::from_value(COMPONENT, body)).collect()
}

/// The issuer by which a part of the authority is signed; none for what is no part of it.
pub fn signer_of(name: &str) -> Option<&'static str> {
    [OWN_ROOT, INTERMEDIATE].into_iter().find(|link| link.name == name).map(|link| link.signed_by)
}

fn issuer(name: &str, spec: Value) -> Value {
    json!({ "apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": { "name": name }, "spec": spec })
}

fn certificate(config: &Config, cluster_domain: &str, link: &Link) -> Value {
    let (duration, renew_before) = link.lasts;
    json!({
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": { "name": link.name, "namespace": config.cert_manager.namespace },
        "spec": {
            "isCA": true,
            "commonName": common_name(config.domain.as_str(), link.called),
            "subject": { "organizations": [config.dns.owner] },
            "secretName": link.name,
            "secretTemplate": { "labels": inventory_labels(&config.dns.owner) },
            "duration": duration,
            "renewBefore": renew_before,
            "privateKey": { "rotationPolicy": link.rotation, "algorithm": KEY.0, "size": KEY.1 },
            "usages": link.usages,
            "nameConstraints": constraints(config.domain.as_str(), cluster_domain),
            "issuerRef": reference((None, link.signed_by)),
        },
    })
}

/// The domain is in it where there is room: cert-manager issues again when this changes, but not when the constraints do
/// (cert-manager v1.21, pkg/util/pki, `RequestMatchesSpec`).
fn common_name(domain: &str, called: &str) -> String {
    let whole = format!("{domain} {called}");
    if whole.len() <= LONGEST { whole } else { called.to_owned() }
}

/// What both may sign, so that a stolen key forges nothing else: names in the lab's domain and the cluster's. What is listed
/// as permitted leaves no other of its form (RFC 5280, section 4.2.1.10), so that mailboxes and URIs of other domains are out
/// as well. Of addresses all are out. The root has it too, as whoever steals one key may steal the other; the intermediate,
/// as some clients do not look at what the root says (RFC 5280, section 6.1.1).
fn constraints(domain: &str, cluster_domain: &str) -> Value {
    let domains = permitted(domain, cluster_domain);
    json!({
        "critical": true,
        "permitted": { "dnsDomains": domains, "emailAddresses": domains, "uriDomains": domains },
        "excluded": { "ipRanges": EXCLUDED },
    })
}

#[cfg(test)]
mod tests;
