//! `homelab upgrade` where it ends before it has seen a cluster.

use crate::program::{MINIMAL, homelab};

#[test]
fn without_a_terminal_nothing_is_upgraded_unless_told_so() {
    let arguments = ["upgrade", "--config", "homelab.yaml", "--kubeconfig", "none.yaml"];
    let ended = homelab(&arguments).file("homelab.yaml", MINIMAL).file("token", "x").run();
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{}", ended.stderr);
    for part in ["no terminal to ask on", "upgrade --check", "upgrade --yes"] {
        assert!(ended.stderr.contains(part), "`{part}` is missing in:\n{}", ended.stderr);
    }
}

#[test]
fn with_yes_or_only_for_a_look_it_goes_on_to_the_cluster() {
    for flag in ["--yes", "--check"] {
        let arguments = ["upgrade", flag, "--config", "homelab.yaml", "--kubeconfig", "none.yaml"];
        let ended = homelab(&arguments).file("homelab.yaml", MINIMAL).file("token", "x").run();
        assert!(ended.code != 0 && ended.stderr.contains("none.yaml"), "{flag}: {}", ended.stderr);
    }
}

#[test]
fn a_look_and_a_run_are_not_asked_for_together() {
    let ended = homelab(&["upgrade", "--check", "--yes"]).run();
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("cannot be used with"), "{}", ended.stderr);
}
