//! This machine: its clock, its kernel, its disks, its network.

mod addresses;
mod ground;
mod links;
mod resolvers;
mod reverse;

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::json;

use crate::checks::k3s::tests::nodes::with_etcd;
use crate::checks::k3s::tests::{items, sound};
use crate::checks::tests::*;
use crate::config::Provider;
use crate::evidence::wildcard::WildcardRecord;

fn machine() -> MachineSeen {
    let node = IpAddr::from(NODE);
    let route = |interface: &str, network: &str, gateway: Option<[u8; 4]>| Route {
        interface: interface.into(),
        network: Cidr::parse(network).unwrap(),
        gateway: gateway.map(Into::into),
    };
    MachineSeen {
        hostname: Some("pi".into()),
        marks: vec!["/etc/rancher".into()],
        addresses: Some(vec![node, "10.42.0.1".parse().unwrap()]),
        outward: Some(node),
        routes: Some(vec![
            route("eth0", "0.0.0.0/0", Some([192, 168, 1, 1])),
            route("eth0", "192.168.1.0/24", None),
            route("cni0", "10.42.0.0/24", None),
        ]),
        listeners: Some(vec![]),
        programs: BTreeMap::new(),
        disks: vec![Disk { path: "/".into(), used: 40, inodes: 3, free: 1 << 34 }],
        controllers: Some(["cpuset", "cpu", "io", "memory", "pids"].map(str::to_owned).to_vec()),
        old_cgroup: false,
        time_synchronised: Some(true),
        linked: vec![Linked { interface: "eth0".into(), address: node }],
        flushes: None,
        web_links: None,
        dhcpcd: None,
        resolv: Some(ResolvSeen {
            path: Some("/etc/resolv.conf".into()),
            told: false,
            servers: vec![[192, 168, 1, 1].into()],
            unused: vec![],
            zoned: None,
            search: vec!["lan".into()],
        }),
        clocks: vec![
            ClockSeen { of: Clock::Internet, ahead: Ok(1) },
            ClockSeen { of: Clock::ApiServer, ahead: Ok(0) },
        ],
        wildcards: vec![WildcardSeen { domain: "lan".into(), asked: "x.com.lan".into(), answer: Ok(vec![]) }],
        ground: ground::sound(),
    }
}

/// The healthy lab on a healthy machine, changed.
fn on(change: impl FnOnce(&mut MachineSeen)) -> Report {
    let mut machine = machine();
    change(&mut machine);
    whole(|evidence| evidence.machine = Some(machine))
}

fn route(network: &str, gateway: [u8; 4]) -> Route {
    let network = Cidr::parse(network).unwrap();
    Route { interface: "eth0".into(), network, gateway: Some(gateway.into()) }
}

fn severity(report: &Report) -> Severity {
    report.failures().next().unwrap().severity
}

