//! What pods reach: one failure at a time.

mod across;
mod inside;

use serde_json::{Value, json};

use crate::checks::k3s::tests::{cluster, items, pod, sound};
use crate::checks::tests::*;
use crate::evidence::dns::{AskError, Rcode};

/// The healthy lab whose CoreDNS is not ready and wrote these lines last.
fn coredns(log: &str, change: impl FnOnce(&mut ClusterSeen)) -> Report {
    cluster(|seen| {
        items(seen, "pods")[0]["status"]["conditions"][0]["status"] = "False".into();
        seen.logs.insert("kube-system/coredns-1/coredns".into(), log.into());
        change(seen);
    })
}

/// The healthy lab whose external-dns is ready and wrote this line, so many seconds ago.
fn said(message: &str, seconds: i64) -> Report {
    let time = jiff::Timestamp::from_second(now().as_second() - seconds).unwrap();
    let line = json!({ "level": "error", "msg": message, "time": time.to_string() }).to_string();
    cluster(|seen| {
        items(seen, "pods").push(pod("external-dns", "external-dns-1"));
        seen.logs.insert("external-dns/external-dns-1/external-dns".into(), line);
    })
}

#[test]
fn a_firewall_between_pods_and_the_api_server_is_the_cause_and_coredns_the_consequence() {
    let line = "[WARNING] plugin/kubernetes: Kubernetes API connection failure: Get \"https://10.43.0.1:443/version\": dial tcp 10.43.0.1:443: connect: no route to host\n";
    let report = coredns(line, |_| {});
    let finding = only(&report, id::POD_API);
    assert!(finding.summary.contains("dial tcp 10.43.0.1:443: connect: no route to host"), "{finding:?}");
    assert!(finding.fix.text.contains("`cni0`"));
    assert_eq!(outcome(&report, id::COREDNS), Outcome::Blocked { by: id::POD_API });
    let stale = cluster(|seen| drop(seen.logs.insert("kube-system/coredns-1/coredns".into(), line.into())));
    assert_eq!(fails(&stale), [], "what it said before it was ready is history");
}

#[test]
fn the_last_words_of_a_pod_that_was_evicted_are_history() {
    let line = "E0601 11:58:00.000000 1 x.go:1] dial tcp 10.43.0.1:443: i/o timeout\n";
    let evicted = |phase: &str| {
        coredns(line, |seen| {
            let mut ended = pod("cert-manager", "cert-manager-webhook-1");
            ended["status"] = json!({ "phase": phase });
            items(seen, "pods").push(ended);
            let log = seen.logs.remove("kube-system/coredns-1/coredns").unwrap();
            seen.logs.insert("cert-manager/cert-manager-webhook-1/webhook".into(), log);
            items(seen, "pods")[0]["status"]["conditions"][0]["status"] = "True".into();
        })
    };
    for phase in ["Succeeded", "Failed"] {
        assert_eq!(fails(&evicted(phase)), [], "{phase}");
    }
    assert_eq!(fails(&evicted("Running")).first(), Some(&id::POD_API));
}

const IMPORT: &str = "import /etc/coredns/custom/*.override";
const LOOP: &str = "[FATAL] plugin/loop: Loop (127.0.0.1:41625 -> :53) detected for zone \".\", see https://coredns.io/plugins/loop#troubleshooting\n";

fn map(name: &str, key: &str, text: &str) -> Listing {
    Listing::Items(vec![
        json!({ "metadata": { "namespace": "kube-system", "name": name }, "data": { key: text } }),
    ])
}

