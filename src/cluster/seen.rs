//! From objects as they live to what checks are judged by. Pure.

use std::net::IpAddr;

use serde_json::Value;

use crate::evidence::{CertificateSeen, IngressSeen, NodeSeen};
use crate::plan::readiness::{find, list};

pub(super) fn node(object: &Value) -> NodeSeen {
    NodeSeen {
        name: text(&object["metadata"]["name"]),
        ready: find(object, "Ready").is_some_and(|c| c["status"] == "True"),
        addresses: list(&object["status"]["addresses"])
            .iter()
            .filter(|a| a["type"] == "InternalIP")
            .filter_map(|a| a["address"].as_str()?.parse().ok())
            .collect(),
    }
}

/// An Ingress, as checks read it.
#[must_use]
pub fn ingress(object: &Value) -> IngressSeen {
    let spec = &object["spec"];
    let rules = list(&spec["rules"]);
    let legacy_class = &object["metadata"]["annotations"]["kubernetes.io/ingress.class"];
    let addresses: Vec<IpAddr> = list(&object["status"]["loadBalancer"]["ingress"])
        .iter()
        .filter_map(|entry| entry["ip"].as_str()?.parse().ok())
        .collect();
    IngressSeen {
        namespace: text(&object["metadata"]["namespace"]),
        name: text(&object["metadata"]["name"]),
        class: spec["ingressClassName"].as_str().or(legacy_class.as_str()).map(str::to_owned),
        hosts: texts(rules.iter().map(|rule| &rule["host"])),
        catch_all: spec["defaultBackend"].is_object() || rules.iter().any(|rule| rule["host"].is_null()),
        addresses,
        tls_hosts: texts(list(&spec["tls"]).iter().flat_map(|tls| list(&tls["hosts"]))),
        tls_secret: spec["tls"][0]["secretName"].as_str().map(str::to_owned),
    }
}

/// A Certificate, as checks read it.
#[must_use]
pub fn certificate(object: &Value) -> CertificateSeen {
    let ready = find(object, "Ready");
    // A failed attempt says more than that the Secret does not exist yet.
    let failed = find(object, "Issuing").filter(|c| c["status"] == "False" && c["reason"] == "Failed");
    let telling = failed.or(ready);
    let said = |field: &str| telling.map(|c| text(&c[field])).unwrap_or_default();
    CertificateSeen {
        namespace: text(&object["metadata"]["namespace"]),
        name: text(&object["metadata"]["name"]),
        hosts: texts(list(&object["spec"]["dnsNames"]).iter()),
        ready: ready.map(|c| c["status"] == "True"),
        reason: said("reason"),
        message: said("message"),
        last_failure: object["status"]["lastFailureTime"].as_str().and_then(|at| at.parse().ok()),
        failed_attempts: object["status"]["failedIssuanceAttempts"]
            .as_u64()
            .and_then(|n| n.try_into().ok())
            .unwrap_or(0),
    }
}

/// Whether a pod takes requests and is not on its way out.
pub(super) fn is_ready(pod: &Value) -> bool {
    let ready = find(pod, "Ready").is_some_and(|c| c["status"] == "True");
    ready && pod["metadata"]["deletionTimestamp"].is_null()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn texts<'a>(values: impl Iterator<Item = &'a Value>) -> Vec<String> {
    values.filter_map(|value| value.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_node_has_its_internal_addresses_only() {
        let seen = node(&json!({ "metadata": { "name": "n" }, "status": {
            "conditions": [{ "type": "Ready", "status": "True" }],
            "addresses": [{ "type": "InternalIP", "address": "192.168.1.2" }, { "type": "Hostname", "address": "n" }] } }));
        assert!(seen.ready);
        assert_eq!(seen.addresses, ["192.168.1.2".parse::<IpAddr>().unwrap()]);
    }

    #[test]
    fn an_ingress_tells_its_class_by_either_spelling_and_whether_it_takes_every_name() {
        let seen = ingress(
            &json!({ "metadata": { "annotations": { "kubernetes.io/ingress.class": "nginx" } },
            "spec": { "rules": [{ "host": "a.example.com" }, {}], "tls": [{ "hosts": ["a.example.com"], "secretName": "s" }] } }),
        );
        assert_eq!(seen.class.as_deref(), Some("nginx"));
        assert!(seen.catch_all);
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
