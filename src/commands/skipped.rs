//! What `up` looks at before its first write when it was not run for long: whether it would raise cert-manager over a minor
//! version.

use crate::error::{Error, Result};
use crate::plan::skipped::{Skip, skipped};
use crate::plan::{Plan, Snapshot};

/// Lets a plan go ahead that raises cert-manager by one minor version at most.
///
/// # Errors
/// When it skips one.
pub(super) fn none(plan: &Plan, snapshot: &Snapshot) -> Result<()> {
    skipped(plan, snapshot).map_or(Ok(()), |skip| Err(refused(&skip)))
}

/// Why the raise is refused, and the way to it.
pub(super) fn refused(skip: &Skip) -> Error {
    let Skip { from, to, through } = skip;
    Error::usage(format!("this homelab would raise cert-manager from {from} to {to} and skip {through}"))
        .because(
            "cert-manager must be upgraded one minor version at a time: \
             https://cert-manager.io/docs/installation/upgrade/",
        )
        .because("nothing was changed: your names and certificates go on to work as they are")
        .hint(format!(
            "go through {through} first: save `cert-manager.yaml` of its latest release \
             (https://github.com/cert-manager/cert-manager/releases?q={through}), name the file in the configuration with \
             `certManager: {{ manifest: FILE }}` (NixOS: `services.homelab.settings.certManager.manifest = \
             \"${{./cert-manager.yaml}}\";`), and run `homelab up`; then remove that line and run `homelab up` again. If `images` names images of \
             cert-manager, give them the same version.\n\
             Or run `homelab up` of an older homelab that brings {through}"
        ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::version::Version;

    #[test]
    fn the_refusal_has_both_versions_the_one_between_and_the_way_through_it() {
        let version = |text| Version::parse(text).unwrap();
        let told = refused(&Skip::between(version("v1.19.3"), version("v1.21.2")).unwrap()).to_string();
        for part in [
            "from v1.19.3 to v1.21.2 and skip v1.20",
            "one minor version at a time",
            "nothing was changed",
            "releases?q=v1.20",
            "`certManager: { manifest: FILE }`",
            "an older homelab that brings v1.20",
        ] {
            assert!(told.contains(part), "`{part}` is not in:\n{told}");
        }
    }
}
