//! An account of the tests, with zones that can be made and deleted, and a list of all that was changed in it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures::future::{BoxFuture, FutureExt, ready};
use jiff::SignedDuration;
use serde_json::json;

use super::credentials::Keyring;
use super::members::{Member, MemberApi, MemberKey, Members, User};
use super::paper::{KEY, NAME, record};
use super::zones::{Delegation, Holder, Policy, Price, ZoneApi, Zones};
use crate::evidence::{AccountZone, Fault, Record, Zone};
use crate::facts::names::endings;
use crate::facts::secret::Secret;

pub(super) const ZONES: Zones = Zones {
    price: Price { free_for: SignedDuration::from_hours(12), first: 25, first_cents: 50, beyond_cents: 10 },
    delegation_ttl: 600,
    policies: |zone, id| {
        let of = |holder: Holder| Policy {
            holder,
            document: json!({ "zone": zone, "id": id, "for": holder.word() }),
        };
        [Holder::ExternalDns, Holder::CertManager, Holder::Homelab, Holder::Organisation].map(of).into()
    },
    of_maker: |domain, owner| json!({ "below": domain, "users": owner }),
    members: Members { page: "the drawer of people", most_keys: 2, takes: "a moment" },
};

/// What is in it.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) zones: Vec<AccountZone>,
    pub(crate) users: Vec<User>,
    /// How many keys were made.
    pub(crate) made: usize,
    /// Every change, in its order.
    pub(crate) changes: Vec<String>,
    /// The change that is refused.
    pub(crate) refuses: Option<&'static str>,
}

/// The account.
pub(crate) type Account = Arc<Mutex<Kept>>;

thread_local! {
    static ACCOUNT: RefCell<Option<Account>> = const { RefCell::new(None) };
}

/// Gives the clients of this test this account.
pub(crate) fn open(zones: Vec<AccountZone>) -> Account {
    let account = Arc::new(Mutex::new(Kept { zones, ..Kept::default() }));
    ACCOUNT.set(Some(account.clone()));
    account
}

/// The account of this test, where it has one.
pub(super) fn of_test() -> Option<Account> {
    ACCOUNT.with_borrow(Clone::clone)
}

/// The client's way to it.
#[derive(Debug, Clone)]
pub(super) struct Ways(pub(super) Account);

impl Ways {
    fn change<T>(&self, what: String, change: impl FnOnce(&mut Kept) -> T) -> Result<T, Fault> {
        let mut kept = self.0.lock().unwrap();
        if kept.refuses.is_some_and(|refused| what.starts_with(refused)) {
            return Err(Fault::Unexpected { what: format!("refused: {what}") });
        }
        kept.changes.push(what);
        Ok(change(&mut kept))
    }

    /// The zone of the longest ending, with the name servers that its records say.
    pub(super) fn zone(&self, domain: &str) -> Option<Zone> {
        let kept = self.0.lock().unwrap();
        let of = |ending: &String| kept.zones.iter().find(|one| one.zone.name == *ending && !one.is_private);
        endings(domain).iter().find_map(of).map(|one| one.zone.clone())
    }

    pub(super) fn records(&self, zone: &Zone) -> Vec<Record> {
        let kept = self.0.lock().unwrap();
        let found = kept.zones.iter().find(|one| one.zone.id == zone.id);
        found.and_then(|one| one.records.clone()).unwrap_or_default()
    }

    pub(super) fn take_out(&self, zone: &Zone, gone: &Record) -> Result<(), Fault> {
        let told = format!("take out {} {}", gone.name, gone.kind);
        self.change(told, |kept| {
            of(kept, zone).retain(|record| record != gone);
        })
    }

    fn servers(&self, above: &Zone, name: &str) -> Vec<String> {
        let of_name = |record: &Record| record.kind == "NS" && record.name == name;
        self.records(above).into_iter().filter(of_name).map(|record| record.content).collect()
    }
}

fn of<'k>(kept: &'k mut Kept, zone: &Zone) -> &'k mut Vec<Record> {
    let found = kept.zones.iter_mut().find(|one| one.zone.id == zone.id).unwrap();
    found.records.get_or_insert_default()
}

