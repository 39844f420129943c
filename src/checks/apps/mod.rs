//! The services behind the names, from the pods that should answer to the answer itself.

mod answer;
mod backend;
mod behind;
mod buffer;
mod claims;
mod denied;
mod endpoints;
mod gateway;
pub(super) mod ids;
mod isolated;
mod local;
mod page;
mod patience;
mod programs;
mod recognise;
mod redirect;
mod refusal;
mod stale;
mod texts;
mod upstream;
mod workloads;

#[cfg(test)]
pub(super) mod tests;

use crate::checks::engine::{Group, Judged, Outcome, Subject, Vantage, judged};
use crate::checks::id;
use crate::evidence::{Evidence, HostSeen};

pub use patience::{Theirs, waited_for};
pub use redirect::leads_back;
pub use refusal::says_tls;

/// The group.
pub(super) const GROUP: Group = Group::new("apps", "the services behind the names", texts::CHECKS)
    .for_lab(outcomes_of_lab)
    .for_each_host(outcomes_of_host);

/// What is no single host's.
fn outcomes_of_lab(evidence: &Evidence) -> Vec<Judged> {
    if evidence.asked_cluster().is_none() {
        return Vec::new();
    }
    if evidence.objects("pods").is_none() {
        let unknown =
            |id| judged(id, Subject::default(), Vantage::Api, Outcome::unknown("the pods were not read"));
        return [id::IMAGES, id::CLAIMS, id::APP_PODS].map(unknown).into();
    }
    let mut found = workloads::images_and_pods(evidence);
    found.extend(claims::volumes(evidence));
    found
}

fn outcomes_of_host(evidence: &Evidence, host: &str, seen: &HostSeen) -> Vec<Judged> {
    let mut found: Vec<Judged> = endpoints::endpoints_of_host(evidence, host).into_iter().collect();
    found.extend(answer::answers_for_host(evidence, host, seen));
    found
}
