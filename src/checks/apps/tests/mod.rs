//! The services behind the names: one failure at a time.

mod answers;
mod claims;
mod ends;
mod isolated;
mod limits;
mod local;
mod references;
mod stale;

use serde_json::{Value, json};

use crate::checks::k3s::tests::{cluster, items, pod, sound};
use crate::checks::tests::*;
use crate::evidence::http::HttpAnswer;

pub(super) const SLICES: &str = "endpointslices.discovery.k8s.io";

/// A page that nginx makes itself.
pub(super) fn made_by_nginx(status: u16) -> HttpAnswer {
    page(status, "text/html", &format!("<center><h1>{status}</h1></center>\r\n<hr><center>nginx</center>"))
}

/// The healthy lab with the pod of the demo in another state, and no endpoint that is ready.
fn demo(change: impl FnOnce(&mut Value)) -> Report {
    cluster(|seen| {
        let pod = &mut items(seen, "pods")[1];
        pod["status"]["conditions"][0]["status"] = "False".into();
        change(pod);
        items(seen, SLICES)[0]["endpoints"][0]["conditions"]["ready"] = false.into();
    })
}

fn waiting(reason: &str, message: &str) -> Value {
    json!([{ "name": "web", "image": "docker.io/traefik/whoami:v9", "restartCount": 4,
        "state": { "waiting": { "reason": reason, "message": message } },
        "lastState": { "terminated": { "exitCode": 2, "reason": "Error" } } }])
}

#[test]
fn what_the_registry_says_has_a_cause_and_a_cure() {
    let cases = [
        (
            "429 Too Many Requests - toomanyrequests: You have reached your pull rate limit",
            "Docker Hub counts",
        ),
        (
            "failed to resolve reference: dial tcp: lookup ghcr.io: no such host",
            "cannot resolve the registry's name",
        ),
        (
            "tls: failed to verify certificate: x509: certificate signed by unknown authority",
            "does not trust",
        ),
        ("x509: certificate has expired or is not yet valid: current time 1970", "clock"),
        ("dial tcp 140.82.121.34:443: i/o timeout", "cannot reach the registry"),
        ("docker.io/traefik/whoami:v9: not found", "no image of that name and tag"),
        (
            "pull access denied, repository does not exist or may require authorization",
            "private or does not exist",
        ),
        ("no match for platform in manifest: not found", "kind of processor"),
        ("write /var/lib/rancher: no space left on device", "disk is full"),
    ];
    for (message, cause) in cases {
        let message = format!("rpc error: failed to pull and unpack image: {message}");
        let report = demo(|pod| pod["status"]["containerStatuses"] = waiting("ErrImagePull", &message));
        let finding = only(&report, id::IMAGES);
        assert!(finding.cause.contains(cause) && finding.summary.contains("whoami:v9"), "{finding:?}");
        assert_eq!(outcome(&report, id::ENDPOINTS), Outcome::Blocked { by: id::IMAGES });
    }
}

#[test]
fn while_it_backs_off_the_event_has_the_registrys_words() {
    let report = cluster(|seen| {
        let list = waiting("ImagePullBackOff", "Back-off pulling image \"docker.io/traefik/whoami:v9\"");
        items(seen, "pods")[1]["status"]["containerStatuses"] = list;
        items(seen, "events").push(json!({ "reason": "Failed", "lastTimestamp": "2026-06-01T11:59:00Z",
            "involvedObject": { "namespace": "homelab", "name": "whoami-1" },
            "message": "Failed to pull image \"docker.io/traefik/whoami:v9\": 429 Too Many Requests" }));
    });
    assert!(only(&report, id::IMAGES).cause.contains("Docker Hub"));
}

