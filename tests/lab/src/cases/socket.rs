//! A websocket through the ingress controller.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Stdio};

use super::hands::{Hands, expect};
use crate::error::{Context, Error, Result};

/// One to the demo, through one node.
pub(super) struct Socket {
    child: Child,
    input: ChildStdin,
    output: std::process::ChildStdout,
}

impl Socket {
    pub(super) fn open(hands: &Hands, node: &str, host: &str) -> Result<Self> {
        let mut command = hands.client.command("openssl");
        command.args(["s_client", "-quiet", "-connect", &format!("{node}:443"), "-servername", host]);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.context("starting openssl")?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Error::new("openssl has no pipes"));
        };
        let mut socket = Self { child, input, output };
        socket.send(
            format!(
                "GET /echo HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
            .as_bytes(),
        )?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.extend(socket.receive::<1>()?);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        // The answer that RFC 6455 gives for this key.
        expect(head.starts_with("HTTP/1.1 101") && head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), &head)?;
        socket.echoes()?;
        Ok(socket)
    }

    /// Sends "hi", masked, and gets it back.
    pub(super) fn echoes(&mut self) -> Result<()> {
        self.send(&[0x81, 0x82, 1, 2, 3, 4, b'h' ^ 1, b'i' ^ 2])?;
        let said = self.receive::<4>()?;
        expect(said == [0x81, 2, b'h', b'i'], format!("the websocket said {said:?}"))
    }

    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.input.write_all(bytes).and_then(|()| self.input.flush()).context("writing to the websocket")
    }

    fn receive<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.output.read_exact(&mut bytes).context("reading from the websocket")?;
        Ok(bytes)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // It may have ended by itself, with the controller.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}
