//! The `resolv.conf` that k3s hands to the kubelet, and so to every pod.
//!
//! k3s takes the file of `--resolv-conf`, else the first of `/etc/resolv.conf` and systemd-resolved's own whose servers
//! all are unicast addresses of other machines, else it writes one with 8.8.8.8 (k3s, pkg/agent/config/config.go).

use std::net::IpAddr;

use crate::evidence::ResolvSeen;
use crate::machine::text;
use crate::net::dns::parse_resolv_conf;

/// The files that k3s tries, in this order.
const TRIED: [&str; 2] = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];
/// Where k3s is told how to run: its own file, and the unit, which NixOS writes with all flags.
const TOLD: [&str; 3] = [
    "/etc/rancher/k3s/config.yaml",
    "/etc/systemd/system/k3s.service",
    "/etc/systemd/system/k3s.service.env",
];

/// What pods inherit; `None` where there is no `resolv.conf` at all.
pub(super) fn of_pods() -> Option<ResolvSeen> {
    let told = TOLD.iter().filter_map(text).find_map(|settings| told(&settings));
    let chosen = told.or_else(|| {
        let usable = |path: &&str| text(path).is_some_and(|text| is_usable(&text));
        TRIED.into_iter().find(usable).map(str::to_owned)
    });
    let read = text(chosen.as_deref().unwrap_or(TRIED[0]))?;
    let conf = parse_resolv_conf(&read);
    Some(ResolvSeen { path: chosen, servers: conf.servers, search: conf.search })
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

fn is_usable(text: &str) -> bool {
    let mut servers =
        text.lines().filter_map(|line| line.strip_prefix("nameserver")).map(str::trim).peekable();
    let unicast = |address: IpAddr| {
        let link_local = match address {
            IpAddr::V4(address) => address.is_link_local() || address.is_broadcast(),
            IpAddr::V6(address) => address.is_unicast_link_local(),
        };
        !link_local && !address.is_loopback() && !address.is_multicast() && !address.is_unspecified()
    };
    servers.peek().is_some() && servers.all(|server| server.parse().is_ok_and(unicast))
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
