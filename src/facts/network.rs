//! Blocks of addresses, and those of a house.

use std::fmt;
use std::net::IpAddr;

/// A block of addresses of either family (RFC 4632; RFC 4291, section 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Network {
    /// Its first address.
    address: IpAddr,
    /// How many leading bits its addresses share.
    prefix: u8,
}

/// From where people of the house come: RFC 1918, RFC 4193 (pods are of these, too), and RFC 6598, whose addresses VPNs such as
/// Tailscale give.
pub const OF_HOUSES: [&str; 5] =
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"];

/// The same machine (RFC 1122, section 3.2.1.3; RFC 4291, section 2.5.3).
pub const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1/128"];

impl Network {
    /// Reads `192.168.7.0/24`, or one address.
    ///
    /// # Errors
    /// Says what is wrong with it: no network, one whose address has bits behind its prefix, or everybody.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a network such as `192.168.7.0/24` or `2001:db8:7::/56`");
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(longest), |prefix| prefix.parse().map_err(|_| wrong()))?;
        match prefix {
            0 => return Err(format!("`{text}` is every address there is")),
            1.. if prefix > longest => return Err(wrong()),
            _ => {}
        }
        let network = Self { address: first(address, prefix), prefix };
        if network.address != address {
            return Err(format!("`{text}` has bits behind its prefix; the network is `{network}`"));
        }
        Ok(network)
    }

    /// Its first address.
    #[must_use]
    pub fn first(&self) -> IpAddr {
        self.address
    }

    /// Whether the whole of the other one lies in it.
    #[must_use]
    pub fn has(&self, other: &Self) -> bool {
        self.prefix <= other.prefix && self.holds(&other.address)
    }

    /// Whether the address lies in it. One of IPv4 that is written as IPv6 counts as IPv4 (RFC 4291, section 2.5.5.2).
    #[must_use]
    pub fn holds(&self, address: &IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && first(address, self.prefix) == self.address
    }
}

/// The first address of the block with that prefix in which the address lies.
fn first(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(four) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
            IpAddr::V4((four.to_bits() & mask).into())
        }
        IpAddr::V6(six) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0);
            IpAddr::V6((six.to_bits() & mask).into())
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(network: &str, address: &str) -> bool {
        Network::parse(network).unwrap().holds(&address.parse().unwrap())
    }

    #[test]
    fn a_network_holds_its_own_addresses_and_no_others() {
        assert!(holds("192.168.7.0/24", "192.168.7.255") && !holds("192.168.7.0/24", "192.168.8.0"));
        assert!(
            holds("2001:db8:7::/56", "2001:db8:7:ff::1") && !holds("2001:db8:7::/56", "2001:db8:7:100::")
        );
        assert!(holds("10.0.0.1", "10.0.0.1") && !holds("10.0.0.1", "10.0.0.2"));
        assert!(holds("10.0.0.0/8", "::ffff:10.1.2.3"), "IPv4 written as IPv6");
        assert!(!holds("fc00::/7", "10.0.0.1") && !holds("128.0.0.0/1", "1.0.0.1"));
    }

    #[test]
    fn what_is_no_network_is_refused_with_the_reason() {
        let why = |text: &str| Network::parse(text).unwrap_err();
        for text in ["", "lan", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "::/129", "10.0.0.0/8/8"] {
            assert!(why(text).contains("is not a network"), "{text}");
        }
        assert!(why("0.0.0.0/0").contains("every address") && why("::/0").contains("every address"));
        assert!(why("192.168.7.9/24").contains("the network is `192.168.7.0/24`"));
    }

    #[test]
    fn a_house_is_no_part_of_the_internet() {
        let house = OF_HOUSES.map(|text| Network::parse(text).unwrap());
        let is_in = |address: &str| house.iter().any(|network| network.holds(&address.parse().unwrap()));
        assert!(["192.168.1.2", "10.42.0.7", "172.31.0.1", "100.64.0.1", "fd00::1"].into_iter().all(is_in));
        assert!(!["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111"].into_iter().any(is_in));
    }
}
