//! Packets that the kernel drops since their answer would leave by another link than they came in by.

use crate::checks::engine::{Finding, Outcome, Severity};
use crate::checks::host::networks::PODS_LINKS;
use crate::evidence::{MachineSeen, Route};

pub(super) fn path(machine: &MachineSeen) -> Outcome {
    let Some(routes) = &machine.routes else {
        return Outcome::unknown("/proc/net/route could not be read");
    };
    let ground = &machine.ground;
    let Some(drops) = ground.reverse_drops else {
        return Outcome::skip("the kernel does not count such packets");
    };
    if ground.strict_links.is_empty() {
        return Outcome::pass("no network interface filters strictly");
    }
    if drops == 0 {
        return Outcome::pass("no packet was dropped");
    }
    // A few are dropped on many machines, such as forged ones: it counts where the house itself makes them.
    let is_strict = |route: &Route| ground.strict_links.contains(&route.interface);
    match torn(routes).filter(|(one, other)| is_strict(one) || is_strict(other)) {
        Some((one, other)) => dropped(drops, one, other).into(),
        None => Outcome::pass(format!("{drops} packets were dropped, and each network has one interface")),
    }
}

/// Two links of the machine by which the same addresses are reached: both in one network, or each with a default route.
fn torn(routes: &[Route]) -> Option<(&Route, &Route)> {
    let own = |route: &&Route| !PODS_LINKS.iter().any(|name| route.interface.starts_with(name));
    let direct = |route: &&Route| route.gateway.is_none() || route.network.prefix == 0;
    let all: Vec<&Route> = routes.iter().filter(own).filter(direct).collect();
    all.iter().enumerate().find_map(|(at, one)| {
        let same = |other: &&&Route| other.network == one.network && other.interface != one.interface;
        all.iter().skip(at + 1).find(same).map(|other| (*one, *other))
    })
}

fn dropped(drops: u64, one: &Route, other: &Route) -> Finding {
    let (first, second) = (&one.interface, &other.interface);
    let both = match one.network.prefix {
        0 => format!("`{first}` and `{second}` each have a default route"),
        _ => format!("`{first}` and `{second}` are both in `{}`", one.network),
    };
    Finding::new(
        format!("the kernel dropped {drops} packets because of reverse path filtering (rp_filter): {both}"),
        "a packet comes in through one interface, its answer would leave through the other, and strict reverse path filtering (`rp_filter` 1) treats it as spoofed: the node answers only sometimes, or only at one of its addresses",
        "use one interface for that network: unplug or disable the other one, or put it into another network. If both are needed, make the filter loose: `sudo sysctl -w net.ipv4.conf.all.rp_filter=2`, and the line `net.ipv4.conf.all.rp_filter = 2` in `/etc/sysctl.d/90-rp-filter.conf`",
    )
    .look("ip route; sysctl -a 2>/dev/null | grep '\\.rp_filter'; grep -A1 IPReversePathFilter /proc/net/netstat")
    .nixos("boot.kernel.sysctl.\"net.ipv4.conf.all.rp_filter\" = 2; networking.firewall.checkReversePath = \"loose\";")
    .only(Severity::Warning)
}
