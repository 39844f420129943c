//! The systemd unit of the NixOS module, as far as it can be had without systemd: its command, its credentials folder, an
//! unprivileged user without capabilities.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use super::hands::{Hands, expect};
use crate::command::output_within;
use crate::error::{Context, Result};

const LIMIT: Duration = Duration::from_secs(300);
/// Nobody: what `DynamicUser=` comes closest to.
const USER: &str = "65534";

/// `homelab up` and `homelab doctor` with everything they need from `$CREDENTIALS_DIRECTORY`, a cache and a state folder of
/// their own.
pub(super) fn works_unprivileged(hands: &Hands) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("homelab-unit-").tempdir().context("a folder")?;
    let credentials = folder.path().join("credentials");
    let (cache, state) = (folder.path().join("cache"), folder.path().join("state"));
    for made in [&credentials, &cache, &state] {
        fs::create_dir(made).context(made.display())?;
    }
    fs::copy(hands.run.programs().join("homelab"), folder.path().join("homelab"))
        .context("copying homelab")?;
    fs::copy(hands.run.trust(), folder.path().join("trust.pem")).context("copying the lab's roots")?;
    fs::write(credentials.join("dns-token"), hands.token()?).context("the token")?;
    let kubeconfig = hands.kubectl(&["config", "view", "--raw", "--flatten"])?;
    fs::write(credentials.join("kubeconfig"), kubeconfig).context("the kubeconfig")?;
    let lines = hands.config()?;
    let lines = lines
        .lines()
        .map(|line| if line.starts_with("dns:") { "dns: { provider: cloudflare }" } else { line });
    fs::write(folder.path().join("homelab.yaml"), lines.collect::<Vec<_>>().join("\n"))
        .context("the configuration")?;
    hands.node.run("chown", &["-R", &format!("{USER}:{USER}"), &folder.path().display().to_string()])?;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).context("a folder")?;
    let output = output_within(command(hands, folder.path(), &credentials, &cache).arg("up"), LIMIT)?;
    expect(output.status.success(), format!("{}\n{}{}", output.status, output.stdout, output.stderr))?;
    let kept = cache.join("cert-manager-v1.21.2.yaml");
    expect(kept.exists(), format!("{} is not there", kept.display()))?;
    let reading = folder.path().join("reading");
    fs::create_dir(&reading).context("a folder")?;
    hands.node.run("chown", &[&format!("{USER}:{USER}"), &reading.display().to_string()])?;
    let file = reading.join("kubeconfig");
    let mut access = command(hands, folder.path(), &credentials, &cache);
    let output = output_within(access.args(["--quiet", "kubeconfig", "--file"]).arg(&file), LIMIT)?;
    expect(output.status.success(), format!("{}\n{}{}", output.status, output.stdout, output.stderr))?;
    // From here on, as the doctor's unit: not the administrator's.
    fs::rename(&file, credentials.join("kubeconfig")).context("the doctor's kubeconfig")?;
    doctor_keeps_its_report(command(hands, folder.path(), &credentials, &cache), &state.join("doctor.json"))
}

/// The flags of the unit on the schedule, but for the minute of patience.
fn doctor_keeps_its_report(mut command: std::process::Command, report: &Path) -> Result<()> {
    command.args(["--quiet", "doctor", "--notify", "--report"]).arg(report);
    let output = output_within(&mut command, LIMIT)?;
    expect(output.status.success(), format!("{}\n{}{}", output.status, output.stdout, output.stderr))?;
    expect(output.stdout.contains("checks: "), "the text is not in the journal")?;
    let mode = fs::metadata(report).context(report.display())?.permissions().mode() & 0o777;
    expect(mode == 0o600, format!("the report can be read by others: {mode:o}"))?;
    let kept: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(report).context(report.display())?).context("the report")?;
    expect(
        kept["counts"]["pass"].as_u64() > Some(10),
        format!("the report has too little: {}", kept["counts"]),
    )
}

fn command(hands: &Hands, folder: &Path, credentials: &Path, cache: &Path) -> std::process::Command {
    let mut command = hands.node.command("setpriv");
    command.arg(format!("--reuid={USER}")).arg(format!("--regid={USER}"));
    command.args(["--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "env", "-i"]);
    command.arg(format!("CREDENTIALS_DIRECTORY={}", credentials.display()));
    command.arg(format!("CACHE_DIRECTORY={}", cache.display()));
    command.arg(format!("SSL_CERT_FILE={}", folder.join("trust.pem").display()));
    command.arg(folder.join("homelab")).arg("--config").arg(folder.join("homelab.yaml"));
    command.arg("--kubeconfig").arg(credentials.join("kubeconfig"));
    command
}
