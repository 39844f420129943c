//! From nothing to names and back, as somebody new lives it: the package on a clean Debian, `init`, `up`, three services,
//! one that breaks, its cure, and the end of it all.

use std::time::Duration;

use super::down::{nothing_is_left, only_certificates_are_left, zone_is_as_before};
use super::hands::{DOMAIN, Hands, WHOAMI, eventually, expect};
use super::house::House;
use crate::error::{Context, Result};
use crate::files;
use crate::image::FOR_HOMELAB;
use crate::network::CLIENT;
use crate::paths::repository;
use crate::picture;
use crate::terminal::{self, Row, Seen};

const LIMIT: Duration = Duration::from_secs(420);
const COLUMNS: u16 = 100;
/// The README's picture.
const PICTURE: &str = "docs/up.svg";
const CONFIG: &str = "etc/homelab/homelab.yaml";
/// The service that is made from an image, and breaks.
const NOTES: &str = "notes";
/// Where the machine on the LAN listens that is no part of the cluster.
const NAS_PORT: &str = "8000";

/// One who has just installed the package, at its terminal.
struct Newcomer<'a> {
    hands: &'a Hands,
    house: &'a House,
}

impl Newcomer<'_> {
    /// Types a command, which has to end with this code.
    fn types(&self, words: &[&str], code: i32) -> Result<Seen> {
        let typed = [&["homelab"], words].concat();
        let command = self.house.words(&typed);
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        let seen = terminal::run(&self.hands.node, &command, COLUMNS, LIMIT)?;
        println!("      $ {}", typed.join(" "));
        if self.hands.show || seen.code != Some(code) {
            println!("{}", text(&seen.rows));
        }
        expect(seen.code == Some(code), format!("`{}` ended with {:?}", typed.join(" "), seen.code))?;
        Ok(seen)
    }

    fn reads(&self, words: &[&str], code: i32) -> Result<String> {
        Ok(text(&self.types(words, code)?.rows))
    }
}

/// What was said, with the lines whole that the terminal broke: a command is longer than it is wide.
fn text(rows: &[Row]) -> String {
    let line = |row: &Row| match row.broken {
        true => format!("{:width$}", row.text, width = usize::from(COLUMNS)),
        false => format!("{}\n", row.text),
    };
    rows.iter().map(line).collect()
}

pub(super) fn whole(hands: &Hands) -> Result<()> {
    hands.homelab_well(&["down", "--yes", "--purge"])?;
    let house = House::with_package(hands)?;
    let serve = format!("cd /; python3 -m http.server {NAS_PORT} >/dev/null 2>&1 </dev/null & echo $!");
    let nas = hands.client.run("bash", &["-c", &serve])?;
    let lived = live(hands, &house);
    hands.client.run("kill", &[nas.trim()])?;
    lived?;
    hands.restore()
}

