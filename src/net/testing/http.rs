//! A web server that gives canned answers in turn and remembers what it was asked.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

#[derive(Clone)]
pub(crate) struct Canned {
    turns: Vec<Vec<u8>>,
    paths: Vec<(String, Vec<u8>)>,
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// All requests so far, each as its head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

impl Canned {
    pub(crate) fn none() -> Self {
        Self { turns: Vec::new(), paths: Vec::new() }
    }

    pub(crate) fn text(status: u16, kind: &str, body: &str) -> Self {
        Self::bytes(status, kind, body.as_bytes().to_vec())
    }

    pub(crate) fn bytes(status: u16, kind: &str, body: Vec<u8>) -> Self {
        Self::none().then(status, &format!("content-type: {kind}\r\n"), body)
    }

    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::text(status, "application/json", body)
    }

    pub(crate) fn then_json(self, status: u16, body: &str) -> Self {
        self.then(status, "content-type: application/json\r\n", body.as_bytes().to_vec())
    }

    /// One more answer; the last one repeats.
    pub(crate) fn then(mut self, status: u16, headers: &str, body: Vec<u8>) -> Self {
        let head = format!(
            "HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        self.turns.push([head.into_bytes(), body].concat());
        self
    }

    /// A server whose answers depend on what it is asked: from a request to a status and a body of JSON. Status 0 closes the
    /// connection without a word.
    pub(crate) async fn serve_by(answer: impl Fn(&str) -> (u16, String) + Send + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = read_request(&mut stream).await;
                log.lock().unwrap().push(request.clone());
                let (status, body) = answer(&request);
                if status > 0 {
                    let whole = Self::json(status, &body).turns.remove(0);
                    let _ = stream.write_all(&whole).await;
                }
                let _ = stream.shutdown().await;
            }
        });
        Server { address, seen }
    }

    /// An answer for every request whose first line has this text in it.
    pub(crate) fn at_json(mut self, path: &str, status: u16, body: &str) -> Self {
        let answer = Self::json(status, body).turns.remove(0);
        self.paths.push((path.to_owned(), answer));
        self
    }

    pub(crate) async fn serve(self) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                self.answer(stream, &log).await;
            }
        });
        Server { address, seen }
    }

    pub(crate) async fn answer(
        &self,
        mut stream: impl AsyncRead + AsyncWrite + Unpin,
        log: &Mutex<Vec<String>>,
    ) {
        let request = read_request(&mut stream).await;
        let answer = {
            let mut log = log.lock().unwrap();
            let line = request.lines().next().unwrap_or_default();
            let routed =
                self.paths.iter().find(|(path, _)| line.contains(path)).map(|(_, answer)| answer.clone());
            log.push(request);
            let turn = || self.turns.get(log.len() - 1).or(self.turns.last()).cloned();
            routed.or_else(turn).unwrap_or_default()
        };
        let _ = stream.write_all(&answer).await;
        let _ = stream.shutdown().await;
    }
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut data = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        data.extend_from_slice(&buffer[..length]);
        // A TLS handshake record: whoever sends it gets the plain answer.
        if data.starts_with(&[0x16]) {
            break;
        }
        let text = String::from_utf8_lossy(&data).to_lowercase();
        let Some(head) = text.find("\r\n\r\n") else {
            continue;
        };
        let body = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.trim().parse::<usize>().unwrap());
        if data.len() >= head + 4 + body {
            break;
        }
    }
    String::from_utf8_lossy(&data).into_owned()
}
