use serde_json::json;

use super::*;
use crate::desired::{Inputs, bundle};

const LAB: &str = "domain: intranet.example.com\nemail: ada@lovelace.dev\n";

fn objects(dns: &str, key: Option<&ChallengeKey>) -> Vec<Object> {
    let config = crate::config::parse(&format!("{LAB}dns: {{ {dns} }}\n")).unwrap();
    bundle(&config, &Inputs { challenge_key: key, ..Inputs::default() }).objects
}

fn body(objects: &[Object], kind: &str, namespace: &str, name: &str) -> Value {
    let is_it = |object: &&Object| {
        (object.key.kind.kind, object.key.namespace.as_deref(), object.key.name.as_str())
            == (kind, Some(namespace), name)
    };
    objects.iter().find(is_it).unwrap_or_else(|| panic!("no {kind} {name}")).body.clone()
}

fn key() -> ChallengeKey {
    ChallengeKey::of([7; KEY_LENGTH]).unwrap()
}

const DNS: &str = "provider: local, challengeZone: acme.example.org, challengeServer: 203.0.113.7";

#[test]
fn the_zone_has_its_start_its_server_and_nothing_of_the_names() {
    let map = body(&objects(DNS, None), "ConfigMap", NAMESPACE, NAME);
    let zone = map["data"]["zone"].as_str().unwrap();
    let records: Vec<&str> = zone.lines().filter(|line| !line.starts_with('$')).collect();
    assert_eq!(
        records,
        [
            "@ SOA homelab-ns.acme.example.org. hostmaster.acme.example.org. 1 10800 3600 604800 10",
            "@ NS homelab-ns.acme.example.org.",
            "homelab-ns.acme.example.org. A 203.0.113.7",
        ]
    );
    let beside = DNS.replace("acme.example.org", "_acme-challenge.intranet.example.com");
    let map = body(&objects(&beside, None), "ConfigMap", NAMESPACE, NAME);
    let zone = map["data"]["zone"].as_str().unwrap();
    assert!(zone.contains("@ NS homelab-ns.intranet.example.com.") && !zone.contains(" A "), "{zone}");
}

#[test]
fn only_the_key_may_write_and_txt_records_alone_and_nobody_may_transfer() {
    let map = body(&objects(DNS, None), "ConfigMap", NAMESPACE, NAME);
    let settings = map["data"]["knot.conf"].as_str().unwrap();
    let acl = settings.split("acl:").nth(1).unwrap().split("template:").next().unwrap();
    assert!(acl.contains("key: homelab-challenges") && acl.contains("update-type: TXT"), "{acl}");
    assert_eq!(settings.matches("action:").count(), 1, "{settings}");
    assert!(settings.contains("action: update") && !settings.contains("transfer"), "{settings}");
    assert!(settings.contains("global-module: mod-rrl/internet") && settings.contains("rate-limit: 20"));
    assert!(settings.contains("listen: 0.0.0.0@8053\n"));
    let six = DNS.replace("203.0.113.7", "'2001:db8::7'");
    let map = body(&objects(&six, None), "ConfigMap", NAMESPACE, NAME);
    assert!(map["data"]["knot.conf"].as_str().unwrap().contains("listen: [ 0.0.0.0@8053, \"::@8053\" ]"));
}

#[test]
fn the_pod_has_a_port_of_its_node_no_right_and_no_capability() {
    let dns = DNS.replace("203.0.113.7", "{ address: 203.0.113.7, port: 5300, node: nuc.lan }");
    let pod = body(&objects(&dns, None), "Deployment", NAMESPACE, NAME);
    assert_eq!(pod["spec"]["strategy"]["type"], "Recreate");
    let pod = &pod["spec"]["template"]["spec"];
    let ports: Vec<(&Value, &Value, &Value)> = pod["containers"][0]["ports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|port| (&port["hostPort"], &port["containerPort"], &port["protocol"]))
        .collect();
    assert_eq!(
        ports,
        [(&json!(5300), &json!(8053), &json!("UDP")), (&json!(5300), &json!(8053), &json!("TCP"))]
    );
    assert!(pod["hostNetwork"].is_null() && pod["nodeName"].is_null());
    let context = &pod["containers"][0]["securityContext"];
    assert_eq!(context["capabilities"], json!({ "drop": ["ALL"] }));
    assert_eq!((&context["runAsUser"], &context["readOnlyRootFilesystem"]), (&json!(53), &json!(true)));
    assert_eq!(pod["automountServiceAccountToken"], json!(false));
    assert!(pod["affinity"].to_string().contains(r#""values":["nuc.lan"]"#), "{}", pod["affinity"]);
}

#[test]
fn the_key_lies_in_two_secrets_and_a_new_one_starts_the_server_anew() {
    let with = objects(DNS, Some(&key()));
    let (of_server, of_manager) =
        (body(&with, "Secret", NAMESPACE, SECRET), body(&with, "Secret", "cert-manager", SECRET));
    assert_eq!(ChallengeKey::of_secret(&of_manager), Some(key()));
    assert_eq!(ChallengeKey::of_secret(&of_server), Some(key()));
    assert!(of_manager["data"][KEY_FILE].is_null() && of_server["data"][KEY_FILE].is_string());
    let started = |objects: &[Object]| {
        body(objects, "Deployment", NAMESPACE, NAME)["spec"]["template"]["metadata"]["annotations"].clone()
    };
    let other = objects(DNS, ChallengeKey::of([8; KEY_LENGTH]).as_ref());
    assert_ne!(started(&with), started(&other));
    let text = format!("{:?}", body(&objects(DNS, None), "Secret", NAMESPACE, SECRET));
    assert!(!text.contains(SECRET_KEY), "render has no key: {text}");
}

#[test]
fn half_a_key_is_none() {
    let live = |text: &str| json!({ "data": { SECRET_KEY: serde_json::to_value(ByteString(text.as_bytes().to_vec())).unwrap() } });
    assert_eq!(ChallengeKey::of_secret(&live("c2hvcnQ=")), None);
    assert_eq!(ChallengeKey::of_secret(&live("no base64")), None);
    assert_eq!(ChallengeKey::of_secret(&json!({})), None);
}

#[test]
fn cert_manager_writes_there_and_has_no_credential_of_the_providers() {
    let dns = "provider: cloudflare, challengeZone: acme.example.org, challengeServer: 203.0.113.7";
    let objects = objects(dns, None);
    let issuer = objects.iter().find(|object| object.key.name == "letsencrypt").unwrap();
    let solver = &issuer.body["spec"]["acme"]["solvers"][0]["dns01"];
    assert_eq!(solver["cnameStrategy"], "Follow");
    assert_eq!(solver["rfc2136"]["nameserver"], "challenge-server.challenge-server.svc:53");
    let of_provider = |object: &&Object| object.key.name == crate::provider::SECRET;
    let namespaces: Vec<_> =
        objects.iter().filter(of_provider).map(|object| object.key.namespace.as_deref()).collect();
    assert_eq!(namespaces, [Some("external-dns")]);
}

#[test]
fn where_the_provider_has_the_zone_there_is_no_server() {
    let dns = "provider: cloudflare, challengeZone: acme.example.org";
    assert!(!objects(dns, None).iter().any(|object| object.component == COMPONENT));
}
