//! One word of `egress` in the file: where to, and on which port.

use std::net::IpAddr;

use crate::config::egress::{Goal, Port, To};
use crate::facts::cluster_domain::{DEFAULT, is_inside_some};
use crate::facts::names::{is_label, is_within};
use crate::facts::network::{LOOPBACK, Network};

/// What may be written, for whoever wrote something else.
pub(super) const WORDS: &str = "write `none`, `any`, `lan`, `cluster`, a name (`api.example.org`, `*.example.org`), or an address or network, with a port where one is enough (`192.168.1.5:445`, `time.example.org:123/udp`)";
/// The longest name in a rule of Cilium (cilium 1.20.2, pkg/fqdn/matchpattern/matchpattern.go: `MaxFQDNLength`).
const LONGEST_NAME: usize = 255;

/// One word of the list, or why it is none and what to write.
pub(super) fn goal(text: &str) -> Result<Goal, (String, String)> {
    let words = |why: String| (why, WORDS.to_owned());
    if text.contains("://") {
        return Err((
            format!("`{text}` is an address of a page"),
            "write the name alone, with its port: `example.org:443`".to_owned(),
        ));
    }
    if let Ok(network) = Network::parse(text) {
        return Ok(Goal { to: To::Network(of_others(network, text)?), port: None });
    }
    let (to, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, "")) => (address, None),
        Some((address, rest)) => match rest.strip_prefix(':') {
            Some(port) => (address, Some(port)),
            None => return Err(words(format!("`{text}` cannot be read"))),
        },
        None => match text.split_once(':') {
            // More than one colon without brackets is an address of IPv6 that was not read above.
            Some((_, rest)) if rest.contains(':') => return Err(words(unread(text))),
            Some((to, port)) => (to, Some(port)),
            None => (text, None),
        },
    };
    let port = port.map(|port| port_of(port, text)).transpose().map_err(words)?;
    let to = match to {
        "any" => To::Any,
        "lan" => To::Lan,
        "cluster" => To::Cluster,
        "none" => return Err(words("`none` has no port: it allows nothing at all".to_owned())),
        "" => return Err(words(format!("`{text}` does not say to where"))),
        "*" | "**" => return Err((format!("`{text}` is every name"), "write `any`".to_owned())),
        _ if to.contains('/') || to.parse::<IpAddr>().is_ok() || text.starts_with('[') => {
            To::Network(of_others(Network::parse(to).map_err(words)?, text)?)
        }
        _ => To::Name(name(to)?),
    };
    Ok(Goal { to, port })
}

fn unread(text: &str) -> String {
    format!(
        "`{text}` cannot be read; with a port, an address of IPv6 stands in brackets: `[2001:db8::5]:443`"
    )
}

/// A network that is not the pod itself.
fn of_others(network: Network, text: &str) -> Result<Network, (String, String)> {
    let loopback = LOOPBACK.iter().filter_map(|text| Network::parse(text).ok());
    match loopback.filter(|loopback| loopback.holds(&network.first())).count() {
        0 => Ok(network),
        _ => Err((
            format!("in a pod, `{text}` is the pod itself, which it always reaches"),
            "leave it out".to_owned(),
        )),
    }
}

fn port_of(text: &str, whole: &str) -> Result<Port, String> {
    let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let udp = match protocol {
        "tcp" => false,
        "udp" => true,
        other => return Err(format!("`{whole}`: the protocol is `tcp` or `udp`, not `{other}`")),
    };
    match number.parse() {
        Ok(0) | Err(_) => Err(format!("`{whole}`: a port is a number from 1 to 65535, not `{number}`")),
        Ok(number) => Ok(Port { number, udp }),
    }
}

/// A name as Cilium takes it: `*` stands for a part of one label, and `**.` at the beginning for one label or more
/// (cilium 1.20.2, pkg/fqdn/matchpattern/matchpattern.go). homelab takes a wildcard only as the whole first label.
fn name(text: &str) -> Result<String, (String, String)> {
    let lower = text.trim_end_matches('.').to_ascii_lowercase();
    let rest = lower.strip_prefix("**.").or_else(|| lower.strip_prefix("*.")).unwrap_or(&lower);
    let is_pattern = rest.len() < lower.len();
    // Names of machines have no underscore, but others do (RFC 2181, section 11).
    let is_part = |label: &str| is_label(&label.replace('_', "x"));
    let why = match () {
        () if rest.contains('*') => (
            format!("`{text}`: a wildcard is the whole first label, as in `*.example.org`"),
            "`*.` stands for one label, `**.` for one or more; write each other name in full".to_owned(),
        ),
        () if !text.is_ascii() => (
            format!("`{text}` has characters beyond ASCII"),
            "write its punycode form (`xn--...`)".to_owned(),
        ),
        () if lower.len() > LONGEST_NAME || !rest.split('.').all(is_part) => {
            (format!("`{text}` is neither a name nor an address"), WORDS.to_owned())
        }
        () if !is_pattern && !rest.contains('.') => (
            format!("`{text}` is neither one of the words nor a whole name"),
            format!("write the name with its domain, or `cluster` for programs in the cluster; {WORDS}"),
        ),
        () if is_within(rest, DEFAULT) || is_inside_some(rest) || rest.ends_with(".svc") => (
            format!("`{text}` is a name of the cluster itself, whose addresses are those of pods"),
            "write `cluster`: the pods of the cluster, also by a Service".to_owned(),
        ),
        () => return Ok(lower),
    };
    Err(why)
}