#[test]
fn a_pod_that_no_name_leads_to_is_only_a_warning_and_blocks_nothing() {
    let report = cluster(|seen| {
        let mut other = pod("games", "chess-1");
        other["status"]["containerStatuses"] = waiting("ErrImagePull", "not found");
        items(seen, "pods").push(other);
        items(seen, SLICES)[0]["endpoints"] = json!([]);
        items(seen, "pods")[1]["metadata"]["labels"] = json!({ "app": "other" });
    });
    assert_eq!(fails(&report), [id::IMAGES, id::ENDPOINTS]);
    assert_eq!(report.failures().next().unwrap().severity, Severity::Warning);
}

#[test]
fn what_keeps_a_pod_from_running_is_told_by_its_status() {
    let secret = demo(|pod| {
        pod["status"]["containerStatuses"] =
            waiting("CreateContainerConfigError", "secret \"db-password\" not found");
    });
    assert!(
        only(&secret, id::APP_PODS)
            .fix
            .text
            .contains("make the Secret `db-password` in the namespace `homelab`")
    );
    let crash = demo(|pod| pod["status"]["containerStatuses"] = waiting("CrashLoopBackOff", "back-off 40s"));
    let finding = only(&crash, id::APP_PODS);
    assert!(
        finding.cause.contains("exit code 2") && finding.fix.look[0].contains("--previous"),
        "{finding:?}"
    );
    let memory = demo(|pod| {
        let mut list = waiting("CrashLoopBackOff", "");
        list[0]["lastState"]["terminated"]["reason"] = "OOMKilled".into();
        pod["status"]["containerStatuses"] = list;
    });
    assert!(only(&memory, id::APP_PODS).summary.contains("ran out of memory"));
    let full = demo(|pod| {
        pod["status"]["phase"] = "Pending".into();
        pod["status"]["conditions"] = json!([{ "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
            "message": "0/1 nodes are available: 1 Insufficient memory." }]);
    });
    let finding = only(&full, id::APP_PODS);
    assert!(
        finding.fix.text.contains("resources.requests") && finding.cause.ends_with("Insufficient memory")
    );
}

#[test]
fn pods_that_ended_or_are_on_their_way_are_no_fault() {
    for (pointer, value) in [("phase", "Succeeded"), ("phase", "Failed")] {
        let report = cluster(|seen| {
            let mut done = pod("backup", "backup-1");
            done["status"][pointer] = value.into();
            items(seen, "pods").push(done);
        });
        assert_eq!(fails(&report), []);
    }
}

#[test]
fn a_pod_that_waits_for_the_controllers_ports_is_left_to_the_check_of_the_ports() {
    for (port, told) in [(80, &[][..]), (8080, &[id::APP_PODS])] {
        let condition = json!({ "type": "PodScheduled", "status": "False", "reason": "Unschedulable" });
        let waits = json!({ "metadata": { "namespace": "default", "name": "squatter" }, "status": { "conditions": [condition] },
            "spec": { "containers": [{ "ports": [{ "hostPort": port }] }] } });
        assert_eq!(fails(&cluster(|seen| items(seen, "pods").push(waits))), told);
    }
}

#[test]
fn a_service_that_is_missing_is_named_with_the_nearest_one() {
    let gone =
        cluster(|seen| items(seen, "services").retain(|service| service["metadata"]["name"] != "whoami"));
    let finding = only(&gone, id::ENDPOINTS);
    assert!(finding.summary.contains("Service `homelab/whoami`, which does not exist"));
    assert_eq!(finding.fix.commands, ["homelab up"], "the demo's is homelab's own");
    let typo = cluster(|seen| {
        let path = "/spec/rules/0/http/paths/0/backend/service/name";
        *items(seen, "ingresses.networking.k8s.io")[0].pointer_mut(path).unwrap() = "whoammi".into();
    });
    let finding = only(&typo, id::ENDPOINTS);
    assert!(finding.cause.contains("`whoami`") && finding.fix.commands.is_empty());
}

#[test]
fn a_port_that_the_service_lacks_is_named_with_those_it_has() {
    let report = cluster(|seen| {
        let path = "/spec/rules/0/http/paths/0/backend/service/port";
        *items(seen, "ingresses.networking.k8s.io")[0].pointer_mut(path).unwrap() = json!({ "name": "web" });
    });
    let finding = only(&report, id::ENDPOINTS);
    assert!(finding.summary.contains("no port `web`") && finding.cause.contains("80 (http)"), "{finding:?}");
}

