//! `homelab init`, where nobody can be asked.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::program::{Ended, homelab};

const TOKEN: &str = "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD_f-iJ3lM";

/// Runs `init` without asking the provider, for a file and a token file in `folder`.
fn init(folder: &Path, more: &[&str]) -> Ended {
    let path = |name: &str| folder.join(name).display().to_string();
    let (config, token) = (path("new/homelab.yaml"), path("token"));
    let words =
        ["init", "--no-check", "--config", &config, "--token-file", &token, "--email", "ada@lovelace.dev"];
    homelab(&[&words, more].concat()).run()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), format!("{TOKEN}\n")).unwrap();
    folder
}

#[test]
fn what_init_writes_can_be_rendered_and_holds_no_token() {
    let folder = folder();
    let ended = init(folder.path(), &["--domain", "home.lovelace.dev"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("next: homelab --config "), "{}", ended.stdout);
    let path = folder.path().join("new/homelab.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!format!("{text}{}{}", ended.stdout, ended.stderr).contains(TOKEN), "{text}");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    let rendered = homelab(&["render", "--config", path.to_str().unwrap()]).run();
    assert!(
        rendered.code == 0 && rendered.stdout.contains("whoami.home.lovelace.dev"),
        "{}",
        rendered.stderr
    );
}

#[test]
fn a_configuration_that_is_there_is_never_changed() {
    let folder = folder();
    assert_eq!(init(folder.path(), &["--domain", "home.lovelace.dev"]).code, 0);
    let path = folder.path().join("new/homelab.yaml");
    let before = std::fs::read(&path).unwrap();
    let again = init(folder.path(), &[]);
    assert!(
        again.code == 0 && again.stdout.contains("nothing was changed"),
        "{}{}",
        again.stdout,
        again.stderr
    );
    let other = init(folder.path(), &["--domain", "other.lovelace.dev"]);
    assert_eq!(other.code, 2);
    assert!(
        other.stderr.contains("`domain` is `home.lovelace.dev` there, not `other.lovelace.dev`"),
        "{}",
        other.stderr
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_bad_answer_writes_nothing() {
    let folder = folder();
    for (domain, said) in [("home", "has no dot"), ("192.168.1.1", "is an address")] {
        let ended = init(folder.path(), &["--domain", domain]);
        assert!(ended.code == 2 && ended.stderr.contains(said), "{}", ended.stderr);
    }
    std::fs::write(folder.path().join("token"), "short").unwrap();
    let ended = init(folder.path(), &["--domain", "home.lovelace.dev"]);
    assert!(ended.code == 2 && ended.stderr.contains("it has 5 characters"), "{}", ended.stderr);
    assert!(!folder.path().join("new").exists());
}

#[test]
fn on_nixos_the_lines_for_its_configuration_are_printed() {
    let folder = folder();
    let ended = init(folder.path(), &["--domain", "home.lovelace.dev", "--nixos"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let token = folder.path().join("token").display().to_string();
    for line in ["domain = \"home.lovelace.dev\";".to_owned(), format!("dns.tokenFile = \"{token}\";")] {
        assert!(ended.stdout.contains(&line), "{}", ended.stdout);
    }
    assert!(!folder.path().join("new").exists());
}

#[test]
fn without_a_terminal_a_missing_answer_is_named() {
    let ended = homelab(&["init"]).run();
    assert!(ended.code == 2 && ended.stderr.contains("`--domain` is missing"), "{}", ended.stderr);
}

#[test]
fn without_an_account_and_a_domain_one_word_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("homelab.yaml");
    let path = path.to_str().unwrap();
    let ended = homelab(&["init", "--config", path, "--domain", "home.arpa"]).run();
    assert!(ended.code == 0 && ended.stdout.contains("next: "), "{}{}", ended.stdout, ended.stderr);
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains("provider: local") && !text.contains("email") && !text.contains("token"), "{text}");
    let rendered = homelab(&["render", "--config", path]).run();
    assert!(rendered.code == 0 && rendered.stdout.contains("name-server"), "{}", rendered.stderr);
}

#[test]
fn a_domain_of_ones_own_can_stay_at_home_too() {
    let words = ["init", "--nixos", "--domain", "lab.lovelace.dev", "--provider", "local"];
    let ended = homelab(&words).run();
    assert!(ended.code == 0 && ended.stdout.contains("dns.provider = \"local\";"), "{}", ended.stderr);
    assert!(!ended.stdout.contains("email") && !ended.stdout.contains("tokenFile"), "{}", ended.stdout);
    let ended = homelab(&["init", "--nixos", "--domain", "lab.local", "--provider", "local"]).run();
    assert!(ended.code == 2 && ended.stderr.contains("mDNS"), "{}", ended.stderr);
}
