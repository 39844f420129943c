//! What people keep in a cluster by mistake reaches no report, no bundle, no hook and no terminal.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cases::doctor::is_well;
use crate::cases::hands::{DOMAIN, Hands, eventually, expect};
use crate::command::output_within;
use crate::error::{Context, Result, bail};
use crate::image::BUSYBOX;

const LIMIT: Duration = Duration::from_secs(120);
/// Where everything lies that a stranger could not have known.
const NAMESPACE: &str = "leaks";
/// The port of the node at which the hook listens.
const PORT: &str = "8099";
/// A token of Cloudflare's old form, and one of its new one; neither was ever one.
const OLD: &str = "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD_f-iJ3lM";
const NEW: &str = "cfut_zY9xW8vU7tS6rQ5pO4nM3lK2jI1hG0fEdCbA9876deadbeef";

/// Lines of a log, each with what must not leave it.
const LINES: [(&str, &str); 24] = [
    ("Authorization: Bearer hunter01bearer", "hunter01bearer"),
    ("Authorization: Basic aHVudGVyMDI6YmFzaWM=", "aHVudGVyMDI6YmFzaWM"),
    ("Cookie: sid=hunter03cookie; theme=dark", "hunter03cookie"),
    ("Set-Cookie: sid=hunter04cookie; HttpOnly", "hunter04cookie"),
    ("X-Api-Key: hunter05key", "hunter05key"),
    ("connecting to postgres://app:hunter06url@db:5432/app", "hunter06url"),
    ("GET https://git.example.com/?token=hunter07query&a=1", "hunter07query"),
    ("GET /hook?access_token=hunter08query", "hunter08query"),
    ("GET /maps?key=hunter09query", "hunter09query"),
    ("{\"user\":\"ada\",\"password\":\"hunter10json\"}", "hunter10json"),
    ("got {\\\"password\\\":\\\"hunter11json, and more\\\"}", "hunter11json"),
    ("running: mysql --password hunter12flag -h db", "hunter12flag"),
    ("running: mysql --password=hunter13flag -h db", "hunter13flag"),
    ("POSTGRES_PASSWORD=hunter14env", "hunter14env"),
    ("AWS_SECRET_ACCESS_KEY=hunter15env", "hunter15env"),
    ("jwt eyJhbGciOiJIUzI1NiJ9.eyJodW50ZXIiOiIxNiJ9.c2lnbmF0dXJl", "eyJodW50ZXIiOiIxNiJ9"),
    ("-----BEGIN RSA PRIVATE KEY----- MIIEhunter17 -----END RSA PRIVATE KEY-----", "MIIEhunter17"),
    ("client-key-data: LS0tLS1CRUdJTiBodW50ZXIxOAo=", "BodW50ZXIxOAo"),
    ("token aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD_f-iJ3lM was refused", OLD),
    ("token cfut_zY9xW8vU7tS6rQ5pO4nM3lK2jI1hG0fEdCbA9876deadbeef was refused", NEW),
    ("cloning with ghp_hunter21ABCDEFGHIJ0123456789abcd", "hunter21ABCDEF"),
    ("client_secret: hunter22yaml", "hunter22yaml"),
    ("the house is at 203.0.113.77", "203.0.113.77"),
    ("mail to hunter24@lovelace.dev", "hunter24"),
];

/// What stands in objects, beside the lines.
const OBJECTS: [&str; 22] = [
    "hunter31env",
    "hunter32args",
    "hunter33command",
    "hunter34annotation",
    "hunter35applied",
    "hunter36objectset",
    "hunter37probe",
    "hunter38lastwords",
    "hunter39init",
    "hunter40helm",
    "hunter41configmap",
    "hunter42binding",
    "hunter43snippet",
    "hunter44authurl",
    "hunter45path",
    "hunter46event",
    "hunter47service",
    "hunter48namespace",
    "hunter49claim",
    "hunter50release",
    "hunter51opaque",
    "hunter52class",
];
/// In a TXT record of the zone.
const RECORD: &str = "hunter60record";

