//! The real API server takes every golden rendering, strictly.

use super::hands::{Hands, expect};
use crate::error::{Context, Result, bail};
use crate::paths::repository;

/// A server-side dry run of each, and of the doctor's CronJob, with strict field validation, after namespaces and definitions are there.
pub(super) fn golden_is_accepted(hands: &Hands) -> Result<()> {
    let manifests = repository().join("manifests");
    let mut files = vec![manifests.join("cronjob/doctor.yaml")];
    for entry in std::fs::read_dir(manifests.join("examples")).context("the examples")? {
        files.push(entry.context("the examples")?.path().join("rendered.yaml"));
    }
    for golden in &files {
        let text = std::fs::read_to_string(golden).context(golden.display())?;
        let namespaces: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("  namespace: ")).collect();
        for namespace in namespaces {
            let made = hands.node.output("kubectl", &["create", "namespace", namespace])?;
            let fine = made.status.success() || made.stderr.contains("AlreadyExists");
            expect(fine, made.stderr)?;
        }
        let path = golden.display().to_string();
        let words = [
            "apply",
            "--server-side",
            "--force-conflicts",
            "--dry-run=server",
            "--validate=strict",
            "-f",
            &path,
        ];
        let output = hands.node.output("kubectl", &words)?;
        let accepted = output.stdout.lines().filter(|line| line.contains("serverside-applied")).count();
        let documents = text.matches("---\n").count();
        if !output.status.success() || accepted != documents {
            bail!("{}: {accepted} of {documents} accepted\n{}", golden.display(), output.stderr);
        }
    }
    expect(files.len() >= 5, format!("only {files:?}"))
}
