//! Two providers of the tests. Paper takes two credentials and has its server where the configuration says; Slate takes none at
//! all, as a server of the house. They show that nothing else of homelab has to know which provider there is.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt, ready};
use serde_json::json;

use super::account::{self, Ways};
use super::credentials::Keyring;
use super::members::MemberApi;
use super::reading::means;
use super::traits::{Api, Traits};
use super::words::{Explained, Misshapen, RateWords, TokenWords, Words};
use super::zones::ZoneApi;
use crate::config::ParentRecord;
use crate::evidence::{Budget, Fault, Permission, Record, Zone};
use crate::facts::secret::{Secret, SecretError};

const WORDS: Words = Words {
    name: "Paper",
    heading: "Paper",
    api_host: "api.paper.test",
    api: "https://api.paper.test/",
    records_page: "the drawer",
    dnssec_page: "Paper: the last page",
    zone_id: "",
    permission: |permission| match permission {
        Permission::Any | Permission::ZoneRead | Permission::DnsRead => "reading glasses",
        Permission::DnsEdit => "a pencil",
        Permission::Tunnels => "a spade",
    },
    token: TokenWords {
        called: "drawer key",
        short: "key",
        where_made: "at the desk",
        make_one: "cut a key",
        make_one_and_name_it: "cut a key, and name its file in `dns.tokenFile`",
        shortest: 1,
        of_another_zone: "the key opens another drawer",
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
pub(super) const KEY: &str = "key";
pub(super) const NAME: &str = "name";
pub(super) const HINT: &str = "look into the drawer";

pub(super) const TRAITS: Traits = Traits {
    words: &WORDS,
    client: |_, keyring| match keyring.get(NAME) {
        Some(_) => Ok(Arc::new(Client::new())),
        None => Err(Fault::InvalidToken),
    },
    external_dns_arguments: |config| {
        let server = config.dns.server.iter().map(|server| format!("--paper-server={server}"));
        std::iter::once("--provider=paper".to_owned()).chain(server).collect()
    },
    external_dns_env: &[("PAPER_KEY", KEY), ("PAPER_NAME", NAME)],
    external_dns_settings: &[("PAPER_SIZE", "A4")],
    solver: |_, zone| match zone {
        Some(id) => json!({ "paper": { "drawer": 1, "page": id } }),
        None => json!({ "paper": { "drawer": 1 } }),
    },
    // Two lines: the key and its name.
    keyring: |text| {
        let (key, name) =
            text.trim().split_once('\n').ok_or(SecretError::Other("the key has no name below it"))?;
        Ok(Keyring::new([(KEY, Secret::new(key)?), (NAME, Secret::new(name)?)]))
    },
    misshapen: Misshapen::of,
    hint: |_| HINT.to_owned(),
    cause: |_| None,
    refusals: &[&[means(&["pencil is blunt"], "the pencil is blunt", "sharpen it")]],
    outages: &[],
    challenges: &[],
    unknown_code: |_| None,
    quoted: |_| None,
    desired: |_| None,
    is_refused_edit: |_| false,
    is_scratch: |_| false,
    quota: |_| None,
    unchangeable: |_| None,
    refused_for: |_| None,
    tunnels: None,
    zones: Some(&account::ZONES),
};

/// What is told of Slate.
const OF_SLATE: Words = Words { name: "Slate", heading: "Slate", token: TokenWords::NONE, ..WORDS };

pub(super) const SLATE: Traits = Traits {
    words: &OF_SLATE,
    client: |_, _| Ok(Arc::new(Client::new())),
    external_dns_arguments: |_| vec!["--provider=slate".to_owned()],
    external_dns_env: &[],
    external_dns_settings: &[],
    solver: |config, _| json!({ "slate": { "wall": config.dns.server } }),
    keyring: |_| Err(SecretError::Other("nobody asks for one")),
    zones: None,
    ..TRAITS
};

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
struct Client {
    drawer: Option<Drawer>,
    account: Option<Ways>,
}

impl Client {
    fn new() -> Self {
        Self { drawer: DRAWER.with_borrow(Clone::clone), account: account::of_test().map(Ways) }
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Record>)) {
        let mut drawer = self.drawer.as_ref().map(|drawer| drawer.lock().unwrap());
        if let Some(records) = drawer.as_mut().and_then(|drawer| drawer.as_mut()) {
            change(records);
        }
    }

    fn listed(&self, zone: &Zone) -> Result<Vec<Record>, Fault> {
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

impl Api for Client {
    fn within(&self, _: Duration) -> Arc<dyn Api> {
        Arc::new(self.clone())
    }

    fn budget(&self) -> Option<Budget> {
        None
    }

    fn check<'a>(&'a self, domain: &'a str) -> BoxFuture<'a, Result<Zone, Fault>> {
        let zone = Zone { name: domain.to_owned(), status: "active".into(), ..Zone::default() };
        let found = match domain {
            "torn.test" => Err(Fault::InvalidToken),
            _ if self.account.is_some() => {
                self.account.iter().find_map(|ways| ways.zone(domain)).ok_or(Fault::InvalidToken)
            }
            _ => self.listed(&zone).map(|_| zone),
        };
        ready(found).boxed()
    }

    fn records<'a>(
        &'a self,
        zone: &'a Zone,
        _: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<Record>, Fault>> {
        let of_account = self.account.as_ref().map(|ways| Ok(ways.records(zone)));
        ready(of_account.unwrap_or_else(|| self.listed(zone))).boxed()
    }

    fn zones(&self) -> Option<&dyn ZoneApi> {
        self.account.as_ref().map(|ways| ways as &dyn ZoneApi)
    }

    fn members(&self) -> Option<&dyn MemberApi> {
        self.account.as_ref().map(|ways| ways as &dyn MemberApi)
    }

    fn prove_edit<'a>(&'a self, _: &'a Zone) -> BoxFuture<'a, Result<(), Fault>> {
        ready(Ok(())).boxed()
    }

    fn enter<'a>(&'a self, _: &'a Zone, entry: &'a ParentRecord) -> BoxFuture<'a, Result<(), Fault>> {
        self.change(|records| records.push(record(entry.kind, &entry.name, &entry.content)));
        ready(Ok(())).boxed()
    }

    fn take_out<'a>(&'a self, zone: &'a Zone, gone: &'a Record) -> BoxFuture<'a, Result<(), Fault>> {
        if let Some(ways) = &self.account {
            return ready(ways.take_out(zone, gone)).boxed();
        }
        self.change(|records| records.retain(|record| record != gone));
        ready(Ok(())).boxed()
    }
}
