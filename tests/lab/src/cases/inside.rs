//! Names that pods alone are given: by each pod of CoreDNS, to pods of both nodes, beside what others have laid there, and back.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Value, json};

use super::doctor::Ask;
use super::hands::{Hands, eventually, expect};
use crate::command::output;
use crate::error::{Context, Result};
use crate::image::BUSYBOX;
use crate::vantage::Place;

const FILE: &str = "inside.yaml";
const ZONE: &str = "corp.intra.zone";
const RECORDS: &str = "$TTL 1h\ndb A 10.99.0.81\nwww CNAME db\n";
/// What stands in the configuration first, and then.
const FIRST: &str = "hosts: { nas.k8s.intra: [10.99.0.71, 10.99.0.72], tv.lan: 10.99.0.73 }";
const THEN: &str = "hosts: { nas.k8s.intra: 10.99.0.74, tv.lan: 10.99.0.73 }";
const ZONES: &str =
    "insideZones: [{ zone: corp.intra, file: ./corp.intra.zone }, { zone: lan, forward: 10.99.0.1 }]";
/// The kubelet's longest time until the files of a pod are renewed, CoreDNS' until it reads them, and the time to live.
const SEEN_WITHIN: f64 = 90.0 + 37.5 + 30.0;
const COREDNS: [&str; 4] = ["-n", "kube-system", "-l", "k8s-app=kube-dns"];
const MAP: [&str; 4] = ["configmap", "coredns-custom", "-n", "kube-system"];

/// Blanks, tabs and lines without an end are a stranger's own affair.
fn theirs() -> Value {
    json!({ "log.override": "log  \n\n\t# mine\n", "theirs.server": "theirs.example.net:53 {\n  hosts {\n\t10.99.0.99 x.theirs.example.net\n  }\n}",
        "note": "\r\n  not a Corefile {{{\n" })
}

pub(super) fn proof(hands: &Hands) -> Result<()> {
    let went = steps(hands);
    // What other cases need, whatever became of this one.
    hands.restore()?;
    hands.kubectl(&[&["delete", "--ignore-not-found"][..], &MAP].concat())?;
    hands.kubectl(&["delete", "pod", "inside-node", "inside-node2", "--ignore-not-found", "--wait=false"])?;
    replicas(hands, 1)?;
    went
}

fn steps(hands: &Hands) -> Result<()> {
    replicas(hands, 2)?;
    shells(hands)?;
    let servers = servers(hands)?;
    expect(servers.len() == 2, format!("{servers:?}"))?;
    fs::write(hands.run.path(ZONE), RECORDS).context("writing the zone")?;

    // The ConfigMap is not there yet: CoreDNS began without it.
    let config = config(hands, FILE, &format!("{FIRST}, {ZONES}"))?;
    measured(hands, &config, "the first creation", ("nas.k8s.intra", &["10.99.0.71", "10.99.0.72"]))?;
    answers(hands, ("tv.lan", &["10.99.0.73"]))?;
    answers(hands, ("db.corp.intra", &["10.99.0.81"]))?;
    answers(hands, ("WWW.corp.intra", &["10.99.0.81"]))?;
    says(hands, "AAAA", "nas.k8s.intra", "NOERROR")?;
    says(hands, "A", "no.corp.intra", "NXDOMAIN")?;
    says(hands, "A", "kubernetes.default.svc.cluster.local", "NOERROR")?;
    // As a program asks: by the short way, through the search domains.
    let mut curl = hands.node.command("kubectl");
    curl.args(["exec", "inside-node2", "--", "curl", "-sv", "--max-time", "2", "http://nas.k8s.intra/"]);
    let shown = output(&mut curl)?.stderr;
    expect(shown.contains("Trying 10.99.0.7"), shown)?;
    let again = hands.up_well(&config, &[])?;
    expect(again.stderr.contains("inside-names") && !again.stderr.contains("object written"), again.stderr)?;

    // A machine moves, and a record of the zone.
    let moved = self::config(hands, FILE, &format!("{THEN}, {ZONES}"))?;
    measured(hands, &moved, "a changed machine", ("nas.k8s.intra", &["10.99.0.74"]))?;
    fs::write(hands.run.path(ZONE), RECORDS.replace(".81", ".82")).context("writing the zone")?;
    measured(hands, &moved, "a changed zone", ("db.corp.intra", &["10.99.0.82"]))?;
    expect(self::servers(hands)? == servers, "a pod of CoreDNS is another than before")?;
    let ask = Ask { config: Some(FILE), ..Ask::NODE };
    let well = ask.run(hands)?;
    expect(well.failures().is_empty(), well.lines())?;

    // Without the names, what homelab alone has made is gone.
    hands.restore()?;
    let left = hands.kubectl(&[&["get", "--ignore-not-found"][..], &MAP].concat())?;
    expect(left.trim().is_empty(), left)?;
    beside_a_stranger(hands, &moved, &ask)?;
    expect(self::servers(hands)? == servers, "a pod of CoreDNS was restarted")
}

