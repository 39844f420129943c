//! `homelab doctor` where there is no cluster and nothing to ask.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::program::{Ended, MINIMAL, homelab};

/// On a machine without a cluster, without a token, and asking nobody.
fn doctor(flags: &[&str]) -> Ended {
    let arguments = [&["doctor", "--offline", "--timeout", "1s"], flags].concat();
    homelab(&arguments).file("homelab.yaml", MINIMAL).env("KUBECONFIG", "nowhere.yaml").run()
}

#[test]
fn the_exit_code_is_the_same_in_every_format() {
    for flags in [&[][..], &["--strict"], &["--pre"], &["--check", "dns"], &["--check", "config"]] {
        let codes: Vec<i32> = ["text", "short", "json", "junit"]
            .map(|format| doctor(&[flags, &["--output", format]].concat()).code)
            .to_vec();
        assert!(codes.iter().all(|code| *code == codes[0]), "{flags:?}: {codes:?}");
    }
}

#[test]
fn every_format_is_what_it_says() {
    let json: Value = serde_json::from_str(&doctor(&["--output", "json"]).stdout).unwrap();
    assert_eq!(json["schema_version"], 1);
    let xml = doctor(&["--output", "junit"]).stdout;
    assert!(xml.starts_with("<?xml") && xml.ends_with("</testsuites>\n"), "{xml}");
    let short = doctor(&["--output", "short"]).stdout;
    assert!(short.lines().last().unwrap().contains("checks: "), "{short}");
}

#[test]
fn the_list_has_every_group_and_needs_nothing() {
    let ended = homelab(&["doctor", "--list"]).run();
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    for part in ["dns.rebind", "tls.renewal", "warning", "--explain ID"] {
        assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
    }
    let json: Value =
        serde_json::from_str(&homelab(&["doctor", "--list", "--output", "json"]).run().stdout).unwrap();
    assert!(json["groups"].as_array().unwrap().iter().any(|group| group["name"] == "dns"));
}

#[test]
fn a_check_and_a_group_are_explained_without_a_configuration() {
    let one = homelab(&["doctor", "--explain", "dns.rebind"]).run();
    assert_eq!(one.code, 0, "{}", one.stderr);
    assert!(one.stdout.starts_with("dns.rebind  error  "), "{}", one.stdout);
    let group = homelab(&["doctor", "--explain", "dns", "--output", "json"]).run();
    let json: Value = serde_json::from_str(&group.stdout).unwrap();
    assert!(json["checks"].as_array().unwrap().len() > 3);
}

#[test]
fn a_misspelt_check_is_refused_with_the_nearest_one() {
    for flag in ["--explain", "--check", "--skip"] {
        let ended = homelab(&["doctor", flag, "dns.rebnd"]).run();
        assert_eq!(ended.code, 2);
        assert!(ended.stderr.contains("did you mean `dns.rebind`?"), "{}", ended.stderr);
    }
}

#[test]
fn a_word_that_is_no_check_finds_the_checks_that_speak_of_it() {
    // `etcd` is close to the group `edns`; who asks for a word means the word.
    for (word, check) in [("servicelb", "k3s.disabled"), ("etcd", "host.node-address")] {
        let ended = homelab(&["doctor", "--explain", word]).run();
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{word}");
        assert!(ended.stdout.starts_with(&format!("checks that mention `{word}`:\n")), "{}", ended.stdout);
        assert!(ended.stdout.contains(check) && !ended.stdout.contains("dns.rebind"), "{}", ended.stdout);
    }
    let json = homelab(&["doctor", "--explain", "servicelb", "--output", "json"]).run();
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert!(json["checks"].as_array().unwrap().iter().any(|check| check["id"] == "k3s.disabled"));
}

