//! `homelab expose` and `homelab unexpose`, as far as they go without a cluster.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::program::{Ended, MINIMAL, homelab};

/// A folder with a configuration of its own.
struct House {
    folder: tempfile::TempDir,
}

impl House {
    fn new(more: &str) -> Self {
        let house = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::write(house.file(), format!("{MINIMAL}{more}")).unwrap();
        house
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("homelab.yaml")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap()
    }

    fn run(&self, words: &[&str]) -> Ended {
        let (file, none) = (self.file().display().to_string(), "no-cluster.yaml");
        homelab(&[words, &["--config", &file, "--kubeconfig", none]].concat()).run()
    }
}

/// A port on which nobody listens, as a URL: an address for documentation (RFC 5737) would be waited for.
const NOBODY: &str = "http://[fe80::1]:9";

const SERVICES: &str = "services:\n  nas: { url: \"http://192.168.1.5:5000\" }   # mine\n# end\n";

#[test]
fn a_dry_run_shows_the_line_and_changes_nothing() {
    let house = House::new(SERVICES);
    let ended = house.run(&["expose", "photos", "--service", "immich/immich-server:2283", "--dry-run"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("homelab.yaml, line 6\n"), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("  +   photos: { service: immich/immich-server, port: 2283 }\n"),
        "{}",
        ended.stdout
    );
    assert!(ended.stderr.contains("the Service was not looked for"), "{}", ended.stderr);
    assert_eq!(house.text(), format!("{MINIMAL}{SERVICES}"));
}

#[test]
fn a_dry_run_is_a_document_too() {
    let house = House::new(SERVICES);
    let words = ["expose", "tv", "--url", NOBODY, "--host", "films", "--dry-run", "--output", "json"];
    let document: serde_json::Value = serde_json::from_str(&house.run(&words).stdout).unwrap();
    assert_eq!(document["urls"][0], "https://films.home.example.com/");
    assert_eq!(document["configuration"]["written"], false);
    assert_eq!(document["configuration"]["line"], 6);
}

#[test]
fn a_program_on_the_node_is_one_port() {
    let house = House::new(SERVICES);
    let ended = house.run(&["expose", "films", "--local", "8096", "--dry-run"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("  +   films: { local: 8096 }\n"), "{}", ended.stdout);
    assert!(ended.stderr.contains("the node was not looked for"), "{}", ended.stderr);
    let named = house.run(&["expose", "films", "--local", "8096", "--node", "nuc", "--dry-run"]);
    assert!(named.stdout.contains("{ local: 8096, node: nuc }\n"), "{}", named.stdout);
    for (words, said) in [
        (&["--local", "0"][..], "0 is not in 1..=65535"),
        (&["--local", "8096", "--url", NOBODY][..], "cannot be used with"),
        (&["--node", "nuc"][..], "--local <PORT>"),
        (&["--local", "8096"][..], "no-cluster.yaml"),
    ] {
        let ended = house.run(&[&["expose", "films"][..], words].concat());
        assert!(ended.code != 0 && ended.stderr.contains(said), "{words:?}: {}", ended.stderr);
    }
}

#[test]
fn what_protects_it_is_written_beside_it_and_what_is_left_to_do_is_said() {
    let house = House::new(SERVICES);
    let words =
        ["expose", "books", "--url", NOBODY, "--protect", "lan,users", "--protect", "rate=5", "--dry-run"];
    let ended = house.run(&words);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let line = "protect: { lan: true, users: true, rate: 5 } }\n";
    assert!(ended.stdout.contains(line), "{}", ended.stdout);
    assert!(ended.stdout.contains("nobody may open it until you let somebody in"), "{}", ended.stdout);
    assert!(ended.stdout.contains(" protect books --user NAME`"), "{}", ended.stdout);
    for (word, said) in
        [("everybody", "none of `lan`, `users`, `rate=N`"), ("rate=20000", "between 1 and 10000")]
    {
        let ended = house.run(&["expose", "books", "--url", NOBODY, "--protect", word, "--dry-run"]);
        assert!(ended.code == 2 && ended.stderr.contains(said), "{word}: {}", ended.stderr);
    }
    assert_eq!(house.text(), format!("{MINIMAL}{SERVICES}"));
}

#[test]
fn what_the_internet_may_open_is_written_with_the_word_and_what_is_left_to_do_is_said() {
    let house = House::new(SERVICES);
    let words = ["expose", "films", "--url", NOBODY, "--host", "films.example.com", "--public", "tunnel"];
    let refused = house.run(&[&words[..], &["--dry-run"]].concat());
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("`--i-know ingress-nginx-is-retired`"), "{}", refused.stderr);
    let ended = house.run(&[&words[..], &["--i-know", "ingress-nginx-is-retired", "--dry-run"]].concat());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let line = "public: tunnel, iKnow: ingress-nginx-is-retired }\n";
    assert!(ended.stdout.contains(line), "{}", ended.stdout);
    assert!(ended.stdout.contains("everybody on the internet may open it"), "{}", ended.stdout);
    let ended = house.run(&["expose", "films", "--url", NOBODY, "--public", "yes", "--dry-run"]);
    assert!(ended.code == 2 && ended.stderr.contains("none of tunnel and port"), "{}", ended.stderr);
    let ended = house.run(&["expose", "films", "--url", NOBODY, "--i-know", "x", "--dry-run"]);
    assert!(ended.code == 2 && ended.stderr.contains("--public"), "{}", ended.stderr);
    assert_eq!(house.text(), format!("{MINIMAL}{SERVICES}"));
}

#[test]
fn without_a_terminal_and_without_yes_nothing_is_changed() {
    let house = House::new(SERVICES);
    for words in [&["expose", "tv", "--url", NOBODY][..], &["unexpose", "nas"][..]] {
        let ended = house.run(words);
        assert!(ended.code == 2 && ended.stderr.contains("nothing was changed"), "{}", ended.stderr);
    }
    assert_eq!(house.text(), format!("{MINIMAL}{SERVICES}"));
}

#[test]
fn the_file_is_written_with_its_mode_and_what_stops_up_says_so() {
    let house = House::new(SERVICES);
    std::fs::set_permissions(house.file(), std::fs::Permissions::from_mode(0o640)).unwrap();
    let ended = house.run(&["expose", "tv", "--url", NOBODY, "--yes"]);
    // There is no token.
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("has `tv` now"), "{}", ended.stderr);
    let after = house.text();
    assert!(after.ends_with("# mine\n  tv: { url: \"http://[fe80::1]:9\" }\n# end\n"), "{after}");
    assert_eq!(std::fs::metadata(house.file()).unwrap().permissions().mode() & 0o777, 0o640);
    let ended = house.run(&["unexpose", "tv", "--yes"]);
    assert!(ended.stderr.contains("has `tv` no more"), "{}", ended.stderr);
    assert_eq!(house.text(), format!("{MINIMAL}{SERVICES}"));
}

