//! external-dns and its records: one failure at a time.

mod classes;
mod filters;
mod organisations;
mod owners;
mod policy;
mod refusals;
mod services;
mod unpublished;
mod wildcard;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::checks::tests::*;

const POD: &str = "external-dns/external-dns-1/external-dns";

/// The healthy lab, its cluster read too.
fn with_cluster(change: impl FnOnce(&mut Evidence)) -> Report {
    whole(|e| {
        e.config = Some(ConfigSeen {
            annotation_prefix: "external-dns.alpha.kubernetes.io/".into(),
            ..ConfigSeen::default()
        });
        let lists = [
            ("deployments.apps", json!([deployment()])),
            ("pods", json!([pod(json!({ "running": { "startedAt": "2026-06-01T11:00:00Z" } }), json!({}))])),
            ("ingresses.networking.k8s.io", json!([ingress()])),
            ("services", json!([])),
        ];
        let items = |list: Value| Listing::Items(list.as_array().cloned().unwrap());
        let objects = lists.map(|(name, list)| (name.to_owned(), items(list)));
        e.cluster = Some(ClusterSeen { objects: Objects(BTreeMap::from(objects)), ..ClusterSeen::default() });
        e.external_dns = Some(ExternalDnsSeen { metrics: Ok(synced()) });
        change(e);
    })
}

fn synced() -> SyncSeen {
    let at = |text: &str| Some(text.parse().unwrap());
    SyncSeen { began: at("2026-06-01T11:59:30Z"), synced: at("2026-06-01T11:59:31Z"), ..SyncSeen::default() }
}

fn deployment() -> Value {
    json!({
        "metadata": { "namespace": "external-dns", "name": "external-dns",
            "managedFields": [{ "manager": "homelab", "operation": "Apply", "fieldsV1": { "f:spec": {} } }] },
        "spec": { "replicas": 1, "template": { "spec": { "containers": [{ "args":
            ["--policy=sync", "--interval=1m", "--annotation-prefix=external-dns.alpha.kubernetes.io/"] }] } } },
        "status": { "readyReplicas": 1 },
    })
}

fn pod(state: Value, last: Value) -> Value {
    json!({
        "metadata": { "namespace": "external-dns", "name": "external-dns-1",
            "labels": { "app.kubernetes.io/name": "external-dns" } },
        "status": { "phase": "Running", "containerStatuses": [{ "state": state, "lastState": last }] },
    })
}

fn ingress() -> Value {
    json!({ "metadata": { "namespace": "homelab", "name": "whoami" }, "spec": { "rules": [{ "host": HOST }] } })
}

fn list<'e>(evidence: &'e mut Evidence, resource: &str) -> &'e mut Vec<Value> {
    let Some(Listing::Items(items)) = evidence.cluster.as_mut().unwrap().objects.0.get_mut(resource) else {
        panic!("{resource} was read")
    };
    items
}

fn says(evidence: &mut Evidence, log: &str) {
    evidence.cluster.as_mut().unwrap().logs.insert(POD.into(), log.into());
}

/// It crashes with these last words.
fn crashes(log: &str, change: impl FnOnce(&mut Value)) -> Report {
    with_cluster(|e| {
        change(&mut list(e, "deployments.apps")[0]);
        crashed(e, log);
    })
}

fn crashed(e: &mut Evidence, log: &str) {
    says(e, log);
    list(e, "deployments.apps")[0]["status"] = json!({});
    let ended = json!({ "terminated": { "exitCode": 1, "finishedAt": "2026-06-01T11:59:50Z" } });
    list(e, "pods")[0] = pod(json!({ "waiting": { "reason": "CrashLoopBackOff" } }), ended);
    e.external_dns = Some(ExternalDnsSeen { metrics: Err("no pod of it runs".into()) });
}

/// Its last run failed with these words.
fn fails_with(log: &str) -> Report {
    with_cluster(|e| {
        says(e, log);
        e.token.as_mut().unwrap().edit = None;
        e.external_dns = Some(ExternalDnsSeen { metrics: Ok(SyncSeen { soft_errors: 2, ..synced() }) });
    })
}

