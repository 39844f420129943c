//! Real packets to the name servers and resolvers.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use serde_json::{Value, json};

use crate::program::Program;

pub(crate) fn question(name: &str, kind: RecordType) -> Message {
    let mut message = Message::new(42, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(format!("{name}.")).unwrap(), kind));
    message
}

/// The answer over UDP; None if there is none.
pub(crate) fn over_udp(server: SocketAddr, question: &Message) -> Option<Message> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    socket.send_to(&question.to_vec().unwrap(), server).unwrap();
    let mut buffer = [0; 65_535];
    let length = socket.recv(&mut buffer).ok()?;
    Some(Message::from_vec(&buffer[..length]).unwrap())
}

fn over_tcp(server: SocketAddr, question: &Message) -> Message {
    let mut stream = TcpStream::connect(server).unwrap();
    let bytes = question.to_vec().unwrap();
    stream.write_all(&u16::try_from(bytes.len()).unwrap().to_be_bytes()).unwrap();
    stream.write_all(&bytes).unwrap();
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut answer).unwrap();
    Message::from_vec(&answer).unwrap()
}

pub(crate) fn rcode(server: SocketAddr, name: &str) -> Option<ResponseCode> {
    over_udp(server, &question(name, RecordType::A)).map(|message| message.metadata.response_code)
}

#[tokio::test]
async fn a_record_is_served_the_moment_the_api_has_answered_and_gone_with_its_deletion() {
    let program = Program::start();
    let id = program.add("www", "192.168.1.5").await;
    for server in [program.name_server, program.resolver] {
        let question = question("www.example.test", RecordType::A);
        for answer in [over_udp(server, &question).unwrap(), over_tcp(server, &question)] {
            assert_eq!(answer.answers[0].data.to_string(), "192.168.1.5");
            assert_eq!(answer.metadata.authoritative, server == program.name_server);
            assert_eq!(answer.metadata.recursion_available, server == program.resolver);
        }
    }
    program.control("DELETE", &format!("/records/{id}"), Value::Null).await;
    assert_eq!(rcode(program.name_server, "www.example.test"), Some(ResponseCode::NXDomain));
}

#[tokio::test]
async fn dns_over_https_answers_by_get_and_by_post() {
    let program = Program::start();
    program.add("www", "192.168.1.5").await;
    let bytes = question("www.example.test", RecordType::A).to_vec().unwrap();
    let url = format!("https://{}/dns-query", program.doh);
    let client = program.client();
    let get = client.get(&url).query(&[("dns", BASE64URL_NOPAD.encode(&bytes))]);
    let post = client.post(&url).header("content-type", "application/dns-message").body(bytes);
    for request in [get, post] {
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/dns-message");
        let answer = Message::from_vec(&response.bytes().await.unwrap()).unwrap();
        assert_eq!(answer.answers[0].data.to_string(), "192.168.1.5");
    }
    assert_eq!(client.get(&url).send().await.unwrap().status().as_u16(), 400);
    assert_eq!(client.post(&url).body("x").send().await.unwrap().status().as_u16(), 415);
}

#[tokio::test]
async fn edns_is_answered_with_edns_and_an_unknown_version_with_badvers() {
    let program = Program::start();
    let mut asked = question("example.test", RecordType::SOA);
    asked.set_edns(Edns::new());
    let answer = over_udp(program.name_server, &asked).unwrap();
    assert_eq!((answer.answers.len(), answer.edns.unwrap().max_payload()), (1, 1232));
    let mut edns = Edns::new();
    edns.set_version(1);
    asked.set_edns(edns);
    let answer = over_udp(program.name_server, &asked).unwrap();
    // Code 16, which hickory reads as BADSIG.
    assert_eq!((u16::from(answer.metadata.response_code), answer.answers.len()), (16, 0));
}

#[tokio::test]
async fn faults_meet_one_server_or_one_name_until_they_are_cleared() {
    let program = Program::start();
    program.add("a", "192.0.2.1").await;
    let resolver = program.resolver.ip();
    let order = json!({ "target": "dns", "mode": "servfail", "name": "a.example.test", "server": resolver });
    program.control("POST", "/faults", order).await;
    assert_eq!(rcode(program.resolver, "a.example.test"), Some(ResponseCode::ServFail));
    assert_eq!(rcode(program.name_server, "a.example.test"), Some(ResponseCode::NoError));
    program
        .control("POST", "/faults", json!({ "target": "dns", "mode": "drop", "server": program.name_server }))
        .await;
    assert_eq!(rcode(program.name_server, "a.example.test"), None);
    program.control("DELETE", "/faults", Value::Null).await;
    assert_eq!(rcode(program.name_server, "a.example.test"), Some(ResponseCode::NoError));
    let queries = program.control("GET", "/queries?since=0", Value::Null).await;
    let rcodes: Vec<&str> =
        queries["queries"].as_array().unwrap().iter().map(|q| q["rcode"].as_str().unwrap()).collect();
    assert_eq!(rcodes, ["SERVFAIL", "NOERROR", "DROPPED", "NOERROR"]);
}
