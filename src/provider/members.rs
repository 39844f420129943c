//! Users at a provider that homelab makes: one for each organisation and cluster, with rights to one zone and a credential of
//! its own. Only some providers have this.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::Value;

use super::credentials::Keyring;
use super::zones::Policy;
use crate::evidence::Fault;

/// Where the owner id of its cluster is written on a user.
pub const OWNER: &str = "homelab/owner";
/// Where its organisation is written on it.
pub const ORGANISATION: &str = "homelab/organisation";
/// Where the cluster itself is written on it: two clusters can have one owner id, by a copy of the configuration.
pub const CLUSTER: &str = "homelab/cluster";

/// What is particular to a provider's users, where homelab makes some there.
#[derive(Debug)]
pub struct Members {
    /// Where people see them, as it stands after "in".
    pub page: &'static str,
    /// How many keys one may have.
    pub most_keys: usize,
    /// How soon the provider takes a new key everywhere, in words.
    pub takes: &'static str,
}

/// An organisation in one cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// The cluster's owner id.
    pub owner: String,
    /// The organisation.
    pub organisation: String,
    /// What tells the cluster apart from every other one; empty where it is not known.
    pub cluster: String,
}

impl Member {
    /// What is written on its user.
    #[must_use]
    pub fn tags(&self) -> [(&'static str, &str); 3] {
        [(OWNER, &self.owner), (ORGANISATION, &self.organisation), (CLUSTER, &self.cluster)]
    }

    /// Whether homelab made this user for it: all tags say so. A name proves nothing.
    #[must_use]
    pub fn is_it(&self, user: &User) -> bool {
        self.tags().iter().all(|(key, value)| user.tags.get(*key).is_some_and(|there| there == value))
    }

    /// Whether it is the same organisation under the same owner id, maybe in another cluster.
    #[must_use]
    pub fn is_namesake(&self, other: &Self) -> bool {
        (&self.owner, &self.organisation) == (&other.owner, &other.organisation)
    }

    /// The one for whom homelab made a user; `None` for a user of others.
    #[must_use]
    pub fn of(user: &User) -> Option<Self> {
        let of = |key| user.tags.get(key).filter(|value| !value.is_empty()).cloned();
        Some(Self {
            owner: of(OWNER)?,
            organisation: of(ORGANISATION)?,
            cluster: of(CLUSTER).unwrap_or_default(),
        })
    }
}

/// A user, as the provider has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct User {
    /// Its name, which the account has once.
    pub name: String,
    /// What is written on it.
    pub tags: BTreeMap<String, String>,
    /// Its own rights, by their names.
    pub rights: BTreeMap<String, Value>,
    /// Its keys, the oldest first.
    pub keys: Vec<MemberKey>,
}

/// A key of a user, without its secret, which the provider shows once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberKey {
    /// By which it is known. It is no secret.
    pub id: String,
    /// Whether it opens anything.
    pub is_active: bool,
    /// When it was made; `None` where the provider does not say.
    pub made: Option<Timestamp>,
}

/// The calls of the API.
pub trait MemberApi: Send + Sync {
    /// The name that the user of an organisation in a cluster has.
    fn name(&self, member: &Member) -> String;
    /// The id of a credential, by which the provider lists it; `None` where it has none.
    fn key_id<'k>(&self, keyring: &'k Keyring) -> Option<&'k str>;
    /// The user of an organisation's name among those of its cluster, whoever made it.
    fn user<'a>(&'a self, member: &'a Member) -> BoxFuture<'a, Result<Option<User>, Fault>>;
    /// The users that homelab made for clusters of an owner id, with their tags, without rights and keys.
    fn of_owner<'a>(&'a self, owner: &'a str) -> BoxFuture<'a, Result<Vec<User>, Fault>>;
    /// Makes the user of an organisation, with its tags. One of that name that is there is refused.
    fn make_user<'a>(&'a self, member: &'a Member) -> BoxFuture<'a, Result<(), Fault>>;
    /// Gives a user these rights, in place of those of the same holder.
    fn grant<'a>(&'a self, name: &'a str, policy: &'a Policy) -> BoxFuture<'a, Result<(), Fault>>;
    /// Takes rights away.
    fn revoke<'a>(&'a self, name: &'a str, right: &'a str) -> BoxFuture<'a, Result<(), Fault>>;
    /// Makes a key. It is asked for once: an answer that is lost leaves a key of which nobody has the secret.
    fn make_key<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Keyring, Fault>>;
    /// Deletes a key; one that is gone is none to delete.
    fn delete_key<'a>(&'a self, name: &'a str, id: &'a str) -> BoxFuture<'a, Result<(), Fault>>;
    /// Deletes a user that has neither keys nor rights any more; another one is refused.
    fn delete_user<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), Fault>>;
}
