//! The `resolv.conf` that k3s hands to the kubelet, and so to every pod.
//!
//! k3s takes the file of `--resolv-conf`, else the first of `/etc/resolv.conf` and systemd-resolved's own whose servers
//! all are unicast addresses of other machines, else it writes one with 8.8.8.8 and 2001:4860:4860::8888 (k3s,
//! pkg/agent/config/config.go, `isValidResolvConf` and `locateOrGenerateResolvConf`, v1.34).

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use crate::evidence::ResolvSeen;
use crate::machine::k3s_config::{PATH, laid_over};
use crate::machine::text;
use crate::net::dns::parse_resolv_conf;

/// The files that k3s tries, in this order.
const TRIED: [&str; 2] = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];
/// Where k3s is told how to run, what counts most first: the units, whose command line NixOS writes with all flags, then their
/// variables, then k3s' own files (k3s, install.sh: `EnvironmentFile=`; k3s documentation, "Configuration File").
const TOLD: [&str; 6] = [
    "/etc/systemd/system/k3s.service",
    "/etc/systemd/system/k3s-agent.service",
    "/etc/systemd/system/k3s.service.env",
    "/etc/systemd/system/k3s-agent.service.env",
    "/etc/default/k3s",
    "/etc/default/k3s-agent",
];
/// Of link-local addresses, k3s takes this one: clouds have their resolver there (k3s, August 2025).
const OF_CLOUDS: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);

/// What pods inherit; `None` where there is no `resolv.conf` at all.
pub(super) fn of_pods() -> Option<ResolvSeen> {
    let told = settings().find_map(|settings| told(&settings));
    let is_told = told.is_some();
    let chosen = told.or_else(|| {
        let usable = |path: &&str| text(path).is_some_and(|text| is_usable(&text));
        TRIED.into_iter().find(usable).map(str::to_owned)
    });
    let read = text(chosen.as_deref().unwrap_or(TRIED[0]))?;
    let conf = parse_resolv_conf(&read);
    let zoned = zoned(&read);
    let (servers, unused, search) = (conf.servers, conf.unused, conf.search);
    Some(ResolvSeen { path: chosen, told: is_told, servers, unused, zoned, search })
}

/// The texts in which k3s may be told, what counts most first.
fn settings() -> impl Iterator<Item = String> {
    // Of the files that are laid over the first, the last counts most.
    let added = laid_over(Path::new(PATH)).into_iter().rev();
    TOLD.iter().filter_map(text).chain(added.filter_map(text)).chain(text(PATH))
}

/// The first server that is named with its link (RFC 4007 section 11).
fn zoned(text: &str) -> Option<String> {
    let servers = text.lines().filter_map(|line| line.strip_prefix("nameserver")?.split_whitespace().next());
    servers.filter(|server| server.contains('%')).map(str::to_owned).next()
}

/// The file of `--resolv-conf`, of `resolv-conf:` or of the kubelet's argument, in settings of k3s.
fn told(settings: &str) -> Option<String> {
    let lines = settings.lines().filter(|line| !line.trim_start().starts_with('#'));
    let (_, rest) =
        lines.filter_map(|line| line.split_once("resolv-conf").or(line.split_once("RESOLV_CONF"))).next()?;
    let path = rest.trim_start_matches([' ', '=', ':', '"', '\'']);
    let end = path.find(|c: char| c.is_whitespace() || "\"'\\,]".contains(c)).unwrap_or(path.len());
    path.get(..end).filter(|path| path.starts_with('/')).map(str::to_owned)
}

/// As k3s reads it: lines that begin with the word, and of the rest the first word alone.
fn is_usable(text: &str) -> bool {
    let of_line = |line: &'_ str| -> Option<Option<IpAddr>> {
        let rest = line.strip_prefix("nameserver")?;
        rest.starts_with([' ', '\t']).then(|| rest.split_whitespace().next()?.parse().ok())
    };
    let mut servers = text.lines().filter_map(of_line).peekable();
    let unicast = |address: IpAddr| {
        let link_local = match address {
            IpAddr::V4(address) => {
                (address.is_link_local() && address != OF_CLOUDS) || address.is_broadcast()
            }
            IpAddr::V6(address) => address.is_unicast_link_local(),
        };
        !link_local && !address.is_loopback() && !address.is_multicast() && !address.is_unspecified()
    };
    servers.peek().is_some() && servers.all(|server| server.is_some_and(unicast))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_on_the_machine_itself_makes_a_file_unusable_for_pods() {
        assert!(is_usable("search lan\nnameserver 192.168.1.1\nnameserver 1.1.1.1\n"));
        assert!(!is_usable("nameserver 127.0.0.53\n"));
        assert!(!is_usable("nameserver 192.168.1.1\nnameserver ::1\n"));
        assert!(!is_usable("# nothing\n"));
        assert!(is_usable("nameserver 192.168.1.1 # the router\n"), "only the first word counts");
        assert!(is_usable("nameserver 169.254.169.254\n") && !is_usable("nameserver 169.254.1.1\n"));
        assert!(!is_usable("nameserver fe80::1%eth0\n"), "Go reads no zone");
    }

    #[test]
    fn a_server_with_its_link_is_found() {
        assert_eq!(zoned("nameserver fd00::1\nnameserver fe80::1%eth0\n").as_deref(), Some("fe80::1%eth0"));
        assert_eq!(zoned("nameserver fd00::1\n"), None);
    }

    #[test]
    fn the_file_that_k3s_was_told_is_found_in_every_spelling() {
        for settings in [
            "ExecStart=/nix/store/x/bin/k3s server \\\n --resolv-conf=/etc/k3s.conf \\\n --disable=traefik",
            "ExecStart=k3s server --kubelet-arg=\"resolv-conf=/etc/k3s.conf\"",
            "resolv-conf: /etc/k3s.conf\n",
            "kubelet-arg:\n  - \"resolv-conf=/etc/k3s.conf\"\n",
            "K3S_RESOLV_CONF=/etc/k3s.conf\n",
        ] {
            assert_eq!(told(settings).as_deref(), Some("/etc/k3s.conf"), "{settings}");
        }
        assert_eq!(told("# resolv-conf: /etc/k3s.conf\nnode-ip: 10.0.0.1"), None);
    }
}