fn objects() -> Value {
    let pod = json!({
        "initContainers": [{ "name": "init", "image": BUSYBOX, "command": ["true"],
            "env": [{ "name": "A", "value": "hunter39init" }] }],
        "containers": [{ "name": "app", "image": BUSYBOX,
            "command": ["sh", "-c", ": hunter33command; echo password=hunter38lastwords > /dev/termination-log; sleep 5; exit 1"],
            "args": ["--token", "hunter32args"],
            "env": [{ "name": "DB", "value": "hunter31env" }],
            "readinessProbe": { "exec": { "command": ["sh", "-c", "echo token=hunter37probe; exit 1"] }, "periodSeconds": 1 } }],
    });
    let helm = json!({ "restartPolicy": "Never", "containers": [{ "name": "helm", "image": BUSYBOX, "command": ["true"],
        "args": ["install", "--set-string", "db=hunter40helm"] }] });
    let script: String = LINES.iter().map(|(line, _)| format!("echo '{line}'; ")).collect();
    let talker = json!({ "terminationGracePeriodSeconds": 1,
        "containers": [{ "name": "talker", "image": BUSYBOX, "command": ["sh", "-c", format!("{script}sleep 3600")] }] });
    let label = json!({ "app": "leak" });
    let backend = json!({ "service": { "name": "leak", "port": { "number": 80 } } });
    let path = json!({ "path": "/hook/password=hunter45path", "pathType": "Exact", "backend": backend });
    let meta = |namespace: &str, name: &str| json!({ "namespace": namespace, "name": name });
    let noted = |namespace: &str, name: &str, annotations: Value| json!({ "namespace": namespace, "name": name, "labels": label, "annotations": annotations });
    let items = json!([
        { "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE, "annotations": { "a/b": "hunter48namespace" } } },
        { "apiVersion": "v1", "kind": "Pod", "metadata": noted(NAMESPACE, "leak", json!({ "vault/agent": "hunter34annotation",
            "objectset.rio.cattle.io/applied": "hunter36objectset" })), "spec": pod },
        { "apiVersion": "v1", "kind": "Pod", "metadata": meta("kube-system", "helm-install-leak"), "spec": helm },
        { "apiVersion": "v1", "kind": "Pod", "metadata": meta("kube-system", "coredns-leak"), "spec": talker },
        { "apiVersion": "v1", "kind": "ConfigMap", "metadata": meta("ingress-nginx", "leak"),
            "data": { "config.ini": "hunter41configmap" }, "binaryData": { "b": "aHVudGVyNDJiaW5kaW5n" } },
        { "apiVersion": "v1", "kind": "Service", "metadata": noted(NAMESPACE, "leak", json!({ "a/b": "hunter47service" })),
            "spec": { "selector": label, "ports": [{ "port": 80 }] } },
        { "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": noted(NAMESPACE, "leak", json!({ "a/b": "hunter49claim" })),
            "spec": { "storageClassName": "leak", "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Mi" } } } },
        { "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": { "name": "leak" }, "provisioner": "leak.test/none",
            "volumeBindingMode": "WaitForFirstConsumer", "parameters": { "secret": "hunter52class" } },
        { "apiVersion": "v1", "kind": "Secret", "metadata": meta(NAMESPACE, "sh.helm.release.v1.leak.v1"),
            "type": "helm.sh/release.v1", "stringData": { "release": "hunter50release" } },
        { "apiVersion": "v1", "kind": "Secret", "metadata": meta(NAMESPACE, "leak"), "stringData": { "a": "hunter51opaque" } },
        { "apiVersion": "v1", "kind": "Event", "metadata": meta(NAMESPACE, "leak.1"), "type": "Warning", "reason": "Failed",
            "message": "login with password: hunter46event", "involvedObject": { "kind": "Pod", "namespace": NAMESPACE, "name": "leak" } },
        { "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": noted(NAMESPACE, "leak", json!({
            "nginx.ingress.kubernetes.io/configuration-snippet": "# hunter43snippet",
            "nginx.ingress.kubernetes.io/auth-url": "http://app:hunter44authurl@auth.leaks/" })),
            "spec": { "ingressClassName": "nginx", "rules": [{ "host": format!("leak.{DOMAIN}"), "http": { "paths": [path] } }] } },
    ]);
    json!({ "apiVersion": "v1", "kind": "List", "items": items })
}

