//! cert-manager's definitions: whether the API server knows its kinds, and whether they are of one version.

use serde_json::Value;

use crate::checks::engine::words::quoted;
use crate::checks::engine::{Finding, Outcome};
use crate::evidence::engine::DEFINITIONS;
use crate::evidence::{AcmeSeen, Evidence, Listing, View, at};

/// Every definition of cert-manager 1.x (its `cert-manager.crds.yaml`).
const NAMES: [&str; 6] = [
    "certificaterequests.cert-manager.io",
    "certificates.cert-manager.io",
    "challenges.acme.cert-manager.io",
    "clusterissuers.cert-manager.io",
    "issuers.cert-manager.io",
    "orders.acme.cert-manager.io",
];
/// Where upstream's manifest writes the version.
const VERSION: &str = "/metadata/labels/app.kubernetes.io~1version";

pub(super) fn are_there(evidence: &Evidence, acme: &AcmeSeen) -> Outcome {
    let Some(all) = evidence.objects(DEFINITIONS) else {
        return Outcome::unknown("cert-manager's CRDs were not read");
    };
    let named = |name: &str| all.iter().find(|definition| definition.name() == name);
    let missing: Vec<&str> = NAMES.into_iter().filter(|name| named(name).is_none()).collect();
    if !missing.is_empty() {
        return absent(&missing, acme).into();
    }
    let unserved: Vec<&str> = NAMES.into_iter().filter(|name| is_unserved(evidence, name)).collect();
    if !unserved.is_empty() {
        return Finding::new(
            format!("the API server does not serve {} yet", quoted(&unserved)),
            "the CRDs were created a moment ago, or their names collide with those of another CRD",
            "wait a moment; if it stays, check the conditions of the CRDs",
        )
        .look(command!("kubectl describe crd {}", unserved))
        .heals()
        .into();
    }
    let found: Vec<&Value> = NAMES.into_iter().filter_map(named).collect();
    match versions(&found).as_slice() {
        [] => Outcome::pass("all six CRDs exist"),
        [one] => Outcome::pass(format!("all six CRDs exist, of version {one}")),
        several => mixed(several, acme).into(),
    }
}

fn absent(missing: &[&str], acme: &AcmeSeen) -> Finding {
    let summary = match missing.len() {
        6 => "cert-manager's CRDs are not in the cluster".to_owned(),
        _ => format!("the CRD {} is missing", quoted(missing)),
    };
    if !acme.wanted.managed {
        return Finding::new(
            summary,
            "cert-manager is not installed, or was removed together with its CRDs",
            "install cert-manager with its CRDs (Helm: `crds.enabled=true`), or set `certManager.manage: true` so that homelab installs it",
        );
    }
    let cause = match missing.len() {
        6 => "cert-manager was never installed here, or somebody removed it",
        _ => "somebody deleted it, and with it every object of its kind",
    };
    Finding::new(summary, cause, "run `homelab up`, which installs them again").command("homelab up")
}

fn mixed(versions: &[&str], acme: &AcmeSeen) -> Finding {
    let finding = Finding::new(
        format!("cert-manager's CRDs are of several versions: {}", versions.join(", ")),
        "an installation or an upgrade stopped half-way, or two installations write the same CRDs",
        if acme.wanted.managed {
            "run `homelab up`, which writes them all again"
        } else {
            "install one version of cert-manager and its CRDs"
        },
    );
    if acme.wanted.managed { finding.command("homelab up") } else { finding }
}

/// The versions that the definitions say of themselves, each once.
fn versions<'e>(found: &[&'e Value]) -> Vec<&'e str> {
    let mut versions: Vec<&str> = found
        .iter()
        .map(|definition| at(definition, VERSION))
        .filter(|version| !version.is_empty())
        .collect();
    versions.sort_unstable();
    versions.dedup();
    versions
}

fn is_unserved(evidence: &Evidence, name: &str) -> bool {
    let listing = evidence.cluster.as_ref().and_then(|cluster| cluster.objects.listing(name));
    matches!(listing, Some(Listing::Unserved))
}
