//! Questions to zones, without a network.

use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{RData, RecordType};
use jiff::Timestamp;
use serde_json::json;

use super::answer::{Meeting, Role, Transport, answer};
use super::rdata::dns_name;
use crate::cloudflare::records::create;
use crate::config::Config;
use crate::state::World;

/// A world with records `(type, name, content)` in example.test; `proxied` before the type makes it so.
fn world(records: &[(&str, &str, &str)]) -> World {
    let config: Config = serde_json::from_value(json!({
        "authoritative": ["127.0.0.53:53", "127.0.0.54:53"],
        "hosts": { "api.cloudflare.com": ["203.0.113.10"], "pinned.example.test": ["203.0.113.77"] },
        "zones": [
            { "name": "example.test", "name_servers": ["ada.ns.lab.test", "bob.ns.lab.test"] },
            { "name": "sub.example.test", "name_servers": ["ada.ns.lab.test"] },
        ],
    }))
    .unwrap();
    let mut world = World::new(&config);
    for (kind, name, content) in records {
        let proxied = kind.starts_with("proxied ");
        let kind = kind.trim_start_matches("proxied ");
        let draft = json!({"type":kind,"name":name,"content":content,"proxied":proxied,"priority":10});
        let draft = serde_json::from_value(draft).unwrap();
        create(&mut world.zones[0], draft, &mut world.mint, Timestamp::now()).unwrap();
    }
    world
}

fn ask_as(world: &mut World, role: Role, transport: Transport, name: &str, kind: RecordType) -> Message {
    let mut question = Message::new(7, MessageType::Query, OpCode::Query);
    question.metadata.recursion_desired = true;
    question.add_query(Query::query(dns_name(name), kind));
    let meeting = Meeting {
        role,
        transport,
        server: "127.0.0.53:53".parse().unwrap(),
        client: "127.0.0.1:999".parse().unwrap(),
    };
    let bytes = answer(world, meeting, &question.to_vec().unwrap(), Timestamp::now()).unwrap();
    Message::from_vec(&bytes).unwrap()
}

fn ask(world: &mut World, name: &str, kind: RecordType) -> Message {
    ask_as(world, Role::Authoritative, Transport::Tcp, name, kind)
}

fn resolve(world: &mut World, name: &str, kind: RecordType) -> Message {
    ask_as(world, Role::Resolver, Transport::Tcp, name, kind)
}

fn shown(message: &Message) -> Vec<String> {
    message.answers.iter().map(|r| format!("{} {} {}", r.name, r.record_type(), r.data)).collect()
}

#[test]
fn a_record_is_answered_with_authority_and_the_automatic_ttl() {
    let mut world = world(&[("A", "www", "192.168.1.5")]);
    let message = ask(&mut world, "www.example.test", RecordType::A);
    assert!(message.metadata.authoritative && !message.metadata.recursion_available);
    assert_eq!(shown(&message), ["www.example.test. A 192.168.1.5"]);
    assert_eq!(message.answers[0].ttl, 300);
}

#[test]
fn the_owner_keeps_the_letters_of_the_question() {
    let mut world = world(&[("A", "www", "192.168.1.5")]);
    let message = ask(&mut world, "wWw.eXample.test", RecordType::A);
    assert_eq!(message.answers[0].name.to_ascii(), "wWw.eXample.test.");
}

#[test]
fn a_missing_type_is_no_data_and_a_missing_name_is_nxdomain() {
    let mut world = world(&[("A", "a.b", "192.0.2.1")]);
    for (name, rcode) in [
        ("a.b.example.test", ResponseCode::NoError),
        ("b.example.test", ResponseCode::NoError),
        ("example.test", ResponseCode::NoError),
        ("c.example.test", ResponseCode::NXDomain),
    ] {
        let message = ask(&mut world, name, RecordType::TXT);
        assert_eq!((message.metadata.response_code, message.answers.len()), (rcode, 0), "{name}");
        let RData::SOA(soa) = &message.authorities[0].data else { panic!("no SOA for {name}") };
        assert_eq!((soa.minimum, message.authorities[0].ttl), (1800, 1800));
    }
}

