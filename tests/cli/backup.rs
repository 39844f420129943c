//! `homelab backup`, `restore` and `cert export`, as far as they go without a cluster: what they refuse, and in which order.

use crate::program::{MINIMAL, homelab};

const INDEX: &str = r#"{ "schema_version": 1, "made_by": "homelab backup", "lab": "LAB",
    "sealed_for": { "recipients": ["age1x"] }, "entries": [] }"#;

#[test]
fn a_recipient_that_is_none_is_refused_and_a_private_key_is_not_repeated() {
    let private = "AGE-SECRET-KEY-1QQPQ";
    for (recipient, said) in [("ssh-ed25519", "`ssh-ed25519` is no age recipient"), (private, "private key")]
    {
        let ended =
            homelab(&["backup", "saved", "--recipient", recipient]).file("homelab.yaml", MINIMAL).run();
        assert!(ended.code == 2 && ended.stderr.contains(said), "{}", ended.stderr);
        assert!(!ended.stderr.contains(private), "{}", ended.stderr);
    }
}

#[test]
fn without_a_terminal_nobody_is_asked_for_a_passphrase() {
    let ended = homelab(&["backup", "saved"]).file("homelab.yaml", MINIMAL).run();
    assert!(
        ended.code == 2 && ended.stderr.contains("no terminal to ask for the passphrase on"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("--passphrase-file FILE"), "{}", ended.stderr);
    let short = homelab(&["backup", "saved", "--passphrase-file", "short"]).file("short", "abc\n");
    let ended = short.file("homelab.yaml", MINIMAL).run();
    assert!(ended.code == 2 && ended.stderr.contains("less than 12 characters"), "{}", ended.stderr);
}

#[test]
fn a_passphrase_is_no_argument_and_no_second_lock() {
    for flags in [&["--passphrase", "secret"][..], &["--passphrase-file", "a", "--recipient", "age1x"]] {
        let ended = homelab(&[&["backup", "saved"], flags].concat()).file("homelab.yaml", MINIMAL).run();
        assert_eq!(ended.code, 2, "{flags:?}: {}", ended.stderr);
    }
}

#[test]
fn a_folder_that_is_no_backup_or_another_labs_is_refused_before_a_key_is_asked_for() {
    let restore = || homelab(&["restore", ".", "--output", "json"]).file("homelab.yaml", MINIMAL);
    let ended = restore().run();
    assert!(ended.code == 2 && ended.stderr.contains("there is no backup in `.`"), "{}", ended.stderr);
    let document: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(document["error"]["exit"], 2);
    let ended = restore().file("index.json", "[]").run();
    assert!(ended.stderr.contains("`homelab backup` did not write it"), "{}", ended.stderr);
    let ended = restore().file("index.json", &INDEX.replace("LAB", "other.example.com")).run();
    assert!(ended.stderr.contains("of the lab `other.example.com`"), "{}", ended.stderr);
    let own = INDEX.replace("LAB", "home.example.com");
    let ended = restore().file("index.json", &own).run();
    assert!(ended.stderr.contains("--identity FILE"), "{}", ended.stderr);
    let ended = homelab(&["backup", ".", "--recipient", "x"])
        .file("homelab.yaml", MINIMAL)
        .file("index.json", &INDEX.replace("LAB", "other.example.com"))
        .run();
    assert!(
        ended.code == 2 && ended.stderr.contains("the backup of the lab `other.example.com`"),
        "{}",
        ended.stderr
    );
}

#[test]
fn standard_output_takes_one_form() {
    let ended = homelab(&["cert", "export", "nas", "--stdout", "--output", "json"])
        .file("homelab.yaml", MINIMAL)
        .run();
    assert!(ended.code == 2 && ended.stderr.contains("PEM texts, not JSON"), "{}", ended.stderr);
    let ended = homelab(&["cert", "export", "nas", "--stdout", "--dir", "x"]).run();
    assert_eq!(ended.code, 2);
}
