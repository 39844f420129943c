//! The account that may only read: what it cannot see is left out, and is no failure.

use crate::checks::k3s::tests::sound;
use crate::checks::tests::*;

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

/// The healthy lab as the doctor on a schedule sees it, whom the API server does not let in.
fn shut_out(kind: ApiFault, kubeconfig: &str) -> Report {
    let failure = Failure { what: "it failed".into(), cause: "because".into(), hint: "do it".into() };
    seen_by_reader(|evidence| {
        let mut access = sound().access.unwrap();
        (access.own, access.kubeconfig, access.of_this_machine) = (false, kubeconfig.into(), Some(false));
        let version = Some(Err(ApiFailure { kind, failure }));
        evidence.cluster = Some(ClusterSeen { version, access: Some(access), ..ClusterSeen::default() });
        (evidence.nodes, evidence.ingresses, evidence.certificates) = (None, None, None);
    })
}

#[test]
fn a_scheduled_doctor_without_its_credentials_says_so_and_takes_no_cluster_for_a_foreign_one() {
    for kind in [ApiFault::ForeignAuthority, ApiFault::Unauthorized] {
        let report = shut_out(kind, "/run/credentials/homelab-doctor.service/kubeconfig");
        assert_eq!(fails(&report), [], "{:#?}", report.failures().collect::<Vec<_>>());
        assert_eq!(report.exit_code(), 3);
        for id in [id::KUBECONFIG, id::API] {
            let Outcome::Unknown { why } = outcome(&report, id) else { panic!("{:?}", outcome(&report, id)) };
            assert!(why.contains("journalctl -u homelab-doctor-access"), "{why}");
        }
        // Who names a kubeconfig that is not let in has a wrong one.
        assert_eq!(fails(&shut_out(kind, "/home/ada/.kube/config")), [id::KUBECONFIG]);
    }
}

#[test]
fn a_scheduled_doctor_without_its_credentials_still_sees_that_nobody_answers() {
    let report = shut_out(ApiFault::Refused, "/run/credentials/homelab-doctor.service/kubeconfig");
    assert_eq!(fails(&report), [id::API]);
}
