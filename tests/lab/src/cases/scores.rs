//! kube-score looks at every object that homelab renders. What it would have otherwise, docs/security.md explains; and what that
//! page explains, it still finds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;

use crate::command::output_within;
use crate::error::{Context, Result, bail};
use crate::files;
use crate::parts;
use crate::paths::{Cache, repository};

/// The part of docs/security.md with the table.
const HEADING: &str = "## What kube-score would have otherwise";
/// In place of objects: all that have pods. `every pod but OBJECT` leaves one out.
const EVERY: &str = "every pod";
/// The kinds of those.
const PODS: [&str; 3] = ["Deployment", "DaemonSet", "CronJob"];
/// A grade below this is a finding (scorecard/enums.go, `GradeAllOK`).
const FINE: u8 = 10;
/// The oldest Kubernetes that homelab runs on: what that has not, no object may use.
const OLDEST: &str = "v1.30";
/// Not asked for by default, and kept by every pod.
const MORE: [&str; 1] = ["container-seccomp-profile"];
const LIMIT: Duration = Duration::from_secs(60);

/// By the id of a check, the objects (`namespace/name`).
type Findings = BTreeMap<String, BTreeSet<String>>;

/// An object, as `--output-format json` tells it (kube-score 1.20, renderer/json_v2).
#[derive(Deserialize)]
struct Scored {
    type_meta: Kind,
    object_meta: Meta,
    checks: Option<Vec<Score>>,
}

#[derive(Deserialize)]
struct Kind {
    kind: String,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default)]
    namespace: String,
    name: String,
}

#[derive(Deserialize)]
struct Score {
    check: Check,
    grade: u8,
    skipped: bool,
}

#[derive(Deserialize)]
struct Check {
    id: String,
}

/// Renders nothing: the golden files are what homelab renders, and a test of their own holds that.
pub(super) fn are_explained() -> Result<()> {
    let programs = parts::build_score(&Cache::find()?)?;
    let program = programs.path("kube-score")?;
    let manifests = repository().join("manifests");
    let mut files = vec![manifests.join("cronjob/doctor.yaml")];
    for entry in std::fs::read_dir(manifests.join("examples")).context("the examples")? {
        files.push(entry.context("the examples")?.path().join("rendered.yaml"));
    }
    let mut scored = Vec::new();
    for file in &files {
        scored.extend(score(program, file)?);
    }
    let page = files::read_text(&repository().join("docs/security.md"))?;
    let differences = differences(&found(&scored), &explained(&page)?, &pods(&scored));
    if files.len() < 15 || pods(&scored).len() < 10 {
        bail!("only {} files and {} objects with pods were looked at", files.len(), pods(&scored).len());
    }
    if !differences.is_empty() {
        bail!("kube-score and docs/security.md differ:\n{}", differences.join("\n"));
    }
    Ok(())
}

/// It ends with 1 where it finds something.
fn score(program: &Path, file: &PathBuf) -> Result<Vec<Scored>> {
    let mut command = Command::new(program);
    command.args(["score", "--output-format", "json", "--kubernetes-version", OLDEST]);
    for check in MORE {
        command.args(["--enable-optional-test", check]);
    }
    let output = output_within(command.arg(file), LIMIT)?;
    serde_json::from_str(&output.stdout).context(format_args!(
        "what kube-score says of {}\n{}",
        file.display(),
        output.stderr
    ))
}

fn place(object: &Scored) -> String {
    format!("{}/{}", object.object_meta.namespace, object.object_meta.name)
}

fn found(scored: &[Scored]) -> Findings {
    let mut findings = Findings::new();
    for object in scored {
        for score in object.checks.iter().flatten().filter(|score| !score.skipped && score.grade < FINE) {
            findings.entry(score.check.id.clone()).or_default().insert(place(object));
        }
    }
    findings
}

fn pods(scored: &[Scored]) -> BTreeSet<String> {
    scored.iter().filter(|object| PODS.contains(&object.type_meta.kind.as_str())).map(place).collect()
}

