//! Cloudflare Tunnel (developers.cloudflare.com/api, "Cloudflare Tunnels"; cloudflared 2026.8.2: `cfapi/tunnel.go`,
//! `cmd/cloudflared/tunnel`, `ingress`, `metrics`; cloudflare-python 5.9).

use futures::future::{BoxFuture, FutureExt};
use k8s_openapi::ByteString;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::evidence::{Fault, Permission, Tunnel, TunnelRule, Zone};
use crate::facts::names::is_within;
use crate::facts::secret::Secret;
use crate::provider::call::Call;
use crate::provider::cloudflare::client::Client;
use crate::provider::tunnels::{Connector, TunnelApi, TunnelToken, TunnelWords, Tunnels, Which};

/// What the last rule says: every host that no rule is for.
const NOBODY: &str = "http_status:404";
/// "Cannot delete tunnel because it has active connections" (tuanngocptn/nport#16).
const CONNECTED: u32 = 1022;

/// What is particular to them.
pub(super) const TUNNELS: Tunnels = Tunnels {
    connector: Connector {
        program: "cloudflared",
        arguments: &["tunnel", "--no-autoupdate", "--metrics", "0.0.0.0:2000", "run"],
        token: "TUNNEL_TOKEN",
        port: 2000,
        ready: "/ready",
        alive: "/healthcheck",
        outward: (&[7844, 443], &[7844]),
        // cloudflared#426, its `runCommand`, homeassistant-apps/app-cloudflared#323.
        refusals: &[
            (
                "invalid tunnel secret",
                "the token in the cluster is not the tunnel's any more: somebody renewed or revoked it in the dashboard",
                "run `homelab up`, which reads the new token and starts the connectors again",
            ),
            (
                "provided tunnel token is not valid",
                "the Secret with the tunnel's token was changed by hand",
                "run `homelab up`, which writes it again",
            ),
            (
                "failed to get tunnel",
                "somebody deleted the tunnel",
                "run `homelab up`, which creates a new one",
            ),
        ],
    },
    target: |id| format!("{id}.cfargotunnel.com"),
    annotations: &[("cloudflare-proxied", "true")],
    covers: |zone, host| {
        let labels = |name: &str| name.split('.').count();
        is_within(host, zone) && labels(host) <= labels(zone) + 1
    },
    words: TunnelWords {
        page: "the Cloudflare dashboard (Zero Trust, Networks, Connectors)",
        certificate: (
            "Cloudflare's free certificate (Universal SSL) covers the zone and the names one label below it. For a deeper name \
             visitors get a TLS error before they reach the tunnel",
            "give the service a name right below the zone with `host:`, or order an Advanced Certificate for this one in the \
             Cloudflare dashboard (SSL/TLS, Edge Certificates)",
        ),
        outward: "cloudflared opens connections to port 7844 of Cloudflare, UDP and TCP, and to port 443",
    },
};

#[derive(Deserialize)]
struct Found {
    id: String,
    name: String,
    #[serde(default)]
    config_src: Option<String>,
    #[serde(default)]
    remote_config: Option<bool>,
    #[serde(default)]
    deleted_at: Option<String>,
    #[serde(default)]
    connections: Option<Vec<Connection>>,
}

#[derive(Deserialize)]
struct Connection {
    #[serde(default)]
    is_pending_reconnect: Option<bool>,
}

impl Found {
    fn living(self) -> Option<Tunnel> {
        let is_open = |connection: &&Connection| connection.is_pending_reconnect != Some(true);
        self.deleted_at.is_none().then(|| Tunnel {
            remote: self.config_src.as_deref() == Some("cloudflare") || self.remote_config == Some(true),
            connections: self.connections.iter().flatten().filter(is_open).count(),
            rules: Vec::new(),
            id: self.id,
            name: self.name,
        })
    }
}

