//! Addresses and routes, as the kernel tells them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

use crate::evidence::{Cidr, Linked, Network, Route};
use crate::machine::text;

/// Set in a route that refuses (linux/route.h, `RTF_REJECT`).
const REJECT: u32 = 0x0200;

/// Every address of the machine but loopback and link-local ones.
pub(super) fn addresses() -> Option<Vec<IpAddr>> {
    let mut found: Vec<IpAddr> = local_v4(&text("/proc/net/fib_trie")?).into_iter().map(Into::into).collect();
    found.extend(local_v6(&text("/proc/net/if_inet6").unwrap_or_default()).into_iter().map(IpAddr::from));
    Some(found)
}

/// The same addresses with the link that each is on; those of IPv4 as far as the routes tell it.
pub(super) fn linked() -> Vec<Linked> {
    let routes = routes().unwrap_or_default();
    let fours = local_v4(&text("/proc/net/fib_trie").unwrap_or_default());
    let mut found: Vec<Linked> = fours.into_iter().filter_map(|four| on_route(four, &routes)).collect();
    found.extend(named_v6(&text("/proc/net/if_inet6").unwrap_or_default()));
    found
}

/// A network without a next hop lies on its link.
fn on_route(address: Ipv4Addr, routes: &[Route]) -> Option<Linked> {
    let direct = routes.iter().filter(|route| route.gateway.is_none() && route.network.holds(address));
    let route = direct.max_by_key(|route| route.network.prefix)?;
    Some(Linked { interface: route.interface.clone(), address: address.into() })
}

fn named_v6(table: &str) -> impl Iterator<Item = Linked> {
    table.lines().filter_map(|line| {
        let address = local_v6(line).first().copied()?;
        Some(Linked { interface: line.split_whitespace().last()?.to_owned(), address: address.into() })
    })
}

/// In the trie, an address of the machine is a leaf with the line `/32 host LOCAL`.
fn local_v4(trie: &str) -> Vec<Ipv4Addr> {
    let mut found: Vec<Ipv4Addr> = Vec::new();
    let mut leaf: Option<Ipv4Addr> = None;
    for line in trie.lines().map(str::trim) {
        if let Some(address) = line.strip_prefix("|-- ") {
            leaf = address.parse().ok();
        } else if line == "/32 host LOCAL" {
            found.extend(leaf.filter(|address| !address.is_loopback() && !found.contains(address)));
        }
    }
    found
}

fn local_v6(table: &str) -> Vec<Ipv6Addr> {
    let addresses = table.lines().filter_map(|line| {
        let digits = line.split_whitespace().next()?;
        u128::from_str_radix(digits, 16).ok().map(Ipv6Addr::from_bits)
    });
    addresses.filter(|address| !address.is_loopback() && !address.is_unicast_link_local()).collect()
}

/// The IPv4 networks that are reached without a router; none where the kernel has no table of routes.
#[must_use]
pub fn networks() -> Vec<Network> {
    on_the_link(routes().unwrap_or_default())
}

fn on_the_link(routes: Vec<Route>) -> Vec<Network> {
    let direct = routes.into_iter().filter(|route| route.gateway.is_none() && route.network.prefix > 0);
    let network = |route: Route| {
        let Cidr { address, prefix } = route.network;
        Network { interface: route.interface, address, prefix }
    };
    direct.map(network).collect()
}

/// The IPv4 routes of the main table.
pub(super) fn routes() -> Option<Vec<Route>> {
    Some(text("/proc/net/route")?.lines().skip(1).filter_map(route).collect())
}

/// Interface, destination, gateway, flags, three counters, mask; the numbers in the machine's own byte order.
fn route(line: &str) -> Option<Route> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let number = |at: usize| u32::from_str_radix(words.get(at)?, 16).ok();
    let address = |at: usize| Some(Ipv4Addr::from(number(at)?.to_ne_bytes()));
    if number(3)? & REJECT != 0 {
        return None;
    }
    Some(Route {
        interface: (*words.first()?).to_owned(),
        network: Cidr { address: address(1)?, prefix: address(7)?.to_bits().leading_ones().try_into().ok()? },
        gateway: address(2).filter(|gateway| !gateway.is_unspecified()),
    })
}

/// The kernel chooses an address when a datagram socket is given a peer; nothing is sent by that.
pub(super) fn outward() -> Option<IpAddr> {
    let gateway = routes()?.into_iter().find(|route| route.network.prefix == 0)?.gateway?;
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((gateway, 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_own_addresses_are_the_local_leaves_of_the_trie() {
        let trie = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n\
                    Local:\n     |-- 192.168.1.2\n        /32 host LOCAL\n     |-- 192.168.1.255\n        /32 link BROADCAST\n\
                    \x20    |-- 127.0.0.1\n        /32 host LOCAL\n";
        assert_eq!(local_v4(trie), [Ipv4Addr::new(192, 168, 1, 2)]);
    }

    #[test]
    fn loopback_and_link_local_addresses_do_not_count() {
        let table = "00000000000000000000000000000001 01 80 10 80       lo\n\
                     fe800000000000000000000000000001 02 40 20 80     eth0\n\
                     fd000000000000000000000000000005 02 40 00 80     eth0\n";
        assert_eq!(local_v6(table), ["fd00::5".parse::<Ipv6Addr>().unwrap()]);
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn a_route_is_read_in_the_byte_order_of_the_machine() {
        let seen = route("eth0\t004D2B0A\t0100630A\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0").unwrap();
        assert_eq!(seen.network, Cidr::parse("10.43.77.0/24").unwrap());
        assert_eq!(seen.gateway, Some(Ipv4Addr::new(10, 99, 0, 1)));
        assert!(route("*\t004D2B0A\t00000000\t0200\t0\t0\t0\t00FFFFFF\t0\t0\t0").is_none());
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn a_network_of_a_link_is_found_and_what_lies_behind_a_router_is_not() {
        let table = "eth0\t00000000\t0100630A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
                     eth0\t0000630A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n\
                     eth0\t00002A0A\t0B00630A\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
        let lan = Network { interface: "eth0".into(), address: [10, 99, 0, 0].into(), prefix: 24 };
        assert_eq!(on_the_link(table.lines().filter_map(route).collect()), [lan]);
    }

    #[test]
    fn an_address_is_told_with_its_link() {
        let lan =
            Route { interface: "eth0".into(), network: Cidr::parse("10.99.0.0/24").unwrap(), gateway: None };
        let on = on_route(Ipv4Addr::new(10, 99, 0, 10), &[lan]).unwrap();
        assert_eq!((on.interface.as_str(), on.address), ("eth0", IpAddr::from([10, 99, 0, 10])));
        let table = "fd000000000000000000000000000005 02 40 00 80     eth0\nfe800000000000000000000000000001 02 40 20 80     eth0\n";
        let found: Vec<Linked> = named_v6(table).collect();
        assert_eq!(found, [Linked { interface: "eth0".into(), address: "fd00::5".parse().unwrap() }]);
    }

    #[test]
    fn a_network_holds_its_addresses_and_covers_its_parts() {
        let pods = Cidr::parse("10.42.0.0/16").unwrap();
        assert!(pods.holds(Ipv4Addr::new(10, 42, 7, 1)) && !pods.holds(Ipv4Addr::new(10, 43, 0, 1)));
        assert!(pods.covers(&Cidr::parse("10.42.1.0/24").unwrap()));
        assert!(!pods.covers(&Cidr::parse("10.0.0.0/8").unwrap()));
        assert!(Cidr::parse("0.0.0.0/0").unwrap().covers(&pods));
    }
}
