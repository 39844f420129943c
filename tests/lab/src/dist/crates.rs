//! The crates that are in the program: a bill of materials in CycloneDX 1.5, and their licences' texts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Arch, Release};
use crate::command::run;
use crate::error::{Context, Result, bail};
use crate::{cargo, files};

/// How files with licences begin.
const LICENCES: [&str; 5] = ["licence", "license", "copying", "notice", "unlicense"];

/// What cargo resolved for the program alone, without what only builds or tests it.
pub(super) struct Crates {
    /// By name and version, in that order.
    linked: BTreeMap<(String, String), Package>,
    /// From one id to those that it depends on.
    edges: BTreeMap<String, Vec<String>>,
    /// From the lock file, by name and version.
    sums: BTreeMap<(String, String), String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize, Clone)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    manifest_path: PathBuf,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    dependencies: Vec<String>,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

/// Asks cargo about the sources.
pub(super) fn linked(source: &Path, arch: Arch) -> Result<Crates> {
    let target = arch.target();
    let text = cargo(source, &["metadata", "--format-version=1", "--locked", "--filter-platform", &target])?;
    let metadata: Metadata = serde_json::from_str(&text).context("cargo metadata")?;
    // With the features that the build has: `metadata` mixes in those of the workspace's other members.
    let tree = ["tree", "--locked", "--package=homelab", "--edges=normal,no-proc-macro", "--prefix=none"];
    let listed = cargo(source, &[&tree[..], &["--format={p}", "--target", &target]].concat())?;
    let wanted = named(&listed);
    let linked: BTreeMap<_, _> = metadata
        .packages
        .into_iter()
        .map(|package| ((package.name.clone(), package.version.clone()), package))
        .filter(|(key, _)| wanted.contains(key))
        .collect();
    if linked.len() != wanted.len() || linked.len() < 100 {
        bail!("cargo tree names {} crates, cargo metadata {} of them", wanted.len(), linked.len());
    }
    let lock: Lock = toml::from_str(&files::read_text(&source.join("Cargo.lock"))?).context("Cargo.lock")?;
    let sums = lock.package.into_iter().filter_map(|one| Some(((one.name, one.version), one.checksum?)));
    let edges = metadata.resolve.nodes.into_iter().map(|node| (node.id, node.dependencies)).collect();
    Ok(Crates { linked, edges, sums: sums.collect() })
}

fn cargo(source: &Path, words: &[&str]) -> Result<String> {
    run(cargo::command().args(words).current_dir(source))
}

/// The names and versions of `cargo tree`'s lines: `serde v1.0.0`, and what follows there.
fn named(tree: &str) -> BTreeSet<(String, String)> {
    let pair = |line: &str| {
        let (name, rest) = line.split_once(" v")?;
        Some((name.to_owned(), rest.split_whitespace().next()?.to_owned()))
    };
    tree.lines().filter_map(pair).collect()
}

/// An SPDX expression; crates of old have a slash for `OR`.
fn expression(licence: &str) -> String {
    licence.replace(" / ", "/").replace('/', " OR ")
}

fn reference(package: &Package) -> String {
    format!("pkg:cargo/{}@{}", package.name, package.version)
}

impl Crates {
    /// The bill of materials.
    pub(super) fn bill(&self, release: &Release) -> Result<String> {
        let by_id: BTreeMap<&str, &Package> =
            self.linked.values().map(|package| (package.id.as_str(), package)).collect();
        let (mut components, mut dependencies, mut own) = (Vec::new(), Vec::new(), Value::Null);
        for (key, package) in &self.linked {
            let on: BTreeSet<String> = self
                .edges
                .get(&package.id)
                .into_iter()
                .flatten()
                .filter_map(|id| by_id.get(id.as_str()).map(|package| reference(package)))
                .collect();
            dependencies.push(json!({ "ref": reference(package), "dependsOn": on }));
            let mut component = json!({
                "type": "library",
                "bom-ref": reference(package),
                "name": package.name,
                "version": package.version,
                "purl": reference(package),
                "licenses": [{ "expression": expression(package.license.as_deref().unwrap_or("NOASSERTION")) }],
            });
            if package.name == "homelab" {
                component["type"] = "application".into();
                component["properties"] = json!([
                    { "name": "homelab:commit", "value": release.commit },
                    { "name": "homelab:package-version", "value": release.version },
                ]);
                own = component;
                continue;
            }
            let sum =
                self.sums.get(key).context(format_args!("Cargo.lock has no sum of {}", package.name))?;
            component["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]);
            components.push(component);
        }
        let bill = json!({
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "version": 1,
            "metadata": { "component": own },
            "components": components,
            "dependencies": dependencies,
        });
        let text = serde_json::to_string_pretty(&bill).context("the bill of materials")?;
        Ok(text + "\n")
    }

    /// Every text of a licence, once, below the crates that have it.
    pub(super) fn licences(&self) -> Result<String> {
        let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut all = "The crates that are in homelab, and their licences.\n\n".to_owned();
        for package in self.linked.values().filter(|package| package.name != "homelab") {
            let name = format!("{} {}", package.name, package.version);
            all += &format!("{name}: {}\n", package.license.as_deref().unwrap_or("see below"));
            let folder = package.manifest_path.parent().context("a crate without a folder")?;
            for path in of_licences(folder)? {
                let text = String::from_utf8_lossy(&files::read(&path)?).trim().to_owned();
                texts.entry(text).or_default().insert(name.clone());
            }
        }
        for (text, names) in texts {
            let names: Vec<String> = names.into_iter().collect();
            all += &format!("\n{}\n{}\n\n{text}\n", "-".repeat(72), names.join(", "));
        }
        Ok(all)
    }
}

/// The files beside a manifest that hold licences.
fn of_licences(folder: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).context(folder.display())? {
        let path = entry.context(folder.display())?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        if path.is_file() && LICENCES.iter().any(|begin| name.starts_with(begin)) {
            found.insert(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_cargo_tree_are_read_whatever_follows() {
        let tree = "homelab v0.1.0 (/somewhere)\nserde v1.0.1\nserde v1.0.1 (*)\n\nring v0.17.0+x\n";
        let names: Vec<String> =
            named(tree).into_iter().map(|(name, version)| name + " " + &version).collect();
        assert_eq!(names, ["homelab 0.1.0", "ring 0.17.0+x", "serde 1.0.1"]);
    }

    #[test]
    fn a_slash_in_a_licence_is_a_choice() {
        assert_eq!(expression("MIT/Apache-2.0"), "MIT OR Apache-2.0");
        assert_eq!(expression("MIT / Apache-2.0"), "MIT OR Apache-2.0");
        assert_eq!(expression("MIT OR Apache-2.0"), "MIT OR Apache-2.0");
    }
}
