use serde_json::{Value, json};

use crate::desired::{Bundle, Inputs, bundle};

fn rendered(entry: &str) -> Bundle {
    let text = format!(
        "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare }}\nservices: {{ books: {{ image: 'a/b:1', port: 8083{entry} }} }}\n"
    );
    bundle(&crate::config::parse(&text).unwrap(), &Inputs::default())
}

fn one(bundle: &Bundle, key: &str) -> Value {
    let found = bundle.objects.iter().find(|object| object.key.to_string() == key);
    found.unwrap_or_else(|| panic!("there is no {key}")).body.clone()
}

#[test]
fn an_image_runs_in_its_own_namespace_and_its_ingress_leads_to_it() {
    let bundle = rendered("");
    let inside = bundle.objects.iter().filter(|o| o.key.namespace.as_deref() == Some("homelab-books"));
    let names: Vec<String> = inside.map(|object| object.key.to_string()).collect();
    assert_eq!(
        names,
        ["Service homelab-books/books", "Deployment homelab-books/books", "Ingress homelab-books/books"]
    );
    let home = one(&bundle, "Namespace homelab-books");
    assert_eq!(home["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "baseline");
    let program = one(&bundle, "Deployment homelab-books/books");
    let service = one(&bundle, "Service homelab-books/books");
    let ingress = one(&bundle, "Ingress homelab-books/books");
    assert_eq!(service["spec"]["selector"], program["spec"]["selector"]["matchLabels"]);
    assert_eq!(service["spec"]["ports"][0]["targetPort"], 8083);
    let backend = &ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"];
    assert_eq!(*backend, json!({ "name": "books", "port": { "number": 8083 } }));
    assert!(ingress["metadata"]["annotations"]["cert-manager.io/cluster-issuer"].is_string());
}

#[test]
fn its_pod_gets_no_token_no_further_rights_and_no_limits() {
    let program = one(&rendered(""), "Deployment homelab-books/books");
    let pod = &program["spec"]["template"]["spec"];
    assert_eq!(pod["automountServiceAccountToken"], false);
    assert_eq!(pod["securityContext"], json!({ "seccompProfile": { "type": "RuntimeDefault" } }));
    let container = &pod["containers"][0];
    assert_eq!(container["securityContext"], json!({ "allowPrivilegeEscalation": false }));
    assert_eq!((&container["resources"], &pod["volumes"]), (&Value::Null, &Value::Null));
    assert_eq!((&container["image"], &program["spec"]["replicas"]), (&json!("a/b:1"), &json!(1)));
}

#[test]
fn data_is_a_claim_that_one_pod_at_a_time_has() {
    let bundle = rendered(", data: /config");
    let program = one(&bundle, "Deployment homelab-books/books");
    assert_eq!(program["spec"]["strategy"], json!({ "type": "Recreate" }));
    let pod = &program["spec"]["template"]["spec"];
    assert_eq!(pod["containers"][0]["volumeMounts"], json!([{ "name": "data", "mountPath": "/config" }]));
    assert_eq!(pod["volumes"], json!([{ "name": "data", "persistentVolumeClaim": { "claimName": "data" } }]));
    let claim = one(&bundle, "PersistentVolumeClaim homelab-books/data");
    assert_eq!(
        claim["spec"],
        json!({ "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "5Gi" } } })
    );
}

#[test]
fn a_strategy_is_said_in_full_so_that_it_can_change_to_the_other_and_back() {
    let program = one(&rendered(""), "Deployment homelab-books/books");
    let rolling = json!({ "type": "RollingUpdate", "rollingUpdate": { "maxSurge": 1, "maxUnavailable": 0 } });
    assert_eq!(program["spec"]["strategy"], rolling);
}
