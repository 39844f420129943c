//! The server, asked and told with one key.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::future::{BoxFuture, FutureExt};
use hickory_proto::op::Message as Any;
use hickory_proto::rr::RData;

use super::fault::{of_code, of_update};
use super::message::{Message, SOA, Update, question};
use super::sign::{Checked, Signer};
use super::tcp::Connection;
use super::wire::rcode;
use crate::config::{Config, ParentRecord};
use crate::evidence::{Budget, Fault, Record, Transport, Zone};
use crate::facts::names::endings;
use crate::facts::server::HostPort;
use crate::provider::credentials::Keyring;
use crate::provider::traits::Api;
use crate::provider::tsig::Key;

/// How long one question, change or transfer may take: the server is near.
const DEADLINE: Duration = Duration::from_secs(10);
/// What a server answers that does not have the zone, or not for this question.
const REFUSED: u8 = 5;

/// A client for one key.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) at: HostPort,
    pub(super) signer: Signer,
    pub(super) deadline: Duration,
    /// Seconds that are added to this machine's clock, in tests.
    pub(super) skew: u64,
}

/// A client for the key of a keyring.
pub(super) fn of_keyring(config: &Config, keyring: &Keyring) -> Result<Arc<dyn Api>, Fault> {
    Ok(Arc::new(Client::new(config, keyring)?))
}

impl Client {
    pub(super) fn new(config: &Config, keyring: &Keyring) -> Result<Self, Fault> {
        let unsaid = || Fault::Transport {
            host: "the name server".into(),
            cause: Transport::Other("`dns.server` does not say where it is".into()),
        };
        let tsig = config.dns.tsig.as_ref().ok_or_else(unsaid)?;
        let signer = Signer::new(&Key::of(keyring, tsig)?)?;
        Ok(Self { at: tsig.nameserver.clone(), signer, deadline: DEADLINE, skew: 0 })
    }

    pub(super) async fn connect(&self) -> Result<Connection, Fault> {
        Connection::open(&self.at, self.deadline).await
    }

    /// Seconds since 1970.
    pub(super) fn now(&self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        now + self.skew
    }

    /// Sends a message, and gives the one that answers it. One that says yes must be signed.
    pub(super) async fn exchange(&self, message: &Message) -> Result<Checked, Fault> {
        let (signed, mut verifier) = self.signer.sign(message, self.now());
        let mut connection = self.connect().await?;
        connection.send(&signed).await?;
        let checked = verifier.check(&connection.receive().await?, self.now())?;
        match (checked.signed, rcode(&checked.bytes)) {
            (_, None) => Err(Fault::Unexpected { what: "its answer is cut short".to_owned() }),
            (false, Some(0)) => Err(Fault::Unexpected { what: "its answer is not signed".to_owned() }),
            (_, Some(_)) => Ok(checked),
        }
    }

    /// Sends an update; where the server says no, its code is the fault.
    pub(super) async fn update(&self, zone: &Zone, update: Update) -> Result<(), Fault> {
        let checked = self.exchange(&update.of_zone(&zone.name)?).await?;
        let refused = rcode(&checked.bytes).filter(|code| *code != 0);
        refused.map_or(Ok(()), |code| Err(of_update(code)))
    }

    /// Proves that the key is good, and that the server has a zone for the domain and gives it to the key.
    pub(super) async fn check(&self, domain: &str) -> Result<Zone, Fault> {
        let tried = endings(domain);
        for name in &tried {
            if self.has(name).await? {
                self.transfer(name).await?;
                return Ok(Zone { name: name.clone(), status: "active".to_owned(), ..Zone::default() });
            }
        }
        Err(Fault::NoZone { tried, sees: Vec::new() })
    }

    /// Whether the server has a zone of that name.
    async fn has(&self, name: &str) -> Result<bool, Fault> {
        let checked = self.exchange(&question(name, SOA)?).await?;
        match (rcode(&checked.bytes), checked.signed) {
            // Not to be told from a zone that is not there, where it bears no signature either.
            (Some(REFUSED), _) => return Ok(false),
            // Nothing else says so of a question: the server does not take the signature, and does not say why.
            (Some(9), false) => return Err(Fault::InvalidToken),
            (Some(0 | 3), _) => {}
            (code, _) => return Err(of_code(code.unwrap_or_default())),
        }
        let message =
            Any::from_vec(&checked.bytes).map_err(|error| Fault::Unexpected { what: error.to_string() })?;
        let of_zone = |record: &hickory_proto::rr::Record| {
            matches!(record.data, RData::SOA(_))
                && record.name.to_ascii().trim_end_matches('.').eq_ignore_ascii_case(name)
        };
        // A resolver answers, too, for zones that are elsewhere.
        Ok(message.metadata.authoritative && message.answers.iter().any(of_zone))
    }

    /// All records of a zone, or those of one name.
    async fn records(&self, zone: &Zone, name: Option<&str>) -> Result<Vec<Record>, Fault> {
        let mut records = self.transfer(&zone.name).await?;
        let wanted = name.map(|name| name.trim_end_matches('.'));
        records.retain(|record| wanted.is_none_or(|wanted| record.name.eq_ignore_ascii_case(wanted)));
        Ok(records)
    }
}

impl Api for Client {
    fn within(&self, deadline: Duration) -> Arc<dyn Api> {
        Arc::new(Self { deadline, ..self.clone() })
    }

    fn budget(&self) -> Option<Budget> {
        None
    }

    fn check<'a>(&'a self, domain: &'a str) -> BoxFuture<'a, Result<Zone, Fault>> {
        self.check(domain).boxed()
    }

    fn records<'a>(
        &'a self,
        zone: &'a Zone,
        name: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<Record>, Fault>> {
        self.records(zone, name).boxed()
    }

    fn prove_edit<'a>(&'a self, zone: &'a Zone) -> BoxFuture<'a, Result<(), Fault>> {
        self.prove_edit(zone).boxed()
    }

    fn enter<'a>(&'a self, zone: &'a Zone, record: &'a ParentRecord) -> BoxFuture<'a, Result<(), Fault>> {
        self.enter(zone, record).boxed()
    }

    fn take_out<'a>(&'a self, zone: &'a Zone, record: &'a Record) -> BoxFuture<'a, Result<(), Fault>> {
        self.take_out(zone, record).boxed()
    }
}

#[cfg(test)]
pub(super) mod tests;
