//! The bundle as files for a git repository: a folder for each stage, in the order in which they are applied.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{text_of, yaml};
use crate::config::{Backend, Config, Way};
use crate::desired::kind::{self, Stage};
use crate::desired::object::{Key, Object};
use crate::desired::{Bundle, readme};
use crate::error::{Error, Result};
use crate::facts::gitops::{FLUX_APPLY, FLUX_PRUNE, SYNC_OPTIONS, SYNC_WAVE};
use crate::plan::shared::is_shared;

/// What kustomize reads in a folder (kubectl.docs.kubernetes.io, "Kustomization").
const KUSTOMIZATION: &str = "kustomization.yaml";
/// The first line of each file.
const WRITTEN: &str = "# Written by `homelab render`: change homelab.yaml in place of this file.\n";
/// The stages, in their order.
const STAGES: [Stage; 3] = [Stage::Foundation, Stage::Workload, Stage::Judged];

/// The folder of a stage.
pub(super) const fn folder(stage: Stage) -> &'static str {
    match stage {
        Stage::Foundation => "1-foundation",
        Stage::Workload => "2-programs",
        Stage::Judged => "3-names",
    }
}

/// Refuses what only a run that sees the cluster can fill in.
///
/// # Errors
/// When a service is a program on a node, or reached by a tunnel.
pub(super) fn can_be_files(config: &Config) -> Result<()> {
    if let Some(service) = config.reached_by(Way::Tunnel).next() {
        let name = &service.name;
        return Err(Error::usage(format!("`services.{name}.public: tunnel` cannot be written into files"))
            .because("the names lead to the id of the tunnel, which only `homelab up` gets from the provider")
            .hint("leave `public` out, or install with `homelab up`"));
    }
    let local = config.services.iter().find_map(|service| match service.backend {
        Backend::Local { port, .. } => Some((service.name.as_str(), port)),
        _ => None,
    });
    let Some((name, port)) = local else { return Ok(()) };
    Err(Error::usage(format!("`services.{name}.local` cannot be written into files"))
        .because("`local` means the address of a node, and only `homelab up` asks the cluster for it")
        .hint(format!(
            "name the address in place of `local`: `url: \"http://ADDRESS:{port}\"`, with the node's own \
             (`kubectl get nodes -o wide`), at which the program has to listen"
        )))
}

/// Every file by its path: no Secret is among them.
///
/// # Errors
/// When an object cannot be written, or two would have the same file.
pub(super) fn files(config: &Config, bundle: &Bundle) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    let mut listed: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for object in bundle.objects.iter().filter(|object| !object.is_secret()) {
        let stage = folder(object.stage());
        let within = format!("{}/{}.yaml", object.component.name(), name(&object.key));
        let text = format!("{WRITTEN}{}", text_of(&annotated(object))?);
        if files.insert(format!("{stage}/{within}"), text).is_some() {
            return Err(Error::unfinished(format!("two objects would have the file `{stage}/{within}`")));
        }
        listed.entry(stage).or_default().push(within);
    }
    for (stage, within) in &listed {
        files.insert(format!("{stage}/{KUSTOMIZATION}"), kustomization(within)?);
    }
    let stages: Vec<String> = listed.keys().map(|stage| (*stage).to_owned()).collect();
    files.insert(KUSTOMIZATION.to_owned(), kustomization(&stages)?);
    files.insert(readme::NAME.to_owned(), readme::text(config, bundle));
    Ok(files)
}

/// Of the kind, the namespace and the name, with `_` between them, which none of them has. Names of roles may have characters
/// that not every file system takes.
fn name(key: &Key) -> String {
    let parts =
        [key.kind.kind.to_lowercase()].into_iter().chain(key.namespace.clone()).chain([key.name.clone()]);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let plain = |part: String| part.chars().map(|c| if is_plain(c) { c } else { '_' }).collect::<String>();
    parts.map(plain).collect::<Vec<_>>().join("_")
}

/// The object with what the programs that apply it have to know: when it is its turn, and what they may never delete.
fn annotated(object: &Object) -> Object {
    let mut object = object.clone();
    let (kind, stage) = (object.key.kind, object.stage());
    let may_be_theirs = is_shared(&object.key);
    let wave = STAGES.iter().position(|other| *other == stage).unwrap_or_default();
    let annotations = object.map_at(&["metadata", "annotations"]);
    let mut note = |key: &str, value: &str| drop(annotations.insert(key.to_owned(), value.into()));
    note(SYNC_WAVE, &wave.to_string());
    // As `up` does: a definition takes every object of its kind along, a namespace what others have in it, a claim its data.
    // Of a map that may be somebody else's, his entries.
    if [&kind::CRD, &kind::NAMESPACE, &kind::CLAIM].contains(&kind) || may_be_theirs {
        note(FLUX_PRUNE, "disabled");
        note(SYNC_OPTIONS, "Prune=false,Delete=false");
    }
    // A claim that somebody has made larger is never made smaller.
    if *kind == kind::CLAIM {
        note(FLUX_APPLY, "IfNotPresent");
    }
    object
}

fn kustomization(resources: &[String]) -> Result<String> {
    let body: Value = json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": resources,
    });
    let text = yaml(&body)
        .map_err(|error| Error::unfinished(format!("cannot print {KUSTOMIZATION}")).because(error))?;
    Ok(format!("{WRITTEN}{text}"))
}
