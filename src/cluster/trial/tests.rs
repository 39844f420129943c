use std::sync::{Arc, Mutex};

use super::removal::is_trial;
use super::*;
use crate::cluster::fake::slow_cluster;

const POST: Goalpost =
    Goalpost { address: IpAddr::V4(std::net::Ipv4Addr::new(10, 42, 0, 3)), forbidden: 8181 };

fn coredns() -> Value {
    json!({ "metadata": { "namespace": "kube-system", "name": "coredns-1" },
        "spec": { "containers": [{ "readinessProbe": { "httpGet": { "port": 8181 } } }] },
        "status": { "podIP": "10.42.0.3", "conditions": [{ "type": "Ready", "status": "True" }] } })
}

/// A trial of homelab's, as it lives.
fn lives(kind: &str, name: &str) -> Value {
    json!({ "kind": kind, "metadata": { "namespace": NAMESPACE, "name": name, "uid": "u", "resourceVersion": "1", "labels": { MARK: "true" },
        "managedFields": [{ "manager": HOMELAB, "operation": "Apply" }] } })
}

/// The name of the pod in a request, which ends before `end`.
fn of_pod(line: &str, end: &str) -> String {
    let name = line.split_once("/pods/").map_or("", |(_, rest)| rest);
    name.split_once(end).map_or(name, |(name, _)| name).to_owned()
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
            if line.contains("?labelSelector") {
                let kind = if line.contains("/pods?") { "Pod" } else { "NetworkPolicy" };
                let theirs =
                    json!({ "metadata": { "name": "homelab-trial-theirs", "labels": { MARK: "true" } } });
                let there = line.contains("GET") && state.0 > 0;
                let own = there.then(|| lives(kind, "homelab-trial-1"));
                return (
                    200,
                    json!({ "items": Vec::from_iter(own).into_iter().chain([theirs]).collect::<Vec<_>>() }),
                );
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
    let seen = cluster.try_policies(&places, false, 1).await;
    let log = log.lock().unwrap().clone();
    (seen, log)
}

fn said(seen: &TrialSeen) -> &Tried {
    &seen.nodes[0].tried
}

#[tokio::test(start_paused = true)]
async fn what_the_policy_forbids_must_be_reached_before_it_and_not_after() {
    let (seen, _) =
        tried(|round, policy| format!("{round} yes {}\n", if policy { "no" } else { "yes" }), &[]).await;
    assert_eq!(said(&seen), &Tried::Enforced);
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_nobody_enforces_is_seen_as_open_and_one_that_cuts_dns_off_too_as_shut() {
    let (open, _) = tried(|round, _| format!("{round} yes yes\n"), &[]).await;
    assert_eq!(said(&open), &Tried::Open);
    let (shut, _) =
        tried(|round, policy| format!("{round} {0} {0}\n", if policy { "no" } else { "yes" }), &[]).await;
    assert_eq!(said(&shut), &Tried::Shut);
}

#[tokio::test(start_paused = true)]
async fn one_answer_that_is_lost_is_no_policy() {
    let (seen, _) =
        tried(|round, _| format!("{round} yes {}\n", if round % 4 == 0 { "no" } else { "yes" }), &[]).await;
    assert_eq!(said(&seen), &Tried::Open);
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_takes_some_seconds_is_waited_for() {
    let (seen, _) = tried(
        |round, policy| format!("{round} yes {}\n", if policy && round > 12 { "no" } else { "yes" }),
        &[],
    )
    .await;
    assert_eq!(said(&seen), &Tried::Enforced);
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_reaches_nothing_without_a_policy_proves_nothing() {
    let (seen, log) = tried(|round, _| format!("{round} no no\n"), &[]).await;
    assert!(
        matches!(said(&seen), Tried::Untried(why) if why.contains("even without homelab's policy")),
        "{seen:?}"
    );
    assert!(
        !log.iter().any(|line| line.starts_with("PATCH") && line.contains("networkpolicies")),
        "no policy is made for nothing"
    );
}

#[tokio::test(start_paused = true)]
async fn an_image_that_is_not_there_gives_way_to_the_next_and_none_is_told() {
    let answers = |round, policy| format!("{round} yes {}\n", if policy { "no" } else { "yes" });
    let (seen, _) = tried(answers, &["homelab-trial-1-0-0"]).await;
    assert_eq!(said(&seen), &Tried::Enforced);
    let (seen, _) = tried(answers, &["homelab-trial-1-0-0", "homelab-trial-1-0-1"]).await;
    assert!(
        matches!(said(&seen), Tried::Untried(why) if why.contains("none of these images") && why.contains("a, b")),
        "{seen:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_it_made_is_removed_before_and_after_and_what_others_marked_stays() {
    let (seen, log) =
        tried(|round, policy| format!("{round} yes {}\n", if policy { "no" } else { "yes" }), &[]).await;
    assert_eq!(seen.left, None);
    let deleted: Vec<&String> = log.iter().filter(|line| line.starts_with("DELETE")).collect();
    assert!(deleted.iter().any(|line| line.contains("/pods/homelab-trial-1")), "{deleted:?}");
    assert!(deleted.iter().any(|line| line.contains("/networkpolicies/homelab-trial-1")), "{deleted:?}");
    assert!(!deleted.iter().any(|line| line.contains("theirs")), "{deleted:?}");
}

#[test]
fn only_what_homelab_applied_under_such_a_name_is_of_a_trial() {
    assert!(is_trial(&lives("Pod", "homelab-trial-1")));
    let mut copied = lives("Pod", "homelab-trial-1");
    copied["metadata"]["managedFields"][0]["manager"] = "kubectl".into();
    assert!(!is_trial(&copied) && !is_trial(&lives("Pod", "photos")));
    let mut unmarked = lives("Pod", "homelab-trial-1");
    unmarked["metadata"]["labels"] = json!({});
    assert!(!is_trial(&unmarked));
}

#[test]
fn the_pod_keeps_to_the_namespaces_level_and_pulls_no_image() {
    let pod = pod("homelab-trial-1-0-0", "pi", "a/b", POST);
    let container = &pod["spec"]["containers"][0];
    assert_eq!(
        (container["imagePullPolicy"].as_str(), pod["spec"]["nodeName"].as_str()),
        (Some("Never"), Some("pi"))
    );
    assert_eq!(container["args"], json!(["10.42.0.3", "53", "8181"]));
    assert_eq!(pod["spec"]["securityContext"]["runAsNonRoot"], true);
    assert!(
        pod["spec"]["activeDeadlineSeconds"].is_number(),
        "a run that was killed leaves none that goes on"
    );
}

#[test]
fn a_line_that_is_not_whole_says_nothing_yet() {
    assert_eq!(last("1 yes yes\n2 yes n"), Some(Round { number: 1, allowed: true, forbidden: true }));
    assert_eq!((last("1 yes"), last("")), (None, None));
}

#[test]
fn coredns_is_tried_at_the_port_of_its_probe() {
    assert_eq!(goalpost(&coredns()).map(|post| post.forbidden), Some(8181));
    for change in ["/spec/containers/0/readinessProbe/httpGet/port", "/status/conditions/0/status"] {
        let mut other = coredns();
        *other.pointer_mut(change).unwrap() = json!(null);
        assert!(goalpost(&other).is_none(), "{change}");
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
