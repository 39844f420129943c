//! What a name answers, and whose fault it is.

use serde_json::{Value, json};

use super::{SLICES, line, made_by_nginx};
use crate::checks::k3s::tests::{items, sound};
use crate::checks::tests::*;
use crate::evidence::http::HttpAnswer;

/// Every node, and this machine, get this for the name.
pub(super) fn answers(answer: HttpAnswer, change: impl FnOnce(&mut ClusterSeen)) -> Report {
    whole(|evidence| {
        let mut seen = sound();
        change(&mut seen);
        evidence.cluster = Some(seen);
        let host = evidence.hosts.get_mut(HOST).unwrap();
        host.http.iter_mut().for_each(|seen| seen.result = Ok(answer.clone()));
        host.end_to_end = Some(Ok(answer));
    })
}

fn silent(change: impl FnOnce(&mut ClusterSeen)) -> Report {
    whole(|evidence| {
        let mut seen = sound();
        change(&mut seen);
        evidence.cluster = Some(seen);
        let host = evidence.hosts.get_mut(HOST).unwrap();
        host.http.iter_mut().for_each(|seen| seen.result = Err(Transport::Timeout));
    })
}

pub(super) fn noted(seen: &mut ClusterSeen, log: &str) {
    seen.logs.insert("ingress-nginx/controller-1/controller".into(), log.to_owned());
}

fn redirect(location: &str) -> HttpAnswer {
    HttpAnswer { location: Some(location.to_owned()), ..page(307, "text/html", "") }
}

fn image(seen: &mut ClusterSeen, image: &str) {
    items(seen, "pods")[1]["spec"]["containers"][0]["image"] = image.into();
}

/// The Service of the demo leads to a machine of the house.
fn outside(seen: &mut ClusterSeen) {
    items(seen, "services").iter_mut().for_each(|service| service["spec"]["selector"] = json!({}));
    let slice = &mut items(seen, SLICES)[0];
    slice["endpoints"][0]["addresses"] = json!(["10.99.0.77"]);
    slice["ports"][0]["port"] = 5000.into();
}

/// The name stands for one outside.
fn external(seen: &mut ClusterSeen, name: &str) {
    let services = items(seen, "services").iter_mut();
    for service in services.filter(|service| service["metadata"]["name"] == "whoami") {
        service["spec"] =
            json!({ "type": "ExternalName", "externalName": name, "ports": service["spec"]["ports"] });
    }
    items(seen, SLICES).clear();
}

fn annotate(seen: &mut ClusterSeen, key: &str, value: &str) {
    let ingress: &mut Value = &mut items(seen, "ingresses.networking.k8s.io")[0];
    ingress["metadata"]["annotations"][format!("nginx.ingress.kubernetes.io/{key}")] = value.into();
}

#[test]
fn a_redirect_to_itself_is_an_error_and_one_that_leads_on_is_none() {
    let there = format!("https://{HOST}/");
    let finding = only(&answers(redirect(&there), |_| {}), id::ANSWER);
    assert!(finding.summary.contains("redirects to itself") && finding.lowered.is_none(), "{finding:?}");
    assert!(
        finding.fix.text.contains("scheme: https") && finding.fix.text.contains("10.42.0.0/16"),
        "{finding:?}"
    );
    let back = only(&answers(redirect(&format!("http://{HOST}/")), |_| {}), id::ANSWER);
    assert!(back.summary.contains("back to HTTPS"), "{back:?}");
    for location in ["/login", "https://id.example.com/"] {
        assert_eq!(fails(&answers(redirect(location), |_| {})), [], "{location}");
    }
    let argo = answers(redirect(&there), |seen| image(seen, "quay.io/argoproj/argocd:v3.1.0"));
    assert!(only(&argo, id::ANSWER).fix.text.contains("server.insecure: \"true\""));
}

/// The redirect was followed, and led through these pages.
fn followed(location: &str, pages: &[&str]) -> HttpAnswer {
    let pages = pages.iter().map(|page| (*page).replace("HOST", HOST)).collect();
    HttpAnswer { round: Some(pages), ..redirect(&location.replace("HOST", HOST)) }
}

