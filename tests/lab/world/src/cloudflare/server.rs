//! The API over HTTP.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Json, Response};
use jiff::Timestamp;

use super::auth::Credentials;
use super::handle::{Request, handle};
use crate::state::Shared;
use crate::state::log::RequestSeen;
use crate::tls::Peer;

/// Every path of the host is the API's.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(answer).with_state(shared)
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    Extension(Peer(peer)): Extension<Peer>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let query =
        Query::<Vec<(String, String)>>::try_from_uri(&uri).map(|Query(pairs)| pairs).unwrap_or_default();
    let legacy = headers.contains_key("x-auth-key") || headers.contains_key("x-auth-email");
    let authorization = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
    let request = Request {
        method: method.as_str(),
        path: uri.path(),
        query: &query,
        credentials: Credentials { authorization, legacy },
        client: peer.ip(),
        body: &body,
        now: Timestamp::now(),
    };
    let mut world = shared.world();
    let reply = handle(&mut world, &request);
    world.requests.push(seen(&request, &uri, &headers, peer, reply.status, &reply.codes, reply.token_id));
    drop(world);
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(reply.body)).into_response();
    for (name, value) in reply.headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn seen(
    request: &Request<'_>,
    uri: &Uri,
    headers: &HeaderMap,
    peer: SocketAddr,
    status: u16,
    codes: &[u32],
    token_id: Option<String>,
) -> RequestSeen {
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    RequestSeen {
        client: peer.ip(),
        method: request.method.to_owned(),
        path: request.path.to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        user_agent: user_agent.map(str::to_owned),
        status,
        codes: codes.to_vec(),
        token_id,
    }
}
