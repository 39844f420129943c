//! What is a stranger's stays, and what was there before is taken only when asked for.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cases::hands::{DOMAIN, Hands, WHOAMI, ZONE, eventually, expect};
use crate::command::{Output, output_within};
use crate::error::Result;
use crate::network::CLOUDFLARE_API;

/// The labels that people copy.
fn labels() -> Value {
    json!({ "app.kubernetes.io/managed-by": "homelab", "app.kubernetes.io/instance": DOMAIN })
}

fn uid(hands: &Hands, namespace: &str, what: &str) -> Result<String> {
    hands.kubectl(&["get", "-n", namespace, what, "-o", "jsonpath={.metadata.uid}"])
}

/// An error unless the run ended with `code` and said all of `parts` on stderr.
pub(super) fn ended(output: &Output, code: i32, parts: &[&str]) -> Result<()> {
    let said = format!("{}\n{}", output.stdout, output.stderr);
    expect(output.status.code() == Some(code), format!("{} instead of {code}:\n{said}", output.status))?;
    // Long lines are wrapped.
    let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
    parts.iter().try_for_each(|part| expect(flat.contains(part), format!("`{part}` is not in:\n{said}")))
}

fn nothing_written(hands: &Hands, mark: u64) -> Result<()> {
    let writes: Vec<String> =
        hands.audited(mark)?.iter().filter(|request| request.is_write()).map(ToString::to_string).collect();
    expect(writes.is_empty(), format!("written all the same: {writes:?}"))
}

/// A Secret and a Certificate with the lab's labels, which somebody else made.
pub(super) fn labels_alone(hands: &Hands) -> Result<()> {
    let secret = json!({ "apiVersion": "v1", "kind": "Secret", "stringData": { "password": "x" },
        "metadata": { "name": "db2", "namespace": "default", "labels": labels() } });
    let certificate = json!({ "apiVersion": "cert-manager.io/v1", "kind": "Certificate",
        "metadata": { "name": "own", "namespace": "default", "labels": labels() },
        "spec": { "secretName": "own", "dnsNames": ["own.example.test"], "issuerRef": { "name": "nobody", "kind": "Issuer" } } });
    hands.kubectl_apply("db2.json", &secret.to_string())?;
    hands.kubectl_apply("own.json", &certificate.to_string())?;
    let before = [uid(hands, "default", "secret/db2")?, uid(hands, "default", "certificate/own")?];
    hands.restore()?;
    hands.restore()?;
    let after = [uid(hands, "default", "secret/db2")?, uid(hands, "default", "certificate/own")?];
    hands.kubectl(&["delete", "-n", "default", "certificate/own", "secret/db2"])?;
    expect(before == after, format!("made again: {before:?}, {after:?}"))
}

pub(super) fn scratch_label(hands: &Hands) -> Result<()> {
    let ingress = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": { "name": "theirs", "namespace": "default", "labels": { "homelab/scratch": "true" } },
        "spec": { "ingressClassName": "nothing", "rules": [{ "host": "theirs.example.test" }] } });
    hands.kubectl_apply("theirs-ingress.json", &ingress.to_string())?;
    let before = uid(hands, "default", "ingress/theirs")?;
    let config = hands.run.homelab_config();
    let mut doctor = hands.homelab(&["doctor", "--active", "--check", "ingress", "--verbose", "--config"]);
    let output = output_within(doctor.arg(config), Duration::from_secs(60))?;
    let after = uid(hands, "default", "ingress/theirs")?;
    let left = hands.kubectl(&["get", "ingress", "-A", "-l", "homelab/scratch=true", "-o", "name"])?;
    hands.kubectl(&["delete", "-n", "default", "ingress/theirs"])?;
    expect(before == after, "the stranger's Ingress was deleted")?;
    expect(left.lines().count() == 1, format!("the doctor's own was left:\n{left}"))?;
    expect(output.stdout.contains("serves a new Ingress"), &output.stdout)
}

