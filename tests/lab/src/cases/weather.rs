//! Bad input and bad weather: each ends with its exit code, the cause and a hint, and `up` finishes afterwards.

use std::time::Duration;

use serde_json::json;

use super::hands::{Hands, ZONE, expect};
use crate::command::{Output, output_within, run};
use crate::error::{Context, Result};

const LIMIT: Duration = Duration::from_secs(240);

/// An error unless the run ended with `code` and said all of `parts` on stderr, with a hint.
fn ended(output: &Output, code: i32, parts: &[&str]) -> Result<()> {
    let said = format!("{}\n{}", output.stdout, output.stderr);
    expect(
        output.status.code() == Some(code),
        format!("ended with {} instead of {code}:\n{said}", output.status),
    )?;
    for part in parts.iter().chain(&["hint:"]) {
        expect(output.stderr.contains(part), format!("`{part}` is not in:\n{said}"))?;
    }
    Ok(())
}

/// A run with another kubeconfig.
fn up_as(hands: &Hands, name: &str, change: impl Fn(String) -> String) -> Result<Output> {
    let admin = std::fs::read_to_string(hands.run.kubeconfig("admin")).context("the kubeconfig")?;
    let path = hands.config_file(name, &change(admin))?;
    let mut command = hands.homelab(&["up", "--kubeconfig"]);
    command.arg(path).arg("--config").arg(hands.run.homelab_config());
    output_within(&mut command, LIMIT)
}

pub(super) fn no_cluster(hands: &Hands) -> Result<()> {
    let output = up_as(hands, "nowhere.kubeconfig", |text| text.replace(":6443", ":6444"))?;
    ended(&output, 3, &["cannot reach the API server", "6444", "refused"])
}

pub(super) fn another_cluster(hands: &Hands) -> Result<()> {
    let foreign = std::fs::read(hands.run.trust()).context("the lab's roots")?;
    let path = hands.run.path("foreign-ca.pem");
    std::fs::write(&path, foreign).context("writing a CA")?;
    let output = up_as(hands, "foreign.kubeconfig", |text| {
        let lines = text.lines().map(|line| match line.find("certificate-authority") {
            Some(at) => format!("{}certificate-authority: {}", &line[..at], path.display()),
            None => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\n")
    })?;
    ended(&output, 3, &["cannot reach the API server", "belongs to another cluster"])
}

pub(super) fn no_permission(hands: &Hands) -> Result<()> {
    let made = hands.node.output("kubectl", &["create", "serviceaccount", "onlooker", "-n", "default"])?;
    expect(made.status.success() || made.stderr.contains("AlreadyExists"), made.stderr)?;
    let token = hands.kubectl(&["create", "token", "onlooker", "-n", "default"])?;
    let admin = std::fs::read_to_string(hands.run.kubeconfig("admin")).context("the kubeconfig")?;
    let path = hands.config_file("onlooker.kubeconfig", &admin)?.display().to_string();
    hands.kubectl(&[
        "config",
        "set-credentials",
        "onlooker",
        "--kubeconfig",
        &path,
        "--token",
        token.trim(),
    ])?;
    hands.kubectl(&["config", "set-context", "--current", "--kubeconfig", &path, "--user", "onlooker"])?;
    let mut command = hands.homelab(&["up", "--kubeconfig", &path, "--config"]);
    let output = output_within(command.arg(hands.run.homelab_config()), LIMIT)?;
    ended(&output, 3, &["may not `list`", "forbidden"])
}

pub(super) fn image_cannot_be_pulled(hands: &Hands) -> Result<()> {
    let text = hands.config()?.replace("whoami: docker.io", "whoami: nowhere.example.test");
    let output = hands.up_with(&hands.config_file("no-image.yaml", &text)?, &[])?;
    ended(&output, 1, &["a pod cannot run", "cannot be pulled", "nowhere.example.test", "`images:`"])?;
    hands.restore()
}

pub(super) fn port_is_taken(hands: &Hands) -> Result<()> {
    hands.kubectl(&["-n", "ingress-nginx", "delete", "daemonset/ingress-nginx-controller", "--wait=true"])?;
    hands.kubectl(&["-n", "ingress-nginx", "wait", "--for=delete", "pod", "--all", "--timeout=60s"])?;
    let image = image_of(hands, "whoami")?;
    let pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "squatter", "namespace": "default" },
        "spec": { "containers": [{ "name": "web", "image": image, "args": ["--port=8080"],
            "ports": [{ "containerPort": 8080, "hostPort": 80 }] }] } });
    hands.kubectl_apply("squatter.json", &pod.to_string())?;
    hands.kubectl(&["wait", "--for=condition=Ready", "pod/squatter", "--timeout=60s"])?;
    let output = hands.up()?;
    hands.kubectl(&["delete", "pod/squatter", "--wait=true", "--grace-period=1"])?;
    ended(&output, 1, &["free ports", "port 80 of the node is held by pod default/squatter"])?;
    hands.restore()
}

