//! One running program with a configuration of its own.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const FULL: &str = "full-0123456789012345678901234567890123456";
pub(crate) const READER: &str = "read-0123456789012345678901234567890123456";

/// Ends with the test.
pub(crate) struct Program {
    pub(crate) child: Child,
    pub(crate) api: SocketAddr,
    pub(crate) control: SocketAddr,
    pub(crate) files: SocketAddr,
    pub(crate) name_server: SocketAddr,
    pub(crate) resolver: SocketAddr,
    pub(crate) doh: SocketAddr,
    folder: TempDir,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    /// Starts a world with two zones, two tokens and one file, and waits until it is ready.
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let [api, control, files, doh] = ["127.0.9.1", "127.0.9.2", "127.0.9.3", "127.0.9.4"].map(free);
        let [name_server, other_server, resolver] = ["127.0.9.5", "127.0.9.6", "127.0.9.7"].map(free);
        std::fs::create_dir_all(folder.path().join("pinned/v1")).unwrap();
        std::fs::write(folder.path().join("pinned/v1/file.yaml"), "pinned: true\n").unwrap();
        let (cert, key) = certificate(folder.path());
        let config = json!({
            "tls": { "cert": cert, "key": key },
            "api": [api], "control": control, "doh": [doh],
            "authoritative": [name_server, other_server], "resolvers": [resolver],
            "files": { "listen": files, "root": folder.path().join("pinned") },
            "hosts": { "api.cloudflare.com": ["127.0.9.1"] },
            "zones": [{ "name": "example.test", "name_servers": ["ada.ns.lab.test", "bob.ns.lab.test"] }],
            "tokens": [
                { "value": FULL, "id": "full", "permissions": ["zone:read", "dns:edit"] },
                { "value": READER, "id": "reader", "permissions": ["zone:read", "dns:read"] },
            ],
        });
        let mut child = launch(folder.path(), &config);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Self { child, api, control, files, name_server, resolver, doh, folder }
    }

    /// A client that knows the world's certificate and resolves every name to the world.
    pub(crate) fn client(&self) -> reqwest::Client {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let pem = std::fs::read(self.folder.path().join("cert.pem")).unwrap();
        let root = reqwest::Certificate::from_pem(&pem).unwrap();
        reqwest::Client::builder().tls_certs_only([root]).no_proxy().build().unwrap()
    }

    /// A request to the API: status and body.
    pub(crate) async fn api(&self, token: &str, method: &str, path: &str, body: Value) -> (u16, Value) {
        let url = format!("https://{}/client/v4{path}", self.api);
        let request = self.client().request(method.parse().unwrap(), url).bearer_auth(token);
        let request = if body.is_null() { request } else { request.json(&body) };
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// A request to the control API: its answer.
    pub(crate) async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let url = format!("http://{}{path}", self.control);
        let request = self.client().request(method.parse().unwrap(), url);
        let request = if body.is_null() { request } else { request.json(&body) };
        let response = request.send().await.unwrap();
        assert!(response.status().is_success(), "{method} {path}: {}", response.status());
        response.json().await.unwrap()
    }

    /// Makes an A record through the API and answers its id.
    pub(crate) async fn add(&self, name: &str, address: &str) -> String {
        let zone = self.zone().await;
        let body = json!({ "type": "A", "name": name, "content": address });
        let (status, body) = self.api(FULL, "POST", &format!("/zones/{zone}/dns_records"), body).await;
        assert_eq!(status, 200, "{body}");
        body["result"]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn zone(&self) -> String {
        let (_, body) = self.api(FULL, "GET", "/zones?name=example.test", Value::Null).await;
        body["result"][0]["id"].as_str().unwrap().to_owned()
    }
}

/// Runs the program with this configuration.
pub(crate) fn launch(folder: &Path, config: &Value) -> Child {
    let path = folder.join("config.json");
    std::fs::write(&path, config.to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_lab-world"));
    command.arg("--config").arg(path).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// A port that is free now at this address, for TCP; nothing else here uses UDP.
pub(crate) fn free(address: &str) -> SocketAddr {
    TcpListener::bind((address, 0)).unwrap().local_addr().unwrap()
}

fn certificate(folder: &Path) -> (std::path::PathBuf, std::path::PathBuf) {
    let names = ["127.0.9.1", "127.0.9.3", "127.0.9.4", "api.cloudflare.com"].map(str::to_owned);
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (cert, key)
}
