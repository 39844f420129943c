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

/// `homelab up` with everything it needs from `$CREDENTIALS_DIRECTORY` and a cache of its own.
pub(super) fn works_unprivileged(hands: &Hands) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("homelab-unit-").tempdir().context("a folder")?;
    let credentials = folder.path().join("credentials");
    let cache = folder.path().join("cache");
    for made in [&credentials, &cache] {
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
    let output = output_within(&mut command(hands, folder.path(), &credentials, &cache), LIMIT)?;
    expect(output.status.success(), format!("{}\n{}{}", output.status, output.stdout, output.stderr))?;
    let kept = cache.join("cert-manager-v1.21.2.yaml");
    expect(kept.exists(), format!("{} is not there", kept.display()))
}

fn command(hands: &Hands, folder: &Path, credentials: &Path, cache: &Path) -> std::process::Command {
    let mut command = hands.node.command("setpriv");
    command.arg(format!("--reuid={USER}")).arg(format!("--regid={USER}"));
    command.args(["--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "env", "-i"]);
    command.arg(format!("CREDENTIALS_DIRECTORY={}", credentials.display()));
    command.arg(format!("CACHE_DIRECTORY={}", cache.display()));
    command.arg(format!("SSL_CERT_FILE={}", folder.join("trust.pem").display()));
    command.arg(folder.join("homelab")).arg("up").arg("--config").arg(folder.join("homelab.yaml"));
    command.arg("--kubeconfig").arg(credentials.join("kubeconfig"));
    command
}
