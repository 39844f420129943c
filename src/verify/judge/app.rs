//! The services behind the names, from the pods that should answer to the answer itself.

mod answer;
mod backend;
mod claims;
mod endpoints;
mod upstream;
mod workloads;

use super::judged;
use crate::verify::{
    evidence::{Evidence, HostSeen},
    model::{Judged, Outcome, Subject, Vantage},
    registry::id,
};

/// What is no single host's.
pub(super) fn all(evidence: &Evidence) -> Vec<Judged> {
    if evidence.asked_cluster().is_none() {
        return Vec::new();
    }
    if evidence.objects("pods").is_none() {
        let unknown =
            |id| judged(id, Subject::default(), Vantage::Api, Outcome::unknown("the pods were not read"));
        return [id::IMAGES, id::CLAIMS, id::APP_PODS].map(unknown).into();
    }
    let mut found = workloads::all(evidence);
    found.extend(claims::all(evidence));
    found
}

pub(super) fn host(evidence: &Evidence, host: &str, seen: &HostSeen) -> Vec<Judged> {
    let mut found: Vec<Judged> = endpoints::host(evidence, host).into_iter().collect();
    found.extend(answer::host(evidence, host, seen));
    found
}
