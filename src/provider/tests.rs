//! Other providers go through configuration, objects, looks and judges, and none of them is told their names.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::config::{self, Config};
use crate::desired::object::Object;
use crate::desired::{Inputs, bundle};
use crate::evidence::{Fault, Zone};

const PAPER: &str = "domain: home.paper.test\nemail: ada@lovelace.dev\ndns: { provider: paper, tokenFile: /t, server: drawer.paper.test }\n";
const SLATE: &str =
    "domain: home.arpa\nemail: ada@lovelace.dev\ndns: { provider: slate, server: wall.home.arpa, ttl: 5 }\n";

fn zone() -> Zone {
    Zone { name: "paper.test".into(), status: "active".into(), ..Zone::default() }
}

fn keyring(text: &str) -> Keyring {
    (traits_of(Provider::Paper).keyring)(text).unwrap()
}

fn objects(config: &Config, keyring: Keyring) -> Vec<Object> {
    let credentials = Credentials::new(keyring, &zone());
    bundle(config, &Inputs { credentials: Some(&credentials), ..Inputs::default() }).objects
}

fn body<'o>(objects: &'o [Object], namespace: Option<&str>, kind: &str, name: &str) -> Option<&'o Value> {
    let is_it = |object: &&Object| {
        object.key.kind.kind == kind
            && object.key.name == name
            && object.key.namespace.as_deref() == namespace
    };
    objects.iter().find(is_it).map(|object| &object.body)
}

fn keys(secret: Option<&Value>) -> BTreeSet<String> {
    secret.unwrap()["data"].as_object().unwrap().keys().cloned().collect()
}

#[test]
fn what_it_needs_gets_into_the_objects() {
    let config = config::parse(PAPER).unwrap();
    let objects = objects(&config, keyring("k-1\nada\n"));
    let pod = &body(&objects, Some("external-dns"), "Deployment", "external-dns").unwrap()["spec"]["template"]
        ["spec"]["containers"][0];
    for argument in ["--provider=paper", "--paper-server=drawer.paper.test", "--min-ttl=300s"] {
        assert!(pod["args"].as_array().unwrap().contains(&argument.into()), "{argument} in {pod}");
    }
    let names: Vec<&str> =
        pod["env"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["PAPER_KEY", "PAPER_NAME", "PAPER_SIZE"]);
    assert_eq!(pod["env"][2], serde_json::json!({ "name": "PAPER_SIZE", "value": "A4" }));
    let of = |namespace| body(&objects, Some(namespace), "Secret", SECRET);
    assert_eq!(keys(of("cert-manager")), ["key", "name"].map(str::to_owned).into());
    assert_eq!(keys(of("external-dns")), ["key", "name", ZONE_KEY].map(str::to_owned).into());
    let secret = of("cert-manager").unwrap();
    assert_ne!(secret["data"]["key"], secret["data"]["name"]);
    let issuer = body(&objects, None, "ClusterIssuer", "letsencrypt").unwrap();
    assert_eq!(issuer["spec"]["acme"]["solvers"][0]["dns01"]["paper"]["drawer"], 1);
    let all: String = objects.iter().map(|object| object.body.to_string()).collect();
    assert!(!all.to_lowercase().contains("cloudflare"), "another provider's name got into the objects");
}

#[test]
fn the_issuers_name_the_zone_by_its_id_once_the_provider_has_told_it() {
    let config = config::parse(
        "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: route53, tokenFile: /t }\n",
    )
    .unwrap();
    let keyring = (traits_of(Provider::Route53).keyring)("AKIAIOSFODNN7EXAMPLE\nhunter2").unwrap();
    let zone = Zone { id: "Z1".into(), name: "example.com".into(), ..Zone::default() };
    let credentials = Credentials::new(keyring, &zone);
    let solver = |credentials: Option<&Credentials>, name: &str| {
        let objects = bundle(&config, &Inputs { credentials, ..Inputs::default() }).objects;
        body(&objects, None, "ClusterIssuer", name).unwrap()["spec"]["acme"]["solvers"][0]["dns01"]["route53"]
            .clone()
    };
    for name in ["letsencrypt", "letsencrypt-staging"] {
        let known = solver(Some(&credentials), name);
        assert_eq!((&known["hostedZoneID"], &known["region"]), (&"Z1".into(), &"us-east-1".into()));
        assert_eq!(known["secretAccessKeySecretRef"]["name"], SECRET);
        assert_eq!(solver(None, name)["hostedZoneID"], Value::Null);
    }
    let objects = bundle(&config, &Inputs { credentials: Some(&credentials), ..Inputs::default() }).objects;
    let of = |namespace| keys(body(&objects, Some(namespace), "Secret", SECRET));
    assert_eq!(of("cert-manager"), ["access-key-id", "secret-access-key"].map(str::to_owned).into());
    assert!(of("external-dns").contains(ZONE_ID_KEY));
}

#[test]
fn without_a_credential_there_is_no_secret_of_one_and_external_dns_is_still_told_of_by_its_zone() {
    let config = config::parse(SLATE).unwrap();
    let (seen, keyring) = crate::machine::token::find(&config);
    assert!(seen.problem.is_none() && keyring.as_ref().is_some_and(Keyring::is_empty), "{seen:?}");
    let objects = objects(&config, keyring.unwrap());
    assert!(body(&objects, Some("cert-manager"), "Secret", SECRET).is_none());
    assert_eq!(keys(body(&objects, Some("external-dns"), "Secret", SECRET)), [ZONE_KEY.to_owned()].into());
    let pod = body(&objects, Some("external-dns"), "Deployment", "external-dns").unwrap();
    assert_eq!(pod["spec"]["template"]["spec"]["containers"][0]["env"], serde_json::json!([]));
    assert!(
        body(&bundle(&config, &Inputs::default()).objects, Some("external-dns"), "Secret", SECRET).is_some()
    );
}

#[tokio::test]
async fn it_is_asked_and_its_faults_have_its_own_words() {
    let config = config::parse(PAPER).unwrap();
    let client = Client::new(&config, &keyring("k-1\nada")).unwrap();
    let zone = client.check("paper.test").await.unwrap();
    assert_eq!(client.records(&zone, None).await.unwrap()[0].name, "whoami.paper.test");
    let failure = client.failure(client.check("torn.test").await.unwrap_err());
    assert_eq!(failure.message, "Paper does not know the drawer key: it is wrong, or was revoked or rolled");
    assert_eq!((failure.hint.as_str(), failure.error), (paper::HINT, Fault::InvalidToken));
}

#[tokio::test]
async fn one_without_a_credential_is_asked_with_none() {
    let config = config::parse(SLATE).unwrap();
    let client = Client::new(&config, &Keyring::default()).unwrap();
    assert_eq!(
        (client.provider(), client.check("home.arpa").await.unwrap().name.as_str()),
        (Provider::Slate, "home.arpa")
    );
}