fn line(level: &str, message: &str) -> String {
    json!({ "level": level, "msg": message, "record": HOST }).to_string()
}

const FLAG: &str =
    r#"time="2026-06-01T11:59:50Z" level=fatal msg="flag parsing error: unknown long flag '--bogus'""#;

/// One report for each failure, for what must hold of all.
pub(in crate::checks) fn all() -> Vec<Report> {
    let codes = [1004, 10000, 81053, 81045, 971, 9109];
    let mut reports: Vec<Report> = codes
        .iter()
        .map(|code| fails_with(&line("error", &format!("x {{\"code\":{code},\"message\":\"No.\"}}"))))
        .collect();
    reports.push(crashes(FLAG, |_| {}));
    reports.push(with_cluster(|e| list(e, "deployments.apps").clear()));
    reports.push(with_cluster(|e| list(e, "deployments.apps")[0]["spec"]["replicas"] = json!(0)));
    reports.push(with_cluster(|e| records(e).clear()));
    reports.push(with_cluster(|e| stale(e, "old.home.example.com")));
    reports.push(with_cluster(|e| {
        records(e).remove(0);
    }));
    reports
}

fn stale(evidence: &mut Evidence, host: &str) {
    let text = "\"heritage=external-dns,external-dns/owner=lab,external-dns/resource=ingress/homelab/old\"";
    records(evidence).push(record(host, "A", "192.168.1.2"));
    records(evidence).push(record(&format!("a-homelab.{host}"), "TXT", text));
}

#[test]
fn a_healthy_external_dns_passes() {
    let report = with_cluster(|_| {});
    for id in [id::EDNS_PODS, id::EDNS_SYNC, id::EDNS_OWNER_ID, id::EDNS_STALE, id::EDNS_WILDCARD] {
        assert!(matches!(outcome(&report, id), Outcome::Pass { .. }), "{:?}", outcome(&report, id));
    }
    assert_eq!((report.exit_code(), report.failures().count()), (0, 0));
}

#[test]
fn what_was_not_read_is_unknown_and_what_is_not_wanted_is_skipped() {
    let report = with_cluster(|e| {
        e.cluster = Some(ClusterSeen::default());
        e.external_dns = Some(ExternalDnsSeen { metrics: Err("no pod of it runs".into()) });
    });
    for id in [id::EDNS_PODS, id::EDNS_SYNC, id::EDNS_STALE] {
        assert!(matches!(outcome(&report, id), Outcome::Unknown { .. }), "{id}");
    }
    let report = with_cluster(|e| e.owner = None);
    for id in [id::EDNS_PODS, id::EDNS_SYNC, id::EDNS_STALE, id::EDNS_OWNER_ID] {
        assert!(matches!(outcome(&report, id), Outcome::Skip { .. }), "{id}");
    }
}

#[test]
fn a_crash_is_told_in_its_last_words() {
    let report = crashes(FLAG, |_| {});
    let finding = only(&report, id::EDNS_PODS);
    assert!(finding.summary.contains("unknown long flag '--bogus'"), "{}", finding.summary);
    assert_eq!(finding.fix.commands, ["homelab up"]);
    assert_eq!(outcome(&report, id::EDNS_SYNC), Outcome::Blocked { by: id::EDNS_PODS });
}

#[test]
fn fields_of_somebody_else_go_with_the_deployment() {
    let fields = json!({ "f:spec": { "f:template": { "f:spec": { "f:containers": {} } } } });
    let patched = json!([{ "manager": "kubectl-patch", "operation": "Update", "fieldsV1": fields }]);
    let finding =
        only(&crashes(FLAG, |live| live["metadata"]["managedFields"] = patched.clone()), id::EDNS_PODS);
    assert_eq!(finding.fix.commands.len(), 2);
}

#[test]
fn a_crash_that_is_over_is_not_held_against_it() {
    let again = |finished: &str, started: &str| {
        let ended = json!({ "terminated": { "exitCode": 1, "finishedAt": finished } });
        with_cluster(|e| list(e, "pods")[0] = pod(json!({ "running": { "startedAt": started } }), ended))
    };
    assert_eq!(again("2026-06-01T11:59:00Z", "2026-06-01T11:59:01Z").exit_code(), 0);
    let report = again("2026-06-01T11:59:50Z", "2026-06-01T11:59:51Z");
    assert!(only(&report, id::EDNS_PODS).summary.contains("exited with code 1"));
}

