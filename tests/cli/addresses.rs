//! `homelab addresses`: nothing to do with one controller, the nodes' addresses with another.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::program::{Ended, MINIMAL, homelab, kubeconfig};

fn run(more: &str, words: &[&str], kubeconfig: &str) -> Ended {
    let flags = ["--insecure-api-server", "--kubeconfig", "kubeconfig"];
    let program = homelab(&[&["addresses"], words, &flags[..]].concat());
    program.file("homelab.yaml", &format!("{MINIMAL}{more}")).file("kubeconfig", kubeconfig).run()
}

#[test]
fn a_controller_that_writes_them_itself_leaves_nothing_to_do_and_no_cluster_is_asked() {
    let ended = run("", &[], "");
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(ended.stdout, "ingress-nginx writes the addresses itself: nothing to do\n");
    let quiet = run("", &["--quiet"], "");
    assert_eq!((quiet.code, quiet.stdout.as_str(), quiet.stderr.as_str()), (0, "", ""));
    let document = run("", &["--output", "json"], "");
    assert_eq!(serde_json::from_str::<Value>(&document.stdout).unwrap()["status"], Value::Null);
}

const TRAEFIK: &str = "ingress: { controller: traefik }\n";

#[test]
fn what_is_written_is_told_and_without_a_node_that_is_ready_nothing_is_written() {
    let written = run(TRAEFIK, &[], &kubeconfig(&api_server("True")));
    assert_eq!(written.code, 0, "{}", written.stderr);
    assert_eq!(written.stdout, "1 Ingress has 192.168.1.10, 1 written\n");
    let document = run(TRAEFIK, &["--output", "json"], &kubeconfig(&api_server("True")));
    let status = serde_json::from_str::<Value>(&document.stdout).unwrap()["status"].clone();
    let told = json!({ "addresses": ["192.168.1.10"], "ingresses": 1, "written": ["Ingress a/photos"] });
    assert_eq!(status, told);
    let none = run(TRAEFIK, &[], &kubeconfig(&api_server("False")));
    assert_eq!(none.code, 1, "{}", none.stderr);
    assert!(none.stderr.contains("stay as they are"), "{}", none.stderr);
}

/// A cluster with one node that is ready or not, a pod of the controller on it, and an Ingress; it takes every write.
fn api_server(ready: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream);
                loop {
                    let (mut line, mut length) = (String::new(), 0);
                    if reader.read_line(&mut line).unwrap_or(0) == 0 {
                        return;
                    }
                    loop {
                        let mut header = String::new();
                        reader.read_line(&mut header).unwrap();
                        let header = header.trim_end().to_lowercase();
                        if header.is_empty() {
                            break;
                        }
                        if let Some(value) = header.strip_prefix("content-length: ") {
                            length = value.parse().unwrap();
                        }
                    }
                    std::io::copy(&mut std::io::Read::take(&mut reader, length), &mut std::io::sink())
                        .unwrap();
                    let body = answer(&line, ready).to_string();
                    let head = format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                        body.len()
                    );
                    let stream = reader.get_mut();
                    stream
                        .write_all(head.as_bytes())
                        .and_then(|()| stream.write_all(body.as_bytes()))
                        .unwrap();
                }
            });
        }
    });
    address
}

fn answer(line: &str, ready: &str) -> Value {
    let conditions = json!([{ "type": "Ready", "status": ready }]);
    let items = match line {
        _ if line.contains("/nodes") => {
            json!([{ "metadata": { "name": "pi" }, "status": { "conditions": conditions,
            "addresses": [{ "type": "InternalIP", "address": "192.168.1.10" }] } }])
        }
        _ if line.contains("/pods") => json!([{ "metadata": { "namespace": "traefik", "name": "traefik-1",
                "labels": { "app.kubernetes.io/name": "traefik" } },
            "spec": { "nodeName": "pi" }, "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] } }]),
        _ if line.contains("/ingressclasses") => {
            json!([{ "metadata": { "name": "nginx" }, "spec": { "controller": "k8s.io/ingress-nginx" } }])
        }
        _ if line.starts_with("GET") => {
            json!([{ "metadata": { "namespace": "a", "name": "photos", "resourceVersion": "5" },
            "spec": { "ingressClassName": "nginx" } }])
        }
        _ => return json!({}),
    };
    json!({ "metadata": {}, "items": items })
}