/// The reference of an image that the lab's configuration names.
pub(super) fn image_of(hands: &Hands, name: &str) -> Result<String> {
    let config = hands.config()?;
    let line = config.split(['\n', ',', '{']).find_map(|part| part.trim().strip_prefix(&format!("{name}: ")));
    Ok(line.unwrap_or_default().trim_matches(['"', ' ', '}']).to_owned())
}

pub(super) fn token_was_revoked(hands: &Hands) -> Result<()> {
    let token = hands.token()?;
    hands.control("DELETE", &format!("/tokens/{token}"), None)?;
    let mark = hands.audit_mark()?;
    let output = hands.up()?;
    let rights = json!({ "permissions": ["zone:read", "dns:edit"], "zones": [ZONE] });
    hands.control("PUT", &format!("/tokens/{token}"), Some(&rights))?;
    ended(&output, 2, &["does not know the API token", "revoked"])?;
    expect(
        hands.audited(mark)?.iter().all(|request| !request.is_write()),
        "something was written all the same",
    )?;
    hands.restore()
}

/// A token of its own for each fault, so that the lab's stays good.
fn up_with_token(hands: &Hands, name: &str, rights: &serde_json::Value) -> Result<Output> {
    let value = format!("{name}-{}", "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGH");
    hands.control("PUT", &format!("/tokens/{value}"), Some(rights))?;
    let path = hands.config_file(&format!("token-{name}"), &value)?;
    let own = hands.run.token().display().to_string();
    let config = hands.config()?.replace(&own, &path.display().to_string());
    let output = hands.up_with(&hands.config_file(&format!("{name}.yaml"), &config)?, &[])?;
    hands.control("DELETE", &format!("/tokens/{value}"), None)?;
    expect(!output.stderr.contains(&value) && !output.stdout.contains(&value), "the token was printed")?;
    Ok(output)
}

pub(super) fn token_lacks_something(hands: &Hands) -> Result<()> {
    let mark = hands.audit_mark()?;
    let no_edit = json!({ "permissions": ["zone:read", "dns:read"], "zones": [ZONE] });
    ended(&up_with_token(hands, "no-edit", &no_edit)?, 2, &["lacks the permission Zone → DNS → Edit"])?;
    let no_read = json!({ "permissions": ["dns:edit"], "zones": [ZONE] });
    ended(&up_with_token(hands, "no-read", &no_read)?, 2, &["Zone → Zone → Read"])?;
    let elsewhere = json!({ "permissions": ["zone:read", "dns:edit"], "zones": ["other.test"] });
    ended(&up_with_token(hands, "elsewhere", &elsewhere)?, 2, &["sees no zone named"])?;
    let expired = json!({ "permissions": ["zone:read", "dns:edit"], "zones": [ZONE], "status": "expired" });
    ended(&up_with_token(hands, "expired", &expired)?, 2, &["expired"])?;
    expect(
        hands.audited(mark)?.iter().all(|request| !request.is_write()),
        "something was written all the same",
    )
}

pub(super) fn provider_is_busy_or_broken(hands: &Hands) -> Result<()> {
    for (status, part) in [(429, "rate limit"), (500, "HTTP 500")] {
        let fault = json!({ "target": "api", "status": status, "retry_after": 300 });
        hands.control("POST", "/faults", Some(&fault))?;
        let output = hands.up();
        hands.control("DELETE", "/faults", None)?;
        ended(&output?, 3, &["cannot check the API token at Cloudflare", part])?;
    }
    hands.restore()
}

pub(super) fn challenge_never_appears(hands: &Hands) -> Result<()> {
    let fault =
        json!({ "target": "dns", "mode": "nxdomain", "name": "_acme-challenge.slow.home.example.test" });
    hands.control("POST", "/faults", Some(&fault))?;
    let more = "timeouts: { apply: 25s }\nservices:\n  slow: { service: homelab/whoami, port: 80 }\n";
    let output = hands.config_with("slow.yaml", more).and_then(|config| hands.up_with(&config, &[]));
    hands.control("DELETE", "/faults", None)?;
    ended(&output?, 3, &["not everything became ready in time", "Certificate homelab/slow-tls"])?;
    hands.restore()
}

