//! UDP and TCP listeners for DNS.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::time::timeout;

use super::answer::{Meeting, Role, Transport};
use super::forward::reply;
use crate::state::Shared;

/// A TCP client that says nothing for so long is left.
const PATIENCE: Duration = Duration::from_secs(10);

/// Answers datagrams for ever.
pub(crate) async fn serve_udp(socket: UdpSocket, server: SocketAddr, role: Role, shared: Arc<Shared>) {
    let mut packet = vec![0; usize::from(u16::MAX)];
    loop {
        // An error here is an ICMP message about an earlier answer: no reason to stop.
        let Ok((length, client)) = socket.recv_from(&mut packet).await else {
            continue;
        };
        let meeting = Meeting { role, transport: Transport::Udp, server, client };
        let question = packet.get(..length).unwrap_or_default();
        let bytes = reply(&shared, meeting, question).await;
        if let Some(bytes) = bytes {
            let _ = socket.send_to(&bytes, client).await;
        }
    }
}

/// Accepts TCP clients for ever.
pub(crate) async fn serve_tcp(listener: TcpListener, server: SocketAddr, role: Role, shared: Arc<Shared>) {
    loop {
        let Ok((stream, client)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let meeting = Meeting { role, transport: Transport::Tcp, server, client };
        let shared = Arc::clone(&shared);
        tokio::spawn(async move { converse(stream, meeting, &shared).await });
    }
}

/// Questions and answers on one connection, each behind its length (RFC 1035, 4.2.2).
async fn converse(mut stream: TcpStream, meeting: Meeting, shared: &Shared) -> io::Result<()> {
    loop {
        let length = timeout(PATIENCE, stream.read_u16()).await??;
        let mut packet = vec![0; usize::from(length)];
        timeout(PATIENCE, stream.read_exact(&mut packet)).await??;
        let bytes = reply(shared, meeting, &packet).await;
        if let Some(bytes) = bytes
            && let Ok(length) = u16::try_from(bytes.len())
        {
            let mut framed = length.to_be_bytes().to_vec();
            framed.extend(bytes);
            stream.write_all(&framed).await?;
        }
    }
}
