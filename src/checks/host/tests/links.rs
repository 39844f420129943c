//! The machine's links and the addresses on them.

use crate::checks::host::tests::*;

#[test]
fn a_route_over_a_pods_link_is_a_dhcp_clients() {
    for (network, gateway, told) in [
        ("169.254.0.0/16", None, "169.254.0.0/16"),
        ("0.0.0.0/0", Some([192, 168, 1, 1]), "the default route"),
    ] {
        let report = on(|machine| {
            let network = Cidr::parse(network).unwrap();
            let route = Route { interface: "veth1a2b3c4d".into(), network, gateway: gateway.map(Into::into) };
            machine.routes.as_mut().unwrap().push(route);
        });
        let finding = only(&report, id::DHCPCD);
        assert!(
            finding.summary.contains("`veth1a2b3c4d`") && finding.summary.contains(told),
            "{}",
            finding.summary
        );
        assert!(finding.fix.nixos.unwrap().contains("networking.dhcpcd.denyInterfaces"));
        assert_eq!(report.exit_code(), 1);
    }
    let report =
        on(|machine| machine.routes.as_mut().unwrap().push(route("169.254.0.0/16", [192, 168, 1, 1])));
    assert_eq!(fails(&report), []);
}

#[test]
fn dhcpcd_is_to_leave_every_link_of_pods_alone() {
    let with = |denies: &[&str], allows: &[&str]| {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
        let seen = DhcpcdSeen {
            file: "/etc/dhcpcd.conf".into(),
            read: true,
            denies: words(denies),
            allows: words(allows),
        };
        on(|machine| machine.dhcpcd = Some(seen))
    };
    let finding = only(&with(&["veth*", "cni*"], &[]), id::DHCPCD);
    assert!(finding.fix.text.contains("`denyinterfaces veth* cni* flannel*` into `/etc/dhcpcd.conf`"));
    assert_eq!(severity(&with(&[], &[])), Severity::Warning);
    assert_eq!(fails(&with(&["veth*", "cni*", "flannel*"], &[])), []);
    assert_eq!(fails(&with(&[], &["en*", "wl*"])), []);
    let unread =
        on(|machine| machine.dhcpcd = Some(DhcpcdSeen { file: "/f".into(), ..DhcpcdSeen::default() }));
    assert!(matches!(outcome(&unread, id::DHCPCD), Outcome::Unknown { .. }));
}

fn public(machine: &mut MachineSeen, interface: &str, address: &str) {
    let address: IpAddr = address.parse().unwrap();
    machine.addresses.as_mut().unwrap().push(address);
    machine.linked.push(Linked { interface: interface.into(), address });
}

#[test]
fn a_public_address_on_which_the_ports_answer_is_a_warning() {
    let report = on(|machine| public(machine, "ppp0", "198.51.100.7"));
    let finding = only(&report, id::EXPOSED);
    assert!(
        finding.summary.contains("198.51.100.7 on `ppp0`")
            && finding.fix.nixos.unwrap().contains("interface")
    );
    assert_eq!((severity(&report), report.exit_code()), (Severity::Warning, 0));
    let kept = |links: &[&str]| {
        on(|machine| {
            public(machine, "ppp0", "198.51.100.7");
            machine.web_links = Some(links.iter().map(|link| (*link).to_owned()).collect());
        })
    };
    assert_eq!(fails(&kept(&["lo", "eth0"])), []);
    assert_eq!(fails(&kept(&["lo", "ppp0"])), [id::EXPOSED]);
}

#[test]
fn a_public_ipv6_address_is_noted_only_where_pods_have_ipv6() {
    let with = |ranges: &[&str]| {
        let mut machine = machine();
        public(&mut machine, "eth0", "2001:db8::7");
        whole(|evidence| {
            let node = json!({ "metadata": { "name": "pi" }, "spec": { "podCIDRs": ranges } });
            let mut seen = ClusterSeen::default();
            seen.objects.0.insert("nodes".into(), Listing::Items(vec![node]));
            evidence.cluster = Some(seen);
            evidence.machine = Some(machine);
        })
        .only(|id| id == id::EXPOSED)
    };
    assert_eq!(fails(&with(&["10.42.0.0/24"])), []);
    let report = with(&["10.42.0.0/24", "fd42::/64"]);
    assert_eq!((fails(&report), severity(&report)), (vec![id::EXPOSED], Severity::Info));
}

#[test]
fn a_node_whose_own_address_is_public_is_told_of_once() {
    let mut machine = machine();
    public(&mut machine, "eth0", "198.51.100.7");
    let report = whole(|evidence| {
        evidence.nodes.as_mut().unwrap()[0].addresses.push("198.51.100.7".parse().unwrap());
        evidence.machine = Some(machine);
    });
    assert!(matches!(outcome(&report, id::EXPOSED), Outcome::Pass { .. }));
}