pub(super) fn another_lab(hands: &Hands) -> Result<()> {
    let text = hands.config()?.replace("provider: cloudflare,", "provider: cloudflare, owner: another,");
    let config = hands.config_file("another-lab.yaml", &text)?;
    let mark = hands.audit_mark()?;
    let output = hands.up_with(&config, &[])?;
    ended(
        &output,
        2,
        &[&format!("`dns.owner: {DOMAIN}`"), "homelab can be installed only once in a cluster", "hint:"],
    )?;
    ended(&hands.up_with(&config, &["--adopt"])?, 2, &["homelab can be installed only once in a cluster"])?;
    nothing_written(hands, mark)
}

/// whoami's Ingress, copied with labels and annotations, for another host: whoever did that loses nothing.
pub(super) fn copied_ingress(hands: &Hands) -> Result<()> {
    let ours = hands.get(&["ingress", "-n", "homelab", "whoami"])?;
    let text =
        ours["spec"].to_string().replace(WHOAMI, "mine.home.example.test").replace("whoami-tls", "mine-tls");
    let spec: Value = serde_json::from_str(&text).unwrap_or_default();
    let metadata = json!({ "name": "mine", "namespace": "homelab", "labels": ours["metadata"]["labels"],
        "annotations": ours["metadata"]["annotations"] });
    let copy = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec });
    hands.kubectl_apply("mine.json", &copy.to_string())?;
    hands.kubectl(&["wait", "-n", "homelab", "--for=create", "certificate/mine-tls", "--timeout=30s"])?;
    hands.kubectl(&[
        "wait",
        "-n",
        "homelab",
        "--for=condition=Ready",
        "certificate/mine-tls",
        "--timeout=180s",
    ])?;
    let labelled = hands.kubectl(&[
        "get",
        "-n",
        "homelab",
        "certificate,secret",
        "-o",
        "name",
        "-l",
        "app.kubernetes.io/managed-by=homelab",
    ])?;
    expect(
        labelled.matches("mine-tls").count() == 2,
        format!("the labels did not spread, so nothing is shown:\n{labelled}"),
    )?;
    let look =
        || Ok([uid(hands, "homelab", "certificate/mine-tls")?, uid(hands, "homelab", "secret/mine-tls")?]);
    let before = look()?;
    let lost = (0..3).try_for_each(|_| {
        hands.restore()?;
        let after = look()?;
        expect(before == after, format!("made again: {before:?}, {after:?}"))
    });
    hands.kubectl(&["delete", "-n", "homelab", "ingress/mine"])?;
    hands.kubectl(&["wait", "-n", "homelab", "--for=delete", "certificate/mine-tls", "--timeout=30s"])?;
    hands.kubectl(&["delete", "-n", "homelab", "secret/mine-tls", "--ignore-not-found"])?;
    lost
}

