//! One question to one server over UDP, over TCP when the answer does not fit or UDP gets lost (RFC 7766).

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{Instant, timeout, timeout_at};

use crate::evidence::Transport;
use crate::evidence::dns::{AskError, Reply};
use crate::net::dns::Question;
use crate::net::dns::wire::{Encoded, decode, encode};

/// Asks a server. The time is for all attempts together: UDP twice, then TCP, a third apart; an answer to an earlier one counts
/// also when it comes late.
pub async fn ask(server: SocketAddr, question: &Question, within: Duration) -> Result<Reply, AskError> {
    ask_counting(server, question, within).await.0
}

/// The same, and how many attempts had been made when the answer came.
pub async fn ask_counting(
    server: SocketAddr,
    question: &Question,
    within: Duration,
) -> (Result<Reply, AskError>, u32) {
    let (begun, slice) = (Instant::now(), within / 3);
    let mut open: FuturesUnordered<BoxFuture<'_, Result<(Reply, bool), AskError>>> = FuturesUnordered::new();
    let mut why = AskError::Timeout;
    for attempt in 1..=3 {
        open.push(match attempt {
            3 => async { tcp(server, question).await.map(|reply| (reply, false)) }.boxed(),
            _ => udp(server, question).boxed(),
        });
        while let Ok(Some(answer)) = timeout_at(begun + slice * attempt, open.next()).await {
            match answer {
                Ok((reply, false)) => return (Ok(reply), attempt),
                Ok((_, true)) => {
                    let whole = timeout_at(begun + within, tcp(server, question)).await;
                    return (whole.unwrap_or(Err(AskError::Timeout)), attempt);
                }
                // A closed port is told at once; by TCP, it says nothing of an answer that is still on its way.
                Err(closed) if attempt < 3 => return (Err(closed), attempt),
                Err(closed) => why = closed,
            }
        }
    }
    (Err(why), 3)
}

/// Asks by one datagram, and never again.
pub async fn ask_once(server: SocketAddr, question: &Question, within: Duration) -> Result<Reply, AskError> {
    let answer = timeout(within, udp(server, question)).await.unwrap_or(Err(AskError::Timeout));
    answer.map(|(reply, _)| reply)
}

/// Asks by TCP alone.
pub async fn ask_tcp(server: SocketAddr, question: &Question, within: Duration) -> Result<Reply, AskError> {
    timeout(within, tcp(server, question)).await.unwrap_or(Err(AskError::Timeout))
}

async fn udp(server: SocketAddr, question: &Question) -> Result<(Reply, bool), AskError> {
    let sent = encode(question, false)?;
    let local: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let failed = |error| AskError::from(Transport::from_io(&error));
    // Connected, so that a closed port is told at once instead of timing out.
    let socket = UdpSocket::bind(local).await.map_err(failed)?;
    socket.connect(server).await.map_err(failed)?;
    socket.send(&sent.bytes).await.map_err(failed)?;
    let mut buffer = vec![0; 4096];
    loop {
        let length = socket.recv(&mut buffer).await.map_err(failed)?;
        if let Some(answer) = decode(&sent, buffer.get(..length).unwrap_or_default()) {
            return answer;
        }
    }
}

async fn tcp(server: SocketAddr, question: &Question) -> Result<Reply, AskError> {
    let sent = encode(question, false)?;
    exchange(server, &sent)
        .await
        .map_err(|error| AskError::from(Transport::from_io(&error)))
        .and_then(|bytes| {
            decode(&sent, &bytes)
                .unwrap_or_else(|| Err(AskError::Malformed("it answers another question".into())))
        })
        .map(|(reply, _)| reply)
}