/// argoproj/argo-cd#3982: the circle may lead over other pages, or over another name.
#[test]
fn a_circle_that_leads_over_other_pages_or_another_name_is_told_whole() {
    let pages = ["https://HOST/", "https://HOST/login", "https://HOST/"];
    let finding = only(&answers(followed("/login", &pages), |_| {}), id::ANSWER);
    assert!(finding.summary.contains("redirects in a circle, https://whoami"), "{finding:?}");
    assert!(finding.summary.contains("/login") && finding.cause.contains("X-Forwarded-Proto"), "{finding:?}");
    let hosts = ["https://HOST/", "https://id.home.example.com/", "https://HOST/"];
    let finding = only(&answers(followed("https://id.home.example.com/", &hosts), |_| {}), id::ANSWER);
    assert!(finding.cause.contains("redirects browsers to the other"), "{finding:?}");
    assert!(!finding.fix.text.contains("scheme: https"), "{finding:?}");
    let down = ["https://HOST/", "http://HOST/login", "https://HOST/login", "http://HOST/login"];
    assert!(
        only(&answers(followed("http://HOST/login", &down), |_| {}), id::ANSWER).summary.contains("circle")
    );
    // It only looked whether the browser takes its cookie.
    assert_eq!(fails(&answers(followed("https://HOST/", &[]), |_| {})), []);
}

#[test]
fn a_redirect_to_another_port_or_to_the_routers_page_is_a_warning() {
    let to = |location: &str, change: fn(&mut ClusterSeen)| answers(followed(location, &[]), change);
    let port = to("https://HOST:5001/", |_| {});
    assert!(only(&port, id::ANSWER).cause.contains("its own port 5001") && port.exit_code() == 0);
    let open = to("https://HOST:5001/", |seen| {
        items(seen, "pods")[1]["spec"]["containers"][0]["ports"][0]["hostPort"] = 5001.into();
    });
    assert_eq!(fails(&open), [], "a pod has that port of the node");
    let address = to("http://192.168.1.9/", |_| {});
    assert!(only(&address, id::ANSWER).cause.contains("the bare address 192.168.1.9"));
    let router = whole(|evidence| {
        evidence.cluster = Some(sound());
        let network = Cidr::parse("0.0.0.0/0").unwrap();
        let gateway = Some([192, 168, 1, 1].into());
        let route = Route { interface: "eth0".into(), network, gateway };
        evidence.machine = Some(MachineSeen { routes: Some(vec![route]), ..MachineSeen::default() });
        let host = evidence.hosts.get_mut(HOST).unwrap();
        host.http.iter_mut().for_each(|seen| seen.result = Ok(followed("http://192.168.1.1/", &[])));
    });
    let finding = router.failures().find(|check| check.id == id::ANSWER).unwrap().finding().unwrap().clone();
    assert!(finding.cause.contains("is this network's router"), "{finding:?}");
}

#[test]
fn a_plain_400_names_the_proxy_that_is_not_trusted_and_the_network_as_the_cluster_has_it() {
    let bad = || page(400, "text/plain", "400: Bad Request");
    let report = answers(bad(), |_| {});
    let finding = only(&report, id::ANSWER);
    assert!(
        finding.cause.contains("X-Forwarded-For") && finding.fix.text.contains("10.42.0.0/16"),
        "{finding:?}"
    );
    assert_eq!((finding.lowered, report.exit_code()), (Some(Severity::Warning), 0));
    let assistant = answers(bad(), |seen| {
        image(seen, "ghcr.io/home-assistant/home-assistant:2026.11");
        let args = json!(["server", "--cluster-cidr", "10.52.0.0/16"]).to_string();
        items(seen, "nodes")[0]["metadata"]["annotations"]["k3s.io/node-args"] = args.into();
    });
    let finding = only(&assistant, id::ANSWER);
    for words in
        ["Trust X-Forwarded-For", "add 10.52.0.0/16 to `Trusted proxies`", "trusted_proxies: [10.52.0.0/16]"]
    {
        assert!(finding.fix.text.contains(words), "{finding:?}");
    }
    assert!(finding.fix.text.contains("(see https://www.home-assistant.io/integrations/http/"));
    let jellyfin = only(&answers(bad(), |seen| image(seen, "jellyfin/jellyfin:10.11")), id::ANSWER);
    assert!(jellyfin.cause.contains("Its log says which"), "it refuses no proxy: {jellyfin:?}");
    let outside = only(&answers(bad(), outside), id::ANSWER);
    assert!(outside.fix.text.contains("192.168.1.2"), "a machine outside sees the node: {outside:?}");
}

