//! What external-dns' own filters keep out, and for how long anybody is told to wait.

use crate::checks::edns::tests::*;

/// The finding about a host without a record, with these arguments and that Ingress.
fn unrecorded(arguments: &[&str], change: impl FnOnce(&mut Value)) -> Finding {
    let report = with_cluster(|e| {
        records(e).clear();
        let args = &mut list(e, "deployments.apps")[0]["spec"]["template"]["spec"]["containers"][0]["args"];
        args.as_array_mut().unwrap().extend(arguments.iter().map(|one| json!(one)));
        change(&mut list(e, "ingresses.networking.k8s.io")[0]);
    });
    only(&report, id::RECORDS)
}

#[test]
fn the_filter_that_keeps_an_ingress_out_is_named_with_its_flag() {
    let prefix = "external-dns.alpha.kubernetes.io";
    let none = |_: &mut Value| {};
    let cases: [(&[&str], &str); 9] = [
        (&["--annotation-filter=dns in (public)"], "`--annotation-filter=dns in (public)`"),
        (&["--label-filter=dns=yes"], "`--label-filter=dns=yes`"),
        (&["--namespace", "media"], "`--namespace=media`"),
        (&["--domain-filter=other.test"], "`--domain-filter=other.test`"),
        (&["--exclude-domains=home.example.com"], "`--exclude-domains=home.example.com`"),
        (&["--source=service"], "`--source=service`"),
        (&["--ignore-ingress-rules-spec"], "`--ignore-ingress-rules-spec`"),
        (&["--zone-id-filter=abcdef"], "`--zone-id-filter=abcdef`"),
        (&["--domain-filter=.nowhere.test"], "outside the domains"),
    ];
    for (arguments, said) in cases {
        let finding = unrecorded(arguments, none);
        assert!(
            finding.cause.contains(said) && finding.cause.contains("`homelab/whoami`"),
            "{}",
            finding.cause
        );
        assert_eq!((finding.heals, finding.fix.commands), (Heals::Never, vec!["homelab up".to_owned()]));
    }
    let finding = unrecorded(&[], |ingress| {
        ingress["metadata"]["annotations"] =
            json!({ format!("{prefix}/ingress-hostname-source"): "annotation-only" });
    });
    assert!(finding.cause.contains("ingress-hostname-source: annotation-only"), "{}", finding.cause);
    let finding = unrecorded(&["--managed-record-types=A"], |ingress| {
        ingress["status"] = json!({ "loadBalancer": { "ingress": [{ "ip": "fd00::10" }] } });
    });
    assert!(finding.cause.contains("points to fd00::10") && finding.heals == Heals::Never);
}

#[test]
fn a_filter_in_the_environment_counts_and_a_flag_takes_its_place() {
    let with = |arguments: &[&str], variable: &str| {
        let report = with_cluster(|e| {
            records(e).clear();
            let container = &mut list(e, "deployments.apps")[0]["spec"]["template"]["spec"]["containers"][0];
            container["env"] = json!([{ "name": "EXTERNAL_DNS_DOMAIN_FILTER", "value": variable }]);
            let args = container["args"].as_array_mut().unwrap();
            args.extend(arguments.iter().map(|one| json!(one)));
        });
        only(&report, id::RECORDS).heals
    };
    assert_eq!(with(&[], "other.test"), Heals::Never);
    assert_eq!(with(&[], "other.test\nexample.com"), Heals::Waiting);
    assert_eq!(with(&["--domain-filter=example.com"], "other.test"), Heals::Waiting);
}

#[test]
fn nobody_is_told_to_wait_a_minute_after_ten() {
    let young = unrecorded(&[], |ingress| {
        ingress["metadata"]["creationTimestamp"] = json!("2026-06-01T11:55:00Z");
    });
    assert!(young.fix.text.contains("wait a minute"));
    let old = |ingress: &mut Value| {
        ingress["metadata"]["creationTimestamp"] = json!("2026-06-01T10:00:00Z");
    };
    let seen = unrecorded(&["--regex-domain-filter=^web"], old);
    assert!(seen.summary.contains("has looked since") && seen.cause.contains("`--regex-domain-filter=^web`"));
    assert!(!seen.fix.text.contains("wait a minute") && seen.fix.text.contains("--log-level=debug"));
    let left = with_cluster(|e| {
        records(e).remove(0);
        old(&mut list(e, "ingresses.networking.k8s.io")[0]);
    });
    let finding = only(&left, id::RECORDS);
    assert!(finding.summary.contains("although its TXT record exists") && finding.heals == Heals::Waiting);
    assert!(
        !finding.fix.text.contains("wait") && finding.fix.text.contains("search for the name in its log")
    );
    let hangs = with_cluster(|e| {
        list(e, "deployments.apps")[0]["status"] = json!({});
        let pod = &mut list(e, "pods")[0];
        pod["metadata"]["creationTimestamp"] = json!("2026-06-01T10:00:00Z");
        pod["status"]["conditions"] = json!([{ "type": "Ready", "status": "False" }]);
    });
    let finding = only(&hangs, id::EDNS_PODS);
    assert!(finding.fix.commands[0].contains("rollout restart") && !finding.fix.text.contains("wait"));
}

