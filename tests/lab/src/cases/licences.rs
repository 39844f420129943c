//! Every dependency has a licence that `deny.toml` allows, and none is one that it bans: what `cargo deny` checks, offline.

use std::process::Stdio;

use serde::Deserialize;

use crate::cargo;
use crate::error::{Context, Result, bail};
use crate::paths::repository;

#[derive(Deserialize)]
struct Rules {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Banned>,
}

#[derive(Deserialize)]
struct Banned {
    #[serde(rename = "crate")]
    name: String,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    license: Option<String>,
}

/// Reads the lock file's packages by `cargo metadata` and holds them against the rules.
pub(super) fn check() -> Result<()> {
    let path = repository().join("deny.toml");
    let text = std::fs::read_to_string(&path).context(path.display())?;
    let rules: Rules = toml::from_str(&text).context(path.display())?;
    let mut cargo = cargo::command();
    cargo.args(["metadata", "--format-version=1", "--locked", "--filter-platform=x86_64-unknown-linux-gnu"]);
    let output =
        cargo.current_dir(repository()).stderr(Stdio::inherit()).output().context("cargo metadata")?;
    let metadata: Metadata = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    let mut wrong = Vec::new();
    for package in &metadata.packages {
        let licence = package.license.as_deref().unwrap_or_default();
        if !is_allowed(licence, &rules.licenses.allow) {
            wrong.push(format!("{} has the licence `{licence}`", package.name));
        }
        if rules.bans.deny.iter().any(|banned| banned.name == package.name) {
            wrong.push(format!("{} is banned", package.name));
        }
    }
    if metadata.packages.len() < 100 || !wrong.is_empty() {
        bail!("of {} packages:\n{}", metadata.packages.len(), wrong.join("\n"));
    }
    Ok(())
}

/// Of each part joined by `AND`, one alternative must be allowed (SPDX expressions; the old `/` means `OR`).
fn is_allowed(expression: &str, allow: &[String]) -> bool {
    let plain = expression.replace(['(', ')'], " ").replace('/', " OR ");
    plain
        .split(" AND ")
        .all(|part| part.split(" OR ").any(|licence| allow.iter().any(|allowed| allowed == licence.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_needs_one_allowed_alternative() {
        let allow = ["MIT".to_owned(), "Unicode-3.0".to_owned()];
        assert!(is_allowed("GPL-3.0 OR MIT", &allow));
        assert!(is_allowed("(MIT OR Apache-2.0) AND Unicode-3.0", &allow));
        assert!(is_allowed("MIT/Apache-2.0", &allow));
        assert!(!is_allowed("MIT AND GPL-3.0", &allow));
        assert!(!is_allowed("", &allow));
    }
}
