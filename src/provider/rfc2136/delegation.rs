//! Records of a delegation, by signed updates (RFC 2136).

use std::net::IpAddr;

use super::client::Client;
use super::message::{Update, name};
use crate::config::ParentRecord;
use crate::evidence::{Fault, Record, Zone};

/// Its time to live, in seconds.
const TTL: u32 = 3600;
/// The numbers of types (RFC 1035, section 3.2.2; RFC 3596, section 2.1).
const TYPES: [(&str, u16); 4] = [("A", 1), ("NS", 2), ("CNAME", 5), ("AAAA", 28)];

impl Client {
    /// Only where the name has none of that type, whoever has been there meanwhile.
    pub(super) async fn enter(&self, zone: &Zone, record: &ParentRecord) -> Result<(), Fault> {
        let (kind, data) = wire(record.kind, &record.content)?;
        let update = Update::default().where_none_of(&record.name, kind)?;
        self.update(zone, update.add((&record.name, kind), TTL, &data)?).await
    }

    pub(super) async fn take_out(&self, zone: &Zone, record: &Record) -> Result<(), Fault> {
        let (kind, data) = wire(&record.kind, &record.content)?;
        self.update(zone, Update::default().remove((&record.name, kind), &data)?).await
    }
}

/// The number of a type, and its data as DNS writes it.
fn wire(kind: &str, content: &str) -> Result<(u16, Vec<u8>), Fault> {
    let unfit = || Fault::Unexpected { what: format!("`{kind} {content}` is no record of a delegation") };
    let number =
        TYPES.iter().find(|(known, _)| *known == kind).map(|(_, number)| *number).ok_or_else(unfit)?;
    let data = match (kind, content.parse()) {
        ("A", Ok(IpAddr::V4(four))) => four.octets().to_vec(),
        ("AAAA", Ok(IpAddr::V6(six))) => six.octets().to_vec(),
        ("A" | "AAAA", _) => return Err(unfit()),
        _ => name(content)?,
    };
    Ok((number, data))
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::Message as Read;
    use hickory_proto::rr::{DNSClass, RData, RecordType};

    use super::*;

    #[test]
    fn another_implementation_reads_what_is_written() {
        let (kind, data) = wire("NS", "homelab-ns.acme.example.com").unwrap();
        let of = ("acme.example.com", kind);
        let update = Update::default().where_none_of(of.0, kind).unwrap().add(of, TTL, &data).unwrap();
        let read = Read::from_vec(&update.of_zone("example.com").unwrap().bytes).unwrap();
        assert_eq!(
            (read.answers[0].record_type(), read.answers[0].dns_class),
            (RecordType::NS, DNSClass::NONE)
        );
        let RData::NS(server) = &read.authorities[0].data else { panic!("{read:?}") };
        assert_eq!(server.0.to_ascii(), "homelab-ns.acme.example.com.");
        let (kind, data) = wire("A", "203.0.113.7").unwrap();
        let gone = Update::default().remove(("a.example.com", kind), &data).unwrap();
        let read = Read::from_vec(&gone.of_zone("example.com").unwrap().bytes).unwrap();
        assert_eq!(read.authorities[0].dns_class, DNSClass::NONE);
        assert_eq!(wire("AAAA", "2001:db8::7").unwrap().1.len(), 16);
        assert!(wire("A", "2001:db8::7").is_err() && wire("MX", "a.example.com").is_err());
    }
}