#[test]
fn why_a_service_has_no_endpoints_is_told() {
    let empty = |change: fn(&mut ClusterSeen)| {
        cluster(|seen| {
            items(seen, SLICES)[0]["endpoints"] = json!([]);
            change(seen);
        })
    };
    let labels = empty(|seen| items(seen, "pods")[1]["metadata"]["labels"] = json!({ "app": "who" }));
    assert!(
        only(&labels, id::ENDPOINTS)
            .cause
            .contains("no pod has the label `app=whoami`; pod `homelab/whoami-1` has `app=who`")
    );
    let stopped = |seen: &mut ClusterSeen| {
        items(seen, "deployments.apps")
            .push(json!({ "metadata": { "namespace": "homelab", "name": "whoami" },
            "spec": { "replicas": 0, "template": { "metadata": { "labels": { "app": "whoami" } } } } }));
    };
    let gone = cluster(|seen| {
        items(seen, SLICES)[0]["endpoints"] = json!([]);
        items(seen, "pods").remove(1);
        stopped(seen);
    });
    // What is left of a pod that was evicted long ago is no pod that could answer.
    let evicted = cluster(|seen| {
        items(seen, SLICES)[0]["endpoints"] = json!([]);
        items(seen, "pods")[1]["status"] = json!({ "phase": "Failed", "reason": "Evicted" });
        stopped(seen);
    });
    // Its last pod ends for half a minute, and its readiness probe is nobody's concern any more.
    let ends = |seen: &mut ClusterSeen| {
        items(seen, SLICES)[0]["endpoints"] = json!([]);
        items(seen, "pods")[1]["metadata"]["deletionTimestamp"] = json!("2026-06-01T12:00:20Z");
    };
    let ending = cluster(|seen| {
        ends(seen);
        stopped(seen);
    });
    let replaced = cluster(ends);
    assert!(only(&replaced, id::ENDPOINTS).summary.ends_with("pod `homelab/whoami-1` is being deleted"));
    let scale = "kubectl -n homelab scale deployment/whoami --replicas=1";
    for report in [gone, evicted, ending] {
        assert_eq!(only(&report, id::ENDPOINTS).fix.commands, [scale]);
    }
    let port = empty(|_| {});
    assert!(only(&port, id::ENDPOINTS).cause.contains("none has a port named `http`"));
    let selects_nothing = empty(|seen| {
        items(seen, "services").iter_mut().for_each(|service| service["spec"]["selector"] = json!({}));
    });
    assert!(only(&selects_nothing, id::ENDPOINTS).cause.contains("has no selector"));
}

#[test]
fn a_readiness_probe_that_fails_is_quoted() {
    let report = whole(|e| {
        let mut seen = sound();
        items(&mut seen, "pods")[1]["status"]["conditions"][0]["status"] = "False".into();
        items(&mut seen, SLICES)[0]["endpoints"][0]["conditions"]["ready"] = false.into();
        items(&mut seen, "events").push(json!({ "reason": "Unhealthy", "message": "Readiness probe failed: HTTP probe failed with statuscode: 404",
            "involvedObject": { "namespace": "homelab", "name": "whoami-1" } }));
        e.cluster = Some(seen);
        let host = e.hosts.get_mut(HOST).unwrap();
        host.http.iter_mut().for_each(|seen| seen.result = Ok(made_by_nginx(503)));
    });
    let finding = only(&report, id::ENDPOINTS);
    assert!(finding.cause.contains("statuscode: 404"));
    assert_eq!(outcome(&report, id::ANSWER), Outcome::Blocked { by: id::ENDPOINTS });
}

