//! The configuration, and annotations for external-dns.

use serde_json::{Value, json};

use crate::checks::tests::*;

fn config() -> ConfigSeen {
    ConfigSeen {
        problem: None,
        hosts: vec![HOST.into()],
        services: vec![ServiceSeen { name: "whoami".into(), annotations: [].into() }],
        annotation_prefix: "external-dns.alpha.kubernetes.io/".into(),
        class: "nginx".into(),
        default_class: false,
        guards: [].into(),
    }
}

#[test]
fn a_guard_that_the_configuration_takes_away_is_named_with_what_it_held() {
    let guards = |entries: &[(&str, &str)]| {
        let entries = entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        written(|config| config.guards = entries)
    };
    let finding = only(&guards(&[("annotations-risk-level", "Critical")]), id::GUARDED);
    assert!(finding.summary.contains("`annotations-risk-level: Critical`"), "{}", finding.summary);
    let finding = only(&guards(&[("allow-snippet-annotations", "true")]), id::GUARDED);
    assert!(finding.cause.contains("every Secret"), "{}", finding.cause);
    let finding = only(&guards(&[("use-http2", "true")]), id::GUARDED);
    assert!(finding.cause.contains("CVE-2026-123007"), "{}", finding.cause);
    let kept = guards(&[("annotations-risk-level", "Low"), ("allow-cross-namespace-resources", "false")]);
    assert!(kept.failures().next().is_none());
}

/// The healthy lab with a configuration, changed.
fn written(change: impl FnOnce(&mut ConfigSeen)) -> Report {
    let mut config = config();
    change(&mut config);
    whole(|evidence| evidence.config = Some(config))
}

/// The same with an Ingress that somebody else made.
fn foreign(host: &str, annotations: &Value) -> Report {
    whole(|evidence| {
        evidence.config = Some(config());
        let object = json!({ "metadata": { "namespace": "default", "name": "theirs", "annotations": annotations },
            "status": { "loadBalancer": { "ingress": [{ "ip": "192.168.1.2" }] } } });
        let list = Listing::Items(vec![object]);
        let objects = Objects([("ingresses.networking.k8s.io".to_owned(), list)].into());
        evidence.cluster = Some(ClusterSeen { objects, ..ClusterSeen::default() });
        evidence.ingresses.as_mut().unwrap().push(IngressSeen {
            namespace: "default".into(),
            name: "theirs".into(),
            class: Some("nginx".into()),
            hosts: vec![host.into()],
            ..IngressSeen::default()
        });
    })
}

#[test]
fn a_good_configuration_passes() {
    let report = written(|_| {});
    assert_eq!((report.exit_code(), fails(&report)), (0, vec![]));
    assert!(matches!(outcome(&report, id::VALID), Outcome::Pass { .. }));
}

#[test]
fn every_problem_of_the_file_is_named_with_its_place_and_blocks_the_rest() {
    let what = "the configuration has 2 problems\n\n  h.yaml:2:8: `email` is one of example.com\n    2 | email: x\n      |        ^\n  h.yaml:4:1: `servces` is unknown\n    did you mean `services`?";
    let problem = Failure { what: what.into(), cause: String::new(), hint: String::new() };
    let report = written(|config| config.problem = Some(problem));
    let finding = only(&report, id::VALID);
    assert_eq!(
        finding.summary,
        "the configuration has 2 problems; h.yaml:2:8: `email` is one of example.com; h.yaml:4:1: `servces` is unknown"
    );
    assert!(finding.fix.text.contains("did you mean `services`?"));
    assert_eq!(outcome(&report, id::HOST_IN_ZONE), Outcome::Blocked { by: id::VALID });
}

#[test]
fn a_file_that_cannot_be_read_is_told_as_up_tells_it() {
    let (what, cause, hint) =
        ("cannot read the configuration `h.yaml`", "permission denied", "name another file");
    let problem = Failure { what: what.into(), cause: cause.into(), hint: hint.into() };
    let finding = only(&written(|config| config.problem = Some(problem)), id::VALID);
    assert_eq!((finding.cause.as_str(), finding.fix.text.as_str()), (cause, hint));
}

