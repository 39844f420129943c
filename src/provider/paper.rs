//! A provider of the tests: two credentials, no zone of an API, records on paper. It shows that nothing else of homelab has
//! to know which provider there is.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::credentials::{Credentials, Keyring};
use super::reading::{Reading, means};
use super::{Explained, RateWords, TokenWords, Words};
use crate::config::Config;
use crate::evidence::{Fault, Permission, Record, Zone};
use crate::facts::secret::{Secret, SecretError};

pub(super) const WORDS: Words = Words {
    name: "Paper",
    api_host: "api.paper.test",
    api: "https://api.paper.test/",
    records_page: "the drawer",
    dnssec_page: "Paper: the last page",
    permission: |permission| match permission {
        Permission::Any | Permission::ZoneRead | Permission::DnsRead => "reading glasses",
        Permission::DnsEdit => "a pencil",
    },
    token: TokenWords {
        variable: "PAPER_KEY",
        where_made: "at the desk",
        make_one: "cut a key",
        make_one_and_name_it: "cut a key, and name its file in `dns.tokenFile`",
        example: "/var/lib/secrets/paper-key",
        shortest: 1,
        may_not_edit: "sharpen the pencil",
    },
    proxy: None,
    rate_limit: RateWords { blocks: 60, spent: "the page is full", shared: "somebody else writes" },
    explained: &[Explained {
        causes: &[("somebody drew on the page", "turn it over")],
        ..Explained::at("cf.rate")
    }],
    serves: "Paper serves what is written",
    refused_ending: "",
    no_more_room: "take a new page",
    beyond_quota: "",
};
const KEY: &str = "key";
const NAME: &str = "name";
pub(super) const HINT: &str = "look into the drawer";
pub(super) const REFUSALS: &[Reading] = &[means(&["pencil is blunt"], "the pencil is blunt", "sharpen it")];

/// The records of a zone, as a test lays them in; none where no key opens it any more.
pub(crate) type Drawer = Arc<Mutex<Option<Vec<Record>>>>;

thread_local! {
    static DRAWER: RefCell<Option<Drawer>> = const { RefCell::new(None) };
}

/// Gives the clients of this test these records.
pub(crate) fn lay_in(drawer: &Drawer) {
    DRAWER.set(Some(drawer.clone()));
}

/// Knows every zone.
#[derive(Debug, Clone)]
pub struct Client {
    drawer: Option<Drawer>,
}

impl Client {
    pub(super) fn new() -> Self {
        Self { drawer: DRAWER.with_borrow(Clone::clone) }
    }

    pub(super) fn check(&self, domain: &str) -> Result<Zone, Fault> {
        let zone = Zone { name: domain.to_owned(), status: "active".into(), ..Zone::default() };
        match domain {
            "torn.test" => Err(Fault::InvalidToken),
            _ => self.records(&zone).map(|_| zone),
        }
    }

    pub(super) fn records(&self, zone: &Zone) -> Result<Vec<Record>, Fault> {
        match &self.drawer {
            Some(drawer) => drawer.lock().unwrap().clone().ok_or(Fault::InvalidToken),
            None => Ok(vec![record("A", &format!("whoami.{}", zone.name), "192.168.1.2")]),
        }
    }
}

/// A record as the provider lists it.
pub(crate) fn record(kind: &str, name: &str, content: &str) -> Record {
    Record {
        id: String::new(),
        name: name.to_owned(),
        kind: kind.into(),
        content: content.into(),
        proxied: false,
        ttl: 60,
        created_on: None,
        modified_on: None,
    }
}

pub(super) fn external_dns_arguments(config: &Config) -> Vec<String> {
    let server = config.dns.server.iter().map(|server| format!("--paper-server={server}"));
    std::iter::once("--provider=paper".to_owned()).chain(server).collect()
}

pub(super) fn external_dns_env() -> Vec<(&'static str, &'static str)> {
    vec![("PAPER_KEY", KEY), ("PAPER_NAME", NAME)]
}

pub(super) fn solver() -> Value {
    json!({ "paper": { "drawer": 1 } })
}

/// Two lines: the key and its name.
pub(super) fn keyring(text: &str) -> Result<Keyring, SecretError> {
    let (key, name) = text.trim().split_once('\n').ok_or(SecretError::Empty)?;
    Ok(Keyring::new([(KEY, Secret::new(key)?), (NAME, Secret::new(name)?)]))
}

pub(super) fn credentials(keyring: &Keyring) -> Credentials {
    Credentials { secrets: keyring.clone(), about_zone: vec![] }
}
