//! The address of a server of one's own, as a configuration has it.

use std::net::IpAddr;

/// A name or an address, and the port there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    /// A name, or an address without brackets.
    pub host: String,
    /// The port; the usual one where none was given.
    pub port: u16,
}

impl HostPort {
    /// Reads `host`, `host:port`, `address`, `[address]` or `[address]:port`.
    ///
    /// # Errors
    /// When it is none of these, in words.
    pub fn parse(text: &str, usual: u16) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not a host with an optional port, such as `192.168.1.5` or `ns.example.com:5300`"
            )
        };
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, after) = rest.split_once(']').ok_or_else(wrong)?;
                address.parse::<std::net::Ipv6Addr>().map_err(|_| wrong())?;
                (address, after.strip_prefix(':').or(if after.is_empty() { None } else { Some("") }))
            }
            None if text.parse::<IpAddr>().is_ok() => (text, None),
            None => match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        let of_host = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.' || c == ':';
        if host.is_empty() || !host.chars().all(of_host) {
            return Err(wrong());
        }
        let port = match port {
            Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or_else(wrong)?,
            None => usual,
        };
        Ok(Self { host: host.to_owned(), port })
    }

    /// Reads the host of `http://host[:port][/path]`, or of one that begins with `https://`.
    ///
    /// # Errors
    /// When it is no such URL, in words.
    pub fn of_url(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a URL such as `http://192.168.1.5:8081`");
        let (rest, usual) = match (text.strip_prefix("http://"), text.strip_prefix("https://")) {
            (Some(rest), _) => (rest, 80),
            (None, Some(rest)) => (rest, 443),
            (None, None) => return Err(wrong()),
        };
        if text.contains(|c: char| !c.is_ascii_graphic() || matches!(c, '@' | '?' | '#')) {
            return Err(format!("{}; without a user, `?` and `#`", wrong()));
        }
        Self::parse(rest.split('/').next().unwrap_or_default(), usual).map_err(|_| wrong())
    }

    /// Both, an IPv6 address in brackets.
    #[must_use]
    pub fn joined(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_read_with_and_without_a_port() {
        let read = |text| HostPort::parse(text, 53).map(|at| at.joined());
        for (text, wanted) in [
            ("ns.example.com", "ns.example.com:53"),
            ("192.168.1.5:5300", "192.168.1.5:5300"),
            ("fd00::5", "[fd00::5]:53"),
            ("[fd00::5]", "[fd00::5]:53"),
            ("[fd00::5]:5300", "[fd00::5]:5300"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(wanted));
        }
        for wrong in
            ["", ":53", "a:", "a:0", "a:70000", "a b", "[fd00::5", "[fd00::5]5", "http://a", "a/b", "a:5:3"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_url_gives_its_host() {
        let read = |text| HostPort::of_url(text).map(|at| at.joined());
        assert_eq!(read("http://192.168.1.5:8081").as_deref(), Ok("192.168.1.5:8081"));
        assert_eq!(read("https://pdns.example.com/api-of/").as_deref(), Ok("pdns.example.com:443"));
        assert_eq!(read("http://[fd00::5]:8081").as_deref(), Ok("[fd00::5]:8081"));
        for wrong in ["192.168.1.5:8081", "ftp://a", "http://", "http://u:p@a", "http://a?b", "http://a b"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