/// The table: the id of a check, the objects, and why.
fn explained(page: &str) -> Result<Findings> {
    let (_, part) = page.split_once(HEADING).context(format_args!("docs/security.md has no `{HEADING}`"))?;
    let part = part.split("\n## ").next().unwrap_or(part);
    let mut rows = Findings::new();
    for line in part.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [id, objects, why] = cells.as_slice() else { bail!("a row of other than three cells: {line}") };
        if why.is_empty() {
            bail!("a row without a reason: {line}");
        }
        let objects = objects.split(", ").map(|object| object.trim_matches('`').to_owned());
        if rows.insert(id.trim_matches('`').to_owned(), objects.collect()).is_some() {
            bail!("two rows of {id}");
        }
    }
    Ok(rows)
}

/// The objects of a row: those that it names, or every one that has pods, which may leave one out.
fn told(named: &BTreeSet<String>, pods: &BTreeSet<String>) -> BTreeSet<String> {
    let Some(rest) = named.iter().find_map(|name| name.strip_prefix(EVERY)) else { return named.clone() };
    let but = rest.trim_start_matches(" but ").trim_matches('`');
    pods.iter().filter(|pod| *pod != but).cloned().collect()
}

/// What is found and not explained, and what is explained and not found.
fn differences(found: &Findings, explained: &Findings, pods: &BTreeSet<String>) -> Vec<String> {
    let none = BTreeSet::new();
    let ids: BTreeSet<&String> = found.keys().chain(explained.keys()).collect();
    let mut differences = Vec::new();
    for id in ids {
        let named = explained.get(id).unwrap_or(&none);
        let told = &told(named, pods);
        let is = found.get(id).unwrap_or(&none);
        differences.extend(is.difference(told).map(|object| format!("{id}: {object} is not explained")));
        differences
            .extend(told.difference(is).map(|object| format!("{id}: {object} is explained, and fine")));
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(rows: &str) -> String {
        format!(
            "# x\n\n{HEADING}\n\nWords.\n\n| check | objects | why |\n|---|---|---|\n{rows}\n## Next\n\n| `no` | row | here |\n"
        )
    }

    fn told(rows: &str, found: &[(&str, &[&str])]) -> Result<Vec<String>> {
        let set = |objects: &[&str]| objects.iter().map(|object| (*object).to_owned()).collect();
        let found = found.iter().map(|(id, objects)| ((*id).to_owned(), set(objects))).collect();
        Ok(differences(&found, &explained(&page(rows))?, &set(&["a/a", "b/b"])))
    }

    #[test]
    fn what_is_found_has_a_reason_and_what_has_a_reason_is_found() -> Result<()> {
        let rows = "| `pull` | every pod | it is pinned |\n| `root` | `a/a` | it writes |\n";
        assert!(told(rows, &[("pull", &["a/a", "b/b"]), ("root", &["a/a"])])?.is_empty());
        assert_eq!(
            told(rows, &[("pull", &["a/a"]), ("root", &["a/a", "c/c"]), ("new", &["a/a"])])?,
            ["new: a/a is not explained", "pull: b/b is explained, and fine", "root: c/c is not explained",]
        );
        let rows = "| `policy` | every pod but `b/b` | nobody knows |\n";
        assert!(told(rows, &[("policy", &["a/a"])])?.is_empty());
        assert_eq!(told(rows, &[("policy", &["a/a", "b/b"])])?, ["policy: b/b is not explained"]);
        Ok(())
    }

    #[test]
    fn a_table_that_cannot_be_read_is_an_error() {
        for rows in ["| `a` | b/b |\n", "| `a` | b/b | |\n", "| `a` | b/b | c |\n| `a` | c/c | d |\n"] {
            assert!(explained(&page(rows)).is_err(), "{rows}");
        }
        assert!(explained("# nothing\n").is_err());
    }
}