#[test]
fn a_wildcard_covers_what_does_not_exist_and_nothing_else() {
    let mut world =
        world(&[("A", "*.home", "192.0.2.1"), ("TXT", "a.home", "x"), ("A", "deep.b.home", "192.0.2.2")]);
    let mut rcode_and_count = |name: &str| {
        let message = ask(&mut world, name, RecordType::A);
        (message.metadata.response_code, message.answers.len())
    };
    assert_eq!(rcode_and_count("new.home.example.test"), (ResponseCode::NoError, 1));
    assert_eq!(rcode_and_count("very.new.home.example.test"), (ResponseCode::NoError, 1));
    assert_eq!(rcode_and_count("a.home.example.test"), (ResponseCode::NoError, 0));
    assert_eq!(rcode_and_count("b.home.example.test"), (ResponseCode::NoError, 0));
    assert_eq!(rcode_and_count("x.b.home.example.test"), (ResponseCode::NXDomain, 0));
}

#[test]
fn an_alias_is_followed_inside_the_zone_and_by_resolvers_outside_it() {
    let mut world = world(&[
        ("CNAME", "a", "b.example.test"),
        ("A", "b", "192.0.2.1"),
        ("CNAME", "out", "api.cloudflare.com"),
        ("CNAME", "loop", "loop2.example.test"),
        ("CNAME", "loop2", "loop.example.test"),
    ]);
    let inside = ["a.example.test. CNAME b.example.test.", "b.example.test. A 192.0.2.1"];
    assert_eq!(shown(&ask(&mut world, "a.example.test", RecordType::A)), inside);
    assert_eq!(ask(&mut world, "out.example.test", RecordType::A).answers.len(), 1);
    assert_eq!(resolve(&mut world, "out.example.test", RecordType::A).answers.len(), 2);
    let looped = ask(&mut world, "loop.example.test", RecordType::A);
    assert_eq!(looped.metadata.response_code, ResponseCode::ServFail);
}

#[test]
fn an_alias_at_the_apex_is_answered_with_its_targets_addresses() {
    let mut world = world(&[("CNAME", "@", "b.example.test"), ("A", "b", "192.0.2.1")]);
    assert_eq!(shown(&ask(&mut world, "example.test", RecordType::A)), ["example.test. A 192.0.2.1"]);
}

#[test]
fn an_alias_at_the_apex_that_leads_back_to_it_has_no_address() {
    let mut world = world(&[("CNAME", "@", "b.example.test"), ("CNAME", "b", "example.test")]);
    assert_eq!(ask(&mut world, "example.test", RecordType::A).answers.len(), 0);
}

#[test]
fn a_proxied_record_is_answered_with_the_edge() {
    let mut world = world(&[("proxied A", "p", "198.51.100.9"), ("proxied CNAME", "q", "elsewhere.test")]);
    for name in ["p", "q"] {
        let message = ask(&mut world, &format!("{name}.example.test"), RecordType::A);
        assert_eq!(shown(&message), [format!("{name}.example.test. A 203.0.113.99")]);
    }
    assert_eq!(ask(&mut world, "p.example.test", RecordType::AAAA).answers.len(), 0);
}

#[test]
fn the_other_types_are_served_too() {
    let mut world = world(&[
        ("TXT", "t", "\"heritage=external-dns\""),
        ("MX", "@", "mail.example.test"),
        ("CAA", "@", "0 issue \"letsencrypt.org\""),
        ("AAAA", "six", "fd00::1"),
    ]);
    let RData::TXT(text) = &ask(&mut world, "t.example.test", RecordType::TXT).answers[0].data.clone() else {
        panic!("no TXT")
    };
    assert_eq!(&*text.txt_data[0], b"heritage=external-dns");
    assert_eq!(
        shown(&ask(&mut world, "example.test", RecordType::MX)),
        ["example.test. MX 10 mail.example.test."]
    );
    let caa = shown(&ask(&mut world, "example.test", RecordType::CAA));
    assert_eq!(caa, ["example.test. CAA 0 issue \"letsencrypt.org\""]);
    assert_eq!(
        shown(&ask(&mut world, "six.example.test", RecordType::AAAA)),
        ["six.example.test. AAAA fd00::1"]
    );
}

