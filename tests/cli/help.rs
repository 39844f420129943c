//! What `--help` says of every command. `UPDATE_GOLDEN=1 cargo test` writes the files anew.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{CommandFactory as _, Parser as _};
use homelab::cli::Cli;

use crate::program::homelab;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/help")
}

/// Every command that people see, with what stands below its help.
fn commands() -> Vec<(String, String)> {
    let all = Cli::command();
    let seen = all.get_subcommands().filter(|command| !command.is_hide_set());
    seen.map(|command| {
        let below = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        (command.get_name().to_owned(), below)
    })
    .collect()
}

#[test]
fn the_help_of_every_command_is_as_its_golden_file_has_it() {
    let mut wanted: BTreeSet<String> = ["homelab.txt".to_owned()].into();
    let helps = commands().into_iter().map(|(name, _)| (name.clone(), vec![name, "--help".to_owned()]));
    for (name, arguments) in helps.chain([("homelab".to_owned(), vec!["--help".to_owned()])]) {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let ended = homelab(&arguments).run();
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{name}");
        let file = format!("{name}.txt");
        let golden = folder().join(&file);
        wanted.insert(file);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::create_dir_all(folder()).unwrap();
            std::fs::write(&golden, &ended.stdout).unwrap();
        }
        let told = std::fs::read_to_string(&golden).unwrap_or_default();
        let path = golden.display();
        assert!(
            ended.stdout == told,
            "{path} differs; `UPDATE_GOLDEN=1 cargo test` accepts it:\n{}",
            ended.stdout
        );
        let widest = ended.stdout.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        assert!(widest <= 100, "{name} has a line of {widest} characters");
    }
    let there: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(there, wanted, "files of commands that are gone");
}

/// The calls of homelab in a line to paste: between pipes, behind `sudo` and variables.
fn calls(line: &str) -> Vec<Vec<String>> {
    let line = line.split(" # ").next().unwrap().replace("'", "");
    let parts = line.split('|').flat_map(|part| part.split("&&")).map(|part| {
        let part = part.split('>').next().unwrap();
        let words = part.split_whitespace().skip_while(|word| *word != "homelab");
        words.map(str::to_owned).collect::<Vec<_>>()
    });
    parts.filter(|words| !words.is_empty()).collect()
}

#[test]
fn every_command_has_examples_and_each_of_them_is_a_command_line_that_is_taken() {
    for (name, below) in commands() {
        let examples = below.strip_prefix("Examples:\n").unwrap_or_else(|| panic!("{name} has no examples"));
        let examples: Vec<&str> = examples.lines().take_while(|line| line.starts_with("  ")).collect();
        let calls: Vec<Vec<String>> = examples.iter().flat_map(|line| calls(line)).collect();
        assert!(calls.iter().any(|call| call[1] == name), "{name}: {examples:?}");
        for call in calls {
            if let Err(error) = Cli::try_parse_from(&call) {
                panic!("{name}: {call:?}\n{error}");
            }
        }
    }
}

#[test]
fn a_slip_of_the_hand_in_a_flag_or_a_command_is_told_with_the_nearest_one() {
    for (arguments, near) in [
        (&["statsu"][..], "'status'"),
        (&["doctor", "--offlin"], "'--offline'"),
        (&["expose", "nas", "--ulr", "http://10.0.0.2"], "'--url'"),
        (&["--confg", "a.yaml", "status"], "'--config'"),
        (&["renew", "--lal"], "'--all'"),
        (&["schema", "confg"], "'config'"),
        (&["status", "--output", "jsn"], "'json'"),
    ] {
        let ended = homelab(arguments).run();
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(ended.stderr.contains(&format!("exists: {near}")), "{arguments:?}: {}", ended.stderr);
    }
}

#[test]
fn a_command_line_that_is_refused_is_a_document_for_who_asks_for_json() {
    for arguments in [
        &["status", "--nope", "--output", "json"][..],
        &["--output=json", "statsu"],
        &["-ojson", "expose"],
        &["renew", "-o", "json"],
        &["-o", "json"],
    ] {
        let ended = homelab(arguments).run();
        assert_eq!(ended.code, 2, "{arguments:?}");
        let document: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        crate::schema::assert_is_published(&document);
        assert_eq!(document["error"]["exit"], 2);
        let what = document["error"]["what"].as_str().unwrap();
        assert!(!what.is_empty() && !what.contains("error:") && !ended.stderr.is_empty(), "{document}");
    }
    let slip: serde_json::Value = serde_json::from_str(&homelab(&["statsu", "-ojson"]).run().stdout).unwrap();
    assert_eq!(slip["error"]["hint"], "a similar subcommand exists: 'status'");
    assert_eq!(homelab(&["statsu", "--", "-ojson"]).run().stdout, "");
    let help = homelab(&["status", "--help", "-ojson"]).run();
    assert!(help.code == 0 && help.stdout.contains("Usage: homelab status"));
}

#[test]
fn a_context_that_is_not_there_is_told_with_the_nearest_one() {
    let kubeconfig = "apiVersion: v1\nkind: Config\ncontexts:\n- name: house\n  context: { cluster: a, user: b }\n- name: test\n  context: { cluster: a, user: b }\n";
    let ask = |context: &str| {
        let arguments = ["diff", "--kubeconfig", "k.yaml", "--config", "homelab.yaml", "--context", context];
        let program = homelab(&arguments).file("homelab.yaml", crate::program::MINIMAL).file("token", "x");
        program.file("k.yaml", kubeconfig).run()
    };
    let near = ask("huose");
    assert_eq!(near.code, 2, "{}", near.stderr);
    assert!(near.stderr.contains("no context `huose`") && near.stderr.contains("did you mean `house`?"));
    assert!(ask("production").stderr.contains("its contexts: house, test"));
}
