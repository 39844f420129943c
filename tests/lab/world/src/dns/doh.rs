//! DNS over HTTPS (RFC 8484).

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use data_encoding::BASE64URL_NOPAD;

use super::answer::{Meeting, Role, Transport};
use super::forward::reply;
use crate::state::Shared;
use crate::tls::Peer;

const MEDIA_TYPE: &str = "application/dns-message";

#[derive(Clone)]
struct Resolver {
    shared: Arc<Shared>,
    address: SocketAddr,
}

/// `/dns-query` of the resolver at this address.
pub(crate) fn router(shared: Arc<Shared>, address: SocketAddr) -> Router {
    Router::new().route("/dns-query", get(by_get).post(by_post)).with_state(Resolver { shared, address })
}

async fn by_get(
    State(resolver): State<Resolver>,
    Extension(Peer(client)): Extension<Peer>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let packet = query.get("dns").and_then(|text| BASE64URL_NOPAD.decode(text.as_bytes()).ok());
    match packet {
        Some(packet) => respond(&resolver, client, &packet).await,
        None => StatusCode::BAD_REQUEST.into_response(),
    }
}

async fn by_post(
    State(resolver): State<Resolver>,
    Extension(Peer(client)): Extension<Peer>,
    headers: HeaderMap,
    packet: Bytes,
) -> Response {
    if headers.get(header::CONTENT_TYPE).is_none_or(|value| value != MEDIA_TYPE) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    respond(&resolver, client, &packet).await
}

/// A question that a fault drops is a gateway's timeout here: HTTP cannot stay silent.
async fn respond(resolver: &Resolver, client: SocketAddr, packet: &[u8]) -> Response {
    let meeting =
        Meeting { role: Role::Resolver, transport: Transport::Https, server: resolver.address, client };
    match reply(&resolver.shared, meeting, packet).await {
        Some(bytes) => ([(header::CONTENT_TYPE, MEDIA_TYPE)], bytes).into_response(),
        None if packet.len() < 12 => StatusCode::BAD_REQUEST.into_response(),
        None => StatusCode::GATEWAY_TIMEOUT.into_response(),
    }
}