#[test]
fn a_loop_is_explained_by_the_corefile() {
    let with = |to: &str| {
        let text = format!(".:53 {{\n    forward . {to}\n    loop\n}}\n");
        coredns(LOOP, |seen| {
            seen.objects.0.extend([("configmaps".into(), map("coredns", "Corefile", &text))])
        })
    };
    assert!(only(&with("127.0.0.1"), id::COREDNS).cause.contains("forward . 127.0.0.1"));
    // k3s gives pods no file with a loopback resolver by itself.
    let asked = only(&with("/etc/resolv.conf"), id::COREDNS);
    assert!(asked.cause.contains("whose own upstream is the cluster's DNS"), "{asked:?}");
    let custom = |corefile: &str| {
        let report = coredns(LOOP, |seen| {
            let text = "forward . 10.43.0.10\n";
            seen.objects.0.extend([
                (COREDNS_CUSTOM.into(), map("coredns-custom", "lan.override", text)),
                ("configmaps".into(), map("coredns", "Corefile", corefile)),
            ]);
        });
        only(&report, id::COREDNS)
    };
    let last = custom(&format!(".:53 {{\n  forward . /etc/resolv.conf\n  {IMPORT}\n}}\n"));
    assert!(last.cause.contains("whose own upstream"), "k3s-io/k3s#12979: it has no effect there: {last:?}");
    let custom = custom(&format!(".:53 {{\n  {IMPORT}\n  forward . /etc/resolv.conf\n}}\n"));
    assert!(
        custom.cause.contains("`lan.override`") && custom.cause.contains("forward . 10.43.0.10"),
        "{custom:?}"
    );
}

#[test]
fn a_loop_by_the_file_that_k3s_was_told_is_named_with_that_file_and_another_kubernetes_by_its_own() {
    let args = |args: Value| {
        coredns(LOOP, |seen| {
            items(seen, "nodes")[0]["metadata"]["annotations"]["k3s.io/node-args"] = args.to_string().into();
        })
    };
    for told in [
        json!(["server", "--disable", "traefik,servicelb", "--resolv-conf", "/etc/resolv.conf"]),
        json!(["server", "--disable", "traefik,servicelb", "--kubelet-arg", "resolv-conf=/etc/resolv.conf"]),
    ] {
        let finding = only(&args(told), id::COREDNS);
        assert!(finding.cause.contains("--resolv-conf=/etc/resolv.conf"), "{finding:?}");
    }
    let plain = coredns(LOOP, |seen| {
        items(seen, "nodes")[0]["metadata"]["annotations"] = json!({});
        items(seen, "nodes")[0]["status"]["nodeInfo"]["kubeletVersion"] = "v1.36.3".into();
        seen.version = Some(Ok("v1.36.3".into()));
    });
    assert!(only(&plain, id::COREDNS).fix.text.contains("nameserver"));
}

#[test]
fn a_mistake_in_coredns_custom_is_named_by_its_entry_and_its_resolver_is_blamed_when_it_is_silent() {
    // As CoreDNS writes it, with the file that k3s mounts.
    let line = "/etc/coredns/custom/lan.override:2 - Error during parsing: Unknown directive 'frward'\n";
    assert!(only(&coredns(line, |_| {}), id::COREDNS).fix.text.contains("`lan.override`"));
    let silent = cluster(|seen| {
        let lookup = Lookup { server: "10.43.0.10".into(), result: Err(AskError::Timeout) };
        seen.service_dns.push(ServiceLookup {
            name: "api.cloudflare.com".into(),
            kind: Asked::External,
            lookup,
        });
        let text = "forward . 192.168.1.53 {\n  policy sequential\n}\n";
        let corefile = format!(".:53 {{\n  {IMPORT}\n  forward . /etc/resolv.conf\n}}\n");
        seen.objects.0.extend([
            (COREDNS_CUSTOM.into(), map("coredns-custom", "pihole.override", text)),
            ("configmaps".into(), map("coredns", "Corefile", &corefile)),
        ]);
    });
    let finding = only(&silent, id::POD_DNS);
    assert!(
        finding.fix.text.contains("192.168.1.53") && finding.fix.text.contains("`pihole.override`"),
        "{finding:?}"
    );
}

#[test]
fn other_troubles_of_coredns_are_told_apart() {
    let typo =
        coredns("/etc/coredns/Corefile:3 - Error during parsing: Unknown directive 'frward'\n", |_| {});
    assert!(only(&typo, id::COREDNS).cause.contains("Unknown directive"));
    let silent = coredns("", |_| {});
    assert!(only(&silent, id::COREDNS).summary.contains("not ready"));
    let scaled = cluster(|seen| {
        items(seen, "pods").remove(0);
        items(seen, "deployments.apps")
            .push(json!({ "metadata": { "namespace": "kube-system", "name": "coredns" }, "spec": { "replicas": 0 } }));
    });
    assert!(only(&scaled, id::COREDNS).fix.commands[0].contains("scale deployment/coredns --replicas=1"));
    let none = cluster(|seen| drop(items(seen, "pods").remove(0)));
    assert!(only(&none, id::COREDNS).cause.contains("--disable=coredns"));
}

