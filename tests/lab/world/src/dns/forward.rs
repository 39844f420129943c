//! Zones that a real name server has: the resolvers ask it and pass on what it says.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use hickory_proto::op::Message;
use jiff::Timestamp;
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::answer::{Meeting, Role, answer, elsewhere, kind_of, passed_on};
use super::delegation;
use crate::state::Shared;
use crate::state::zone::{is_within, plain};

/// A server that says nothing for so long has failed.
const PATIENCE: Duration = Duration::from_secs(2);

/// The answer to a packet; None if there is none to give.
pub(crate) async fn reply(shared: &Shared, meeting: Meeting, packet: &[u8]) -> Option<Vec<u8>> {
    if let Some(server) = server_of(&shared.forwards, packet).filter(|_| meeting.role == Role::Resolver) {
        return relay(server, packet).await;
    }
    let elsewhere = elsewhere(&mut shared.world(), meeting, packet);
    match elsewhere {
        Some((request, found)) => {
            let said = match found.at {
                Some(at) => delegation::ask(at, &found.name, kind_of(&request)).await,
                None => None,
            };
            passed_on(&mut shared.world(), meeting, &request, found, said)
        }
        None => answer(&mut shared.world(), meeting, packet, Timestamp::now()),
    }
}

/// Who has the zone of the name that is asked for, if it is a zone of somebody else's.
fn server_of(forwards: &BTreeMap<String, SocketAddr>, packet: &[u8]) -> Option<SocketAddr> {
    if forwards.is_empty() {
        return None;
    }
    let asked = Message::from_vec(packet).ok()?;
    let name = plain(&asked.queries.first()?.name().to_ascii());
    forwards.iter().find(|(zone, _)| is_within(&name, zone)).map(|(_, server)| *server)
}

/// What the server says, as a resolver says it.
async fn relay(server: SocketAddr, packet: &[u8]) -> Option<Vec<u8>> {
    let exchange = async {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
        socket.connect(server).await?;
        socket.send(packet).await?;
        let mut answer = vec![0; usize::from(u16::MAX)];
        let length = socket.recv(&mut answer).await?;
        answer.truncate(length);
        Ok::<_, std::io::Error>(answer)
    };
    let mut answer = timeout(PATIENCE, exchange).await.ok()?.ok()?;
    // Not authoritative, recursion available (RFC 1035, 4.1.1).
    if let Some([first, second]) = answer.get_mut(2..4) {
        *first &= !0x04;
        *second |= 0x80;
    }
    Some(answer)
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::Query;
    use hickory_proto::rr::{Name, RecordType};

    use super::*;

    #[test]
    fn only_names_in_a_zone_of_somebody_elses_are_passed_on() {
        let server: SocketAddr = "203.0.113.53:53".parse().unwrap();
        let forwards = BTreeMap::from([("example.test".to_owned(), server)]);
        let packet = |name: &str| {
            let mut message = Message::query();
            message.add_query(Query::query(Name::from_ascii(name).unwrap(), RecordType::A));
            message.to_vec().unwrap()
        };
        assert_eq!(server_of(&forwards, &packet("Nas.Example.test.")), Some(server));
        assert_eq!(server_of(&forwards, &packet("myexample.test.")), None);
        assert_eq!(server_of(&BTreeMap::new(), &packet("nas.example.test.")), None);
        assert_eq!(server_of(&forwards, b"no message"), None);
    }
}
