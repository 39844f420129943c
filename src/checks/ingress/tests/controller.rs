//! Ports and pods.

use serde_json::{Value, json};

use crate::checks::ingress::tests::*;
use crate::evidence::Transport;
use crate::evidence::dial::Dial;

fn pods(evidence: &mut Evidence) -> &mut Vec<Value> {
    list(evidence, "pods")
}

fn node_answers(evidence: &mut Evidence, answer: &Transport) {
    evidence.node_answers.iter_mut().for_each(|probe| probe.answer = Err(answer.clone()));
}

/// The controller's pod as it is not ready, with that status of its container.
fn unready(evidence: &mut Evidence, status: &Value) {
    pods(evidence)[0]["status"] = json!({ "phase": "Pending", "containerStatuses": [status] });
}

fn squatter(node: Option<&str>) -> Value {
    json!({
        "metadata": { "namespace": "default", "name": "squatter",
            "ownerReferences": [{ "kind": "DaemonSet", "name": "caddy" }] },
        "spec": { "nodeName": node, "containers": [{ "ports": [{ "hostPort": 80, "protocol": "TCP" }] }] },
        "status": { "phase": "Running" },
    })
}

#[test]
fn a_pod_that_holds_port_80_is_named_with_its_owner_and_explains_all_else() {
    let report = lab(|e| {
        *pods(e) = vec![squatter(Some("pi"))];
        e.cluster_answer = Some(Err("no pod of it is ready".into()));
        e.node_answers.iter_mut().for_each(|probe| probe.answer = Ok(page(200, "text/plain", "hi")));
    });
    let finding = only(&report, id::PORT_OWNER);
    assert!(finding.summary.contains("pod `default/squatter` holds port 80 of node `pi`"));
    assert!(finding.fix.text.contains("kubectl -n default edit daemonset caddy"));
    assert_eq!(outcome(&report, id::NODE_404), Outcome::Blocked { by: id::PORT_OWNER });
}

#[test]
fn servicelb_is_told_from_other_pods() {
    let report = lab(|e| {
        let mut pod = squatter(Some("pi"));
        pod["metadata"]["labels"] = json!({
            "svccontroller.k3s.cattle.io/svcname": "traefik",
            "svccontroller.k3s.cattle.io/svcnamespace": "kube-system",
        });
        pods(e).push(pod);
    });
    let finding = only(&report, id::PORT_OWNER);
    assert!(finding.cause.contains("`kube-system/traefik`"));
    assert!(finding.fix.text.contains("--disable=traefik,servicelb"));
}

#[test]
fn a_pod_that_waits_for_the_port_is_a_warning_and_an_address_of_its_own_is_nothing() {
    let report = lab(|e| pods(e).push(squatter(None)));
    only(&report, id::PORT_OWNER);
    assert_eq!((report.counts.fail, report.counts.warn), (0, 1));
    let report = lab(|e| {
        let mut pod = squatter(Some("pi"));
        pod["spec"]["containers"][0]["ports"][0]["hostIP"] = json!("127.0.0.1");
        pods(e).push(pod);
    });
    assert_eq!(fails(&report), []);
}

