//! An authoritative server for one zone, on one UDP and one TCP port.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hickory_proto::op::{Message, MessageType, ResponseCode};
use hickory_proto::rr::{Name, RData, Record, rdata};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

#[derive(Clone)]
pub(crate) struct Zone {
    name: Name,
    records: Vec<Record>,
    truncating: bool,
    deaf: bool,
    /// How long an answer over UDP takes.
    late: Duration,
    soa: bool,
    refuse: bool,
}

fn name(text: &str) -> Name {
    let mut name = Name::from_ascii(text).unwrap();
    name.set_fqdn(true);
    name
}

impl Zone {
    pub(crate) fn new(zone: &str) -> Self {
        Self {
            name: name(zone),
            records: vec![],
            truncating: false,
            deaf: false,
            late: Duration::ZERO,
            soa: true,
            refuse: false,
        }
    }

    fn with(mut self, host: &str, data: RData) -> Self {
        self.records.push(Record::from_rdata(name(host), 60, data));
        self
    }

    pub(crate) fn a(self, host: &str, address: [u8; 4]) -> Self {
        self.with(host, RData::A(rdata::A(Ipv4Addr::from(address))))
    }

    pub(crate) fn txt(self, host: &str, text: &str) -> Self {
        self.with(host, RData::TXT(rdata::TXT::new(vec![text.into()])))
    }

    pub(crate) fn cname(self, host: &str, target: &str) -> Self {
        self.with(host, RData::CNAME(rdata::CNAME(name(target))))
    }

    pub(crate) fn ns(self, server: &str) -> Self {
        let zone = self.name.to_ascii();
        self.with(&zone, RData::NS(rdata::NS(name(server))))
    }

    /// Of a zone below it.
    pub(crate) fn ns_of(self, below: &str, server: &str) -> Self {
        self.with(below, RData::NS(rdata::NS(name(server))))
    }

    pub(crate) fn truncating(mut self) -> Self {
        self.truncating = true;
        self
    }

    pub(crate) fn without_soa(mut self) -> Self {
        self.soa = false;
        self
    }

    pub(crate) fn deaf_on_udp(mut self) -> Self {
        self.deaf = true;
        self
    }

    pub(crate) fn late(mut self, late: Duration) -> Self {
        self.late = late;
        self
    }

    pub(crate) fn reply_to(&self, request: &[u8], udp: bool) -> Vec<u8> {
        let request = Message::from_vec(request).unwrap();
        let query = request.queries[0].clone();
        let mut reply = Message::new(request.metadata.id, MessageType::Response, request.metadata.op_code);
        reply.metadata.authoritative = true;
        reply.add_query(query.clone());
        let of_name: Vec<_> = self.records.iter().filter(|record| &record.name == query.name()).collect();
        if self.refuse {
            reply.metadata.response_code = ResponseCode::Refused;
        } else if self.truncating && udp {
            reply.metadata.truncation = true;
        } else {
            if of_name.is_empty() {
                reply.metadata.response_code = ResponseCode::NXDomain;
            }
            for record in of_name.into_iter().filter(|record| record.record_type() == query.query_type()) {
                reply.add_answer(record.clone());
            }
            if reply.answers.is_empty() && self.soa {
                let soa = rdata::SOA::new(name("ns.test"), name("admin.test"), 1, 1, 1, 1, 1800);
                reply.add_authority(Record::from_rdata(self.name.clone(), 3600, RData::SOA(soa)));
            }
        }
        reply.to_vec().unwrap()
    }

    /// A resolver that refuses what comes beyond so many questions in a second, and what it counted.
    pub(crate) async fn counting(self, a_second: usize) -> (SocketAddr, Counted) {
        self.counting_at(([127, 0, 0, 1], 0).into(), a_second).await
    }

    pub(crate) async fn counting_at(self, at: SocketAddr, a_second: usize) -> (SocketAddr, Counted) {
        let counted = Counted::default();
        let udp = UdpSocket::bind(at).await.unwrap();
        let address = udp.local_addr().unwrap();
        let count = counted.clone();
        tokio::spawn(async move {
            let refusing = Self { refuse: true, ..self.clone() };
            let mut buffer = [0; 2048];
            while let Ok((length, from)) = udp.recv_from(&mut buffer).await {
                let zone = if count.lets_through(a_second) { &self } else { &refusing };
                let _ = udp.send_to(&zone.reply_to(&buffer[..length], true), from).await;
            }
        });
        (address, counted)
    }

    pub(crate) async fn serve(self) -> SocketAddr {
        let (udp, tcp) = loop {
            let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
                break (udp, tcp);
            }
        };
        let address = udp.local_addr().unwrap();
        let zone = self.clone();
        tokio::spawn(async move {
            let udp = Arc::new(udp);
            let mut buffer = [0; 2048];
            while let Ok((length, from)) = udp.recv_from(&mut buffer).await {
                if zone.deaf {
                    continue;
                }
                let (reply, late, udp) = (zone.reply_to(&buffer[..length], true), zone.late, udp.clone());
                tokio::spawn(async move {
                    tokio::time::sleep(late).await;
                    let _ = udp.send_to(&reply, from).await;
                });
            }
        });
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = tcp.accept().await {
                let Ok(length) = stream.read_u16().await else {
                    continue;
                };
                let mut request = vec![0; usize::from(length)];
                if stream.read_exact(&mut request).await.is_err() {
                    continue;
                }
                let reply = self.reply_to(&request, false);
                let _ = stream.write_u16(reply.len().try_into().unwrap()).await;
                let _ = stream.write_all(&reply).await;
            }
        });
        address
    }
}

/// When a resolver was asked, and how often it said no.
#[derive(Clone, Default)]
pub(crate) struct Counted(Arc<Mutex<(Vec<Instant>, usize)>>);

impl Counted {
    fn lets_through(&self, a_second: usize) -> bool {
        let mut seen = self.0.lock().unwrap();
        let now = Instant::now();
        let lately = seen.0.iter().filter(|at| now.duration_since(**at) < Duration::from_secs(1)).count();
        seen.0.push(now);
        let fine = lately < a_second;
        seen.1 += usize::from(!fine);
        fine
    }

    pub(crate) fn most_in_a_second(&self) -> usize {
        let moments = &self.0.lock().unwrap().0;
        let within = |from: &Instant| {
            moments
                .iter()
                .filter(|at| *at >= from && at.duration_since(*from) < Duration::from_secs(1))
                .count()
        };
        moments.iter().map(within).max().unwrap_or(0)
    }

    pub(crate) fn refused(&self) -> usize {
        self.0.lock().unwrap().1
    }

    pub(crate) fn asked(&self) -> usize {
        self.0.lock().unwrap().0.len()
    }
}
