//! Headers of an answer that do not fit: how large the buffer is, and how it is made larger.

use serde_json::Value;

use crate::checks::apps::backend;
use crate::checks::engine::Finding;
use crate::evidence::{Evidence, View};
use crate::ingress::traits_of;
use crate::plan;

/// The setting, as an annotation and in the ConfigMap (ingress-nginx documentation, "Annotations": proxy-buffer-size).
const SIZE: &str = "proxy-buffer-size";
/// What holds the cookies of single sign-on, as a rule, in KiB.
const ENOUGH: u64 = 32;
/// The controller's own default, in KiB.
const DEFAULT: u64 = 4;

/// The finding with the setting that makes room; with the command where homelab does not write the Ingress itself.
pub(super) fn larger(evidence: &Evidence, host: &str, finding: Finding) -> Finding {
    let controller = traits_of(evidence.controller);
    let ingresses = evidence.objects("ingresses.networking.k8s.io").unwrap_or_default();
    let of_host = backend::of(evidence, host);
    let ingress = of_host.first().and_then(|backend| {
        ingresses.iter().find(|one| one.namespace() == backend.namespace && one.name() == backend.ingress)
    });
    let key = format!("{}{SIZE}", controller.annotations);
    let now = ingress.and_then(|ingress| kib(ingress.annotation(&key))).or_else(|| of_settings(evidence));
    let size = format!("{}k", (2 * now.unwrap_or(DEFAULT)).max(ENOUGH));
    let text = format!(
        "make room for them: `annotations: {{ {key}: {size} }}` for the service, or `ingress.config: {{ {SIZE}: {size} }}` for all"
    );
    let finding = Finding { fix: crate::checks::engine::Fix { text, ..finding.fix }, ..finding };
    match ingress.filter(|ingress| !plan::is_of_lab(ingress)) {
        Some(ingress) => finding.command(command!(
            "kubectl --namespace {} annotate --overwrite ingress {} {}",
            ingress.namespace(),
            ingress.name(),
            format!("{key}={size}")
        )),
        None => finding,
    }
}

fn of_settings(evidence: &Evidence) -> Option<u64> {
    let controller = traits_of(evidence.controller);
    let objects = &evidence.cluster.as_ref()?.objects;
    let map: &Value = controller.settings(objects)?;
    kib(map["data"][SIZE].as_str()?)
}

/// `16k`, in KiB.
fn kib(size: &str) -> Option<u64> {
    let size = size.to_ascii_lowercase();
    match size.strip_suffix('k') {
        Some(number) => number.parse().ok(),
        None => {
            size.strip_suffix('m').and_then(|number| number.parse::<u64>().ok()).map(|number| 1024 * number)
        }
    }
}
