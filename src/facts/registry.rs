//! What a registry of images is called in front of an image: a host, and a port if it is another than 443.

use std::fmt;
use std::str::FromStr;

use crate::facts::names::Host;

/// A registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    /// Its host.
    pub host: Host,
    /// Its port, where one is written: for containerd, a name with `:443` is another one than that without.
    pub port: Option<u16>,
}

impl FromStr for Registry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !text.contains("://") => {
                let port: u16 = port.parse().map_err(|_| format!("`{port}` is not a port"))?;
                (host, Some(port))
            }
            _ => (text, None),
        };
        Ok(Self { host: Host::parse(host)?, port })
    }
}

impl fmt::Display for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.host.fmt(f)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_read_as_it_stands_in_front_of_an_image_and_written_as_it_was() {
        for text in ["registry.qa.svc.lab.test", "registry.qa.svc.lab.test:5000", "a.b:443"] {
            assert_eq!(text.parse::<Registry>().unwrap().to_string(), text);
        }
        for text in ["https://a.b", "a.b/c", "a.b:x", "a.b:70000", "10.43.7.9", "a b"] {
            assert!(text.parse::<Registry>().is_err(), "{text}");
        }
    }
}
