//! A name server with one zone on a port of this machine: it knows one key, transfers and takes updates.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use hickory_proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{A, CNAME, SOA, TXT};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{SECRET, key};
use crate::provider::rfc2136::sign::Signer;
use crate::provider::rfc2136::sign::tests::{answer, judge};
use crate::provider::rfc2136::wire::with;

pub(in crate::provider) struct State {
    records: Vec<Record>,
    made: Vec<String>,
    pub(in crate::provider) knows_key: bool,
    pub(in crate::provider) authoritative: bool,
    /// The code for transfers, and for updates; 0 does them.
    pub(in crate::provider) transfer: u16,
    pub(in crate::provider) update: u16,
    /// Whether every message of a transfer is signed, or only the first and the last.
    pub(in crate::provider) signs_all: bool,
    pub(in crate::provider) signs_last: bool,
    /// Ends a transfer in the middle.
    pub(in crate::provider) cut: bool,
}

#[derive(Clone)]
pub(in crate::provider) struct Fake(Arc<Mutex<State>>);

fn name(text: &str) -> Name {
    let mut name = Name::from_ascii(text).unwrap();
    name.set_fqdn(true);
    name
}

fn record(of: &str, kind: &str, content: &str) -> Record {
    let data = match kind {
        "A" => RData::A(A(content.parse().unwrap())),
        "CNAME" => RData::CNAME(CNAME(name(content))),
        _ => RData::TXT(TXT::new(vec![content.to_owned()])),
    };
    Record::from_rdata(name(of), 60, data)
}

impl Fake {
    pub(in crate::provider) fn new() -> Self {
        let records = vec![
            record("nas.example.com", "A", "192.168.1.5"),
            record("www.example.com", "CNAME", "nas.example.com"),
            record("a-homelab.nas.example.com", "TXT", "heritage=external-dns"),
        ];
        Self(Arc::new(Mutex::new(State {
            records,
            made: vec![],
            knows_key: true,
            authoritative: true,
            transfer: 0,
            update: 0,
            signs_all: true,
            signs_last: true,
            cut: false,
        })))
    }

    pub(in crate::provider) fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.lock().unwrap());
    }

    pub(in crate::provider) fn add(&self, of: &str, kind: &str, content: &str) {
        self.change(|state| state.records.push(record(of, kind, content)));
    }

    pub(in crate::provider) fn records(&self) -> Vec<String> {
        self.0.lock().unwrap().records.iter().map(ToString::to_string).collect()
    }

    /// The names of all records that were ever added.
    pub(in crate::provider) fn made(&self) -> Vec<String> {
        self.0.lock().unwrap().made.clone()
    }

    pub(in crate::provider) async fn serve(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::clone(&self.0);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(one(stream, Arc::clone(&state)));
            }
        });
        address
    }
}

async fn one(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let Ok(length) = stream.read_u16().await else { return };
    let mut request = vec![0; usize::from(length)];
    stream.read_exact(&mut request).await.unwrap();
    let answers = state.lock().unwrap().answers(&request);
    for answer in answers {
        stream.write_u16(answer.len().try_into().unwrap()).await.unwrap();
        stream.write_all(&answer).await.unwrap();
    }
    let _ = stream.shutdown().await;
}

impl State {
    /// The messages that answer a signed one, in their order.
    fn answers(&mut self, request: &[u8]) -> Vec<Vec<u8>> {
        let signer = Signer::new(&key(SECRET)).unwrap();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let (plain, mac, mut wrong) = judge(&signer, request, now);
        if !self.knows_key {
            wrong = 17;
        }
        let asked = Message::from_vec(&plain).unwrap();
        if wrong != 0 {
            let reply = reply(&asked, ResponseCode::NotAuth).to_vec().unwrap();
            return vec![answer(&signer, &reply, &mac, true, wrong, now).0];
        }
        let plain = match (asked.metadata.op_code, asked.queries[0].query_type()) {
            (OpCode::Update, _) => vec![self.updated(&asked)],
            (_, RecordType::AXFR) => self.transferred(&asked),
            _ => vec![self.answered(&asked)],
        };
        let (mut prior, mut between, mut signed) = (mac, Vec::new(), Vec::new());
        let last = plain.len() - 1;
        for (at, message) in plain.iter().enumerate() {
            let bytes = message.to_vec().unwrap();
            let signs = at == 0 || (self.signs_all && at < last) || (at == last && self.signs_last);
            if !signs {
                between.extend_from_slice(&bytes);
                signed.push(bytes);
                continue;
            }
            let text = [between.clone(), bytes.clone()].concat();
            let (whole, mac) = match between.is_empty() {
                true => answer(&signer, &bytes, &prior, at == 0, 0, now),
                false => {
                    // What is signed has the messages between in front; what is sent has not.
                    let (long, mac) = answer(&signer, &text, &prior, false, 0, now);
                    let tsig = long[text.len()..].to_vec();
                    (with(bytes.clone(), &tsig), mac)
                }
            };
            (prior, between) = (mac, Vec::new());
            signed.push(whole);
        }
        if self.cut {
            signed.truncate(1);
        }
        signed
    }

    fn soa(&self) -> Record {
        let soa = SOA::new(name("ns.example.com"), name("admin.example.com"), 1, 10800, 3600, 604800, 10);
        Record::from_rdata(name("example.com"), 3600, RData::SOA(soa))
    }

    fn answered(&self, asked: &Message) -> Message {
        if asked.queries[0].name() != &name("example.com") {
            return reply(asked, ResponseCode::Refused);
        }
        let mut reply = reply(asked, ResponseCode::NoError);
        reply.metadata.authoritative = self.authoritative;
        reply.add_answer(self.soa());
        reply
    }

    /// The zone, one record a message.
    fn transferred(&self, asked: &Message) -> Vec<Message> {
        if self.transfer != 0 {
            return vec![reply(asked, ResponseCode::from(0, u8::try_from(self.transfer).unwrap()))];
        }
        let all = [vec![self.soa()], self.records.clone(), vec![self.soa()]].concat();
        let message = |record| {
            let mut reply = reply(asked, ResponseCode::NoError);
            reply.add_answer(record);
            reply
        };
        all.into_iter().map(message).collect()
    }

    /// RFC 2136, section 3: prerequisites, then changes, each on its own.
    fn updated(&mut self, asked: &Message) -> Message {
        if self.update != 0 {
            return reply(asked, ResponseCode::from(0, u8::try_from(self.update).unwrap()));
        }
        for needed in &asked.answers {
            assert_eq!((needed.dns_class, needed.record_type()), (DNSClass::NONE, RecordType::ANY));
            if self.records.iter().any(|record| record.name == needed.name) {
                return reply(asked, ResponseCode::YXDomain);
            }
        }
        for change in &asked.authorities {
            match change.dns_class {
                DNSClass::IN => {
                    self.made.push(change.name.to_ascii().trim_end_matches('.').to_owned());
                    self.records.push(change.clone());
                }
                DNSClass::NONE => {
                    self.records.retain(|record| record.name != change.name || record.data != change.data);
                }
                other => panic!("{other}"),
            }
        }
        reply(asked, ResponseCode::NoError)
    }
}

fn reply(asked: &Message, code: ResponseCode) -> Message {
    let mut reply = Message::new(asked.metadata.id, MessageType::Response, asked.metadata.op_code);
    reply.metadata.authoritative = true;
    reply.metadata.response_code = code;
    reply.add_query(asked.queries[0].clone());
    reply
}
