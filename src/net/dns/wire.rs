//! Questions to bytes and bytes to replies: no sockets here.

use std::net::IpAddr;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::opt::EdnsOption;
use hickory_proto::rr::{DNSClass, Name, RData, Record as WireRecord, RecordType as WireType};

use crate::evidence::dns::{AskError, Data, Extended, Rcode, Record, Reply, Soa};
use crate::net::dns::{Question, RecordType};

/// How many records of an answer are kept: no check reads more, and anybody may have thousands in a zone.
const MOST_RECORDS: usize = 512;
/// The longest text of a record that is kept, in characters.
const LONGEST_TEXT: usize = 4096;

/// The size that needs no fragments on any link (DNS flag day 2020).
const UDP_PAYLOAD: u16 = 1232;

/// A question as bytes, with the message that must come back.
pub(super) struct Encoded {
    pub(super) bytes: Vec<u8>,
    id: u16,
    query: Query,
}

/// Encodes a question; DoH wants id 0, so that answers can be cached (RFC 8484 section 4.1).
pub(super) fn encode(question: &Question, zero_id: bool) -> Result<Encoded, AskError> {
    let bad_name = || AskError::BadName(question.name.clone());
    let mut name = Name::from_ascii(&question.name).map_err(|_| bad_name())?;
    name.set_fqdn(true);
    let mut query = Query::query(name, question.kind.into());
    if question.chaos {
        query.set_query_class(DNSClass::CH);
    }
    let mut message = Message::query();
    if zero_id {
        message.metadata.id = 0;
    }
    message.metadata.op_code = OpCode::Query;
    message.metadata.recursion_desired = question.recurse;
    message.metadata.checking_disabled = question.unchecked;
    let mut edns = Edns::new();
    edns.set_max_payload(UDP_PAYLOAD);
    message.set_edns(edns);
    message.add_query(query.clone());
    let bytes = message.to_vec().map_err(|_| bad_name())?;
    Ok(Encoded { bytes, id: message.metadata.id, query })
}

/// Decodes a reply. `None`: not the answer to this question (a stray or forged datagram). `Some((_, true))`: cut short.
pub(super) fn decode(sent: &Encoded, bytes: &[u8]) -> Option<Result<(Reply, bool), AskError>> {
    // The id comes first in every message; one that is not ours is not an answer, however broken.
    if bytes.get(..2)? != sent.id.to_be_bytes() {
        return None;
    }
    let message = match Message::from_vec(bytes) {
        Ok(message) => message,
        Err(error) => return Some(Err(AskError::Malformed(error.to_string()))),
    };
    let same = |asked: &Query| {
        asked.name().eq_ignore_root(sent.query.name()) && asked.query_type() == sent.query.query_type()
    };
    // Some servers leave the question out when they refuse.
    let ours = message.queries.first().is_none_or(same);
    if message.metadata.message_type != MessageType::Response || !ours {
        return None;
    }
    let truncated = message.metadata.truncation;
    Some(Ok((reply(message), truncated)))
}

fn reply(message: Message) -> Reply {
    let referral =
        message.authorities.iter().filter(|one| one.record_type() == WireType::NS).map(record).collect();
    let soa = message.authorities.iter().map(record).find_map(|record| match record.data {
        Data::Soa(soa) => Some(soa),
        _ => None,
    });
    Reply {
        rcode: match message.metadata.response_code {
            ResponseCode::NoError => Rcode::NoError,
            ResponseCode::NXDomain => Rcode::NxDomain,
            ResponseCode::ServFail => Rcode::ServFail,
            ResponseCode::Refused => Rcode::Refused,
            other => Rcode::Other(other.into()),
        },
        authoritative: message.metadata.authoritative,
        answers: message.answers.iter().take(MOST_RECORDS).map(record).collect(),
        soa,
        referral,
        glue: message
            .additionals
            .iter()
            .take(MOST_RECORDS)
            .map(record)
            .filter(|record| record.address().is_some())
            .collect(),
        recursive: message.metadata.recursion_available,
        extended: extended(message.edns.as_ref()),
    }
}

