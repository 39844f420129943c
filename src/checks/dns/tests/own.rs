//! Where the nodes themselves are the name servers.

mod resolvers;

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::*;
use crate::config::Provider;
use crate::evidence::dns::{Data, Record, Reply, Soa};

const ZONE: &str = "home.arpa";
const NAME: &str = "homelab-ns.home.arpa";
const ROUTER: &str = "192.168.1.1";

fn answer(data: Data) -> Reply {
    let record = Record { name: ZONE.into(), ttl: 60, data };
    Reply { authoritative: true, answers: vec![record], ..reply(Rcode::NoError, &[]) }
}

fn soa() -> Reply {
    let (zone, primary) = (ZONE.into(), NAME.into());
    answer(Data::Soa(Soa { zone, primary, serial: 1, minimum: 10, ttl: 60 }))
}

fn server(node: &str, address: [u8; 4]) -> OwnServer {
    let address = SocketAddr::from((address, 53));
    OwnServer { node: node.into(), address, soa: Ok(soa()), stranger: Ok(reply(Rcode::Refused, &[])) }
}

fn well() -> OwnServersSeen {
    OwnServersSeen {
        zone: ZONE.into(),
        name: NAME.into(),
        alone: true,
        servers: vec![server("pi", NODE)],
        hosts: Vec::new(),
        resolvers: vec![lookup(ROUTER, answer(Data::Ns(NAME.into())))],
        public: vec![lookup("1.1.1.1", reply(Rcode::NxDomain, &[]))],
    }
}

/// The healthy lab at home alone, with one change.
fn at_home(change: impl FnOnce(&mut Evidence, &mut OwnServersSeen)) -> Report {
    whole(|evidence| {
        let mut own = well();
        evidence.dns = Provider::Local;
        evidence.owner = None;
        if let Some(Ok(provider)) = &mut evidence.provider {
            provider.records.clear();
        }
        let host = evidence.hosts.get_mut(HOST).unwrap();
        host.authoritative = vec![lookup("pi", reply(Rcode::NoError, &[NODE]))];
        host.public.clear();
        evidence.names = Some(NamesSeen { resolvers: Some(vec![resolver(ROUTER)]), ..NamesSeen::default() });
        change(evidence, &mut own);
        evidence.own_servers = Some(own);
    })
}

fn listener(address: &str, process: &str) -> MachineSeen {
    let listener =
        Listener { address: address.parse().unwrap(), process: Some(process.into()), in_pod: false };
    MachineSeen {
        addresses: Some(vec![IpAddr::from(NODE)]),
        programs: [(53, vec![listener])].into(),
        ..MachineSeen::default()
    }
}

fn pod(change: impl FnOnce(&mut Value)) -> Listing {
    let mut pod = json!({
        "metadata": { "namespace": "name-server", "name": "name-server-1", "labels": { "app.kubernetes.io/name": "name-server" } },
        "spec": { "nodeName": "pi" },
        "status": { "phase": "Pending", "initContainerStatuses": [], "containerStatuses": [
            { "name": "server", "restartCount": 0, "state": { "waiting": { "reason": "PodInitializing" } } }
        ] },
    });
    change(&mut pod);
    Listing::Items(vec![pod])
}

fn silent(evidence: &mut Evidence, own: &mut OwnServersSeen, pods: Listing) {
    own.servers[0].soa = Err(AskError::Refused);
    own.servers[0].stranger = Err(AskError::Refused);
    evidence.cluster.as_mut().unwrap().objects.0.insert("pods".into(), pods);
}

#[test]
fn a_lab_at_home_alone_passes_and_nothing_is_said_of_a_token_or_of_the_world() {
    let report = at_home(|_, _| ());
    assert_eq!(fails(&report), []);
    for id in
        [id::OWN_SERVER, id::NO_RECURSION, id::HOUSE_FORWARDS, id::PUBLIC_NAME, id::AUTHORITATIVE, id::SYSTEM]
    {
        assert!(matches!(outcome(&report, id), Outcome::Pass { .. }), "{id}: {:?}", outcome(&report, id));
    }
    for id in [id::TOKEN, id::CF_ZONE, id::OWNER, id::RECORDS, id::ZONE, id::DNSSEC, id::PUBLIC] {
        assert!(matches!(outcome(&report, id), Outcome::Skip { .. }), "{id}: {:?}", outcome(&report, id));
    }
}

