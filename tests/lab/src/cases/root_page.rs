//! The page that offers the root of the lab's own authority, as a phone sees it that trusts nothing yet.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::hands::{Hands, WHOAMI, eventually, expect};
use super::local::answer;
use crate::command::output;
use crate::error::{Context, Result};

const PAGE: &str = "ca.home.example.test";
const ROOT: &str = "homelab-ca-root";
/// Its pod, for `kubectl exec`.
const DEPLOYMENT: &str = "deployment/root-page";

/// What the page says, and the certificate that it offers as a file.
struct Seen {
    text: String,
    file: PathBuf,
}

/// One look by the page's name, as a browser: a redirect would be an answer of its own, and is none that is wanted.
fn look(hands: &Hands) -> Result<Seen> {
    let url = format!("http://{PAGE}/");
    let said = hands.client.run("curl", &["-sS", "--include", "--max-time", "10", &url])?;
    let (head, text) = said.split_once("\r\n\r\n").context("the head of the page's answer")?;
    expect(
        head.starts_with("HTTP/1.1 200") && head.to_lowercase().contains("content-type: text/html"),
        head,
    )?;
    let file = hands.run.path("page-root.crt");
    let (path, url) = (file.display().to_string(), format!("{url}root.crt"));
    let words = ["-sS", "--fail", "--max-time", "10", "-w", "%{content_type}", "-o", &path, &url];
    let kind = hands.client.run("curl", &words)?;
    expect(kind.trim() == "application/x-x509-ca-cert", format!("the certificate came as {kind}"))?;
    Ok(Seen { text: text.to_owned(), file })
}

/// `AA:BB:…`, as openssl shows it.
fn fingerprint(hands: &Hands, file: &str) -> Result<String> {
    let said = hands.node.run("openssl", &["x509", "-in", file, "-noout", "-fingerprint", "-sha256"])?;
    said.trim().rsplit_once('=').map(|(_, print)| print.to_owned()).context("openssl's fingerprint")
}

/// The same of the root that cert-manager keeps.
fn of_secret(hands: &Hands) -> Result<String> {
    let path = "jsonpath={.data.tls\\.crt}";
    let text = hands.kubectl(&["-n", "cert-manager", "get", "secret", ROOT, "-o", path])?;
    let file = hands.run.path("secret-root.crt").display().to_string();
    hands.node.run("bash", &["-c", &format!("base64 -d > {file} <<< '{text}'")])?;
    fingerprint(hands, &file)
}

fn ca(hands: &Hands) -> Result<Value> {
    serde_json::from_str(&hands.homelab_well(&["ca", "--output", "json"])?).context("its JSON")
}

pub(super) fn offers_the_root(hands: &Hands) -> Result<()> {
    let said = ca(hands)?;
    expect(said["page"] == format!("http://{PAGE}/"), format!("{}", said["page"]))?;
    // In a pipe: the address, and no code.
    let told = hands.homelab_well(&["ca"])?;
    expect(told.contains(&format!("http://{PAGE}/")) && !told.contains('█'), &told)?;

    let kept = of_secret(hands)?;
    let hex = kept.replace(':', "").to_lowercase();
    expect(said["root"]["sha256"] == hex.as_str(), format!("{} is not {hex}", said["root"]["sha256"]))?;
    let seen = look(hands)?;
    expect(seen.text.contains(&kept) && told.contains(&kept), format!("not {kept}:\n{}", seen.text))?;
    let file = seen.file.display().to_string();
    expect(fingerprint(hands, &file)? == kept, "the page offers another certificate")?;
    answer(hands, &file, WHOAMI)?.or_else(|why| crate::error::bail!("{WHOAMI}: {why}"))?;

    nobody_gets_the_key(hands)?;
    let status = {
        let mut command = hands.homelab(&["status", "--output", "json"]);
        output(command.arg("--config").arg(hands.run.homelab_config()))?.stdout
    };
    let status: Value = serde_json::from_str(&status).context("the JSON of `homelab status`")?;
    let names = status["names"].as_array().cloned().unwrap_or_default();
    let line = names.iter().map(|name| &name["name"]).find(|line| line["host"] == PAGE);
    let line = line.context("`homelab status` does not have the page")?;
    let is_well = line["state"] == "ok" && line["url"] == format!("http://{PAGE}");
    expect(is_well && line["not_after"].is_null(), line)
}

/// By what the pod asks for, and by what is in it.
fn nobody_gets_the_key(hands: &Hands) -> Result<()> {
    let pods = hands.get(&["pods", "-n", "cert-manager", "-l", "app.kubernetes.io/name=root-page"])?;
    for pod in pods["items"].as_array().into_iter().flatten() {
        let volumes = pod["spec"]["volumes"].as_array().into_iter().flatten();
        let secrets: Vec<&Value> = volumes.filter_map(|volume| volume.get("secret")).collect();
        expect(secrets.len() == 1, format!("{secrets:?}"))?;
        let only = json!([{ "key": "tls.crt", "path": "tls.crt" }]);
        expect(secrets[0]["items"] == only, format!("{secrets:?}"))?;
    }
    let sh = |script: &str| {
        hands.kubectl(&["-n", "cert-manager", "exec", DEPLOYMENT, "--", "/bin/sh", "-c", script])
    };
    let files = sh("echo /run/root/* /run/root/..data/*")?;
    expect(files.trim() == "/run/root/tls.crt /run/root/..data/tls.crt", format!("in the pod: {files}"))?;
    let text = sh("awk 1 /run/root/..data/*")?;
    expect(text.contains("BEGIN CERTIFICATE") && !text.contains("PRIVATE"), "a key is in the pod")?;
    let token = sh("if [ -e /var/run/secrets/kubernetes.io ]; then echo yes; else echo no; fi")?;
    expect(token.trim() == "no", "an account's token is in the pod")
}

pub(super) fn follows_a_renewal(hands: &Hands) -> Result<()> {
    let before = of_secret(hands)?;
    hands.homelab_well(&["renew", &format!("cert-manager/{ROOT}")])?;
    let after = of_secret(hands)?;
    expect(before != after, "the root was not renewed")?;
    let took = eventually("the page to show the renewed root", 180, || {
        let seen = look(hands)?;
        let is_new = seen.text.contains(&after) && !seen.text.contains(&before);
        let offered = fingerprint(hands, &seen.file.display().to_string())?;
        Ok(if is_new && offered == after { Ok(()) } else { Err(format!("it offers {offered}")) })
    })?;
    println!("      on the page {took:.1} s after it was renewed");
    // With the same key: who trusts the old one is not told again, and no service has to be.
    let file = look(hands)?.file.display().to_string();
    answer(hands, &file, WHOAMI)?.or_else(|why| crate::error::bail!("{WHOAMI}: {why}"))?;
    // Other cases write the root into that file, and homelab overwrites none that has something else in it.
    let kept = hands.run.path("homelab-root.crt");
    match kept.exists() {
        true => fs::remove_file(&kept).context(kept.display()),
        false => Ok(()),
    }
}