#[test]
fn a_page_that_refuses_the_name_or_wants_tls_is_told_by_its_words() {
    let cases = [
        (page(400, "text/html", "<h2>Access through untrusted domain</h2>"), "trusted_domains"),
        (page(403, "text/html", "Blocked request. This host (\"x\") is not allowed."), "allowed hosts"),
        (page(400, "text/plain", "Client sent an HTTP request to an HTTPS server."), "scheme: https"),
        (page(400, "text/html", "This combination of host and port requires TLS."), "scheme: https"),
        (page(421, "text/html", "Misdirected Request"), "proxy-ssl-server-name"),
        (page(426, "text/plain", "Upgrade Required"), "backend-protocol: GRPC"),
    ];
    for (answer, fix) in cases {
        let report = answers(answer.clone(), |_| {});
        assert!(only(&report, id::ANSWER).fix.text.contains(fix), "{answer:?}: {report:#?}");
    }
    for status in [200, 401, 403, 404, 405] {
        assert_eq!(fails(&answers(page(status, "text/html", "hello"), |_| {})), [], "{status}");
    }
}

#[test]
fn a_page_that_loads_its_parts_without_tls_stays_empty_in_a_browser() {
    let body = format!("<html><head><base href=\"http://{HOST}/\"></head></html>");
    let finding = only(&answers(page(200, "text/html", &body), |_| {}), id::ANSWER);
    assert!(finding.summary.contains("browsers block"), "{finding:?}");
    let sound = body.replace("http://", "https://");
    assert_eq!(fails(&answers(page(200, "text/html", &sound), |_| {})), []);
}

#[test]
fn headers_that_do_not_fit_are_given_room() {
    let why = "upstream sent too big header while reading response header from upstream";
    let log = line("11:59:30", why, "http://10.42.0.9:8080", HOST);
    let finding = only(&answers(made_by_nginx(502), |seen| noted(seen, &log)), id::ANSWER);
    assert!(finding.fix.text.contains("nginx.ingress.kubernetes.io/proxy-buffer-size: 32k"), "{finding:?}");
    let annotate_it = "kubectl --namespace homelab annotate --overwrite ingress whoami nginx.ingress.kubernetes.io/proxy-buffer-size=32k";
    assert_eq!(finding.fix.commands, [annotate_it]);
    let larger = answers(made_by_nginx(502), |seen| {
        noted(seen, &log);
        annotate(seen, "proxy-buffer-size", "32k");
    });
    assert!(only(&larger, id::ANSWER).fix.text.contains("proxy-buffer-size: 64k"));
}

#[test]
fn what_was_noted_lately_of_other_pages_is_a_warning_until_the_ingress_is_changed() {
    let page = || page(200, "text/html", "hello");
    let signing_in = line("11:30:00", "upstream sent too big header", "http://10.42.0.9:8080", HOST);
    let report = answers(page(), |seen| noted(seen, &signing_in));
    assert!(only(&report, id::ANSWER).summary.contains("another of its pages") && report.exit_code() == 0);
    let upload =
        line("11:30:00", "client intended to send too large body: 9 bytes", "http://10.42.0.9:8080", HOST);
    assert!(only(&answers(page(), |seen| noted(seen, &upload)), id::ANSWER).fix.text.contains("maxBodySize"));
    let changed = answers(page(), |seen| {
        noted(seen, &signing_in);
        let ingress = &mut items(seen, "ingresses.networking.k8s.io")[0];
        ingress["metadata"]["creationTimestamp"] = "2026-06-01T11:45:00Z".into();
    });
    assert_eq!(fails(&changed), []);
    let of_root = signing_in.replace(", upstream:", ", request: \"GET /\", upstream:");
    assert_eq!(fails(&answers(page(), |seen| noted(seen, &of_root))), [], "that page answers now");
    let old = signing_in.replace("11:30:00", "09:30:00");
    assert_eq!(fails(&answers(page(), |seen| noted(seen, &old))), []);
}

