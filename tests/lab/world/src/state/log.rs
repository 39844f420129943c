//! What was asked of this world, numbered.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;
use serde::Serialize;

/// Old entries go when this many are kept.
const KEPT: usize = 100_000;

/// A numbered list; numbers start at 1 and are never used again.
pub(crate) struct Log<T> {
    entries: VecDeque<Entry<T>>,
    last: u64,
}

/// One line of a log.
#[derive(Debug, Serialize)]
pub(crate) struct Entry<T> {
    pub(crate) n: u64,
    pub(crate) time: Timestamp,
    #[serde(flatten)]
    pub(crate) what: T,
}

/// A request to the Cloudflare API. The token is named by its id, never by its value.
#[derive(Debug, Serialize)]
pub(crate) struct RequestSeen {
    pub(crate) client: IpAddr,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) user_agent: Option<String>,
    pub(crate) status: u16,
    /// The codes of the errors in the answer.
    pub(crate) codes: Vec<u32>,
    pub(crate) token_id: Option<String>,
}

/// A DNS question.
#[derive(Debug, Serialize)]
pub(crate) struct QuerySeen {
    pub(crate) server: SocketAddr,
    pub(crate) client: SocketAddr,
    /// udp, tcp or https
    pub(crate) transport: &'static str,
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The response code, or `DROPPED`.
    pub(crate) rcode: String,
    pub(crate) answers: usize,
}

/// A request to the file server.
#[derive(Debug, Serialize)]
pub(crate) struct Download {
    pub(crate) client: IpAddr,
    pub(crate) method: String,
    pub(crate) host: Option<String>,
    pub(crate) path: String,
    pub(crate) user_agent: Option<String>,
    pub(crate) status: u16,
}

impl<T> Default for Log<T> {
    fn default() -> Self {
        Self { entries: VecDeque::new(), last: 0 }
    }
}

impl<T> Log<T> {
    pub(crate) fn push(&mut self, what: T) {
        self.last += 1;
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry { n: self.last, time: Timestamp::now(), what });
    }

    /// The entries after number `n`.
    pub(crate) fn since(&self, n: u64) -> Vec<&Entry<T>> {
        self.entries.iter().filter(|entry| entry.n > n).collect()
    }

    pub(crate) fn last(&self) -> u64 {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_answers_what_came_after_that_number() {
        let mut log = Log::default();
        for word in ["one", "two", "three"] {
            log.push(word);
        }
        assert_eq!(log.since(1).iter().map(|e| e.what).collect::<Vec<_>>(), ["two", "three"]);
        assert_eq!((log.last(), log.since(3).len()), (3, 0));
    }
}
