//! The token is in its file and in Kubernetes Secrets, and nowhere else.

use std::process::Stdio;
use std::time::Duration;

use super::hands::{Hands, expect};
use crate::command::output_within;
use crate::error::{Context, Result, bail};

/// Looks for it in everything that a run prints, logs or shows in the process table, well and badly ended.
pub(super) fn token_appears_nowhere(hands: &Hands) -> Result<()> {
    let token = hands.token()?;
    expect(token.len() >= 40, "the token is too short to be looked for")?;
    let config = hands.run.homelab_config();
    let mut texts = Vec::new();
    for flags in [&["--output", "json"][..], &[]] {
        let mut command = hands.homelab(&["up", "--config"]);
        command.arg(&config).args(flags).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("starting homelab")?;
        while child.try_wait().context("homelab")?.is_none() {
            texts.push(("the process table".to_owned(), process_table()));
            std::thread::sleep(Duration::from_millis(20));
        }
        let output = child.wait_with_output().context("homelab")?;
        texts.push(("stdout".to_owned(), String::from_utf8_lossy(&output.stdout).into_owned()));
        texts.push(("stderr".to_owned(), String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let mut render = hands.homelab(&["render", "--config"]);
    let rendered = output_within(render.arg(&config), Duration::from_secs(60))?;
    texts.push(("render".to_owned(), rendered.stdout + &rendered.stderr));
    texts.push(("the doctor's bundle".to_owned(), bundle(hands)?));
    for kind in [
        "deployments",
        "daemonsets",
        "pods",
        "configmaps",
        "ingresses",
        "events",
        "clusterissuers",
        "certificates",
    ] {
        texts.push((
            kind.to_owned(),
            hands.kubectl(&["get", kind, "-A", "-o", "yaml", "--show-managed-fields"])?,
        ));
    }
    for (namespace, workload) in
        [("external-dns", "deployment/external-dns"), ("cert-manager", "deployment/cert-manager")]
    {
        texts.push((workload.to_owned(), hands.kubectl(&["logs", "-n", namespace, workload, "--tail=-1"])?));
    }
    texts.push((
        "the audit log".to_owned(),
        std::fs::read_to_string(hands.run.audit()).context("the audit log")?,
    ));
    let encoded = base64_of(&token);
    for (place, text) in &texts {
        if text.contains(&token) || text.contains(&encoded) {
            bail!("the token appears in {place}");
        }
    }
    // The search itself must be able to find it.
    let secret =
        hands.kubectl(&["get", "secret", "-n", "external-dns", "homelab-dns-provider", "-o", "yaml"])?;
    expect(secret.contains(&encoded), "the search does not find the token where it is")?;
    println!("      {} texts searched", texts.len());
    Ok(())
}

/// Everything that the doctor saw, as it is given away with a bug report; not empty, and without the address of the account.
fn bundle(hands: &Hands) -> Result<String> {
    let folder = tempfile::tempdir().context("a folder")?;
    let path = folder.path().join("bundle.json");
    let mut doctor = hands.homelab(&["doctor", "--quiet", "--bundle"]);
    let output = output_within(
        doctor.arg(&path).arg("--config").arg(hands.run.homelab_config()),
        Duration::from_secs(60),
    )?;
    let text = std::fs::read_to_string(&path).context(format_args!("the bundle\n{}", output.stderr))?;
    expect(text.contains("\"ingress-nginx-controller"), "the bundle has no objects")?;
    let config = hands.config()?;
    let email = config.lines().find_map(|line| line.strip_prefix("email: ")).unwrap_or_default().trim();
    expect(email.contains('@') && !text.contains(email), format!("`{email}` is in the bundle"))?;
    Ok(text)
}

fn process_table() -> String {
    let Ok(entries) = std::fs::read_dir("/proc") else { return String::new() };
    let mut text = String::new();
    for entry in
        entries.flatten().filter(|e| e.file_name().to_string_lossy().chars().all(|c| c.is_ascii_digit()))
    {
        let bytes = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        text.push_str(&String::from_utf8_lossy(&bytes));
        text.push('\n');
    }
    text
}

/// Base64 of ASCII text whose length is a multiple of three is found whole wherever it stands; of others, its whole
/// groups of three are.
fn base64_of(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for group in text.as_bytes().chunks_exact(3) {
        let bits = group.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        for shift in [18, 12, 6, 0] {
            encoded.push(char::from(DIGITS[bits >> shift & 63]));
        }
    }
    encoded
}
