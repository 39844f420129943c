//! What external-dns and cert-manager quote of Route 53's API, and what that means.
//!
//! Sources: external-dns 0.22, provider/aws/aws.go; cert-manager 1.21, pkg/issuer/acme/dns/dns.go and route53/route53.go; both use
//! aws-sdk-go-v2, whose errors end in `CODE: MESSAGE` where the API's model has the code (service/route53/types/errors.go), and in
//! `api error CODE: MESSAGE` where it has not: access, signatures, throttling. Codes: Route 53 API reference.

mod api;
mod batch;
mod cert_manager;
mod external_dns;

#[cfg(test)]
mod tests;

use crate::provider::reading::{Reading, read};

/// What external-dns is refused.
pub(super) const REFUSALS: &[&[Reading]] =
    &[api::OF_THE_KEY, api::OF_RIGHTS, api::OF_CALLS, batch::OF_A_RECORD, api::OF_THE_POD];

/// Why external-dns gets no answer (its log), after what keeps a pod from anybody.
pub(super) const OUTAGES: &[Reading] = external_dns::OUTAGES;

/// What cert-manager says when a challenge's record is to be written or removed: what the API refused comes first.
pub(super) const CHALLENGES: &[&[Reading]] = &[
    api::OF_THE_KEY,
    api::OF_RIGHTS,
    api::OF_CALLS,
    batch::OF_A_CHALLENGE,
    api::OF_THE_POD,
    cert_manager::OF_ITS_OWN,
];

/// What the SDK writes before what the API answered.
const ANSWERED: &str = "RequestID: ";
/// What it writes before a code that the API's model does not have.
const UNMODELLED: &str = "api error ";
/// Where the programs go on after the answer.
const ENDS: &[&str] = &["\n", "\t", "), it will be retried", " (consecutive soft errors"];

/// The code of the API in a message of either program, and what stands from there.
fn answer(message: &str) -> Option<(&str, &str)> {
    let after_id = || message.rsplit_once(ANSWERED)?.1.split_once(", ");
    let (_, said) = after_id().or_else(|| message.rsplit_once(UNMODELLED))?;
    let said = said.strip_prefix(UNMODELLED).unwrap_or(said);
    let end = ENDS.iter().filter_map(|end| said.find(end)).min().unwrap_or(said.len());
    let said = said[..end].trim().trim_end_matches('.');
    // Where nothing answered, it says what happened in words.
    let (code, _) = said.split_once(':')?;
    let is_code =
        code.starts_with(|c: char| c.is_ascii_uppercase()) && code.chars().all(|c| c.is_ascii_alphanumeric());
    is_code.then_some((code, said))
}

/// The API's own words in a message of either program, with their code; `None` when it quotes none.
#[must_use]
pub(super) fn quoted(message: &str) -> Option<String> {
    answer(message).map(|(_, said)| said.to_owned())
}

/// The code in a message of either program that homelab does not know; `None` when it quotes none, or a known one.
#[must_use]
pub(super) fn unknown_code(message: &str) -> Option<&str> {
    let (code, _) = answer(message)?;
    read(message, REFUSALS.iter().copied().flatten()).is_none().then_some(code)
}

/// A change that a line of external-dns says is wanted, as the action with the kind, and the name.
#[must_use]
pub(super) fn desired(message: &str) -> Option<(String, String)> {
    external_dns::desired(message)
}

/// Whether a message of external-dns says that the key may not edit.
#[must_use]
pub(super) fn is_refused_edit(message: &str) -> bool {
    message.contains("not authorized to perform: route53:ChangeResourceRecordSets")
        || (message.contains("Route 53: ChangeResourceRecordSets")
            && message.contains("api error AccessDenied"))
}
