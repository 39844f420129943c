//! What the lab changes behind the API's back.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Json;
use data_encoding::BASE64;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Refusal;
use crate::cloudflare::{Draft, records};
use crate::config::RateLimit;
use crate::state::fault::Order;
use crate::state::token::{Grant, Token};
use crate::state::tunnel::{Tunnel, uuid};
use crate::state::zone::plain;
use crate::state::{Shared, World};

type Answer = Result<Json<Value>, Refusal>;

/// A record, and the zone in which it is made.
#[derive(Deserialize)]
pub(super) struct NewRecord {
    zone: String,
    #[serde(flatten)]
    draft: Draft,
}

pub(super) async fn put_token(
    State(shared): State<Arc<Shared>>,
    Path(value): Path<String>,
    Json(grant): Json<Grant>,
) -> Json<Value> {
    let token = Token::new(&value, grant);
    let json = token.to_json(Timestamp::now());
    shared.world().tokens.insert(value, token);
    Json(json)
}

pub(super) async fn delete_token(State(shared): State<Arc<Shared>>, Path(value): Path<String>) -> Answer {
    let removed = shared.world().tokens.remove(&value);
    removed.map(|token| Json(json!({ "id": token.id }))).ok_or_else(|| Refusal::not_found("token"))
}

/// A record as if made by hand in the dashboard: any zone, no token, no count against the rate limit.
pub(super) async fn add_record(State(shared): State<Arc<Shared>>, Json(new): Json<NewRecord>) -> Answer {
    let mut world = shared.world();
    let World { zones, mint, .. } = &mut *world;
    let name = plain(&new.zone);
    let zone = zones.iter_mut().find(|zone| zone.name == name).ok_or_else(|| Refusal::not_found("zone"))?;
    let record = records::create(zone, new.draft, mint, Timestamp::now())?;
    Ok(Json(record.to_json()))
}

pub(super) async fn delete_record(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Answer {
    let mut world = shared.world();
    let zone = world.zones.iter_mut().find(|zone| zone.find(&id).is_some());
    let zone = zone.ok_or_else(|| Refusal::not_found("record"))?;
    Ok(Json(records::delete(zone, &id)?.to_json()))
}

/// A tunnel as somebody in the dashboard makes it.
#[derive(Deserialize)]
pub(super) struct NewTunnel {
    name: String,
}

pub(super) async fn add_tunnel(State(shared): State<Arc<Shared>>, Json(new): Json<NewTunnel>) -> Json<Value> {
    let mut world = shared.world();
    let (id, secret) = (uuid(&world.mint.next()), world.mint.next());
    let secret = BASE64.encode(secret.as_bytes());
    let tunnel = Tunnel::new(id, new.name, "cloudflare".to_owned(), secret, Timestamp::now());
    let json = tunnel.to_json();
    world.tunnels.push(tunnel);
    Json(json)
}

/// Gives a tunnel a new secret, as "Refresh token" in the dashboard does: nobody with the old token is connected any more.
pub(super) async fn rotate_tunnel(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Answer {
    let mut world = shared.world();
    let World { tunnels, mint, .. } = &mut *world;
    let tunnel = tunnels.iter_mut().find(|tunnel| tunnel.id == id);
    let tunnel = tunnel.ok_or_else(|| Refusal::not_found("tunnel"))?;
    tunnel.secret = BASE64.encode(mint.next().as_bytes());
    tunnel.connections = 0;
    Ok(Json(tunnel.to_json()))
}

pub(super) async fn delete_tunnel(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Answer {
    let mut world = shared.world();
    let tunnel = world.tunnels.iter_mut().find(|tunnel| tunnel.id == id);
    let tunnel = tunnel.ok_or_else(|| Refusal::not_found("tunnel"))?;
    (tunnel.deleted_at, tunnel.connections) = (Some(Timestamp::now()), 0);
    Ok(Json(tunnel.to_json()))
}

pub(super) async fn add_fault(State(shared): State<Arc<Shared>>, Json(order): Json<Order>) -> Json<Value> {
    let mut world = shared.world();
    let World { zones, faults, .. } = &mut *world;
    Json(json!({ "id": faults.add(order, zones) }))
}

pub(super) async fn clear_faults(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({ "removed": shared.world().faults.remove(None) }))
}

pub(super) async fn clear_fault(State(shared): State<Arc<Shared>>, Path(id): Path<u64>) -> Answer {
    match shared.world().faults.remove(Some(id)) {
        0 => Err(Refusal::not_found("fault")),
        removed => Ok(Json(json!({ "removed": removed }))),
    }
}

/// Sets the limit of every token, and forgets what they have used.
pub(super) async fn set_rate_limit(
    State(shared): State<Arc<Shared>>,
    Json(limit): Json<RateLimit>,
) -> Json<Value> {
    shared.world().meter.set(limit);
    Json(json!(limit))
}

/// Makes the resolvers forget what does not exist.
pub(super) async fn clear_cache(State(shared): State<Arc<Shared>>) -> Json<Value> {
    if let Some(cache) = &mut shared.world().cache {
        cache.clear();
    }
    Json(json!({}))
}