#[test]
fn a_host_of_ours_outside_the_zone_is_an_error_and_a_host_of_others_a_warning() {
    let report = written(|config| config.hosts.push("files.elsewhere.org".into()));
    assert_eq!(report.exit_code(), 1);
    assert!(
        only(&report, id::HOST_IN_ZONE)
            .summary
            .contains("`files.elsewhere.org` is outside the zone `example.com`")
    );
    let report = foreign("app.notexample.com", &json!({}));
    let finding = only(&report, id::HOST_IN_ZONE);
    assert!(finding.summary.contains("`default/theirs`") && finding.summary.contains("no record"));
    assert_eq!(report.failures().next().unwrap().severity, Severity::Warning);
    assert_eq!(fails(&foreign("app.example.com", &json!({}))), []);
}

#[test]
fn a_zone_that_was_not_read_says_nothing_of_hosts() {
    let outcome_with = |provider| {
        let report = whole(|e| (e.config, e.provider) = (Some(config()), provider));
        outcome(&report, id::HOST_IN_ZONE)
    };
    assert!(matches!(outcome_with(None), Outcome::Skip { .. }));
    let refused = failure(Fault::InvalidToken);
    assert_eq!(outcome_with(Some(Err(refused))), Outcome::Blocked { by: id::TOKEN });
    let late = crate::evidence::Transport::Timeout;
    let silent = failure(Fault::Transport { host: "api.cloudflare.com".into(), cause: late });
    assert!(matches!(outcome_with(Some(Err(silent))), Outcome::Unknown { .. }));
}

#[test]
fn a_proxy_before_a_private_address_is_named_with_the_command_that_takes_it_away() {
    for prefix in ["external-dns.alpha.kubernetes.io/", "external-dns.kubernetes.io/"] {
        let report = foreign("a.example.com", &json!({ format!("{prefix}cloudflare-proxied"): "true" }));
        let finding = only(&report, id::TARGET_PRIVATE_UNPROXIED);
        assert!(
            finding.summary.contains("ingress `default/theirs`") && finding.summary.contains("192.168.1.2")
        );
        assert_eq!(
            finding.fix.commands,
            [format!("kubectl annotate -n default ingress/theirs {prefix}cloudflare-proxied-")]
        );
    }
    let annotation = ("external-dns.alpha.kubernetes.io/cloudflare-proxied".to_owned(), "true".to_owned());
    let report = written(|config| config.services[0].annotations = [annotation.clone()].into());
    assert!(only(&report, id::TARGET_PRIVATE_UNPROXIED).fix.text.contains("configuration"));
    let report = whole(|e| {
        e.config = Some(config());
        e.config.as_mut().unwrap().services[0].annotations = [annotation].into();
        e.nodes.as_mut().unwrap()[0].addresses = vec!["203.0.113.7".parse().unwrap()];
    });
    assert!(!fails(&report).contains(&id::TARGET_PRIVATE_UNPROXIED));
}

#[test]
fn an_annotation_that_nobody_reads_is_renamed() {
    let report = foreign("a.example.com", &json!({ "external-dns.kubernetes.io/ttl": "120" }));
    let finding = only(&report, id::ANNOTATION_PREFIX);
    assert_eq!(
        finding.fix.commands,
        [
            "kubectl annotate -n default ingress/theirs --overwrite external-dns.alpha.kubernetes.io/ttl=120 external-dns.kubernetes.io/ttl-"
        ]
    );
    assert_eq!(
        fails(&foreign("a.example.com", &json!({ "external-dns.alpha.kubernetes.io/ttl": "120" }))),
        []
    );
}

#[test]
fn a_prefix_of_ones_own_is_the_one_that_counts() {
    let report = written(|config| {
        config.annotation_prefix = "home/".into();
        config.services[0].annotations = [("home/ttl".to_owned(), "60".to_owned())].into();
    });
    assert_eq!(fails(&report), []);
}
