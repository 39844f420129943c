//! `homelab k3s-config`, on whatever machine the tests run.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::program::{Ended, homelab};

fn write(path: &Path, more: &[&str]) -> Ended {
    homelab(&[&["k3s-config", "--write", path.to_str().unwrap()], more].concat()).run()
}

#[test]
fn the_file_is_printed_with_what_homelab_needs_of_k3s() {
    let ended = homelab(&["k3s-config", "--tls-san", "k3s.home.example.com"]).run();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    for line in ["disable:\n  - traefik\n  - servicelb\n", "\n  - k3s.home.example.com\n"] {
        assert!(ended.stdout.contains(line), "{}", ended.stdout);
    }
}

#[test]
fn it_is_written_once_and_a_second_run_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k3s/config.yaml");
    let first = write(&path, &[]);
    assert!(first.code == 0 && first.stdout.starts_with("wrote "), "{}{}", first.stdout, first.stderr);
    let text = std::fs::read(&path).unwrap();
    let again = write(&path, &[]);
    assert!(again.code == 0 && again.stdout.contains("nothing was changed"), "{}", again.stdout);
    assert_eq!(std::fs::read(&path).unwrap(), text);
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no backup of nothing");
}

#[test]
fn a_file_that_is_there_keeps_its_lines_and_its_mode_and_no_backup_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.yaml");
    let mine = "# mine\ntoken: secret # keep this\n";
    std::fs::write(&path, mine).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::fs::write(folder.path().join("config.yaml.bak"), "older").unwrap();
    let ended = write(&path, &[]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(std::fs::read_to_string(&path).unwrap().starts_with(mine));
    assert_eq!(std::fs::read_to_string(folder.path().join("config.yaml.bak")).unwrap(), "older");
    let backup = folder.path().join("config.yaml.bak.1");
    assert!(ended.stdout.contains("config.yaml.bak.1\n"), "{}", ended.stdout);
    assert_eq!(std::fs::read_to_string(&backup).unwrap(), mine);
    for file in [&path, &backup] {
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o640);
    }
}

#[test]
fn another_value_is_refused_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.yaml");
    std::fs::write(&path, "disable: [metrics-server]\n").unwrap();
    let ended = write(&path, &["--output", "json"]);
    assert_eq!(ended.code, 2);
    assert!(
        ended.stderr.contains("config.yaml:1:1: `disable` lacks `traefik` and `servicelb`"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("- metrics-server\n"), "{}", ended.stderr);
    let document: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(document["error"]["exit"], 2);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "disable: [metrics-server]\n");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn an_address_of_another_machine_is_refused() {
    let ended = homelab(&["k3s-config", "--node-ip", "203.0.113.7"]).run();
    assert!(
        ended.code == 2 && ended.stderr.contains("does not have the address 203.0.113.7"),
        "{}",
        ended.stderr
    );
}