/// Another host: cert-manager takes an account that is registered at the same one as it is.
pub(super) fn acme_refuses(hands: &Hands) -> Result<()> {
    let text = hands.config()?.replace("acme.lab.test/dir", "github.com/no-acme-here");
    let config = hands.config_file("no-acme.yaml", &format!("{text}timeouts: {{ apply: 20s }}\n"))?;
    let output = hands.up_with(&config, &[])?;
    ended(&output, 3, &["not everything became ready in time", "ClusterIssuer acme", "404"])?;
    hands.restore()
}

pub(super) fn a_name_never_resolves(hands: &Hands) -> Result<()> {
    let fault = json!({ "target": "dns", "mode": "nxdomain", "name": super::hands::WHOAMI });
    hands.control("POST", "/faults", Some(&fault))?;
    let output =
        hands.config_with("short.yaml", "timeouts: { verify: 10s }\n").and_then(|c| hands.up_with(&c, &[]));
    hands.control("DELETE", "/faults", None)?;
    let output = output?;
    expect(
        output.status.code() == Some(1),
        format!("{}\n{}{}", output.status, output.stdout, output.stderr),
    )?;
    expect(output.stdout.contains("dns.authoritative") && output.stdout.contains("fix:"), &output.stdout)?;
    hands.restore()
}

pub(super) fn another_manager_owns_a_field(hands: &Hands) -> Result<()> {
    let map = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "ingress-nginx-controller", "namespace": "ingress-nginx" },
        "data": { "allow-snippet-annotations": "true" } });
    let path = hands.config_file("theirs.json", &map.to_string())?.display().to_string();
    hands.kubectl(&[
        "apply",
        "--server-side",
        "--field-manager=somebody",
        "--force-conflicts",
        "-f",
        &path,
    ])?;
    let output = hands.up()?;
    hands.kubectl(&["-n", "ingress-nginx", "delete", "configmap/ingress-nginx-controller"])?;
    ended(&output, 1, &["other field managers own", "somebody", "allow-snippet-annotations"])?;
    hands.restore()
}

pub(super) fn definitions_of_another_version(hands: &Hands) -> Result<()> {
    let name = "clusterissuers.cert-manager.io";
    let live = hands.get(&["customresourcedefinition", name])?;
    let patch = |short: &serde_json::Value, hash: &serde_json::Value| {
        let annotations = json!({ "homelab/hash": hash });
        let patch = json!({ "metadata": { "annotations": annotations }, "spec": { "names": { "shortNames": short } } });
        let words = ["patch", "customresourcedefinition", name, "--type=merge", "--field-manager=helm", "-p"];
        hands.kubectl(&[&words[..], &[&patch.to_string()]].concat())
    };
    patch(&json!(["theirs"]), &json!("older"))?;
    let output = hands.up();
    patch(&live["spec"]["names"]["shortNames"], &live["metadata"]["annotations"]["homelab/hash"])?;
    ended(&output?, 1, &["other field managers own", "helm", "certManager.manage: false"])?;
    hands.restore()
}

pub(super) fn interrupted(hands: &Hands) -> Result<()> {
    let config = hands.run.homelab_config().display().to_string();
    hands.kubectl(&["delete", "ingress", "-n", "homelab", "whoami"])?;
    let script = "homelab up --config \"$1\" & sleep 0.4; kill -INT $!; wait $!";
    let mut command = hands.node.command("bash");
    // A background job of a shell without job control ignores SIGINT, unless the shell is interactive.
    let output = output_within(command.args(["-c", &format!("set -m; {script}"), "bash", &config]), LIMIT)?;
    ended(&output, 130, &["interrupted", " up` to continue"])?;
    hands.restore()
}

pub(super) fn the_disk_of_the_cache_is_full(hands: &Hands) -> Result<()> {
    let folder = hands.run.path("small-disk");
    std::fs::create_dir_all(&folder).context("a folder")?;
    let script =
        "mount -t tmpfs -o size=256k tmpfs \"$1\" && XDG_CACHE_HOME=\"$1\" exec homelab up --config \"$2\"";
    let mut command = hands.node.command("unshare");
    command.args(["--mount", "bash", "-c", script, "bash"]).arg(&folder).arg(hands.run.homelab_config());
    let output = output_within(&mut command, LIMIT)?;
    ended(&output, 3, &["cannot download cert-manager's manifest", "no space is left"])?;
    run(std::process::Command::new("rmdir").arg(&folder)).map(drop)
}