/// When the service went, nobody knows, so the advice is right a minute later and a day later.
#[test]
fn a_record_that_stays_without_its_service_is_told_without_any_waiting() {
    let left = |change: fn(&mut Evidence)| {
        let report = with_cluster(|e| {
            stale(e, "old.home.example.com");
            change(e);
        });
        only(&report, id::EDNS_STALE)
    };
    let finding = left(|_| {});
    assert!(finding.fix.text.contains("if you did not remove the service just now"), "{finding:?}");
    assert!(!finding.fix.text.contains("wait") && finding.cause.contains("the same `dns.owner`"));
    let line = json!({ "level": "info", "msg": "Changing record.", "action": "DELETE", "type": "A",
        "record": "old.home.example.com", "time": "2026-06-01T11:55:00Z" });
    let once = line.to_string();
    let twice = format!("{once}\n{}\n", once.replace("11:55", "11:56"));
    let back = with_cluster(|e| {
        stale(e, "old.home.example.com");
        says(e, &twice);
    });
    let finding = only(&back, id::EDNS_STALE);
    assert!(finding.cause.contains("deleted `old.home.example.com` 2 times"), "{finding:?}");
    assert_eq!((finding.heals, back.exit_code()), (Heals::Never, 0));
    let kept = left(|e| {
        let args = &mut list(e, "deployments.apps")[0]["spec"]["template"]["spec"]["containers"][0]["args"];
        args[0] = json!("--policy=create-only");
    });
    assert!(kept.cause.contains("never changes or deletes") && kept.fix.commands == ["homelab up"]);
}

/// The finding about a record with another address than the Ingress, changed by hand.
fn differing(change: impl FnOnce(&mut Evidence)) -> Finding {
    let report = with_cluster(|e| {
        records(e)[0].content = "192.168.1.77".into();
        list(e, "ingresses.networking.k8s.io")[0]["metadata"]["creationTimestamp"] =
            json!("2026-06-01T10:00:00Z");
        change(e);
    });
    let check = report.checks.iter().find(|check| check.id == id::RECORDS).unwrap();
    check.finding().unwrap().clone()
}

#[test]
fn a_record_that_somebody_else_sets_again_and_again_is_no_matter_of_waiting() {
    let line = json!({ "level": "info", "msg": "Changing record.", "action": "UPDATE", "type": "A", "record": HOST,
        "time": "2026-06-01T11:55:00Z" });
    let at = |times: [&str; 3]| -> String {
        times.iter().map(|time| format!("{}\n", line.to_string().replace("11:55:00", time))).collect()
    };
    let finding = differing(|e| says(e, &at(["11:53:00", "11:54:00", "11:55:00"])));
    assert!(finding.cause.contains("wrote the record 3 times") && finding.cause.contains("second cluster"));
    assert_eq!(finding.heals, Heals::Never);
    let older = at(["09:53:00", "09:54:00", "09:55:00"]);
    assert!(!differing(|e| says(e, &older)).cause.contains("wrote the record"));
}

#[test]
fn a_run_that_writes_a_record_for_each_of_three_nodes_is_one() {
    let line = json!({ "level": "info", "msg": "Changing record.", "action": "CREATE", "type": "A", "record": HOST,
        "time": "2026-06-01T11:55:00Z" });
    let later = line.to_string().replace("11:55:00", "11:55:01");
    let finding = differing(|e| says(e, &format!("{line}\n{line}\n{later}\n")));
    assert!(!finding.cause.contains("wrote the record"), "{finding:?}");
}

#[test]
fn a_record_for_an_object_of_another_cluster_is_told_with_that_object() {
    let finding = differing(|e| {
        let txt = &mut records(e)[1];
        txt.content = txt.content.replace("ingress/homelab/whoami", "ingress/elsewhere/web");
    });
    assert!(finding.cause.contains("`ingress/elsewhere/web`") && finding.cause.contains("another cluster"));
}

#[test]
fn a_policy_that_changes_nothing_is_named() {
    let finding = differing(|e| {
        let args = &mut list(e, "deployments.apps")[0]["spec"]["template"]["spec"]["containers"][0]["args"];
        args[0] = json!("--policy=create-only");
    });
    assert!(finding.cause.contains("--policy=create-only") && finding.fix.commands == ["homelab up"]);
}
