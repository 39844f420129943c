//! Names that pods are given, and what lies beside the Corefile: one failure at a time.

use std::net::IpAddr;

use serde_json::{Value, json};

use crate::checks::k3s::tests::{cluster, sound};
use crate::checks::tests::*;
use crate::evidence::dns::{AskError, Data, Rcode, Record, Reply, Soa};
use crate::evidence::{InsideAnswer, InsideLookup, InsideName, InsideSeen};

const COREFILE: &str = ".:53 {\n    errors\n    kubernetes cluster.local in-addr.arpa ip6.arpa {\n    }\n    hosts /etc/coredns/NodeHosts {\n    }\n    reload\n    import /etc/coredns/custom/*.override\n    forward . /etc/resolv.conf\n}\nimport /etc/coredns/custom/*.server\n";

fn entries(custom: Value, log: &str) -> Report {
    let map = |name: &str, data: Value| {
        Listing::Items(vec![
            json!({ "metadata": { "namespace": "kube-system", "name": name }, "data": data }),
        ])
    };
    cluster(|seen| {
        seen.objects.0.insert("configmaps".into(), map("coredns", json!({ "Corefile": COREFILE })));
        seen.objects.0.insert(COREDNS_CUSTOM.into(), map("coredns-custom", custom));
        seen.logs.insert("kube-system/coredns-1/coredns".into(), log.into());
    })
}

#[test]
fn an_entry_that_keeps_coredns_from_starting_is_named_while_it_still_runs() {
    for (entry, text, why) in [
        ("lan.override", "hosts {\n 10.0.0.1 nas\n}\n", "`hosts` stands in that block already"),
        ("lan.server", ".:53 {\n}\n", "the zone `.` has a block in the Corefile already"),
        ("lan.server", "lan {\n", "a block has no `}`"),
    ] {
        let finding = only(&entries(json!({ entry: text }), ""), id::COREDNS_CUSTOM);
        assert!(finding.summary.contains(entry) && finding.summary.contains(why), "{finding:?}");
        assert!(finding.cause.contains("does not start any more"), "{finding:?}");
    }
    assert_eq!(fails(&entries(json!({ "log.override": "log\n", "lan.server": "lan {\n}\n" }), "")), []);
}

#[test]
fn what_coredns_itself_says_of_an_entry_counts_until_it_has_taken_another() {
    let line = "[ERROR] plugin/reload: Corefile changed but reload failed: /etc/coredns/custom/lan.server:2 - Error during parsing: Unknown directive 'frward'\n";
    let finding = only(&entries(json!({}), line), id::COREDNS_CUSTOM);
    assert!(finding.summary.contains("Unknown directive 'frward'"), "{finding:?}");
    assert!(finding.fix.text.contains("`lan.server`"), "{finding:?}");
    let later = format!("{line}[INFO] Reloading complete\n");
    assert_eq!(fails(&entries(json!({}), &later)), []);
}

fn record(data: Data) -> Reply {
    Reply { answers: vec![Record { name: "x".into(), ttl: 30, data }], ..Reply::default() }
}

fn soa(serial: u32) -> Data {
    Data::Soa(Soa { zone: "k8s.intra".into(), primary: "x".into(), serial, minimum: 30, ttl: 30 })
}

/// A lab one of whose pods of CoreDNS says this.
fn names(answer: InsideAnswer, said: Result<Reply, AskError>) -> Report {
    let wanted = InsideName { name: "nas.k8s.intra".into(), answer };
    let lookup = Lookup { server: "10.42.0.5".into(), result: said };
    let asked = Some(vec![InsideLookup { pod: "kube-system/coredns-1".into(), wanted, lookup }]);
    whole(|e| e.cluster = Some(ClusterSeen { inside: Some(InsideSeen { names: 1, asked }), ..sound() }))
}

#[test]
fn a_pod_of_coredns_that_answers_otherwise_is_named_and_waited_for() {
    let address: IpAddr = [192, 168, 1, 5].into();
    let other = Data::Address([192, 168, 1, 6].into());
    for (answer, said, why) in [
        (
            InsideAnswer::Addresses(vec![address]),
            Ok(record(other)),
            "answers 192.168.1.6 for `nas.k8s.intra`, not 192.168.1.5",
        ),
        (
            InsideAnswer::Addresses(vec![address]),
            Ok(Reply { rcode: Rcode::NxDomain, ..Reply::default() }),
            "has no address for `nas.k8s.intra`",
        ),
        (
            InsideAnswer::Text("homelab-1".into()),
            Ok(record(Data::Txt("homelab-2".into()))),
            "has not read the names of the configuration",
        ),
        (InsideAnswer::Serial(7), Ok(record(soa(6))), "has not read the zone `nas.k8s.intra`"),
        (InsideAnswer::Addresses(vec![address]), Err(AskError::Timeout), "does not answer this node"),
    ] {
        let finding = only(&names(answer, said), id::INSIDE_NAMES);
        assert!(
            finding.summary.contains("`kube-system/coredns-1`") && finding.summary.contains(why),
            "{finding:?}"
        );
        assert_eq!(finding.heals, Heals::Waiting, "`up` waits for it");
    }
    for (answer, said) in [
        (InsideAnswer::Addresses(vec![address]), record(Data::Address(address))),
        (InsideAnswer::Text("homelab-1".into()), record(Data::Txt("homelab-1".into()))),
        (InsideAnswer::Serial(7), record(soa(7))),
    ] {
        assert_eq!(fails(&names(answer, Ok(said))), []);
    }
}

#[test]
fn a_server_of_the_house_that_does_not_answer_is_named_and_one_without_the_zone_is_no_fault() {
    let router = || InsideAnswer::FromHouse(vec![([192, 168, 1, 1], 53).into()]);
    let silent =
        only(&names(router(), Ok(Reply { rcode: Rcode::ServFail, ..Reply::default() })), id::INSIDE_NAMES);
    assert!(silent.summary.contains("from 192.168.1.1"), "{silent:?}");
    assert_eq!(fails(&names(router(), Ok(Reply { rcode: Rcode::NxDomain, ..Reply::default() }))), []);
}

#[test]
fn who_is_no_node_says_that_he_could_not_ask() {
    let inside = Some(InsideSeen { names: 1, asked: None });
    let report = whole(|e| e.cluster = Some(ClusterSeen { inside, ..sound() }));
    assert!(matches!(outcome(&report, id::INSIDE_NAMES), Outcome::Skip { .. }), "{report:#?}");
}

#[test]
fn an_entry_that_kept_coredns_from_starting_is_the_cause_and_its_end_the_consequence() {
    let line = "[FATAL] plugin/hosts: this plugin can only be used once per Server Block\n";
    let report = cluster(|seen| {
        crate::checks::k3s::tests::items(seen, "pods")[0]["status"]["conditions"][0]["status"] =
            "False".into();
        let map = |name: &str, data: Value| {
            Listing::Items(vec![
                json!({ "metadata": { "namespace": "kube-system", "name": name }, "data": data }),
            ])
        };
        seen.objects.0.insert("configmaps".into(), map("coredns", json!({ "Corefile": COREFILE })));
        let custom = json!({ "lan.override": "hosts {\n 10.0.0.1 nas\n}\n" });
        seen.objects.0.insert(COREDNS_CUSTOM.into(), map("coredns-custom", custom));
        seen.logs.insert("kube-system/coredns-1/coredns".into(), line.into());
    });
    assert!(only(&report, id::COREDNS_CUSTOM).summary.contains("`lan.override`"));
    assert_eq!(outcome(&report, id::COREDNS), Outcome::Blocked { by: id::COREDNS_CUSTOM });
}
