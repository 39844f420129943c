//! The proxy through which k3s' API server reaches kubelets, pods and services: it takes `CONNECT`, dials, and answers a
//! bare 502 when that fails (k3s, pkg/daemons/control/tunnel.go: `serveConnect`, in mode `agent`, which dials from
//! the server itself). Why it failed, the API server is never told.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::time::timeout;

/// An API server asks at once.
const PATIENCE: Duration = Duration::from_secs(10);
const LONGEST: u64 = 8192;
const OPEN: &[u8] = b"HTTP/1.1 200 OK\r\n\r\n";
const FAILED: &[u8] = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const NOT_ALLOWED: &[u8] =
    b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Accepts API servers for ever.
pub(crate) async fn serve(listener: UnixListener) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        tokio::spawn(lead(stream));
    }
}

/// One connection, from its `CONNECT` to its end.
async fn lead(mut asked: UnixStream) -> io::Result<()> {
    let head = timeout(PATIENCE, head(&mut asked)).await??;
    let Some(target) = target(&head) else { return asked.write_all(NOT_ALLOWED).await };
    // As long as the kernel tries. Who asked says nothing meanwhile; if it gives up, it closes.
    let mut early = [0];
    let dialled = tokio::select! {
        dialled = TcpStream::connect(target) => dialled,
        _ = asked.read(&mut early) => return Ok(()),
    };
    let Ok(mut there) = dialled else { return asked.write_all(FAILED).await };
    asked.write_all(OPEN).await?;
    copy_bidirectional(&mut asked, &mut there).await.map(drop)
}

/// What stands before the first empty line. Byte by byte, so that nothing of what follows is swallowed.
async fn head(asked: &mut UnixStream) -> io::Result<String> {
    let mut bytes = Vec::new();
    let mut limited = asked.take(LONGEST);
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(limited.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The `host:port` of a `CONNECT`.
fn target(head: &str) -> Option<&str> {
    let mut words = head.lines().next()?.split(' ');
    (words.next()? == "CONNECT").then(|| words.next()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_connect_has_a_target() {
        let head = "CONNECT 10.42.0.7:10250 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
        assert_eq!(target(head), Some("10.42.0.7:10250"));
        assert_eq!(target("GET / HTTP/1.1\r\n\r\n"), None);
    }
}
