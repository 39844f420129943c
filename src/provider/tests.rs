//! A second provider goes through configuration, objects, looks and judges, and none of them is told its name.

use std::collections::BTreeMap;

use serde_json::Value;

use super::*;
use crate::config;
use crate::desired::{Inputs, bundle};
use crate::evidence::Fault;

const CONFIG: &str = "domain: home.paper.test\nemail: ada@lovelace.dev\ndns: { provider: paper, tokenFile: /t, server: drawer.paper.test }\n";

fn zone() -> Zone {
    Zone { name: "paper.test".into(), status: "active".into(), ..Zone::default() }
}

#[test]
fn what_it_needs_gets_into_the_objects() {
    let config = config::parse(CONFIG).unwrap();
    let credentials = credentials(&config, &keyring(Provider::Paper, "k-1\nada\n").unwrap(), &zone());
    let inputs = Inputs { credentials: Some(&credentials), ..Inputs::default() };
    let objects = bundle(&config, &inputs).objects;
    let text = |kind: &str, name: &str| -> Value {
        let found = objects.iter().find(|object| object.key.kind.kind == kind && object.key.name == name);
        found.unwrap().body.clone()
    };
    let pod = text("Deployment", "external-dns")["spec"]["template"]["spec"]["containers"][0].clone();
    for argument in ["--provider=paper", "--paper-server=drawer.paper.test", "--min-ttl=300s"] {
        assert!(pod["args"].as_array().unwrap().contains(&argument.into()), "{argument} in {pod}");
    }
    let names: Vec<&str> =
        pod["env"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
    assert!(names.contains(&"PAPER_KEY") && names.contains(&"PAPER_NAME"), "{names:?}");
    let keys: BTreeMap<String, Value> =
        serde_json::from_value(text("Secret", SECRET)["data"].clone()).unwrap();
    assert_eq!((keys.len(), keys["key"] != keys["name"]), (2, true));
    let issuer = objects.iter().find(|object| object.key.kind.kind == "ClusterIssuer").unwrap();
    assert_eq!(issuer.body["spec"]["acme"]["solvers"][0]["dns01"], solver(&config));
    let all: String = objects.iter().map(|object| object.body.to_string()).collect();
    assert!(!all.to_lowercase().contains("cloudflare"), "another provider's name got into the objects");
}

#[tokio::test]
async fn it_is_asked_and_its_faults_have_its_own_words() {
    let config = config::parse(CONFIG).unwrap();
    let client = Client::new(&config, &keyring(Provider::Paper, "k-1\nada").unwrap()).unwrap();
    let zone = client.check("paper.test").await.unwrap();
    assert_eq!(client.records(&zone, None).await.unwrap()[0].name, "whoami.paper.test");
    let failure = client.failure(client.check("torn.test").await.unwrap_err());
    assert_eq!(failure.message, "Paper does not know the API token: it is wrong, or was revoked or rolled");
    assert_eq!((failure.hint.as_str(), failure.error), (paper::HINT, Fault::InvalidToken));
}
