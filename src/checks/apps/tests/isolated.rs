//! NetworkPolicies between the ingress controller and a program.

use serde_json::{Value, json};

use super::answers::{answers, noted};
use super::{line, made_by_nginx};
use crate::checks::k3s::tests::{items, pod};
use crate::checks::tests::*;

/// kube-router rejects, and nginx reads that as it reads a port on which nobody listens.
#[test]
fn a_refusal_that_is_a_policys_is_not_the_programs() {
    let refused = |namespace: &str, spec: Value| {
        let report = answers(made_by_nginx(502), |seen| {
            items(seen, "pods")[1]["status"]["podIP"] = "10.42.0.9".into();
            let mut controller = pod("ingress-nginx", "ingress-nginx-controller-x");
            controller["metadata"]["labels"] = json!({ "app.kubernetes.io/name": "ingress-nginx-controller", "app.kubernetes.io/component": "controller" });
            items(seen, "pods").push(controller);
            let policy = json!({ "metadata": { "namespace": namespace, "name": "quiet" }, "spec": spec });
            let listing = Listing::Items(vec![policy]);
            seen.objects.0.extend([("networkpolicies.networking.k8s.io".into(), listing)]);
            noted(
                seen,
                &line(
                    "11:59:30",
                    "connect() failed (111: Connection refused)",
                    "http://10.42.0.9:8080",
                    HOST,
                ),
            );
        });
        // `egress.needs` may warn of the same policy.
        report.failures().find(|check| check.id == id::ANSWER).unwrap().finding().unwrap().clone()
    };
    let kept_out = refused("homelab", json!({ "podSelector": {} }));
    assert!(
        kept_out.cause.contains("NetworkPolicy `homelab/quiet`")
            && kept_out.cause.contains("`homelab/whoami-1`"),
        "{kept_out:?}"
    );
    assert!(kept_out.fix.text.contains("port 8080 from the namespace `ingress-nginx`"), "{kept_out:?}");
    let kept_in = refused("ingress-nginx", json!({ "podSelector": {}, "policyTypes": ["Egress"] }));
    assert!(kept_in.cause.contains("`ingress-nginx/quiet`") && kept_in.fix.text.contains("`egress`"));
    let anywhere = json!([{ "from": [{ "namespaceSelector": {} }] }]);
    let open = refused("homelab", json!({ "podSelector": {}, "ingress": anywhere }));
    assert!(open.cause.contains("the program listens on another port"), "{open:?}");
}
