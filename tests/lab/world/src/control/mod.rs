//! The control API: how the lab looks at this world, and meddles with it.

mod change;
mod look;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{delete, get, post, put};
use serde_json::json;

use crate::cloudflare::error::ApiError;
use crate::state::Shared;

/// All routes, in plain HTTP.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        // A sign-in service that knows nobody.
        .route("/nobody", get(|| async { StatusCode::UNAUTHORIZED }))
        .route("/state", get(look::state))
        .route("/requests", get(look::requests))
        .route("/queries", get(look::queries))
        .route("/downloads", get(look::downloads))
        .route("/tokens/{value}", put(change::put_token).delete(change::delete_token))
        .route("/records", post(change::add_record))
        .route("/records/{id}", delete(change::delete_record))
        .route("/tunnels", post(change::add_tunnel))
        .route("/tunnels/{id}", delete(change::delete_tunnel))
        .route("/tunnels/{id}/rotate", post(change::rotate_tunnel))
        .route("/faults", post(change::add_fault).delete(change::clear_faults))
        .route("/faults/{id}", delete(change::clear_fault))
        .route("/rate-limit", put(change::set_rate_limit))
        .route("/cache", delete(change::clear_cache))
        .route("/shutdown", post(shutdown))
        .with_state(shared)
}

async fn shutdown(State(shared): State<Arc<Shared>>) -> Json<serde_json::Value> {
    shared.shutdown.notify_one();
    Json(json!({ "shutdown": true }))
}

/// An answer that says what was wrong.
struct Refusal(StatusCode, String);

impl Refusal {
    fn not_found(what: &str) -> Self {
        Self(StatusCode::NOT_FOUND, format!("no such {what}"))
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        let item = error.flattened().item;
        Self(StatusCode::BAD_REQUEST, format!("{} ({})", item.message, item.code))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}
