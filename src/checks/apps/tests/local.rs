//! A program on a node itself.

use serde_json::json;

use super::{SLICES, line, made_by_nginx};
use crate::checks::k3s::tests::{items, sound};
use crate::checks::tests::*;

const PORT: u16 = 8096;
const ADDRESS: &str = "10.42.0.1:8096";

/// Its name gets nothing from nginx but 502, which noted why; this machine is the node, or another one.
fn refused(why: &str, change: impl FnOnce(&mut Evidence)) -> Finding {
    let report = whole(|evidence| {
        let mut seen = sound();
        items(&mut seen, "services").iter_mut().for_each(|service| service["spec"]["selector"] = json!({}));
        let slice = &mut items(&mut seen, SLICES)[0];
        slice["endpoints"] =
            json!([{ "addresses": ["10.42.0.1"], "nodeName": "pi", "conditions": { "ready": true } }]);
        slice["ports"][0]["port"] = PORT.into();
        let noted = line("11:59:30", why, &format!("http://{ADDRESS}"), HOST);
        seen.logs.insert("ingress-nginx/controller-1/controller".into(), noted);
        evidence.cluster = Some(seen);
        let answer = made_by_nginx(502);
        let host = evidence.hosts.get_mut(HOST).unwrap();
        host.http.iter_mut().for_each(|seen| seen.result = Ok(answer.clone()));
        host.end_to_end = Some(Ok(answer));
        change(evidence);
    });
    only(&report, id::ANSWER).clone()
}

const REFUSED: &str = "connect() failed (111: Connection refused)";

/// This machine is the node `pi`, and these are the sockets that listen on the port.
fn here(evidence: &mut Evidence, sockets: &[&str]) {
    let listener = |address: &&str| Listener {
        address: address.parse().unwrap(),
        process: Some("jellyfin".into()),
        in_pod: false,
    };
    let addresses = evidence.nodes.as_ref().unwrap()[0].addresses.clone();
    let programs = [(PORT, sockets.iter().map(listener).collect())].into();
    evidence.machine = Some(MachineSeen { addresses: Some(addresses), programs, ..MachineSeen::default() });
}

#[test]
fn from_another_machine_loopback_is_named_as_the_usual_cause() {
    let finding = refused(REFUSED, |_| {});
    assert!(finding.cause.contains("the node `pi` refuses the connection at 10.42.0.1:8096"), "{finding:?}");
    assert!(finding.cause.contains("127.0.0.1 alone, as many do"), "{finding:?}");
    assert!(
        finding.fix.text.contains("sport = :8096") && finding.fix.text.contains("0.0.0.0"),
        "{finding:?}"
    );
    assert!(!format!("{finding:?}").contains("targetPort"), "{finding:?}");
}

#[test]
fn on_the_node_itself_it_is_seen_where_the_program_listens() {
    let finding = refused(REFUSED, |evidence| here(evidence, &["127.0.0.1:8096", "[::1]:8096"]));
    let cause =
        "`jellyfin` listens on 127.0.0.1:8096 and [::1]:8096 alone, and pods reach it at 10.42.0.1:8096";
    assert_eq!(finding.cause, cause);
    let finding = refused(REFUSED, |evidence| here(evidence, &[]));
    assert!(finding.cause.contains("nothing listens on port 8096 of the node `pi`"), "{finding:?}");
    // It came meanwhile.
    let finding = refused(REFUSED, |evidence| here(evidence, &["0.0.0.0:8096"]));
    assert!(finding.cause.contains("refuses the connection"), "{finding:?}");
}

#[test]
fn a_502_without_a_note_speaks_of_the_program_and_not_of_a_firewall() {
    let finding = refused("", |_| {});
    assert!(finding.cause.contains("127.0.0.1 alone") && !finding.cause.contains("firewall"), "{finding:?}");
}

#[test]
fn another_machines_sockets_prove_nothing() {
    let finding = refused(REFUSED, |evidence| {
        here(evidence, &["127.0.0.1:8096"]);
        evidence.machine.as_mut().unwrap().addresses = Some(vec!["192.168.1.99".parse().unwrap()]);
    });
    assert!(!finding.cause.contains("jellyfin"), "{finding:?}");
}

#[test]
fn a_firewall_of_the_node_is_named() {
    let finding = refused("upstream timed out (110: Operation timed out)", |_| {});
    assert!(finding.cause.contains("its firewall drops packets from pods"), "{finding:?}");
    assert!(finding.fix.text.contains("ufw allow in on cni0 to any port 8096"), "{finding:?}");
}
