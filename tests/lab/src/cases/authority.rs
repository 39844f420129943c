//! A certificate authority of the lab's own: one service is signed by it, clients that trust its root take it, and a thief of its
//! key forges no name outside the lab's domain.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::backup::well;
use super::down;
use super::hands::{Hands, expect};
use crate::command::{output, run};
use crate::error::{Context, Result};
use crate::network::CLOUDFLARE_API;

/// The name of the service.
const OWN: &str = "own.home.example.test";
/// Its Secrets in cert-manager's namespace.
const ROOT: &str = "homelab-ca-root";
const INTERMEDIATE: &str = "homelab-ca";

/// The lab with one service that its own authority signs.
fn up(hands: &Hands) -> Result<PathBuf> {
    let service = format!("services:\n  own: {{ url: \"http://{CLOUDFLARE_API}:8080\", issuer: ca }}\n");
    let config = hands.config_with("own-ca.yaml", &service)?;
    hands.up_well(&config, &[])?;
    Ok(config)
}

/// `homelab ca`, with its JSON.
fn root(hands: &Hands, config: &Path, flags: &[&str]) -> Result<Value> {
    let mut command = hands.homelab(&[&["ca", "--output", "json"], flags].concat());
    let text = run(command.arg("--config").arg(config))?;
    serde_json::from_str(&text).context("its JSON")
}

/// The lab as it was: `up` keeps the root of an authority that nobody asks any more.
fn forget(hands: &Hands) -> Result<()> {
    hands.restore()?;
    let kept = hands.kubectl(&["-n", "cert-manager", "get", "secret", ROOT, "-o", "name"])?;
    expect(kept.trim() == format!("secret/{ROOT}"), format!("the root was not kept: {kept}"))?;
    hands.kubectl(&["-n", "cert-manager", "delete", "secret", ROOT]).map(drop)
}

/// One service at the lab's own authority, the others at the ACME server.
pub(super) fn signs_for_one_service(hands: &Hands) -> Result<()> {
    let config = up(hands)?;
    let file = hands.run.path("own-root.crt");
    let _ = fs::remove_file(&file);
    let path = file.display().to_string();
    let said = {
        let mut command = hands.homelab(&["ca", "--write", &path]);
        run(command.arg("--config").arg(&config))?
    };
    let step = format!("sudo cp {path} /usr/local/share/ca-certificates/homelab-root.crt");
    expect(said.contains(&step) && said.contains("SHA-256"), &said)?;
    let printed = hands.node.run("openssl", &["x509", "-in", &path, "-noout", "-fingerprint", "-sha256"])?;
    let printed = printed.trim().rsplit('=').next().unwrap_or_default().to_owned();
    expect(said.contains(&printed), format!("not {printed}:\n{said}"))?;

    let url = format!("https://{OWN}/healthz");
    let trusting =
        hands.client.run("curl", &["-sS", "--fail", "--max-time", "10", "--cacert", &path, &url])?;
    expect(trusting.trim() == "ok", format!("it said {trusting:?}"))?;
    let others = hands.client.output("curl", &["-sS", "--max-time", "10", &url])?;
    // curl, "Exit codes": 60, the peer's certificate cannot be authenticated.
    expect(
        others.status.code() == Some(60),
        format!("who does not trust it: {}{}", others.stdout, others.stderr),
    )?;
    expect(hands.browse(super::hands::WHOAMI)?.0 == "200", "whoami is not at the ACME server any more")?;

    // On this machine nobody has added the root yet, which the doctor says and nothing else.
    let report = {
        let mut command = hands.homelab(&["doctor", "--output", "json"]);
        output(command.arg("--config").arg(&config))?
    };
    let report: Value = serde_json::from_str(&report.stdout).context("the doctor's JSON")?;
    let checks = report["checks"].as_array().cloned().unwrap_or_default();
    let failed: Vec<&str> = checks
        .iter()
        .filter(|check| check["outcome"] == "fail" && check["severity"] != "info")
        .filter_map(|check| check["id"].as_str())
        .collect();
    expect(failed == ["tls.authority-trusted"], format!("{failed:?}"))?;
    a_thief_forges_nothing(hands, &path)?;
    forget(hands)
}

/// With the intermediate's own key: a certificate for a name of the lab is taken, one for any other is not.
fn a_thief_forges_nothing(hands: &Hands, root: &str) -> Result<()> {
    let folder = hands.run.path("thief");
    fs::create_dir_all(&folder).context(folder.display())?;
    let at = folder.display();
    for (key, file) in [("tls\\.crt", "ca.crt"), ("tls\\.key", "ca.key")] {
        let path = format!("jsonpath={{.data.{key}}}");
        let text = hands.kubectl(&["-n", "cert-manager", "get", "secret", INTERMEDIATE, "-o", &path])?;
        hands.node.run("bash", &["-c", &format!("base64 -d > {at}/{file} <<< '{text}'")])?;
    }
    let forge = |name: &str| {
        let script = format!(
            "cd {at} && printf 'subjectAltName={name}\\nextendedKeyUsage=serverAuth\\n' > ext \
             && openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout leaf.key -subj /O=thief -out leaf.csr 2>/dev/null \
             && openssl x509 -req -in leaf.csr -CA ca.crt -CAkey ca.key -set_serial 1 -days 30 -extfile ext -out leaf.crt 2>/dev/null \
             && openssl verify -purpose sslserver -CAfile {root} -untrusted ca.crt leaf.crt"
        );
        hands.node.output("bash", &["-c", &script])
    };
    let inside = forge("DNS:films.home.example.test")?;
    expect(inside.status.success(), format!("{}{}", inside.stdout, inside.stderr))?;
    for (name, why) in [
        ("DNS:bank.example.org", "permitted subtree violation"),
        ("DNS:example.test", "permitted subtree violation"),
        ("IP:10.99.0.1", "excluded subtree violation"),
    ] {
        let outside = forge(name)?;
        let said = format!("{}{}", outside.stdout, outside.stderr);
        expect(!outside.status.success() && said.contains(why), format!("{name}: {said}"))?;
    }
    fs::remove_dir_all(&folder).context(folder.display())
}

/// A lab from nothing gets the same root from a backup, so that no machine has to be told again.
pub(super) fn outlives_the_lab(hands: &Hands) -> Result<()> {
    let config = up(hands)?;
    let folder = hands.run.path("backup-with-ca");
    if folder.exists() {
        fs::remove_dir_all(&folder).context(folder.display())?;
    }
    let before = root(hands, &config, &[])?["root"]["sha256"].clone();
    let saved = well(hands, "backup", &folder, &[])?;
    let held = saved["secrets"].as_array().into_iter().flatten();
    let parts = held.filter(|one| one["holds"] == "certificate-authority").count();
    expect(parts == 2, format!("{saved:#}"))?;
    down::purged(hands)?;
    let mut restore = hands.homelab(&["restore"]);
    restore.arg(&folder).arg("--passphrase-file").arg(hands.run.path("backup-passphrase"));
    run(restore.arg("--config").arg(&config))?;
    hands.up_well(&config, &[])?;
    let after = root(hands, &config, &[])?["root"]["sha256"].clone();
    expect(before == after, format!("the root was {before}, and is {after}"))?;
    forget(hands)
}
