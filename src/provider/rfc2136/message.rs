//! The few messages that homelab sends, as bytes without compression.

use hickory_proto::op::Message as Any;
use hickory_proto::rr::Name;
use hickory_proto::serialize::binary::BinEncodable;

use crate::evidence::Fault;

/// Types, classes and operations (RFC 1035, section 3.2; RFC 2136, section 1.3; RFC 5936, section 2).
pub(super) const SOA: u16 = 6;
pub(super) const TXT: u16 = 16;
pub(super) const AXFR: u16 = 252;
pub(super) const ANY: u16 = 255;
const IN: u16 = 1;
const NONE: u16 = 254;
const UPDATE: u16 = 5 << 11;

/// An unsigned message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) id: u16,
    pub(super) bytes: Vec<u8>,
}

/// A name as DNS writes it, in lower case.
pub(super) fn name(text: &str) -> Result<Vec<u8>, Fault> {
    let unfit = || Fault::Unexpected { what: format!("`{text}` is no name of DNS") };
    let mut name = Name::from_ascii(text.to_ascii_lowercase()).map_err(|_| unfit())?;
    name.set_fqdn(true);
    name.to_bytes().map_err(|_| unfit())
}

/// A question for the records of one type.
pub(super) fn question(of: &str, kind: u16) -> Result<Message, Fault> {
    Ok(build(0, [1, 0, 0, 0], &[name(of)?, kind.to_be_bytes().to_vec(), IN.to_be_bytes().to_vec()].concat()))
}

/// One change of a zone with what must be so before (RFC 2136, section 2).
#[derive(Debug, Default)]
pub(super) struct Update {
    prerequisites: Vec<Vec<u8>>,
    changes: Vec<Vec<u8>>,
}

impl Update {
    /// Only if the name has no record of any type (section 2.4.5).
    pub(super) fn where_unused(mut self, of: &str) -> Result<Self, Fault> {
        self.prerequisites.push(record(of, ANY, NONE, 0, &[])?);
        Ok(self)
    }

    /// Adds a text beside what is there (section 2.5.1).
    pub(super) fn add_text(self, of: &str, ttl: u32, text: &str) -> Result<Self, Fault> {
        self.add((of, TXT), ttl, &string(text))
    }

    /// Only if the name has no record of this type (section 2.4.3).
    pub(super) fn where_none_of(mut self, of: &str, kind: u16) -> Result<Self, Fault> {
        self.prerequisites.push(record(of, kind, NONE, 0, &[])?);
        Ok(self)
    }

    /// Adds a record (section 2.5.1).
    pub(super) fn add(mut self, (of, kind): (&str, u16), ttl: u32, data: &[u8]) -> Result<Self, Fault> {
        self.changes.push(record(of, kind, IN, ttl, data)?);
        Ok(self)
    }

    /// Removes this record and no other one (section 2.5.4).
    pub(super) fn remove(mut self, (of, kind): (&str, u16), data: &[u8]) -> Result<Self, Fault> {
        self.changes.push(record(of, kind, NONE, 0, data)?);
        Ok(self)
    }

    /// Removes this text and no other record (section 2.5.4).
    pub(super) fn remove_text(self, of: &str, text: &str) -> Result<Self, Fault> {
        self.remove((of, TXT), &string(text))
    }

    /// The message.
    pub(super) fn of_zone(self, zone: &str) -> Result<Message, Fault> {
        let count = |records: &[Vec<u8>]| u16::try_from(records.len()).unwrap_or(u16::MAX);
        let counts = [1, count(&self.prerequisites), count(&self.changes), 0];
        let zone = [name(zone)?, SOA.to_be_bytes().to_vec(), IN.to_be_bytes().to_vec()].concat();
        Ok(build(UPDATE, counts, &[zone, self.prerequisites.concat(), self.changes.concat()].concat()))
    }
}

fn build(flags: u16, counts: [u16; 4], rest: &[u8]) -> Message {
    // A random one.
    let id = Any::query().metadata.id;
    let header = [[id, flags].as_slice(), &counts].concat();
    let bytes = header.iter().flat_map(|number| number.to_be_bytes()).chain(rest.iter().copied()).collect();
    Message { id, bytes }
}

fn record(of: &str, kind: u16, class: u16, ttl: u32, data: &[u8]) -> Result<Vec<u8>, Fault> {
    let length = u16::try_from(data.len()).unwrap_or_default();
    Ok([
        name(of)?,
        kind.to_be_bytes().to_vec(),
        class.to_be_bytes().to_vec(),
        ttl.to_be_bytes().to_vec(),
        length.to_be_bytes().to_vec(),
        data.to_vec(),
    ]
    .concat())
}

/// A character string; longer ones than DNS can hold are cut.
fn string(text: &str) -> Vec<u8> {
    let bytes: Vec<u8> = text.bytes().take(255).collect();
    [vec![u8::try_from(bytes.len()).unwrap_or_default()], bytes].concat()
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::{Message as Read, OpCode};
    use hickory_proto::rr::rdata::TXT;
    use hickory_proto::rr::{DNSClass, RData, RecordType};

    use super::*;

    #[test]
    fn another_implementation_reads_what_is_written() {
        let message = question("Example.COM", AXFR).unwrap();
        let read = Read::from_vec(&message.bytes).unwrap();
        assert_eq!(read.metadata.id, message.id);
        assert_eq!(read.queries[0].name().to_ascii(), "example.com.");
        assert_eq!(read.queries[0].query_type(), RecordType::AXFR);

        let update = Update::default().where_unused("a.example.com").unwrap();
        let update = update.add_text("a.example.com", 10, "hello").unwrap().of_zone("example.com").unwrap();
        let read = Read::from_vec(&update.bytes).unwrap();
        assert_eq!(read.metadata.op_code, OpCode::Update);
        assert_eq!(read.answers[0].dns_class, DNSClass::NONE);
        assert_eq!(read.authorities[0].data, RData::TXT(TXT::new(vec!["hello".to_owned()])));
        let update = Update::default().remove_text("a.example.com", "hello").unwrap();
        let read = Read::from_vec(&update.of_zone("example.com").unwrap().bytes).unwrap();
        assert_eq!((read.authorities[0].dns_class, read.authorities[0].ttl), (DNSClass::NONE, 0));
    }

    #[test]
    fn what_is_no_name_is_told() {
        assert!(question(&"a".repeat(64), SOA).is_err());
    }
}
