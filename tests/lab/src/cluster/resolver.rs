//! Which file of resolvers a kubelet hands to its pods, chosen as k3s chooses it at each start (k3s,
//! pkg/agent/config/config.go: `locateOrGenerateResolvConf`).

use std::net::IpAddr;

use crate::error::Result;
use crate::vantage::Vantage;

const OF_THE_MACHINE: [&str; 2] = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];
/// Where k3s writes its own when neither is of use to pods.
const OWN: &str = "/var/lib/rancher/k3s/agent/etc/resolv.conf";
const PUBLIC: &str = "nameserver 8.8.8.8\nnameserver 2001:4860:4860::8888\n";
/// The resolver of some clouds is the one link-local address that k3s lets through.
const OF_CLOUDS: [u8; 4] = [169, 254, 169, 254];

/// The file on this node now.
pub(super) fn choose(at: &Vantage) -> Result<&'static str> {
    for file in OF_THE_MACHINE {
        let seen = at.output("cat", &[file])?;
        if seen.status.success() && is_for_pods(&seen.stdout) {
            return Ok(file);
        }
    }
    let write = r#"mkdir -p "${1%/*}" && printf %s "$2" >"$1""#;
    at.run("sh", &["-c", write, "sh", OWN, PUBLIC]).map(|_| OWN)
}

/// Whether it names a server, and none that only the machine itself reaches.
fn is_for_pods(text: &str) -> bool {
    let lines = text.lines().filter_map(|line| line.strip_prefix("nameserver"));
    let mut servers = lines
        .filter(|rest| rest.starts_with([' ', '\t']))
        .map(|rest| rest.split_whitespace().next())
        .peekable();
    let is_good = |word: Option<&str>| {
        word.and_then(|word| word.parse().ok())
            .is_some_and(|address: IpAddr| is_beyond(address.to_canonical()))
    };
    servers.peek().is_some() && servers.all(is_good)
}

/// What Go calls a global unicast address (`net.IP.IsGlobalUnicast`: private ones are), and the one exception.
fn is_beyond(address: IpAddr) -> bool {
    let link_local = match address {
        IpAddr::V4(v4) => (v4.is_link_local() && v4.octets() != OF_CLOUDS) || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    !(link_local || address.is_loopback() || address.is_multicast() || address.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resolver_that_pods_cannot_reach_spoils_the_whole_file() {
        for good in ["nameserver 10.99.0.1\n", "search lan\nnameserver 169.254.169.254 # cloud\n"] {
            assert!(is_for_pods(good), "{good}");
        }
        for bad in [
            "",
            "search lan\n",
            "nameserver 127.0.0.53\n",
            "nameserver 10.99.0.1\nnameserver ::1\n",
            "nameserver fe80::1%eth0\n",
            "nameserver router.lan\n",
            "nameserver 169.254.1.1\n",
            " nameserver 10.99.0.1\n",
        ] {
            assert!(!is_for_pods(bad), "{bad}");
        }
    }
}
