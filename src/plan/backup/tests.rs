//! What is taken for a backup, and what is not.

use serde_json::json;

use super::*;

fn facts(namespace: &str, secret: &str) -> Facts {
    Facts {
        holds: Holding::Certificate,
        namespace: namespace.to_owned(),
        secret: secret.to_owned(),
        hosts: vec!["nas.home.example.com".to_owned()],
        serial: Some("0a".to_owned()),
        not_before: None,
        not_after: None,
        certificate_sha256: None,
        public_key_sha256: String::new(),
        content_sha256: String::new(),
    }
}

fn index(entries: Vec<Entry>) -> Index {
    Index::new("home.example.com", SealedFor::Passphrase, entries)
}

fn entry(namespace: &str, secret: &str) -> Entry {
    Entry::new(facts(namespace, secret), "aa".to_owned())
}

#[test]
fn an_index_is_read_as_it_was_written_and_does_not_depend_on_the_order() {
    let sorted = index(vec![entry("homelab", "nas-tls"), entry("immich", "photos-tls")]);
    let turned = index(vec![entry("immich", "photos-tls"), entry("homelab", "nas-tls")]);
    assert_eq!(sorted.text(), turned.text());
    assert_eq!(Index::read(&sorted.text()), Ok(sorted));
}

#[test]
fn an_index_that_leads_out_of_its_folder_or_to_one_file_twice_is_refused() {
    let names =
        [("..", "x"), ("a/b", "x"), ("homelab", "../../etc/x"), ("homelab", "x/y"), ("a.b", "x"), ("", "x")];
    for (namespace, secret) in names {
        let read = Index::read(&index(vec![entry(namespace, secret)]).text());
        assert!(read.unwrap_err().contains("does not fit the rest"), "{namespace} {secret}");
    }
    let twice = index(vec![entry("homelab", "nas-tls"), entry("homelab", "nas-tls")]);
    assert!(Index::read(&twice.text()).is_err());
    let elsewhere =
        index(vec![entry("homelab", "nas-tls")]).text().replace("homelab.nas-tls.age", "index.json");
    assert!(Index::read(&elsewhere).is_err());
}

#[test]
fn an_index_of_a_newer_homelab_is_named_as_such() {
    let newer = index(Vec::new()).text().replace("\"schema_version\": 1", "\"schema_version\": 2");
    assert!(Index::read(&newer).unwrap_err().contains("a newer homelab wrote it"));
}

#[test]
fn a_secret_of_another_type_name_or_content_is_none_that_is_kept() {
    let secret = |kind: &str, name: &str, data: Value| json!({ "type": kind, "metadata": { "namespace": "homelab", "name": name }, "data": data });
    let said = |secret: Value| Held::of(Holding::Certificate, &secret).err().unwrap();
    assert!(said(secret("Opaque", "nas-tls", json!({}))).contains("its type is not `kubernetes.io/tls`"));
    assert!(said(secret("kubernetes.io/tls", "../nas", json!({}))).contains("no usable name"));
    assert!(said(secret("kubernetes.io/tls", "nas-tls", json!({}))).contains("has no certificate"));
    let text = json!({ "tls.crt": "bm90IGEgY2VydGlmaWNhdGU=" });
    assert!(said(secret("kubernetes.io/tls", "nas-tls", text)).contains("has no certificate"));
    assert!(said(secret("kubernetes.io/tls", "nas-tls", json!({ "tls.crt": "%" }))).contains("no base64"));
    assert!(Held::read(b"{}").is_err() && Held::read(b"\xff").is_err());
}
