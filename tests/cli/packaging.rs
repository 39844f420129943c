//! What packages are made of: the version, manual pages, completions.

use crate::program::homelab;

#[test]
fn the_version_names_the_commit_where_the_build_knows_it() {
    let said = homelab(&["--version"]).run().stdout;
    let version = said.trim_end().strip_prefix("homelab ").unwrap();
    assert_eq!(version, env!("HOMELAB_VERSION"));
    let commit = version.strip_prefix(env!("CARGO_PKG_VERSION")).unwrap();
    if let Some(commit) = commit.strip_prefix(" (").and_then(|rest| rest.strip_suffix(')')) {
        let digits = commit.trim_end_matches(" with changes");
        assert!(digits.len() == 12 && digits.chars().all(|c| c.is_ascii_hexdigit()), "{said}");
    } else {
        assert_eq!(commit, "", "{said}");
    }
}

#[test]
fn every_command_has_a_manual_page_and_a_completion() {
    let folder = tempfile::tempdir().unwrap();
    let ended = homelab(&["man", folder.path().to_str().unwrap()]).run();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let help = homelab(&["--help"]).run().stdout;
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let (commands, _) = commands.split_once("\n\n").unwrap();
    let names: Vec<&str> = commands
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(names.contains(&"k3s-config") && names.len() > 8, "{names:?}");
    let completions = homelab(&["completions", "bash"]).run().stdout;
    for name in names {
        let page = std::fs::read_to_string(folder.path().join(format!("homelab-{name}.1"))).unwrap();
        assert!(page.contains(".SH DESCRIPTION"), "{name}");
        assert!(completions.contains(name), "{name}");
    }
}

#[test]
fn a_manual_page_holds_no_date() {
    let folder = tempfile::tempdir().unwrap();
    homelab(&["man", folder.path().to_str().unwrap()]).run();
    let page = std::fs::read_to_string(folder.path().join("homelab.1")).unwrap();
    let head = page.lines().find(|line| line.starts_with(".TH")).unwrap();
    let wanted = format!(".TH homelab 1  \"homelab {}\"", env!("HOMELAB_VERSION"));
    assert_eq!(head.trim_end(), wanted, "the same sources must give the same bytes");
}
