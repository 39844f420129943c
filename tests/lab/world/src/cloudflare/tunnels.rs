//! `/accounts/{id}/cfd_tunnel`: tunnels, their rules, connections and tokens.

use data_encoding::BASE64;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ApiError;
use super::filter::{self, Query};
use super::page::page;
use super::reply::Reply;
use crate::state::mint::Mint;
use crate::state::tunnel::{Tunnel, uuid};

/// The shortest secret (developers.cloudflare.com/api, "Create a Cloudflare Tunnel").
const SHORTEST: usize = 32;

/// The body of POST and PATCH.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Draft {
    name: Option<String>,
    config_src: Option<String>,
    tunnel_secret: Option<String>,
}

/// Answers what comes behind `cfd_tunnel`.
pub(crate) fn answer(
    (tunnels, mint): (&mut Vec<Tunnel>, &mut Mint),
    (method, rest): (&str, &[&str]),
    query: &Query,
    body: &[u8],
    (now, path): (Timestamp, &str),
) -> Result<Reply, ApiError> {
    match (method, rest) {
        ("GET", []) => Ok(list(tunnels, query)),
        ("POST", []) => {
            let draft: Draft = super::handle::parse(body)?;
            create(tunnels, mint, draft, now).map(Reply::result)
        }
        (_, [id, rest @ ..]) => {
            let at = tunnels.iter().position(|tunnel| tunnel.id == *id).ok_or_else(ApiError::no_tunnel)?;
            let tunnel = tunnels.get_mut(at).ok_or_else(ApiError::no_tunnel)?;
            if tunnel.deleted_at.is_some() && (method != "GET" || !rest.is_empty()) {
                return Err(ApiError::no_tunnel());
            }
            one(tunnel, (method, rest), body, (now, path)).map(Reply::result)
        }
        _ => Err(ApiError::no_route(path)),
    }
}

fn list(tunnels: &[Tunnel], query: &Query) -> Reply {
    let is = |key: &str| filter::value(query, key);
    let found = tunnels
        .iter()
        .filter(|tunnel| is("name").is_none_or(|name| tunnel.name == name))
        .filter(|tunnel| is("uuid").is_none_or(|id| tunnel.id == id))
        .filter(|tunnel| {
            is("is_deleted").is_none_or(|deleted| tunnel.deleted_at.is_some() == (deleted == "true"))
        })
        .map(Tunnel::to_json)
        .collect();
    let (found, info) = page(found, query, 100, 1000);
    Reply::list(found, info)
}

fn create(
    tunnels: &mut Vec<Tunnel>,
    mint: &mut Mint,
    draft: Draft,
    now: Timestamp,
) -> Result<Value, ApiError> {
    let name = draft.name.filter(|name| !name.is_empty()).ok_or_else(|| ApiError::bad_body("no name"))?;
    if tunnels.iter().any(|tunnel| tunnel.deleted_at.is_none() && tunnel.name == name) {
        return Err(ApiError::tunnel_exists());
    }
    let config_src = draft.config_src.unwrap_or_else(|| "local".to_owned());
    if !["local", "cloudflare"].contains(&config_src.as_str()) {
        return Err(ApiError::bad_body("config_src"));
    }
    let id = uuid(&mint.next());
    let secret = match draft.tunnel_secret {
        Some(secret) => checked(secret)?,
        None => BASE64.encode(id.as_bytes()),
    };
    let tunnel = Tunnel::new(id, name, config_src, secret, now);
    let json = tunnel.to_json();
    tunnels.push(tunnel);
    Ok(json)
}

fn checked(secret: String) -> Result<String, ApiError> {
    let bytes = BASE64.decode(secret.as_bytes()).map_err(|_| ApiError::bad_body("tunnel_secret"))?;
    if bytes.len() < SHORTEST { Err(ApiError::bad_body("tunnel_secret")) } else { Ok(secret) }
}

fn one(
    tunnel: &mut Tunnel,
    (method, rest): (&str, &[&str]),
    body: &[u8],
    (now, path): (Timestamp, &str),
) -> Result<Value, ApiError> {
    match (method, rest) {
        ("GET", []) => Ok(tunnel.to_json()),
        ("PATCH", []) => {
            let draft: Draft = super::handle::parse(body)?;
            if let Some(secret) = draft.tunnel_secret {
                tunnel.secret = checked(secret)?;
                tunnel.connections = 0;
            }
            tunnel.name = draft.name.unwrap_or_else(|| tunnel.name.clone());
            Ok(tunnel.to_json())
        }
        ("DELETE", []) if tunnel.connections > 0 => Err(ApiError::tunnel_connected()),
        ("DELETE", []) => {
            tunnel.deleted_at = Some(now);
            Ok(tunnel.to_json())
        }
        ("GET", ["token"]) => Ok(json!(tunnel.token())),
        ("GET", ["connections"]) => Ok(tunnel.to_json()["connections"].clone()),
        ("DELETE", ["connections"]) => {
            tunnel.connections = 0;
            Ok(Value::Null)
        }
        ("GET", ["configurations"]) => Ok(configuration(tunnel)),
        ("PUT", ["configurations"]) => {
            let sent: Value = super::handle::parse(body)?;
            let rules = sent["config"]["ingress"].as_array().cloned().unwrap_or_default();
            let is_for_all = |rule: &Value| {
                rule["hostname"].as_str().unwrap_or_default().is_empty() && rule["path"].is_null()
            };
            if !rules.last().is_some_and(is_for_all) {
                return Err(ApiError::bad_rules());
            }
            tunnel.config = sent["config"].clone();
            tunnel.version += 1;
            Ok(configuration(tunnel))
        }
        _ => Err(ApiError::no_route(path)),
    }
}

fn configuration(tunnel: &Tunnel) -> Value {
    json!({
        "tunnel_id": tunnel.id, "version": tunnel.version, "config": tunnel.config, "source": tunnel.config_src,
        "created_at": tunnel.created_at.to_string(),
    })
}
