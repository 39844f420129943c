//! A controller that is there already: of the class `edge`, at an address that a load balancer gave it.

use std::net::{IpAddr, SocketAddr};

use serde_json::json;

use crate::checks::ingress::tests::*;
use crate::config::Controller;
use crate::evidence::http::Scheme;
use crate::ingress::NOT_OURS;

const EDGE: [u8; 4] = [192, 168, 1, 240];
const PLACE: &str = "192.168.1.240";

/// The healthy lab behind it, with one change.
fn edge(change: impl FnOnce(&mut Evidence)) -> Report {
    lab(|e| {
        e.controller = Controller::Unmanaged;
        e.class = Some("edge".into());
        (e.cluster_answer, e.reloads) = (None, None);
        addresses(e, &[EDGE]);
        e.ingresses.as_mut().unwrap()[0].class = Some("edge".into());
        ingresses(e)[0]["spec"]["ingressClassName"] = "edge".into();
        list(e, "pods").clear();
        list(e, "daemonsets.apps").clear();
        let class = json!({ "metadata": { "name": "edge" }, "spec": { "controller": "example.test/edge" } });
        *list(e, "ingressclasses.networking.k8s.io") = vec![class];
        for probe in &mut e.node_answers {
            probe.node = PLACE.into();
            probe.address.set_ip(EDGE.into());
            probe.answer = Ok(page(503, "text/plain", "no such name"));
        }
        let host = e.hosts.get_mut(HOST).unwrap();
        let at = |port| SocketAddr::new(IpAddr::from(EDGE), port);
        (host.tls[0].node, host.tls[0].address) = (PLACE.into(), at(443));
        (host.http[0].node, host.http[0].address) = (PLACE.into(), at(443));
        change(e);
    })
}

fn answers(change: impl Fn(&mut NodeProbe)) -> Report {
    edge(|e| e.node_answers.iter_mut().for_each(change))
}

#[test]
fn what_can_be_seen_from_outside_is_judged_and_the_rest_has_one_reason() {
    let report = edge(|_| ());
    assert_eq!(fails(&report), []);
    let (mut passed, mut skipped) = (Vec::new(), Vec::new());
    for check in &report.checks {
        match &check.outcome {
            Outcome::Pass { .. } => passed.push(check.id),
            Outcome::Skip { why } if why == NOT_OURS => skipped.push(check.id),
            other => panic!("{}: {other:?}", check.id),
        }
    }
    for id in [id::NODE_404, id::CLASS, id::WEBHOOK, id::TLS_SECRET, id::STATUS] {
        assert!(passed.contains(&id), "{id}");
    }
    for id in [id::PORT_OWNER, id::PODS, id::CLUSTER_404, id::HOSTPORT, id::RELOAD, id::ANNOTATIONS, id::EOL]
    {
        assert!(skipped.contains(&id), "{id}");
    }
    // `up` looks at no more than it proves.
    let up = edge(|e| e.ingress = None);
    assert_eq!(fails(&up), []);
    assert!(up.checks.iter().all(|check| crate::checks::in_up(check.id)), "{up:#?}");
}

#[test]
fn any_answer_by_http_is_one_and_so_is_a_handshake_that_is_ended() {
    for status in [200, 301, 404, 503] {
        let report = answers(|probe| probe.answer = Ok(page(status, "text/html", "")));
        assert_eq!(fails(&report), [], "{status}");
    }
    let strict = answers(|probe| {
        if probe.scheme == Scheme::Https {
            probe.answer = Err(Transport::Tls("unrecognized name".into()));
        }
    });
    assert_eq!(fails(&strict), []);
}

#[test]
fn an_address_at_which_nobody_answers_is_named() {
    let refused = only(&answers(|probe| probe.answer = Err(Transport::Refused)), id::NODE_404);
    assert!(refused.summary.contains("192.168.1.240:80 (http) refuses"), "{refused:?}");
    let silent = only(&answers(|probe| probe.answer = Err(Transport::Timeout)), id::NODE_404);
    assert!(silent.cause.contains("no machine of this network has the address"), "{silent:?}");
    let half = answers(|probe| {
        if probe.scheme == Scheme::Http {
            probe.answer = Err(Transport::Refused);
        }
    });
    assert_eq!(
        only(&half, id::NODE_404).lowered,
        Some(Severity::Warning),
        "it may have no port for plain HTTP"
    );
}

#[test]
fn an_ingress_without_an_address_leads_to_what_gives_one() {
    let none = only(&edge(|e| addresses(e, &[])), id::STATUS);
    assert!(none.cause.contains("its own Service of type LoadBalancer"), "{none:?}");
    let waiting = edge(|e| {
        addresses(e, &[]);
        list(e, "services").push(json!({ "metadata": { "namespace": "edge", "name": "front" },
            "spec": { "type": "LoadBalancer" }, "status": { "loadBalancer": {} } }));
    });
    assert!(
        only(&waiting, id::STATUS).cause.contains("no load balancer has given an address to `edge/front`")
    );
    let public = only(&edge(|e| addresses(e, &[[8, 8, 4, 4]])), id::STATUS);
    assert!(public.summary.contains("has the public address 8.8.4.4"), "{public:?}");
    let named = edge(|e| {
        addresses(e, &[]);
        e.ingresses.as_mut().unwrap()[0].balancer = Some("lb.example.net".into());
    });
    assert!(only(&named, id::STATUS).summary.contains("has the name `lb.example.net`"));
}

#[test]
fn a_class_that_is_gone_is_told_with_those_that_are_there() {
    let report =
        edge(|e| list(e, "ingressclasses.networking.k8s.io")[0]["metadata"]["name"] = "front".into());
    let finding = only(&report, id::CLASS);
    assert_eq!(finding.summary, "there is no IngressClass `edge`");
    assert!(finding.cause.contains("the cluster has `front`"), "{finding:?}");
    let other = edge(|e| {
        ingresses(e).push(ingress("nas", "nas.home.example.com"));
    });
    assert!(only(&other, id::CLASS).summary.contains("names the IngressClass `nginx`, which does not exist"));
}

#[test]
fn a_retired_controller_is_told_of_whoever_installed_it() {
    let running = |image: &'static str| {
        edge(move |e| {
            list(e, "pods").push(json!({ "metadata": { "namespace": "edge", "name": "front" },
                "spec": { "containers": [{ "name": "c", "image": image }] }, "status": { "phase": "Running" } }));
        })
    };
    let finding = only(&running("registry.k8s.io/ingress-nginx/controller:v1.15.1@sha256:aa"), id::EOL);
    assert!(finding.summary.contains("class `edge`") && finding.summary.contains("retired"), "{finding:?}");
    assert_eq!(fails(&running("quay.io/metallb/controller:v0.15.2")), []);
}

#[test]
fn what_k3s_brings_may_be_what_is_used() {
    let mut e = healthy();
    e.controller = Controller::Unmanaged;
    let cluster = e.cluster.as_mut().unwrap();
    cluster.version = Some(Ok("v1.34.1+k3s1".into()));
    let objects = &mut cluster.objects.0;
    let traefik = json!({ "metadata": { "namespace": "kube-system", "name": "traefik" } });
    for resource in ["deployments.apps", "daemonsets.apps", "services"] {
        objects.insert(resource.into(), Listing::Items(vec![traefik.clone()]));
    }
    let report = judge(&e);
    let bundled = report.checks.iter().find(|check| check.id == id::DISABLED).unwrap();
    assert!(matches!(&bundled.outcome, Outcome::Skip { why } if why.starts_with(NOT_OURS)), "{bundled:?}");
}
