//! Whether this machine trusts what the lab's own certificate authority signs.

use crate::checks::engine::{Finding, Outcome};
use crate::evidence::Evidence;

/// None in a lab in which it signs nothing.
pub(super) fn is_trusted(evidence: &Evidence) -> Option<Outcome> {
    evidence.by_authority().next()?;
    let Some(seen) = &evidence.authority else {
        let unread = || Outcome::unknown("its root was not read");
        return Some(evidence.reads_only().map_or_else(unread, Outcome::skip));
    };
    Some(match &seen.root {
        Err(why) => Outcome::unknown(why.clone()),
        Ok(root) if seen.is_trusted_here => {
            Outcome::pass(format!("{} is among its trusted roots", root.certificate.subject))
        }
        Ok(root) => Finding::new(
            format!("this machine does not trust {}", root.certificate.subject),
            "the root of the lab's own certificate authority is not among its trusted ones: browsers and programs on this machine warn of every page that it signed",
            "add the root: `homelab ca` prints it, with the steps for this machine, others, and phones",
        )
        .look("homelab ca")
        .nixos("security.pki.certificates")
        .into(),
    })
}
