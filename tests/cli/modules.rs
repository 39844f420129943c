//! What the NixOS module repeats of the program's facts, and what has an example.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use homelab::config::{self, Config, Controller, Provider};

#[test]
fn the_module_knows_every_provider_by_what_its_facts_say() {
    let file = file("modules/providers.nix");
    let told: Vec<(String, String)> = attributes(&file);
    let names: BTreeSet<&str> = told.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, Provider::ALL.iter().map(|provider| provider.facts().key).collect());
    for provider in Provider::ALL {
        let facts = provider.facts();
        let (_, about) = told.iter().find(|(name, _)| name == facts.key).unwrap();
        assert_eq!(about.contains("tokenFile = null;"), facts.credential.is_none(), "{}", facts.key);
        assert_eq!(about.contains("onNodes = true;"), facts.on_nodes, "{}", facts.key);
        assert_eq!(about.contains("zones = true;"), facts.zones, "{}", facts.key);
    }
}

#[test]
fn the_module_offers_every_controller() {
    let file = file("modules/options.nix");
    let (_, option) = file.split_once("controller = mkOption {").unwrap();
    let (_, list) = option.split_once("types.enum [").unwrap();
    let (list, _) = list.split_once(']').unwrap();
    let offered: BTreeSet<&str> = list.split_whitespace().map(|word| word.trim_matches('"')).collect();
    assert_eq!(offered, Controller::ALL.iter().map(|controller| controller.facts().key).collect());
}

#[test]
fn every_provider_and_every_controller_has_an_example() {
    let examples: Vec<Config> = examples().iter().map(|path| parsed(path)).collect();
    let without: Vec<&str> = Provider::ALL
        .iter()
        .filter(|provider| !examples.iter().any(|config| config.dns.provider == **provider))
        .map(|provider| provider.facts().key)
        .collect();
    assert!(without.is_empty(), "no manifests/examples has {without:?}");
    for controller in Controller::ALL {
        let has = |config: &Config| config.ingress.controller == *controller;
        assert!(examples.iter().any(has), "{}", controller.facts().key);
    }
}

/// `name.x = …;` and `name = { … };` of the outermost set, each name with what is said of it.
fn attributes(nix: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in nix.lines().filter(|line| !line.trim_start().starts_with('#')) {
        let outermost = line.strip_prefix("  ").filter(|rest| rest.starts_with(char::is_alphabetic));
        match (outermost, found.last_mut()) {
            (Some(rest), _) => {
                let name = rest.split(['.', ' ']).next().unwrap_or_default().to_owned();
                found.push((name, rest.to_owned()));
            }
            (None, Some((_, about))) => about.push_str(line),
            (None, None) => {}
        }
    }
    found
}

fn parsed(path: &Path) -> Config {
    config::parse(&std::fs::read_to_string(path).unwrap()).unwrap_or_else(|_| panic!("{}", path.display()))
}

fn examples() -> Vec<PathBuf> {
    let folders = std::fs::read_dir(root().join("manifests/examples")).unwrap();
    folders.map(|folder| folder.unwrap().path().join("homelab.yaml")).collect()
}

fn file(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
