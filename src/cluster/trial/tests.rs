use std::sync::{Arc, Mutex};

use super::removal::{is_forgotten, is_trial};
use super::*;
use crate::cluster::fake::{slow_cluster, written_cluster};

const SERVICE: &str = "10.43.0.10";
/// The API server's time.
const NOW: &str = "2026-06-01T12:00:00Z";
const LONG_AGO: &str = "2026-06-01T11:00:00Z";

fn mark() -> Mark {
    Mark::of([0, 0, 0, 0, 0, 0, 0, 1])
}

fn coredns() -> Value {
    json!({ "metadata": { "namespace": "kube-system", "name": "coredns-1" },
        "spec": { "containers": [{ "readinessProbe": { "httpGet": { "port": 8181 } } }] },
        "status": { "podIP": "10.42.0.3", "conditions": [{ "type": "Ready", "status": "True" }] } })
}

fn dns_service() -> Value {
    json!({ "metadata": { "namespace": "kube-system", "name": "kube-dns" }, "spec": { "clusterIP": SERVICE } })
}

/// The Service's DNS, the pod's, and the pod's other port.
fn three() -> Vec<Target> {
    targets(&[coredns()], Some(&dns_service()))
}

/// Something of a trial of homelab's, as it lives.
fn lives(kind: &str, name: &str, mark: &str, made: &str) -> Value {
    json!({ "kind": kind, "metadata": { "namespace": NAMESPACE, "name": name, "uid": "u", "resourceVersion": "1", "labels": { MARK: mark },
        "creationTimestamp": made, "managedFields": [{ "manager": HOMELAB, "operation": "Apply" }] } })
}

/// The name of the pod in a request, which ends before `end`.
fn of_pod(line: &str, end: &str) -> String {
    let name = line.split_once("/pods/").map_or("", |(_, rest)| rest);
    name.split_once(end).map_or(name, |(name, _)| name).to_owned()
}

/// What a cluster with such a list answers: one trial of its own, one that goes on elsewhere, one that was killed an hour ago, and what
/// somebody has marked by hand.
fn marked(line: &str, has_own: bool) -> Value {
    let kind = if line.contains("/pods?") { "Pod" } else { "NetworkPolicy" };
    let own = mark();
    let own = has_own.then(|| lives(kind, "homelab-trial-own", own.as_str(), NOW));
    if line.contains(&format!("trial%3D{}", mark().as_str())) {
        return json!({ "items": Vec::from_iter(own) });
    }
    let all = [
        lives(kind, "homelab-trial-elsewhere", "e15e", NOW),
        lives(kind, "homelab-trial-killed", "dead", LONG_AGO),
        json!({ "metadata": { "name": "homelab-trial-theirs", "labels": { MARK: "true" }, "creationTimestamp": LONG_AGO } }),
    ];
    json!({ "items": own.into_iter().chain(all).collect::<Vec<_>>() })
}

/// How a cluster behaves in which a pod writes what `says` gives: the round, and whether the policy is there.
async fn tried(
    says: impl Fn(u64, bool) -> String + Send + Sync + 'static,
    unfit: &'static [&'static str],
) -> (TrialSeen, Vec<String>) {
    let state = Arc::new(Mutex::new((0_u64, false, Vec::new())));
    let (cluster, log) = slow_cluster(
        move |line, _| {
            let mut state = state.lock().unwrap();
            if line.contains("k8s-app%3Dkube-dns") {
                return (200, json!({ "items": [coredns()] }));
            }
            if line.contains("/services/kube-dns") {
                return (200, dns_service());
            }
            if line.contains("?labelSelector") {
                return (200, marked(line, state.0 > 0));
            }
            if line.contains("/log?") {
                let name = of_pod(line, "/log");
                // Of a pod that nobody has made, there is no log.
                if unfit.contains(&name.as_str()) || !state.2.contains(&name) {
                    return (404, json!({}));
                }
                state.0 += 1;
                return (200, Value::String(says(state.0, state.1)));
            }
            if line.starts_with("PATCH") && line.contains("/pods/") {
                state.2.push(of_pod(line, "?"));
                return (200, json!({ "metadata": { "creationTimestamp": NOW } }));
            }
            if line.starts_with("PATCH") && line.contains("policies") {
                state.1 = true;
            }
            if line.starts_with("GET") && unfit.iter().any(|name| line.contains(name)) {
                return (
                    200,
                    json!({ "status": { "containerStatuses": [{ "state": { "waiting": { "reason": "ErrImageNeverPull" } } }] } }),
                );
            }
            (200, json!({}))
        },
        |_| Duration::ZERO,
    );
    let places = [Place { node: "pi".into(), images: vec!["a".into(), "b".into()] }];
    let seen = cluster.try_policies(&places, false, &mark()).await;
    let log = log.lock().unwrap().clone();
    (seen, log)
}