impl Client {
    /// A call about the tunnels of the account that has the zone.
    fn of_tunnels(zone: &Zone, method: Method, below: &str) -> Result<Call, Fault> {
        let account = zone.account.as_ref().map(|account| account.id.as_str()).filter(|id| is_id(id));
        let account = account
            .ok_or_else(|| Fault::Unexpected { what: "it does not say which account has the zone".into() })?;
        Ok(Call::new(method, &format!("accounts/{account}/cfd_tunnel{below}"), Permission::Tunnels))
    }

    async fn find_tunnel(&self, zone: &Zone, which: Which<'_>) -> Result<Option<Tunnel>, Fault> {
        match which {
            Which::Id(id) if !is_id(id) => Ok(None),
            Which::Id(id) => match self.send(Self::of_tunnels(zone, Method::GET, &format!("/{id}"))?).await {
                Ok(answer) => Ok(answer.result::<Found>()?.living()),
                Err(Fault::Refused { status: 404, .. }) => Ok(None),
                Err(fault) => Err(fault),
            },
            Which::Name(name) => {
                let call = Self::of_tunnels(zone, Method::GET, "")?;
                let call = call.query("name", name).query("is_deleted", "false");
                let found: Vec<Found> = self.send(call).await?.result()?;
                Ok(found.into_iter().filter_map(Found::living).find(|tunnel| tunnel.name == name))
            }
        }
    }

    async fn tunnel_token(&self, zone: &Zone, id: &str) -> Result<TunnelToken, Fault> {
        let call = Self::of_tunnels(zone, Method::GET, &format!("/{id}/token"))?;
        let text: String = self.send(call).await?.result()?;
        let unreadable = || Fault::Unexpected { what: "the tunnel's token has another form".into() };
        let token = Secret::word(&text).map_err(|_| unreadable())?;
        Ok(TunnelToken { key: key_in(&text), token })
    }

    async fn tunnel_rules(&self, zone: &Zone, id: &str) -> Result<Vec<TunnelRule>, Fault> {
        let call = Self::of_tunnels(zone, Method::GET, &format!("/{id}/configurations"))?;
        // One that nobody has configured yet has none.
        let found = match self.send(call).await {
            Ok(answer) => answer.result::<Option<Value>>()?.unwrap_or_default(),
            Err(Fault::Refused { status: 404, .. }) => Value::Null,
            Err(fault) => return Err(fault),
        };
        let all = found["config"]["ingress"].as_array().map_or(&[][..], Vec::as_slice);
        let mut rules: Vec<TunnelRule> = all.iter().map(rule).collect();
        let is_last =
            |rule: &TunnelRule| rule.host.is_none() && rule.path.is_none() && rule.service == NOBODY;
        rules.pop_if(|rule| is_last(rule));
        Ok(rules)
    }
}

impl TunnelApi for Client {
    fn find<'a>(&'a self, zone: &'a Zone, which: Which<'a>) -> BoxFuture<'a, Result<Option<Tunnel>, Fault>> {
        self.find_tunnel(zone, which).boxed()
    }

    fn make<'a>(
        &'a self,
        zone: &'a Zone,
        name: &'a str,
        key: &'a Secret,
    ) -> BoxFuture<'a, Result<Tunnel, Fault>> {
        async move {
            let body = json!({ "name": name, "config_src": "cloudflare", "tunnel_secret": key.expose() });
            let made: Found =
                self.send(Self::of_tunnels(zone, Method::POST, "")?.body(body)).await?.result()?;
            made.living()
                .ok_or_else(|| Fault::Unexpected { what: "the new tunnel is deleted already".into() })
        }
        .boxed()
    }

    fn token<'a>(&'a self, zone: &'a Zone, id: &'a str) -> BoxFuture<'a, Result<TunnelToken, Fault>> {
        self.tunnel_token(zone, id).boxed()
    }

    fn rules<'a>(&'a self, zone: &'a Zone, id: &'a str) -> BoxFuture<'a, Result<Vec<TunnelRule>, Fault>> {
        self.tunnel_rules(zone, id).boxed()
    }

    fn set_rules<'a>(
        &'a self,
        zone: &'a Zone,
        id: &'a str,
        rules: &'a [TunnelRule],
    ) -> BoxFuture<'a, Result<(), Fault>> {
        async move {
            let last = json!({ "service": NOBODY });
            let all: Vec<Value> = rules.iter().map(written).chain([last]).collect();
            let call = Self::of_tunnels(zone, Method::PUT, &format!("/{id}/configurations"))?;
            self.send(call.body(json!({ "config": { "ingress": all } }))).await.map(drop)
        }
        .boxed()
    }

    fn disconnect<'a>(&'a self, zone: &'a Zone, id: &'a str) -> BoxFuture<'a, Result<(), Fault>> {
        async move {
            match self.send(Self::of_tunnels(zone, Method::DELETE, &format!("/{id}/connections"))?).await {
                Ok(_) | Err(Fault::Refused { status: 404, .. }) => Ok(()),
                Err(fault) => Err(fault),
            }
        }
        .boxed()
    }

    fn delete<'a>(&'a self, zone: &'a Zone, id: &'a str) -> BoxFuture<'a, Result<bool, Fault>> {
        async move {
            match self.send(Self::of_tunnels(zone, Method::DELETE, &format!("/{id}"))?).await {
                Ok(_) | Err(Fault::Refused { status: 404, .. }) => Ok(true),
                Err(Fault::Refused { code: CONNECTED, .. }) => Ok(false),
                Err(fault) => Err(fault),
            }
        }
        .boxed()
    }
}

