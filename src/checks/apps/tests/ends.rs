//! Which troubles of a pod somebody has to end.

use serde_json::{Value, json};

use super::{demo, waiting};
use crate::checks::k3s::tests::{items, pod, sound};
use crate::checks::tests::*;

fn finding(status: Value) -> Finding {
    let report = demo(|pod| pod["status"]["containerStatuses"] = status);
    let told = report.failures().find(|check| [id::APP_PODS, id::IMAGES].contains(&check.id)).unwrap();
    told.finding().unwrap().clone()
}

fn crash(restarts: i64, pause: &str, said: &str) -> Value {
    json!([{ "name": "a", "restartCount": restarts, "state": { "waiting": { "reason": "CrashLoopBackOff", "message": pause } },
        "lastState": { "terminated": { "exitCode": 1, "message": said } } }])
}

#[test]
fn a_program_that_ends_is_waited_for_until_it_has_ended_many_times_in_a_row() {
    let heals = |restarts, pause, said| finding(crash(restarts, pause, said)).heals;
    assert_eq!(heals(2, "back-off 20s restarting failed container=a", ""), Heals::Waiting);
    assert_eq!(heals(5, "back-off 1m20s restarting failed container=a", ""), Heals::Never);
    // Many starts in the life of the pod, and this is the first of a new row: the whole house starts after a power cut.
    assert_eq!(heals(40, "back-off 10s restarting failed container=a", ""), Heals::Waiting);
    assert_eq!((heals(4, "", ""), heals(5, "", "")), (Heals::Waiting, Heals::Never));
    assert_eq!(heals(1, "back-off 10s restarting", "exec /a: exec format error"), Heals::Never);
}

#[test]
fn what_only_a_person_can_change_is_not_waited_for() {
    let heals =
        |reason, message| (finding(waiting(reason, message)).heals, finding(waiting(reason, message)).soon);
    assert_eq!(heals("ErrImagePull", "a/b:1: not found"), (Heals::Never, false));
    assert_eq!(heals("ErrImagePull", "dial tcp: i/o timeout"), (Heals::Waiting, true));
    let refused = "container has runAsNonRoot and image will run as root";
    assert_eq!(heals("CreateContainerConfigError", refused), (Heals::Never, false));
    // cert-manager, or another program, may be about to make it.
    assert_eq!(heals("CreateContainerConfigError", "secret \"a\" not found"), (Heals::Waiting, true));
}

#[test]
fn a_pod_that_has_not_been_ready_for_long_is_not_waited_for() {
    let since = |time: &str| {
        let report = cluster_with_unready(time);
        only(&report, id::ENDPOINTS).heals
    };
    assert_eq!(since("2026-06-01T11:58:00Z"), Heals::Waiting);
    assert_eq!(since("2026-06-01T11:50:00Z"), Heals::Never);
}

fn cluster_with_unready(since: &str) -> Report {
    crate::checks::k3s::tests::cluster(|seen| {
        let items = crate::checks::k3s::tests::items;
        items(seen, "pods")[1]["status"]["conditions"][0]["status"] = "False".into();
        items(seen, "pods")[1]["status"]["conditions"][0]["lastTransitionTime"] = since.into();
        items(seen, super::SLICES)[0]["endpoints"][0]["conditions"]["ready"] = false.into();
    })
}

#[test]
fn a_pod_of_cert_manager_is_judged_by_its_own_check_wherever_it_runs() {
    let told = |name: &str| {
        let report = whole(|evidence| {
            let mut seen = sound();
            let mut pod = pod("tls", name);
            pod["status"]["containerStatuses"] = waiting("ErrImagePull", "not found");
            items(&mut seen, "pods").push(pod);
            evidence.cluster = Some(seen);
            let wanted = Issuance { namespace: "tls".into(), ..Issuance::default() };
            evidence.acme = Some(AcmeSeen { wanted, ..AcmeSeen::default() });
        });
        fails(&report).contains(&id::IMAGES)
    };
    assert!(!told("cert-manager-webhook-1") && told("vault-1"));
}
