//! Every listener of the configuration, bound first and served afterwards.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use tokio::net::{TcpListener, UdpSocket, UnixListener};
use tokio::task::JoinSet;

use crate::config::Config;
use crate::dns::answer::Role;
use crate::dns::{doh, server};
use crate::error::StartError;
use crate::state::Shared;
use crate::{balancer, cloudflare, control, files, tls, tunnel};

/// Binds everything. Nothing is answered if one address cannot be had: the tasks end with the set.
pub(crate) async fn start(config: &Config, shared: &Arc<Shared>) -> Result<JoinSet<()>, StartError> {
    let mut tasks = JoinSet::new();
    for (role, addresses) in
        [(Role::Authoritative, &config.authoritative), (Role::Resolver, &config.resolvers)]
    {
        for &address in addresses {
            dns(&mut tasks, address, role, shared).await?;
        }
    }
    https(&mut tasks, config, shared).await?;
    for balancer in &config.balancers {
        let listener = tcp("balancer", balancer.listen).await?;
        tasks.spawn(balancer::serve(listener, balancer.servers.clone()));
    }
    for path in &config.tunnels {
        tasks.spawn(tunnel::serve(socket(path)?));
    }
    if let Some(address) = config.control {
        let listener = tcp("control", address).await?;
        let router = control::router(Arc::clone(shared));
        tasks.spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
    }
    Ok(tasks)
}

async fn dns(
    tasks: &mut JoinSet<()>,
    address: SocketAddr,
    role: Role,
    shared: &Arc<Shared>,
) -> Result<(), StartError> {
    let socket = UdpSocket::bind(address).await.map_err(bind("DNS, UDP", address))?;
    let listener = tcp("DNS, TCP", address).await?;
    tasks.spawn(server::serve_udp(socket, address, role, Arc::clone(shared)));
    tasks.spawn(server::serve_tcp(listener, address, role, Arc::clone(shared)));
    Ok(())
}

async fn https(tasks: &mut JoinSet<()>, config: &Config, shared: &Arc<Shared>) -> Result<(), StartError> {
    let mut wanted: Vec<(&'static str, SocketAddr, Router)> = Vec::new();
    for &address in &config.api {
        wanted.push(("API", address, cloudflare::server::router(Arc::clone(shared))));
    }
    for &address in &config.doh {
        wanted.push(("DNS over HTTPS", address, doh::router(Arc::clone(shared), address)));
    }
    if let Some(folder) = &config.files {
        wanted.push(("files", folder.listen, files::router(Arc::clone(shared), folder.root.clone())));
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let acceptor = tls::acceptor(config.tls.as_ref().ok_or(StartError::NoTls)?)?;
    for (what, address, router) in wanted {
        let listener = tcp(what, address).await?;
        tasks.spawn(tls::serve(listener, acceptor.clone(), router));
    }
    Ok(())
}

/// A socket that an earlier process left behind is taken over.
fn socket(path: &Path) -> Result<UnixListener, StartError> {
    let failed = |source| StartError::Socket { path: path.to_owned(), source };
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
        _ => UnixListener::bind(path).map_err(failed),
    }
}

async fn tcp(what: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(bind(what, address))
}

fn bind(what: &'static str, address: SocketAddr) -> impl FnOnce(io::Error) -> StartError {
    move |source| StartError::Bind { what, address, source }
}
