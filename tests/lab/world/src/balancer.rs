//! A list of servers behind one address, as each k3s agent has it for the API server: the first that takes the connection
//! has it (k3s, pkg/agent/loadbalancer).

use std::net::SocketAddr;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// A server that is off does not refuse.
const PATIENCE: Duration = Duration::from_secs(2);

/// One balancer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Balancer {
    pub(crate) listen: SocketAddr,
    pub(crate) servers: Vec<SocketAddr>,
}

/// Accepts clients for ever.
pub(crate) async fn serve(listener: TcpListener, servers: Vec<SocketAddr>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        tokio::spawn(lead(stream, servers.clone()));
    }
}

/// Without a server, the client's connection is closed.
async fn lead(mut client: TcpStream, servers: Vec<SocketAddr>) {
    for server in servers {
        if let Ok(Ok(mut server)) = timeout(PATIENCE, TcpStream::connect(server)).await {
            let _ = copy_bidirectional(&mut client, &mut server).await;
            return;
        }
    }
}
