//! The way of an API server to what it dials, and of clients to the API server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Child;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{free, launch};

/// A program that does nothing else; it ends with the test.
struct Way {
    child: Child,
    folder: TempDir,
}

impl Drop for Way {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Way {
    fn start(config: impl FnOnce(&TempDir) -> Value) -> Self {
        let folder = TempDir::new().unwrap();
        let mut child = launch(folder.path(), &config(&folder));
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Self { child, folder }
    }

    fn tunnel() -> Self {
        Self::start(|folder| json!({ "tunnels": [Self::socket(folder)] }))
    }

    fn socket(folder: &TempDir) -> PathBuf {
        folder.path().join("127.0.0.1:6443")
    }

    /// As k8s.io/apiserver's egress selector asks.
    fn connect(&self, to: &str) -> UnixStream {
        let mut stream = UnixStream::connect(Self::socket(&self.folder)).unwrap();
        write!(stream, "CONNECT {to} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").unwrap();
        stream
    }
}

#[test]
fn what_listens_is_reached_and_nothing_is_lost_on_the_way() {
    let pod = TcpListener::bind("127.0.9.8:0").unwrap();
    let tunnel = Way::tunnel();
    let mut stream = tunnel.connect(&pod.local_addr().unwrap().to_string());
    let (mut there, _) = pod.accept().unwrap();
    let mut head = [0; 19];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK\r\n\r\n");
    stream.write_all(b"question").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut heard = String::new();
    there.read_to_string(&mut heard).unwrap();
    there.write_all(b"answer").unwrap();
    drop(there);
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    assert_eq!((heard.as_str(), said.as_str()), ("question", "answer"));
}

#[test]
fn what_refuses_is_a_bare_502() {
    let mut said = String::new();
    Way::tunnel().connect(&free("127.0.9.8").to_string()).read_to_string(&mut said).unwrap();
    assert!(said.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{said}");
    assert!(said.ends_with("\r\n\r\n") && !said.contains("refused"), "{said}");
}

#[test]
fn a_server_that_has_ended_is_passed_over() {
    let (gone, at) = (free("127.0.9.10"), free("127.0.9.12"));
    let lives = TcpListener::bind("127.0.9.11:0").unwrap();
    let servers = [gone, lives.local_addr().unwrap()];
    let _balancer = Way::start(|_| json!({ "balancers": [{ "listen": at, "servers": servers }] }));
    let mut client = TcpStream::connect(at).unwrap();
    let (mut server, _) = lives.accept().unwrap();
    server.write_all(b"here").unwrap();
    let mut said = [0; 4];
    client.read_exact(&mut said).unwrap();
    assert_eq!(&said, b"here");
}