/// The number of the option that holds an extended error, and its shape: a code, then words (RFC 8914 section 2).
const EXTENDED_ERROR: u16 = 15;
/// More of these no server has reason to send.
const MOST_ERRORS: usize = 4;

fn extended(edns: Option<&Edns>) -> Vec<Extended> {
    let options = edns.map(|edns| edns.options().as_ref()).unwrap_or_default();
    let errors = options.iter().filter_map(|(_, option)| match option {
        EdnsOption::Unknown(EXTENDED_ERROR, bytes) => {
            let (code, words) = bytes.split_first_chunk::<2>()?;
            let text = short(&String::from_utf8_lossy(words)).trim_end_matches('\0').to_owned();
            Some(Extended { code: u16::from_be_bytes(*code), text })
        }
        _ => None,
    });
    errors.take(MOST_ERRORS).collect()
}

fn record(wire: &WireRecord) -> Record {
    let name = text(&wire.name);
    let data = match &wire.data {
        RData::A(a) => Data::Address(IpAddr::V4(a.0)),
        RData::AAAA(aaaa) => Data::Address(IpAddr::V6(aaaa.0)),
        RData::CNAME(target) => Data::Cname(text(&target.0)),
        RData::NS(server) => Data::Ns(text(&server.0)),
        RData::TXT(txt) => {
            let parts: String = txt.txt_data.iter().map(|part| String::from_utf8_lossy(part)).collect();
            Data::Txt(short(&parts))
        }
        RData::CAA(caa) => {
            Data::Caa { tag: caa.tag.clone(), value: short(&String::from_utf8_lossy(&caa.value)) }
        }
        RData::SOA(soa) => Data::Soa(Soa {
            zone: name.clone(),
            primary: text(&soa.mname),
            serial: soa.serial,
            minimum: soa.minimum,
            ttl: wire.ttl,
        }),
        other => Data::Other(other.to_string()),
    };
    Record { name, ttl: wire.ttl, data }
}

fn short(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}

/// Lower case and without the final dot, as names are written in configurations.
fn text(name: &Name) -> String {
    name.to_lowercase().to_ascii().trim_end_matches('.').to_owned()
}

impl From<RecordType> for WireType {
    fn from(kind: RecordType) -> Self {
        match kind {
            RecordType::A => Self::A,
            RecordType::Aaaa => Self::AAAA,
            RecordType::Txt => Self::TXT,
            RecordType::Ns => Self::NS,
            RecordType::Soa => Self::SOA,
            RecordType::Caa => Self::CAA,
            RecordType::Cname => Self::CNAME,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_dns_cannot_hold_is_refused_before_it_is_sent() {
        let long = format!("{}.example.com", "a".repeat(64));
        assert!(matches!(encode(&Question::new(long, RecordType::A), false), Err(AskError::BadName(_))));
    }

    #[test]
    fn an_answer_with_another_id_is_not_ours() {
        let sent = encode(&Question::new("a.example.com", RecordType::A), false).unwrap();
        let mut other = sent.bytes.clone();
        other[0] ^= 0xff;
        other[2] |= 0x80;
        assert!(decode(&sent, &other).is_none());
        assert!(decode(&sent, &[]).is_none());
    }

    #[test]
    fn an_answer_cut_off_in_the_middle_is_malformed_and_no_panic() {
        let sent = encode(&Question::new("a.example.com", RecordType::A), false).unwrap();
        let cut = &sent.bytes[..14];
        assert!(matches!(decode(&sent, cut), Some(Err(AskError::Malformed(_)))));
    }

    #[test]
    fn an_extended_error_is_read_with_its_words() {
        let mut edns = Edns::new();
        let bytes = [&15u16.to_be_bytes()[..], b"gravity"].concat();
        edns.options_mut().insert(EdnsOption::Unknown(EXTENDED_ERROR, bytes));
        let expected = Extended { code: 15, text: "gravity".into() };
        assert_eq!(extended(Some(&edns)), [expected]);
        let mut short = Edns::new();
        short.options_mut().insert(EdnsOption::Unknown(EXTENDED_ERROR, vec![0]));
        assert!(extended(Some(&short)).is_empty() && extended(None).is_empty());
    }
}
