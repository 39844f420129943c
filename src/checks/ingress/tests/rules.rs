//! What Ingresses and the objects around them say.

use serde_json::{Value, json};

use crate::checks::ingress::tests::*;
use crate::ingress::nginx::FAKE_CERTIFICATE;

fn with_webhook(evidence: &mut Evidence, policy: &str, authority: &str, endpoints: Option<Value>) {
    let rule =
        json!({ "apiGroups": ["networking.k8s.io"], "resources": ["ingresses"], "operations": ["CREATE"] });
    let service = json!({ "namespace": "old", "name": "admission" });
    let resource = "validatingwebhookconfigurations.admissionregistration.k8s.io";
    list(evidence, resource).push(json!({ "metadata": { "name": "ingress-nginx-admission" }, "webhooks": [{
        "name": "validate.nginx.ingress.kubernetes.io",
        "failurePolicy": policy,
        "clientConfig": { "caBundle": authority, "service": service },
        "rules": [rule],
    }] }));
    let Some(endpoints) = endpoints else { return };
    let labels = json!({ "kubernetes.io/service-name": "admission" });
    let metadata = json!({ "namespace": "old", "name": "admission", "labels": labels });
    list(evidence, "services").push(json!({ "metadata": metadata }));
    let slice = json!({ "metadata": metadata, "endpoints": endpoints });
    list(evidence, "endpointslices.discovery.k8s.io").push(slice);
}

#[test]
fn a_class_that_is_gone_foreign_or_not_the_only_default_is_told() {
    let classes = |items: Vec<Value>| lab(|e| *list(e, "ingressclasses.networking.k8s.io") = items);
    assert_eq!(only(&classes(vec![]), id::CLASS).fix.commands, ["homelab up"]);
    let mut foreign = class("nginx", true);
    foreign["spec"]["controller"] = json!("nginx.org/ingress-controller");
    assert!(only(&classes(vec![foreign]), id::CLASS).summary.contains("nginx.org"));
    let finding = only(&classes(vec![class("nginx", true), class("traefik", true)]), id::CLASS);
    assert!(finding.summary.contains("`nginx` and `traefik`"));
    assert!(finding.fix.commands.len() == 1 && finding.fix.commands[0].contains("ingressclass traefik"));
    assert!(only(&classes(vec![class("nginx", false)]), id::CLASS).summary.contains("not marked"));
    assert_eq!(
        only(&classes(vec![class("nginx", false), class("x", true)]), id::CLASS).fix.commands.len(),
        2
    );
}