/// Everything that was planted, as its owner sees it: the search has to be able to find all of it.
fn is_there(hands: &Hands) -> Result<()> {
    let kinds = "namespaces,pods,configmaps,services,persistentvolumeclaims,storageclasses,events,ingresses";
    let decoded = "{{range .items}}{{range $k, $v := .data}}{{$v | base64decode}} {{end}}{{end}}";
    eventually("all that was planted to be there", 90, || {
        let texts = [
            hands.kubectl(&["get", kinds, "-A", "-o", "yaml"])?,
            hands.kubectl(&["get", "secrets", "-n", NAMESPACE, "-o", &format!("go-template={decoded}")])?,
            hands.kubectl(&["logs", "-n", "kube-system", "coredns-leak"]).unwrap_or_default(),
            serde_json::to_string(&hands.records()?).context("the records")?,
        ];
        let secrets = LINES.iter().map(|(_, secret)| *secret).chain(OBJECTS).chain([RECORD]);
        let missing: Vec<&str> = secrets
            .filter(|secret| *secret != "hunter42binding" && !texts.iter().any(|text| text.contains(secret)))
            .collect();
        Ok(if missing.is_empty() { Ok(()) } else { Err(format!("not found: {missing:?}")) })
    })
    .map(drop)
}

/// A server that takes one request, keeps it in `kept`, and answers after two seconds.
fn listen(hands: &Hands, kept: &Path) -> Result<Child> {
    fs::write(kept, "").context("the hook's file")?;
    let script = hands.run.path("hook.sh");
    let answer = "printf 'HTTP/1.1 200 OK\\r\\ncontent-length: 0\\r\\nconnection: close\\r\\n\\r\\n'";
    fs::write(&script, format!("#!/bin/sh\ntimeout 2 cat > '{}'\n{answer}\n", kept.display()))
        .context("a script")?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).context("a script")?;
    let mut server = hands.node.command("busybox");
    server.args(["nc", "-l", "-p", PORT, "-e"]).arg(script);
    server.stdin(Stdio::null()).stdout(Stdio::null()).spawn().context("the hook's server")
}

/// What it took, if it was asked within five seconds.
fn taken(mut server: Child, kept: &Path) -> Result<String> {
    for _ in 0..50 {
        if server.try_wait().context("the hook's server")?.is_some() {
            break;
        }
        sleep(Duration::from_millis(100));
    }
    if server.try_wait().context("the hook's server")?.is_none() {
        server.kill().and_then(|()| server.wait()).context("the hook's server")?;
    }
    fs::read_to_string(kept).context("what was posted")
}

/// Everything that the doctor and the other commands say of a lab with that configuration, by what it is.
pub(super) fn everything(hands: &Hands, config: &Path) -> Result<Vec<(String, String)>> {
    let folder = tempfile::tempdir().context("a folder")?;
    let mut texts = Vec::new();
    let mut run = |name: &str, words: &[&str]| -> Result<()> {
        let mut command = hands.homelab(words);
        let output = output_within(command.arg("--config").arg(config), LIMIT)?;
        texts.push((name.to_owned(), format!("{}{}", output.stdout, output.stderr)));
        Ok(())
    };
    for format in ["text", "short", "json", "junit"] {
        run(format, &["doctor", "--output", format])?;
    }
    run("text, verbose", &["doctor", "--verbose"])?;
    for format in ["text", "json"] {
        run(&format!("status, {format}"), &["status", "--output", format])?;
        run(&format!("status of one, {format}"), &["status", "whoami", "--output", format])?;
    }
    let (report, bundle) = (folder.path().join("report.json"), folder.path().join("bundle.json"));
    let (report, bundle) = (report.display().to_string(), bundle.display().to_string());
    run("stderr of the rest", &["doctor", "--quiet", "--report", &report, "--bundle", &bundle])?;
    for (name, path) in [("report", report), ("bundle", bundle)] {
        texts.push((name.to_owned(), fs::read_to_string(&path).context(path)?));
    }
    Ok(texts)
}

fn search(texts: &[(String, String)], secrets: &[&str]) -> Result<()> {
    for (place, text) in texts {
        for secret in secrets {
            if let Some(at) = text.find(secret) {
                let start = text[..at].char_indices().rev().nth(80).map_or(0, |(at, _)| at);
                bail!("`{secret}` is in {place}: …{}", &text[start..at + secret.len()]);
            }
        }
    }
    Ok(())
}