impl ZoneApi for Ways {
    fn all(&self) -> BoxFuture<'_, Result<Vec<AccountZone>, Fault>> {
        let bare = |one: &AccountZone| AccountZone { tags: BTreeMap::new(), records: None, ..one.clone() };
        ready(Ok(self.0.lock().unwrap().zones.iter().map(bare).collect())).boxed()
    }

    fn servers<'a>(&'a self, zone: &'a Zone) -> BoxFuture<'a, Result<Vec<String>, Fault>> {
        let kept = self.0.lock().unwrap();
        let found = kept.zones.iter().find(|one| one.zone.id == zone.id);
        ready(Ok(found.map(|one| one.zone.name_servers.clone()).unwrap_or_default())).boxed()
    }

    fn tags<'a>(&'a self, zone: &'a Zone) -> BoxFuture<'a, Result<BTreeMap<String, String>, Fault>> {
        let kept = self.0.lock().unwrap();
        let found = kept.zones.iter().find(|one| one.zone.id == zone.id);
        ready(Ok(found.map(|one| one.tags.clone()).unwrap_or_default())).boxed()
    }

    fn tag<'a>(&'a self, zone: &'a Zone, key: &'a str, value: &'a str) -> BoxFuture<'a, Result<(), Fault>> {
        let tagged = self.change(format!("tag {} {key} {value}", zone.name), |kept| {
            let found = kept.zones.iter_mut().find(|one| one.zone.id == zone.id).unwrap();
            found.tags.insert(key.to_owned(), value.to_owned());
        });
        ready(tagged).boxed()
    }

    fn untag<'a>(&'a self, zone: &'a Zone, key: &'a str) -> BoxFuture<'a, Result<(), Fault>> {
        let untagged = self.change(format!("untag {} {key}", zone.name), |kept| {
            let found = kept.zones.iter_mut().find(|one| one.zone.id == zone.id).unwrap();
            found.tags.remove(key);
        });
        ready(untagged).boxed()
    }

    fn clear<'a>(&'a self, zone: &'a Zone, records: &'a [Record]) -> BoxFuture<'a, Result<(), Fault>> {
        let mut sets: Vec<(&str, &str)> = Vec::new();
        for record in records {
            let set = (record.name.as_str(), record.kind.as_str());
            if !sets.contains(&set) {
                sets.push(set);
            }
        }
        let cleared = sets.into_iter().try_for_each(|(name, kind)| {
            self.change(format!("take out {name} {kind}"), |kept| {
                of(kept, zone)
                    .retain(|record| !records.contains(record) || record.name != name || record.kind != kind);
            })
        });
        ready(cleared).boxed()
    }

    fn make<'a>(&'a self, name: &'a str, reference: &'a str) -> BoxFuture<'a, Result<Zone, Fault>> {
        let made = self.change(format!("make {name}"), |kept| {
            let id = format!("Z{}", kept.zones.len() + 1);
            let name_servers = vec!["ns-1.paper.test".to_owned(), "ns-2.paper.test".to_owned()];
            let zone = Zone { id, name: name.to_owned(), name_servers, ..Zone::default() };
            let (reference, records) = (reference.to_owned(), Some(Vec::new()));
            kept.zones.push(AccountZone { zone: zone.clone(), reference, records, ..AccountZone::default() });
            zone
        });
        ready(made).boxed()
    }

    fn delegate<'a>(&'a self, above: &'a Zone, zone: &'a Zone) -> BoxFuture<'a, Result<Delegation, Fault>> {
        let there = self.servers(above, &zone.name);
        let done = match () {
            () if there == zone.name_servers => Ok(Delegation::There),
            () if !there.is_empty() => Ok(Delegation::Others(there)),
            () => self.change(format!("delegate {}", zone.name), |kept| {
                let new = zone.name_servers.iter().map(|server| record("NS", &zone.name, server));
                of(kept, above).extend(new);
                Delegation::Entered
            }),
        };
        ready(done).boxed()
    }

    fn undelegate<'a>(&'a self, above: &'a Zone, zone: &'a Zone) -> BoxFuture<'a, Result<Delegation, Fault>> {
        let there = self.servers(above, &zone.name);
        let done = match () {
            () if there.is_empty() => Ok(Delegation::None),
            () if !there.iter().all(|server| zone.name_servers.contains(server)) => {
                Ok(Delegation::Others(there))
            }
            () => self.change(format!("undelegate {}", zone.name), |kept| {
                of(kept, above).retain(|record| record.kind != "NS" || record.name != zone.name);
                Delegation::Removed
            }),
        };
        ready(done).boxed()
    }

    fn delete<'a>(&'a self, zone: &'a Zone) -> BoxFuture<'a, Result<(), Fault>> {
        let deleted = self.change(format!("delete {}", zone.name), |kept| {
            kept.zones.retain(|one| one.zone.id != zone.id);
        });
        ready(deleted).boxed()
    }
}