#[test]
fn a_router_that_does_not_forward_is_named_with_what_to_enter_and_explains_the_rest() {
    let report = at_home(|evidence, own| {
        own.resolvers = vec![lookup(ROUTER, reply(Rcode::NxDomain, &[]))];
        own.servers.push(server("attic", [192, 168, 1, 3]));
        let names = evidence.names.as_mut().unwrap().resolvers.as_mut().unwrap();
        names[0].signs = Some(Signs { names: vec!["openwrt.lan".into()], ..Signs::default() });
        let host = evidence.hosts.get_mut(HOST).unwrap();
        host.system = Some(Err(AskError::Other("no such name".into())));
        host.system_servers = vec![lookup(ROUTER, reply(Rcode::NxDomain, &[]))];
    });
    let finding = only(&report, id::HOUSE_FORWARDS);
    assert!(finding.summary.contains("192.168.1.1 does not pass `home.arpa` on"), "{finding:?}");
    assert!(finding.fix.text.contains("'/home.arpa/192.168.1.2'"), "{finding:?}");
    assert!(finding.fix.text.contains("do the same with 192.168.1.3"), "{finding:?}");
    assert!(!finding.fix.text.contains("MikroTik"), "{finding:?}");
    assert_eq!(outcome(&report, id::SYSTEM), Outcome::Blocked { by: id::HOUSE_FORWARDS });
}

#[test]
fn of_a_router_of_an_unknown_make_every_make_is_told() {
    let report = at_home(|_, own| own.resolvers = vec![lookup(ROUTER, reply(Rcode::NoError, &[]))]);
    let text = only(&report, id::HOUSE_FORWARDS).fix.text;
    for make in
        ["Pi-hole", "OpenWrt", "Fritz!Box", "OPNsense", "pfSense", "AdGuard Home", "MikroTik", "UniFi"]
    {
        assert!(text.contains(make), "{make}: {text}");
    }
    assert!(!text.contains("ADDRESS") && !text.contains("DOMAIN"), "{text}");
    assert!(text.contains("hand out"), "{text}");
}

#[test]
fn one_of_two_resolvers_that_does_not_forward_is_a_warning() {
    let report = at_home(|_, own| own.resolvers.push(lookup("192.168.1.9", reply(Rcode::NxDomain, &[]))));
    only(&report, id::HOUSE_FORWARDS);
    let check = report.failures().next().unwrap();
    assert_eq!(check.severity, Severity::Warning);
}

#[test]
fn who_holds_port_53_of_the_node_is_named_with_its_setting() {
    for (process, address, setting) in [
        ("systemd-resolve", "192.168.1.2:53", "DNSStubListenerExtra"),
        ("dnsmasq", "0.0.0.0:53", "bind-interfaces"),
        ("pihole-FTL", "0.0.0.0:53", "dns.listeningMode"),
        ("AdGuardHome", "[::]:53", "dns.bind_hosts"),
        ("unbound", "0.0.0.0:53", "interface: 127.0.0.1"),
        ("named", "192.168.1.2:53", "another address"),
    ] {
        let report = at_home(|evidence, own| {
            silent(evidence, own, pod(|_| ()));
            evidence.machine = Some(listener(address, process));
        });
        let finding = report.failures().find(|check| check.id == id::OWN_SERVER).unwrap().finding().unwrap();
        assert!(finding.cause.contains(process) && finding.fix.text.contains(setting), "{finding:?}");
    }
}

#[test]
fn a_firewall_that_rejects_is_told_from_a_pod_that_does_not_serve() {
    let refused = |serves: &'static str| {
        let report = at_home(|evidence, own| {
            let pods = pod(|pod| {
                let server = json!({ "name": "server", "restartCount": 0, "state": { "running": { "startedAt": "2026-06-01T11:00:00Z" } } });
                pod["status"] = json!({ "phase": "Running", "containerStatuses": [server],
                    "conditions": [{ "type": "Ready", "status": serves }] });
            });
            silent(evidence, own, pods);
        });
        let found = report.failures().find(|check| check.id == id::OWN_SERVER).unwrap();
        found.finding().unwrap().clone()
    };
    let told = refused("True");
    assert!(told.cause.contains("its pod runs, so a firewall"), "{told:?}");
    assert!(told.fix.text.contains("open UDP and TCP port 53"), "{told:?}");
    assert!(refused("False").cause.contains("nothing listens on port 53"));
}

#[test]
fn what_another_program_answers_at_one_of_two_nodes_is_told_once() {
    let report = at_home(|evidence, own| {
        let mut other = server("attic", [192, 168, 1, 3]);
        other.soa = Ok(reply(Rcode::Refused, &[]));
        own.servers.push(other);
        own.hosts = vec![crate::evidence::HouseHostSeen {
            name: format!("printer.{ZONE}"),
            wanted: vec![[192, 168, 1, 9].into()],
            seen: vec![
                lookup("pi", reply(Rcode::NoError, &[[192, 168, 1, 9]])),
                lookup("attic", reply(Rcode::Refused, &[])),
            ],
        }];
        let host = evidence.hosts.get_mut(HOST).unwrap();
        host.authoritative.push(lookup("attic", reply(Rcode::Refused, &[])));
    });
    let finding = only(&report, id::OWN_SERVER);
    assert!(finding.summary.contains("something else than the lab's name server"), "{finding:?}");
}