#[test]
fn each_way_of_not_running_is_told() {
    let gone = only(&with_cluster(|e| list(e, "deployments.apps").clear()), id::EDNS_PODS);
    assert_eq!(gone.fix.commands, ["homelab up"]);
    let scaled = with_cluster(|e| list(e, "deployments.apps")[0]["spec"]["replicas"] = json!(0));
    assert!(only(&scaled, id::EDNS_PODS).fix.commands[0].contains("scale"));
    let waits = |reason: &str| {
        with_cluster(|e| {
            list(e, "deployments.apps")[0]["status"] = json!({});
            let state = json!({ "waiting": { "reason": reason, "message": "secret \"x\" not found" } });
            list(e, "pods")[0] = pod(state, json!({}));
            e.external_dns = Some(ExternalDnsSeen { metrics: Err("no pod of it runs".into()) });
        })
    };
    assert_eq!(only(&waits("CreateContainerConfigError"), id::EDNS_PODS).fix.commands, ["homelab up"]);
    assert!(only(&waits("ImagePullBackOff"), id::EDNS_PODS).summary.contains("image"));
    assert!(only(&waits("ContainerCreating"), id::EDNS_PODS).heals == Heals::Waiting);
}

#[test]
fn a_run_that_fails_is_told_with_the_record_and_what_cloudflare_said() {
    let message = "fallback: individual CREATE failed: POST \"https://x\": 400 Bad Request \
        {\"errors\":[{\"code\":9003,\"message\":\"Target 192.168.1.2 is not allowed for a proxied record.\"}]}";
    let log = format!(
        "{}\n{}",
        line("error", message),
        line("error", "Failed to do run once: soft error\nfailed to submit all changes")
    );
    let report = fails_with(&log);
    let finding = only(&report, id::EDNS_SYNC);
    assert!(finding.summary.contains(HOST) && finding.summary.contains("(code 9003)"), "{}", finding.summary);
    assert!(finding.cause.contains("proxied") && finding.heals == Heals::Never);
    assert_eq!(finding.retry_at, Some("2026-06-01T12:00:30Z".parse().unwrap()));
    let unreachable = only(&fails_with(&line("error", "dial tcp 1.2.3.4:443: i/o timeout")), id::EDNS_SYNC);
    assert!(unreachable.heals == Heals::Waiting);
    assert!(only(&fails_with(""), id::EDNS_SYNC).cause.contains("does not say why"));
}

#[test]
fn a_refused_edit_is_the_tokens_fault() {
    let message = "403 Forbidden {\"errors\":[{\"code\":10000,\"message\":\"Authentication error\"}]}";
    let report = fails_with(&line("error", message));
    let finding = only(&report, id::DNS_EDIT);
    assert!(finding.summary.contains("Authentication error") && finding.fix.text.contains("DNS → Edit"));
    assert_eq!(outcome(&report, id::EDNS_SYNC), Outcome::Blocked { by: id::DNS_EDIT });
}

#[test]
fn a_loop_that_stands_is_told() {
    let metrics =
        |seen: SyncSeen| with_cluster(|e| e.external_dns = Some(ExternalDnsSeen { metrics: Ok(seen) }));
    let at = |text: &str| Some(text.parse().unwrap());
    let busy = metrics(SyncSeen { synced: at("2026-06-01T11:58:31Z"), ..synced() });
    assert!(only(&busy, id::EDNS_SYNC).summary.contains("30 s"));
    let first = metrics(SyncSeen { synced: None, ..synced() });
    assert_eq!(fails(&first), [id::EDNS_SYNC]);
    let stands = metrics(SyncSeen {
        began: at("2026-06-01T11:50:00Z"),
        synced: at("2026-06-01T11:50:01Z"),
        ..synced()
    });
    assert!(only(&stands, id::EDNS_SYNC).fix.commands[0].contains("rollout restart"));
    let fresh = metrics(SyncSeen::default());
    assert_eq!((fresh.exit_code(), fresh.failures().count()), (3, 0));
    let unread = with_cluster(|e| e.external_dns = Some(ExternalDnsSeen { metrics: Err("HTTP 503".into()) }));
    assert_eq!(unread.exit_code(), 3);
}

