//! The units of the Debian package against those that the NixOS module writes (its golden file): closed in the same way,
//! ordered in the same way, running the same scripts. Where the two differ on purpose, it stands here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use homelab::machine::token::CREDENTIAL;
use serde_json::Value;

/// A section of a unit: settings by their names, each with its values.
type Settings = BTreeMap<String, Vec<String>>;

/// Paths, which other tests compare.
const PATHS: [&str; 3] = ["ExecStart", "ExecStopPost", "Environment"];
/// A pause that grows came with systemd 254 (its NEWS); Debian 12 has 252, so there the pause is always the same.
const NEEDS_SYSTEMD_254: [(&str, &str); 3] = [
    ("homelab-apply", "RestartSec"),
    ("homelab-apply", "RestartSteps"),
    ("homelab-apply", "RestartMaxDelaySec"),
];
const SERVICES: [&str; 7] = [
    "homelab-apply",
    "homelab-ready",
    "homelab-doctor",
    "homelab-doctor-access",
    "homelab-addresses",
    "homelab-addresses-access",
    "homelab-zones",
];
/// How the units begin that the module writes only for a controller that writes no addresses.
const OF_ADDRESSES: &str = "homelab-addresses";
/// And only where it is told to.
const OF_ZONES: &str = "homelab-zones";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("modules/debian")
}

/// The units of the package by their file names; beside them, dpkg's own scripts have no ending.
fn units() -> Vec<String> {
    let files = std::fs::read_dir(folder()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains('.')).collect()
}

/// A unit of the package, section by section.
fn unit(name: &str) -> BTreeMap<String, Settings> {
    let text = std::fs::read_to_string(folder().join(name)).unwrap();
    let mut sections: BTreeMap<String, Settings> = BTreeMap::new();
    let mut section = String::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name.to_owned();
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("{name}: {line}"));
        let settings = sections.entry(section.clone()).or_default();
        settings.entry(key.to_owned()).or_default().push(value.to_owned());
    }
    sections
}

fn service(name: &str) -> Settings {
    unit(&format!("{name}.service")).remove("Service").unwrap()
}

/// A unit as the NixOS module writes it.
fn of_nixos(kind: &str, name: &str) -> Value {
    let text = match name {
        name if name.starts_with(OF_ADDRESSES) => include_str!("../nixos/eval/golden/traefik.json"),
        name if name.starts_with(OF_ZONES) => include_str!("../nixos/eval/golden/zones.json"),
        _ => include_str!("../nixos/eval/golden/minimal.json"),
    };
    let golden: Value = serde_json::from_str(text).unwrap();
    golden["units"][kind][name].clone()
}

/// The settings of a unit of NixOS, as they stand in a unit file.
fn settings(of: &Value) -> Settings {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let values = |value: &Value| match value {
        Value::Array(items) => items.iter().map(text).collect(),
        other => vec![text(other)],
    };
    let settings = of.as_object().into_iter().flatten();
    settings.map(|(key, value)| (key.clone(), values(value))).collect()
}

/// Words that may stand in one line or in several, in any order.
fn words(values: Option<&Vec<String>>) -> BTreeSet<String> {
    values.into_iter().flatten().flat_map(|value| value.split_whitespace()).map(str::to_owned).collect()
}

#[test]
fn every_service_is_as_closed_as_on_nixos() {
    for name in SERVICES {
        let mut debian = service(name);
        let mut nixos = settings(&of_nixos("services", name)["serviceConfig"]);
        for (_, key) in NEEDS_SYSTEMD_254.iter().filter(|(unit, _)| *unit == name) {
            assert!(nixos.remove(*key).is_some(), "{name}: {key} is on NixOS no more");
            debian.remove(*key);
        }
        for side in [&mut debian, &mut nixos] {
            side.retain(|key, _| !PATHS.contains(&key.as_str()));
            // One line here, one for each word there.
            if let Some(families) = side.get_mut("RestrictAddressFamilies") {
                *families = words(Some(families)).into_iter().collect();
            }
            for credential in side.get_mut("LoadCredential").into_iter().flatten() {
                if credential.starts_with("dns-token:") {
                    *credential = "dns-token".to_owned();
                }
            }
        }
        assert!(nixos.len() > 30, "{name}: the golden file has no such service");
        assert_eq!(debian, nixos, "{name}");
    }
}

#[test]
fn the_token_is_taken_from_where_sudo_homelab_init_puts_it() {
    let file = format!("/etc/homelab/{CREDENTIAL}");
    for name in ["homelab-apply", "homelab-doctor", "homelab-zones"] {
        assert!(service(name)["LoadCredential"].contains(&format!("dns-token:{file}")), "{name}");
    }
    assert!(service("homelab-ready")["Environment"].contains(&format!("\"TOKEN_FILE={file}\"")));
}

