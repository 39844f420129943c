//! What a fault means at a name server, and the next step.

use crate::evidence::{Fault, Permission, Transport};

/// How updates and transfers are allowed, by server.
const ALLOW: &str = "BIND: `update-policy { grant homelab zonesub ANY; };` and `allow-transfer { key homelab; };` in the zone; Knot: an `acl` with `action: [update, transfer]` and `key: homelab`; PowerDNS: `dnsupdate=yes`, and the metadata TSIG-ALLOW-DNSUPDATE, ALLOW-DNSUPDATE-FROM and TSIG-ALLOW-AXFR";

/// The words of a code (RFC 1035, section 4.1.1; RFC 2136, section 2.2).
fn word(code: u8) -> &'static str {
    match code {
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        6 => "YXDOMAIN",
        7 => "YXRRSET",
        8 => "NXRRSET",
        9 => "NOTAUTH",
        10 => "NOTZONE",
        _ => "an unknown code",
    }
}

/// The fault behind a code, whatever was asked.
pub(super) fn of_code(code: u8) -> Fault {
    Fault::Refused { status: 0, code: code.into(), message: word(code).to_owned() }
}

/// The fault behind a code that answers an update.
pub(super) fn of_update(code: u8) -> Fault {
    match code {
        5 => Fault::MissingPermission { permission: Permission::DnsEdit },
        4 => Fault::Unprepared {
            what: "the name server takes no DNS updates (NOTIMP)".to_owned(),
            cure: format!("allow updates of the zone with the TSIG key: {ALLOW}"),
        },
        code => of_code(code),
    }
}

/// The next step after a fault.
#[must_use]
pub(super) fn hint(fault: &Fault) -> String {
    match fault {
        Fault::InvalidToken | Fault::Signature => {
            "write the key as the server has it into the file that `dns.tokenFile` names: what `tsig-keygen homelab` printed, and load it at the server".into()
        }
        Fault::Clock { .. } => "set both clocks: `timedatectl` here and at the name server".into(),
        Fault::MissingPermission { permission: Permission::DnsEdit } => {
            format!("allow updates of the zone with the TSIG key, also from this address: {ALLOW}")
        }
        Fault::MissingPermission { .. } => format!("allow transfers of the zone to the TSIG key: {ALLOW}"),
        Fault::NoZone { .. } => {
            "create the zone at the server, or correct `dns.server`, `dns.zone` or `domain`".into()
        }
        Fault::Unprepared { cure, .. } => cure.clone(),
        Fault::Refused { code: 9, .. } => {
            "let `dns.server` name the primary server of the zone: a secondary one takes no updates".into()
        }
        Fault::Transport { cause: Transport::Refused, .. } => {
            "check that the name server runs, and listens at that address by TCP".into()
        }
        Fault::Transport { cause: Transport::Closed, .. } | Fault::Refused { .. } | Fault::Unexpected { .. } => {
            "read the name server's log".into()
        }
        Fault::Transport { .. } => "check `dns.server`, and that this machine reaches it by TCP".into(),
        Fault::Leftover { name, .. } => format!("remove the TXT record `{name}` at the name server"),
        Fault::Malformed { .. }
        | Fault::Disabled
        | Fault::Expired { .. }
        | Fault::NotYetValid { .. }
        | Fault::Location { .. }
        | Fault::ZoneNotActive { .. }
        | Fault::SeveralZones { .. }
        | Fault::ReadOnly { .. }
        | Fault::RateLimited { .. }
        | Fault::Server { .. }
        | Fault::NotJson { .. } => "read the name server's log".into(),
    }
}

/// Why, as far as the rules tell it; `None` where there is nothing to add to the message.
#[must_use]
pub(super) fn cause(fault: &Fault) -> Option<&'static str> {
    match fault {
        Fault::InvalidToken => Some(
            "the server has no key of that name and algorithm; PowerDNS says the same of a wrong secret or clock",
        ),
        Fault::Signature => Some("the name of the key is known, and its secret there is another one"),
        Fault::Clock { .. } => {
            Some("signatures are good for five minutes, so that nobody can use them again later")
        }
        Fault::MissingPermission { permission: Permission::DnsRead } => Some(
            "external-dns takes the zone for empty while it cannot transfer it: it removes nothing, and adds its records beside those of others",
        ),
        Fault::Unprepared { .. } => Some("external-dns and cert-manager change the zone by DNS updates only"),
        Fault::Transport { cause: Transport::Refused, .. } => {
            Some("nothing listens there: the name server is off, or listens elsewhere")
        }
        Fault::Transport { cause: Transport::Timeout | Transport::Unreachable(_), .. } => {
            Some("the machine is off, `dns.server` names another one, or a firewall drops the packets")
        }
        _ => None,
    }
}

/// What the key must be able to do.
#[must_use]
pub(super) fn permission(permission: Permission) -> &'static str {
    match permission {
        Permission::Any | Permission::ZoneRead => "to ask for the zone",
        Permission::DnsRead => "to transfer the zone (AXFR)",
        Permission::DnsEdit | Permission::Tunnels => "to update the zone",
    }
}