#[test]
fn a_stub_on_loopback_takes_nothing() {
    let report = at_home(|evidence, own| {
        silent(evidence, own, pod(|_| ()));
        evidence.machine = Some(listener("127.0.0.53:53", "systemd-resolve"));
    });
    let finding = report.failures().find(|check| check.id == id::OWN_SERVER).unwrap().finding().unwrap();
    assert!(finding.cause.contains("first sync"), "{finding:?}");
}

#[test]
fn the_last_words_of_the_container_that_ends_are_told() {
    let ended =
        |message: &str| json!({ "terminated": { "exitCode": 1, "reason": "Error", "message": message } });
    let waiting = json!({ "waiting": { "reason": "CrashLoopBackOff" } });
    for (part, name, message, said) in [
        (
            "containerStatuses",
            "server",
            "Fatal error: Unable to bind UDP socket",
            "another program on the node holds port 53",
        ),
        (
            "initContainerStatuses",
            "fill",
            "level=fatal msg=\"connection refused\"",
            "external-dns beside it could not write",
        ),
        ("initContainerStatuses", "prepare", "sqlite3: not found", "it says: sqlite3: not found"),
    ] {
        let report = at_home(|evidence, own| {
            let pods = pod(|pod| {
                pod["status"][part] = json!([{ "name": name, "restartCount": 3, "state": waiting, "lastState": ended(message) }]);
            });
            silent(evidence, own, pods);
        });
        let finding = report.failures().find(|check| check.id == id::OWN_SERVER).unwrap().finding().unwrap();
        assert!(finding.cause.contains(said), "{finding:?}");
    }
}

#[test]
fn an_image_that_cannot_be_pulled_is_no_sync_to_wait_for() {
    let report = at_home(|evidence, own| {
        let pods = pod(|pod| {
            let waiting = json!({ "reason": "ImagePullBackOff", "message": "Back-off pulling image: 429 Too Many Requests" });
            pod["status"]["initContainerStatuses"] =
                json!([{ "name": "prepare", "image": "docker.io/a/b:1", "state": { "waiting": waiting } }]);
        });
        silent(evidence, own, pods);
    });
    let finding = report.failures().find(|check| check.id == id::OWN_SERVER).unwrap().finding().unwrap();
    assert!(finding.summary.contains("`docker.io/a/b:1`") && finding.cause.contains("limit"), "{finding:?}");
}

#[test]
fn a_pod_that_no_node_takes_says_why() {
    let report = at_home(|evidence, own| {
        let pods = pod(|pod| {
            pod["spec"] = json!({});
            pod["status"] = json!({ "phase": "Pending", "conditions": [{ "type": "PodScheduled", "status": "False",
                "message": "0/1 nodes are available: 1 Insufficient memory." }] });
        });
        silent(evidence, own, pods);
    });
    let finding = report.failures().find(|check| check.id == id::OWN_SERVER).unwrap().finding().unwrap();
    assert!(finding.cause.contains("Insufficient memory"), "{finding:?}");
    assert!(finding.fix.text.contains("resources.requests"), "{finding:?}");
}

#[test]
fn a_server_that_answers_everything_is_none_of_the_labs() {
    let report = at_home(|_, own| own.servers[0].stranger = Ok(reply(Rcode::NxDomain, &[])));
    assert_eq!(fails(&report), [id::NO_RECURSION]);
}

#[test]
fn a_name_that_somebody_has_in_the_internet_is_a_warning() {
    let report =
        at_home(|_, own| own.public = vec![lookup("1.1.1.1", reply(Rcode::NoError, &[[93, 184, 216, 34]]))]);
    let finding = only(&report, id::PUBLIC_NAME);
    assert!(
        finding.summary.contains("93.184.216.34") && finding.fix.text.contains("home.arpa"),
        "{finding:?}"
    );
    assert_eq!(report.failures().next().unwrap().severity, Severity::Warning);
}

#[test]
fn a_record_that_differs_from_the_cluster_is_told_of_the_node_that_has_it() {
    let report = at_home(|evidence, _| {
        evidence.hosts.get_mut(HOST).unwrap().authoritative =
            vec![lookup("pi", reply(Rcode::NoError, &[[192, 168, 1, 99]]))];
    });
    let finding = report.failures().find(|check| check.id == id::AUTHORITATIVE).unwrap().finding().unwrap();
    assert!(finding.cause.contains("external-dns beside"), "{finding:?}");
}

#[test]
fn where_somebody_else_has_the_zone_none_of_it_is_judged() {
    let report = looked(|_, _| ());
    assert!(report.checks.iter().all(|check| check.id != id::OWN_SERVER && check.id != id::HOUSE_FORWARDS));
}
