//! The API of a PowerDNS server with one zone, as pdns/ws-auth.cc answers.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::named;
use crate::net::testing::http::{Canned, Server};

pub(super) struct State {
    pub(super) zones: Vec<Value>,
    pub(super) rrsets: Vec<Value>,
    pub(super) settings: Vec<Value>,
    pub(super) metadata: Vec<Value>,
    pub(super) tsig: Vec<Value>,
    pub(super) read_only: bool,
    /// Paths that this server does not show.
    pub(super) hides: Vec<&'static str>,
    /// A record that somebody else writes beside whatever is written next.
    pub(super) beside: Option<String>,
}

impl State {
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let setting = self.settings.iter_mut().find(|setting| setting["name"] == name).unwrap();
        setting["value"] = value.into();
    }

    fn answer(&mut self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        if self.hides.iter().any(|hidden| path.contains(hidden)) {
            return (404, json!({ "error": "Not Found" }));
        }
        match (method, path.strip_prefix("/api/v1/servers/localhost").unwrap()) {
            ("GET", "/zones") => (200, json!(self.zones)),
            ("GET", "/config") => (200, json!(self.settings)),
            ("GET", "/tsigkeys") => {
                let without = |key: &Value| json!({ "name": key["name"], "id": key["id"], "algorithm": key["algorithm"], "key": "" });
                (200, self.tsig.iter().map(without).collect())
            }
            ("GET", "/tsigkeys/homelab.") => (200, self.tsig[0].clone()),
            ("GET", "/zones/example.com./metadata") => (200, json!(self.metadata)),
            ("GET", "/zones/example.com.") => {
                let wanted = query.strip_prefix("rrset_name=");
                let of_name = |rrset: &&Value| wanted.is_none_or(|wanted| named(rrset, wanted));
                let rrsets: Vec<&Value> = self.rrsets.iter().filter(of_name).collect();
                (
                    200,
                    json!({ "id": "example.com.", "name": "example.com.", "kind": "Native", "rrsets": rrsets }),
                )
            }
            ("PATCH", "/zones/example.com.") if self.read_only => {
                (422, json!({ "error": "Hosting backend does not support editing records." }))
            }
            ("PATCH", "/zones/example.com.") => {
                let body: Value = serde_json::from_str(body).unwrap();
                for change in body["rrsets"].as_array().unwrap() {
                    self.patch(change);
                }
                (204, Value::Null)
            }
            _ => (404, json!({ "error": "Not Found" })),
        }
    }

    /// All records of the name and type go; those of the change come.
    fn patch(&mut self, change: &Value) {
        let same =
            |rrset: &Value| named(rrset, change["name"].as_str().unwrap()) && rrset["type"] == change["type"];
        self.rrsets.retain(|rrset| !same(rrset));
        if change["changetype"] == "REPLACE" {
            let mut records = change["records"].clone();
            if let Some(beside) = self.beside.take() {
                records.as_array_mut().unwrap().push(json!({ "content": beside, "disabled": false }));
            }
            self.rrsets.push(
                json!({ "name": change["name"], "type": change["type"], "ttl": change["ttl"], "records": records }),
            );
        }
    }
}

#[derive(Clone)]
pub(super) struct Fake(Arc<Mutex<State>>);

impl Fake {
    /// One that is set up well.
    pub(super) fn new() -> Self {
        let rrset = |kind: &str, name: &str, content: &str, disabled: bool| json!({ "name": name, "type": kind, "ttl": 60, "comments": [], "records": [{ "content": content, "disabled": disabled }] });
        let setting =
            |name: &str, value: &str| json!({ "type": "ConfigSetting", "name": name, "value": value });
        let metadata =
            |kind: &str, value: &str| json!({ "type": "Metadata", "kind": kind, "metadata": [value] });
        Self(Arc::new(Mutex::new(State {
            zones: vec![
                json!({ "id": "example.com.", "name": "example.com.", "kind": "Native", "serial": 1 }),
            ],
            rrsets: vec![
                rrset(
                    "SOA",
                    "example.com.",
                    "ns.example.com. admin.example.com. 1 10800 3600 604800 10",
                    false,
                ),
                rrset("A", "nas.example.com.", "192.168.1.5", false),
                rrset("CNAME", "www.example.com.", "nas.example.com.", false),
                rrset("TXT", "a-homelab.nas.example.com.", "\"heritage=external-dns\"", false),
                rrset("A", "off.example.com.", "192.168.1.6", true),
            ],
            settings: vec![setting("dnsupdate", "yes"), setting("allow-dnsupdate-from", "127.0.0.0/8,::1")],
            metadata: vec![
                metadata("TSIG-ALLOW-DNSUPDATE", "homelab"),
                metadata("ALLOW-DNSUPDATE-FROM", "192.168.1.0/24"),
            ],
            tsig: vec![json!({ "name": "homelab", "id": "homelab.", "algorithm": "hmac-sha256",
                "key": "c2VjcmV0LW9mLXRoZS1ob3VzZQ==", "type": "TSIGKey" })],
            read_only: false,
            hides: vec![],
            beside: None,
        })))
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.lock().unwrap());
    }

    pub(super) fn rrsets(&self) -> Vec<Value> {
        self.0.lock().unwrap().rrsets.clone()
    }

    pub(super) async fn serve(&self) -> Server {
        let state = Arc::clone(&self.0);
        Canned::serve_by(move |request| {
            let mut line = request.split_whitespace();
            let (method, path) = (line.next().unwrap_or_default(), line.next().unwrap_or_default());
            let body = request.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            let (status, answer) = state.lock().unwrap().answer(method, path, body);
            (status, if answer.is_null() { String::new() } else { answer.to_string() })
        })
        .await
    }
}
