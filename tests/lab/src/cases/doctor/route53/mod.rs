//! What goes wrong at Route 53: with the key, with its rights, with the zone. Each is undone in the console, as the doctor's words tell a
//! person to do it.

mod key;
mod organisations;
mod rights;
mod zone;

pub(in crate::cases) use key::INJURIES as KEY;
pub(in crate::cases) use organisations::{each_is_named, no_more_zones};
pub(in crate::cases) use rights::INJURIES as RIGHTS;
pub(in crate::cases) use zone::INJURIES as ZONE;

use serde_json::{Value, json};

use super::Ask;
use crate::cases::hands::{Hands, expect};
use crate::command::output_within;
use crate::error::{Result, bail};
use crate::files;
use crate::name_server::route53;
use crate::paths::repository;

/// How long a command of the docs may take.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(400);
const ACTIVE: Ask = Ask { flags: &["--active"], ..Ask::NODE };
/// The programs that have the key, as their requests tell them apart.
const EXTERNAL_DNS: &str = "external-dns";
const CERT_MANAGER: &str = "cert-manager";

fn console(hands: &Hands, what: &Value) -> Result<()> {
    route53::by_hand(&hands.run, what).map(drop)
}

/// Breaks something for these programs.
fn fault(hands: &Hands, name: &str, programs: &[&str]) -> Result<()> {
    console(hands, &json!({ "do": "fault", "name": name, "on": programs }))
}

/// Breaks something for all, or mends it.
fn fault_for_all(hands: &Hands, name: &str, on: bool) -> Result<()> {
    console(hands, &json!({ "do": "fault", "name": name, "on": on }))
}

/// Gives the user the policy of the docs, after these changes.
fn policy(hands: &Hands, changes: &[(&str, &str)]) -> Result<()> {
    let mut text = route53::policy()?;
    for (from, to) in changes {
        if !text.contains(from) {
            bail!("`{from}` is not in the policy");
        }
        text = text.replace(from, to);
    }
    console(hands, &json!({ "do": "policy", "text": text }))
}

/// Every command of docs/route53.md ends well, with the key that the page tells people to make.
pub(in crate::cases) fn each_command_of_the_docs(hands: &Hands) -> Result<()> {
    let text = files::read_text(&repository().join("docs/route53.md"))?;
    let commands = commands(&text);
    expect(commands.len() > 2, format!("{commands:?}"))?;
    for command in commands {
        let mut shell = hands.node.command("bash");
        shell.args(["-c", command]).env("HOME", hands.run.path("home"));
        let output = output_within(shell.env("HOMELAB_CONFIG", hands.run.homelab_config()), LIMIT)?;
        println!("      $ {command}");
        expect(output.status.success(), format!("{command}:\n{}{}", output.stdout, output.stderr))?;
    }
    Ok(())
}

/// The lines of the blocks that are for a shell.
fn commands(text: &str) -> Vec<&str> {
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.flat_map(str::lines).filter(|line| !line.trim().is_empty()).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_blocks_for_a_shell_are_commands() {
        let text = "a\n```sh\nhomelab up\n\nhomelab doctor # all\n```\nb\n```yaml\ndomain: x\n```\n";
        assert_eq!(super::commands(text), ["homelab up", "homelab doctor # all"]);
    }
}
