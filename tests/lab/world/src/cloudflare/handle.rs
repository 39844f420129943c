//! From a request to an answer: the routes of the API, without any HTTP machinery.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::auth::{self, Credentials};
use super::batch;
use super::error::ApiError;
use super::filter::{self, Query};
use super::page::page;
use super::records;
use super::reply::Reply;
use super::tunnels;
use crate::state::World;
use crate::state::fault::HttpServer;
use crate::state::mint::is_id;
use crate::state::record::Record;
use crate::state::token::{Permission, Status, Token};
use crate::state::tunnel;
use crate::state::zone::plain;

/// Everything of a request that matters here.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    /// With `/client/v4`.
    pub(crate) path: &'a str,
    pub(crate) query: &'a Query,
    pub(crate) credentials: Credentials<'a>,
    pub(crate) client: IpAddr,
    pub(crate) body: &'a [u8],
    pub(crate) now: Timestamp,
}

/// The answer of the API, and what it changes in the world.
pub(crate) fn handle(world: &mut World, request: &Request<'_>) -> Reply {
    let flat = world.flat_validation_errors;
    let refuse = |error: ApiError| Reply::error(if flat { error.flattened() } else { error });
    let segments: Vec<&str> = request.path.trim_matches('/').split('/').skip(2).collect();
    let verifying = matches!(segments.as_slice(), [.., "tokens", "verify"]);
    let known = auth::identify(&world.tokens, request.credentials, request.client, verifying).cloned();
    let token_id = known.as_ref().ok().map(|token| token.id.clone());
    if let Some(fault) = world.faults.http(HttpServer::Api, request.method, request.path) {
        let message = fault.message.unwrap_or_else(|| "Internal error".to_owned());
        let mut error = ApiError::new(fault.status, fault.code.unwrap_or(10000), message);
        error.retry_after = fault.retry_after;
        return Reply::error(error).asked_by(token_id.as_deref());
    }
    let token = match known {
        Ok(token) => token,
        Err(error) => return refuse(error),
    };
    let reading = world.meter.count(&token.id, request.now);
    let reply = if reading.allowed {
        route(world, request, &token, &segments).unwrap_or_else(refuse)
    } else {
        refuse(ApiError::too_many_requests(reading.limit, reading.window_seconds, reading.resets_in))
    };
    reply.metered(&reading).asked_by(token_id.as_deref())
}

fn route(
    world: &mut World,
    request: &Request<'_>,
    token: &Token,
    segments: &[&str],
) -> Result<Reply, ApiError> {
    let no_route = || ApiError::no_route(request.path);
    match (request.method, segments) {
        ("GET", ["user", "tokens", "verify"] | ["accounts", _, "tokens", "verify"]) => {
            Ok(verify(token, request.now))
        }
        ("GET", ["zones"]) => zones(world, request, token),
        (_, ["zones", id, ..]) if !is_id(id) => Err(no_route()),
        ("GET", ["zones", id]) => {
            auth::require(token, Permission::ZoneRead, request.now)?;
            let at = auth::zone_for(&world.zones, id, token, ApiError::other_zone())?;
            let zone = world.zones.get(at).ok_or_else(ApiError::unknown_zone)?;
            Ok(Reply::result(zone.to_json()))
        }
        (method, ["zones", id, "dns_records", rest @ ..]) => {
            let permission = if method == "GET" { Permission::DnsRead } else { Permission::DnsEdit };
            auth::require(token, permission, request.now)?;
            let at = auth::zone_for(&world.zones, id, token, ApiError::scope())?;
            dns_records(world, at, request, rest)
        }
        (method, ["accounts", account, "cfd_tunnel", rest @ ..]) => {
            auth::require(token, Permission::TunnelEdit, request.now)?;
            if *account != tunnel::account() {
                return Err(ApiError::scope());
            }
            let World { tunnels, mint, .. } = world;
            let at = (request.now, request.path);
            tunnels::answer((tunnels, mint), (method, rest), request.query, request.body, at)
        }
        _ => Err(no_route()),
    }
}

fn verify(token: &Token, now: Timestamp) -> Reply {
    let json = token.verify_json(now);
    match token.status(now) {
        Status::Active => Reply::result_with_message(json, 10000, "This API Token is valid and active"),
        Status::Disabled | Status::Expired => Reply::result(json),
    }
}

/// The zones that the token covers. A token of one zone sees that zone alone.
fn zones(world: &World, request: &Request<'_>, token: &Token) -> Result<Reply, ApiError> {
    auth::require(token, Permission::ZoneRead, request.now)?;
    let name = filter::value(request.query, "name").map(plain);
    let status = filter::value(request.query, "status");
    let found = world
        .zones
        .iter()
        .filter(|zone| token.covers(&zone.name))
        .filter(|zone| name.as_ref().is_none_or(|name| zone.name == *name))
        .filter(|zone| status.is_none_or(|status| zone.status == status))
        .map(|zone| zone.to_json())
        .collect();
    let (zones, info) = page(found, request.query, 20, 50);
    Ok(Reply::list(zones, info))
}

fn dns_records(
    world: &mut World,
    at: usize,
    request: &Request<'_>,
    rest: &[&str],
) -> Result<Reply, ApiError> {
    let now = request.now;
    let World { zones, mint, .. } = world;
    let zone = zones.get_mut(at).ok_or_else(ApiError::unknown_zone)?;
    let one = |record: Result<Record, ApiError>| record.map(|record| Reply::result(record.to_json()));
    match (request.method, rest) {
        ("GET", []) => {
            let found = filter::select(&zone.records, request.query);
            let (found, info) = page(found, request.query, 100, 5_000_000);
            Ok(Reply::list(found.into_iter().map(Record::to_json).collect(), info))
        }
        ("POST", []) => one(records::create(zone, parse(request.body)?, mint, now)),
        ("POST", ["batch"]) => Ok(Reply::result(batch::run(zone, parse(request.body)?, mint, now)?)),
        (_, [id]) if !is_id(id) => Err(ApiError::no_route(request.path)),
        ("GET", [id]) => {
            let record = zone.find(id).and_then(|at| zone.records.get(at)).ok_or_else(ApiError::no_record)?;
            Ok(Reply::result(record.to_json()))
        }
        ("PUT", [id]) => one(records::replace(zone, id, parse(request.body)?, now)),
        ("PATCH", [id]) => one(records::edit(zone, id, parse(request.body)?, now)),
        ("DELETE", [id]) => records::delete(zone, id).map(|record| Reply::result(json!({ "id": record.id }))),
        _ => Err(ApiError::no_route(request.path)),
    }
}

pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| ApiError::bad_body(&error.to_string()))
}
