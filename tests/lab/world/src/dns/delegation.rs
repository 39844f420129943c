//! Zones below a zone of the account that a server elsewhere has: who asks the zone's own servers is pointed there, and a resolver
//! asks there.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use hickory_proto::op::{Edns, Message, Query, ResponseCode};
use hickory_proto::rr::{Record as WireRecord, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use super::lookup::{LONGEST_CHAIN, View};
use super::{rdata, resolve};
use crate::state::record::{Facts, Kind};
use crate::state::zone::{Zone, is_within};

/// A server that says nothing for so long is asked once more, and then has failed.
const PATIENCE: Duration = Duration::from_millis(800);
const LARGEST_UDP: u16 = 1232;
const DNS: u16 = 53;

/// Where a zone ends and another begins.
#[derive(Clone, Debug)]
pub(crate) struct Cut {
    pub(super) servers: Vec<WireRecord>,
    /// The addresses that the zone has for them.
    pub(super) glue: Vec<WireRecord>,
    pub(super) address: Option<IpAddr>,
}

/// A question that a server elsewhere has to answer.
#[derive(Debug)]
pub(super) struct Elsewhere {
    /// Where it is; nowhere if no address of it is known.
    pub(super) at: Option<SocketAddr>,
    /// The name to ask it for.
    pub(super) name: String,
    /// The aliases that have led there.
    pub(super) answers: Vec<WireRecord>,
}

/// The highest place above a name, or at it, where the zone gives authority away.
pub(crate) fn cut(zone: &Zone, name: &str) -> Option<Cut> {
    let of_kind = |kinds: &'static [Kind]| {
        zone.records.iter().map(|record| &record.facts).filter(move |facts| kinds.contains(&facts.kind))
    };
    let below = of_kind(&[Kind::Ns]).filter(|facts| facts.name != zone.name && is_within(name, &facts.name));
    let at = below.min_by_key(|facts| facts.name.len())?.name.clone();
    let servers: Vec<&Facts> = of_kind(&[Kind::Ns]).filter(|facts| facts.name == at).collect();
    let glue: Vec<&Facts> = of_kind(&[Kind::A, Kind::Aaaa])
        .filter(|facts| servers.iter().any(|server| server.content == facts.name))
        .collect();
    Some(Cut {
        servers: servers.iter().filter_map(|facts| rdata::wire(facts, &at)).collect(),
        address: glue.iter().find_map(|facts| facts.content.parse().ok()),
        glue: glue.iter().filter_map(|facts| rdata::wire(facts, &facts.name)).collect(),
    })
}

/// Follows every alias, as far as it leads to a zone that a server elsewhere has.
pub(super) fn elsewhere(zones: &[Zone], proxy: &[IpAddr], name: &str, kind: RecordType) -> Option<Elsewhere> {
    let (mut name, mut answers) = (name.to_owned(), Vec::new());
    for _ in 0..LONGEST_CHAIN {
        let zone = resolve::zone_of(zones, &name)?;
        if let Some(cut) = cut(zone, &name) {
            let at = cut.address.map(|address| SocketAddr::new(address, DNS));
            return Some(Elsewhere { at, name, answers });
        }
        let mut step = View::of_zone(zone, proxy).lookup(&name, kind);
        answers.append(&mut step.answers);
        name = step.onward?;
    }
    None
}

/// What the server there says; `None` when it says nothing, or has not the zone.
pub(super) async fn ask(at: SocketAddr, name: &str, kind: RecordType) -> Option<Message> {
    let mut question = Message::query();
    question.add_query(Query::query(rdata::dns_name(name), kind));
    let mut edns = Edns::new();
    edns.set_max_payload(LARGEST_UDP);
    question.set_edns(edns);
    let packet = question.to_vec().ok()?;
    let mut said = None;
    for _ in 0..2 {
        said = timeout(PATIENCE, by_udp(at, &packet)).await.ok().and_then(Result::ok);
        if said.is_some() {
            break;
        }
    }
    let mut answer = Message::from_vec(&said?).ok()?;
    if answer.metadata.truncation {
        answer = Message::from_vec(&timeout(PATIENCE, by_tcp(at, &packet)).await.ok()?.ok()?).ok()?;
    }
    let is_fine = matches!(answer.metadata.response_code, ResponseCode::NoError | ResponseCode::NXDomain);
    (is_fine && answer.metadata.authoritative).then_some(answer)
}

async fn by_udp(at: SocketAddr, packet: &[u8]) -> std::io::Result<Vec<u8>> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
    socket.connect(at).await?;
    socket.send(packet).await?;
    let mut answer = vec![0; usize::from(u16::MAX)];
    let length = socket.recv(&mut answer).await?;
    answer.truncate(length);
    Ok(answer)
}

async fn by_tcp(at: SocketAddr, packet: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(at).await?;
    let length = u16::try_from(packet.len()).map_err(std::io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), packet].concat()).await?;
    let mut answer = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cloudflare::records;
    use crate::config::ZoneConfig;
    use crate::state::mint::Mint;

    fn zone(entries: &[(&str, &str, &str)]) -> Zone {
        let config: ZoneConfig =
            serde_json::from_value(json!({ "name": "example.test", "name_servers": ["ada.ns.test"] }))
                .unwrap();
        let now = jiff::Timestamp::now();
        let mut zone = Zone::from_config(&config, 1800, now);
        let mut mint = Mint::new(now);
        for (name, kind, content) in entries {
            let draft = json!({ "name": name, "type": kind, "content": content });
            records::create(&mut zone, serde_json::from_value(draft).unwrap(), &mut mint, now).unwrap();
        }
        zone
    }

    #[test]
    fn a_zone_ends_where_it_has_ns_records_below_its_name() {
        let zone = zone(&[("acme", "NS", "ns.acme.example.test"), ("ns.acme", "A", "198.51.100.1")]);
        let found = cut(&zone, "_acme-challenge.x.acme.example.test").unwrap();
        assert_eq!((found.servers.len(), found.glue.len()), (1, 1));
        assert_eq!(found.address, Some([198, 51, 100, 1].into()));
        assert!(cut(&zone, "acme.example.test").is_some() && cut(&zone, "other.example.test").is_none());
    }

    #[test]
    fn an_alias_leads_to_the_server_elsewhere() {
        let zone = zone(&[
            ("acme", "NS", "ns.acme.example.test"),
            ("_acme-challenge.x", "CNAME", "x.acme.example.test"),
        ]);
        let zones = [zone];
        let found = elsewhere(&zones, &[], "_acme-challenge.x.example.test", RecordType::TXT).unwrap();
        assert_eq!((found.name.as_str(), found.answers.len(), found.at), ("x.acme.example.test", 1, None));
        assert!(elsewhere(&zones, &[], "www.example.test", RecordType::A).is_none());
    }
}
