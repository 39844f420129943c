//! What a controller notes of a request that nobody behind it answered.

use std::net::SocketAddr;

/// A request that the controller passed on, and that got no answer which it could use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedRequest<'a> {
    /// Whom it asked; `None` where it found nobody to ask.
    pub address: Option<SocketAddr>,
    /// When, in the log's own words, which sort.
    pub time: &'a str,
    /// Why, where the line tells.
    pub why: Option<Unusable>,
    /// Whether it asked somebody else first who may come in, and failed there.
    pub asks_leave: bool,
    /// Whether it was for the page `/`, which the doctor asks for as well.
    pub of_root: bool,
}

/// Why an answer could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// The connection was refused.
    Refused,
    /// No machine has the address, or no way leads there.
    Unreachable,
    /// Nobody took the connection in time.
    Silent,
    /// The connection was taken, and no answer came in time.
    Slow,
    /// The connection was taken, and closed without an answer.
    Closed,
    /// No TLS where TLS was wanted.
    NoTls,
    /// TLS was tried, and the other side would not.
    Handshake,
    /// A certificate that was to be checked is not good.
    Certificate,
    /// The connection was taken, and what came was no HTTP.
    NoHttp,
    /// The headers of the answer are not as HTTP wants them.
    BadHeaders,
    /// The headers of the answer are longer than the controller has room for.
    LongHeaders,
    /// The name of whom to ask has no address.
    NoAddress,
    /// Nobody is left to ask.
    Nobody,
    /// The request has more than the controller lets through.
    LongBody,
    /// Who was asked for leave said neither yes nor no.
    NoLeave,
    /// More requests came than the Ingress lets through.
    TooMany,
}
