//! The real API server takes every golden rendering, strictly, and a folder for git in the order of its folders.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::egress::cilium;
use super::hands::{Hands, expect};
use crate::command::output_within;
use crate::error::{Context, Result, bail};
use crate::files;
use crate::paths::repository;

/// A server-side dry run of each, and of the doctor's CronJob, with strict field validation, after namespaces and definitions are there.
pub(super) fn golden_is_accepted(hands: &Hands) -> Result<()> {
    let mut made = Vec::new();
    let accepted = are_accepted(hands, &mut made);
    // The lab would take them for somebody's.
    for namespace in made {
        hands.kubectl(&["delete", "namespace", &namespace, "--wait=false"])?;
    }
    accepted
}

/// `made` gets the namespaces that were not there. What stands word by word in several renderings is asked about once.
fn are_accepted(hands: &Hands, made: &mut Vec<String>) -> Result<()> {
    let manifests = repository().join("manifests");
    let mut goldens = vec![manifests.join("cronjob/doctor.yaml")];
    for entry in std::fs::read_dir(manifests.join("examples")).context("the examples")? {
        goldens.push(entry.context("the examples")?.path().join("rendered.yaml"));
    }
    let texts: Vec<String> = goldens.iter().map(|file| files::read_text(file)).collect::<Result<_>>()?;
    let mut known = BTreeSet::new();
    let mut each = || {
        goldens
            .iter()
            .zip(&texts)
            .try_for_each(|(file, text)| is_accepted(hands, file, text, (&mut *made, &mut known)))
    };
    if texts.iter().any(|text| cilium::is_rendered_in(text)) {
        cilium::defined(hands, each)?;
    } else {
        each()?;
    }
    println!("      {} objects of {} renderings", known.len(), goldens.len());
    expect(goldens.len() >= 5, format!("only {goldens:?}"))
}

/// What of the rendering is not `known` yet.
fn is_accepted(
    hands: &Hands,
    golden: &Path,
    text: &str,
    (made, known): (&mut Vec<String>, &mut BTreeSet<String>),
) -> Result<()> {
    let namespaces: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("  namespace: ")).collect();
    for namespace in namespaces {
        let created = hands.node.output("kubectl", &["create", "namespace", namespace])?;
        if created.status.success() {
            made.push(namespace.to_owned());
        }
        let fine = created.status.success() || created.stderr.contains("AlreadyExists");
        expect(fine, created.stderr)?;
    }
    // Each begins with a line of its own.
    let new: Vec<String> =
        text.split("---\n").skip(1).map(str::to_owned).filter(|one| known.insert(one.clone())).collect();
    if new.is_empty() {
        return Ok(());
    }
    let file = hands.run.path("golden.yaml");
    files::write(&file, format!("---\n{}", new.join("---\n")))?;
    let path = file.display().to_string();
    let words =
        ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-f", &path];
    let output = hands.node.output("kubectl", &words)?;
    let accepted = output.stdout.lines().filter(|line| line.contains("serverside-applied")).count();
    if !output.status.success() || accepted != new.len() {
        bail!("{}: {accepted} of {} accepted\n{}", golden.display(), new.len(), output.stderr);
    }
    Ok(())
}

/// The folders, in their order.
const FOLDERS: [&str; 3] = ["1-foundation", "2-programs", "3-names"];
/// The field manager of Flux.
const FLUX: &str = "kustomize-controller";

/// The lab's own objects, applied once more by another field manager, as Flux and its kustomize do it.
pub(super) fn a_folder_for_git(hands: &Hands) -> Result<()> {
    let folder = hands.run.path("rendered");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).context("the folder of an earlier run")?;
    }
    let place = folder.display().to_string();
    let words = ["render", "--output-dir", &place];
    let first = hands.homelab_well(&words)?;
    expect(first.contains("files written"), &first)?;
    let second = hands.homelab_well(&words)?;
    expect(second.contains("nothing to do"), &second)?;
    let judged = FOLDERS
        .iter()
        .try_for_each(|stage| apply(hands, &folder.join(stage)))
        .and_then(|()| judge(hands))
        .and_then(|()| the_way_back(hands));
    // Whatever was seen: the cases after this one need a lab that homelab applies, and of which it may delete everything.
    let released = FOLDERS.iter().try_for_each(|stage| release(hands, &folder.join(stage)));
    judged.and(released)?;
    hands.restore()
}

fn apply(hands: &Hands, folder: &Path) -> Result<()> {
    let manager = format!("--field-manager={FLUX}");
    let folder = folder.display().to_string();
    hands.kubectl(&["apply", "--server-side", "--force-conflicts", &manager, "-k", &folder]).map(drop)
}

/// The doctor finds nothing wrong and says who applies the lab; `up` writes nothing.
fn judge(hands: &Hands) -> Result<()> {
    let config = hands.run.homelab_config();
    let mut doctor = hands.homelab(&["doctor", "--check", "lab", "--verbose", "--config"]);
    let output = output_within(doctor.arg(&config), Duration::from_secs(60))?;
    let flat = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    expect(
        output.status.success() && flat.contains("applied by Flux"),
        format!("{}{}", output.stdout, output.stderr),
    )?;
    let mark = hands.audit_mark()?;
    let refused = hands.up()?;
    let said = refused.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    expect(
        refused.status.code() == Some(2) && said.contains("Flux applies this lab") && said.contains(FLUX),
        format!("{}\n{}", refused.status, refused.stderr),
    )?;
    let writes: Vec<String> =
        hands.audited(mark)?.iter().filter(|request| request.is_write()).map(ToString::to_string).collect();
    expect(writes.is_empty(), format!("written all the same: {writes:?}"))
}

/// As docs/gitops.md tells it: `up --adopt` once, and from then on `up` goes on as before.
fn the_way_back(hands: &Hands) -> Result<()> {
    let config = hands.run.homelab_config();
    hands.up_well(&config, &["--adopt"])?;
    hands.up_well(&config, &[]).map(drop)
}

/// Gives up every field: a manager that applies an object without any owns none, and what it alone had goes.
fn release(hands: &Hands, folder: &Path) -> Result<()> {
    let path = folder.display().to_string();
    let manager = format!("--field-manager={FLUX}");
    // A dry run at the server: the client's refuses definitions that lie in the cluster already.
    let words = [
        "apply",
        "--server-side",
        "--force-conflicts",
        "--dry-run=server",
        &manager,
        "-o",
        "json",
        "-k",
        &path,
    ];
    let text = hands.kubectl(&words)?;
    let list: Value = serde_json::from_str(&text).context("kubectl's JSON")?;
    let items = list["items"].as_array().context("the objects of the folder")?;
    let bare: Vec<Value> = items
        .iter()
        .map(|item| {
            let metadata =
                json!({ "name": item["metadata"]["name"], "namespace": item["metadata"]["namespace"] });
            json!({ "apiVersion": item["apiVersion"], "kind": item["kind"], "metadata": metadata })
        })
        .collect();
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": bare });
    let bare = hands.config_file("bare.json", &list.to_string())?.display().to_string();
    // What was taken over would never be deleted later.
    hands.kubectl(&["annotate", "-f", &bare, "homelab/adopted-"])?;
    // The rest of each object is homelab's, so that what is checked before it is sent says nothing of it.
    hands.kubectl(&["apply", "--server-side", "--validate=false", &manager, "-f", &bare]).map(drop)
}
