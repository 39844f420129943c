//! What a fault means at a PowerDNS server, and the next step.

use crate::evidence::{Fault, Permission, Transport};

/// How its API is switched on.
pub(super) const API_OFF: &str = "write `api=yes`, `webserver=yes`, `webserver-address=0.0.0.0` and `webserver-allow-from` with the network of your nodes into pdns.conf, and restart PowerDNS; `dns.server` then is `http://ADDRESS:8081`";

/// The next step after a fault.
#[must_use]
pub(super) fn hint(fault: &Fault) -> String {
    match fault {
        Fault::InvalidToken => {
            "write what stands behind `api-key=` in pdns.conf into the first line of the file that `dns.tokenFile` names; where it begins with `$scrypt$`, that is only its hash"
                .into()
        }
        Fault::NoZone { tried, .. } => format!(
            "create the zone at the server, `pdnsutil create-zone {}`, or correct `domain`",
            shortest(tried)
        ),
        Fault::ReadOnly { name, .. } => format!(
            "let `dns.server` name the server that the zone is copied from, or make this one its home: `pdnsutil set-kind {name} native`"
        ),
        Fault::Unprepared { cure, .. } => cure.clone(),
        Fault::MissingPermission { .. } => {
            "something in front of PowerDNS' API refuses the call: let this machine and the nodes through".into()
        }
        Fault::Server { .. } => "read PowerDNS' log: `journalctl -u pdns`".into(),
        Fault::Transport { cause: Transport::Refused, .. } => API_OFF.into(),
        Fault::Transport { cause: Transport::Closed, .. } => {
            "add the addresses of this machine and of the nodes to `webserver-allow-from` in pdns.conf, and restart PowerDNS".into()
        }
        Fault::Transport { cause: Transport::Tls(_), .. } => {
            "let `dns.server` begin with `http://` if the API speaks no TLS; its certificate must be one that this machine and external-dns trust".into()
        }
        Fault::Transport { .. } => "check `dns.server`, and that this machine reaches it".into(),
        Fault::NotJson { .. } => "check `dns.server`: something else than PowerDNS' API answers there".into(),
        Fault::Refused { message, .. } if message.contains("does not support editing") => {
            "move the zone to a backend that the API can write to, such as SQLite or PostgreSQL: `pdnsutil b2b-migrate bind gsqlite3`".into()
        }
        Fault::Refused { .. } | Fault::Unexpected { .. } => "read PowerDNS' log: `journalctl -u pdns`".into(),
        Fault::Clock { .. } => "set both clocks: `timedatectl` here and at PowerDNS".into(),
        Fault::Leftover { name, .. } => format!("remove the TXT record `{name}` with `pdnsutil delete-rrset`"),
        Fault::Malformed { .. }
        | Fault::Disabled
        | Fault::Expired { .. }
        | Fault::NotYetValid { .. }
        | Fault::Location { .. }
        | Fault::ZoneNotActive { .. }
        | Fault::SeveralZones { .. }
        | Fault::Signature
        | Fault::RateLimited { .. } => "look at what stands in front of PowerDNS' API".into(),
    }
}

/// The shortest ending that people have as a zone.
fn shortest(tried: &[String]) -> &str {
    let with_dot = tried.iter().rev().find(|name| name.contains('.'));
    with_dot.or(tried.last()).map_or("", String::as_str)
}

/// Why, as far as the server's rules tell it; `None` where there is nothing to add to the message.
#[must_use]
pub(super) fn cause(fault: &Fault) -> Option<&'static str> {
    match fault {
        Fault::InvalidToken => Some("`api-key` in pdns.conf is another one, or is missing there"),
        Fault::Unprepared { .. } => Some(
            "cert-manager cannot use PowerDNS' API: it writes challenges by DNS updates that are signed with a TSIG key, and the server must allow them",
        ),
        Fault::Transport { cause: Transport::Refused, .. } => {
            Some("PowerDNS does not run there, or its API is off or listens on 127.0.0.1 only")
        }
        Fault::Transport { cause: Transport::Closed, .. } => Some(
            "`webserver-allow-from` does not have this machine's address: PowerDNS closes the connection without a word",
        ),
        Fault::Transport { cause: Transport::Timeout | Transport::Unreachable(_), .. } => {
            Some("the machine is off, `dns.server` names another one, or a firewall drops the packets")
        }
        Fault::NotJson { .. } => Some("`dns.server` leads to another program than PowerDNS"),
        Fault::Refused { message, .. } if message.contains("does not support editing") => {
            Some("the zone lies in a backend that the API cannot write to, such as BIND's zone files")
        }
        _ => None,
    }
}

/// What the key must be able to do.
#[must_use]
pub(super) fn permission(permission: Permission) -> &'static str {
    match permission {
        Permission::Any | Permission::ZoneRead => "to list the zones",
        Permission::DnsRead => "to read the zone",
        Permission::DnsEdit | Permission::Tunnels => "to change the zone",
    }
}
