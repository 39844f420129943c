//! Certificates of no service: they are there before the program that shows them on its own port, and go with their entries.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::hands::{Hands, eventually, expect};
use crate::command::run;
use crate::error::{Context, Result};
use crate::image::reference;

/// A namespace that nobody has made.
const SPACE: &str = "ledger";
/// Inside the cluster, by the lab's own authority.
const INSIDE: &str = "wildcard-ledger-svc-cluster-local-tls";
/// Below the domain, by the ACME server.
const OUTSIDE: &str = "ledger-home-tls";
/// The program's name in the first and in the second certificate, each with its port.
const SHOWN: [(&str, &str, u16); 2] =
    [(INSIDE, "db.ledger.svc.cluster.local", 8443), (OUTSIDE, "db.ledger.home.example.test", 8444)];
/// How long a pod may take to be ready or to be gone (seconds).
const LIMIT: u64 = 90;

pub(super) fn before_their_program(hands: &Hands) -> Result<()> {
    expect(!is_there(hands, &["namespace", SPACE])?, "the namespace is there already")?;
    let entries = format!(
        "extraCertificates:\n  - {{ namespace: {SPACE}, names: [\"*.ledger.svc.cluster.local\"], issuer: ca }}\n  \
         - {{ namespace: {SPACE}, names: [\"*.ledger.home.example.test\"], secret: {OUTSIDE} }}\n"
    );
    let config = hands.config_with("extra.yaml", &entries)?;
    hands.up_well(&config, &[])?;
    told(hands, &config)?;
    // A second run has nothing to do.
    let again = hands.up_well(&config, &[])?;
    expect(!again.stderr.contains("written"), format!("{}{}", again.stdout, again.stderr))?;

    program(hands)?;
    let root = hands.run.path("extra-root.crt");
    let _ = fs::remove_file(&root);
    let mut command = hands.homelab(&["ca", "--write"]);
    run(command.arg(&root).arg("--config").arg(&config))?;
    let address =
        hands.kubectl(&["-n", SPACE, "get", "service", "db", "-o", "jsonpath={.spec.clusterIP}"])?;
    for ((_, name, port), root) in SHOWN.into_iter().zip([root.clone(), hands.run.trust()]) {
        let place = format!("{address}:{port}");
        eventually("the program shows its certificate", LIMIT, || {
            let seen = handshake(hands, &place, name, &root)?;
            Ok(if is_trusted(&seen) { Ok(()) } else { Err(seen) })
        })?;
    }
    // Each root is good for its own alone, and the wildcard stands for one label.
    for (root, name, port) in [
        (hands.run.trust(), SHOWN[0].1, 8443),
        (root.clone(), SHOWN[1].1, 8444),
        (root, "a.b.ledger.svc.cluster.local", 8443),
    ] {
        let seen = handshake(hands, &format!("{address}:{port}"), name, &root)?;
        expect(!is_trusted(&seen), format!("{name}: {seen}"))?;
    }
    gone_with_their_entries(hands)
}

/// `status` has a line for each, and `diff` nothing.
fn told(hands: &Hands, config: &Path) -> Result<()> {
    let json = |words: &[&str]| -> Result<Value> {
        let text = run(hands.homelab(words).args(["--output", "json", "--config"]).arg(config))?;
        serde_json::from_str(&text).context("its JSON")
    };
    let status = json(&["status"])?;
    let all = status["certificates"].as_array().cloned().unwrap_or_default();
    let mut names: Vec<&str> = all.iter().filter_map(|one| one["secret"].as_str()).collect();
    names.sort_unstable();
    let wanted = SHOWN.map(|(secret, ..)| format!("{SPACE}/{secret}"));
    expect(
        names.len() == 2 && wanted.iter().all(|one| names.contains(&one.as_str())),
        format!("{status:#}"),
    )?;
    expect(all.iter().all(|one| one["state"] == "ok" && one["days_left"].is_i64()), format!("{status:#}"))?;
    let diff = json(&["diff"])?;
    expect(diff["written"] == json!([]) && diff["removed"] == json!([]), format!("{diff:#}"))
}

