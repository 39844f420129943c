//! Text of strangers moves no cursor, turns no other text, and is one word of the shell.

use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use super::leaks::everything;
use crate::cases::doctor::{Ask, is_well};
use crate::cases::hands::{DOMAIN, Hands, eventually, expect};
use crate::command::output_within;
use crate::error::{Context, Result, bail};

const LIMIT: Duration = Duration::from_secs(120);
const NAMESPACE: &str = "escapes";
/// Clears a screen in both forms, sets a title, turns text round, hides between letters, goes on in a new line, and is
/// Markdown, HTML and a command.
const EVIL: &str = "evil\u{1b}[2J\u{9b}2J\u{1b}]0;x\u{7}\u{202e}dlrow\u{2066}\u{200b}\u{feff}\r\n# [x](http://evil.test) <img src=x> `$(id)`; id";

/// Whether a character of an answer is one that a terminal obeys or nobody sees.
fn is_bad(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn is_clean(texts: &[(String, String)]) -> Result<()> {
    for (place, text) in texts {
        if let Some(c) = text.chars().find(|c| is_bad(*c)) {
            bail!("U+{:04X} is in {place}:\n{text:?}", u32::from(c));
        }
        // As JSON writes what is below U+0020.
        if let Some(escape) = ["\\u001b", "\\u009b", "\\u202e", "\\u0007"].iter().find(|e| text.contains(**e))
        {
            bail!("`{escape}` is in {place}");
        }
    }
    Ok(())
}

fn objects() -> Value {
    let host = format!("evil.{DOMAIN}");
    let backend = json!({ "service": { "name": "evil", "port": { "number": 80 } } });
    let path = json!({ "path": "/", "pathType": "Prefix", "backend": backend });
    let issuer = json!({ "name": "evil", "kind": "Evil", "group": "evil.test" });
    let meta = json!({ "namespace": NAMESPACE, "name": "evil" });
    json!({ "apiVersion": "v1", "kind": "List", "items": [
        { "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } },
        { "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta, "spec": { "ingressClassName": "nginx",
            "tls": [{ "hosts": [host], "secretName": "evil-tls" }], "rules": [{ "host": host, "http": { "paths": [path] } }] } },
        { "apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": meta,
            "spec": { "dnsNames": [host], "secretName": "evil-tls", "issuerRef": issuer } },
    ] })
}

/// Fails every open request of the Certificate, as an issuer does that is a stranger's. Gives how many there were.
fn refuse(hands: &Hands) -> Result<usize> {
    let list = hands.get(&["certificaterequests", "-n", NAMESPACE])?;
    let now = hands.node.run("date", &["-u", "+%Y-%m-%dT%H:%M:%SZ"])?.trim().to_owned();
    let mut refused = 0;
    for request in list["items"].as_array().into_iter().flatten() {
        if !request["status"]["failureTime"].is_null() {
            continue;
        }
        let condition = json!({ "type": "Ready", "status": "False", "reason": "Failed", "message": EVIL, "lastTransitionTime": now });
        let patch = json!({ "status": { "failureTime": now, "conditions": [condition] } }).to_string();
        let name = request["metadata"]["name"].as_str().unwrap_or_default();
        let words = [
            "-n",
            NAMESPACE,
            "patch",
            "certificaterequest",
            name,
            "--subresource=status",
            "--type=merge",
            "-p",
            &patch,
        ];
        hands.kubectl(&words)?;
        refused += 1;
    }
    Ok(refused)
}

/// The Certificate's own condition has the text.
fn is_said(hands: &Hands) -> Result<std::result::Result<(), String>> {
    let certificate = hands.get(&["certificate", "-n", NAMESPACE, "evil"])?;
    let text = certificate["status"].to_string();
    Ok(if text.contains("dlrow") { Ok(()) } else { Err(text) })
}

pub(super) fn in_a_condition(hands: &Hands) -> Result<()> {
    is_well(hands)?;
    hands.kubectl_apply("escapes.json", &objects().to_string())?;
    let looked = (|| {
        eventually("a request of the Certificate", 60, || {
            Ok(if refuse(hands)? > 0 { Ok(()) } else { Err("none".to_owned()) })
        })?;
        eventually("the Certificate to say what the request says", 60, || is_said(hands))?;
        let mut texts = everything(hands, &hands.run.homelab_config())?;
        for format in ["text", "json"] {
            texts.push((format!("renew, {format}"), renew(hands, format)?));
        }
        let tells = |texts: &[(String, String)], name: &str| {
            texts.iter().any(|(place, text)| place.starts_with(name) && text.contains("dlrow"))
        };
        for name in ["renew, text", "renew, json", "bundle"] {
            expect(tells(&texts, name), format!("{name} says nothing of it: {texts:?}"))?;
        }
        let anywhere =
            ["status", "text", "json"].into_iter().filter(|name| tells(&texts, name)).collect::<Vec<_>>();
        println!("      also told by: {}", anywhere.join(", "));
        let short = texts.iter().find(|(place, _)| place == "short").map_or("", |(_, text)| text.as_str());
        for line in short.lines().filter(|line| line.contains("evil.test")) {
            let outside: String = line.split('`').step_by(2).collect();
            expect(!outside.contains("evil"), format!("Markdown reads it: {line}"))?;
        }
        is_clean(&texts)?;
        println!("      {} texts", texts.len());
        Ok(())
    })();
    hands.kubectl(&["delete", "-f", &hands.run.path("escapes.json").display().to_string()])?;
    eventually("the record of the Ingress to go", 120, || {
        let left = hands.records_of("A", &format!("evil.{DOMAIN}"))?.len();
        Ok(if left == 0 { Ok(()) } else { Err(format!("{left} records")) })
    })?;
    looked.and_then(|()| is_well(hands))
}

/// What `renew` says of a certificate whose issuer refuses it in these words.
fn renew(hands: &Hands, format: &str) -> Result<String> {
    let said = hands.run.path("renew.said");
    let file = fs::File::create(&said).context("a file")?;
    let mut command = hands.homelab(&[
        "renew",
        &format!("{NAMESPACE}/evil"),
        "--timeout",
        "60",
        "--output",
        format,
        "--config",
    ]);
    command.arg(hands.run.homelab_config()).stdin(Stdio::null());
    command.stdout(file.try_clone().context("a file")?).stderr(file);
    let mut child = command.spawn().context("homelab renew")?;
    let mut looks = 0;
    while child.try_wait().context("homelab renew")?.is_none() {
        looks += 1;
        expect(looks < 200, "`homelab renew` does not end")?;
        sleep(Duration::from_millis(400));
        refuse(hands)?;
    }
    fs::read_to_string(&said).context("what `homelab renew` said")
}

/// What a shell takes as words and no more is left out: what stands between single quotes.
fn unquoted(command: &str) -> String {
    command.replace("'\\''", "").split('\'').step_by(2).collect()
}

pub(super) fn in_records_and_annotations(hands: &Hands) -> Result<()> {
    is_well(hands)?;
    let host = format!("evil.{DOMAIN}");
    let evil = "a\"b'c;$(id)`id`\u{202e}\n# x";
    let backend = json!({ "service": { "name": "evil", "port": { "number": 80 } } });
    let path = json!({ "path": "/", "pathType": "Prefix", "backend": backend });
    let annotations = json!({ "external-dns.kubernetes.io/target": "a\"b'c;$(id)`id`", "external-dns.kubernetes.io/alias": evil });
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": [
        { "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } },
        { "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": { "namespace": NAMESPACE, "name": "evil", "annotations": annotations },
            "spec": { "ingressClassName": "nginx", "rules": [{ "host": host, "http": { "paths": [path] } }] } },
    ] });
    let owner =
        format!("\"heritage=external-dns,external-dns/owner={evil},external-dns/resource=ingress/a/{evil}\"");
    let records = [
        json!({ "type": "A", "name": host, "content": "192.0.2.9", "ttl": 300 }),
        json!({ "type": "TXT", "name": format!("a-homelab.{host}"), "content": owner, "ttl": 300 }),
        json!({ "type": "TXT", "name": host, "content": evil, "ttl": 300 }),
        json!({ "type": "CAA", "name": host, "content": "0 issue \"a'c;$(id)`id`\"", "ttl": 300 }),
        json!({ "type": "NS", "name": format!("sub.{host}"), "content": "ns$(id).evil.test", "ttl": 300 }),
    ];
    let made: Vec<Result<Value>> = records.iter().map(|record| hands.add_record(record)).collect();
    hands.kubectl_apply("evil.json", &list.to_string())?;
    let looked = (|| {
        let kinds: Vec<&str> = records
            .iter()
            .zip(&made)
            .filter(|(_, made)| made.is_ok())
            .filter_map(|(r, _)| r["type"].as_str())
            .collect();
        println!("      records that the lab's Cloudflare takes: {}", kinds.join(", "));
        expect(kinds.contains(&"TXT") && kinds.contains(&"CAA"), format!("{made:?}"))?;
        let mut commands = Vec::new();
        eventually("the doctor to tell of the annotation", 60, || {
            let answer = Ask::NODE.run(hands)?;
            commands = answer.failures().iter().flat_map(|check| pasted(check)).collect();
            let told = commands.iter().any(|command| command.contains("$(id)"));
            Ok(if told { Ok(()) } else { Err(answer.lines()) })
        })?;
        for command in &commands {
            let bare = unquoted(command);
            let evil = ["$(id)", "`id`", "\u{202e}", "\n"].iter().any(|part| bare.contains(part));
            expect(!evil, format!("not quoted: {command}"))?;
        }
        for command in commands.iter().filter(|command| command.contains("$(id)")) {
            println!("      $ {command}");
            let mut shell = hands.node.command("bash");
            let output = output_within(shell.args(["-c", command]), LIMIT)?;
            let said = format!("{}{}", output.stdout, output.stderr);
            expect(!said.contains("uid="), format!("it ran `id`: {command}\n{said}"))?;
        }
        is_clean(&everything(hands, &hands.run.homelab_config())?)
    })();
    hands.kubectl(&["delete", "-f", &hands.run.path("evil.json").display().to_string()])?;
    let ours = |record: &Value| record["name"].as_str().is_some_and(|name| name.contains("evil"));
    eventually("the records to go", 120, || {
        hands
            .records()?
            .iter()
            .filter(|record| ours(record))
            .try_for_each(|record| hands.remove_record(record))?;
        sleep(Duration::from_secs(2));
        let left = hands.records()?.iter().filter(|record| ours(record)).count();
        Ok(if left == 0 { Ok(()) } else { Err(format!("{left} records")) })
    })?;
    looked.and_then(|()| is_well(hands))
}

/// Every command of a finding.
fn pasted(check: &Value) -> Vec<String> {
    let listed = |key: &str| check["fix"][key].as_array().cloned().unwrap_or_default();
    let all = listed("commands").into_iter().chain(listed("look"));
    all.filter_map(|command| command.as_str().map(str::to_owned)).collect()
}
