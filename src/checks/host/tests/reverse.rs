//! Packets that are dropped for the link that they came in by.

use super::*;

#[test]
fn what_strict_reverse_path_filtering_drops_is_told_where_two_links_are_in_one_network() {
    let route = |interface: &str, network: &str, gateway: Option<[u8; 4]>| Route {
        interface: interface.into(),
        network: Cidr::parse(network).unwrap(),
        gateway: gateway.map(Into::into),
    };
    let with = |strict: &[&str], drops: Option<u64>, more: Vec<Route>| {
        on(|machine| {
            machine.ground.strict_links = strict.iter().map(|link| (*link).to_owned()).collect();
            machine.ground.reverse_drops = drops;
            machine.routes.as_mut().unwrap().extend(more);
        })
    };
    let second = || vec![route("wlan0", "192.168.1.0/24", None)];
    let report = with(&["wlan0"], Some(12), second());
    let finding = only(&report, id::REVERSE_PATH);
    assert!(
        finding.summary.contains("12 packets") && finding.summary.contains("both in `192.168.1.0/24`"),
        "{finding:?}"
    );
    assert!(finding.fix.nixos.is_some() && report.exit_code() == 0);
    let ways = with(&["eth0"], Some(3), vec![route("tun0", "0.0.0.0/0", Some([10, 8, 0, 1]))]);
    assert!(only(&ways, id::REVERSE_PATH).summary.contains("each have a default route"));
    for fine in [
        with(&["wlan0"], Some(0), second()),
        with(&[], Some(12), second()),
        with(&["eth0"], Some(12), vec![]),
        with(&["eth0"], Some(12), vec![route("veth1", "192.168.1.0/24", None)]),
        with(&["wlan0"], None, second()),
    ] {
        assert_eq!(fails(&fine), []);
    }
}