#[test]
fn a_cname_of_nobodys_names_what_is_in_the_way() {
    let report = with_cluster(|e| {
        records(e).clear();
        records(e).push(record(HOST, "CNAME", "box.example.net"));
    });
    let finding = only(&report, id::OWNER);
    assert!(
        finding.summary.contains("CNAME record") && finding.cause.contains("cannot have an address record")
    );
}

#[test]
fn the_txt_record_of_another_is_enough_to_lose_the_name() {
    let report = with_cluster(|e| {
        records(e).remove(0);
        let txt = &mut records(e)[0];
        txt.content = txt.content.replace("owner=lab", "owner=other");
    });
    assert!(only(&report, id::OWNER).summary.contains("belongs to `other`"));
}

#[test]
fn a_record_that_was_deleted_by_hand_comes_back() {
    let report = with_cluster(|e| {
        records(e).remove(0);
    });
    let finding = only(&report, id::RECORDS);
    assert!(finding.summary.contains("although its TXT record exists") && finding.heals == Heals::Waiting);
    assert!(finding.retry_at.is_some());
}

#[test]
fn an_ingress_that_external_dns_passes_over_is_named() {
    let report = with_cluster(|e| {
        records(e).clear();
        list(e, "ingresses.networking.k8s.io")[0]["metadata"]["annotations"] =
            json!({ "external-dns.alpha.kubernetes.io/controller": "none" });
    });
    let finding = only(&report, id::RECORDS);
    assert!(finding.cause.contains("`homelab/whoami`") && finding.heals == Heals::Never);
}

#[test]
fn an_ipv6_record_that_no_ingress_has_is_told() {
    let report = whole(|e| records(e).push(record(HOST, "AAAA", "fd00::1")));
    let finding = report.failures().next().unwrap().finding().unwrap().clone();
    assert!(finding.summary.contains("AAAA record fd00::1") && finding.heals == Heals::Never);
}

#[test]
fn a_host_outside_the_zone_is_not_judged_by_its_records() {
    let report = whole(|e| {
        let seen = e.hosts[HOST].clone();
        e.hosts = BTreeMap::from([("nas.other.test".to_owned(), seen)]);
    });
    assert!(matches!(outcome(&report, id::RECORDS), Outcome::Skip { .. }));
}

#[test]
fn a_record_without_its_service_is_a_warning() {
    let report = with_cluster(|e| stale(e, "old.home.example.com"));
    let finding = only(&report, id::EDNS_STALE);
    assert!(finding.summary.contains("`old.home.example.com`") && finding.heals == Heals::Waiting);
    assert_eq!(report.exit_code(), 0);
    let kept = with_cluster(|e| {
        stale(e, "old.home.example.com");
        let args = &mut list(e, "deployments.apps")[0]["spec"]["template"]["spec"]["containers"][0]["args"];
        args[0] = json!("--policy=upsert-only");
    });
    assert!(only(&kept, id::EDNS_STALE).cause.contains("upsert-only"));
}

#[test]
fn the_name_that_everybody_has_is_a_warning() {
    let report = with_cluster(|e| {
        e.owner.as_mut().unwrap().id = "default".into();
        let txt = &mut records(e)[1];
        txt.content = txt.content.replace("owner=lab", "owner=default");
    });
    assert!(only(&report, id::EDNS_OWNER_ID).cause.contains("second one"));
}

#[test]
fn a_wildcard_is_good_to_know_unless_it_is_asked_for() {
    let star = "*.home.example.com";
    let report = with_cluster(|e| records(e).push(record(star, "A", "192.168.1.9")));
    let check = report.failures().next().unwrap();
    assert_eq!((check.id, check.severity), (id::EDNS_WILDCARD, Severity::Info));
}
