//! A program that misbehaves in one way, for what the doctor says of the services behind the names.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use crate::error::{Context, Result};

/// How it misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Fault {
    /// It sends everybody to the page that was asked for, as a program that wants TLS and does not believe its proxy.
    Loop,
    /// It refuses what comes through a proxy.
    Untrusting,
    /// Its answer's headers have 24 KB.
    Headers,
    /// It takes the request and ends the connection.
    Closing,
}

impl Fault {
    /// Its word on the command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Loop => "loop",
            Self::Untrusting => "untrusting",
            Self::Headers => "headers",
            Self::Closing => "closing",
        }
    }

    /// What it answers a request with these headers; `None` when it only ends.
    fn answer(self, headers: &[String]) -> Option<String> {
        let value = |name: &str| {
            let mut found = headers.iter().filter_map(|line| line.split_once(':'));
            found.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
        };
        let of = |status: &str, more: &str| {
            format!("HTTP/1.1 {status}\r\n{more}Content-Length: 0\r\nConnection: close\r\n\r\n")
        };
        match self {
            Self::Loop => {
                let host = value("host").unwrap_or_default();
                Some(of("307 Temporary Redirect", &format!("Location: https://{host}/\r\n")))
            }
            Self::Untrusting if value("x-forwarded-for").is_some() => Some(of("400 Bad Request", "")),
            Self::Untrusting => Some(of("200 OK", "")),
            Self::Headers => Some(of("200 OK", &format!("Set-Cookie: a={}\r\n", "x".repeat(24 << 10)))),
            Self::Closing => None,
        }
    }
}

/// Answers on that port of every address, until it is ended.
pub(crate) fn serve(fault: Fault, port: u16) -> Result<()> {
    let listener = TcpListener::bind(("0.0.0.0", port)).context(format_args!("listening on port {port}"))?;
    for stream in listener.incoming().flatten() {
        // Whoever goes away in the middle is no matter of the others.
        let _ = answer(fault, &stream);
    }
    Ok(())
}

fn answer(fault: Fault, mut stream: &TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let lines = BufReader::new(stream).lines();
    let headers: Vec<String> = lines.map_while(|line| line.ok().filter(|line| !line.is_empty())).collect();
    match fault.answer(&headers) {
        Some(text) => stream.write_all(text.as_bytes()),
        None => Ok(()),
    }
}
