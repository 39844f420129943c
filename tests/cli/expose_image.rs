//! `homelab expose --image` and what `unexpose` says of its data, and the list without a name.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use crate::program::{Ended, MINIMAL, homelab, kubeconfig};

/// The words with a configuration of their own.
fn run(services: &str, words: &[&str]) -> Ended {
    let (config, none) = (format!("{MINIMAL}{services}"), ["--kubeconfig", "no-cluster.yaml"]);
    homelab(&[words, &none[..]].concat()).file("homelab.yaml", &config).run()
}

const BOOKS: &str = "services:\n  books: { image: \"a/b:1\", port: 8083, data: /config }\n";

#[test]
fn an_image_is_one_line_and_needs_no_cluster_to_be_shown() {
    let words = ["expose", "books", "--image", "a/b:1", "--port", "8083", "--data", "/config", "--dry-run"];
    let ended = run("", &words);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let line = "  +   books: { image: \"a/b:1\", port: 8083, data: /config }\n";
    assert!(ended.stdout.contains(line), "{}", ended.stdout);
}

#[test]
fn what_cannot_be_run_is_refused_with_the_reason() {
    for (words, said) in [
        (&["books", "--image", "a/b"][..], "--port <PORT>"),
        (&["books", "--port", "80"][..], "--image <IMAGE>"),
        (&["books", "--data", "/a"][..], "--image <IMAGE>"),
        (&["books", "--image", "a/b", "--port", "80", "--local", "80"][..], "cannot be used with"),
        (&["--image", "a/b", "--port", "80"][..], "<NAME"),
        (&["--url", "http://10.0.0.2"][..], "<NAME"),
        (&["books", "--image", "a b", "--port", "80", "--yes"][..], "is not an image such as"),
        (&["books", "--image", "a/b", "--port", "80", "--data", "x", "--yes"][..], "is not a folder"),
        (&["2fa", "--image", "a/b", "--port", "80", "--yes"][..], "must begin with a letter"),
    ] {
        let ended = run("", &[&["expose"][..], words].concat());
        assert!(ended.code == 2 && ended.stderr.contains(said), "{words:?}: {}", ended.stderr);
    }
    let taken = run(BOOKS, &["expose", "books", "--url", "http://10.0.0.2"]);
    assert!(taken.stderr.contains("it leads to the image `a/b:1`"), "{}", taken.stderr);
}

#[test]
fn what_goes_and_what_stays_of_an_image_is_told() {
    let ended = run(BOOKS, &["unexpose", "books", "--dry-run"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    for part in ["the program ends, and its data stays", "-n homelab-books delete pvc data`"] {
        assert!(ended.stdout.contains(part), "`{part}` is missing in:\n{}", ended.stdout);
    }
    let without = run(&BOOKS.replace(", data: /config", ""), &["unexpose", "books", "--dry-run"]);
    assert!(!without.stdout.contains("delete pvc"), "{}", without.stdout);
    assert!(without.stdout.contains(" delete namespace homelab-books` removes it"), "{}", without.stdout);
    assert!(without.stdout.contains("`services:` stays in the file, empty"), "{}", without.stdout);
}

/// These Services, for whoever asks for them; returns where.
fn api_server(services: &[(&str, &str)]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let service = |(namespace, name): &(&str, &str)| {
        format!(
            r#"{{"metadata":{{"namespace":"{namespace}","name":"{name}"}},"spec":{{"ports":[{{"port":80,"protocol":"TCP"}}]}}}}"#
        )
    };
    let items = services.iter().map(service).collect::<Vec<_>>().join(",");
    let list = format!(r#"{{"kind":"ServiceList","apiVersion":"v1","metadata":{{}},"items":[{items}]}}"#);
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let mut lines = BufReader::new(&connection).lines();
            let asked = lines.next().and_then(Result::ok).unwrap_or_default();
            lines.map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
            let (status, body) = match asked.contains(" /api/v1/services") {
                true => ("200 OK", list.as_str()),
                false => ("404 Not Found", "{}"),
            };
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}",
                body.len()
            );
            let _ = write!(&connection, "{head}\r\n\r\n{body}");
        }
    });
    address
}

/// The words where the cluster has these Services.
fn run_beside(services: &[(&str, &str)], words: &[&str]) -> Ended {
    let flags = ["--insecure-api-server", "--kubeconfig", "kubeconfig"];
    let program = homelab(&[words, &flags[..]].concat()).file("homelab.yaml", MINIMAL);
    program.file("kubeconfig", &kubeconfig(&api_server(services))).run()
}

#[test]
fn where_there_is_no_service_to_choose_from_expose_alone_says_what_else_can_get_a_name_and_ends_with_0() {
    let system = [("kube-system", "metrics")];
    let ended = run_beside(&system, &["expose"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    for part in ["the cluster has only Services of homelab and of Kubernetes", " expose NAME --local PORT`\n"]
    {
        assert!(ended.stdout.contains(part), "`{part}` is missing in:\n{}", ended.stdout);
    }
    let json = run_beside(&system, &["expose", "--output", "json"]);
    let document: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((json.code, &document["services"]), (0, &serde_json::json!([])));
    // With a name it is a command line that lacks something.
    assert_eq!(run_beside(&system, &["expose", "photos"]).code, 2);
}

#[test]
fn without_a_name_the_services_are_listed_each_with_its_command_and_nothing_is_changed() {
    let run = |words: &[&str]| run_beside(&[("immich", "server"), ("kube-system", "metrics")], words);
    let ended = run(&["expose"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let command =
        "homelab --kubeconfig kubeconfig --insecure-api-server expose server --service immich/server:80";
    assert_eq!(ended.stdout, format!("{command}\n"));
    let document: serde_json::Value =
        serde_json::from_str(&run(&["expose", "--output", "json"]).stdout).unwrap();
    assert_eq!(document["services"][0]["command"], command);
    assert_eq!(document["services"].as_array().unwrap().len(), 1);
    let ended = self::run("", &["expose"]);
    assert!(ended.code != 0 && ended.stderr.contains("no-cluster.yaml"), "{}", ended.stderr);
}
