//! What an Ingress leads to: Services, names outside and objects of other kinds.

use serde_json::{Value, json};

use super::{SLICES, made_by_nginx};
use crate::checks::k3s::tests::{cluster, items, sound};
use crate::checks::tests::*;

const INGRESSES: &str = "ingresses.networking.k8s.io";

fn spec(seen: &mut ClusterSeen) -> &mut Value {
    &mut items(seen, INGRESSES)[0]["spec"]
}

#[test]
fn the_default_backend_of_an_ingress_is_followed_where_no_path_takes_the_rest() {
    let missing = json!({ "service": { "name": "gone", "port": { "number": 80 } } });
    let report = cluster(|seen| {
        spec(seen)["rules"][0]["http"]["paths"][0]["path"] = "/api".into();
        spec(seen)["defaultBackend"] = missing.clone();
    });
    assert!(only(&report, id::ENDPOINTS).summary.contains("`homelab/gone`, which does not exist"));
    let bare = cluster(|seen| {
        spec(seen)["rules"] = json!([{ "host": HOST }]);
        spec(seen)["defaultBackend"] = missing.clone();
    });
    assert!(only(&bare, id::ENDPOINTS).summary.contains("`homelab/gone`"));
    let exact = cluster(|seen| {
        let path = &mut spec(seen)["rules"][0]["http"]["paths"][0];
        (path["path"], path["pathType"]) = ("/".into(), "Exact".into());
        spec(seen)["defaultBackend"] = missing.clone();
    });
    assert!(only(&exact, id::ENDPOINTS).summary.contains("`homelab/gone`"), "it takes no page below `/`");
    for path in ["/", ""] {
        let unused = cluster(|seen| {
            spec(seen)["rules"][0]["http"]["paths"][0]["path"] = path.into();
            spec(seen)["defaultBackend"] = missing.clone();
        });
        assert_eq!(fails(&unused), [], "`{path}` takes every request");
    }
}

#[test]
fn a_path_that_leads_to_no_service_is_told() {
    let report = cluster(|seen| {
        let resource = json!({ "apiGroup": "example.com", "kind": "StorageBucket", "name": "pages" });
        spec(seen)["rules"][0]["http"]["paths"][0]["backend"] = json!({ "resource": resource });
    });
    assert!(only(&report, id::ENDPOINTS).summary.contains("to a StorageBucket, not to a Service"));
}

/// ingress-nginx v1.15.1, controller.go: `Service of type ExternalName not allowed due to Ingress configuration`.
#[test]
fn a_service_that_stands_for_a_name_is_told_where_the_controller_follows_none() {
    let external = |allowed: bool| {
        cluster(|seen| {
            for service in items(seen, "services") {
                if service["metadata"]["name"] == "whoami" {
                    service["spec"]["type"] = "ExternalName".into();
                    service["spec"]["externalName"] = "nas.lan".into();
                }
            }
            items(seen, SLICES).clear();
            let argument = format!("--disable-svc-external-name={}", !allowed);
            items(seen, "daemonsets.apps").push(json!({
                "metadata": { "namespace": "ingress-nginx", "name": "ingress-nginx-controller" },
                "spec": { "template": { "spec": { "containers": [{ "args": [argument] }] } } },
            }));
        })
    };
    let finding = only(&external(false), id::ENDPOINTS);
    assert!(finding.summary.contains("an alias of the name `nas.lan`") && finding.fix.text.contains("url:"));
    assert_eq!(fails(&external(true)), []);
}

#[test]
fn a_403_of_the_controllers_own_is_no_login_page() {
    let answers = |said: Option<&str>| {
        whole(|evidence| {
            let mut seen = sound();
            items(&mut seen, "events").extend(said.map(|said| {
                json!({ "reason": "AnnotationParsingFailed", "lastTimestamp": "2026-06-01T11:59:00Z",
                    "involvedObject": { "namespace": "homelab", "name": "whoami" },
                    "message": format!("Error parsing annotations: {said}") })
            }));
            evidence.cluster = Some(seen);
            let host = evidence.hosts.get_mut(HOST).unwrap();
            host.http.iter_mut().for_each(|seen| seen.result = Ok(made_by_nginx(403)));
        })
    };
    let said = "error obtaining certificate: local SSL certificate homelab/authority was not found";
    let finding = only(&answers(Some(said)), id::ANSWER);
    assert!(finding.cause.contains("homelab/authority") && finding.summary.contains("403"), "{finding:?}");
    let passed = outcome(&answers(None), id::ANSWER);
    let Outcome::Pass { saw } = passed else { panic!("{passed:?}") };
    assert!(saw.contains("lets in only some addresses"), "{saw}");
}