#[test]
fn a_502_is_explained_by_the_ports_where_they_differ() {
    let answers = |target: u16| {
        whole(|e| {
            let mut seen = sound();
            items(&mut seen, "services")[2]["spec"]["ports"][0]["targetPort"] = target.into();
            e.cluster = Some(seen);
            let host = e.hosts.get_mut(HOST).unwrap();
            host.http.iter_mut().for_each(|seen| seen.result = Ok(made_by_nginx(502)));
        })
    };
    let wrong = only(&answers(8081), id::ANSWER);
    assert!(
        wrong.cause.contains("sends to port 8081, and its pods say that they listen on 8080"),
        "{wrong:?}"
    );
    assert!(only(&answers(8080), id::ANSWER).fix.text.contains("scheme: https"));
}

/// The answer is 502, and this is what nginx noted lately.
fn noted(log: &str) -> Finding {
    let report = whole(|e| {
        let mut seen = sound();
        seen.logs.insert("ingress-nginx/controller-1/controller".into(), log.to_owned());
        e.cluster = Some(seen);
        let host = e.hosts.get_mut(HOST).unwrap();
        host.http.iter_mut().for_each(|seen| seen.result = Ok(made_by_nginx(502)));
    });
    only(&report, id::ANSWER).clone()
}

pub(super) fn line(time: &str, why: &str, upstream: &str, host: &str) -> String {
    format!(
        "2026/06/01 {time} [error] 38#38: *12 {why} while connecting to upstream, client: 192.168.1.9, server: {host}, request: \"GET / HTTP/1.1\", upstream: \"{upstream}/\", host: \"{host}\"\n"
    )
}

#[test]
fn a_502_is_explained_by_what_nginx_noted_of_it() {
    let refused = "connect() failed (111: Connection refused)";
    let cases = [
        (refused, "10.42.0.9:8080 refuses the connection"),
        ("upstream prematurely closed connection", "it expects TLS"),
        ("SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number)", "plain HTTP"),
    ];
    for (why, cause) in cases {
        let finding = noted(&line("11:59:30", why, "http://10.42.0.9:8080", HOST));
        assert!(finding.cause.contains(cause), "{finding:?}");
    }
    for log in [
        line("11:59:30", refused, "http://10.42.0.9:8080", "other.home.example.com"),
        "2026/06/01 11:59:30 [error] 38#38: upstream: \"http://".to_owned(),
        String::new(),
    ] {
        assert!(noted(&log).cause.contains("or speaks another protocol"), "{log}");
    }
}

#[test]
fn a_controller_that_did_not_notice_a_new_port_is_told_by_commands() {
    let refused = "connect() failed (111: Connection refused)";
    let old = line("11:59:30", refused, "http://10.42.0.9:8081", HOST);
    let finding = noted(&old);
    assert!(finding.cause.contains("still uses 10.42.0.9:8081"), "{finding:?}");
    assert!(finding.cause.contains("now points to port 8080"), "{finding:?}");
    assert!(finding.fix.commands[0].contains("--namespace homelab annotate --overwrite ingress whoami"));
    assert!(finding.fix.commands[1].ends_with("look-"));
    // The newest line counts, in whatever order the logs come.
    let newer = line("11:59:31", refused, "http://10.42.0.9:8080", HOST);
    assert!(noted(&format!("{newer}{old}")).cause.contains("refuses the connection"));
    // Of an address that is no endpoint any more, nothing is known.
    let gone = line("11:59:30", refused, "http://10.42.0.77:8081", HOST);
    assert!(noted(&gone).cause.contains("refuses the connection"));
}

#[test]
fn what_waits_for_its_node_is_explained_by_the_node() {
    let report = cluster(|seen| {
        items(seen, "pods")[1]["status"]["conditions"][0]["status"] = "False".into();
        items(seen, SLICES)[0]["endpoints"][0]["conditions"]["ready"] = false.into();
        items(seen, "nodes")[0]["status"]["conditions"][1]["status"] = "True".into();
    });
    assert_eq!(fails(&report).first(), Some(&id::NODES));
    assert_eq!(outcome(&report, id::ENDPOINTS), Outcome::Blocked { by: id::NODES });
}
