//! From objects as they live to what checks are judged by. Pure.

use serde_json::Value;

use crate::evidence::{CertificateSeen, IngressSeen, NodeSeen, View, at, entries};
use crate::plan::readiness::failed_issuing;

pub(super) fn node(object: &Value) -> NodeSeen {
    let addresses = entries(object, "/status/addresses").iter();
    NodeSeen {
        name: object.name().to_owned(),
        ready: object.holds("Ready"),
        addresses: addresses
            .filter(|address| at(address, "/type") == "InternalIP")
            .filter_map(|address| at(address, "/address").parse().ok())
            .collect(),
        ipv6_pods: entries(object, "/spec/podCIDRs")
            .iter()
            .filter_map(Value::as_str)
            .any(|range| range.contains(':')),
    }
}

/// An Ingress, as checks read it.
#[must_use]
pub fn ingress(object: &Value) -> IngressSeen {
    let rules = entries(object, "/spec/rules");
    let tls = entries(object, "/spec/tls");
    let legacy_class = object.annotation("kubernetes.io/ingress.class");
    let classes = [at(object, "/spec/ingressClassName"), legacy_class];
    let points = entries(object, "/status/loadBalancer/ingress");
    let mut balancers = points.iter().map(|point| at(point, "/hostname")).filter(|name| !name.is_empty());
    IngressSeen {
        namespace: object.namespace().to_owned(),
        name: object.name().to_owned(),
        class: classes.into_iter().find(|class| !class.is_empty()).map(str::to_owned),
        hosts: texts(rules.iter().map(|rule| &rule["host"])),
        catch_all: object["spec"]["defaultBackend"].is_object()
            || rules.iter().any(|rule| rule["host"].is_null() && rule["http"].is_object()),
        addresses: points.iter().filter_map(|point| at(point, "/ip").parse().ok()).collect(),
        balancer: balancers.next().map(str::to_owned),
        tls_hosts: texts(tls.iter().flat_map(|tls| entries(tls, "/hosts"))),
        tls_secret: tls.first().and_then(|tls| tls["secretName"].as_str()).map(str::to_owned),
    }
}

/// A Certificate, as checks read it.
#[must_use]
pub fn certificate(object: &Value) -> CertificateSeen {
    let ready = object.condition("Ready");
    let telling = failed_issuing(object).or(ready);
    let said = |field: &str| telling.map(|condition| at(condition, field).to_owned()).unwrap_or_default();
    let failed_attempts = object["status"]["failedIssuanceAttempts"].as_u64();
    CertificateSeen {
        namespace: object.namespace().to_owned(),
        name: object.name().to_owned(),
        hosts: texts(entries(object, "/spec/dnsNames").iter()),
        issuer: match at(object, "/spec/issuerRef/kind") {
            "ClusterIssuer" => at(object, "/spec/issuerRef/name").to_owned(),
            _ => String::new(),
        },
        ready: ready.map(|_| object.holds("Ready")),
        not_after: at(object, "/status/notAfter").parse().ok(),
        renewal: at(object, "/status/renewalTime").parse().ok(),
        reason: said("/reason"),
        message: said("/message"),
        last_failure: at(object, "/status/lastFailureTime").parse().ok(),
        failed_attempts: failed_attempts.and_then(|count| count.try_into().ok()).unwrap_or(0),
    }
}

fn texts<'a>(values: impl Iterator<Item = &'a Value>) -> Vec<String> {
    values.filter_map(|value| value.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use serde_json::json;

    use super::*;

    #[test]
    fn a_node_has_its_internal_addresses_only() {
        let seen = node(&json!({ "metadata": { "name": "n" }, "status": {
            "conditions": [{ "type": "Ready", "status": "True" }],
            "addresses": [{ "type": "InternalIP", "address": "192.168.1.2" }, { "type": "Hostname", "address": "n" }] } }));
        assert!(seen.ready);
        assert_eq!(seen.addresses, ["192.168.1.2".parse::<IpAddr>().unwrap()]);
    }

    #[test]
    fn pods_have_ipv6_where_the_node_has_a_range_of_it() {
        let with = |ranges: &[&str]| node(&json!({ "spec": { "podCIDRs": ranges } })).ipv6_pods;
        assert!(!with(&["10.42.0.0/24"]));
        assert!(with(&["10.42.0.0/24", "fd42::/64"]));
    }

    #[test]
    fn an_ingress_tells_its_class_by_either_spelling_and_whether_it_takes_every_name() {
        let seen = ingress(
            &json!({ "metadata": { "annotations": { "kubernetes.io/ingress.class": "nginx" } },
            "spec": { "rules": [{ "host": "a.example.com" }, { "http": { "paths": [] } }], "tls": [{ "hosts": ["a.example.com"], "secretName": "s" }] } }),
        );
        assert_eq!(seen.class.as_deref(), Some("nginx"));
        assert!(seen.catch_all);
        let nowhere = ingress(&json!({ "spec": { "rules": [{}] } }));
        assert!(!nowhere.catch_all, "a rule without paths takes nothing");
        assert_eq!((seen.hosts.len(), seen.tls_secret.as_deref()), (1, Some("s")));
    }

    #[test]
    fn a_certificate_tells_why_its_last_attempt_failed() {
        let seen = certificate(
            &json!({ "status": { "failedIssuanceAttempts": 2, "lastFailureTime": "2026-01-02T03:04:05Z",
            "conditions": [{ "type": "Ready", "status": "False", "message": "no Secret" },
                { "type": "Issuing", "status": "False", "reason": "Failed", "message": "CAA" }] } }),
        );
        assert_eq!((seen.ready, seen.message.as_str(), seen.failed_attempts), (Some(false), "CAA", 2));
        assert!(seen.last_failure.is_some());
    }

    #[test]
    fn an_object_without_anything_is_no_panic() {
        for value in [json!({}), json!(null), json!({ "spec": [], "status": "x" })] {
            assert!(
                !node(&value).ready
                    && ingress(&value).hosts.is_empty()
                    && certificate(&value).ready.is_none()
            );
        }
    }
}
