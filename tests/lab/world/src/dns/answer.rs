//! From a question's bytes to an answer's bytes, with faults, cache and log on the way.

use std::net::SocketAddr;

use hickory_proto::op::{Edns, Message, MessageType, Metadata, OpCode, Query, ResponseCode};
use hickory_proto::rr::{DNSClass, RecordType};
use jiff::Timestamp;

use super::delegation::{self, Cut, Elsewhere};
use super::lookup::Lookup;
use super::message::{LARGEST_UDP, encode, failure_of};
use super::{rdata, resolve};
use crate::state::World;
use crate::state::fault::DnsVerdict;
use crate::state::log::QuerySeen;
use crate::state::zone::{Zone, plain};

/// How many name servers a crowded zone has more.
const CROWD: usize = 1500;

/// What kind of server was asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    Authoritative,
    Resolver,
}

/// How the question came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Transport {
    Udp,
    Tcp,
    Https,
}

/// Who asked whom, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meeting {
    pub(crate) role: Role,
    pub(crate) transport: Transport,
    pub(crate) server: SocketAddr,
    pub(crate) client: SocketAddr,
}

impl Transport {
    fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Https => "https",
        }
    }
}

/// The answer to a packet; None if there is none to give.
pub(crate) fn answer(world: &mut World, meeting: Meeting, packet: &[u8], now: Timestamp) -> Option<Vec<u8>> {
    let request = match Message::from_vec(packet) {
        Ok(request) if request.metadata.message_type == MessageType::Query => request,
        Ok(_) => return None,
        Err(_) => return failure_of(packet),
    };
    let mut response = frame(&request, meeting.role);
    let question = request.queries.first().cloned();
    let name = question.as_ref().map(|query| plain(&query.name().to_ascii())).unwrap_or_default();
    let refusal = refusal(&request, question.as_ref());
    let mut dropped = false;
    if let Some(rcode) = refusal {
        response.metadata.response_code = rcode;
    } else if let Some(cut) = given_away(world, meeting, &name) {
        response.add_authorities(cut.servers);
        response.add_additionals(cut.glue);
    } else if let Some(query) = &question {
        match find(world, meeting, &name, query.query_type(), now) {
            Some(lookup) => fill(world, &mut response, lookup, query, meeting.role),
            None => dropped = true,
        }
    }
    world.queries.push(QuerySeen {
        server: meeting.server,
        client: meeting.client,
        transport: meeting.transport.name(),
        name,
        kind: question.map(|query| query.query_type().to_string()).unwrap_or_default(),
        rcode: if dropped { "DROPPED".to_owned() } else { rcode_name(response.metadata.response_code) },
        answers: response.answers.len(),
    });
    if dropped { None } else { encode(&response, largest(meeting, &request)) }
}

/// Where the zone of a server gives authority for the name away.
fn given_away(world: &World, meeting: Meeting, name: &str) -> Option<Cut> {
    let is_zones = meeting.role == Role::Authoritative && !world.outside.is_server(name);
    delegation::cut(resolve::zone_of(&world.zones, name).filter(|_| is_zones)?, name)
}

/// The type that is asked for.
pub(super) fn kind_of(request: &Message) -> RecordType {
    request.queries.first().map_or(RecordType::ANY, Query::query_type)
}

/// A question to a resolver that a server elsewhere has to answer, unless a fault does.
pub(super) fn elsewhere(world: &mut World, meeting: Meeting, packet: &[u8]) -> Option<(Message, Elsewhere)> {
    let request = Message::from_vec(packet).ok()?;
    let question = request.queries.first().filter(|_| meeting.role == Role::Resolver)?;
    if request.metadata.message_type != MessageType::Query || refusal(&request, Some(question)).is_some() {
        return None;
    }
    let name = plain(&question.name().to_ascii());
    if world.outside.is_server(&name) || world.outside.has_host(&name) {
        return None;
    }
    let found = delegation::elsewhere(&world.zones, &world.proxy_addresses, &name, question.query_type())?;
    matches!(world.faults.dns(meeting.server, &name), DnsVerdict::Healthy).then_some((request, found))
}

/// What a server elsewhere has said, as a resolver says it. One that says nothing, or has not the zone, is a failure.
pub(super) fn passed_on(
    world: &mut World,
    meeting: Meeting,
    request: &Message,
    found: Elsewhere,
    said: Option<Message>,
) -> Option<Vec<u8>> {
    let mut response = frame(request, meeting.role);
    match said {
        Some(said) => {
            response.metadata.response_code = said.metadata.response_code;
            response.add_answers(found.answers);
            response.add_answers(said.answers);
            response.add_authorities(said.authorities);
        }
        None => response.metadata.response_code = ResponseCode::ServFail,
    }
    let question = request.queries.first();
    world.queries.push(QuerySeen {
        server: meeting.server,
        client: meeting.client,
        transport: meeting.transport.name(),
        name: question.map(|query| plain(&query.name().to_ascii())).unwrap_or_default(),
        kind: question.map(|query| query.query_type().to_string()).unwrap_or_default(),
        rcode: rcode_name(response.metadata.response_code),
        answers: response.answers.len(),
    });
    encode(&response, largest(meeting, request))
}

fn largest(meeting: Meeting, request: &Message) -> usize {
    usize::from(match meeting.transport {
        Transport::Udp => request.max_payload().min(LARGEST_UDP),
        Transport::Tcp | Transport::Https => u16::MAX,
    })
}

