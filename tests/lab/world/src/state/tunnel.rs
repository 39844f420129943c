//! The tunnels of the account, deleted ones included: the API goes on knowing them.

use data_encoding::BASE64;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::mint::stable_id;

/// As many as cloudflared opens for each of its two pods.
const CONNECTIONS: usize = 8;

/// One tunnel.
#[derive(Clone, Debug)]
pub(crate) struct Tunnel {
    /// In the form of a UUID.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) config_src: String,
    /// Base64, as it was given.
    pub(crate) secret: String,
    pub(crate) created_at: Timestamp,
    pub(crate) deleted_at: Option<Timestamp>,
    pub(crate) version: u32,
    pub(crate) config: Value,
    /// There is no edge here that anybody could connect to: whoever fetches the token counts as connected, until the secret changes
    /// or the connections are ended.
    pub(crate) connections: usize,
}

impl Tunnel {
    pub(crate) fn new(id: String, name: String, config_src: String, secret: String, now: Timestamp) -> Self {
        let (version, config, connections) = (0, Value::Null, 0);
        Self { id, name, config_src, secret, created_at: now, deleted_at: None, version, config, connections }
    }

    /// What the connector shows.
    pub(crate) fn token(&mut self) -> String {
        self.connections = CONNECTIONS;
        let token = json!({ "a": account(), "t": self.id, "s": self.secret });
        BASE64.encode(token.to_string().as_bytes())
    }

    /// The tunnel as the API answers it.
    pub(crate) fn to_json(&self) -> Value {
        let connections: Vec<Value> = (0..self.connections)
            .map(|at| {
                json!({ "id": uuid(&format!("{} {at}", self.id)), "uuid": uuid(&format!("{} {at}", self.id)),
                    "client_id": uuid(&format!("{} client", self.id)), "client_version": "2026.10.0", "colo_name": "lab01",
                    "is_pending_reconnect": false, "origin_ip": "203.0.113.1", "opened_at": self.created_at.to_string() })
            })
            .collect();
        let status = if self.connections > 0 { "healthy" } else { "inactive" };
        json!({
            "id": self.id, "account_tag": account(), "name": self.name, "tun_type": "cfd_tunnel",
            "config_src": self.config_src, "remote_config": self.config_src == "cloudflare", "status": status,
            "created_at": self.created_at.to_string(), "deleted_at": self.deleted_at.map(|at| at.to_string()),
            "connections": connections, "metadata": {},
        })
    }

    /// The same with where it leads, for the control API.
    pub(crate) fn with_config(&self) -> Value {
        let mut json = self.to_json();
        json["config"] = self.config.clone();
        json
    }
}

/// The id of the one account.
pub(crate) fn account() -> String {
    stable_id("account")
}

/// An id in the form of a UUID that follows from a text.
pub(crate) fn uuid(of: &str) -> String {
    let id = stable_id(of);
    let part = |from: usize, to: usize| id.get(from..to).unwrap_or_default().to_owned();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}