#[test]
fn a_machine_outside_is_spoken_of_as_such() {
    let note = |why: &str| line("11:59:30", why, "http://10.99.0.77:5000", HOST);
    let cases = [
        ("connect() failed (113: Host is unreachable)", "is not there", "switch it on"),
        (
            "connect() failed (111: Connection refused)",
            "refuses the connection",
            "firewall accept connections from 192.168.1.2",
        ),
        ("upstream timed out (110: Operation timed out)", "times out", "switch it on"),
    ];
    for (why, cause, fix) in cases {
        for report in [
            answers(made_by_nginx(502), |seen| {
                outside(seen);
                noted(seen, &note(why))
            }),
            silent(|seen| {
                outside(seen);
                noted(seen, &note(why))
            }),
        ] {
            let finding = only(&report, id::ANSWER);
            assert!(finding.cause.contains("10.99.0.77:5000, a machine outside the cluster,"), "{finding:?}");
            assert!(finding.cause.contains(cause) && finding.fix.text.contains(fix), "{finding:?}");
            assert!(!format!("{finding:?}").contains("targetPort"), "{finding:?}");
        }
    }
    for report in
        [silent(outside), answers(made_by_nginx(502), outside), answers(made_by_nginx(504), outside)]
    {
        let finding = only(&report, id::ANSWER);
        assert!(finding.cause.contains("10.99.0.77:5000, a machine outside"), "{finding:?}");
        assert!(
            finding.fix.text.contains("`url`") && !format!("{finding:?}").contains("kubectl"),
            "{finding:?}"
        );
    }
    let old = note("connect() failed (111: Connection refused)").replace("11:59:30", "09:00:00");
    let finding = only(
        &silent(|seen| {
            outside(seen);
            noted(seen, &old)
        }),
        id::ANSWER,
    );
    assert!(!finding.cause.contains("refuses"), "an old note says nothing of now: {finding:?}");
}

#[test]
fn a_503_with_ready_endpoints_never_says_that_there_are_none() {
    let said =
        "unexpected error reading secret homelab/no-such-secret: secret homelab/no-such-secret was not found";
    let event = json!({ "reason": "AnnotationParsingFailed", "lastTimestamp": "2026-06-01T11:59:00Z",
        "involvedObject": { "namespace": "homelab", "name": "whoami" }, "message": format!("Error parsing annotations: {said}") });
    let by_event = answers(made_by_nginx(503), |seen| items(seen, "events").push(event));
    let klog = format!(
        "E0601 11:59:00.000000       7 annotations.go:195] \"error reading Ingress annotation\" err=\"{said}\" name=\"BasicDigestAuth\" ingress=\"homelab/whoami\"\n"
    );
    let by_log = answers(made_by_nginx(503), |seen| noted(seen, &klog));
    for report in [by_event, by_log] {
        let finding = only(&report, id::ANSWER);
        assert!(
            finding.cause.contains("no-such-secret") && !finding.cause.contains("endpoints"),
            "{finding:?}"
        );
    }
    let unknown = only(&answers(made_by_nginx(503), |_| {}), id::ANSWER);
    assert!(unknown.cause.contains("refers to a Secret or a ConfigMap that does not exist"), "{unknown:?}");
    let many = answers(made_by_nginx(503), |seen| {
        noted(
            seen,
            &line("11:59:30", "limiting requests, excess: 5.1 by zone", "http://10.42.0.9:8080", HOST),
        );
    });
    assert!(only(&many, id::ANSWER).cause.contains("limit-rps"));
    let nameless = answers(made_by_nginx(503), |seen| {
        external(seen, "nas.lan");
        noted(
            seen,
            "2026/06/01 11:59:30 [error] 38#38: *12 [lua] dns.lua:101: lookup(): failed to query the DNS server for nas.lan:\n",
        );
    });
    let finding = only(&nameless, id::ANSWER);
    assert!(finding.cause.contains("found no address for `nas.lan`"), "{finding:?}");
}

#[test]
fn the_programs_own_errors_are_told_from_those_of_the_controller() {
    for (status, cause) in
        [(503, "does not serve now"), (502, "is a proxy itself"), (500, "reports an error")]
    {
        let report = answers(page(status, "text/html", "<h1>Maintenance</h1>"), |_| {});
        let finding = only(&report, id::ANSWER);
        assert!(finding.cause.contains(cause) && finding.summary.contains("itself"), "{finding:?}");
        assert_eq!(report.exit_code(), 0);
    }
}

#[test]
fn who_is_asked_first_is_named_when_it_fails() {
    let log = "2026/06/01 11:59:30 [error] 38#38: *12 connect() failed (111: Connection refused) while connecting to upstream, subrequest: \"/_external-auth\", upstream: \"http://10.42.0.3:9000/\", host: \"HOST\"\n\
        2026/06/01 11:59:30 [error] 38#38: *12 auth request unexpected status: 502 while sending to client, host: \"HOST\"\n";
    let report = answers(made_by_nginx(500), |seen| noted(seen, &log.replace("HOST", HOST)));
    let finding = only(&report, id::ANSWER);
    assert!(
        finding.cause.contains("auth-url") && finding.cause.contains("10.42.0.3:9000 refuses"),
        "{finding:?}"
    );
}
