//! A whole zone (AXFR, RFC 5936): the SOA record, every other one, the SOA record again.

use hickory_proto::op::Message as Any;
use hickory_proto::rr::{Name, RData, Record as Wire};

use super::client::Client;
use super::fault::of_code;
use super::message::{AXFR, question};
use super::wire::rcode;
use crate::evidence::{Fault, Permission, Record};

/// The longest transfer that is read, in bytes: a zone of some hundred thousand records.
const LONGEST: usize = 32 << 20;

impl Client {
    /// All records of a zone.
    ///
    /// # Errors
    /// When the server does not give them to this key, or not all of them with signatures.
    pub(super) async fn transfer(&self, zone: &str) -> Result<Vec<Record>, Fault> {
        let cut = || Fault::Unexpected { what: "the transfer of the zone is not whole".to_owned() };
        let message = question(zone, AXFR)?;
        let (signed, mut verifier) = self.signer.sign(&message, self.now());
        let mut connection = self.connect().await?;
        connection.send(&signed).await?;
        let (mut found, mut ends, mut length) = (Vec::new(), 0, 0);
        loop {
            let bytes = connection.receive().await?;
            length += bytes.len();
            if length > LONGEST {
                return Err(Fault::Unexpected {
                    what: format!("the zone is longer than {} MiB", LONGEST >> 20),
                });
            }
            let checked = verifier.check(&bytes, self.now())?;
            match rcode(&checked.bytes) {
                Some(0) => {}
                // PowerDNS says NOTAUTH where the key may not transfer the zone; the key itself was known before.
                Some(5 | 9) => return Err(Fault::MissingPermission { permission: Permission::DnsRead }),
                Some(code) => return Err(of_code(code)),
                None => return Err(cut()),
            }
            let message = Any::from_vec(&checked.bytes)
                .map_err(|error| Fault::Unexpected { what: error.to_string() })?;
            if message.answers.is_empty() {
                return Err(cut());
            }
            for record in &message.answers {
                let is_soa = matches!(record.data, RData::SOA(_));
                ends += usize::from(is_soa);
                match (ends, is_soa) {
                    (0, _) => return Err(cut()),
                    (1, _) => found.push(of_wire(record)),
                    (2, true) => {}
                    _ => {
                        return Err(Fault::Unexpected {
                            what: "records follow the end of the zone".to_owned(),
                        });
                    }
                }
            }
            if ends >= 2 {
                // Until then, unsigned messages before it may be anybody's.
                return if checked.signed { Ok(found) } else { Err(cut()) };
            }
        }
    }
}

fn undotted(name: &Name) -> String {
    name.to_ascii().trim_end_matches('.').to_ascii_lowercase()
}

fn of_wire(record: &Wire) -> Record {
    let content = match &record.data {
        RData::CNAME(target) => undotted(&target.0),
        RData::NS(server) => undotted(&server.0),
        RData::PTR(target) => undotted(&target.0),
        RData::TXT(text) => {
            let strings = text.txt_data.iter().map(|part| format!("\"{}\"", String::from_utf8_lossy(part)));
            strings.collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    };
    Record {
        id: String::new(),
        name: undotted(&record.name),
        kind: record.record_type().to_string(),
        content,
        proxied: false,
        ttl: record.ttl,
        created_on: None,
        modified_on: None,
    }
}
