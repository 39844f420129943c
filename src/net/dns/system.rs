//! What programs on this machine get: `getaddrinfo`, and the resolvers behind it.

use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::path::Path;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::evidence::dns::AskError;

/// The parts of resolv.conf(5) that checks read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResolvConf {
    /// Of the `nameserver` lines, in their order; at most three.
    pub servers: Vec<IpAddr>,
    /// Those after the third, which nobody asks.
    pub unused: Vec<IpAddr>,
    /// The endings tried for short names, of the last `search` or `domain` line.
    pub search: Vec<String>,
}

/// As many servers as the C library takes (resolv.conf(5): MAXNS), and the kubelet (Kubernetes, pkg/apis/core/validation:
/// `MaxDNSNameservers`).
const MOST_SERVERS: usize = 3;

/// Reads the text of a `resolv.conf`; what cannot be read is passed over, as the C library does. At most three servers.
#[must_use]
pub fn parse_resolv_conf(text: &str) -> ResolvConf {
    let mut conf = ResolvConf::default();
    for line in text.lines() {
        let mut words = line.split(['#', ';']).next().unwrap_or_default().split_whitespace();
        match words.next() {
            Some("nameserver") => {
                let server = words.next().and_then(|word| word.parse::<IpAddr>().ok());
                let counts = conf.servers.len() < MOST_SERVERS;
                if counts { &mut conf.servers } else { &mut conf.unused }.extend(server);
            }
            // The last one wins.
            Some("search" | "domain") => conf.search = words.map(str::to_owned).collect(),
            _ => {}
        }
    }
    conf
}

/// This machine's resolvers.
pub async fn system_resolvers(path: &Path) -> io::Result<ResolvConf> {
    Ok(parse_resolv_conf(&tokio::fs::read_to_string(path).await?))
}

/// Looks a name up as any program does. An empty list: the system says that there is no address.
///
/// On a thread of its own that nobody waits for: `getaddrinfo` cannot be stopped, and a runtime's blocking pool would
/// keep the process alive until the last one gives up.
pub async fn look_up(host: &str, within: Duration) -> Result<Vec<IpAddr>, AskError> {
    let (sender, receiver) = oneshot::channel();
    let host = host.to_owned();
    std::thread::Builder::new()
        .name("getaddrinfo".into())
        .spawn(move || {
            // The receiver is gone when the time was up.
            let _ = sender.send((host.as_str(), 0).to_socket_addrs().map(Iterator::collect::<Vec<_>>));
        })
        .map_err(|error| AskError::Other(error.to_string()))?;
    match timeout(within, receiver).await {
        Err(_) => Err(AskError::Timeout),
        Ok(Err(_)) => Err(AskError::Other("the lookup ended without an answer".into())),
        Ok(Ok(Ok(found))) => {
            let mut addresses: Vec<IpAddr> = found.into_iter().map(|address| address.ip()).collect();
            addresses.sort_unstable();
            addresses.dedup();
            Ok(addresses)
        }
        Ok(Ok(Err(error))) => none_or_failure(&error.to_string()),
    }
}

/// The standard library gives `getaddrinfo`'s result only as the C library's text (gai_strerror(3)): glibc's and musl's
/// for EAI_NONAME and EAI_NODATA mean "no such address", all else means "could not find out".
fn none_or_failure(text: &str) -> Result<Vec<IpAddr>, AskError> {
    let none = [
        "Name or service not known",
        "No address associated with hostname",
        "Name does not resolve",
        "Name has no usable address",
        "nodename nor servname provided",
    ];
    if none.iter().any(|known| text.contains(known)) {
        return Ok(Vec::new());
    }
    Err(AskError::Other(text.trim_start_matches("failed to lookup address information: ").to_owned()))
}

/// The lines of `/etc/hosts` that have the name, for it comes before DNS (nsswitch.conf(5)).
pub async fn hosts_lines(file: &Path, name: &str) -> Vec<String> {
    let text = tokio::fs::read_to_string(file).await.unwrap_or_default();
    let has = |line: &&str| {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace().skip(1);
        words.any(|word| word.eq_ignore_ascii_case(name))
    };
    text.lines().filter(has).map(|line| line.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolvers_and_search_domains_are_read() {
        let text = "# made by hand\nsearch old\nnameserver 192.168.1.1\nnameserver fe80::1%eth0\n\
                    nameserver fd00::1 ; home\nsearch home.example.com lan\noptions edns0\n";
        let conf = parse_resolv_conf(text);
        assert_eq!(conf.servers, ["192.168.1.1", "fd00::1"].map(|a| a.parse::<IpAddr>().unwrap()));
        assert_eq!(conf.search, ["home.example.com", "lan"]);
    }

    #[test]
    fn an_empty_file_has_no_resolvers() {
        assert_eq!(parse_resolv_conf(""), ResolvConf::default());
    }

    #[test]
    fn no_such_name_is_an_answer_and_a_broken_resolver_is_none() {
        let text = "failed to lookup address information: Name or service not known";
        assert_eq!(none_or_failure(text), Ok(vec![]));
        let text = "failed to lookup address information: Temporary failure in name resolution";
        assert_eq!(
            none_or_failure(text),
            Err(AskError::Other("Temporary failure in name resolution".into()))
        );
    }

    #[tokio::test]
    async fn localhost_is_looked_up_as_a_program_would() {
        let found = look_up("localhost", Duration::from_secs(5)).await.unwrap();
        assert!(found.iter().all(IpAddr::is_loopback) && !found.is_empty());
    }
}