/// Whether it can stand in a path: ids are hexadecimal, some with hyphens.
fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// A token is the account, the tunnel and the tunnel's secret (`a`, `t`, `s`), as JSON in base64 (cloudflared,
/// connection/connection.go, `TunnelToken`).
fn key_in(token: &str) -> Option<Secret> {
    let bytes: ByteString = serde_json::from_value(token.into()).ok()?;
    let parts: Value = serde_json::from_slice(&bytes.0).ok()?;
    Secret::word(parts["s"].as_str()?).ok()
}

fn rule(found: &Value) -> TunnelRule {
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let origin = &found["originRequest"];
    TunnelRule {
        host: text(&found["hostname"]),
        path: text(&found["path"]),
        service: text(&found["service"]).unwrap_or_default(),
        server_name: text(&origin["originServerName"]),
        unchecked: origin["noTLSVerify"] == true,
    }
}

fn written(rule: &TunnelRule) -> Value {
    let mut origin = json!({});
    if let Some(name) = &rule.server_name {
        origin["originServerName"] = name.as_str().into();
    }
    if rule.unchecked {
        origin["noTLSVerify"] = true.into();
    }
    let mut written = json!({ "hostname": rule.host, "service": rule.service, "originRequest": origin });
    if let Some(path) = &rule.path {
        written["path"] = path.as_str().into();
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_tells_what_its_tunnel_was_made_with() {
        let token = "eyJhIjoiYWNjIiwidCI6InRpZCIsInMiOiJzM2NyZXQ9In0=";
        assert_eq!(key_in(token).unwrap().expose(), "s3cret=");
        assert_eq!(key_in("nonsense"), None);
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let name = || Some("photos.example.com".to_owned());
        let whole = TunnelRule {
            host: name(),
            service: "https://a.b.svc:443".into(),
            server_name: name(),
            unchecked: true,
            path: None,
        };
        assert_eq!(rule(&written(&whole)), whole);
        let plain = TunnelRule { server_name: None, unchecked: false, ..whole };
        assert_eq!(rule(&written(&plain)), plain);
    }

    #[test]
    fn the_free_certificate_reaches_one_label_below_the_zone() {
        let covers = |host| (TUNNELS.covers)("example.com", host);
        assert!(covers("example.com") && covers("photos.example.com"));
        assert!(!covers("photos.home.example.com") && !covers("photos.example.org"));
    }

    #[test]
    fn nothing_but_an_id_gets_into_a_path() {
        assert!(is_id("f70ff985-a4ef-4643-bbbc-4a0ed4fc8415") && is_id("023e105f4ecef8ad"));
        assert!(!is_id("../zones") && !is_id("") && !is_id("a?b"));
    }
}
