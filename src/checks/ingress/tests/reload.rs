//! What nginx refuses, in its own words, and whose it is.

use serde_json::{Value, json};

use crate::checks::ingress::tests::*;
use crate::ingress::nginx::FAKE_CERTIFICATE;

/// What nginx refused that many seconds ago, for the n-th time.
fn refused_ago(said: &str, seconds: i64, times: u32) -> Option<Vec<ReloadSeen>> {
    let time = now().checked_sub(jiff::SignedDuration::from_secs(seconds)).unwrap();
    let line = time.strftime("E%m%d %H:%M:%S.000000       7 controller.go:205] Unexpected").to_string();
    Some(vec![reload(Reload::Refused(Refusal { said: vec![said.into()], line, times }))])
}

fn refused(said: &str) -> Option<Vec<ReloadSeen>> {
    refused_ago(said, 2, 5)
}

/// The healthy lab in which nginx says that, with one change.
fn saying(said: &str, change: impl FnOnce(&mut Evidence)) -> Report {
    lab(|e| {
        e.reloads = refused(said);
        change(e);
    })
}

/// An Ingress of somebody else, with that path and those annotations.
fn stranger(path: &str, annotations: Value) -> Value {
    let mut object = ingress("broken", "broken.home.example.com");
    object["metadata"]["namespace"] = json!("default");
    object["spec"]["tls"] = json!([]);
    object["metadata"]["annotations"] = annotations;
    object["spec"]["rules"][0]["http"]["paths"][0]["path"] = json!(path);
    object
}

fn set(evidence: &mut Evidence, data: &Value) {
    list(evidence, "configmaps/ingress-nginx")[0] = settings(data);
}

const REGEX: &str = "pcre2_compile() failed: missing closing parenthesis in \"^/(app\" at \"\"";

#[test]
fn a_path_that_is_no_regular_expression_is_named_with_its_ingress() {
    let report = saying(REGEX, |e| {
        let regex = json!({ "nginx.ingress.kubernetes.io/use-regex": "true" });
        ingresses(e).push(stranger("/(app", regex));
    });
    let finding = only(&report, id::RELOAD);
    assert!(finding.summary.contains(REGEX), "{}", finding.summary);
    assert!(finding.cause.contains("Ingress `default/broken` has the path `/(app`"), "{}", finding.cause);
    assert!(finding.fix.text.contains("kubectl -n default edit ingress broken"));
    assert!(finding.fix.text.contains("do not restart the controller") && finding.fix.commands.is_empty());
    assert_eq!((finding.heals, report.exit_code()), (Heals::Never, 1));
}

#[test]
fn the_value_of_an_annotation_is_found_whole_or_as_a_word_of_it() {
    let quoting = [
        ("invalid value \"TLSv9\"", "proxy-ssl-protocols", "TLSv9"),
        ("unknown directive \"add_heeder\"", "server-snippet", "more_clear_headers X;\nadd_heeder A b;"),
        // kubernetes/ingress-nginx#6648.
        ("unknown directive \"ssl-session-timeout\"", "configuration-snippet", "ssl-session-timeout 60m;"),
        ("host not found in upstream \"nowhere.lan\"", "auth-url", "http://nowhere.lan/verify"),
        ("unknown \"nonsense\" variable", "upstream-vhost", "$nonsense.lan"),
    ];
    for (said, key, value) in quoting {
        let report = saying(said, |e| {
            let annotation = json!({ format!("nginx.ingress.kubernetes.io/{key}"): value });
            ingresses(e).push(stranger("/", annotation));
        });
        let finding = report.failures().next().unwrap().finding().unwrap();
        assert!(
            finding
                .cause
                .contains(&format!("`default/broken` has the annotation `nginx.ingress.kubernetes.io/{key}")),
            "{said}: {}",
            finding.cause
        );
    }
}

