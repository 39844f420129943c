//! What a provider is, in words that are the same for all.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::Value;

use super::credentials::Keyring;
use super::members::MemberApi;
use super::reading::Reading;
use super::tunnels::{TunnelApi, Tunnels};
use super::words::{Misshapen, Words};
use super::zones::{ZoneApi, Zones};
use crate::config::{Config, ParentRecord};
use crate::evidence::{Budget, Excess, Fault, Record, Zone};
use crate::facts::secret::SecretError;

/// Makes a client.
pub(super) type Connect = fn(&Config, &Keyring) -> Result<Arc<dyn Api>, Fault>;

/// What is particular to a provider: its words, its parts of the objects, its API, and what programs quote of it.
#[derive(Debug)]
pub struct Traits {
    /// What it is called, and where people do what a finding asks.
    pub words: &'static Words,
    /// A client for its API. Nothing is sent yet.
    pub(super) client: Connect,
    /// Its own arguments of external-dns.
    pub external_dns_arguments: fn(&Config) -> Vec<String>,
    /// The environment of external-dns: the names that its client reads, each with the Secret's key behind it.
    pub external_dns_env: &'static [(&'static str, &'static str)],
    /// Variables of external-dns that are no secret, each with its value.
    pub external_dns_settings: &'static [(&'static str, &'static str)],
    /// The `dns01` part of an ACME solver; the zone's id is there once the provider has told it.
    pub solver: fn(&Config, Option<&str>) -> Value,
    /// The credentials in a text: what stands in `dns.tokenFile`, in systemd's credential or in the variables. One word at one
    /// provider; a file with a name and a key in it, or one that another program writes, at the next. Not asked at one without
    /// a credential.
    pub keyring: fn(&str) -> Result<Keyring, SecretError>,
    /// What is told of a text that `keyring` refuses.
    pub misshapen: fn(&SecretError) -> Misshapen,
    /// The next step after a fault.
    pub hint: fn(&Fault) -> String,
    /// Why, as far as its rules tell it.
    pub cause: fn(&Fault) -> Option<&'static str>,
    /// What external-dns is refused, by what it writes into its log.
    pub refusals: &'static [&'static [Reading]],
    /// Why external-dns gets no answer, by what it writes into its log.
    pub outages: &'static [Reading],
    /// What cert-manager says when a challenge's record is to be written or removed.
    pub challenges: &'static [&'static [Reading]],
    /// The code of the API in a message of a program, where homelab does not know what it means.
    pub unknown_code: fn(&str) -> Option<&str>,
    /// The API's own words in a message of a program; `None` when it quotes none.
    pub quoted: fn(&str) -> Option<String>,
    /// A change that a line of external-dns says is wanted, as the action with the kind (`UPDATE A`), and the name; `None` where
    /// the line has fields for them, or is of something else.
    pub desired: fn(&str) -> Option<(String, String)>,
    /// Whether a message of external-dns says that the credential may not edit.
    pub is_refused_edit: fn(&str) -> bool,
    /// Whether a record is a scratch record of homelab's, which a run that was stopped left behind.
    pub is_scratch: fn(&Record) -> bool,
    /// How many records a zone may have, and why so many; `None` where there is no limit.
    pub quota: fn(&Zone) -> Option<(usize, &'static str)>,
    /// The ending of a zone's name under which the API changes nothing, and why.
    pub unchangeable: fn(&str) -> Option<(&'static str, &'static str)>,
    /// What a refusal is for, where it is not for the credential.
    pub refused_for: fn(&Fault) -> Option<RefusedFor>,
    /// Its tunnels, where it has some.
    pub tunnels: Option<&'static Tunnels>,
    /// Its zones, where homelab makes some.
    pub zones: Option<&'static Zones>,
}

/// What a change is refused for, whatever the credential may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedFor {
    /// The zone's name ends in one that the API does not change.
    Ending,
    /// The zone is full.
    Room,
}

/// The calls of a provider's API that homelab makes itself.
pub(super) trait Api: Debug + Send + Sync {
    /// The same with another time limit for each call.
    fn within(&self, deadline: Duration) -> Arc<dyn Api>;
    /// Calls that are left, as the last answer said; `None` where it did not say.
    fn budget(&self) -> Option<Budget>;
    /// Proves that the credential is good and sees the zone of a domain, which must be served.
    fn check<'a>(&'a self, domain: &'a str) -> BoxFuture<'a, Result<Zone, Fault>>;
    /// All records of a zone, or those of one name.
    fn records<'a>(
        &'a self,
        zone: &'a Zone,
        name: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<Record>, Fault>>;
    /// Proves that the credential may change the zone: makes a scratch record and removes it.
    fn prove_edit<'a>(&'a self, zone: &'a Zone) -> BoxFuture<'a, Result<(), Fault>>;
    /// What the credential may do beyond this zone, which nothing is written for; `None` where nobody can tell.
    fn excess<'a>(&'a self, _: &'a Zone) -> Option<BoxFuture<'a, Result<Option<Excess>, Fault>>> {
        None
    }
    /// Adds a record of a delegation, whose name has none of its type.
    fn enter<'a>(&'a self, zone: &'a Zone, record: &'a ParentRecord) -> BoxFuture<'a, Result<(), Fault>>;
    /// Deletes this record, and no other one.
    fn take_out<'a>(&'a self, zone: &'a Zone, record: &'a Record) -> BoxFuture<'a, Result<(), Fault>>;
    /// The calls about tunnels, where it has some.
    fn tunnels(&self) -> Option<&dyn TunnelApi> {
        None
    }
    /// The calls about zones, where homelab makes some.
    fn zones(&self) -> Option<&dyn ZoneApi> {
        None
    }
    /// The calls about users, where homelab makes some.
    fn members(&self) -> Option<&dyn MemberApi> {
        None
    }
}
