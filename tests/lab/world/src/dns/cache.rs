//! A resolver's memory of what does not exist (RFC 2308).

use std::collections::HashMap;
use std::net::IpAddr;

use hickory_proto::rr::{RData, RecordType};
use jiff::Timestamp;

use super::lookup::Lookup;

/// Negative answers, for each resolver address.
#[derive(Default)]
pub(crate) struct NegativeCache {
    entries: HashMap<(IpAddr, String, RecordType), (i64, Lookup)>,
}

impl NegativeCache {
    /// The remembered answer, its TTL counted down.
    pub(super) fn get(&self, server: IpAddr, name: &str, kind: RecordType, now: Timestamp) -> Option<Lookup> {
        let (until, lookup) = self.entries.get(&(server, name.to_owned(), kind))?;
        let left = u32::try_from(until - now.as_second()).ok().filter(|left| *left > 0)?;
        let mut lookup = lookup.clone();
        for record in &mut lookup.authority {
            record.ttl = left;
        }
        Some(lookup)
    }

    /// Remembers an answer if it is a negative one, as long as its SOA says.
    pub(super) fn put(
        &mut self,
        server: IpAddr,
        name: &str,
        kind: RecordType,
        lookup: &Lookup,
        now: Timestamp,
    ) {
        let life = lookup.authority.iter().find_map(|record| match &record.data {
            RData::SOA(soa) => Some(record.ttl.min(soa.minimum)),
            _ => None,
        });
        if let Some(life) = life {
            let until = now.as_second() + i64::from(life);
            self.entries.insert((server, name.to_owned(), kind), (until, lookup.clone()));
        }
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}