/// Somebody else has the ConfigMap.
fn beside_a_stranger(hands: &Hands, config: &Path, ask: &Ask) -> Result<()> {
    stranger(hands, &theirs())?;
    measured(hands, config, "beside a stranger's entries", ("nas.k8s.intra", &["10.99.0.74"]))?;
    answers(hands, ("x.theirs.example.net", &["10.99.0.99"]))?;
    are_theirs(hands)?;
    refusals(hands)?;

    // What keeps CoreDNS from starting is named as long as it still runs, and nothing is written beside it.
    stranger(hands, &json!({ "nas.override": "hosts {\n 10.99.0.98 x\n fallthrough\n}\n" }))?;
    let answer = ask.run(hands)?;
    let first = answer.failures().first().map(|check| check.to_string()).unwrap_or_default();
    expect(first.contains("net.coredns-custom") && first.contains("nas.override"), answer.lines())?;
    let before = hands.get(&MAP)?;
    let refused = hands.up_with(config, &[])?;
    expect(refused.status.code() == Some(2) && refused.stderr.contains("`nas.override`"), refused.stderr)?;
    expect(hands.get(&MAP)? == before, "something was written in spite of it")?;
    stranger(hands, &theirs())?;
    eventually("CoreDNS to take the entries again", 180, || {
        let answer = ask.run(hands)?;
        Ok(if answer.lines().contains("net.coredns-custom") { Err(answer.lines()) } else { Ok(()) })
    })?;

    // Back: the stranger's entries stay to the byte, and homelab's are gone.
    hands.restore()?;
    are_theirs(hands)?;
    let map = hands.get(&MAP)?;
    let ours =
        map["data"].as_object().into_iter().flatten().filter(|(entry, _)| entry.starts_with("homelab"));
    expect(ours.count() == 0 && !map.to_string().contains("homelab/hash"), map)
}

/// Each is refused before anything is written.
fn refusals(hands: &Hands) -> Result<()> {
    let before = hands.get(&MAP)?["metadata"]["resourceVersion"].clone();
    fs::write(hands.run.path("bad.zone"), "db A 10.99.0.1\ndb A\n").context("writing a zone")?;
    fs::write(hands.run.path("other.zone"), "db.example.net. A 10.99.0.1\n").context("writing a zone")?;
    for (dns, why) in [
        ("insideZones: [{ zone: lan }]", "says nothing of where its names come from"),
        ("insideZones: [{ zone: lan, forward: router }]", "is not an address"),
        ("insideZones: [{ zone: lan, forward: 127.0.0.53 }]", "would ask itself"),
        (
            "insideZones: [{ zone: lan, forward: 10.99.0.1 }, { zone: LAN, forward: 10.99.0.1 }]",
            "stands twice",
        ),
        ("insideZones: [{ zone: cluster.local, forward: 10.99.0.1 }]", "names of the cluster"),
        ("insideZones: [{ zone: test, forward: 10.99.0.1 }]", "no answer of public DNS"),
        ("insideZones: [{ zone: lan, file: none.zone }]", "cannot read"),
        ("insideZones: [{ zone: lan, file: bad.zone }]", "line 2"),
        ("insideZones: [{ zone: lan, file: other.zone }]", "is not in the zone"),
        ("hosts: { nas.k8s.intra: nas }", "is not an address"),
        ("hosts: { nas.svc.cluster.local.: 10.99.0.1 }", "names of the cluster"),
        ("insideZones: [{ zone: theirs.example.net, forward: 10.99.0.1 }]", "`theirs.server`"),
    ] {
        let config = config(hands, "broken.yaml", dns)?;
        let said = hands.up_with(&config, &[])?;
        expect(
            said.status.code() == Some(2) && said.stderr.contains(why),
            format!("{dns}: {}\n{}", said.status, said.stderr),
        )?;
    }
    let after = hands.get(&MAP)?["metadata"]["resourceVersion"].clone();
    expect(before == after, "something was written")
}

/// Runs `up`, and says how long it took until every pod of CoreDNS had the name, and pods of both nodes with it.
fn measured(hands: &Hands, config: &Path, what: &str, name: (&str, &[&str])) -> Result<()> {
    let begun = Instant::now();
    hands.up_well(config, &[])?;
    // As soon as `up` says that it is done.
    each_server(hands, name)?;
    let proven = begun.elapsed().as_secs_f64();
    answers(hands, name)?;
    println!(
        "      {what}: every pod of CoreDNS after {proven:.0} s, pods of both nodes after {:.0} s",
        begun.elapsed().as_secs_f64()
    );
    expect(proven < SEEN_WITHIN + 30.0, format!("{what} took {proven:.0} s"))
}

