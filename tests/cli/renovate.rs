//! renovate.json: Renovate reads every pin of manifests/pins.toml with it, so that none is forgotten.

use std::collections::BTreeSet;
use std::path::Path;

use regex::{Captures, Regex};
use serde_json::Value;

const PINS: &str = "manifests/pins.toml";

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

fn configuration() -> Value {
    serde_json::from_str(&read("renovate.json")).unwrap()
}

/// Renovate searches the whole file, with RE2, whose grammar this crate's is near to.
fn managers(configuration: &Value) -> Vec<(&Value, Regex)> {
    let managers = configuration["customManagers"].as_array().unwrap().iter();
    managers
        .flat_map(|manager| {
            assert_eq!(manager["customType"], "regex");
            let strings = manager["matchStrings"].as_array().unwrap().iter();
            strings.map(move |string| (manager, Regex::new(string.as_str().unwrap()).unwrap()))
        })
        .collect()
}

/// What a pin is to Renovate: datasource, dependency, version, digest.
type Found = (String, String, String, Option<String>);

fn found(datasource: &str, captures: &Captures<'_>) -> Found {
    let text = |name| captures.name(name).map(|group| group.as_str().to_owned());
    (datasource.to_owned(), text("depName").unwrap(), text("currentValue").unwrap(), text("currentDigest"))
}

fn matched(configuration: &Value, pins: &str) -> Vec<Found> {
    let managers = managers(configuration).into_iter();
    managers
        .flat_map(|(manager, regex)| {
            let datasource = manager["datasourceTemplate"].as_str().unwrap();
            regex.captures_iter(pins).map(|captures| found(datasource, &captures)).collect::<Vec<_>>()
        })
        .collect()
}

/// Every pin of the file, as its parser reads it.
fn pinned(pins: &str) -> Vec<Found> {
    let pins: toml::Table = toml::from_str(pins).unwrap();
    let text =
        |pin: &toml::Value, key: &str| pin.get(key).and_then(|value| value.as_str()).map(str::to_owned);
    let all = |table: &str| pins[table].as_array().unwrap().clone();
    let images = all("images").into_iter().map(|pin| {
        (
            "docker".to_owned(),
            text(&pin, "repository").unwrap(),
            text(&pin, "tag").unwrap(),
            text(&pin, "digest"),
        )
    });
    let files = all("upstream").into_iter().map(|pin| {
        let url = text(&pin, "url").unwrap();
        let (project, _) =
            url.strip_prefix("https://github.com/").unwrap().split_once("/releases/download/").unwrap();
        let of = "github-release-attachments".to_owned();
        (of, project.to_owned(), text(&pin, "version").unwrap(), text(&pin, "sha256"))
    });
    images.chain(files).collect()
}

#[test]
fn every_pin_is_matched_once_with_its_version_and_digest() {
    let (configuration, pins) = (configuration(), read(PINS));
    let (mut matched, mut pinned) = (matched(&configuration, &pins), pinned(&pins));
    matched.sort();
    pinned.sort();
    assert!(pinned.len() >= 9);
    assert_eq!(matched, pinned, "a pin that Renovate does not see, or sees as another one");
}

#[test]
fn only_the_pins_are_read_and_by_their_path() {
    let configuration = configuration();
    assert_eq!(configuration["enabledManagers"], serde_json::json!(["custom.regex"]));
    for (manager, _) in managers(&configuration) {
        let patterns = manager["managerFilePatterns"].as_array().unwrap();
        let [pattern] = patterns.as_slice() else { panic!("{patterns:?}") };
        let pattern =
            pattern.as_str().unwrap().strip_prefix('/').and_then(|rest| rest.strip_suffix('/')).unwrap();
        let pattern = Regex::new(pattern).unwrap();
        assert!(pattern.is_match(PINS) && !pattern.is_match("other/manifests/pins.toml.orig"), "{pattern}");
    }
}

/// Renovate replaces a version and a digest wherever they stand in what was matched, and nowhere else.
#[test]
fn everything_that_has_the_version_is_in_what_is_matched() {
    let (configuration, pins) = (configuration(), read(PINS));
    let mut left = pins.clone();
    for (_, regex) in managers(&configuration) {
        left = regex.replace_all(&left, "").into_owned();
    }
    for (_, _, version, _) in pinned(&pins) {
        for line in left.lines().filter(|line| !line.starts_with("source = ")) {
            assert!(!line.contains(&version), "{version} would be left in: {line}");
        }
    }
}

#[test]
fn cert_managers_pins_are_raised_together_and_one_minor_version_at_a_time() {
    let (configuration, pins) = (configuration(), read(PINS));
    let rules = configuration["packageRules"].as_array().unwrap();
    let rule = rules.iter().find(|rule| rule["groupName"] == "cert-manager").unwrap();
    let named: BTreeSet<&str> =
        rule["matchPackageNames"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let all = pinned(&pins);
    let all: BTreeSet<&str> =
        all.iter().map(|pin| pin.1.as_str()).filter(|name| name.contains("cert-manager")).collect();
    assert_eq!(named, all);
    assert_eq!(rule["separateMultipleMinor"], true);
}
