//! The ways that Cilium's policy engine is asked for: out of pods that the lab's own policies choose, and of those that homelab renders.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::cilium::{asked, own};
use crate::cases::hands::expect;
use crate::error::Result;
use crate::paths::repository;

/// Every word, as homelab renders it.
const GOLDEN: &str = "tests/golden/egress.yaml";
const OPEN: &str = "open";
const SHUT: &str = "shut";

/// From whom, where to, and what Cilium has to say.
type Row = (Value, Value, &'static str);

pub(super) fn are_as_they_should_be(judge: &Path) -> Result<()> {
    ask(judge, own("taken"), &of_the_lab())?;
    ask(judge, repository().join(GOLDEN), &of_homelab())
}

fn ask(judge: &Path, file: PathBuf, rows: &[Row]) -> Result<()> {
    let question = |(from, way, _): &Row| {
        let mut question = way.clone();
        question["from"] = from.clone();
        question
    };
    let questions: Vec<Value> = rows.iter().map(question).collect();
    let words = ["ways".into(), Value::from(questions.clone()).to_string().into(), file];
    let answers: Vec<String> = asked(judge, &words)?;
    let wrong: Vec<String> = rows
        .iter()
        .zip(&questions)
        .zip(&answers)
        .filter(|(((_, _, wanted), _), answer)| wanted != answer)
        .map(|((_, question), answer)| format!("{question} is {answer}"))
        .collect();
    println!("      Cilium's policy engine was asked for {} ways", answers.len());
    expect(wrong.is_empty() && answers.len() == rows.len(), wrong.join("\n"))
}

fn from(namespace: &str, program: &str) -> Value {
    json!({ "namespace": namespace, "labels": { "app": program, "app.kubernetes.io/name": program } })
}

/// To an address that the pod has got for a name.
fn name(name: &str, port: u16, protocol: &str) -> Value {
    json!({ "name": name, "address": "203.0.113.7", "port": port, "protocol": protocol })
}

/// To an address by hand.
fn to(address: &str, port: u16) -> Value {
    json!({ "address": address, "port": port, "protocol": "TCP" })
}

/// To what Cilium knows by a name of its own: nodes are no addresses to it.
fn entity(name: &str) -> Value {
    json!({ "entity": name, "port": 443, "protocol": "TCP" })
}

fn pod(namespace: &str, program: &str, port: u16, protocol: &str) -> Value {
    let labels =
        if namespace == "kube-system" { json!({ "k8s-app": program }) } else { json!({ "app": program }) };
    json!({ "to": { "namespace": namespace, "labels": labels }, "port": port, "protocol": protocol })
}

fn dns() -> Value {
    pod("kube-system", "kube-dns", 53, "UDP")
}

fn of_the_lab() -> Vec<Row> {
    let photos = || from("photos", "photos");
    vec![
        (photos(), name("api.example.org", 443, "TCP"), OPEN),
        (photos(), name("api.example.org", 80, "TCP"), SHUT),
        (photos(), name("www.example.org", 443, "TCP"), SHUT),
        (photos(), name("2.pool.ntp.org", 123, "UDP"), OPEN),
        (photos(), name("2.de.pool.ntp.org", 123, "UDP"), SHUT),
        // Without a question, nobody knows it by a name.
        (photos(), to("203.0.113.7", 443), SHUT),
        (photos(), to("10.99.0.50", 443), OPEN),
        (photos(), to("10.98.0.50", 443), SHUT),
        (photos(), entity("remote-node"), SHUT),
        (photos(), dns(), OPEN),
        (photos(), pod("kube-system", "kube-dns", 9153, "TCP"), SHUT),
        (photos(), pod("photos", "database", 53, "UDP"), SHUT),
        (from("photos", "database"), to("10.98.0.50", 443), OPEN),
        (from("none", "any"), dns(), SHUT),
        (from("none", "any"), to("10.99.0.50", 443), SHUT),
        (from("deaf", "any"), dns(), OPEN),
        (from("deaf", "any"), name("api.example.org", 443, "TCP"), SHUT),
    ]
}

/// The namespace `names` has every word in one list, and a program of homelab's own has one name.
fn of_homelab() -> Vec<Row> {
    let names = || from("names", "any");
    let news = || from("homelab-news", "news");
    vec![
        (names(), dns(), OPEN),
        (names(), name("api.example.org", 443, "TCP"), OPEN),
        (names(), name("api.example.org", 8443, "TCP"), OPEN),
        (names(), name("example.org", 443, "TCP"), SHUT),
        (names(), name("a.api.example.org", 443, "TCP"), SHUT),
        (names(), name("2.pool.ntp.org", 123, "UDP"), OPEN),
        (names(), name("2.pool.ntp.org", 123, "TCP"), SHUT),
        (names(), name("2.de.pool.ntp.org", 123, "UDP"), SHUT),
        (names(), name("a.example.net", 443, "TCP"), OPEN),
        (names(), name("a.b.example.net", 443, "TCP"), OPEN),
        (names(), name("example.net", 443, "TCP"), SHUT),
        (names(), name("a.example.net", 22, "TCP"), SHUT),
        (names(), to("10.99.0.50", 445), OPEN),
        (names(), to("192.168.1.5", 445), OPEN),
        (names(), to("100.64.0.9", 445), OPEN),
        (names(), to("203.0.113.7", 443), SHUT),
        (names(), to("203.0.113.7", 80), OPEN),
        (names(), entity("host"), OPEN),
        (names(), entity("remote-node"), OPEN),
        (names(), pod("names", "other", 5432, "TCP"), OPEN),
        (names(), pod("elsewhere", "other", 5432, "TCP"), OPEN),
        (news(), dns(), OPEN),
        (news(), name("feeds.example.org", 443, "TCP"), OPEN),
        (news(), name("feeds.example.org", 80, "TCP"), SHUT),
        (news(), name("example.org", 443, "TCP"), SHUT),
        (news(), to("10.99.0.50", 443), SHUT),
        (news(), entity("host"), SHUT),
        (news(), pod("homelab-news", "other", 443, "TCP"), SHUT),
        // Another program of the namespace is not chosen.
        (from("homelab-news", "other"), to("203.0.113.7", 443), OPEN),
    ]
}
