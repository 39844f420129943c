//! Who listens on a port of this machine.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::evidence::Listener;
use crate::machine::text;

/// The state of a socket that listens (include/net/tcp_states.h, `TCP_LISTEN`).
const LISTENS: &str = "0A";

/// The sockets that listen on one of the ports, but for those on loopback alone.
pub(super) fn on(ports: &[u16]) -> Option<Vec<Listener>> {
    let mut found = all_on(ports)?;
    found.retain(|listener| !listener.address.ip().is_loopback());
    Some(found)
}

/// The sockets that listen on each of the ports, those on loopback, too; nothing where the kernel does not tell.
#[must_use]
pub fn by_port(ports: &[u16]) -> BTreeMap<u16, Vec<Listener>> {
    let Some(found) = all_on(ports).filter(|_| !ports.is_empty()) else { return BTreeMap::new() };
    let of = |port: u16| found.iter().filter(|one| one.address.port() == port).cloned().collect();
    ports.iter().map(|port| (*port, of(*port))).collect()
}

fn all_on(ports: &[u16]) -> Option<Vec<Listener>> {
    let mut sockets = sockets(&text("/proc/net/tcp")?);
    sockets.extend(sockets6(&text("/proc/net/tcp6").unwrap_or_default()));
    sockets.retain(|(address, _)| ports.contains(&address.port()));
    if sockets.is_empty() {
        return Some(Vec::new());
    }
    let owners = owners(&sockets.iter().map(|(_, inode)| inode.clone()).collect::<Vec<_>>());
    let listener = |(address, inode): (SocketAddr, String)| {
        let owner = owners.get(&inode);
        Listener {
            address,
            process: owner.map(|(name, _)| name.clone()),
            in_pod: owner.is_some_and(|(_, in_pod)| *in_pod),
        }
    };
    Some(sockets.into_iter().map(listener).collect())
}

/// Address and inode of each listening socket (proc_net_tcp in the kernel's documentation).
fn listening<'t>(table: &'t str) -> impl Iterator<Item = (&'t str, u16, String)> + 't {
    table.lines().skip(1).filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (address, port) = words.get(1)?.split_once(':')?;
        (words.get(3) == Some(&LISTENS)).then_some(())?;
        Some((address, u16::from_str_radix(port, 16).ok()?, (*words.get(9)?).to_owned()))
    })
}

fn sockets(table: &str) -> Vec<(SocketAddr, String)> {
    let found = listening(table).filter_map(|(digits, port, inode)| {
        let address = Ipv4Addr::from(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes());
        Some((SocketAddr::new(address.into(), port), inode))
    });
    found.collect()
}

/// Four words, each in the machine's own byte order.
fn sockets6(table: &str) -> Vec<(SocketAddr, String)> {
    let found = listening(table).filter_map(|(digits, port, inode)| {
        let mut bytes = [0; 16];
        for (at, word) in bytes.chunks_exact_mut(4).enumerate() {
            let digits = digits.get(at * 8..at * 8 + 8)?;
            word.copy_from_slice(&u32::from_str_radix(digits, 16).ok()?.to_ne_bytes());
        }
        let address = Ipv6Addr::from(bytes);
        let address = address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4);
        Some((SocketAddr::new(address, port), inode))
    });
    found.collect()
}

/// The processes that hold these sockets, by inode: the name, and whether the process is in a pod. Those of other users
/// are seen by root alone.
fn owners(inodes: &[String]) -> BTreeMap<String, (String, bool)> {
    let mut owners = BTreeMap::new();
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    for process in
        processes.filter(|p| p.file_name().to_string_lossy().starts_with(|c: char| c.is_ascii_digit()))
    {
        let files = std::fs::read_dir(process.path().join("fd")).into_iter().flatten().flatten();
        for target in files.filter_map(|file| std::fs::read_link(file.path()).ok()) {
            let target = target.to_string_lossy().into_owned();
            let inode = target.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']'));
            let Some(inode) = inode.filter(|inode| inodes.iter().any(|wanted| wanted == inode)) else {
                continue;
            };
            let name = text(process.path().join("comm")).unwrap_or_default().trim().to_owned();
            let groups = text(process.path().join("cgroup")).unwrap_or_default();
            owners.entry(inode.to_owned()).or_insert((name, groups.contains("kubepods")));
        }
    }
    owners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn only_sockets_that_listen_are_taken() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            \x20  0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 698290 1 0\n\
            \x20  1: 0A01A8C0:0050 0201A8C0:D431 01 00000000:00000000 00:00000000 00000000     0        0 698291 1 0\n";
        assert_eq!(sockets(table), [("0.0.0.0:80".parse().unwrap(), "698290".to_owned())]);
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn an_address_of_version_4_inside_one_of_version_6_is_taken_out() {
        let table = "head\n 0: 0000000000000000FFFF00000A01A8C0:01BB 0:0 0A 0:0 0:0 0 0 0 7 1\n\
                     1: 00000000000000000000000000000000:01BB 0:0 0A 0:0 0:0 0 0 0 8 1\n";
        let found: Vec<String> = sockets6(table).iter().map(|(address, _)| address.to_string()).collect();
        assert_eq!(found, ["192.168.1.10:443", "[::]:443"]);
    }

    #[test]
    fn the_owner_of_a_socket_of_our_own_is_found() {
        let listener = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let found = on(&[port]).unwrap();
        assert!(found[0].process.is_some() && !found[0].in_pod, "{found:?}");
    }

    #[test]
    fn a_program_on_loopback_alone_is_seen_where_each_port_is_asked_for() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert_eq!(on(&[port]).unwrap(), []);
        let found = by_port(&[port, 1]);
        assert_eq!(found[&port][0].address, listener.local_addr().unwrap());
        assert_eq!(found[&1], []);
        assert!(by_port(&[]).is_empty());
    }
}