#[test]
fn a_healthy_machine_passes_every_check() {
    let report = on(|_| {});
    let host = report.checks.iter().filter(|check| check.id.as_str().starts_with("host."));
    assert!(
        host.clone().all(|check| matches!(check.outcome, Outcome::Pass { .. })),
        "{:#?}",
        host.collect::<Vec<_>>()
    );
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn a_machine_of_which_nothing_could_be_read_fails_nothing() {
    let report =
        on(|machine| *machine = MachineSeen { hostname: Some("pi".into()), ..MachineSeen::default() });
    assert_eq!(fails(&report), []);
    assert!(matches!(outcome(&report, id::CGROUP), Outcome::Unknown { .. }));
    assert!(matches!(outcome(&report, id::CLOCK), Outcome::Skip { .. }));
}

#[test]
fn a_laptop_is_no_node_and_only_its_clock_is_judged() {
    let laptop = |e: &mut Evidence| {
        let elsewhere = || Some(vec!["192.168.1.77".parse().unwrap()]);
        let nixos = vec!["/etc/NIXOS".into()];
        e.machine = Some(MachineSeen {
            addresses: elsewhere(),
            hostname: None,
            marks: nixos,
            controllers: None,
            ..machine()
        });
        e.cluster = Some(ClusterSeen::default());
    };
    let report = whole(laptop);
    assert!(matches!(outcome(&report, id::CGROUP), Outcome::Skip { .. }));
    assert!(matches!(outcome(&report, id::CLOCK), Outcome::Pass { .. }));
    let report = whole(|e| {
        laptop(e);
        e.nodes = None;
    });
    assert!(matches!(outcome(&report, id::CGROUP), Outcome::Unknown { .. }), "it may become one");
}

#[test]
fn a_wrong_clock_is_named_and_explains_certificates() {
    let off = |ahead| on(|machine| machine.clocks[0].ahead = Ok(ahead));
    let report = off(600);
    assert!(only(&report, id::CLOCK).summary.contains("10 min ahead"));
    assert_eq!(report.exit_code(), 1);
    assert!(only(&off(-86_400), id::CLOCK).summary.contains("24 h behind"));
    assert_eq!(severity(&off(-180)), Severity::Warning);
    let report = whole(|e| {
        e.machine = Some(machine());
        e.machine.as_mut().unwrap().clocks[0].ahead = Ok(40_000_000);
        let mut expired = served();
        expired.leaf.not_after = "2026-05-02T00:00:00Z".parse().unwrap();
        e.hosts.get_mut(HOST).unwrap().tls[0].result = Ok(expired);
    });
    only(&report, id::CLOCK);
    assert_eq!(outcome(&report, id::LEAF), Outcome::Blocked { by: id::CLOCK });
}

#[test]
fn of_two_clocks_the_one_that_differs_from_the_world_is_wrong() {
    let finding = only(&on(|machine| machine.clocks[1].ahead = Ok(-400)), id::CLOCK);
    assert!(finding.summary.contains("API server's machine is 6 min ahead"));
    let report = on(|machine| {
        machine.clocks[0].ahead = Err("no route".into());
        machine.clocks[1].ahead = Ok(-400);
    });
    assert!(only(&report, id::CLOCK).cause.contains("homelab cannot tell which"));
    let report = on(|machine| machine.clocks[0].ahead = Err("no route".into()));
    assert!(matches!(outcome(&report, id::CLOCK), Outcome::Unknown { .. }));
}

#[test]
fn a_lab_that_names_itself_is_well_without_a_clock_on_the_internet_and_a_wrong_one_is_still_told() {
    let local = |ahead: i64| {
        whole(move |e| {
            let mut machine = machine();
            machine.clocks[0].ahead = Err("no route".into());
            machine.clocks[1].ahead = Ok(ahead);
            (e.machine, e.dns) = (Some(machine), Provider::Local);
        })
    };
    let Outcome::Skip { why } = outcome(&local(0), id::CLOCK) else { panic!("{:?}", local(0)) };
    assert!(why.contains("works without the internet: no route"), "{why}");
    assert!(fails(&local(-400)).contains(&id::CLOCK));
}

#[test]
fn a_kernel_without_the_memory_controller_gets_its_option() {
    let finding = only(
        &on(|machine| machine.controllers = Some(vec!["cpu".into(), "cpuset".into(), "pids".into()])),
        id::CGROUP,
    );
    assert!(
        finding.summary.contains("`memory`") && finding.fix.nixos.unwrap().contains("cgroup_enable=memory")
    );
}

#[test]
fn a_route_into_the_clusters_addresses_is_named_and_the_clusters_own_are_not() {
    let with = |route: Route| on(|machine| machine.routes.as_mut().unwrap().push(route));
    let finding = only(&with(route("10.43.77.0/24", [192, 168, 1, 9])), id::CIDR_OVERLAP);
    assert!(finding.summary.contains("10.43.77.0/24") && finding.summary.contains("Services"));
    assert_eq!(severity(&with(route("10.0.0.0/8", [192, 168, 1, 9]))), Severity::Warning);
    assert_eq!(fails(&with(route("10.42.1.0/24", NODE))), [], "by another node");
    assert_eq!(fails(&with(route("10.44.0.0/16", [192, 168, 1, 9]))), []);
}

#[test]
fn a_route_to_another_nodes_pods_is_no_failure_while_the_nodes_are_not_known() {
    let with = |network| {
        whole(|e| {
            e.machine = Some(machine());
            e.machine.as_mut().unwrap().routes.as_mut().unwrap().push(route(network, [192, 168, 1, 3]));
            e.nodes = None;
        })
    };
    assert_eq!(fails(&with("10.42.1.0/24")), []);
    assert_eq!(fails(&with("10.43.1.0/24")), [id::CIDR_OVERLAP]);
}

#[test]
fn a_cluster_with_other_networks_is_asked_for_them() {
    let report = whole(|e| {
        e.machine = Some(machine());
        e.machine.as_mut().unwrap().routes.as_mut().unwrap().push(route("10.43.77.0/24", [192, 168, 1, 9]));
        let items = |value| Listing::Items(vec![value]);
        let node = json!({ "metadata": { "name": "pi" }, "spec": { "podCIDR": "10.52.0.0/24" } });
        let service = json!({ "metadata": { "namespace": "default", "name": "kubernetes" }, "spec": { "clusterIP": "10.53.0.1" } });
        let objects = [("nodes".to_owned(), items(node)), ("services".to_owned(), items(service))];
        e.cluster = Some(ClusterSeen { objects: Objects(objects.into()), ..ClusterSeen::default() });
    });
    assert!(matches!(outcome(&report, id::CIDR_OVERLAP), Outcome::Pass { .. }));
}

#[test]
fn a_node_inside_the_clusters_addresses_is_an_error() {
    let report = on(|machine| machine.outward = Some([10, 42, 9, 9].into()));
    let failed = report.failures().find(|check| check.id == id::CIDR_OVERLAP).unwrap();
    let fix = &failed.finding().unwrap().fix.text;
    // k3s' unit has `KillMode=process`: what it started lives on.
    let (stopped, deleted) = (fix.find("k3s-killall.sh").unwrap(), fix.find("delete `/var/lib").unwrap());
    assert!(stopped < deleted, "{fix}");
}

#[test]
fn a_disk_warns_at_eighty_percent_and_fails_where_k3s_evicts_pods_inodes_included() {
    let with = |used, inodes| {
        on(|machine| machine.disks.push(Disk { path: "/nix".into(), used, inodes, free: 5 << 20 }))
    };
    assert_eq!(severity(&with(80, 1)), Severity::Warning);
    assert_eq!(severity(&with(94, 1)), Severity::Warning, "all works there");
    let report = with(10, 95);
    assert_eq!(severity(&report), Severity::Error);
    assert!(only(&report, id::DISK).summary.contains("95 % of the inodes of `/nix`"));
}

#[test]
fn an_address_that_the_machine_has_no_more_is_named() {
    let report = on(|machine| {
        machine.addresses = Some(vec![[192, 168, 1, 50].into()]);
        machine.outward = Some([192, 168, 1, 50].into());
    });
    let finding = only(&report, id::NODE_ADDRESS);
    assert!(finding.summary.contains("192.168.1.2") && finding.summary.contains("192.168.1.50"));
}

#[test]
fn a_server_with_etcd_gets_its_address_back_or_its_etcd_reset() {
    let with_etcd = |outward: [u8; 4], addresses: Vec<IpAddr>| {
        whole(|evidence| {
            let mut seen = sound();
            with_etcd(&mut items(&mut seen, "nodes")[0]);
            evidence.nodes.as_mut().unwrap()[0].addresses = vec![[100, 101, 102, 103].into()];
            evidence.cluster = Some(seen);
            evidence.machine =
                Some(MachineSeen { addresses: Some(addresses), outward: Some(outward.into()), ..machine() });
        })
    };
    let moved = with_etcd([192, 168, 1, 50], vec![[192, 168, 1, 50].into()]);
    let wrong_side = with_etcd(NODE, vec![NODE.into(), [100, 101, 102, 103].into()]);
    for (report, words) in [(moved, "100.101.102.103 back"), (wrong_side, "--node-ip=192.168.1.2")] {
        let Outcome::Fail(finding) = outcome(&report, id::NODE_ADDRESS) else { panic!("{report:#?}") };
        let fix = finding.fix;
        assert!(fix.text.contains(words) && fix.text.contains("--cluster-reset"), "{}", fix.text);
        assert!(!fix.text.contains("restart k3s") && fix.commands.is_empty(), "{}", fix.text);
    }
}

#[test]
fn an_address_of_a_vpn_is_named_with_the_one_of_the_lan() {
    let vpn = IpAddr::from([100, 101, 102, 103]);
    let report = whole(|e| {
        e.nodes.as_mut().unwrap()[0].addresses = vec![vpn];
        e.machine = Some(MachineSeen { addresses: Some(vec![vpn, NODE.into()]), ..machine() });
    });
    let Outcome::Fail(finding) = outcome(&report, id::NODE_ADDRESS) else { panic!("{report:#?}") };
    assert_eq!(finding.fix.nixos.as_deref(), Some("services.homelab.nodeIP = \"192.168.1.2\";"));
}

#[test]
fn a_web_server_of_the_machine_is_named_and_a_pod_is_not() {
    let with = |in_pod| {
        on(|machine| {
            let address = "0.0.0.0:80".parse().unwrap();
            machine.listeners = Some(vec![Listener { address, process: Some("caddy".into()), in_pod }]);
        })
    };
    let report = with(false);
    assert!(only(&report, id::PORTS).summary.contains("`caddy` at `0.0.0.0:80`"));
    assert_eq!((severity(&report), fails(&with(true))), (Severity::Warning, vec![]));
}

#[test]
fn a_firewall_that_removes_all_rules_gets_its_option() {
    let finding =
        only(&on(|machine| machine.flushes = Some("/etc/nftables.conf".into())), id::FIREWALL_FLUSH);
    assert_eq!(finding.fix.nixos.as_deref(), Some("networking.nftables.flushRuleset = false;"));
}

#[test]
fn the_labs_own_wildcard_is_told_where_a_search_domain_of_the_nodes_meets_it() {
    let lab = |search: &str, change: &dyn Fn(&mut Evidence)| {
        let mut machine = machine();
        machine.wildcards[0].domain = search.into();
        whole(|evidence| {
            evidence.machine = Some(machine);
            evidence.wildcard =
                Some(WildcardRecord { name: "*.home.example.com".into(), ..WildcardRecord::default() });
            change(evidence);
        })
    };
    let of = |report: &Report| outcome(report, id::SEARCH_DOMAIN);
    // The record is not there yet: `doctor --pre` tells of what would come.
    let before = |evidence: &mut Evidence| evidence.provider = None;
    for search in ["home.example.com", "lan.home.example.com"] {
        let Outcome::Fail(finding) = of(&lab(search, &before)) else { panic!("{search}") };
        assert!(finding.summary.contains("will answer") && finding.fix.text.contains("leave `records` out"));
    }
    assert!(matches!(of(&lab("example.com", &before)), Outcome::Pass { .. }));
    let in_house = |evidence: &mut Evidence| {
        before(evidence);
        evidence.own_servers = Some(crate::evidence::OwnServersSeen::default());
    };
    assert!(matches!(of(&lab("home.example.com", &in_house)), Outcome::Pass { .. }));
    let answers = |evidence: &mut Evidence| {
        evidence.machine.as_mut().unwrap().wildcards[0].answer = Ok(vec![NODE.into()]);
    };
    let Outcome::Fail(finding) = of(&lab("home.example.com", &answers)) else { panic!("it answers") };
    assert!(finding.fix.text.contains("`records: per-host`"), "{}", finding.fix.text);
}

#[test]
fn a_search_domain_that_answers_for_everything_is_named() {
    let finding = only(&on(|machine| machine.wildcards[0].answer = Ok(vec![NODE.into()])), id::SEARCH_DOMAIN);
    assert!(finding.cause.contains("api.cloudflare.com.lan") && finding.fix.text.contains("`*.lan`"));
    let report = on(|machine| machine.wildcards[0].answer = Err("no answer in time".into()));
    assert!(matches!(outcome(&report, id::SEARCH_DOMAIN), Outcome::Unknown { .. }));
}
