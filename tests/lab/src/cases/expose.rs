//! A name for a service by one command, and its end by another.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::changes::without_books;
use super::hands::{Hands, eventually, expect};
use crate::command::{Output, output_within};
use crate::error::{Context, Result};
use crate::network::CLOUDFLARE_API;

/// The name that `names_a_service` gives.
pub(super) const BOOKS: &str = "books.home.example.test";
const PLAIN: &str = "plain.home.example.test";
const FILMS: &str = "films.home.example.test";
const SHELF: &str = "shelf.home.example.test";
/// Where homelab runs it.
const SHELF_HOME: &str = "homelab-shelf";
/// Its volume, on the first node.
const SHELF_FOLDER: &str = "/var/lib/shelf";
/// An image that the nodes have, and that writes nothing.
const IMAGE: &str = "docker.io/traefik/whoami:lab";
/// Of a program on the node itself.
const PORT: &str = "8096";
const LIMIT: Duration = Duration::from_secs(400);
/// What the files of these cases have behind the lab's own lines.
const SECTION: &str = "services:   # of the house\n  # the first one goes here\n# end\n";

/// A command with a configuration of the case, to its end.
fn run(hands: &Hands, config: &Path, words: &[&str]) -> Result<Output> {
    output_within(hands.homelab(words).arg("--config").arg(config), LIMIT)
}

fn well(hands: &Hands, config: &Path, words: &[&str]) -> Result<Output> {
    let output = run(hands, config, words)?;
    let said = format!("{}: {}\n{}", output.status, output.stdout, output.stderr);
    expect(output.status.success(), format!("{words:?} ended with {said}"))?;
    Ok(output)
}

fn text(config: &Path) -> Result<String> {
    std::fs::read_to_string(config).context("reading the configuration of the case")
}

/// A Service of the cluster gets a name: its port is found, the file has one line more, and the command ends with the address.
/// Nothing of it is left once it is not in the configuration.
pub(super) fn a_service(hands: &Hands) -> Result<()> {
    names_a_service(hands)?;
    without_books(hands, &[])
}

/// The same, but that it is not taken away again.
pub(super) fn names_a_service(hands: &Hands) -> Result<()> {
    let config = hands.config_with("expose.yaml", SECTION)?;
    let before = text(&config)?;
    let output = well(hands, &config, &["expose", "books", "--service", "homelab/whoami", "--yes"])?;
    let last = output.stdout.trim_end().lines().next_back().unwrap_or_default();
    expect(last.starts_with(&format!("https://{BOOKS}/  works: ")), format!("the last line is: {last}"))?;
    expect(hands.browse(BOOKS)?.0 == "200", "the new name does not answer")?;
    let line = "  books: { service: homelab/whoami, port: 80 }\n";
    let wanted = before.replace("# of the house\n", &format!("# of the house\n{line}"));
    expect(text(&config)? == wanted, format!("the file is now:\n{}", text(&config)?))?;
    let again = run(hands, &config, &["expose", "books", "--service", "homelab/whoami", "--yes"])?;
    expect(again.stderr.contains("is there already"), format!("twice:\n{}", again.stderr))?;
    expect(text(&config)? == wanted, "the second run changed the file")?;
    for (service, said) in [
        ("homelab/whoam", "did you mean `homelab/whoami`?"),
        ("default/whoami", "did you mean `homelab/whoami`?"),
        ("homelab/whoami:81", "has no port `81`"),
    ] {
        let output = run(hands, &config, &["expose", "more", "--service", service, "--yes"])?;
        let flat = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        expect(
            output.status.code() == Some(2) && flat.contains(said),
            format!("{service}: {}: {flat}", output.status),
        )?;
    }
    let listed = run(hands, &config, &["expose", "more"])?;
    expect(listed.status.code() == Some(2), format!("without a terminal: {}", listed.status))
}

/// A program outside of the cluster gets a name; one that does not answer is told of before.
pub(super) fn a_url(hands: &Hands) -> Result<()> {
    let config = hands.config_with("expose-url.yaml", SECTION)?;
    let url = format!("http://{CLOUDFLARE_API}:8080");
    let output = well(hands, &config, &["expose", "plain", "--url", &url, "--yes", "--output", "json"])?;
    let document: Value = serde_json::from_str(&output.stdout).context("the JSON of expose")?;
    expect(
        document["urls"][0] == format!("https://{PLAIN}/") && document["configuration"]["written"] == true,
        format!("the document says {document:#}"),
    )?;
    expect(document["verify"].is_object(), "the document has no proof")?;
    let nobody = format!("http://{CLOUDFLARE_API}:9");
    let output = run(hands, &config, &["expose", "off", "--url", &nobody, "--dry-run"])?;
    let flat = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    expect(
        output.status.success() && flat.contains("does not answer this machine"),
        format!("of a program that is off:\n{flat}"),
    )?;
    hands.restore()
}

