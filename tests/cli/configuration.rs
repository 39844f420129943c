use crate::program::{MINIMAL, homelab};

#[test]
fn a_misspelt_key_is_shown_where_it_stands_with_the_nearest_known_one() {
    let ended = homelab(&["render"]).file("homelab.yaml", &format!("{MINIMAL}servises: {{}}\n")).run();
    assert_eq!(ended.code, 2);
    assert_eq!(ended.stdout, "");
    for part in ["homelab.yaml:4:1: unknown key `servises`", "4 | servises: ***", "did you mean `services`?"]
    {
        assert!(ended.stderr.contains(part), "`{part}` is missing in:\n{}", ended.stderr);
    }
}

#[test]
fn every_problem_of_a_file_is_shown_in_one_run() {
    let text = "domain: home\nemail: x\ndns: { provider: route66, ttl: 1 }\nservices: { a: {}, b: { url: nothing } }\n";
    let ended = homelab(&["render"]).file("homelab.yaml", text).run();
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("the configuration has 6 problems"), "{}", ended.stderr);
}

#[test]
fn a_missing_file_says_where_was_looked_and_how_to_name_one() {
    let ended = homelab(&["render"]).run();
    assert_eq!(ended.code, 2);
    assert!(
        ended.stderr.contains("`homelab.yaml`") && ended.stderr.contains("hint: `homelab init` writes one"),
        "{}",
        ended.stderr
    );
}

#[test]
fn the_variable_names_the_file_too() {
    let ended = homelab(&["render"]).file("other.yaml", MINIMAL).env("HOMELAB_CONFIG", "other.yaml").run();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
}

#[test]
fn a_misspelt_command_is_refused_with_a_suggestion() {
    let ended = homelab(&["rendr"]).run();
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("render"), "{}", ended.stderr);
}

#[test]
fn without_a_command_the_help_is_shown() {
    let ended = homelab(&[]).run();
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("Usage: homelab"), "{}", ended.stderr);
}

#[test]
fn a_failure_with_json_output_is_one_document_on_stdout() {
    let ended = homelab(&["render", "--output", "json"]).file("homelab.yaml", "domain: 1\n").run();
    let document: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(document["error"]["exit"], 2);
    assert_eq!(document["schema_version"], 1);
}

#[test]
fn open_prints_the_address_where_there_is_no_desktop_and_knows_a_slip_of_the_hand() {
    let ended = homelab(&["open", "whoami"]).file("homelab.yaml", MINIMAL).run();
    assert_eq!((ended.code, ended.stdout.as_str()), (0, "https://whoami.home.example.com/\n"));
    assert!(
        ended.stderr.contains("open the address on another device") || ended.stderr.contains("root opens no")
    );
    let ended = homelab(&["open", "whoam"]).file("homelab.yaml", MINIMAL).run();
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
    assert!(ended.stderr.contains("did you mean `whoami`?"), "{}", ended.stderr);
}

#[test]
fn completions_and_manual_pages_are_written() {
    let completions = homelab(&["completions", "bash"]).run().stdout;
    assert!(["_homelab", "status", "--explain"].iter().all(|part| completions.contains(part)));
    assert_eq!(homelab(&["man", "pages"]).run().code, 0);
}