#[test]
fn an_entry_of_ingress_config_is_found_by_its_value_or_by_its_directive() {
    let quoting = [
        ("invalid value \"TLSv9\"", "ssl-protocols", "TLSv9"),
        ("\"client_max_body_size\" directive invalid value", "proxy-body-size", "lots"),
        ("\"ssl_session_timeout\" directive invalid value", "ssl-session-timeout", "10y"),
        // kubernetes/ingress-nginx#3459.
        ("invalid number of arguments in \"proxy_buffering\" directive", "proxy-buffering", "on; off"),
        ("unknown directive \"foo\"", "http-snippet", "foo bar;"),
        (
            "SSL_CTX_set_cipher_list(\"NOPE\") failed (SSL: error:0A0000B9:SSL routines::no cipher match)",
            "ssl-ciphers",
            "NOPE",
        ),
        (
            "open() \"/nowhere/error.log\" failed (2: No such file or directory)",
            "error-log-path",
            "/nowhere/error.log",
        ),
        ("\"worker_processes\" directive invalid value", "worker-processes", "many"),
    ];
    for (said, key, value) in quoting {
        let report = saying(said, |e| set(e, &json!({ key: value, "hsts-include-subdomains": "false" })));
        let finding = only(&report, id::RELOAD);
        assert!(
            finding.cause.contains(&format!("`ingress.config` has `{key}: ")),
            "{said}: {}",
            finding.cause
        );
        assert!(
            finding.fix.text.contains(&format!("`{key}` below `ingress.config`")),
            "{}",
            finding.fix.text
        );
        assert_eq!(finding.fix.nixos.as_deref(), Some("services.homelab.ingress.config"));
    }
}

#[test]
fn what_homelab_sets_by_itself_is_not_accused() {
    let said = "\"proxy_buffer_size\" directive invalid value";
    let report = saying(said, |e| {
        set(e, &json!({ "proxy-buffer-size": "16k" }));
        ingresses(e).push(stranger("/", json!({ "nginx.ingress.kubernetes.io/proxy-buffer-size": "16g" })));
    });
    let finding = only(&report, id::RELOAD);
    assert!(finding.cause.contains("proxy-buffer-size: 16g`"), "{}", finding.cause);
    assert!(!finding.cause.contains("ingress.config"), "{}", finding.cause);
    // The annotation has gone, and what is left is the house's own.
    let gone = saying(said, |e| set(e, &json!({ "proxy-buffer-size": "16k" })));
    let finding = only(&gone, id::RELOAD);
    assert!(finding.cause.contains("no Ingress or setting contains that text now"), "{}", finding.cause);
    // What has the controller look again leaves a trace, by which the refusal is known to be over.
    let last = finding.fix.commands.last().unwrap().to_string();
    assert!(last.contains("annotate") && last.ends_with("homelab/look=again"), "{last}");
}

#[test]
fn an_exact_path_that_stands_twice_is_named_with_the_later_of_its_ingresses() {
    let report = saying("duplicate location \"/\"", |e| {
        for (name, age) in [("first", "2026-05-01T00:00:00Z"), ("second", "2026-05-02T00:00:00Z")] {
            let mut object = stranger("/", json!({}));
            object["metadata"]["name"] = json!(name);
            object["metadata"]["creationTimestamp"] = json!(age);
            object["spec"]["rules"][0]["http"]["paths"][0]["pathType"] = json!("Exact");
            ingresses(e).push(object);
        }
    });
    let finding = report.failures().find(|check| check.id == id::RELOAD).and_then(Check::finding).unwrap();
    let named = "Ingress `default/second` has the exact path `/` of `broken.home.example.com`, which Ingress `default/first` has, too";
    assert!(finding.cause.contains(named), "{}", finding.cause);
    assert!(finding.fix.text.contains("kubectl -n default edit ingress second"), "{}", finding.fix.text);
}

#[test]
fn a_setting_that_was_edited_in_the_cluster_is_corrected_there() {
    let report = saying("invalid value \"TLSv9\"", |e| {
        set(e, &json!({ "ssl-protocols": "TLSv9" }));
        list(e, "configmaps/ingress-nginx")[0]["metadata"]["managedFields"][0]["manager"] =
            json!("kubectl-edit");
    });
    let finding = only(&report, id::RELOAD);
    assert!(finding.cause.contains("written by `kubectl-edit`"));
    assert!(finding.fix.text.contains("edit configmap ingress-nginx-controller"));
}

#[test]
fn an_ingress_of_ours_is_corrected_in_the_configuration() {
    let report = saying(REGEX, |e| {
        let object = &mut ingresses(e)[0];
        object["metadata"]["managedFields"] = json!([{ "manager": "homelab", "operation": "Apply" }]);
        object["spec"]["rules"][0]["http"]["paths"][0]["path"] = json!("/(app");
    });
    assert!(only(&report, id::RELOAD).fix.text.contains("in the service's part of the configuration"));
}

#[test]
fn where_nothing_has_the_text_the_last_change_is_named() {
    let report = saying("could not build server_names_hash", |e| {
        let mut object = stranger("/", json!({}));
        object["metadata"]["creationTimestamp"] = json!("2026-06-01T11:59:00Z");
        ingresses(e).push(object);
    });
    let finding = only(&report, id::RELOAD);
    assert!(
        finding.fix.text.contains("Ingress `default/broken`, changed at 2026-06-01T11:59:00Z"),
        "{}",
        finding.fix.text
    );
}