fn said(seen: &TrialSeen) -> &Tried {
    &seen.nodes[0].tried
}

/// A line of the log in which both ways to DNS answer.
fn line(round: u64, is_open: bool) -> String {
    format!("{round} yes yes {}\n", if is_open { "yes" } else { "no" })
}

#[tokio::test(start_paused = true)]
async fn what_the_policy_forbids_must_be_reached_before_it_and_not_after() {
    let (seen, _) = tried(|round, policy| line(round, !policy), &[]).await;
    assert_eq!(said(&seen), &Tried::Enforced);
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_nobody_enforces_is_seen_as_open_with_what_was_reached() {
    let (open, _) = tried(|round, _| line(round, true), &[]).await;
    let port = "port 8181 of the pod `kube-system/coredns-1` (10.42.0.3)";
    assert_eq!(said(&open), &Tried::Open(vec![port.to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_cuts_off_dns_too_is_seen_as_shut_with_the_way_that_fails() {
    let (all, _) =
        tried(|round, policy| if policy { format!("{round} no no no\n") } else { line(round, true) }, &[])
            .await;
    assert!(matches!(said(&all), Tried::Shut(missed) if missed.len() == 2), "{all:?}");
    let (service, _) =
        tried(|round, policy| if policy { format!("{round} no yes no\n") } else { line(round, true) }, &[])
            .await;
    assert_eq!(said(&service), &Tried::Shut(vec![format!("the cluster's DNS by its Service ({SERVICE})")]));
    let (pod, _) =
        tried(|round, policy| if policy { format!("{round} yes no no\n") } else { line(round, true) }, &[])
            .await;
    assert!(
        matches!(said(&pod), Tried::Shut(missed) if missed[0].contains("port 53 of the pod `kube-system/coredns-1`")),
        "{pod:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn one_answer_that_is_lost_is_no_policy() {
    let (seen, _) = tried(|round, _| line(round, round % 4 != 0), &[]).await;
    assert!(matches!(said(&seen), Tried::Open(_)), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_takes_some_seconds_is_waited_for() {
    let (seen, _) = tried(|round, policy| line(round, !(policy && round > 12)), &[]).await;
    assert_eq!(said(&seen), &Tried::Enforced);
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_does_not_reach_everything_without_a_policy_proves_nothing_and_says_what() {
    let (seen, log) = tried(|round, _| format!("{round} yes no no\n"), &[]).await;
    assert!(
        matches!(said(&seen), Tried::Untried(why) if why.contains("even without homelab's policy")
            && why.contains("port 53 of the pod `kube-system/coredns-1`") && !why.contains("Service")),
        "{seen:?}"
    );
    assert!(
        !log.iter().any(|line| line.starts_with("PATCH") && line.contains("networkpolicies")),
        "no policy is made for nothing"
    );
}

#[tokio::test(start_paused = true)]
async fn an_image_that_is_not_there_gives_way_to_the_next_and_each_is_told_with_what_to_do() {
    const FIRST: &str = "homelab-trial-0000000000000001-0-0";
    const SECOND: &str = "homelab-trial-0000000000000001-0-1";
    let (seen, _) = tried(|round, policy| line(round, !policy), &[FIRST]).await;
    assert_eq!(said(&seen), &Tried::Enforced);
    let (seen, _) = tried(|round, policy| line(round, !policy), &[FIRST, SECOND]).await;
    let Tried::Untried(why) = said(&seen) else { panic!("{seen:?}") };
    assert!(why.contains("`a` is not there, `b` is not there"), "{why}");
    assert!(why.contains("`sudo k3s crictl pull docker.io/library/busybox:1.37`"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn what_it_made_and_what_was_forgotten_go_and_what_others_made_or_are_at_stays() {
    let (seen, log) = tried(|round, policy| line(round, !policy), &[]).await;
    assert_eq!((seen.left, seen.mark.as_str()), (None, mark().as_str()));
    let deleted: Vec<&String> = log.iter().filter(|line| line.starts_with("DELETE")).collect();
    let goes = |what: &str| deleted.iter().any(|line| line.contains(what));
    for kind in ["pods", "networkpolicies"] {
        assert!(goes(&format!("/{kind}/homelab-trial-own")), "{deleted:?}");
        assert!(goes(&format!("/{kind}/homelab-trial-killed")), "{deleted:?}");
    }
    assert!(!goes("theirs") && !goes("elsewhere"), "{deleted:?}");
}

/// Its policy must be about no pod of another trial: that one would be judged by it.
#[tokio::test(start_paused = true)]
async fn two_trials_at_once_have_pods_and_policies_of_their_own() {
    let other = Mark::of([0xff; 8]);
    assert_ne!(mark(), other);
    for mark in [mark(), other] {
        let written: Arc<Mutex<Vec<Value>>> = Arc::default();
        let noted = written.clone();
        let (cluster, _) = written_cluster(move |line, sent| {
            let answer = match line {
                line if line.contains("k8s-app%3Dkube-dns") => json!({ "items": [coredns()] }),
                line if line.contains("/log?") => Value::String("9 yes yes yes\n".to_owned()),
                line if line.contains("/services/kube-dns") => dns_service(),
                _ => json!({ "items": [] }),
            };
            noted.lock().unwrap().extend(line.starts_with("PATCH").then(|| sent.clone()));
            (200, answer)
        });
        let places = [Place { node: "pi".into(), images: vec!["a".into()] }];
        cluster.try_policies(&places, false, &mark).await;
        let written = written.lock().unwrap().clone();
        let labels = json!({ MARK: mark.as_str() });
        let kinds: Vec<&Value> = written.iter().map(|body| &body["kind"]).collect();
        assert_eq!(kinds, ["Pod", "NetworkPolicy"]);
        for body in &written {
            assert_eq!(body["metadata"]["labels"], labels);
            if body["kind"] == "NetworkPolicy" {
                assert_eq!(body["spec"]["podSelector"]["matchLabels"], labels);
            }
        }
    }
}

#[test]
fn only_what_homelab_applied_under_such_a_name_is_of_a_trial() {
    let trial = || lives("Pod", "homelab-trial-1", "5eed", NOW);
    assert!(is_trial(&trial()));
    let mut copied = trial();
    copied["metadata"]["managedFields"][0]["manager"] = "kubectl".into();
    assert!(!is_trial(&copied) && !is_trial(&lives("Pod", "photos", "5eed", NOW)));
    let mut unmarked = trial();
    unmarked["metadata"]["labels"] = json!({});
    assert!(!is_trial(&unmarked));
}

#[test]
fn nothing_is_forgotten_that_a_run_may_still_be_at() {
    let is_old =
        |made: &str| is_forgotten(&lives("Pod", "homelab-trial-1", "5eed", made), NOW.parse().unwrap());
    assert!(is_old(LONG_AGO) && is_old("2026-06-01T11:49:59Z"));
    assert!(!is_old("2026-06-01T11:50:00Z") && !is_old("2026-06-01T13:00:00Z") && !is_old(""));
}

#[test]
fn the_pod_keeps_to_the_namespaces_level_and_pulls_no_image() {
    let pod = pod("homelab-trial-1-0-0", "pi", "a/b", &three());
    let container = &pod["spec"]["containers"][0];
    assert_eq!(
        (container["imagePullPolicy"].as_str(), pod["spec"]["nodeName"].as_str()),
        (Some("Never"), Some("pi"))
    );
    assert_eq!(container["args"], json!(["trial", "10.43.0.10/53", "10.42.0.3/53", "10.42.0.3/8181"]));
    assert_eq!(pod["spec"]["securityContext"]["runAsNonRoot"], true);
    assert!(
        pod["spec"]["activeDeadlineSeconds"].is_number(),
        "a run that was killed leaves none that goes on"
    );
}

#[test]
fn a_line_that_is_not_whole_says_nothing_yet() {
    let three = three();
    let number = |log: &str| Round::last(log, &three).map(|round| round.number);
    assert_eq!(number("1 yes yes yes\n2 yes yes n"), Some(1));
    assert_eq!([number("1 yes yes yes"), number("1 yes yes\n"), number("")], [None; 3]);
}

#[test]
fn coredns_is_tried_by_its_service_and_at_each_pod_and_at_the_port_of_its_probe() {
    let whats = |targets: &[Target]| targets.iter().map(|one| one.at.to_string()).collect::<Vec<_>>();
    assert_eq!(whats(&three()), ["10.43.0.10:53", "10.42.0.3:53", "10.42.0.3:8181"]);
    let mut second = coredns();
    second["metadata"]["name"] = "coredns-2".into();
    second["status"]["podIP"] = "10.42.1.3".into();
    assert_eq!(targets(&[coredns(), second], None).len(), 4);
    for change in ["/spec/containers/0/readinessProbe/httpGet/port", "/status/conditions/0/status"] {
        let mut other = coredns();
        *other.pointer_mut(change).unwrap() = json!(null);
        assert!(targets(&[other], Some(&dns_service())).is_empty(), "{change}");
    }
}

#[test]
fn the_policy_of_the_trial_allows_dns_and_what_nobody_has() {
    for (by_name, kind) in [(false, "NetworkPolicy"), (true, "CiliumNetworkPolicy")] {
        let body = policy((NAMESPACE, "x"), None, &dns_alone(by_name), &[]);
        assert_eq!(body["kind"], kind);
        assert_eq!(body["spec"]["egress"].as_array().unwrap().len(), 2);
    }
}