#[test]
fn a_link_to_the_file_stays_a_link() {
    let house = House::new(SERVICES);
    let link = house.folder.path().join("link.yaml");
    std::os::unix::fs::symlink(house.file(), &link).unwrap();
    let words = ["unexpose", "nas", "--yes", "--config", link.to_str().unwrap()];
    assert_eq!(homelab(&words).run().code, 2);
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert!(!house.text().contains("nas"), "{}", house.text());
}

#[test]
fn a_file_that_cannot_be_edited_safely_is_left_alone_with_the_line_to_write() {
    let more = "ingress: { config: &c {} }\nservices: *c\n";
    let house = House::new(more);
    let ended = house.run(&["expose", "tv", "--url", NOBODY, "--yes"]);
    assert_eq!(ended.code, 2);
    for part in ["has to be edited by hand", "an alias", "tv: { url: \"http://[fe80::1]:9\" }"] {
        assert!(ended.stderr.contains(part), "`{part}` is missing in:\n{}", ended.stderr);
    }
    assert_eq!(house.text(), format!("{MINIMAL}{more}"));
}

#[test]
fn a_name_or_a_backend_that_cannot_be_used_is_refused_before_anything_is_written() {
    let house = House::new(SERVICES);
    for (words, said) in [
        (
            &["expose", "nas", "--url", NOBODY][..],
            "`nas` is there already: it leads to `http://192.168.1.5:5000`",
        ),
        (&["expose", "My_TV", "--url", NOBODY][..], "`my-tv` would be one"),
        (&["expose", "tv", "--url", "http://127.0.0.1:80"][..], "points at the ingress controller's own pod"),
        (&["expose", "tv", "--url", "http://10.0.0.2/web"][..], "has a path"),
        (&["expose", "tv", "--url", NOBODY, "--host", "nas"][..], "`nas.home.example.com`"),
        (&["expose", "tv", "--service", "immich-server"][..], "is not a Service such as"),
        (&["expose", "tv", "--service", "a/b"][..], "no-cluster.yaml"),
        (&["expose", "tv"][..], "no-cluster.yaml"),
        (&["unexpose", "nsa"][..], "did you mean `nas`?"),
        (&["unexpose", "whoami"][..], "whoami: false"),
    ] {
        let ended = house.run(words);
        assert!(ended.code != 0 && ended.stderr.contains(said), "{words:?}: {}", ended.stderr);
    }
    assert_eq!(house.text(), format!("{MINIMAL}{SERVICES}"));
}

#[test]
fn what_goes_is_told() {
    let house = House::new(SERVICES);
    let ended = house.run(&["unexpose", "nas.home.example.com", "--dry-run"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("nas.home.example.com: its record, its certificate"), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("  -   nas: { url: \"http://192.168.1.5:5000\" }   # mine\n"),
        "{}",
        ended.stdout
    );
}