pub(super) fn planted(hands: &Hands) -> Result<()> {
    is_well(hands)?;
    hands.kubectl_apply("leaks.json", &objects().to_string())?;
    // Applied on the server's side, this annotation would be dropped.
    let applied = "kubectl.kubernetes.io/last-applied-configuration=hunter35applied";
    hands.kubectl(&["annotate", "-n", NAMESPACE, "pod", "leak", applied])?;
    let record = json!({ "type": "TXT", "name": format!("leak-note.{DOMAIN}"), "content": format!("login=ada {RECORD}"), "ttl": 300 });
    hands.add_record(&record)?;
    let searched = is_there(hands).and_then(|()| {
        let config = hands.config_with(
            "leaks.yaml",
            &format!("doctor: {{ onFailure: {{ url: 'http://127.0.0.1:{PORT}/' }} }}\n"),
        )?;
        let mut texts = everything(hands, &config)?;
        let posted = hands.run.path("leaks.posted");
        let server = listen(hands, &posted)?;
        let mut notify = hands.homelab(&["doctor", "--notify", "--config"]);
        let output = output_within(notify.arg(&config), LIMIT)?;
        let told = taken(server, &posted)?;
        expect(told.contains("\"checks\""), format!("nothing was posted: {told}\n{}", output.stderr))?;
        texts.push(("the POST".to_owned(), told));
        let find =
            |name: &str| texts.iter().find(|(place, _)| place == name).map_or("", |(_, text)| text.as_str());
        expect(find("bundle").contains("coredns-leak"), "the bundle does not have the pod")?;
        expect(find("bundle").contains("Authorization: Bearer ***"), "the bundle does not have its log")?;
        expect(find("json").contains(&format!("leak.{DOMAIN}")), "the doctor says nothing of the Ingress")?;
        let secrets: Vec<&str> = LINES
            .iter()
            .map(|(_, secret)| *secret)
            .chain(OBJECTS)
            .chain([RECORD, "aHVudGVyNDJiaW5kaW5n"])
            .collect();
        search(&texts, &secrets)?;
        println!("      {} secrets in {} texts: none found", secrets.len(), texts.len());
        Ok(())
    });
    hands.kubectl(&[
        "delete",
        "-f",
        &hands.run.path("leaks.json").display().to_string(),
        "--grace-period=1",
    ])?;
    hands.remove_records("TXT", &format!("leak-note.{DOMAIN}"))?;
    eventually("the record of the Ingress to go", 120, || {
        let left = hands.records_of("A", &format!("leak.{DOMAIN}"))?.len();
        Ok(if left == 0 { Ok(()) } else { Err(format!("{left} records")) })
    })?;
    searched.and_then(|()| is_well(hands))
}

/// The two likeliest mistakes, each also with a hook.
pub(super) fn token_in_the_file(hands: &Hands) -> Result<()> {
    let token = hands.token()?;
    let written = [
        format!("dns: {{ provider: cloudflare, token: {token} }}"),
        format!("dns: {{ provider: cloudflare, tokenFile: {token} }}"),
        format!("dns:\n  provider: cloudflare\n  tokenFile: {NEW}\n  apiToken: {OLD}"),
    ];
    for (number, dns) in written.iter().enumerate() {
        let hook = format!("doctor: {{ onFailure: {{ url: 'http://127.0.0.1:{PORT}/' }} }}");
        let text = hands.config()?;
        let lines = text.lines().map(|line| if line.starts_with("dns:") { dns.as_str() } else { line });
        let text = lines.chain([hook.as_str()]).collect::<Vec<_>>().join("\n");
        expect(text.contains(dns), "the configuration has no line `dns:`")?;
        let config = hands.config_file("token-in-it.yaml", &text)?;
        let posted = hands.run.path("token.posted");
        let server = listen(hands, &posted)?;
        let mut texts = everything(hands, &config)?;
        for words in [
            &["up"][..],
            &["up", "--output", "json"],
            &["render"],
            &["renew", "whoami"],
            &["doctor", "--notify"],
        ] {
            let mut command = hands.homelab(words);
            let output = output_within(command.arg("--config").arg(&config), LIMIT)?;
            texts.push((words.join(" "), format!("{}{}", output.stdout, output.stderr)));
        }
        texts.push(("the POST".to_owned(), taken(server, &posted)?));
        search(&texts, &[&token, OLD, NEW])?;
        let up = texts.iter().find(|(place, _)| place == "up").map_or("", |(_, text)| text.as_str());
        expect(up.contains("umask 077; cat >"), format!("{number}: it is not said what to do: {up}"))?;
        expect(up.contains("***"), format!("{number}: nothing was blanked: {up}"))?;
    }
    println!("      {} configurations", written.len());
    Ok(())
}
