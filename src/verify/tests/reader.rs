//! The account that may only read: what it cannot see is left out, and is no failure.

use super::{super::*, k3s::sound, picture::*};

/// The healthy lab as that account sees it: no Secret, nothing tried out.
fn seen_by_reader(change: impl FnOnce(&mut Evidence)) -> Report {
    whole(|evidence| {
        let mut seen = sound();
        seen.access.as_mut().unwrap().reads_only = true;
        evidence.cluster = Some(seen);
        evidence.acme =
            Some(AcmeSeen { webhook: None, secrets: None, ..evidence.acme.clone().unwrap_or_default() });
        evidence.token.as_mut().unwrap().copies = None;
        change(evidence);
    })
}

#[test]
fn what_needs_secrets_or_writing_is_left_out_and_says_who_looks() {
    let report = seen_by_reader(|_| {});
    for id in [id::CM_WEBHOOK, id::TOKEN_COPIES, id::SERVED_SECRET] {
        let Outcome::Skip { why } = outcome(&report, id) else {
            panic!("{id:?}: {:?}", outcome(&report, id))
        };
        assert!(why.contains("sudo homelab doctor"), "{why}");
    }
}

#[test]
fn an_administrator_who_did_not_see_them_is_told_so() {
    let report = seen_by_reader(|evidence| {
        evidence.cluster.as_mut().unwrap().access.as_mut().unwrap().reads_only = false;
    });
    assert!(matches!(outcome(&report, id::TOKEN_COPIES), Outcome::Unknown { .. }));
}
