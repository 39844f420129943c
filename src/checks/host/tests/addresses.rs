//! The node's address on this machine: another network card, another family.

use super::*;

/// The healthy lab on a machine with this address of the node, on that link, beside the one of the LAN.
fn node_at(address: &str, link: &str) -> Report {
    let address: IpAddr = address.parse().unwrap();
    whole(|e| {
        e.nodes.as_mut().unwrap()[0].addresses = vec![address];
        let mut machine = machine();
        machine.addresses = Some(vec![address, NODE.into()]);
        machine.linked.push(Linked { interface: link.into(), address });
        e.machine = Some(machine);
    })
}

fn address(report: &Report) -> Outcome {
    outcome(report, id::NODE_ADDRESS)
}

#[test]
fn a_card_that_no_one_of_the_lan_is_behind_is_named_by_its_link() {
    for (ip, link) in [
        ("172.17.0.1", "docker0"),
        ("100.96.48.75", "tailscale0"),
        ("10.66.0.1", "wg0"),
        ("192.168.122.1", "virbr0"),
        ("172.20.0.1", "br-0a1b2c3d4e5f"),
    ] {
        let Outcome::Fail(finding) = address(&node_at(ip, link)) else { panic!("{link}") };
        assert!(finding.fix.text.contains("--node-ip=192.168.1.2"), "{finding:?}");
        assert!(finding.summary.contains("address on the LAN is"), "{finding:?}");
    }
}

#[test]
fn a_second_network_of_the_house_is_only_noted() {
    let report = node_at("192.168.50.2", "eth1");
    let Outcome::Fail(finding) = address(&report) else { panic!("{report:#?}") };
    assert!(finding.summary.contains("`eth1`") && finding.fix.text.contains("nothing needs to be done"));
    let severity = report.checks.iter().find(|check| check.id == id::NODE_ADDRESS).unwrap().severity;
    assert_eq!(severity, Severity::Info);
    let bridged = node_at("192.168.1.3", "eth0");
    assert!(matches!(address(&bridged), Outcome::Pass { .. }), "another address of the same link");
}

#[test]
fn an_address_of_ipv6_does_not_hide_that_the_one_of_ipv4_has_changed() {
    let six: IpAddr = "fd00::2".parse().unwrap();
    let with = |here: Vec<IpAddr>| {
        whole(|e| {
            e.nodes.as_mut().unwrap()[0].addresses = vec![NODE.into(), six];
            let outward = here.iter().copied().find(IpAddr::is_ipv4);
            e.machine = Some(MachineSeen { addresses: Some(here), outward, ..machine() });
        })
    };
    let Outcome::Fail(finding) = address(&with(vec![[192, 168, 1, 50].into(), six])) else { panic!() };
    assert!(finding.summary.contains("192.168.1.50"), "{finding:?}");
    assert!(matches!(address(&with(vec![NODE.into(), six])), Outcome::Pass { .. }));
    let renumbered = with(vec![NODE.into(), "fd00::77".parse().unwrap()]);
    assert!(matches!(address(&renumbered), Outcome::Fail(_)));
}

#[test]
fn the_route_to_a_node_that_has_no_address_yet_is_the_clusters_own() {
    let with = |network| {
        let report = whole(|e| {
            e.machine = Some(machine());
            e.machine.as_mut().unwrap().routes.as_mut().unwrap().push(route(network, [192, 168, 1, 3]));
            let node = |name: &str, network: &str| json!({ "metadata": { "name": name }, "spec": { "podCIDR": network } });
            let nodes = vec![node("pi", "10.42.0.0/24"), node("nas", "10.42.1.0/24")];
            let objects = [("nodes".to_owned(), Listing::Items(nodes))];
            e.cluster = Some(ClusterSeen { objects: Objects(objects.into()), ..ClusterSeen::default() });
        });
        matches!(outcome(&report, id::CIDR_OVERLAP), Outcome::Pass { .. })
    };
    assert!(with("10.42.1.0/24"));
    assert!(!with("10.42.2.0/24"), "no node has these pods");
    assert!(!with("10.42.0.0/24"), "these pods are here, over the machine's own link");
}
