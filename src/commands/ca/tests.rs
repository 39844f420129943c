use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::commands::backup::tests::server::{Lab, config, root};

fn flags(path: Option<&Path>) -> Ca {
    Ca { write: path.map(Path::to_owned), registry: None }
}

async fn made() -> Root {
    read(&Lab::of([root(3650)]).cluster, &config("issuer: ca\n")).await.unwrap()
}

#[tokio::test]
async fn the_root_is_told_with_its_fingerprint_what_it_may_sign_and_the_steps_of_each_system() {
    let root = made().await;
    let house = House::default();
    let text = told(&root, &flags(None), None, &house).to_string();
    let shown = fingerprint(&root.signer.certificate.fingerprint);
    assert_eq!(shown.len(), 32 * 3 - 1);
    for part in [
        shown.as_str(),
        "home.example.com homelab root",
        "names in home.example.com and cluster.local; no addresses",
        "does not trust it yet",
        "homelab ca --write homelab-root.crt",
        "sudo cp homelab-root.crt /usr/local/share/ca-certificates/homelab-root.crt",
        "security.pki.certificateFiles",
        "Certificate Trust Settings",
    ] {
        assert!(text.contains(part), "`{part}` is missing in:\n{text}");
    }
    assert!(!text.contains("PRIVATE KEY") && !text.contains("FILE"), "{text}");
    let named = told(&root, &flags(Some(Path::new("/tmp/lab.crt"))), Some(true), &house).to_string();
    assert!(
        named.contains("wrote `/tmp/lab.crt`") && named.contains("certutil -addstore -f Root /tmp/lab.crt")
    );
}

#[tokio::test]
async fn the_document_has_the_published_form_and_the_certificate_to_the_letter() {
    let root = made().await;
    let page = "http://ca.home.example.com/";
    let document = document(&root, &flags(None), Some(page), None);
    ui::assert_is("authority", &document);
    ui::assert_is("authority", &super::document(&root, &flags(None), None, None));
    assert_eq!(document["page"], page);
    assert_eq!(document["root"]["pem"], root.pem.as_str());
    assert_eq!(document["root"]["domains"], json!(["home.example.com", "cluster.local"]));
    assert!(!document.to_string().contains("PRIVATE"));
}

#[tokio::test]
async fn the_file_is_written_once_for_everybody_and_no_other_file_is_overwritten() {
    let root = made().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("root.crt");
    assert!(write(&path, &root.pem).unwrap());
    assert!(!write(&path, &root.pem).unwrap());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), root.pem);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    for theirs in ["theirs".to_owned(), made().await.pem, format!("{}more\n", root.pem)] {
        std::fs::write(&path, &theirs).unwrap();
        let error = write(&path, &root.pem).unwrap_err().to_string();
        assert!(error.contains("has something else in it"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), theirs);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn of_what_the_secret_holds_the_first_certificate_alone_is_handed_out() {
    let mut secret = root(3650);
    let text: ByteString = serde_json::from_value(secret["data"]["tls.crt"].clone()).unwrap();
    let first = String::from_utf8(text.0).unwrap();
    let more = format!("{first}-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    secret["data"]["tls.crt"] = serde_json::to_value(ByteString(more.into_bytes())).unwrap();
    let root = read(&Lab::of([secret]).cluster, &config("issuer: ca\n")).await.unwrap();
    assert_eq!(root.pem, first);
}

#[tokio::test]
async fn before_up_there_is_none_and_the_next_step_is_said() {
    let config = config("issuer: ca\n");
    let mut no_authority = root(3650);
    let leaf = crate::commands::backup::tests::server::certificate("cert-manager", "nas-tls", (-1, 89));
    no_authority["data"] = leaf["data"].clone();
    for secrets in [vec![], vec![no_authority]] {
        let error = read(&Lab::of(secrets).cluster, &config).await.err().unwrap();
        assert_eq!(error.exit, Exit::Wrong);
        let text = error.to_string();
        assert!(text.contains("does not exist yet") && text.contains("run `homelab up`"), "{text}");
    }
}