/// A program on the node itself gets a name: on 127.0.0.1 alone it is named as such, by `expose` and by the doctor; on every
/// address it answers over both nodes, and the file names the node.
pub(super) fn a_local(hands: &Hands) -> Result<()> {
    let config = hands.config_with("expose-local.yaml", SECTION)?;
    let listens = |address: &str| -> Result<String> {
        let script = format!(
            "cd /; python3 -m http.server {PORT} --bind {address} >/dev/null 2>&1 </dev/null & echo $!"
        );
        hands.node.run("bash", &["-c", &script])
    };
    let stop = |pid: &str| hands.node.run("kill", &[pid.trim()]).map(drop);
    let pid = listens("127.0.0.1")?;
    eventually("the program to listen", 10, || {
        let sockets = hands.node.run("ss", &["-ltn"])?;
        Ok(if sockets.contains(&format!("127.0.0.1:{PORT}")) { Ok(()) } else { Err(sockets) })
    })?;
    let deaf = run(hands, &config, &["expose", "films", "--local", PORT, "--yes"]);
    let doctor = run(hands, &config, &["doctor", "--check", "apps.answer"]);
    stop(&pid)?;
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (deaf, doctor) = (deaf?, doctor?);
    let told = format!("listens on 127.0.0.1:{PORT} alone");
    expect(
        flat(&deaf.stderr).contains(&told) && deaf.stdout.contains("does not work yet"),
        format!("expose ended with {}:\n{}\n{}", deaf.status, deaf.stdout, deaf.stderr),
    )?;
    expect(flat(&doctor.stdout).contains(&told), format!("the doctor says:\n{}", doctor.stdout))?;
    let line = format!("  films: {{ local: {PORT}, node: node }}\n");
    expect(text(&config)?.contains(&line), format!("the file is now:\n{}", text(&config)?))?;
    let pid = listens("0.0.0.0")?;
    let up = hands.up_well(&config, &[]);
    let answer = hands.browse(FILMS);
    stop(&pid)?;
    up?;
    expect(answer?.0 == "200", "the program does not answer by its name")?;
    well(hands, &config, &["unexpose", "films", "--yes"])?;
    hands.restore()
}

/// What was exposed is taken back: the file is as before, to the byte, and nothing of it is left in the cluster or the zone.
pub(super) fn taken_back(hands: &Hands) -> Result<()> {
    let config = hands.config_with("unexpose.yaml", SECTION)?;
    let before = text(&config)?;
    well(hands, &config, &["expose", "books", "--service", "homelab/whoami:80", "--yes"])?;
    let output = well(hands, &config, &["unexpose", "books", "--yes"])?;
    expect(output.stdout.contains(&format!("removed: {BOOKS}")), format!("it says:\n{}", output.stdout))?;
    expect(text(&config)? == before, format!("the file is now:\n{}", text(&config)?))?;
    let left = hands.kubectl(&["get", "-n", "homelab", "ingress,certificate,secret", "-o", "name"])?;
    expect(!left.contains("books"), format!("still there:\n{left}"))?;
    eventually("the records of the name to go", 90, || {
        let mut left = hands.records()?;
        left.retain(|record| record["name"].as_str().is_some_and(|name| name.contains("books")));
        Ok(if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) })
    })?;
    hands.restore()
}