fn asked(kind: Asked, result: Result<crate::evidence::dns::Reply, AskError>) -> Report {
    cluster(|seen| {
        let lookup = Lookup { server: "10.43.0.10".into(), result };
        seen.service_dns.push(ServiceLookup { name: "api.cloudflare.com".into(), kind, lookup });
    })
}

#[test]
fn the_clusters_dns_is_asked_as_a_pod_asks_it() {
    assert_eq!(fails(&asked(Asked::External, Ok(reply(Rcode::NoError, &[[104, 16, 0, 1]])))), []);
    assert_eq!(fails(&asked(Asked::Internal, Ok(reply(Rcode::NxDomain, &[])))), [], "another cluster domain");
    let cut = only(&asked(Asked::Internal, Err(AskError::Timeout)), id::POD_DNS);
    assert!(cut.cause.contains("firewall"));
    let upstream = only(&asked(Asked::External, Ok(reply(Rcode::ServFail, &[]))), id::POD_DNS);
    assert!(upstream.cause.contains("resolver that CoreDNS asks"));
    assert!(
        only(&asked(Asked::External, Err(AskError::Timeout)), id::POD_DNS).fix.text.contains("--resolv-conf")
    );
}

#[test]
fn a_pod_that_cannot_resolve_says_so_lately() {
    let line = |why: &str| {
        format!(
            "Get \"https://api.cloudflare.com/\": dial tcp: lookup api.cloudflare.com on 10.43.0.10:53: {why}"
        )
    };
    for (why, cause) in [
        ("no such host", "does not exist"),
        ("server misbehaving", "fails"),
        ("read udp 10.42.0.6:4711->10.43.0.10:53: i/o timeout", "does not answer"),
    ] {
        let finding = only(&said(&line(why), 20), id::POD_DNS);
        assert!(finding.cause.contains(cause) && finding.summary.contains(why), "{finding:?}");
    }
    assert_eq!(fails(&said(&line("no such host"), 600)), [], "ten minutes ago is history");
}

#[test]
fn a_wildcard_in_a_search_domain_is_known_by_the_certificate_and_by_its_answer() {
    let x509 = "tls: failed to verify certificate: x509: certificate is valid for *.home.example.com, home.example.com, not api.cloudflare.com";
    let finding = only(&said(x509, 20), id::NDOTS);
    assert!(
        finding.summary.contains("asked for api.cloudflare.com") && finding.cause.contains("ndots"),
        "{finding:?}"
    );
    let finding = only(&asked(Asked::Searched, Ok(reply(Rcode::NoError, &[NODE]))), id::NDOTS);
    assert!(finding.summary.contains("192.168.1.2"));
    assert_eq!(fails(&asked(Asked::Searched, Ok(reply(Rcode::NxDomain, &[])))), []);
}

#[test]
fn pods_that_do_not_get_out_are_told_only_where_this_machine_does() {
    let line = "Get \"https://api.cloudflare.com/client/v4/zones\": dial tcp 104.16.0.1:443: i/o timeout";
    assert!(only(&said(line, 20), id::EGRESS).summary.contains("dial tcp 104.16.0.1:443: i/o timeout"));
    let proxy = "Get \"https://api.cloudflare.com/\": tls: failed to verify certificate: x509: certificate signed by unknown authority";
    assert!(only(&said(proxy, 20), id::EGRESS).cause.contains("proxy"));
    let neither = whole(|e| {
        let mut seen = sound();
        items(&mut seen, "pods").push(pod("external-dns", "external-dns-1"));
        let line = json!({ "msg": line, "time": now().to_string() }).to_string();
        seen.logs.insert("external-dns/external-dns-1/external-dns".into(), line);
        (e.cluster, e.provider) = (Some(seen), None);
    });
    assert!(matches!(outcome(&neither, id::EGRESS), Outcome::Skip { .. }));
}