/// Each pod of CoreDNS, asked at its own address from a pod.
fn each_server(hands: &Hands, (name, wanted): (&str, &[&str])) -> Result<()> {
    for (server, _, address) in servers(hands)? {
        let found = asked(hands, "inside-node2", name, "A", &address)?.1;
        expect(found == wanted, format!("{server} says {found:?} for {name}"))?;
    }
    Ok(())
}

/// Pods of both nodes, at the address that they are given.
fn answers(hands: &Hands, (name, wanted): (&str, &[&str])) -> Result<()> {
    for pod in Place::NODES.map(|place| format!("inside-{}", place.name())) {
        // The kubelet brings CoreDNS what others have written, and CoreDNS looks at it, within a minute and a half.
        eventually(&format!("{name} in {pod}"), 150, || {
            let found = asked(hands, &pod, name, "A", "10.43.0.10")?.1;
            Ok(if found == wanted { Ok(()) } else { Err(format!("{found:?}")) })
        })?;
    }
    Ok(())
}

fn says(hands: &Hands, kind: &str, name: &str, code: &str) -> Result<()> {
    let (said, found) = asked(hands, "inside-node", name, kind, "10.43.0.10")?;
    let is_it = match code {
        "NXDOMAIN" => said.contains("NXDOMAIN"),
        _ => !said.contains("NXDOMAIN") && !said.contains("SERVFAIL") && (kind == "A" || found.is_empty()),
    };
    expect(is_it, format!("{kind} of {name} is not {code}: {said}"))
}

/// What a server says to a pod: all of it, and the addresses in it, sorted.
fn asked(hands: &Hands, pod: &str, name: &str, kind: &str, server: &str) -> Result<(String, Vec<String>)> {
    let query = format!("-type={kind}");
    let mut command = hands.node.command("kubectl");
    command.args(["exec", pod, "--", "nslookup", &query, &format!("{name}."), server]);
    let said = output(&mut command)?;
    let text = said.stdout + &said.stderr;
    // The server's own address comes before the answer.
    let (_, answer) = text.split_once("\n\n").unwrap_or_default();
    let lines = answer.lines().filter_map(|line| line.trim().strip_prefix("Address:"));
    let mut found: Vec<String> = lines.map(|address| address.trim().to_owned()).collect();
    found.sort();
    Ok((text, found))
}

/// The pods of CoreDNS: name, uid with restarts, address.
fn servers(hands: &Hands) -> Result<Vec<(String, String, String)>> {
    let pods = hands.get(&[&["pods"][..], &COREDNS].concat())?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let pods = pods["items"].as_array().context("the pods of CoreDNS")?.iter();
    let pods = pods.filter(|pod| pod["metadata"]["deletionTimestamp"].is_null()).map(|pod| {
        let restarts = &pod["status"]["containerStatuses"][0]["restartCount"];
        (
            text(&pod["metadata"]["name"]),
            format!("{} {restarts}", pod["metadata"]["uid"]),
            text(&pod["status"]["podIP"]),
        )
    });
    Ok(pods.collect())
}

fn replicas(hands: &Hands, count: u8) -> Result<()> {
    hands.kubectl(&["-n", "kube-system", "scale", "deployment/coredns", &format!("--replicas={count}")])?;
    hands
        .kubectl(&["-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=90s"])
        .map(drop)
}

fn stranger(hands: &Hands, data: &Value) -> Result<()> {
    let map = json!({ "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "coredns-custom", "namespace": "kube-system" }, "data": data });
    hands.kubectl_apply("stranger.json", &map.to_string()).map(drop)
}

fn are_theirs(hands: &Hands) -> Result<()> {
    let map = hands.get(&MAP)?;
    for (entry, text) in theirs().as_object().into_iter().flatten() {
        expect(map["data"][entry] == *text, format!("`{entry}` became {}", map["data"][entry]))?;
    }
    Ok(())
}

/// A shell on each node.
fn shells(hands: &Hands) -> Result<()> {
    let pod = |place: Place| {
        let name = format!("inside-{}", place.name());
        json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "namespace": "default" },
            "spec": { "nodeName": place.name(), "terminationGracePeriodSeconds": 0, "containers": [
                { "name": "shell", "image": BUSYBOX, "command": ["sleep", "infinity"] },
            ] } })
    };
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": Place::NODES.map(pod) });
    hands.kubectl_apply("inside-pods.json", &list.to_string())?;
    let words = ["wait", "--for=condition=Ready", "pod/inside-node", "pod/inside-node2", "--timeout=60s"];
    hands.kubectl(&words).map(drop)
}

/// The lab's own configuration with more in its section `dns`.
fn config(hands: &Hands, name: &str, more: &str) -> Result<PathBuf> {
    let text = hands.config()?;
    let lines = text.lines().map(|line| match line.starts_with("dns: ") {
        true => line.replace(" }", &format!(", {more} }}")),
        false => line.to_owned(),
    });
    hands.config_file(name, &(lines.collect::<Vec<_>>().join("\n") + "\n"))
}
