//! What there is to do so that a user at the provider has its rights and one key, and that key lies in the cluster. Pure.
//!
//! The key that lies in the cluster works until another one does: whatever stops a run, the next one goes on from what it sees.

use crate::provider::{Holder, Member, MemberKey, Policy, User};

/// What there is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Todo {
    /// The user has to be made.
    pub make: bool,
    /// Rights that are missing or differ.
    pub grant: Vec<Policy>,
    /// What becomes of its keys.
    pub key: KeyTodo,
}

/// What becomes of the keys of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyTodo {
    /// The one that lies in the cluster works.
    Keep {
        /// Its id.
        id: String,
        /// Further ones, which lie nowhere: a run that was stopped made them, or the cluster had them before.
        remove: Vec<String>,
    },
    /// None that works lies in the cluster.
    New {
        /// Goes first, where there is no room for another one: it lies nowhere.
        room: Vec<String>,
        /// Goes once the new one lies in the cluster.
        remove: Vec<String>,
    },
}

impl Todo {
    /// Whether everything is as it should be.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        let keeps = matches!(&self.key, KeyTodo::Keep { remove, .. } if remove.is_empty());
        !self.make && self.grant.is_empty() && keeps
    }
}

/// What there is to do for a user that homelab made, or that is not there. `kept` is the id of the key that lies in the cluster.
#[must_use]
pub fn todo(user: Option<&User>, wanted: &[Policy], kept: Option<&str>, most_keys: usize) -> Todo {
    let has = |policy: &&Policy| {
        user.and_then(|user| user.rights.get(policy.holder.word()))
            .is_some_and(|there| *there == policy.document)
    };
    let keys = user.map_or(&[][..], |user| user.keys.as_slice());
    Todo {
        make: user.is_none(),
        grant: wanted.iter().filter(|policy| !has(policy)).cloned().collect(),
        key: of_keys(keys, kept, most_keys),
    }
}

fn of_keys(keys: &[MemberKey], kept: Option<&str>, most: usize) -> KeyTodo {
    let others = || keys.iter().filter(|key| Some(key.id.as_str()) != kept).map(|key| key.id.clone());
    match keys.iter().find(|key| key.is_active && Some(key.id.as_str()) == kept) {
        Some(key) => KeyTodo::Keep { id: key.id.clone(), remove: others().collect() },
        None => {
            // Never the one in the cluster, though somebody may have made it inactive.
            let surplus = (keys.len() + 1).saturating_sub(most);
            let room: Vec<String> = others().take(surplus).collect();
            let all = keys.iter().map(|key| key.id.clone());
            let remove = all.filter(|id| !room.contains(id)).collect();
            KeyTodo::New { room, remove }
        }
    }
}

/// The rights that homelab gave a user, by their names. What somebody else gave it keeps the user.
pub fn own_rights(user: &User) -> impl Iterator<Item = &str> {
    let is_own = |name: &&str| Holder::ALL.iter().any(|holder| holder.word() == *name);
    user.rights.keys().map(String::as_str).filter(is_own)
}

/// Users, each with whom it was made for.
type Made = Vec<(Member, User)>;

