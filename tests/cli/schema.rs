//! What `homelab schema` prints, and that homelab keeps to it. Each test that starts the program with `--output json` holds
//! the answer against the schema, a failure too: see `program.rs`.

use std::path::Path;

use serde_json::{Value, json};

use crate::program::{MINIMAL, homelab};

/// The same as in the tests of the library.
#[path = "../../src/config/testing/mod.rs"]
#[expect(dead_code, reason = "those use more of it")]
mod testing;

use testing::Checker;

/// The schema of reports, in which a key that it does not name is a fault.
fn strict() -> Checker {
    Checker::strict(&homelab::ui::schema())
}

/// Fails where a document is none of those that the schema has.
pub fn assert_is_published(document: &Value) {
    let faults = strict().faults(document);
    assert!(faults.is_none(), "not as `homelab schema report` says: {}\n{document:#}", faults.unwrap());
}

#[test]
fn the_printed_schemas_are_whole() {
    for (of, schema) in [("config", homelab::config::schema()), ("report", homelab::ui::schema())] {
        let ended = homelab(&["schema", of]).run();
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
        let printed: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(printed["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert_eq!(printed, schema);
        assert_eq!(homelab(&["schema", of, "--output", "json"]).run().stdout, ended.stdout);
    }
}

#[test]
fn a_schema_that_is_not_there_is_refused_with_the_nearest_one() {
    let ended = homelab(&["schema", "reprot"]).run();
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("'report'"), "{}", ended.stderr);
}

#[test]
fn every_example_is_as_the_schema_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/examples");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().join("homelab.yaml"));
    let files: Vec<_> = files.collect();
    assert!(files.len() >= 4);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let document: Value = serde_yaml::from_str(&text).unwrap();
        assert_eq!(Checker::new(&homelab::config::schema()).faults(&document), None, "{}", file.display());
    }
}

#[test]
fn what_the_program_prints_is_as_the_schema_says_whether_it_fails_or_not() {
    let everywhere: &[&[&str]] = &[
        &["render"],
        &["up"],
        &["up", "--dry-run"],
        &["diff"],
        &["upgrade"],
        &["upgrade", "--check"],
        &["upgrade", "--yes"],
        &["down", "--dry-run"],
        &["status", "--offline"],
        &["status", "whoami", "--offline"],
        &["status", "nobody", "--offline"],
        &["doctor", "--offline"],
        &["doctor", "--pre", "--offline"],
        &["doctor", "--list"],
        &["doctor", "--explain", "dns.rebind"],
        &["doctor", "--explain", "cf"],
        &["doctor", "--explain", "nothing"],
        &["renew", "whoami"],
        &["backup", "saved", "--recipient", "age1x"],
        &["restore", "saved", "--identity", "token"],
        &["cert", "export", "whoami"],
        &["zone", "delegate"],
        &["zone", "policy"],
        &["zone", "list"],
        &["zone", "create", "acme"],
        &["zone", "prune"],
        &["open", "whoami"],
        &["open", "whomai"],
        &["addresses"],
        &["kubeconfig"],
        &["kubeconfig", "--account", "addresses"],
        &["k3s-config"],
        &["init", "--no-check", "--domain", "home.example.com", "--email", "ada@lovelace.dev"],
        &["expose", "nas", "--url", "https://192.168.1.5:5001", "--dry-run"],
        &["unexpose", "nas", "--dry-run"],
        &["protect", "nas"],
    ];
    for arguments in everywhere {
        for config in [MINIMAL, "domain: 1\nservces: {}\n"] {
            // Whatever lab this machine may have is left alone.
            let own = ["--config", "homelab.yaml", "--kubeconfig", "none.yaml", "--output", "json"];
            let arguments: Vec<&str> = arguments.iter().copied().chain(own).collect();
            let ended = homelab(&arguments).file("homelab.yaml", config).file("token", "x").run();
            assert!(ended.stdout.ends_with("}\n"), "{arguments:?}: {}{}", ended.stdout, ended.stderr);
        }
    }
}

#[test]
fn a_report_with_a_key_that_nobody_knows_is_not_as_the_schema_says() {
    let report = |more: Value| {
        let mut check =
            json!({ "id": "dns.rebind", "title": "t", "vantage": { "from": "system" }, "severity": "error" });
        check.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let counts =
            json!({ "pass": 0, "fail": 0, "warn": 0, "note": 0, "skip": 0, "blocked": 0, "unknown": 0 });
        json!({ "schema_version": 1, "counts": counts, "checks": [check] })
    };
    let good = report(json!({ "outcome": "pass", "saw": "x" }));
    assert_is_published(&good);
    for bad in [
        json!({ "outcome": "pass", "saw": "x", "more": 1 }),
        json!({ "outcome": "pass" }),
        json!({ "outcome": "fail", "saw": "x" }),
        json!({ "outcome": "blocked", "by": "nobody" }),
    ] {
        assert!(strict().faults(&report(bad.clone())).is_some(), "{bad}");
    }
}