fn live(hands: &Hands, house: &House) -> Result<()> {
    let newcomer = Newcomer { hands, house };
    house.write("root/token", &hands.token()?)?;
    newcomer.types(
        &["init", "--domain", DOMAIN, "--email", "ada@lovelace.dev", "--token-file", "/root/token"],
        0,
    )?;
    let first = house.read(CONFIG)? + &of_the_lab();
    house.write(CONFIG, &first)?;
    let up = newcomer.types(&["up"], 0)?;
    expect(hands.browse(WHOAMI)?.0 == "200", "the demo does not answer")?;
    compare(&up.rows)?;

    let url = format!("http://{CLIENT}:{NAS_PORT}");
    let (_, image) = FOR_HOMELAB.iter().find(|(key, _)| *key == "whoami").context("the demo's image")?;
    for (name, flags) in [
        ("books", &["--service", "homelab/whoami"][..]),
        ("nas", &["--url", &url]),
        (NOTES, &["--image", image, "--port", "80"]),
    ] {
        let said = newcomer.reads(&[&["expose", name, "--yes"], flags].concat(), 0)?;
        let address = format!("https://{name}.{DOMAIN}/");
        expect(said.contains(&address), format!("`{address}` is not in:\n{said}"))?;
        expect(hands.browse(&format!("{name}.{DOMAIN}"))?.0 == "200", format!("{name} does not answer"))?;
    }
    let said = newcomer.reads(&["status"], 0)?;
    for name in ["whoami", "books", "nas", NOTES] {
        expect(said.contains(&format!("{name}.{DOMAIN}")), format!("{name} is not in:\n{said}"))?;
    }
    breaks_and_is_mended(hands, &newcomer)?;
    let said = newcomer.reads(&["diff"], 0)?;
    expect(said.contains("nothing to do"), format!("diff says:\n{said}"))?;
    for name in [NOTES, "nas", "books"] {
        newcomer.types(&["unexpose", name, "--yes"], 0)?;
    }
    // The key that the first `expose` wrote stays, empty: `unexpose` takes out the entry alone, and says so.
    let last = house.read(CONFIG)?;
    expect(last == format!("{first}services:\n"), format!("the configuration is now:\n{last}"))?;
    newcomer.types(&["down", "--yes"], 0)?;
    zone_is_as_before(hands)?;
    only_certificates_are_left(hands)?;
    newcomer.types(&["down", "--yes", "--purge"], 0)?;
    zone_is_as_before(hands)?;
    nothing_is_left(hands)
}

/// What only the lab needs: its own authority, and its own images.
fn of_the_lab() -> String {
    let images: String =
        FOR_HOMELAB.iter().map(|(key, reference)| format!("  {key}: {reference}\n")).collect();
    format!("acme: {{ server: \"https://acme.lab.test/dir\" }}\nimages:\n{images}")
}

/// Somebody scales the program to nothing: the doctor names it first, and its command is the cure.
fn breaks_and_is_mended(hands: &Hands, newcomer: &Newcomer<'_>) -> Result<()> {
    let deployments =
        hands.get(&["deployments", "-A", "--field-selector", &format!("metadata.name={NOTES}")])?;
    let namespace = deployments["items"][0]["metadata"]["namespace"].as_str().context("its namespace")?;
    let host = format!("{NOTES}.{DOMAIN}");
    hands.kubectl(&["scale", "-n", namespace, &format!("deployment/{NOTES}"), "--replicas=0"])?;
    eventually("nobody to be behind the name", 30, || Ok(hands.answers(&host, "503")))?;
    let said = newcomer.reads(&["doctor"], 1)?;
    expect(said.contains("FAIL apps.endpoints"), format!("the doctor says:\n{said}"))?;
    let cure = said.lines().map(str::trim).find(|line| line.starts_with("kubectl")).map(str::to_owned);
    let cure = cure.context(format_args!("a command in:\n{said}"))?;
    // The house has no kubectl; the node has the same cluster in another file.
    let cure =
        cure.replace("/etc/rancher/k3s/k3s.yaml", &hands.run.kubeconfig("admin").display().to_string());
    hands.node.run("sh", &["-c", &cure])?;
    eventually("the name to answer again", 60, || Ok(hands.answers(&host, "200")))?;
    newcomer.types(&["doctor", "--wait"], 0).map(drop)
}

/// The README shows what `up` shows.
fn compare(rows: &[Row]) -> Result<()> {
    let now = picture::svg(&[("homelab up", rows)]);
    let path = repository().join(PICTURE);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return files::write(&path, now);
    }
    let (shown, now) = (picture::lines(&files::read_text(&path)?), picture::lines(&now));
    let differ: Vec<&String> = shown.symmetric_difference(&now).collect();
    expect(
        differ.is_empty(),
        format!(
            "{PICTURE} shows another run; UPDATE_GOLDEN=1 makes it anew. These lines differ: {differ:#?}"
        ),
    )
}