/// A Service and a TLS Secret that somebody has where a new service would lie.
pub(super) fn adopted(hands: &Hands) -> Result<()> {
    let service = json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "old", "namespace": "homelab" },
        "spec": { "ports": [{ "name": "web", "port": 8081, "targetPort": 9 }] } });
    let secret = json!({ "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": { "name": "old-tls", "namespace": "homelab" }, "stringData": { "tls.crt": "mine", "tls.key": "mine" } });
    hands.kubectl_apply("old-service.json", &service.to_string())?;
    hands.kubectl_apply("old-secret.json", &secret.to_string())?;
    let all = || Ok([uid(hands, "homelab", "service/old")?, uid(hands, "homelab", "secret/old-tls")?]);
    let before = all()?;
    let more = format!("services:\n  old: {{ url: \"http://{CLOUDFLARE_API}:8081\" }}\n");
    let config = hands.config_with("with-old.yaml", &more)?;
    let mark = hands.audit_mark()?;
    let named = ["`Service homelab/old`", "`Secret homelab/old-tls`", "up --adopt` once", "another name"];
    ended(&hands.up_with(&config, &[])?, 2, &named)?;
    nothing_written(hands, mark)?;

    let output = hands.up_well(&config, &["--adopt", "--no-verify"])?;
    ended(&output, 0, &["takes over `Service homelab/old`, `Secret homelab/old-tls`"])?;
    let notes = || {
        hands.kubectl(&[
            "get",
            "-n",
            "homelab",
            "service/old",
            "secret/old-tls",
            "-o",
            "jsonpath={.items[*].metadata.annotations.homelab/adopted}",
        ])
    };
    expect(notes()? == "true true", "no note of the adoption")?;
    let mark = hands.audit_mark()?;
    hands.up_well(&config, &["--no-verify"])?;
    nothing_written(hands, mark)?;

    let output = hands.up_well(&hands.run.homelab_config(), &[])?;
    ended(
        &output,
        0,
        &["not deleted, because it was adopted: `Secret homelab/old-tls`, `Service homelab/old`"],
    )?;
    let after = all()?;
    let gone = hands.kubectl(&["get", "-n", "homelab", "ingress,certificate", "-o", "name"])?;
    hands.kubectl(&["delete", "-n", "homelab", "service/old", "secret/old-tls"])?;
    expect(before == after, format!("made again: {before:?}, {after:?}"))?;
    expect(!gone.contains("old"), format!("what homelab itself made stayed:\n{gone}"))
}

/// Makes 1000 records of another owner with one run of curl.
fn make_records_of_others(hands: &Hands) -> Result<()> {
    let text = "\"heritage=external-dns,external-dns/owner=other,external-dns/resource=ingress/a/b\"";
    let of = |n: u32| {
        let host = format!("other{n}.home.example.test");
        [
            json!({ "zone": ZONE, "type": "A", "name": host, "content": "192.0.2.7", "ttl": 300 }),
            json!({ "zone": ZONE, "type": "TXT", "name": format!("a-homelab.{host}"), "content": text, "ttl": 300 }),
        ]
    };
    // A string of a configuration file of curl is written as one of JSON.
    let one = |record: Value| {
        format!(
            "url = \"http://{CLOUDFLARE_API}:8080/records\"\nheader = \"content-type: application/json\"\n\
             data = {}\nsilent\nfail-with-body\n",
            Value::from(record.to_string())
        )
    };
    let all: Vec<String> = (0..500).flat_map(of).map(one).collect();
    let path = hands.config_file("records-of-others.curl", &all.join("next\n"))?;
    hands.world.run("curl", &["--config", &path.display().to_string()]).map(drop)
}

/// Whatever comes and goes, the records of others are byte for byte what they were.
pub(super) fn records_of_others(hands: &Hands) -> Result<()> {
    let others = || -> Result<Vec<Value>> {
        let mut found = hands.records()?;
        found.retain(|record| record["name"].as_str().is_some_and(|name| name.contains("other")));
        Ok(found)
    };
    others()?.iter().try_for_each(|left| hands.remove_record(left))?;
    make_records_of_others(hands)?;
    let before = others()?;
    expect(before.len() == 1000, format!("{} records were made", before.len()))?;
    let more = "services:\n  brief: { service: homelab/whoami, port: 80 }\n";
    hands.up_well(&hands.config_with("with-brief.yaml", more)?, &[])?;
    hands.restore()?;
    eventually("the records of the removed service to go", 90, || {
        let mut left = hands.records()?;
        left.retain(|record| record["name"].as_str().is_some_and(|name| name.contains("brief")));
        Ok(if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) })
    })?;
    let after = others()?;
    for record in &after {
        hands.remove_record(record)?;
    }
    expect(before == after, "a record of others has changed")
}

/// `homelab up` in another cluster.
pub(super) fn up_in(hands: &Hands, kubeconfig: &Path, config: &Path, flags: &[&str]) -> Result<Output> {
    let mut command = hands.homelab(&["up", "--kubeconfig"]);
    command.arg(kubeconfig).arg("--config").arg(config).args(flags);
    output_within(&mut command, Duration::from_secs(120))
}