#[test]
fn a_refusal_of_the_second_in_which_its_cause_went_may_be_over_and_is_looked_at_again() {
    let report = lab(|e| {
        e.reloads = refused_ago("invalid value \"TLSv9\"", 6, 11);
        e.written = Some(now().checked_sub(jiff::SignedDuration::from_secs(6)).unwrap());
    });
    assert_eq!(only(&report, id::RELOAD).heals, Heals::Waiting);
    let report = lab(|e| {
        e.reloads = refused_ago("invalid value \"TLSv9\"", 6, 16);
        e.written = Some(now().checked_sub(jiff::SignedDuration::from_secs(40)).unwrap());
    });
    assert_eq!(
        only(&report, id::RELOAD).heals,
        Heals::Never,
        "half a minute later it is no matter of waiting"
    );
}

#[test]
fn a_word_that_stands_everywhere_accuses_nobody() {
    let report = saying("\"/\" and \"on\" and \"\" in \"true\"", |e| {
        let regex = json!({ "nginx.ingress.kubernetes.io/use-regex": "true" });
        ingresses(e).push(stranger("/", regex));
    });
    assert!(only(&report, id::RELOAD).cause.starts_with("no Ingress or setting contains that text now"));
}

#[test]
fn what_follows_from_it_is_blocked_and_nothing_is_restarted() {
    let mut evidence = healthy();
    evidence.reloads = refused(REGEX);
    let host = evidence.hosts.get_mut(HOST).unwrap();
    let Ok(served) = &mut host.tls[0].result else { panic!("the healthy lab serves TLS") };
    served.leaf.subject = FAKE_CERTIFICATE.into();
    served.leaf.names = vec!["ingress.local".into()];
    host.http[0].result = Ok(nginx_404());
    host.end_to_end = Some(Ok(nginx_404()));
    evidence
        .node_answers
        .iter_mut()
        .for_each(|probe| probe.answer = Err(crate::evidence::Transport::Refused));
    let report = judge(&evidence);
    assert_eq!(fails(&report), [id::RELOAD, id::NODE_404]);
    for check in [id::LEAF, id::ANSWER, id::END_TO_END] {
        assert_eq!(outcome(&report, check), Outcome::Blocked { by: id::RELOAD }, "{check}");
    }
    let refusal = report.failures().nth(1).unwrap().finding().unwrap();
    assert!(refusal.fix.text.starts_with("first fix what `ingress.reload` says"), "{}", refusal.fix.text);
}

#[test]
fn no_finding_restarts_the_controller_while_its_configuration_does_not_load() {
    let restarts = |report: &Report| {
        let commands =
            report.failures().filter_map(Check::finding).flat_map(|finding| finding.fix.commands.clone());
        let of_controller = |command: &String| command.to_string().contains("daemonset");
        commands.filter(of_controller).count()
    };
    // The rules of the host ports are gone; an argument was added by hand.
    let breaks: [fn(&mut Evidence); 2] = [
        |e| {
            e.node_answers
                .iter_mut()
                .for_each(|probe| probe.answer = Err(crate::evidence::Transport::Refused))
        },
        |e| {
            addresses(e, &[]);
            arguments(e, &["--update-status=false"]);
        },
    ];
    for broken in breaks {
        assert!(restarts(&lab(broken)) > 0);
        let report = lab(|e| {
            broken(e);
            e.reloads = refused(REGEX);
        });
        assert_eq!(restarts(&report), 0, "{:#?}", report.failures().collect::<Vec<_>>());
    }
}

#[test]
fn a_pod_that_never_got_a_configuration_is_no_failure_of_its_own() {
    let report = lab(|e| {
        e.reloads = refused(REGEX);
        list(e, "pods")[0]["status"] = json!({ "phase": "Running", "conditions": [] });
    });
    assert_eq!(outcome(&report, id::PODS), Outcome::Blocked { by: id::RELOAD });
}

#[test]
fn a_reload_that_is_under_way_is_waited_for_and_silence_is_told_from_health() {
    let report_with = |last: Result<Reload, String>| {
        lab(|e| e.reloads = Some(vec![ReloadSeen { last, ..reload(Reload::Loaded) }]))
    };
    assert!(!settled(&report_with(Ok(Reload::UnderWay))));
    assert_eq!(fails(&report_with(Ok(Reload::Quiet))), []);
    let unread = report_with(Err("its log has too much in it".into()));
    assert!(matches!(outcome(&unread, id::RELOAD), Outcome::Unknown { .. }));
    assert!(matches!(outcome(&lab(|e| e.reloads = None), id::RELOAD), Outcome::Unknown { .. }));
}