#[test]
fn a_word_that_no_check_mentions_is_an_error() {
    for (flag, word) in [("--explain", "zeppelin"), ("--check", "zeppelin"), ("--check", "servicelb")] {
        let ended = homelab(&["doctor", flag, word]).run();
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{flag} {word}");
        assert!(ended.stderr.contains("there is no check and no group"), "{}", ended.stderr);
        assert_eq!(
            ended.stderr.contains("these checks mention it: "),
            word == "servicelb",
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn an_explanation_begins_with_the_symptom_and_the_fixes() {
    let text = homelab(&["doctor", "--explain", "dns.rebind"]).run().stdout;
    let places: Vec<usize> = ["symptom:", "causes and fixes:", "fix: ", "how it checks:", "sources:"]
        .iter()
        .map(|part| text.find(part).unwrap_or_else(|| panic!("{part}: {text}")))
        .collect();
    assert!(places.is_sorted(), "{text}");
}

#[test]
fn the_flags_of_a_command_stand_before_those_of_all_commands() {
    for command in ["up", "doctor", "renew"] {
        let help = homelab(&[command, "--help"]).run().stdout;
        let (own, global) = help.split_once("Global options:\n").unwrap();
        assert!(!own.contains("--kubeconfig") && global.contains("--kubeconfig"), "{help}");
    }
}

#[test]
fn what_has_no_report_refuses_the_forms_of_one() {
    for arguments in
        [&["render"][..], &["doctor", "--list"], &["doctor", "--explain", "dns"], &["up", "--no-verify"]]
    {
        for format in ["short", "junit"] {
            let ended =
                homelab(&[arguments, &["--output", format]].concat()).file("homelab.yaml", MINIMAL).run();
            assert_eq!(ended.code, 2, "{arguments:?}");
            assert!(ended.stderr.contains("the formats `short` and `junit`"), "{}", ended.stderr);
        }
    }
}

#[test]
fn a_bundle_is_written_once_for_its_owner_alone_and_without_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bundle.json");
    let token = "0123456789abcdefghij0123456789abcdefghij";
    let run = || {
        homelab(&["doctor", "--offline", "--timeout", "1s", "--quiet", "--bundle", path.to_str().unwrap()])
            .file(
                "homelab.yaml",
                &format!("{MINIMAL}services: {{ a: {{ url: 'http://10.0.0.2', host: {token} }} }}\n"),
            )
            .file("token", token)
            .env("KUBECONFIG", "nowhere.yaml")
            .run()
    };
    let first = run();
    assert!([1, 3].contains(&first.code), "{}", first.stderr);
    let text = std::fs::read_to_string(&path).unwrap();
    let bundle: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&bundle["schema_version"], &bundle["flags"]["offline"]), (&1.into(), &true.into()));
    assert!(bundle["evidence"].is_object() && bundle["report"]["checks"].is_array());
    assert!(!text.contains(token) && !text.contains("lovelace"), "{text}");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let second = run();
    assert_eq!(second.code, 2);
    assert!(second.stderr.contains("exists already"), "{}", second.stderr);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn commands_name_the_kubeconfig_unless_the_next_shell_has_it_in_its_variable() {
    let names = |path: &str, more: &[&str]| {
        let flags = ["doctor", "--offline", "--timeout", "1s"];
        let program = homelab(&flags).file("homelab.yaml", MINIMAL).env("KUBECONFIG", path);
        more.iter()
            .fold(program, |program, name| program.env(name, "x"))
            .run()
            .stdout
            .contains(&format!("--kubeconfig {path}"))
    };
    let path = "/nowhere/kube.yaml";
    assert!(!names(path, &[]));
    // In another folder it is another file; sudo takes the variable away; a unit's journal is read elsewhere.
    assert!(names("nowhere.yaml", &[]));
    assert!(names(path, &["SUDO_USER"]) && names(path, &["INVOCATION_ID"]));
}

#[test]
fn the_last_report_is_kept_in_place_of_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("doctor.json");
    std::fs::write(&path, "old").unwrap();
    let fine = |path: &str| doctor(&["--quiet", "--check", "config.valid", "--report", path]);
    assert_eq!(fine(path.to_str().unwrap()).code, 0);
    let report: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(report["schema_version"], 1);
    let lost = fine("/nowhere/doctor.json");
    assert_eq!(lost.code, 3, "a report that could not be kept is told: {}", lost.stderr);
}

