//! One connection to the server: every message by TCP, since transfers need it and updates may not fit otherwise.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::evidence::{Fault, Transport};
use crate::facts::server::HostPort;

/// A connection with a deadline for all that is said on it.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    host: String,
    deadline: Instant,
}

impl Connection {
    pub(super) async fn open(at: &HostPort, within: Duration) -> Result<Self, Fault> {
        let (host, deadline) = (at.joined(), Instant::now() + within);
        let failed = |cause| Fault::Transport { host: host.clone(), cause };
        let look = async {
            let found: Vec<_> = tokio::net::lookup_host((at.host.as_str(), at.port))
                .await
                .map_err(|error| failed(Transport::Name(error.to_string())))?
                .collect();
            TcpStream::connect(found.as_slice()).await.map_err(|error| failed(Transport::from_io(&error)))
        };
        let stream = timeout_at(deadline, look).await.map_err(|_| failed(Transport::Timeout))??;
        Ok(Self { stream, host, deadline })
    }

    pub(super) async fn send(&mut self, message: &[u8]) -> Result<(), Fault> {
        let length = u16::try_from(message.len())
            .map_err(|_| Fault::Unexpected { what: "a message is longer than DNS allows".to_owned() })?;
        let framed = [&length.to_be_bytes()[..], message].concat();
        let sent = timeout_at(self.deadline, self.stream.write_all(&framed)).await;
        self.told(sent)
    }

    pub(super) async fn receive(&mut self) -> Result<Vec<u8>, Fault> {
        let stream = &mut self.stream;
        let read = timeout_at(self.deadline, async {
            let mut message = vec![0; usize::from(stream.read_u16().await?)];
            stream.read_exact(&mut message).await?;
            Ok::<_, std::io::Error>(message)
        })
        .await;
        self.told(read)
    }

    fn told<T>(&self, ended: Result<std::io::Result<T>, tokio::time::error::Elapsed>) -> Result<T, Fault> {
        let cause = match ended {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => Transport::from_io(&error),
            Err(_) => Transport::Timeout,
        };
        Err(Fault::Transport { host: self.host.clone(), cause })
    }
}