/// A pod of a DaemonSet that waits for the node which its controller has pinned it to, as the API server shows it.
fn pending() -> Value {
    let mut pod = squatter(None);
    pod["spec"]["affinity"] = json!({ "nodeAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": {
        "nodeSelectorTerms": [{ "matchFields": [{ "key": "metadata.name", "operator": "In", "values": ["pi"] }] }] } } });
    let message = "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.";
    let condition =
        json!({ "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message });
    pod["status"] = json!({ "phase": "Pending", "conditions": [condition] });
    pod
}

#[test]
fn a_pod_that_will_take_the_port_at_the_next_rollout_is_a_warning_before_it() {
    let report = lab(|e| pods(e).push(pending()));
    let finding = only(&report, id::PORT_OWNER);
    assert_eq!(finding.summary, "pod `default/squatter` waits for port 80 of node `pi`");
    assert!(finding.cause.contains("When its pod restarts") && finding.cause.contains("stays in DNS"));
    assert!(finding.fix.text.starts_with(
        "before the controller or the node restarts, remove the line `hostPort` from the daemonset"
    ));
    assert_eq!((report.counts.warn, report.exit_code()), (1, 0));
}

#[test]
fn up_ends_with_the_same_warning() {
    assert!(in_up(id::PORT_OWNER));
    let end_of_up = |listing: Option<Listing>| {
        whole(|e| {
            let mut seen = ClusterSeen::default();
            seen.objects.0.extend(listing.map(|listing| (WAITING_PODS.to_owned(), listing)));
            e.cluster = Some(seen);
            e.ingress = None;
        })
        .only(in_up)
    };
    let doctors = lab(|e| pods(e).push(pending()));
    let report = end_of_up(Some(Listing::Items(vec![pending()])));
    assert_eq!(only(&report, id::PORT_OWNER), only(&doctors, id::PORT_OWNER));
    assert_eq!((report.counts.warn, report.exit_code()), (1, 0));
    let report = end_of_up(Some(Listing::Items(vec![])));
    assert!(matches!(outcome(&report, id::PORT_OWNER), Outcome::Pass { .. }));
    let report = end_of_up(Some(Listing::Failed("no answer in time".into())));
    assert!(matches!(outcome(&report, id::PORT_OWNER), Outcome::Unknown { .. }));
    assert!(!end_of_up(None).checks.iter().any(|check| check.id == id::PORT_OWNER));
}

#[test]
fn a_strangers_pod_that_runs_where_the_controllers_waits_is_an_error_and_names_still_lead_there() {
    let busy = |change: fn(&mut Evidence)| {
        lab(|e| {
            let message =
                "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.";
            let condition = json!({ "type": "PodScheduled", "status": "False", "message": message });
            pods(e)[0]["status"] = json!({ "phase": "Pending", "conditions": [condition] });
            pods(e).push(squatter(Some("pi")));
            e.cluster_answer = Some(Err("no pod of it is ready".into()));
            e.node_answers.iter_mut().for_each(|probe| probe.answer = Ok(page(200, "text/plain", "hi")));
            change(e);
        })
    };
    let report = busy(|_| {});
    assert_eq!((fails(&report), report.exit_code()), (vec![id::PORT_OWNER], 1));
    let finding = only(&report, id::PORT_OWNER);
    assert!(finding.summary.contains("pod `default/squatter` holds port 80 of node `pi`"));
    assert!(finding.cause.contains("your names open that pod"), "{}", finding.cause);
    assert!(!finding.fix.text.contains("cordon"), "it is the only node: {}", finding.fix.text);
    let second = busy(|e| {
        e.nodes.as_mut().unwrap().push(NodeSeen {
            name: "b".into(),
            ready: true,
            addresses: vec![],
            ..NodeSeen::default()
        });
    });
    let text = &only(&second, id::PORT_OWNER).fix.text;
    assert!(text.contains("`kubectl cordon pi`"), "{text}");
    let elsewhere = busy(|e| addresses(e, &[[192, 168, 1, 9]]));
    let owner =
        elsewhere.failures().find(|check| check.id == id::PORT_OWNER).and_then(Check::finding).unwrap();
    assert!(!owner.cause.contains("your names open"), "{}", owner.cause);
}

#[test]
fn a_missing_daemon_set_is_applied_again() {
    let finding = only(&lab(|e| list(e, "daemonsets.apps").clear()), id::PODS);
    assert_eq!(finding.fix.commands, ["homelab up"]);
}

#[test]
fn a_pod_that_cannot_be_placed_says_why() {
    let placed = |message: &str, holder: Option<Value>| {
        lab(|e| {
            let condition = json!({ "type": "PodScheduled", "status": "False", "message": message });
            pods(e)[0]["status"] = json!({ "phase": "Pending", "conditions": [condition] });
            pods(e).extend(holder);
        })
    };
    let busy = "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.";
    assert_eq!(only(&placed(busy, None), id::PODS).heals, Heals::Waiting);
    assert_eq!(fails(&placed(busy, Some(squatter(Some("pi"))))), [id::PORT_OWNER]);
    assert!(only(&placed("1 Insufficient memory.", None), id::PODS).fix.text.contains("resources.requests"));
}

#[test]
fn a_crash_loop_shows_the_last_words_and_who_changed_the_daemon_set() {
    let report = lab(|e| {
        let waiting = json!({ "waiting": { "reason": "CrashLoopBackOff" } });
        unready(e, &json!({ "state": waiting, "lastState": { "terminated": { "exitCode": 2 } } }));
        log(e, "I0601 12:00:00.000000       7 main.go:1] \"starting\"\nunknown flag: --nonsense\nUsage:\n");
        list(e, "daemonsets.apps")[0]["metadata"]["managedFields"][1] = json!({
            "manager": "kubectl-patch", "fieldsV1": { "f:spec": { "f:template": { "f:spec": {} } } } });
    });
    let finding = only(&report, id::PODS);
    assert!(finding.summary.contains("unknown flag: --nonsense"));
    assert!(finding.cause.contains("`kubectl-patch`") && finding.fix.commands.len() == 2);
}

#[test]
fn a_controller_that_is_killed_is_not_accused_by_the_last_line_of_its_log() {
    let report = lab(|e| {
        let waiting = json!({ "waiting": { "reason": "CrashLoopBackOff" } });
        let killed = json!({ "terminated": { "exitCode": 137, "reason": "Error" } });
        unready(e, &json!({ "state": waiting, "lastState": killed }));
        log(
            e,
            "I0601 12:00:00.000000       7 event.go:377] Event(v1.ObjectReference{}): type: 'Normal' reason: 'Sync'\n",
        );
    });
    let finding = only(&report, id::PODS);
    assert!(finding.summary.contains("is killed again and again (exit code 137)"), "{}", finding.summary);
    assert!(!format!("{finding:?}").contains("Sync") && finding.cause.contains("memory"));
}

#[test]
fn that_the_guard_kept_the_addresses_is_not_why_a_controller_ends() {
    let report = lab(|e| {
        let waiting = json!({ "waiting": { "reason": "CrashLoopBackOff" } });
        unready(e, &json!({ "state": waiting, "lastState": { "terminated": { "exitCode": 255 } } }));
        log(
            e,
            "W0601 12:00:00.000000       7 status.go:313] error updating ingress rule: ingresses.networking.k8s.io \
             \"whoami\" is forbidden: ValidatingAdmissionPolicy 'homelab-ingress-status' with binding \
             'homelab-ingress-status' denied request: node pi is Ready: its address stays\n",
        );
    });
    assert!(!only(&report, id::PODS).cause.contains("permission"));
}

#[test]
fn a_pull_a_start_and_an_end_are_told_apart() {
    let waiting = |reason: &str, message: &str| {
        let state = json!({ "waiting": { "reason": reason, "message": message } });
        lab(|e| unready(e, &json!({ "image": "x/y:1", "state": state })))
    };
    let finding = only(&waiting("ImagePullBackOff", "429 toomanyrequests"), id::PODS);
    assert!(finding.summary.contains("x/y:1"), "{}", finding.summary);
    assert!(
        only(&waiting("CreateContainerConfigError", "secret \"x\" not found"), id::PODS)
            .cause
            .contains("Secret `x`")
    );
    assert!(only(&waiting("ContainerCreating", ""), id::PODS).summary.contains("not ready yet"));
    let ending = lab(|e| {
        unready(e, &json!({}));
        pods(e)[0]["metadata"]["deletionTimestamp"] = json!("2026-06-01T11:59:00Z");
    });
    assert_eq!(only(&ending, id::PODS).heals, Heals::Waiting);
}

#[test]
fn a_tainted_node_is_passed_over_as_long_as_another_serves() {
    let taint = json!([{ "key": "gpu", "effect": "NoSchedule" }]);
    let second = json!({ "metadata": { "name": "b", "labels": { "kubernetes.io/os": "linux" } },
        "spec": { "taints": taint } });
    assert_eq!(fails(&lab(|e| list(e, "nodes").push(second))), []);
    let report = lab(|e| list(e, "nodes")[0]["spec"]["taints"] = taint);
    assert!(only(&report, id::PODS).summary.contains("taint `gpu:NoSchedule`"));
    let tolerated = json!([{ "key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule" }]);
    assert_eq!(fails(&lab(|e| list(e, "nodes")[0]["spec"]["taints"] = tolerated)), []);
}

#[test]
fn a_refusal_beside_a_pod_that_answers_means_that_the_rules_are_gone() {
    let report = lab(|e| node_answers(e, &Transport::Refused));
    let finding = only(&report, id::HOSTPORT);
    assert!(finding.fix.commands[0].contains("rollout restart"));
    assert_eq!(outcome(&report, id::NODE_404), Outcome::Blocked { by: id::HOSTPORT });
}

#[test]
fn silence_is_a_firewall_unless_the_api_server_is_refused() {
    only(&lab(|e| node_answers(e, &Transport::Timeout)), id::NODE_404);
    let turned = |how, here: Transport| {
        lab(|e| {
            node_answers(e, &here);
            e.ingress.as_mut().unwrap().refused = vec![NodePort { node: "pi".into(), port: 443, how }];
        })
    };
    for how in [Dial::Refused, Dial::TurnedAway] {
        assert!(only(&turned(how, Transport::Timeout), id::HOSTPORT).summary.contains(":443"));
    }
    let rejected = turned(Dial::TurnedAway, Transport::Unreachable("no route to host".into()));
    only(&rejected, id::NODE_404);
}

#[test]
fn a_policy_that_keeps_the_lan_out_is_told_where_the_node_itself_is_let_in() {
    let on = |args: Option<&str>, spec: Value| {
        lab(|e| {
            if let Some(args) = args {
                list(e, "nodes")[0]["metadata"]["annotations"] = json!({ "k3s.io/node-args": args });
            }
            let ports = &mut pods(e)[0]["spec"]["containers"][0]["ports"];
            *ports =
                json!([{ "hostPort": 80, "containerPort": 80 }, { "hostPort": 443, "containerPort": 443 }]);
            let policy =
                json!({ "metadata": { "namespace": "ingress-nginx", "name": "quiet" }, "spec": spec });
            let all = &mut e.cluster.as_mut().unwrap().objects.0;
            all.insert("networkpolicies.networking.k8s.io".into(), Listing::Items(vec![policy]));
        })
    };
    let with = |spec: Value| on(Some("[\"server\"]"), spec);
    assert_eq!(fails(&on(None, json!({ "podSelector": {} }))), [], "perhaps nobody enforces it");
    let pods = json!([{ "from": [{ "podSelector": {} }] }]);
    for spec in [json!({ "podSelector": {} }), json!({ "podSelector": {}, "ingress": pods })] {
        let report = with(spec);
        let finding = only(&report, id::HOSTPORT);
        assert!(finding.summary.contains("`ingress-nginx/quiet` keeps the LAN from"), "{finding:?}");
        assert!(finding.fix.commands.is_empty(), "no restart: {finding:?}");
    }
    let web = json!([{ "ports": [{ "port": 80 }, { "port": 443 }] }]);
    assert_eq!(fails(&with(json!({ "podSelector": {}, "ingress": web }))), []);
}

#[test]
fn where_the_pod_was_not_asked_the_rules_are_not_judged() {
    let report = lab(|e| {
        e.cluster.as_mut().unwrap().pod_answers.clear();
        node_answers(e, &Transport::Refused);
    });
    assert!(matches!(outcome(&report, id::HOSTPORT), Outcome::Unknown { .. }));
    assert_eq!(fails(&report), [id::NODE_404]);
}
