//! The ways that Cilium's policy engine is asked for: out of pods that the lab's own policies choose, and of those that homelab renders.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::cilium::{asked, own};
use crate::cases::hands::expect;
use crate::error::Result;
use crate::paths::repository;

/// Every word, as homelab renders it.
const GOLDEN: &str = "tests/golden/egress.yaml";
/// homelab's own programs, by names.
const OWN: &str = "tests/golden/own-egress-cilium.yaml";
const OPEN: &str = "open";
const SHUT: &str = "shut";

/// From whom, where to, and what Cilium has to say.
type Row = (Value, Value, &'static str);

pub(super) fn are_as_they_should_be(judge: &Path) -> Result<()> {
    ask(judge, own("taken"), &of_the_lab())?;
    ask(judge, repository().join(GOLDEN), &of_homelab())?;
    ask(judge, repository().join(OWN), &of_own())
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

/// The API server has the network of its node, and an entity of its own.
fn api_server(port: u16) -> Value {
    json!({ "entity": "kube-apiserver", "port": port, "protocol": "TCP" })
}

/// What homelab's own programs reach: a lab at Cloudflare with a server for challenges of its own, with services of every kind.
fn of_own() -> Vec<Row> {
    let of =
        |namespace: &str, key: &str, value: &str| json!({ "namespace": namespace, "labels": { key: value } });
    let named = |namespace: &str, value: &str| of(namespace, "app.kubernetes.io/name", value);
    let part = |value: &str| of("cert-manager", "app.kubernetes.io/component", value);
    let external_dns = || named("external-dns", "external-dns");
    let traefik = || named("traefik", "traefik");
    let page = || named("homelab", "start-page");
    let challenges = || json!({ "to": { "namespace": "challenge-server", "labels": { "app.kubernetes.io/name": "challenge-server" } }, "port": 8053, "protocol": "UDP" });
    vec![
        (external_dns(), api_server(6443), OPEN),
        (external_dns(), api_server(22), SHUT),
        (external_dns(), dns(), OPEN),
        (external_dns(), name("api.cloudflare.com", 443, "TCP"), OPEN),
        (external_dns(), name("api.cloudflare.com", 80, "TCP"), SHUT),
        (external_dns(), name("example.org", 443, "TCP"), SHUT),
        (external_dns(), to("203.0.113.7", 443), SHUT),
        (external_dns(), to("192.168.1.5", 443), SHUT),
        (external_dns(), entity("remote-node"), SHUT),
        (external_dns(), pod("immich", "server", 443, "TCP"), SHUT),
        (part("controller"), api_server(6443), OPEN),
        (part("controller"), name("acme-v02.api.letsencrypt.org", 443, "TCP"), OPEN),
        (part("controller"), to("1.1.1.1", 443), OPEN),
        (part("controller"), to("1.1.1.2", 443), SHUT),
        (part("controller"), challenges(), OPEN),
        (part("controller"), pod("challenge-server", "other", 8053, "UDP"), SHUT),
        (part("webhook"), api_server(6443), OPEN),
        (part("webhook"), dns(), SHUT),
        (part("cainjector"), name("acme-v02.api.letsencrypt.org", 443, "TCP"), SHUT),
        (traefik(), api_server(6443), OPEN),
        (traefik(), pod("immich", "server", 2283, "TCP"), OPEN),
        (traefik(), to("192.168.1.5", 5001), OPEN),
        (traefik(), to("192.168.1.5", 22), SHUT),
        (traefik(), name("blog.example.org", 443, "TCP"), OPEN),
        (traefik(), name("example.org", 443, "TCP"), SHUT),
        (page(), pod("immich", "server", 2283, "TCP"), OPEN),
        (page(), pod("other", "server", 2283, "TCP"), SHUT),
        (page(), api_server(6443), SHUT),
    ]
}
