//! Whether a token may change zones that are not its own. Only `--active` asks, and only where the provider tells.

use crate::checks::engine::{Finding, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::reading::zone::unread;
use crate::evidence::{Evidence, Excess, ProviderFailure, TokenSeen};
use crate::provider::words;

pub(super) fn judge(evidence: &Evidence) -> Vec<Judged> {
    let called = words(evidence.dns).token.called;
    let one = |token: Option<&TokenSeen>, subject, whose: String| {
        let found = token?.excess.as_ref()?;
        Some(judged(id::LEAST_RIGHTS, subject, Vantage::Provider, outcome(found, &whose)))
    };
    let own = one(evidence.token.as_ref(), Subject::default(), format!("the {called}"));
    let of_organisations = evidence.organisations.iter().filter_map(|of| {
        one(
            of.token.as_ref(),
            Subject::host(&of.zone),
            format!("the {called} of the organisation `{}`", of.name),
        )
    });
    own.into_iter().chain(of_organisations).collect()
}

fn outcome(found: &Result<Option<Excess>, ProviderFailure>, whose: &str) -> Outcome {
    match found {
        Ok(None) => Outcome::pass("it may change its own zone alone"),
        Ok(Some(Excess { may, cause, cure })) => {
            Finding::new(format!("{whose} may {may}"), cause, cure).into()
        }
        Err(failure) => unread(failure),
    }
}
