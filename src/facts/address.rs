//! What an address is by its looks alone.

use std::net::{IpAddr, Ipv4Addr};

/// Whether nobody out on the internet can reach it: RFC 1918, RFC 6598 (carrier-grade NAT, as overlay networks use it too),
/// RFC 4193, link-local and loopback.
#[must_use]
pub fn is_private(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => {
            four.is_private() || four.is_link_local() || four.is_loopback() || is_shared(*four)
        }
        IpAddr::V6(six) => six.is_unique_local() || six.is_unicast_link_local() || six.is_loopback(),
    }
}

/// Whether the internet may reach it: of IPv6, one of 2000::/3, all that is given out (IANA).
#[must_use]
pub fn is_public(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => !is_private(address),
        IpAddr::V6(six) => (six.segments()[0] & 0xe000) == 0x2000,
    }
}

/// Whether it is of 100.64.0.0/10, which carrier-grade NAT takes, and VPNs such as Tailscale (RFC 6598).
#[must_use]
pub fn is_shared(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    a == 100 && (64..128).contains(&b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_internet_cannot_reach_is_private() {
        for private in [
            "192.168.1.2",
            "10.0.0.1",
            "172.31.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "169.254.1.1",
            "127.0.0.1",
            "fd00::1",
            "fe80::1",
            "::1",
        ] {
            assert!(is_private(&private.parse().unwrap()), "{private}");
        }
        for public in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "100.63.0.1", "2606:4700::1111"] {
            assert!(!is_private(&public.parse().unwrap()), "{public}");
        }
    }
}
