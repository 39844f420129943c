//! The machine's links: those of pods are the cluster's alone, and none should bear an address of the internet.

use std::net::IpAddr;

use crate::checks::engine::{Finding, Outcome, Severity};
use crate::checks::host::networks::PODS_LINKS;
use crate::evidence::{Cidr, DhcpcdSeen, Evidence, Linked, MachineSeen, Route, entries};
use crate::facts::address::is_private;
use crate::ingress::NOT_OURS;

/// Names as they are given to links of pods: by the CNI plugin bridge, to its bridge, and by flannel.
const OF_PODS: [&str; 3] = ["veth0a1b2c3d", "cni0", "flannel.1"];
/// What a DHCP client takes when no server answers (RFC 3927).
const LINK_LOCAL: &str = "169.254.0.0/16";
/// What keeps dhcpcd away from them.
const DENY: &str = "denyinterfaces veth* cni* flannel*";
/// The same for NixOS; homelab's module sets it.
const OPTION: &str = "networking.dhcpcd.denyInterfaces = [ \"veth*\" \"cni*\" \"flannel*\" ];";
/// What closes the ports without homelab's NixOS module, which has the same rule (modules/firewall.nix).
const CLOSE: &str = "open the ports on the LAN's interface only. On NixOS, set the option below. On other systems, drop new connections that come in on the interface with the public address, before DNAT: `sudo iptables -t mangle -I PREROUTING -i INTERFACE -p tcp -m multiport --dports 80,443 -m addrtype --dst-type LOCAL -m conntrack --ctstate NEW -j DROP` (for IPv6 the same with `ip6tables`), and save the rule as your firewall does";

/// No DHCP client takes the links of pods.
pub(super) fn dhcp(machine: &MachineSeen) -> Outcome {
    let Some(routes) = &machine.routes else {
        return Outcome::unknown("/proc/net/route could not be read");
    };
    if let Some(route) = routes.iter().find(|route| is_taken(route)) {
        return taken(machine, route).into();
    }
    match &machine.dhcpcd {
        None => Outcome::pass("dhcpcd does not run, and no network interface of a pod has its own route"),
        Some(seen) if !seen.read => Outcome::unknown(format!("`{}` could not be read", seen.file)),
        Some(seen) => match OF_PODS.iter().find(|link| takes(seen, link)) {
            None => Outcome::pass("dhcpcd ignores the network interfaces of pods"),
            Some(_) => may_take(seen).into(),
        },
    }
}

/// A route over a pod's link to nowhere, or to everywhere: no CNI plugin makes one.
fn is_taken(route: &Route) -> bool {
    let link_local = Cidr::parse(LINK_LOCAL).is_some_and(|network| network == route.network);
    let of_pod = PODS_LINKS.iter().any(|name| route.interface.starts_with(name));
    of_pod && (link_local || route.network.prefix == 0)
}

fn taken(machine: &MachineSeen, route: &Route) -> Finding {
    let to = if route.network.prefix == 0 {
        "the default route".to_owned()
    } else {
        format!("a route to `{}`", route.network)
    };
    let who = match &machine.dhcpcd {
        Some(_) => "dhcpcd has",
        None => "a DHCP client of this machine (dhcpcd, connman) has",
    };
    let file = machine.dhcpcd.as_ref().map_or("/etc/dhcpcd.conf", |seen| seen.file.as_str());
    Finding::new(
        format!("the network interface `{}` of a pod has {to}", route.interface),
        format!("{who} taken it for a network card, so packets of this machine and its pods may go to a pod instead of the LAN"),
        format!("tell it to ignore these interfaces: for dhcpcd, the line `{DENY}` in `{file}`; then restart it, and the machine if the route stays"),
    )
    .look("ip route; ip -brief address")
    .nixos(OPTION)
}

fn may_take(seen: &DhcpcdSeen) -> Finding {
    Finding::new(
        format!("dhcpcd treats the network interfaces of pods as network cards: `{}` does not deny them", seen.file),
        "it asks for an address on each new interface, and after some seconds assigns one itself, with a route. Since 10.2.4 that can become the default route, which cuts the machine off",
        format!("write the line `{DENY}` into `{}`, and restart dhcpcd: `sudo systemctl restart dhcpcd`", seen.file),
    )
    .look("journalctl -u dhcpcd -n 50 | grep veth")
    .nixos(OPTION)
    .only(Severity::Warning)
}

