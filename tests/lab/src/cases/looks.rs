//! What people read, as it stands on their terminal or in a pipe.

use std::time::Duration;

use super::hands::{Hands, expect};
use crate::command::output_within;
use crate::error::Result;
use crate::terminal::{self, Row};

const LIMIT: Duration = Duration::from_secs(240);
const WIDTHS: [u16; 2] = [80, 40];
/// The colour of what is to be pasted: such a line is never wrapped, so that it can be copied whole.
const CYAN: &str = "\x1b[38;5;6m";
/// At 80 and at 40 columns no line is broken but a command or a word that is longer than the line; a pipe gets no escape
/// codes.
pub(super) fn widths(hands: &Hands) -> Result<()> {
    let own = hands.run.homelab_config().display().to_string();
    let more = "timeouts: { apply: 20s, verify: 20s }\nservices:\n  films: { service: homelab/whoami, port: 80 }\n  nowhere: { service: homelab/nothing, port: 80 }\n";
    let changed = hands.config_with("with-nowhere.yaml", more)?.display().to_string();
    look(hands, &["--help"], &[0])?;
    let help = hands.node.run("homelab", &["--help"])?;
    let verbs: Vec<&str> = verbs(&help).collect();
    expect(verbs.len() > 10, format!("not all verbs: {verbs:?}"))?;
    for verb in verbs {
        look(hands, &[verb, "--help"], &[0])?;
    }
    look(hands, &["--config", &own, "up"], &[0])?;
    for verb in ["status", "doctor"] {
        look(hands, &["--config", &own, verb], &[0])?;
        look(hands, &["--config", &own, "--verbose", verb], &[0])?;
        look(hands, &["--config", &changed, verb], &[1])?;
    }
    look(hands, &["--config", &changed, "diff"], &[0])?;
    look(hands, &["--config", &changed, "up"], &[1, 3])?;
    look(hands, &["--config", "/nowhere/homelab.yaml", "up"], &[2])?;
    look(hands, &["doctor", "--explain", "dns.rebind"], &[0])?;
    hands.restore()
}

/// The verbs that the help lists.
fn verbs(help: &str) -> impl Iterator<Item = &str> {
    let listed =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let first =
        listed.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    first.filter(|verb| *verb != "help")
}

fn look(hands: &Hands, words: &[&str], codes: &[i32]) -> Result<()> {
    let said = words.join(" ");
    let home = format!("HOME={}", hands.run.path("home").display());
    let command = [&["env", home.as_str(), "homelab"], words].concat();
    for columns in WIDTHS {
        let seen = terminal::run(&hands.node, &command, columns, LIMIT)?;
        let text = || seen.rows.iter().map(|row| format!("{}\n", row.text)).collect::<String>();
        let as_meant = seen.code.is_some_and(|code| codes.contains(&code));
        expect(as_meant, format!("`{said}` ended with {:?}:\n{}", seen.code, text()))?;
        let broken = broken(&seen.rows, columns);
        expect(broken.is_empty(), format!("`{said}` at {columns}:\n{}\nof\n{}", broken.join("\n"), text()))?;
        if hands.show {
            println!("--- {said}, {columns} columns\n{}", text());
        }
    }
    let piped = output_within(&mut hands.homelab(words), LIMIT)?;
    let escaped = [&piped.stdout, &piped.stderr].into_iter().any(|text| text.contains('\x1b'));
    expect(!escaped, format!("escape codes in a pipe: `{said}`\n{:?}\n{:?}", piped.stdout, piped.stderr))
}

/// The lines that the terminal had to break, but for those that may be.
fn broken(rows: &[Row], columns: u16) -> Vec<String> {
    let mut found = Vec::new();
    let mut rows = rows.iter();
    while let Some(first) = rows.next() {
        let (mut line, mut last) = (first.text.clone(), first);
        while last.broken {
            let Some(next) = rows.next() else { break };
            line.push_str(&next.text);
            last = next;
        }
        let indent = line.len() - line.trim_start().len();
        let longest = line.split_whitespace().map(|word| word.chars().count()).max().unwrap_or(0);
        // clap leaves the line of the usage as it is, like a command.
        let is_command = first.styled.contains(CYAN) || line.starts_with("Usage: ");
        if first.broken && !is_command && indent + longest <= usize::from(columns) {
            found.push(line);
        }
    }
    found
}
