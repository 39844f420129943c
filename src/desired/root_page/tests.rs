use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::*;
use crate::config::parse;
use crate::desired::kind::Stage;
use crate::facts::trust::{SYSTEMS, fingerprint};

fn config(more: &str) -> Config {
    let text = format!(
        "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare }}\nissuer: ca\n{more}"
    );
    parse(&text).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn body(config: &Config, kind: &str) -> Value {
    objects(config).into_iter().find(|object| object.key.kind.kind == kind).unwrap().body
}

fn file(config: &Config, name: &str) -> String {
    body(config, "ConfigMap")["data"][name].as_str().unwrap().to_owned()
}

#[test]
fn without_an_authority_there_is_nothing_of_it() {
    let text = "domain: a.example.com\nemail: a@lovelace.dev\ndns: { provider: cloudflare }\n";
    assert!(objects(&parse(text).unwrap()).is_empty());
    assert!(objects(&config("rootPage: false\n")).is_empty());
}

#[test]
fn of_the_secret_the_certificate_alone_reaches_the_pod() {
    let pod = body(&config(""), "Deployment")["spec"]["template"]["spec"].clone();
    let volumes = pod["volumes"].as_array().unwrap();
    let secrets: Vec<&Value> = volumes.iter().filter(|volume| volume["secret"].is_object()).collect();
    assert_eq!(secrets.len(), 1);
    assert_eq!(secrets[0]["secret"]["secretName"], ROOT);
    // Without this list every key of the Secret would be in the volume.
    assert_eq!(secrets[0]["secret"]["items"], json!([{ "key": "tls.crt", "path": "tls.crt" }]));
    assert!(!pod.to_string().contains("tls.key") && !pod.to_string().contains("projected"));
    // Nor by another way: no variable, no account, no file that it can change but its own.
    let container = &pod["containers"][0];
    assert_eq!(pod["containers"].as_array().unwrap().len(), 1);
    assert!(pod["initContainers"].is_null() && container["env"].is_null() && container["envFrom"].is_null());
    assert_eq!(pod["automountServiceAccountToken"], false);
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    assert_eq!(container["securityContext"]["runAsNonRoot"], true);
    let mounts = container["volumeMounts"].as_array().unwrap();
    // By a subPath a renewed certificate would not arrive.
    assert!(mounts.iter().all(|mount| mount["subPath"].is_null()));
    let writable: Vec<&Value> = mounts.iter().filter(|mount| mount["readOnly"] != true).collect();
    assert_eq!((writable.len(), &writable[0]["mountPath"]), (1, &"/tmp".into()));
}

#[test]
fn it_is_where_the_secret_is_and_is_applied_when_that_is_made() {
    let theirs = config("certManager: { manage: false, namespace: pki }\n");
    for (config, namespace) in [(&config(""), "cert-manager"), (&theirs, "pki")] {
        let objects = objects(config);
        let kinds: Vec<&str> = objects.iter().map(|object| object.key.kind.kind).collect();
        assert_eq!(kinds, ["ConfigMap", "Deployment", "Service", "Ingress"]);
        assert!(objects.iter().all(|object| object.key.namespace.as_deref() == Some(namespace)));
        assert_eq!(
            objects.iter().map(Object::stage).collect::<Vec<_>>(),
            [Stage::Workload, Stage::Judged, Stage::Workload, Stage::Judged]
        );
    }
}

#[test]
fn its_name_is_served_without_tls_and_nobody_is_sent_to_https() {
    for more in ["", "certificates: wildcard\n", "ingress: { config: { force-ssl-redirect: \"true\" } }\n"] {
        let ingress = body(&config(more), "Ingress");
        assert!(ingress["spec"]["tls"].is_null(), "{more}");
        assert_eq!(ingress["spec"]["rules"][0]["host"], "ca.home.example.com");
        assert_eq!(ingress["spec"]["ingressClassName"], "nginx");
        let annotations = ingress["metadata"]["annotations"].as_object().unwrap();
        assert_eq!(annotations["nginx.ingress.kubernetes.io/ssl-redirect"], "false");
        assert_eq!(annotations["nginx.ingress.kubernetes.io/force-ssl-redirect"], "false");
        assert!(!annotations.keys().any(|key| key.starts_with("cert-manager.io/")), "{annotations:?}");
    }
}

#[test]
fn the_page_says_what_to_compare_and_has_the_steps_of_every_system() {
    let page = file(&config(""), "index.html");
    assert!(page.contains("Trust home.example.com") && page.contains("href=\"/root.crt\""));
    assert!(page.contains("the one that <code>homelab ca</code> prints on the machine that runs the lab"));
    assert_eq!(page.matches(page::FINGERPRINT).count(), 1);
    for system in &SYSTEMS {
        assert!(page.contains(&format!("<summary>{}</summary>", system.name)), "{}", system.name);
    }
    assert!(page.find("iPhone").unwrap() < page.find("NixOS").unwrap(), "phones come by the QR code");
    assert!(
        page.contains(
            "<code>sudo cp homelab-root.crt /usr/local/share/ca-certificates/homelab-root.crt</code>"
        )
    );
    assert!(page.contains("tap the certificate in Safari") && !page.contains("AirDrop"));
    assert!(!page.contains("FILE") && !page.contains('`'));
}

#[test]
fn it_fits_in_20_kb_and_needs_no_script_and_nothing_from_elsewhere() {
    let config = config("");
    let (page, style) = (file(&config, "index.html"), file(&config, "page.css"));
    assert!(page.len() + style.len() < 20_000, "{} and {}", page.len(), style.len());
    for part in ["<script", "<style", "style=", " onclick", "http:", "https:", "<img"] {
        assert!(!page.contains(part), "{part}");
    }
    assert!(
        style.contains("prefers-color-scheme: dark") && !style.contains("url(") && !style.contains("@import")
    );
    let settings = file(&config, "server.conf");
    let policy = settings.lines().find(|line| line.contains("Content-Security-Policy")).unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    for loose in ["unsafe", "http:", "https:", "data:", "*", "script-src"] {
        assert!(!policy.contains(loose), "{loose}");
    }
    assert!(settings.contains("application/x-x509-ca-cert crt;"));
    assert!(settings.contains(&format!(
        "{} 'inline; filename={}'",
        page::CERTIFICATE,
        crate::facts::trust::FILE
    )));
    assert_eq!(settings.matches('{').count(), settings.matches('}').count());
}

/// Whether the start script makes its files in that folder; it ends where it would wait for a renewed certificate.
fn started(folder: &Path, certificates: &str) -> bool {
    let at = folder.display();
    let files = [("index.html", "<code>FINGERPRINT</code>\n"), ("tls.crt", certificates)];
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let mut script = START.to_owned();
    for before in [" ", ">", "<"] {
        script = script.replace(&format!("{before}/tmp/"), &format!("{before}{at}/tmp/"));
    }
    let script = script.replace(&format!("{CERTIFICATES}/"), &format!("{at}/"));
    let script = script.replace(&format!("{FOLDER}/index.html"), &format!("{at}/index.html"));
    let (script, _) = script.split_once("# cert-manager renews").unwrap();
    std::fs::create_dir_all(folder.join("tmp")).unwrap();
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(script).stderr(Stdio::null()).status().unwrap().success()
}

fn pem(bytes: &[u8]) -> String {
    use k8s_openapi::ByteString;
    let text = serde_json::to_value(ByteString(bytes.to_vec())).unwrap();
    let text = text.as_str().unwrap().as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line));
    let lines: Vec<String> = text.map(|line| line.into_owned()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

#[test]
fn the_pod_shows_the_fingerprint_as_homelab_prints_it_and_offers_the_first_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let (root, other) = (vec![7_u8; 700], vec![9_u8; 300]);
    assert!(started(folder.path(), &format!("{}{}", pem(&root), pem(&other))));
    let hex: String = Sha256::digest(&root).iter().map(|byte| format!("{byte:02x}")).collect();
    let read = |name: &str| std::fs::read_to_string(folder.path().join("tmp/page").join(name)).unwrap();
    assert_eq!(read("index.html"), format!("<code>{}</code>\n", fingerprint(&hex)));
    assert_eq!(read("root.crt"), pem(&root));
    // Of what is no certificate, nothing is shown.
    for broken in
        ["", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\n!\n"]
    {
        let folder = tempfile::tempdir().unwrap();
        assert!(!started(folder.path(), broken), "{broken:?}");
        assert!(!folder.path().join("tmp/page/index.html").exists());
    }
}
