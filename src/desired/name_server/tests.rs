use serde_json::{Value, json};

use super::*;
use crate::desired::{Inputs, bundle};

fn lab(text: &str) -> Vec<Object> {
    bundle(&crate::config::parse(text).unwrap(), &Inputs::default()).objects
}

fn local() -> Vec<Object> {
    lab("domain: home.arpa\ndns: { provider: local }\n")
}

fn pod() -> Value {
    let objects = local();
    let set = objects.iter().find(|object| object.key.name == NAME && object.key.kind.kind == "DaemonSet");
    set.unwrap().body["spec"]["template"]["spec"].clone()
}

fn container(name: &str) -> Value {
    let pod = pod();
    let all = ["initContainers", "containers"].into_iter().flat_map(|key| pod[key].as_array().unwrap());
    all.into_iter().find(|one| one["name"] == name).unwrap().clone()
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().filter_map(Value::as_str).collect()
}

#[test]
fn the_port_is_bound_only_after_external_dns_has_written_everything_once() {
    let pod = pod();
    let names = |key: &str| -> Vec<String> {
        pod[key].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("initContainers"), ["prepare", "api", "fill"]);
    assert_eq!(names("containers"), ["server", "external-dns"]);
    assert_eq!(container("api")["restartPolicy"], "Always");
    assert!(texts(&container("fill")["args"]).contains(&"--once"));
    assert!(!texts(&container("external-dns")["args"]).contains(&"--once"));
    for name in ["prepare", "api", "fill"] {
        assert!(!container(name).to_string().contains("NET_BIND_SERVICE"), "{name} may not bind port 53");
    }
}

#[test]
fn the_server_listens_on_the_nodes_address_and_all_else_on_loopback() {
    let server = container("server");
    assert!(texts(&server["args"]).contains(&"--local-address=$(NODE_IP)"));
    let address = server["env"].as_array().unwrap().iter().find(|one| one["name"] == "NODE_IP").unwrap();
    assert_eq!(address["valueFrom"]["fieldRef"]["fieldPath"], "status.hostIP");
    assert!(!server.to_string().contains("--api") && !server.to_string().contains("--webserver"));
    let api = container("api");
    for argument in ["--local-address=127.0.0.1", "--webserver-address=127.0.0.1"] {
        assert!(texts(&api["args"]).contains(&argument), "{api}");
    }
    assert_eq!(api["startupProbe"]["tcpSocket"]["host"], "127.0.0.1");
    let filler = container("external-dns");
    assert!(texts(&filler["args"]).contains(&"--metrics-address=127.0.0.1:21055"));
    assert_eq!(filler["livenessProbe"]["httpGet"]["host"], "127.0.0.1");
}

#[test]
fn transfers_are_off_and_a_missing_name_is_soon_forgotten() {
    for line in
        ["disable-axfr=yes", "any-to-tcp=yes", "security-poll-suffix=", "zone-cache-refresh-interval=0"]
    {
        assert!(SETTINGS.contains(&line), "{line}");
    }
    let soa = SETTINGS.iter().find(|line| line.starts_with("default-soa-content=")).unwrap();
    assert!(soa.ends_with(" 10") && soa.contains(LABEL), "{soa}");
}

#[test]
fn only_external_dns_has_the_account_and_no_key_is_in_the_objects() {
    let pod = pod();
    assert_eq!(pod["automountServiceAccountToken"], false);
    for (name, has) in
        [("prepare", false), ("api", false), ("server", false), ("fill", true), ("external-dns", true)]
    {
        assert_eq!(container(name).to_string().contains("serviceaccount"), has, "{name}");
        let security = container(name)["securityContext"].clone();
        assert_eq!(security["allowPrivilegeEscalation"], false);
        assert_eq!(security["readOnlyRootFilesystem"], true);
        assert_eq!(security["capabilities"]["drop"], json!(["ALL"]));
    }
    let all: String = local().iter().map(|object| object.body.to_string()).collect();
    assert!(!all.contains("EXTERNAL_DNS_PDNS_API_KEY") && !all.contains("api-key=0"));
}

#[test]
fn there_is_no_acme_issuer_no_secret_and_no_external_dns_of_the_whole_lab() {
    let objects = lab("domain: home.arpa\nemail: ada@lovelace.dev\ndns: { provider: local }\n");
    let has = |kind: &str, name: &str| {
        objects.iter().any(|object| object.key.kind.kind == kind && object.key.name == name)
    };
    assert!(has("ClusterIssuer", "homelab-ca") && !has("ClusterIssuer", "letsencrypt"));
    assert!(!has("Deployment", "external-dns") && !has("Secret", "homelab-dns-provider"));
    assert!(has("Namespace", NAMESPACE) && has("ClusterRole", NAME) && has("DaemonSet", NAME));
}

#[test]
fn another_provider_has_none_of_it() {
    let objects = lab(
        "domain: home.example.com\nemail: a@lovelace.dev\ndns: { provider: cloudflare, tokenFile: /t }\n",
    );
    assert!(objects.iter().all(|object| object.component != Component::NameServer));
}
