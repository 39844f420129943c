//! The JSON of the API (docs/http-api/zone.rst, metadata.rst, tsigkey.rst, server.rst).

use serde::Deserialize;

use crate::evidence::{Fault, Record, Zone};

/// A zone, with its records where it was asked for alone.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct ZoneSeen {
    /// By which the API names it: the name with its final dot, some characters written as `=2F`.
    pub(super) id: String,
    pub(super) name: String,
    /// `Native`, `Master`, `Slave`, `Producer` or `Consumer`; `Primary` and `Secondary` in other tools.
    #[serde(default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) rrsets: Vec<Rrset>,
}

/// The records of one name and type.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Rrset {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) ttl: u32,
    #[serde(default)]
    pub(super) records: Vec<Content>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Content {
    pub(super) content: String,
    /// The server does not answer with it.
    #[serde(default)]
    pub(super) disabled: bool,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Setting {
    pub(super) name: String,
    #[serde(default)]
    pub(super) value: String,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Metadata {
    pub(super) kind: String,
    #[serde(default)]
    pub(super) metadata: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct TsigSeen {
    pub(super) name: String,
    pub(super) id: String,
    #[serde(default)]
    pub(super) algorithm: String,
    /// Only where it was asked for alone.
    #[serde(default)]
    pub(super) key: String,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Refusal {
    #[serde(default)]
    pub(super) error: String,
}

/// Without the final dot, in lower case.
pub(super) fn undotted(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

impl ZoneSeen {
    /// The zone, unless it is a copy of another server's, which the next transfer overwrites.
    pub(super) fn writable(self) -> Result<Zone, Fault> {
        const COPIES: [&str; 3] = ["slave", "secondary", "consumer"];
        let name = undotted(&self.name);
        match COPIES.contains(&self.kind.to_ascii_lowercase().as_str()) {
            true => Err(Fault::ReadOnly { name, kind: self.kind }),
            false => Ok(Zone { id: self.id, name, status: "active".to_owned(), ..Zone::default() }),
        }
    }
}

impl Rrset {
    /// Each record that the server answers with.
    pub(super) fn records(&self) -> impl Iterator<Item = Record> {
        let shown = self.records.iter().filter(|record| !record.disabled);
        shown.map(move |record| Record {
            id: String::new(),
            name: undotted(&self.name),
            kind: self.kind.to_ascii_uppercase(),
            content: match self.kind.as_str() {
                "CNAME" | "ALIAS" | "DNAME" | "NS" | "PTR" => undotted(&record.content),
                _ => record.content.clone(),
            },
            proxied: false,
            ttl: self.ttl,
            created_on: None,
            modified_on: None,
        })
    }

    /// Whether all that is in it, also what the server does not show, is homelab's.
    pub(super) fn is_all(&self, content: &str) -> bool {
        self.records.iter().all(|record| record.content == content)
    }
}
