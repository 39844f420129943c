//! The state and the logs.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Json;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::state::Shared;
use crate::state::log::Log;
use crate::state::record::Record;
use crate::state::tunnel::Tunnel;

/// Answer only what came after this number.
#[derive(Deserialize)]
pub(super) struct Since {
    #[serde(default)]
    since: u64,
}

pub(super) async fn state(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let world = shared.world();
    let now = Timestamp::now();
    let zones: Vec<Value> = world
        .zones
        .iter()
        .map(|zone| {
            let records: Vec<Value> = zone.records.iter().map(Record::to_json).collect();
            json!({
                "id": zone.id, "name": zone.name, "status": zone.status, "name_servers": zone.name_servers,
                "serial": zone.serial, "soa_minimum": zone.soa_minimum, "records": records,
            })
        })
        .collect();
    let tokens: Vec<Value> = world.tokens.values().map(|token| token.to_json(now)).collect();
    let tunnels: Vec<Value> = world.tunnels.iter().map(Tunnel::with_config).collect();
    Json(json!({
        "zones": zones, "tokens": tokens, "tunnels": tunnels, "faults": world.faults.list(), "rate_limit": world.meter.limit,
        "last": {
            "requests": world.requests.last(), "queries": world.queries.last(),
            "downloads": world.downloads.last(),
        },
    }))
}

pub(super) async fn requests(State(shared): State<Arc<Shared>>, Query(query): Query<Since>) -> Json<Value> {
    Json(excerpt("requests", &shared.world().requests, &query))
}

pub(super) async fn queries(State(shared): State<Arc<Shared>>, Query(query): Query<Since>) -> Json<Value> {
    Json(excerpt("queries", &shared.world().queries, &query))
}

pub(super) async fn downloads(State(shared): State<Arc<Shared>>, Query(query): Query<Since>) -> Json<Value> {
    Json(excerpt("downloads", &shared.world().downloads, &query))
}

fn excerpt<T: Serialize>(name: &str, log: &Log<T>, query: &Since) -> Value {
    json!({ name: log.since(query.since), "last": log.last() })
}
