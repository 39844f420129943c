//! A lab that a GitOps program applies: `homelab up` is no cure there.

use crate::checks::engine::{Judged, Outcome};
use crate::checks::id;
use crate::evidence::Evidence;
use crate::facts::gitops::Deployer;

/// The command that does not run in such a lab.
const UP: &str = "homelab up";

/// The program that applies the lab.
pub(super) fn by(evidence: &Evidence) -> Option<Deployer> {
    evidence.drift.as_ref()?.as_ref().ok()?.deployer
}

/// Says what takes the place of `homelab up`.
pub(super) fn through(by: Deployer, judged: &mut Judged) {
    let Outcome::Fail(finding) = &mut judged.outcome else { return };
    let before = finding.fix.commands.len();
    finding.fix.commands.retain(|command| command != UP);
    let is_named = finding.fix.text.contains(UP) || finding.cause.contains(UP);
    if finding.fix.commands.len() < before || is_named {
        let instead = match judged.id == id::TOKEN_COPIES {
            true => {
                "in place of `homelab up`, create the Secret as `README.md` in the folder of `homelab render` says"
            }
            false => "in place of `homelab up`, run `homelab render --output-dir DIR` and commit the folder",
        };
        finding.fix.text.push_str(&format!(". {} applies this lab: {instead}", by.name()));
    }
}