#[test]
fn a_policy_that_lets_nothing_out_is_named_before_old_rules() {
    let line = "E0601 11:58:00.000000 1 x.go:1] dial tcp 10.43.0.1:443: connect: connection refused\n";
    let with = |spec: Option<Value>| {
        coredns(line, |seen| {
            let policies = spec.map(
                |spec| json!({ "metadata": { "namespace": "kube-system", "name": "quiet" }, "spec": spec }),
            );
            let listing = Listing::Items(policies.into_iter().collect());
            seen.objects.0.extend([("networkpolicies.networking.k8s.io".into(), listing)]);
        })
    };
    let deny = json!({ "podSelector": {}, "policyTypes": ["Egress"] });
    assert!(only(&with(Some(deny)), id::POD_API).cause.contains("NetworkPolicy `kube-system/quiet`"));
    assert!(only(&with(None), id::POD_API).cause.contains("the rules are old"));
    let to_api = json!([{ "ports": [{ "port": 6443 }] }]);
    let lets = json!({ "podSelector": {}, "policyTypes": ["Egress"], "egress": to_api });
    assert!(only(&with(Some(lets)), id::POD_API).cause.contains("the rules are old"));
}

fn policy(seen: &mut ClusterSeen, namespace: &str, spec: Value) {
    let policy = json!({ "metadata": { "namespace": namespace, "name": "quiet" }, "spec": spec });
    let listing = Listing::Items(vec![policy]);
    seen.objects.0.extend([("networkpolicies.networking.k8s.io".into(), listing)]);
}

/// k3s documentation, "CIS Hardening Guide": a policy for all of kube-system, and what it takes to let DNS through.
#[test]
fn a_policy_that_keeps_dns_from_a_pod_is_named_before_a_firewall() {
    let line = "lookup api.cloudflare.com on 10.43.0.10:53: read udp 10.42.0.9:40123->10.43.0.10:53: read: connection refused";
    let with = |namespace: &str, spec: Value| {
        let line = json!({ "level": "error", "msg": line, "time": now().to_string() }).to_string();
        let line = line.replace("->", r"-\u003e");
        let report = cluster(|seen| {
            items(seen, "pods").push(pod("external-dns", "external-dns-1"));
            seen.logs.insert("external-dns/external-dns-1/external-dns".into(), line);
            policy(seen, namespace, spec);
        });
        // `egress.needs` may warn of the same policy.
        report.failures().find(|check| check.id == id::POD_DNS).unwrap().finding().unwrap().clone()
    };
    let inner = json!([{ "from": [{ "podSelector": {} }] }]);
    let system = with("kube-system", json!({ "podSelector": {}, "ingress": inner }));
    assert!(
        system.cause.contains("`kube-system/quiet` does not let DNS queries reach CoreDNS"),
        "{system:?}"
    );
    assert!(system.summary.contains("40123->10.43.0.10:53"), "{system:?}");
    let own = with("external-dns", json!({ "podSelector": {}, "policyTypes": ["Egress"] }));
    assert!(own.cause.contains("`external-dns/quiet` blocks that pod's outgoing DNS"), "{own:?}");
    let udp = json!([{ "ports": [{ "port": 53, "protocol": "UDP" }] }]);
    let open = with("kube-system", json!({ "podSelector": {}, "ingress": udp }));
    assert!(open.cause.contains("a firewall drops the query"), "{open:?}");
}

#[test]
fn a_policy_that_keeps_coredns_from_its_resolver_is_named() {
    let unanswered = |spec: Value| {
        cluster(|seen| {
            policy(seen, "kube-system", spec);
            let lookup = Lookup { server: "10.43.0.10".into(), result: Err(AskError::Timeout) };
            let name = "api.cloudflare.com".into();
            seen.service_dns.push(ServiceLookup { name, kind: Asked::External, lookup });
        })
    };
    let deny = unanswered(json!({ "podSelector": {}, "policyTypes": ["Egress"] }));
    assert!(only(&deny, id::POD_DNS).cause.contains("`kube-system/quiet` does not let CoreDNS ask"));
    let open = unanswered(json!({ "podSelector": {}, "policyTypes": ["Egress"], "egress": [{}] }));
    assert!(only(&open, id::POD_DNS).cause.contains("pods cannot reach the resolver"));
}