/// Entries that are gone take Certificate and Secret with them, and their namespace when nothing of others is in it.
fn gone_with_their_entries(hands: &Hands) -> Result<()> {
    hands.restore()?;
    for (secret, ..) in SHOWN {
        for kind in ["certificate", "secret"] {
            let left = is_there(hands, &["-n", SPACE, kind, secret])?;
            expect(!left, format!("{kind} {SPACE}/{secret} is still there"))?;
        }
    }
    expect(is_there(hands, &["-n", SPACE, "deployment", "db"])?, "what others had in the namespace is gone")?;
    hands.kubectl(&["-n", SPACE, "delete", "deployment,service,configmap", "--all", "--ignore-not-found"])?;
    eventually("the program's pods are gone", LIMIT, || {
        let pods = hands.kubectl(&["-n", SPACE, "get", "pods", "-o", "name"])?;
        Ok(if pods.trim().is_empty() { Ok(()) } else { Err(pods) })
    })?;
    hands.restore()?;
    eventually("the namespace is gone", LIMIT, || {
        Ok(if is_there(hands, &["namespace", SPACE])? { Err("still there".to_owned()) } else { Ok(()) })
    })?;
    // Whoever made a namespace keeps it.
    hands.kubectl(&["create", "namespace", SPACE])?;
    let entry = format!(
        "extraCertificates: [{{ namespace: {SPACE}, names: [db.ledger.svc.cluster.local], issuer: ca }}]\n"
    );
    hands.up_well(&hands.config_with("extra.yaml", &entry)?, &[])?;
    hands.restore()?;
    expect(is_there(hands, &["namespace", SPACE])?, "a namespace that somebody else made is gone")?;
    hands.kubectl(&["delete", "namespace", SPACE])?;
    // `up` keeps the root of an authority that nobody asks any more.
    hands
        .kubectl(&["-n", "cert-manager", "delete", "secret", "homelab-ca-root", "--ignore-not-found"])
        .map(drop)
}

fn is_there(hands: &Hands, words: &[&str]) -> Result<bool> {
    let words = [&["get", "--ignore-not-found", "-o", "name"][..], words].concat();
    hands.kubectl(&words).map(|found| !found.trim().is_empty())
}

/// What OpenSSL says of the certificate that a program shows for a name, to who trusts `root` alone.
fn handshake(hands: &Hands, place: &str, name: &str, root: &Path) -> Result<String> {
    let script = format!(
        "openssl s_client -connect {place} -servername {name} -verify_hostname {name} -verify_return_error \
         -no-CApath -no-CAstore -CAfile {} </dev/null 2>&1",
        root.display()
    );
    let seen = hands.node.output("bash", &["-c", &script])?;
    Ok(format!("{}{}", seen.stdout, seen.stderr))
}

/// Whether the chain and the name were found good. Of a handshake that it ends for that, OpenSSL says "0 (ok)" as well.
fn is_trusted(seen: &str) -> bool {
    seen.contains("Verify return code: 0 (ok)") && !seen.contains("verify error:")
}

/// A program that ends TLS itself, with both Secrets: nginx in the place of a database.
fn program(hands: &Hands) -> Result<()> {
    let server = |(secret, _, port): (&str, &str, u16)| {
        format!(
            "server {{ listen {port} ssl; ssl_certificate /tls/{secret}/tls.crt; ssl_certificate_key /tls/{secret}/tls.key; \
             location / {{ return 200; }} }}\n"
        )
    };
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path /tmp/{name};"))
        .join(" ");
    let settings = format!(
        "pid /tmp/nginx.pid;\nevents {{}}\nhttp {{\naccess_log off; {temporary}\n{}}}\n",
        SHOWN.map(server).concat()
    );
    let volume =
        |(secret, ..): (&str, &str, u16)| json!({ "name": secret, "secret": { "secretName": secret } });
    let mount =
        |(secret, ..): (&str, &str, u16)| json!({ "name": secret, "mountPath": format!("/tls/{secret}") });
    let mut volumes = SHOWN.map(volume).to_vec();
    volumes.extend([
        json!({ "name": "settings", "configMap": { "name": "db" } }),
        json!({ "name": "tmp", "emptyDir": {} }),
    ]);
    let mut mounts = SHOWN.map(mount).to_vec();
    mounts.extend([
        json!({ "name": "settings", "mountPath": "/settings" }),
        json!({ "name": "tmp", "mountPath": "/tmp" }),
    ]);
    let metadata = json!({ "namespace": SPACE, "name": "db", "labels": { "app": "db" } });
    let pod = json!({ "containers": [{ "name": "db", "image": reference("startPage"), "volumeMounts": mounts,
        "command": ["/usr/sbin/nginx", "-e", "stderr", "-c", "/settings/nginx.conf", "-g", "daemon off;"] }], "volumes": volumes });
    let ports = SHOWN.map(|(_, _, port)| json!({ "name": format!("tls-{port}"), "port": port }));
    let all = json!({ "apiVersion": "v1", "kind": "List", "items": [
        { "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": { "nginx.conf": settings } },
        { "apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": { "selector": { "app": "db" }, "ports": ports } },
        { "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {
            "selector": { "matchLabels": { "app": "db" } },
            "template": { "metadata": { "labels": { "app": "db" } }, "spec": pod } } },
    ] });
    hands.kubectl_apply("extra-program.json", &all.to_string())?;
    hands
        .kubectl(&["-n", SPACE, "rollout", "status", "deployment/db", &format!("--timeout={LIMIT}s")])
        .map(drop)
}