#[test]
fn an_ingress_with_an_unknown_class_gets_homelabs() {
    let report = lab(|e| {
        ingresses(e)[0]["spec"]["ingressClassName"] = json!("traefik");
        addresses(e, &[]);
    });
    let finding = only(&report, id::CLASS);
    assert!(finding.summary.contains("`homelab/whoami` names the IngressClass `traefik`"));
    assert!(finding.fix.commands[0].contains(r#""ingressClassName":"nginx""#));
    assert_eq!(outcome(&report, id::STATUS), Outcome::Blocked { by: id::CLASS });
}

#[test]
fn an_ingress_without_a_class_is_served_unless_the_configuration_says_no() {
    let classless = |more: fn(&mut Evidence)| {
        lab(move |e| {
            ingresses(e)[0]["spec"]["ingressClassName"] = Value::Null;
            more(e);
        })
    };
    assert_eq!(fails(&classless(|_| {})), []);
    let report = classless(|e| {
        e.config.as_mut().unwrap().default_class = false;
        arguments(e, &["--report-node-internal-ip-address"]);
        list(e, "ingressclasses.networking.k8s.io")[0] = class("nginx", false);
    });
    only(&report, id::CLASS);
    assert_eq!(report.counts.warn, 1);
}

#[test]
fn another_controllers_ingress_is_no_business_of_ours() {
    let report = lab(|e| {
        let mut other = class("tailscale", false);
        other["spec"]["controller"] = json!("tailscale.com/ts-ingress");
        list(e, "ingressclasses.networking.k8s.io").push(other);
        ingresses(e)[0]["spec"]["ingressClassName"] = json!("tailscale");
        let image = json!([{ "image": "tailscale/k8s-operator:v1.90.6" }]);
        list(e, "pods").push(json!({ "metadata": { "namespace": "tailscale", "name": "operator-1" },
            "spec": { "containers": image } }));
        addresses(e, &[]);
    });
    assert_eq!(fails(&report), []);
    assert!(matches!(outcome(&report, id::STATUS), Outcome::Skip { .. }));
}

#[test]
fn a_webhook_that_cannot_answer_is_told_and_removed_only_if_nothing_stands_behind_it() {
    let gone = lab(|e| with_webhook(e, "Fail", "Q0E=", None));
    let command = "kubectl delete validatingwebhookconfiguration ingress-nginx-admission";
    assert_eq!(only(&gone, id::WEBHOOK).fix.commands, [command]);
    let endpoint = |ready: bool| Some(json!([{ "conditions": { "ready": ready } }]));
    let down = lab(|e| with_webhook(e, "Fail", "Q0E=", endpoint(false)));
    assert!(only(&down, id::WEBHOOK).fix.commands.is_empty());
    let bare = lab(|e| with_webhook(e, "Fail", "", endpoint(true)));
    assert!(only(&bare, id::WEBHOOK).summary.contains("caBundle"));
    let good = lab(|e| with_webhook(e, "Fail", "Q0E=", endpoint(true)));
    assert_eq!(fails(&good), []);
    let ignored = lab(|e| with_webhook(e, "Ignore", "Q0E=", None));
    assert_eq!((fails(&ignored), ignored.counts.warn), (vec![id::WEBHOOK], 1));
}

#[test]
fn a_snippet_is_refused_unless_the_settings_allow_it() {
    let snippet = |e: &mut Evidence| {
        let annotations = &mut ingresses(e)[0]["metadata"]["annotations"];
        annotations["nginx.ingress.kubernetes.io/server-snippet"] = json!("return 418;");
    };
    assert!(only(&lab(snippet), id::ANNOTATIONS).summary.contains("`server-snippet`"));
    let allowed = lab(|e| {
        snippet(e);
        list(e, "configmaps/ingress-nginx")[0]["data"]["allow-snippet-annotations"] = json!("true");
    });
    assert_eq!(fails(&allowed), []);
}

#[test]
fn a_refused_value_is_told_until_the_ingress_is_written_again() {
    let refused = |written: &str| {
        lab(|e| {
            let metadata = &mut ingresses(e)[0]["metadata"];
            metadata["annotations"]["nginx.ingress.kubernetes.io/proxy-body-size"] = json!("lots");
            metadata["managedFields"] = json!([{ "manager": "m", "time": written }]);
            let said = "E0601 12:00:00.000000       7 annotations.go:1] \"ingress contains invalid annotation value\" \
                        err=\"annotation nginx.ingress.kubernetes.io/proxy-body-size contains invalid value\"";
            log(e, said);
        })
    };
    assert!(only(&refused("2026-06-01T11:59:59Z"), id::ANNOTATIONS).summary.contains("`proxy-body-size`"));
    assert_eq!(fails(&refused("2026-06-01T12:00:01Z")), []);
}

#[test]
fn of_two_ingresses_for_one_place_the_older_wins() {
    let second = |change: fn(&mut Value)| {
        lab(|e| {
            let mut other = ingress("a-copy", HOST);
            other["metadata"]["creationTimestamp"] = json!("2026-05-02T00:00:00Z");
            change(&mut other);
            ingresses(e).push(other);
        })
    };
    let report = second(|_| {});
    let finding = only(&report, id::DUPLICATES);
    assert!(finding.cause.contains("the older one, `homelab/whoami`") && report.counts.warn == 1);
    let path = |change: fn(&mut Value)| change;
    let elsewhere = [
        path(|o| o["spec"]["rules"][0]["http"]["paths"][0]["path"] = json!("/api")),
        path(|o| o["spec"]["rules"][0]["http"]["paths"][0]["pathType"] = json!("Exact")),
        path(|o| o["metadata"]["annotations"]["nginx.ingress.kubernetes.io/canary"] = json!("true")),
    ];
    for change in elsewhere {
        assert_eq!(fails(&second(change)), []);
    }
}

#[test]
fn a_secret_that_nobody_makes_is_asked_for() {
    let unasked = |secret: Option<&str>| {
        lab(|e| {
            ingresses(e)[0]["metadata"]["annotations"] = json!({});
            let secrets = e.acme.as_mut().unwrap().secrets.as_mut().unwrap();
            let place = secret.map(|namespace| format!("{namespace}/whoami-tls"));
            secrets.extend(place.map(|place| (place, Err("not read here".into()))));
            let Ok(shown) = &mut e.hosts.get_mut(HOST).unwrap().tls[0].result else { panic!() };
            shown.leaf.subject = format!("CN={FAKE_CERTIFICATE}, O=Acme Co");
        })
    };
    let finding = only(&unasked(None), id::TLS_SECRET);
    let report = lab(|e| ingresses(e)[0]["metadata"]["annotations"] = json!({}));
    assert_eq!(fails(&report), [], "it is served all the same");
    assert!(finding.fix.commands[0].ends_with("cert-manager.io/cluster-issuer=letsencrypt"));
    assert!(only(&unasked(Some("default")), id::TLS_SECRET).cause.contains("namespace `default`"));
    assert_eq!(fails(&unasked(Some("homelab"))), []);
}

#[test]
fn a_host_outside_of_tls_is_told_when_it_gets_the_fake_certificate() {
    let report = |fake: bool| {
        lab(|e| {
            ingresses(e)[0]["spec"]["tls"][0]["hosts"] = json!(["other.home.example.com"]);
            let mut shown = served();
            if fake {
                shown.leaf.subject = format!("CN={FAKE_CERTIFICATE}, O=Acme Co");
            }
            e.hosts.get_mut(HOST).unwrap().tls[0].result = Ok(shown);
        })
    };
    let found = report(true);
    let first = found.failures().next().unwrap();
    assert_eq!(first.id, id::TLS_SECRET);
    assert!(first.finding().unwrap().fix.commands[0].contains("/spec/tls/0/hosts/-"));
    assert!(!fails(&report(false)).contains(&id::TLS_SECRET));
}
