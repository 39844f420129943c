//! The networks that this machine is in, from the kernel's routing table.

use std::net::Ipv4Addr;

use crate::verify::Network;

/// The table of the kernel (proc(5), "/proc/net/route").
const ROUTES: &str = "/proc/net/route";

/// The IPv4 networks that are reached without a router; none where the kernel
/// has no such table.
#[must_use]
pub fn networks() -> Vec<Network> {
    read(&std::fs::read_to_string(ROUTES).unwrap_or_default())
}

/// Each line has the interface, the destination, the gateway, flags, and the mask as its eighth word; addresses are
/// hexadecimal in the machine's byte order.
fn read(table: &str) -> Vec<Network> {
    let mut found: Vec<Network> = Vec::new();
    for line in table.lines().skip(1) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [interface, destination, gateway, _, _, _, _, mask, ..] = words.as_slice() else { continue };
        let (Some(address), Some(gateway), Some(mask)) =
            (address(destination), address(gateway), address(mask))
        else {
            continue;
        };
        let prefix = u32::from(mask).leading_ones();
        if prefix == 0 || !gateway.is_unspecified() {
            continue;
        }
        let prefix = u8::try_from(prefix).unwrap_or(32);
        found.push(Network { interface: (*interface).to_owned(), address, prefix });
    }
    found
}

fn address(hex: &str) -> Option<Ipv4Addr> {
    u32::from_str_radix(hex, 16).ok().map(|number| Ipv4Addr::from(number.to_ne_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_endian = "little")]
    #[test]
    fn a_network_of_a_link_is_found_and_what_lies_behind_a_router_is_not() {
        let table = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
                     eth0\t00000000\t0100630A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
                     eth0\t0000630A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n\
                     eth0\t00002A0A\t0B00630A\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
        let lan = Network { interface: "eth0".into(), address: [10, 99, 0, 0].into(), prefix: 24 };
        assert_eq!(read(table), [lan]);
    }

    #[test]
    fn a_table_that_cannot_be_read_has_no_networks() {
        assert!(read("").is_empty() && read("Iface\nx y\n").is_empty());
    }
}