/// Of these users, those that homelab made for a cluster; and those of other clusters that have the same owner id.
pub fn of_cluster(users: Vec<User>, owner: &str, cluster: &str) -> (Made, Made) {
    let of =
        |user: User| Member::of(&user).filter(|member| member.owner == owner).map(|member| (member, user));
    users.into_iter().filter_map(of).partition(|(member, _)| member.cluster == cluster)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::provider::{CLUSTER, ORGANISATION, OWNER};

    const MOST: usize = 2;

    fn policy(holder: Holder, zone: &str) -> Policy {
        Policy { holder, document: json!({ "zone": zone }) }
    }

    fn key(id: &str, is_active: bool) -> MemberKey {
        MemberKey { id: id.into(), is_active, made: None }
    }

    fn with(keys: &[(&str, bool)]) -> User {
        let rights = [(Holder::ExternalDns.word().to_owned(), json!({ "zone": "Z1" }))].into();
        let keys = keys.iter().map(|(id, is_active)| key(id, *is_active)).collect();
        User { rights, keys, ..User::default() }
    }

    fn keys(keys: &[(&str, bool)], kept: Option<&str>) -> KeyTodo {
        todo(Some(&with(keys)), &[], kept, MOST).key
    }

    fn new(room: &[&str], remove: &[&str]) -> KeyTodo {
        let of = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        KeyTodo::New { room: of(room), remove: of(remove) }
    }

    #[test]
    fn what_is_right_is_left_alone() {
        let wanted = [policy(Holder::ExternalDns, "Z1")];
        assert!(todo(Some(&with(&[("A", true)])), &wanted, Some("A"), MOST).is_nothing());
    }

    #[test]
    fn rights_to_another_zone_are_given_anew_and_a_user_that_is_missing_is_made() {
        let wanted = [policy(Holder::ExternalDns, "Z2"), policy(Holder::CertManager, "Z2")];
        let found = todo(Some(&with(&[("A", true)])), &wanted, Some("A"), MOST);
        assert_eq!((found.make, found.grant.as_slice()), (false, &wanted[..]));
        let found = todo(None, &wanted, Some("A"), MOST);
        assert_eq!((found.make, found.grant.len(), found.key), (true, 2, new(&[], &[])));
    }

    #[test]
    fn a_key_that_does_not_lie_in_the_cluster_goes_once_another_one_does() {
        assert_eq!(keys(&[("A", true)], None), new(&[], &["A"]));
        assert_eq!(keys(&[("A", true), ("B", true)], None), new(&["A"], &["B"]));
        assert_eq!(
            keys(&[("A", true), ("B", true)], Some("B")),
            KeyTodo::Keep { id: "B".into(), remove: vec!["A".into()] }
        );
    }

    #[test]
    fn the_key_in_the_cluster_never_goes_before_its_replacement_is_there() {
        for states in 0..4 {
            let [a, b] = [states & 1 == 1, states & 2 == 2];
            for kept in [None, Some("A"), Some("B"), Some("gone")] {
                for all in [&[("A", a), ("B", b)][..], &[("A", a)], &[]] {
                    if let KeyTodo::New { room, remove } = keys(all, kept) {
                        assert!(!room.iter().any(|id| Some(id.as_str()) == kept), "{kept:?} of {all:?}");
                        assert!(all.len() - room.len() < MOST, "{kept:?} of {all:?}");
                        assert_eq!(room.len() + remove.len(), all.len());
                    }
                }
            }
        }
    }

    #[test]
    fn a_user_of_others_is_nobodys_whatever_it_is_called() {
        let by = |owner: &str, organisation: &str, cluster: &str| {
            let tags = [(OWNER, owner), (ORGANISATION, organisation), (CLUSTER, cluster)];
            let tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned()));
            User { name: "acme@attic".into(), tags: tags.into(), ..User::default() }
        };
        let tagged = |owner: &str, organisation: &str| by(owner, organisation, "u-1");
        let acme = Member { owner: "attic".into(), organisation: "acme".into(), cluster: "u-1".into() };
        assert!(acme.is_it(&tagged("attic", "acme")));
        let untagged = User { tags: [].into(), ..tagged("", "") };
        let half = User { tags: [(OWNER.to_owned(), "attic".to_owned())].into(), ..untagged.clone() };
        // Another cluster with the same owner id, as a copy of the configuration makes it.
        let copy = by("attic", "acme", "u-2");
        for other in
            [tagged("cellar", "acme"), tagged("attic", "globex"), tagged("", ""), untagged, half, copy]
        {
            assert!(!acme.is_it(&other), "{other:?}");
            let (own, _) = of_cluster(vec![other.clone()], "attic", "u-1");
            assert!(own.iter().all(|(member, _)| *member != acme), "{other:?}");
        }
        let (own, others) =
            of_cluster(vec![tagged("attic", "acme"), by("attic", "acme", "u-2")], "attic", "u-1");
        assert_eq!((own.len(), others.len()), (1, 1));
    }
}