impl Ways {
    fn user<T>(&self, what: String, name: &str, change: impl FnOnce(&mut User) -> T) -> Result<T, Fault> {
        self.change(what, |kept| change(kept.users.iter_mut().find(|user| user.name == name).unwrap()))
    }
}

impl MemberApi for Ways {
    fn name(&self, member: &Member) -> String {
        format!("{} of {}", member.organisation, member.owner)
    }

    fn key_id<'k>(&self, keyring: &'k Keyring) -> Option<&'k str> {
        keyring.get(NAME).map(Secret::expose)
    }

    fn user<'a>(&'a self, member: &'a Member) -> BoxFuture<'a, Result<Option<User>, Fault>> {
        let name = MemberApi::name(self, member);
        let kept = self.0.lock().unwrap();
        ready(Ok(kept.users.iter().find(|user| user.name == name).cloned())).boxed()
    }

    fn of_owner<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<User>, Fault>> {
        let kept = self.0.lock().unwrap();
        let found = match kept.refuses {
            Some("look for users") => Err(Fault::Unexpected { what: "refused: look for users".into() }),
            _ => Ok(kept.users.clone()),
        };
        ready(found).boxed()
    }

    fn make_user<'a>(&'a self, member: &'a Member) -> BoxFuture<'a, Result<(), Fault>> {
        let name = MemberApi::name(self, member);
        let tags = member.tags().map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let user = User { name: name.clone(), tags, ..User::default() };
        ready(self.change(format!("user {name}"), |kept| kept.users.push(user))).boxed()
    }

    fn grant<'a>(&'a self, name: &'a str, policy: &'a Policy) -> BoxFuture<'a, Result<(), Fault>> {
        let (word, document) = (policy.holder.word(), policy.document.clone());
        let granted = self.user(format!("grant {word}"), name, |user| {
            user.rights.insert(word.to_owned(), document);
        });
        ready(granted).boxed()
    }

    fn revoke<'a>(&'a self, name: &'a str, right: &'a str) -> BoxFuture<'a, Result<(), Fault>> {
        let revoked = self.user(format!("revoke {right}"), name, |user| {
            user.rights.remove(right);
        });
        ready(revoked).boxed()
    }

    fn make_key<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Keyring, Fault>> {
        let number = self.0.lock().unwrap().made + 1;
        let id = format!("key-{number}");
        let of = |text: &str| Secret::new(text).unwrap();
        let keyring = Keyring::new([(KEY, of(&format!("s3cret-{number}"))), (NAME, of(&id))]);
        let made = self.user(format!("make {id}"), name, |user| {
            assert!(user.keys.len() < ZONES.members.most_keys, "there is no room for a key");
            user.keys.push(MemberKey { id: id.clone(), is_active: true, made: None });
        });
        self.0.lock().unwrap().made = number;
        ready(made.map(|()| keyring)).boxed()
    }

    fn delete_key<'a>(&'a self, name: &'a str, id: &'a str) -> BoxFuture<'a, Result<(), Fault>> {
        let deleted = self.user(format!("delete {id}"), name, |user| user.keys.retain(|key| key.id != id));
        ready(deleted).boxed()
    }

    fn delete_user<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), Fault>> {
        let user = self.0.lock().unwrap().users.iter().find(|user| user.name == name).cloned().unwrap();
        if !user.keys.is_empty() || !user.rights.is_empty() {
            return ready(Err(Fault::Unexpected { what: "the user still has something".into() })).boxed();
        }
        let deleted =
            self.change(format!("delete user {name}"), |kept| kept.users.retain(|user| user.name != name));
        ready(deleted).boxed()
    }
}
