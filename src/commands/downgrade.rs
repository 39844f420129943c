//! What `up` looks at before its first write when a newer homelab was here: whether cert-manager can go back.

use crate::cluster::Cluster;
use crate::commands::planned::Consent;
use crate::error::{Error, Result};
use crate::plan::downgrade::{downgrade, lost};
use crate::plan::{Plan, Snapshot};

/// Lets a plan go ahead that keeps or raises cert-manager, or takes it back by a patch; by a minor version only with consent.
///
/// # Errors
/// When the plan takes cert-manager back further than that, or to where the API server would refuse it, and when the
/// definitions cannot be read.
pub(super) async fn permitted(
    cluster: &Cluster,
    plan: &Plan,
    snapshot: &Snapshot,
    consent: Consent,
) -> Result<()> {
    let Some(back) = downgrade(plan, snapshot) else { return Ok(()) };
    let refused = || {
        Error::usage(format!(
            "a newer homelab installed cert-manager {} in this cluster; this one would put {} in its place",
            back.from, back.to
        ))
        .because("nothing was changed: your names and certificates go on to work as they are")
    };
    if let Some((definition, version)) = lost(plan, &cluster.stored_versions().await?) {
        return Err(refused()
            .because(format!(
                "the cluster may have stored objects of `{definition}` in version `{version}`, which cert-manager {} does not know, so the API server would refuse it",
                back.to
            ))
            .hint(NEWER));
    }
    if back.is_minor() && !consent.downgrade {
        return Err(refused()
            .because("an earlier minor version of cert-manager ignores what only the later one knows")
            .hint(format!("{NEWER}. To go back all the same: `homelab up --allow-downgrade`")));
    }
    Ok(())
}

const NEWER: &str = "run `homelab up` of the newer version again (NixOS: switch to the newer generation)";