#[test]
fn name_servers_are_named_with_their_addresses() {
    let mut world = world(&[]);
    let message = ask(&mut world, "example.test", RecordType::NS);
    assert_eq!((message.answers.len(), message.additionals.len()), (2, 2));
    let address = ask(&mut world, "bob.ns.lab.test", RecordType::A);
    assert_eq!(shown(&address), ["bob.ns.lab.test. A 127.0.0.54"]);
    assert_eq!(shown(&resolve(&mut world, "ada.ns.lab.test", RecordType::A)).len(), 1);
    assert_eq!(ask(&mut world, "sub.example.test", RecordType::NS).answers.len(), 1);
}

#[test]
fn other_zones_are_refused_by_name_servers_and_resolved_by_resolvers() {
    let mut world = world(&[]);
    let refused = ask(&mut world, "api.cloudflare.com", RecordType::A);
    assert_eq!(
        (refused.metadata.response_code, refused.metadata.authoritative),
        (ResponseCode::Refused, false)
    );
    let resolved = resolve(&mut world, "api.cloudflare.com", RecordType::A);
    assert!(resolved.metadata.recursion_available && !resolved.metadata.authoritative);
    assert_eq!(shown(&resolved), ["api.cloudflare.com. A 203.0.113.10"]);
}

#[test]
fn resolvers_know_the_domains_above_hosts_and_zones_and_nothing_more() {
    let mut world = world(&[]);
    let mut result = |name: &str, kind| {
        let message = resolve(&mut world, name, kind);
        (message.metadata.response_code, message.answers.len())
    };
    assert_eq!(result("cloudflare.com", RecordType::SOA), (ResponseCode::NoError, 1));
    assert_eq!(result("com", RecordType::NS), (ResponseCode::NoError, 1));
    assert_eq!(result("api.cloudflare.com", RecordType::AAAA), (ResponseCode::NoError, 0));
    assert_eq!(result("ns.lab.test", RecordType::A), (ResponseCode::NoError, 0));
    assert_eq!(result("other.cloudflare.com", RecordType::A), (ResponseCode::NXDomain, 0));
    assert_eq!(result("unknown.com", RecordType::A), (ResponseCode::NXDomain, 0));
    assert_eq!(result("host.nowhere", RecordType::A), (ResponseCode::NXDomain, 0));
    assert_eq!(result("pinned.example.test", RecordType::A), (ResponseCode::NoError, 1));
}

#[test]
fn a_large_answer_is_truncated_over_udp_and_whole_over_tcp() {
    let long = "x".repeat(600);
    let mut world = world(&[("TXT", "t", &long)]);
    let udp = ask_as(&mut world, Role::Authoritative, Transport::Udp, "t.example.test", RecordType::TXT);
    assert!(udp.metadata.truncation && udp.answers.is_empty());
    let tcp = ask(&mut world, "t.example.test", RecordType::TXT);
    assert_eq!((tcp.metadata.truncation, tcp.answers.len()), (false, 1));
}

#[test]
fn a_resolver_with_a_negative_cache_remembers_what_did_not_exist() {
    let mut world = world(&[]);
    world.cache = Some(super::cache::NegativeCache::default());
    assert_eq!(resolve(&mut world, "new.example.test", RecordType::A).answers.len(), 0);
    let draft = serde_json::from_value(json!({"type":"A","name":"new","content":"192.0.2.1"})).unwrap();
    create(&mut world.zones[0], draft, &mut world.mint, Timestamp::now()).unwrap();
    assert_eq!(resolve(&mut world, "new.example.test", RecordType::A).answers.len(), 0);
    assert_eq!(ask(&mut world, "new.example.test", RecordType::A).answers.len(), 1);
    world.cache.as_mut().unwrap().clear();
    assert_eq!(resolve(&mut world, "new.example.test", RecordType::A).answers.len(), 1);
}

#[test]
fn a_stale_server_does_not_see_new_records() {
    let mut world = world(&[]);
    let order = serde_json::from_value(json!({"target":"dns","mode":"stale"})).unwrap();
    world.faults.add(order, &world.zones);
    let draft = serde_json::from_value(json!({"type":"A","name":"new","content":"192.0.2.1"})).unwrap();
    create(&mut world.zones[0], draft, &mut world.mint, Timestamp::now()).unwrap();
    assert_eq!(ask(&mut world, "new.example.test", RecordType::A).answers.len(), 0);
    world.faults.remove(None);
    assert_eq!(ask(&mut world, "new.example.test", RecordType::A).answers.len(), 1);
}