fn takes(seen: &DhcpcdSeen, link: &str) -> bool {
    let among =
        |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern.as_bytes(), link.as_bytes()));
    !among(&seen.denies) && (seen.allows.is_empty() || among(&seen.allows))
}

/// fnmatch(3) with `*` and `?`.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) if matches(rest, name) => true,
        (Some((b'*', _)), Some((_, name))) => matches(pattern, name),
        (Some((b'?', rest)), Some((_, name))) => matches(rest, name),
        (Some((a, rest)), Some((b, name))) => a == b && matches(rest, name),
        _ => false,
    }
}

/// No address of this machine is the internet's. A host port is translated before INPUT, so what filters there closes
/// nothing.
pub(super) fn exposed(evidence: &Evidence, machine: &MachineSeen) -> Outcome {
    // At which addresses another answers, nobody knows.
    if !evidence.controller.is_managed() {
        return Outcome::skip(NOT_OURS);
    }
    let Some(addresses) = &machine.addresses else {
        return Outcome::unknown("/proc/net/fib_trie could not be read");
    };
    // A node whose own address is public is told of by `k3s.internal-ip`.
    let told: Vec<IpAddr> = evidence.nodes.iter().flatten().flat_map(|node| node.addresses.clone()).collect();
    let answers = |address: &&IpAddr| {
        let link = machine.linked.iter().find(|linked| linked.address == **address);
        let on =
            |link: &Linked| machine.web_links.as_ref().is_none_or(|links| links.contains(&link.interface));
        link.is_none_or(on)
    };
    let public = addresses.iter().filter(|address| !is_private(address) && !told.contains(address));
    let public: Vec<&IpAddr> = public.filter(answers).collect();
    if let Some(four) = public.iter().find(|address| address.is_ipv4()) {
        return open(
            machine,
            four,
            "there is no router in between: anyone on the internet can reach every service of your home lab",
        )
        .into();
    }
    match public.first() {
        // Without addresses of their own, pods get no packets of IPv6, and the port is translated for IPv4 alone.
        Some(six) if has_ipv6(evidence) => {
            open(machine, six, "pods have IPv6, so the ports answer over IPv6, too. The router's firewall decides whether the internet reaches the address")
                .only(Severity::Info)
                .into()
        }
        _ => Outcome::pass("none on which ports 80 and 443 answer"),
    }
}

fn open(machine: &MachineSeen, address: &IpAddr, reach: &str) -> Finding {
    let link = machine.linked.iter().find(|linked| linked.address == *address);
    let on = link.map_or_else(String::new, |link| format!(" on `{}`", link.interface));
    Finding::new(
        format!("this machine has the public address {address}{on}, and ports 80 and 443 answer there"),
        format!("the firewall's INPUT rules do not apply: Kubernetes redirects a hostPort before them (DNAT). {reach}"),
        CLOSE,
    )
    .look("ip -brief address")
    .nixos("services.homelab.interface = \"LAN\"; # the name of the LAN's interface; or services.homelab.openFirewall = false;")
}

fn has_ipv6(evidence: &Evidence) -> bool {
    let nodes = evidence.objects("nodes").unwrap_or_default();
    let mut ranges = nodes.iter().flat_map(|node| entries(node, "/spec/podCIDRs"));
    ranges.any(|range| range.as_str().is_some_and(|range| range.contains(':')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_as_a_shell_does() {
        let yes =
            [("veth*", "veth0a"), ("*", "x"), ("cni?", "cni0"), ("fl*.1", "flannel.1"), ("cni0", "cni0")];
        assert!(yes.iter().all(|(pattern, name)| matches(pattern.as_bytes(), name.as_bytes())));
        let no = [("veth", "veth0"), ("eth*", "veth0"), ("cni?", "cni"), ("", "x")];
        assert!(no.iter().all(|(pattern, name)| !matches(pattern.as_bytes(), name.as_bytes())));
    }
}