async fn exchange(server: SocketAddr, sent: &Encoded) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(sent.bytes.len()).map_err(std::io::Error::other)?;
    let mut framed = length.to_be_bytes().to_vec();
    framed.extend_from_slice(&sent.bytes);
    stream.write_all(&framed).await?;
    let mut answer = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::dns::Rcode;
    use crate::net::dns::RecordType;
    use crate::net::testing::dns::Zone;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn an_address_comes_back_with_its_time_to_live() {
        let server = Zone::new("example.com").a("nas.example.com", [192, 168, 1, 5]).serve().await;
        let reply = ask(server, &Question::new("NAS.example.com", RecordType::A).authoritative(), SECOND)
            .await
            .unwrap();
        assert_eq!(reply.rcode, Rcode::NoError);
        assert!(reply.authoritative);
        assert_eq!(reply.addresses(), [std::net::IpAddr::from([192, 168, 1, 5])]);
        assert_eq!(reply.ttl(), Some(60));
    }

    #[tokio::test]
    async fn a_missing_name_comes_with_the_time_it_may_be_kept() {
        let server = Zone::new("example.com").serve().await;
        let reply = ask(server, &Question::new("no.example.com", RecordType::A), SECOND).await.unwrap();
        assert_eq!((reply.rcode, reply.negative_ttl()), (Rcode::NxDomain, Some(1800)));
    }

    #[tokio::test]
    async fn an_answer_too_long_for_udp_is_fetched_by_tcp() {
        let long = "x".repeat(200);
        let mut zone = Zone::new("example.com").truncating();
        for n in 0..20 {
            zone = zone.txt("big.example.com", &format!("{n} {long}"));
        }
        let server = zone.serve().await;
        let reply = ask(server, &Question::new("big.example.com", RecordType::Txt), SECOND).await.unwrap();
        assert_eq!(reply.texts().count(), 20);
    }

    #[tokio::test]
    async fn who_asks_by_tcp_alone_is_told_what_udp_says_nothing_of() {
        let server = Zone::new("example.com").a("a.example.com", [10, 0, 0, 1]).deaf_on_udp().serve().await;
        let question = Question::new("a.example.com", RecordType::A);
        assert_eq!(ask_tcp(server, &question, SECOND).await.unwrap().addresses().len(), 1);
        let by_udp = ask_once(server, &question, Duration::from_millis(200)).await;
        assert_eq!(by_udp, Err(AskError::Timeout));
    }

    #[tokio::test]
    async fn a_lost_datagram_is_made_up_for_by_tcp() {
        let server = Zone::new("example.com").a("a.example.com", [10, 0, 0, 1]).deaf_on_udp().serve().await;
        let reply = ask(server, &Question::new("a.example.com", RecordType::A), SECOND).await.unwrap();
        assert_eq!(reply.addresses().len(), 1);
    }

    #[tokio::test]
    async fn an_answer_that_comes_late_is_an_answer_and_is_told_from_one_that_is_lost() {
        let late = Duration::from_millis(450);
        let server = Zone::new("example.com").a("a.example.com", [10, 0, 0, 1]).late(late).serve().await;
        let question = Question::new("a.example.com", RecordType::A);
        let (reply, attempts) = ask_counting(server, &question, SECOND).await;
        assert_eq!((reply.unwrap().addresses().len(), attempts), (1, 2));
        let lost = ask_once(server, &question, Duration::from_millis(200)).await;
        assert_eq!(lost, Err(AskError::Timeout));
        assert!(ask_once(server, &question, SECOND).await.is_ok());
    }

    #[tokio::test]
    async fn a_closed_port_is_said_at_once() {
        let free = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let answer = ask(free, &Question::new("a.example.com", RecordType::A), SECOND * 5).await;
        assert_eq!(answer, Err(AskError::Refused));
    }

    #[tokio::test]
    async fn a_silent_server_costs_no_more_than_the_time_given() {
        let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let tcp = tokio::net::TcpListener::bind(silent.local_addr().unwrap()).await;
        let begun = std::time::Instant::now();
        let question = Question::new("a.example.com", RecordType::A);
        let answer = ask(silent.local_addr().unwrap(), &question, Duration::from_millis(300)).await;
        assert!(begun.elapsed() < SECOND);
        if tcp.is_ok() {
            assert_eq!(answer, Err(AskError::Timeout));
        }
    }
}
