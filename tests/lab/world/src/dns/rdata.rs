//! Records in the form of the wire.

use std::net::IpAddr;

use hickory_proto::rr::rdata::{A, AAAA, CAA, CNAME, MX, NS, SOA, TXT};
use hickory_proto::rr::{Name, RData, Record as WireRecord};

use super::text::strings_of;
use crate::state::record::{Facts, Kind, caa_parts};

/// Cloudflare's automatic TTL, in seconds.
const AUTOMATIC: u32 = 300;

/// A name of this program as a complete DNS name. What cannot be one becomes the root.
pub(crate) fn dns_name(plain: &str) -> Name {
    Name::from_ascii(format!("{plain}.")).unwrap_or_else(|_| Name::root())
}

/// The record, with this owner. None if the content does not fit the type, which validation prevents.
pub(super) fn wire(facts: &Facts, owner: &str) -> Option<WireRecord> {
    let content = facts.content.as_str();
    let data = match facts.kind {
        Kind::A => RData::A(A(content.parse().ok()?)),
        Kind::Aaaa => RData::AAAA(AAAA(content.parse().ok()?)),
        Kind::Cname => RData::CNAME(CNAME(dns_name(content))),
        Kind::Ns => RData::NS(NS(dns_name(content))),
        Kind::Mx => RData::MX(MX::new(facts.priority.unwrap_or(0), dns_name(content))),
        Kind::Txt => RData::TXT(TXT::from_bytes(strings_of(content).iter().map(Vec::as_slice).collect())),
        Kind::Caa => {
            let (flags, tag, value) = caa_parts(content)?;
            let mut caa = CAA::new_issue(flags & 0x80 != 0, None, Vec::new());
            caa.reserved_flags = flags & 0x7f;
            tag.clone_into(&mut caa.tag);
            caa.value = value.as_bytes().to_vec();
            RData::CAA(caa)
        }
    };
    Some(WireRecord::from_rdata(dns_name(owner), ttl(facts), data))
}

/// The TTL that resolvers see.
pub(super) fn ttl(facts: &Facts) -> u32 {
    if facts.ttl == 1 { AUTOMATIC } else { facts.ttl }
}

pub(super) fn address(owner: &str, address: IpAddr, ttl: u32) -> WireRecord {
    let data = match address {
        IpAddr::V4(address) => RData::A(A(address)),
        IpAddr::V6(address) => RData::AAAA(AAAA(address)),
    };
    WireRecord::from_rdata(dns_name(owner), ttl, data)
}

pub(super) fn name_server(zone: &str, server: &str) -> WireRecord {
    // Cloudflare's own NS records live a day.
    WireRecord::from_rdata(dns_name(zone), 86_400, RData::NS(NS(dns_name(server))))
}

/// The SOA record with the timers that Cloudflare's zones have.
pub(super) fn soa(zone: &str, primary: &str, serial: u32, minimum: u32) -> WireRecord {
    let soa =
        SOA::new(dns_name(primary), dns_name("dns.cloudflare.com"), serial, 10_000, 2_400, 604_800, minimum);
    WireRecord::from_rdata(dns_name(zone), minimum, RData::SOA(soa))
}
