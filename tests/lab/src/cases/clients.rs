//! Programs that nobody here wrote, at the emulator.

use std::process::Command;
use std::time::Duration;

use serde_json::json;

use super::hands::{Hands, ZONE, expect};
use crate::command::{output_within, run_within};
use crate::error::Result;
use crate::network::CLOUDFLARE_API;
use crate::paths::{Cache, sources};

/// The newest that the emulator was proven with.
const CLIENT: &str = "cloudflare==5.9.0";
const LIMIT: Duration = Duration::from_secs(300);

/// The official Cloudflare client lists, creates, updates and deletes records, and knows the emulator's errors.
pub(super) fn official(hands: &Hands) -> Result<()> {
    let folder = Cache::find()?.folder().join("python");
    let python = folder.join("bin/python");
    if !folder.join("bin/python").exists() {
        run_within(Command::new("python3").args(["-m", "venv"]).arg(&folder), LIMIT)?;
    }
    run_within(
        Command::new(&python).args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            CLIENT,
        ]),
        LIMIT,
    )?;
    let token = "official-0123456789abcdefghijklmnopqrstuvwxyz";
    let rights = json!({ "permissions": ["zone:read", "dns:edit", "tunnel:edit"], "zones": [ZONE] });
    hands.control("PUT", &format!("/tokens/{token}"), Some(&rights))?;
    let mut command = hands.world.command(&python);
    command.arg(sources().join("world/clients/official.py")).env("CLOUDFLARE_API_TOKEN", token);
    command.env("CLOUDFLARE_BASE_URL", "https://api.cloudflare.com/client/v4").env("LAB_ZONE", ZONE);
    command.env("LAB_CONTROL", format!("http://{CLOUDFLARE_API}:8080"));
    let output = output_within(&mut command, LIMIT);
    hands.control("DELETE", &format!("/tokens/{token}"), None)?;
    let output = output?;
    expect(output.status.success(), format!("{}\n{}", output.stdout, output.stderr))?;
    println!("      {}", output.stdout.trim());
    expect(output.stdout.contains("operations agreed"), &output.stdout)
}