#[test]
fn every_unit_is_ordered_and_started_as_on_nixos() {
    let units = units();
    assert_eq!(units.len(), 11, "{units:?}");
    for file in units {
        let (name, kind) = file.rsplit_once('.').unwrap();
        let nixos = of_nixos(&format!("{kind}s"), name);
        let debian = unit(&file);
        let unit = &debian["Unit"];
        assert_eq!(unit["Description"], [nixos["description"].as_str().unwrap()], "{file}");
        let keys =
            [("Wants", "wants"), ("Requires", "requires"), ("After", "after"), ("OnFailure", "onFailure")];
        for (key, option) in keys {
            assert_eq!(words(unit.get(key)), words(settings(&nixos).get(option)), "{file}: {key}");
        }
        for (key, values) in settings(&nixos["unitConfig"]) {
            assert_eq!(unit[&key], values, "{file}: {key}");
        }
        let wanted = debian.get("Install").and_then(|install| install.get("WantedBy"));
        assert_eq!(words(wanted), words(settings(&nixos).get("wantedBy")), "{file}");
        if kind == "timer" {
            assert_eq!(debian["Timer"], settings(&nixos["timerConfig"]), "{file}");
        }
    }
}

#[test]
fn one_run_a_month_lies_in_the_last_day_before_a_bill_wherever_the_machine_stands() {
    let timer = &unit("homelab-zones.timer")["Timer"];
    // Bills begin at midnight in UTC (src/plan/zones/billing.rs); the delay is the same each day, and much shorter than one.
    assert_eq!(timer["OnCalendar"], ["*-*-* 00:00:00 UTC"]);
    assert_eq!(
        (&timer["RandomizedDelaySec"][0], &timer["FixedRandomDelay"][0]),
        (&"1h".into(), &"true".into())
    );
}

#[test]
fn every_unit_runs_what_it_runs_on_nixos() {
    let scripts = [
        ("homelab-ready", "ready.sh"),
        ("homelab-doctor-access", "access.sh"),
        ("homelab-addresses-access", "access.sh"),
    ];
    for (name, script) in scripts {
        let (service, nixos) = (service(name), of_nixos("services", name));
        assert_eq!(service["ExecStart"], [format!("/bin/bash /usr/lib/homelab/{script}")]);
        assert_eq!(nixos["script"], format!("modules/{script}"));
        let name_of = |line: &String| line.trim_matches('"').split_once('=').unwrap().0.to_owned();
        let set: BTreeSet<String> = service["Environment"].iter().map(name_of).collect();
        let wanted = settings(&nixos["environment"]);
        assert!(!wanted.is_empty() && wanted.keys().all(|name| set.contains(name)), "{name}: {set:?}");
    }
    let stop = &service("homelab-apply")["ExecStopPost"];
    assert_eq!(stop, &["/bin/bash /usr/lib/homelab/ended.sh"]);
    for name in ["homelab-apply", "homelab-doctor", "homelab-addresses", "homelab-zones"] {
        let nixos = of_nixos("services", name);
        // After the program, `--config` and its file.
        let arguments =
            |line: &str| -> Vec<String> { line.split_whitespace().skip(3).map(str::to_owned).collect() };
        let nixos = arguments(nixos["serviceConfig"]["ExecStart"].as_str().unwrap());
        assert!(nixos.len() > 3, "{nixos:?}");
        assert_eq!(arguments(&service(name)["ExecStart"].concat()), nixos, "{name}");
    }
}

#[test]
fn the_cron_job_runs_what_the_unit_runs_as_the_account_that_may_only_read() {
    let text = include_str!("../../manifests/cronjob/doctor.yaml");
    let documents: Vec<Value> = serde_yaml::from_multiple(text).unwrap();
    let pod = &documents[1]["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    assert_eq!(pod["serviceAccountName"], homelab::desired::reader::NAME);
    for document in &documents {
        assert_eq!(document["metadata"]["namespace"], homelab::desired::reader::NAMESPACE);
    }
    let args: Vec<&str> =
        pod["containers"][0]["args"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let started = service("homelab-doctor")["ExecStart"].concat();
    // A pod has no place for the last report; after `--kubeconfig` stands a file.
    let (started, _) = started.split_once(" --report").unwrap();
    let unit: Vec<&str> = started.split_whitespace().skip(1).collect();
    assert_eq!([&args[..3], &args[4..]], [&unit[..3], &unit[4..]]);
}