/// The response with everything but records: flags, question, EDNS.
fn frame(request: &Message, role: Role) -> Message {
    let mut response = Message::response(request.metadata.id, request.metadata.op_code);
    response.metadata = Metadata::response_from_request(&request.metadata);
    response.metadata.recursion_available = role == Role::Resolver;
    response.add_queries(request.queries.iter().cloned());
    if let Some(asked) = &request.edns {
        let mut edns = Edns::new();
        edns.set_max_payload(LARGEST_UDP).set_version(0).set_dnssec_ok(asked.flags().dnssec_ok);
        response.set_edns(edns);
    }
    response
}

/// Questions that no server here answers.
fn refusal(request: &Message, question: Option<&Query>) -> Option<ResponseCode> {
    let Some(question) = question.filter(|_| request.queries.len() == 1) else {
        return Some(ResponseCode::FormErr);
    };
    if request.version() != 0 {
        return Some(ResponseCode::BADVERS);
    }
    if request.metadata.op_code != OpCode::Query {
        return Some(ResponseCode::NotImp);
    }
    let transfer = matches!(question.query_type(), RecordType::AXFR | RecordType::IXFR);
    (transfer || question.query_class() != DNSClass::IN).then_some(ResponseCode::Refused)
}

fn bare(rcode: ResponseCode) -> Lookup {
    Lookup { rcode, answers: Vec::new(), authority: Vec::new(), onward: None }
}

/// The facts for the answer; None if a fault swallows it.
fn find(world: &mut World, meeting: Meeting, name: &str, kind: RecordType, now: Timestamp) -> Option<Lookup> {
    let mut crowd = false;
    let past = match world.faults.dns(meeting.server, name) {
        DnsVerdict::Healthy => None,
        DnsVerdict::Crowd => {
            crowd = true;
            None
        }
        DnsVerdict::Stale(zones) => Some(zones),
        DnsVerdict::Drop => return None,
        DnsVerdict::Servfail => return Some(bare(ResponseCode::ServFail)),
        DnsVerdict::Nxdomain => return Some(bare(ResponseCode::NXDomain)),
    };
    let mut found = healthy(world, meeting, past.as_deref(), name, kind, now);
    if crowd && kind == RecordType::NS && !found.answers.is_empty() {
        found.answers.extend((0..CROWD).map(|n| rdata::name_server(name, &format!("zz{n}.{name}"))));
    }
    Some(found)
}

/// What there is to be found, in the zones as they are or as they were.
fn healthy(
    world: &mut World,
    meeting: Meeting,
    past: Option<&[Zone]>,
    name: &str,
    kind: RecordType,
    now: Timestamp,
) -> Lookup {
    let zones = past.unwrap_or(&world.zones);
    let (outside, proxy) = (&world.outside, world.proxy_addresses.as_slice());
    if meeting.role == Role::Authoritative {
        let found = resolve::authoritative(zones, outside, proxy, name, kind);
        return found.unwrap_or_else(|| bare(ResponseCode::Refused));
    }
    let server = meeting.server.ip();
    let remembered = world.cache.as_ref().and_then(|cache| cache.get(server, name, kind, now));
    remembered.unwrap_or_else(|| {
        let found = resolve::recursive(zones, outside, proxy, name, kind);
        if let Some(cache) = &mut world.cache {
            cache.put(server, name, kind, &found, now);
        }
        found
    })
}

fn fill(world: &World, response: &mut Message, lookup: Lookup, query: &Query, role: Role) {
    let refused = matches!(lookup.rcode, ResponseCode::Refused | ResponseCode::ServFail);
    response.metadata.response_code = lookup.rcode;
    response.metadata.authoritative = role == Role::Authoritative && !refused;
    let mut answers = lookup.answers;
    // The owner in the letters of the question: some resolvers check them.
    for record in answers.iter_mut().filter(|record| record.name == *query.name()) {
        record.name = query.name().clone();
    }
    if query.query_type() == RecordType::NS && role == Role::Authoritative {
        response.add_additionals(glue(world, query));
    }
    response.add_answers(answers);
    response.add_authorities(lookup.authority);
}

/// The addresses of the name servers that an NS answer names.
fn glue(world: &World, query: &Query) -> Vec<hickory_proto::rr::Record> {
    let name = plain(&query.name().to_ascii());
    let zone = world.zones.iter().find(|zone| zone.name == name);
    let servers = zone.map(|zone| zone.name_servers.as_slice()).unwrap_or_default();
    let known = servers.iter().filter(|server| world.outside.is_server(server));
    let found = known.filter_map(|server| {
        let owner = rdata::dns_name(server);
        let mut answers = world.outside.closest(server)?.lookup(server, RecordType::A).answers;
        answers.retain(|record| record.name == owner);
        Some(answers)
    });
    found.flatten().collect()
}

/// The code's usual name, for the log.
fn rcode_name(rcode: ResponseCode) -> String {
    match rcode {
        ResponseCode::NoError => "NOERROR".to_owned(),
        ResponseCode::NXDomain => "NXDOMAIN".to_owned(),
        ResponseCode::ServFail => "SERVFAIL".to_owned(),
        ResponseCode::Refused => "REFUSED".to_owned(),
        ResponseCode::FormErr => "FORMERR".to_owned(),
        ResponseCode::NotImp => "NOTIMP".to_owned(),
        other => format!("{other:?}").to_uppercase(),
    }
}