/// An image gets a name; what lies in its folder outlives it, by `unexpose` and by all that `down` would do, and is there again
/// for the next of that name. The lab provisions no volumes, so the case makes one.
pub(super) fn an_image_and_its_data(hands: &Hands) -> Result<()> {
    let config = hands.config_with("expose-image.yaml", SECTION)?;
    let before = text(&config)?;
    let node = json!([{ "key": "kubernetes.io/hostname", "operator": "In", "values": ["node"] }]);
    let volume = json!({ "apiVersion": "v1", "kind": "PersistentVolume", "metadata": { "name": "shelf" }, "spec": {
        "capacity": { "storage": "5Gi" }, "accessModes": ["ReadWriteOnce"], "persistentVolumeReclaimPolicy": "Retain",
        "claimRef": { "namespace": SHELF_HOME, "name": "data" },
        "hostPath": { "path": SHELF_FOLDER, "type": "DirectoryOrCreate" },
        "nodeAffinity": { "required": { "nodeSelectorTerms": [{ "matchExpressions": node }] } } } });
    hands.kubectl_apply("shelf-volume.json", &volume.to_string())?;

    let words = ["expose", "shelf", "--image", IMAGE, "--port", "80", "--data", "/config", "--yes"];
    let output = well(hands, &config, &words)?;
    let last = output.stdout.trim_end().lines().next_back().unwrap_or_default();
    expect(last.starts_with(&format!("https://{SHELF}/  works: ")), format!("the last line is: {last}"))?;
    expect(hands.browse(SHELF)?.0 == "200", "the program does not answer by its name")?;
    let line = format!("  shelf: {{ image: \"{IMAGE}\", port: 80, data: /config }}\n");
    expect(text(&config)?.contains(&line), format!("the file is now:\n{}", text(&config)?))?;
    let claim = |path: &str| {
        let path = format!("jsonpath={{{path}}}");
        hands.kubectl(&["get", "-n", SHELF_HOME, "pvc", "data", "-o", &path])
    };
    let uid = claim(".metadata.uid")?;
    expect(claim(".spec.volumeName")? == "shelf", "the claim has another volume")?;
    hands.node.run("bash", &["-c", &format!("echo kept > {SHELF_FOLDER}/kept")])?;
    let again = hands.up_well(&config, &["--output", "json"])?;
    let document: Value = serde_json::from_str(&again.stdout).context("the JSON of up")?;
    expect(document["written"] == json!([]), format!("a second up writes {}", document["written"]))?;

    let output = well(hands, &config, &["unexpose", "shelf", "--yes"])?;
    let told = format!(" -n {SHELF_HOME} delete pvc data`");
    expect(output.stdout.contains(&told), format!("the command is not told:\n{}", output.stdout))?;
    expect(text(&config)? == before, format!("the file is now:\n{}", text(&config)?))?;
    let kinds = "deployment,service,ingress,certificate,secret";
    let left = hands.kubectl(&["get", "-n", SHELF_HOME, kinds, "-o", "name"])?;
    expect(left.trim().is_empty(), format!("still there:\n{left}"))?;
    expect(claim(".metadata.uid")? == uid, "the claim is not the same any more")?;

    well(hands, &config, &words)?;
    expect(claim(".metadata.uid")? == uid, "the next of that name has another claim")?;
    let kept = hands.node.run("cat", &[&format!("{SHELF_FOLDER}/kept")])?;
    expect(kept.trim() == "kept", format!("of the data there is: {kept}"))?;

    for flags in [&["down", "--dry-run"][..], &["down", "--dry-run", "--purge"][..]] {
        let list = well(hands, &config, flags)?.stdout;
        let goes = |what: &str| list.contains(&format!("- {what}\n"));
        expect(goes(&format!("Deployment {SHELF_HOME}/shelf")), format!("not in the list:\n{list}"))?;
        let data = goes(&format!("PersistentVolumeClaim {SHELF_HOME}/data"));
        expect(!data && !goes(&format!("Namespace {SHELF_HOME}")), format!("{flags:?} lists:\n{list}"))?;
        let stays =
            format!("= Namespace {SHELF_HOME} (data is in it: `PersistentVolumeClaim {SHELF_HOME}/data`)");
        expect(list.contains(&stays), format!("{flags:?} does not say why it stays:\n{list}"))?;
    }

    well(hands, &config, &["unexpose", "shelf", "--yes"])?;
    // By hand, as it was told.
    hands.kubectl(&["-n", SHELF_HOME, "delete", "pvc", "data"])?;
    eventually("the pods of the program to end", 90, || {
        let left = hands.kubectl(&["get", "-n", SHELF_HOME, "pods,replicasets", "-o", "name"])?;
        Ok(if left.trim().is_empty() { Ok(()) } else { Err(left) })
    })?;
    let list = well(hands, &config, &["down", "--dry-run"])?.stdout;
    expect(
        list.contains(&format!("- Namespace {SHELF_HOME}\n")),
        format!("the empty namespace stays:\n{list}"),
    )?;
    hands.kubectl(&["delete", "namespace", SHELF_HOME])?;
    hands.kubectl(&["delete", "pv", "shelf"])?;
    hands.node.run("rm", &["-r", SHELF_FOLDER])?;
    hands.restore()
}
