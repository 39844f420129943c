//! The resolvers that pods inherit.

use super::*;

/// vitobotta/hetzner-k3s#189: "Nameserver limits were exceeded".
#[test]
fn more_than_three_resolvers_are_noted_and_the_fourth_saves_nobody() {
    let with = |servers: &[&str], unused: &[&str]| {
        let parsed = |all: &[&str]| all.iter().map(|server| server.parse().unwrap()).collect();
        let resolv =
            ResolvSeen { servers: parsed(servers), unused: parsed(unused), ..machine().resolv.unwrap() };
        whole(|evidence| {
            evidence.machine = Some(MachineSeen { resolv: Some(resolv), ..machine() });
            let node = json!({ "metadata": { "name": "pi" }, "spec": { "podCIDRs": ["10.42.0.0/24"] } });
            let objects = &mut evidence.cluster.as_mut().unwrap().objects.0;
            objects.insert("nodes".into(), Listing::Items(vec![node]));
        })
    };
    let four = with(&["192.168.1.1", "192.168.1.2", "1.1.1.1"], &["8.8.8.8"]);
    let noted = four.failures().find(|check| check.id == id::RESOLV).unwrap();
    let finding = noted.finding().unwrap();
    assert!(
        finding.summary.contains("names 4 resolvers") && finding.cause.contains("nobody ever asks 8.8.8.8")
    );
    assert_eq!((noted.severity, four.exit_code()), (Severity::Info, 0));
    // The one with IPv4 is the fourth, which no pod gets.
    let six = with(&["2a01:4ff:ff00::add:1", "2a01:4ff:ff00::add:2", "fd00::1"], &["185.12.64.2"]);
    let finding = only(&six, id::RESOLV);
    assert!(finding.cause.contains("no IPv6") && finding.fix.text.contains("nameserver 185.12.64.2"));
}

#[test]
fn resolvers_on_the_machine_alone_are_no_use_to_pods() {
    let own = ResolvSeen {
        path: None,
        servers: vec![[127, 0, 0, 1].into()],
        search: vec!["lan".into()],
        ..ResolvSeen::default()
    };
    let report = on(|machine| machine.resolv = Some(own));
    assert!(only(&report, id::RESOLV).cause.contains("8.8.8.8"));
    assert!(matches!(outcome(&report, id::SEARCH_DOMAIN), Outcome::Skip { .. }));
}

#[test]
fn a_resolver_with_a_link_in_its_address_is_no_use_to_pods() {
    let own = ResolvSeen { zoned: Some("fe80::1%eth0".into()), ..ResolvSeen::default() };
    let finding = only(&on(|machine| machine.resolv = Some(own)), id::RESOLV);
    assert!(finding.summary.contains("`fe80::1%eth0`") && finding.cause.contains("link-local"));
}

/// Nodes with these ranges for pods, and a machine with these resolvers.
fn resolvers(ranges: &[&str], servers: &[&str]) -> Report {
    let mut machine = machine();
    machine.resolv.as_mut().unwrap().servers = servers.iter().map(|server| server.parse().unwrap()).collect();
    whole(|evidence| {
        evidence.machine = Some(machine);
        let node = serde_json::json!({ "metadata": { "name": "pi" }, "spec": { "podCIDRs": ranges } });
        let objects = &mut evidence.cluster.as_mut().unwrap().objects.0;
        objects.insert("nodes".into(), Listing::Items(vec![node]));
    })
}

#[test]
fn resolvers_with_ipv6_alone_are_told_of_before_pods_without_ipv6_need_them() {
    let finding = only(&resolvers(&["10.42.0.0/24"], &["fd00::1"]), id::RESOLV);
    assert!(finding.summary.contains("fd00::1") && finding.cause.contains("no IPv6"), "{}", finding.cause);
    assert!(
        !finding.fix.text.contains("nameserver fd00::1") && finding.fix.nixos.is_none(),
        "{}",
        finding.fix.text
    );
    for fine in [
        resolvers(&["10.42.0.0/24", "fd42::/64"], &["fd00::1"]),
        resolvers(&["10.42.0.0/24"], &["fd00::1", "192.168.1.1"]),
    ] {
        assert!(!fails(&fine).contains(&id::RESOLV));
    }
}