#[test]
fn metrics_are_printed_and_written_for_everybody_to_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("homelab.prom");
    std::fs::write(&path, "old").unwrap();
    let flags = ["--output", "prometheus", "--metrics", path.to_str().unwrap()];
    let arguments = [&["doctor", "--offline", "--timeout", "1s", "--quiet"], &flags[..]].concat();
    let ended =
        homelab(&arguments).file("homelab.yaml", "domain: 1\n").env("KUBECONFIG", "nowhere.yaml").run();
    assert_eq!((ended.code, ended.stderr.as_str()), (1, ""));
    let failed = "homelab_check{id=\"config.valid\",vantage=\"the configuration\",severity=\"error\"} 1\n";
    assert!(ended.stdout.contains(failed) && ended.stdout.ends_with('\n'), "{}", ended.stdout);
    let written = std::fs::read_to_string(&path).unwrap();
    let names = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect()
    };
    assert_eq!(names(&written), names(&ended.stdout));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing may be left beside it");
}

#[test]
fn only_a_run_of_the_doctor_has_metrics() {
    for arguments in [&["status"][..], &["up"], &["diff"], &["render"], &["doctor", "--list"]] {
        let arguments = [arguments, &["--output", "prometheus", "--config", "homelab.yaml"]].concat();
        let ended = homelab(&arguments).file("homelab.yaml", MINIMAL).run();
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(ended.stderr.contains("only `homelab doctor` has the format"), "{}", ended.stderr);
    }
}

#[test]
fn the_alerts_ask_for_metrics_that_there_are() {
    let rules: Value = serde_yaml::from_str(include_str!("../../docs/prometheus/homelab.rules.yml")).unwrap();
    let metrics = include_str!("../../src/ui/report/golden/report.prom");
    let rules = rules["groups"][0]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 3);
    for rule in rules {
        let of_expression = |c: char| !(c.is_ascii_lowercase() || c == '_');
        let asked = rule["expr"].as_str().unwrap().split(of_expression);
        let asked: Vec<&str> = asked.filter(|word| word.starts_with("homelab_")).collect();
        assert!(!asked.is_empty(), "{rule}");
        for name in asked {
            assert!(metrics.contains(&format!("# TYPE {name} gauge\n")), "{name}");
        }
    }
}

#[test]
fn the_hook_gets_the_report_of_a_bad_run_and_changes_no_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let got = folder.path().join("got.json");
    let told = |hook: &str, flags: &[&str]| {
        let config = format!(
            "{MINIMAL}doctor: {{ onUnknown: true, onFailure: {{ command: [/bin/sh, -c, '{hook}'] }} }}\n"
        );
        let arguments = [&["doctor", "--offline", "--timeout", "1s", "--quiet"], flags].concat();
        homelab(&arguments).file("homelab.yaml", &config).env("KUBECONFIG", "nowhere.yaml").run()
    };
    let write = format!("cat > {}", got.display());
    let quiet = told(&write, &[]);
    assert!(!got.exists(), "without --notify nobody is told");
    let loud = told(&write, &["--notify"]);
    assert_eq!((loud.code, loud.stderr.as_str()), (quiet.code, ""));
    let report: Value = serde_json::from_str(&std::fs::read_to_string(&got).unwrap()).unwrap();
    assert!(report["counts"].is_object());
    let failed = told("exit 7", &["--notify"]);
    assert_eq!(failed.code, quiet.code);
    assert!(failed.stderr.contains("warning: the hook in `doctor.onFailure` failed"), "{}", failed.stderr);
}
