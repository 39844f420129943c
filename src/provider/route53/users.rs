//! The users of organisations, in IAM: each below the path of its cluster's owner id, so that a policy can be bound to the users of
//! one cluster, with tags that say whose it is.
//!
//! Calls: IAM API reference (CreateUser, GetUser, ListUsers, PutUserPolicy, GetUserPolicy, CreateAccessKey, ListAccessKeys and their
//! opposites; ListUsers gives no tags, and documents of policies come percent-encoded). Names and sizes: IAM user guide, "IAM and AWS
//! STS quotas" (64 characters, which case does not tell apart; two access keys; 2,048 characters in all inline policies of a user).

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use aws_sdk_iam::types::{StatusType, Tag, User as Seen};
use futures::future::{BoxFuture, FutureExt, try_join_all};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::time::sleep;

use super::client::Client;
use super::keys::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
use super::refusal::{Asked, Service, said};
use crate::evidence::Fault;
use crate::facts::secret::Secret;
use crate::provider::credentials::Keyring;
use crate::provider::members::{Member, MemberApi, MemberKey, Members, User};
use crate::provider::zones::Policy;

/// What is particular to them. How soon a key works everywhere: IAM user guide, "Troubleshoot IAM", "Changes that I make are not
/// always immediately visible".
pub(super) const MEMBERS: Members =
    Members { page: "the IAM console (Users)", most_keys: 2, takes: "a few seconds" };

/// The path above those of all clusters.
pub(super) const PATH: &str = "/homelab/";
/// The longest name.
const LONGEST: usize = 64;
/// What stands between the organisation and the owner id in a name.
const AT: char = '@';
/// How many pages of a list are read, of 100 each.
const MOST_PAGES: u32 = 50;
/// There is nothing of that name.
const GONE: &str = "NoSuchEntity";
/// How long to wait before each next try for a user that was just made, in seconds: half a minute in all.
const PAUSES: [u64; 5] = [1, 2, 4, 8, 15];
/// There is something of that name.
const THERE: &str = "EntityAlreadyExists";

/// The path of the users of a cluster.
fn path(owner: &str) -> String {
    format!("{PATH}{owner}/")
}

/// The organisation and the owner id; what does not fit is cut, and told apart by a hash.
fn name(member: &Member) -> String {
    let Member { owner, organisation, .. } = member;
    let whole = format!("{organisation}{AT}{owner}");
    if whole.len() <= LONGEST {
        return whole;
    }
    let mut hash = String::new();
    for byte in Sha256::digest(&whole).iter().take(4) {
        let _ = write!(hash, "{byte:02x}");
    }
    let cut: String = whole.chars().take(LONGEST - hash.len() - 1).collect();
    format!("{cut}-{hash}")
}

/// Nothing was there to be changed or deleted: a call whose answer got lost has done it.
fn unless_gone(done: Result<(), Fault>) -> Result<(), Fault> {
    match done {
        Err(fault) if said(&fault, GONE).is_some() => Ok(()),
        done => done,
    }
}

/// Asks again while a user that was just made is not known everywhere (IAM user guide, "Troubleshoot IAM", "Changes that I make are not
/// always immediately visible"): such an answer has changed nothing.
async fn once_there<'c, T>(call: impl Fn() -> BoxFuture<'c, Result<T, Fault>>) -> Result<T, Fault> {
    for pause in PAUSES {
        match call().await {
            Err(fault) if said(&fault, GONE).is_some() => sleep(Duration::from_secs(pause)).await,
            done => return done,
        }
    }
    call().await
}

/// A whole list: IAM may answer with a part of it, and says from where on the rest comes (API reference, `IsTruncated` and `Marker` of
/// each list).
async fn paged<'c, T>(
    page: impl Fn(Option<String>) -> BoxFuture<'c, Result<(Vec<T>, Option<String>), Fault>>,
) -> Result<Vec<T>, Fault> {
    let (mut all, mut marker) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let (found, rest) = page(marker).await?;
        all.extend(found);
        marker = rest;
        if marker.is_none() {
            break;
        }
    }
    Ok(all)
}

fn tags(user: &Seen) -> BTreeMap<String, String> {
    user.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect()
}

impl Client {
    fn of_user(&self, action: &'static str) -> Asked<'_> {
        Asked { service: Service::Users, action, zone: None, secret: self.secret.as_ref() }
    }

    /// With its tags alone; `None` where there is none.
    async fn bare(&self, name: &str) -> Result<Option<User>, Fault> {
        let answer = self.users.get_user().user_name(name).send().await;
        match answer.map_err(|error| self.of_user("GetUser").fault(error)) {
            Ok(answer) => Ok(answer.user.map(|seen| User {
                name: seen.user_name().to_owned(),
                tags: tags(&seen),
                ..User::default()
            })),
            Err(fault) if said(&fault, GONE).is_some() => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Asked for by its name, since the list of users lags behind. Of a user that is not there, IAM does not know the path, and so denies
    /// what a policy allows below one path alone: that is told from a right that is missing by the list.
    async fn whole(&self, member: &Member) -> Result<Option<User>, Fault> {
        let name = name(member);
        let user = match self.bare(&name).await {
            Err(denied @ Fault::Unprepared { .. }) => {
                let listed = self.names(&member.owner).await?;
                match listed.iter().any(|one| one.eq_ignore_ascii_case(&name)) {
                    true => return Err(denied),
                    false => None,
                }
            }
            asked => asked?,
        };
        let Some(user) = user else { return Ok(None) };
        let (rights, keys) = (self.rights(&name).await?, self.keys(&name).await?);
        Ok(Some(User { rights, keys, ..user }))
    }

    async fn rights(&self, user: &str) -> Result<BTreeMap<String, Value>, Fault> {
        let names = paged(|marker| {
            let asked = async move {
                let call = self.users.list_user_policies().user_name(user).set_marker(marker);
                let page =
                    call.send().await.map_err(|error| self.of_user("ListUserPolicies").fault(error))?;
                Ok((page.policy_names, page.marker.filter(|_| page.is_truncated)))
            };
            asked.boxed()
        })
        .await?;
        let read = names.into_iter().map(async |right| {
            let answer = self.users.get_user_policy().user_name(user).policy_name(&right).send().await;
            let answer = answer.map_err(|error| self.of_user("GetUserPolicy").fault(error))?;
            Ok((right, document(&answer.policy_document)))
        });
        Ok(try_join_all(read).await?.into_iter().collect())
    }

    async fn keys(&self, user: &str) -> Result<Vec<MemberKey>, Fault> {
        let listed = paged(|marker| {
            let asked = async move {
                let call = self.users.list_access_keys().user_name(user).set_marker(marker);
                let page = call.send().await.map_err(|error| self.of_user("ListAccessKeys").fault(error))?;
                Ok((page.access_key_metadata, page.marker.filter(|_| page.is_truncated)))
            };
            asked.boxed()
        })
        .await?;
        let keys = listed.into_iter().filter_map(|key| {
            let made = key.create_date.and_then(|date| Timestamp::from_second(date.secs()).ok());
            Some(MemberKey {
                id: key.access_key_id?,
                is_active: key.status == Some(StatusType::Active),
                made,
            })
        });
        let mut keys: Vec<MemberKey> = keys.collect();
        keys.sort_by_key(|key| key.made);
        Ok(keys)
    }

    /// Of all users of a cluster.
    async fn names(&self, owner: &str) -> Result<Vec<String>, Fault> {
        let users = paged(|marker| {
            let asked = async move {
                let call = self.users.list_users().path_prefix(path(owner)).set_marker(marker);
                let page = call.send().await.map_err(|error| self.of_user("ListUsers").fault(error))?;
                Ok((page.users, page.marker.filter(|_| page.is_truncated)))
            };
            asked.boxed()
        })
        .await?;
        Ok(users.into_iter().map(|user| user.user_name).collect())
    }

    async fn below(&self, owner: &str) -> Result<Vec<User>, Fault> {
        let names = self.names(owner).await?;
        let found = try_join_all(names.iter().map(|name| self.bare(name))).await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn made_user(&self, member: &Member) -> Result<(), Fault> {
        let tags = member.tags().map(|(key, value)| Tag::builder().key(key).value(value).build());
        let unmade = |error: aws_sdk_iam::error::BuildError| Fault::Unexpected { what: error.to_string() };
        let tags = tags.into_iter().collect::<Result<Vec<_>, _>>().map_err(unmade)?;
        let name = name(member);
        let call = self.users.create_user().path(path(&member.owner)).user_name(&name);
        let answer = call.set_tags(Some(tags)).send().await;
        match answer.map(drop).map_err(|error| self.of_user("CreateUser").fault(error)) {
            Err(fault) if said(&fault, THERE).is_some() => Err(Fault::Unprepared {
                what: format!(
                    "the account has another user `{name}`, which homelab did not make for this cluster"
                ),
                cure: format!(
                    "look at it in {}: delete it if nobody needs it, else use another `dns.owner`",
                    MEMBERS.page
                ),
            }),
            done => done,
        }
    }

    async fn granted(&self, user: &str, policy: &Policy) -> Result<(), Fault> {
        let grant = async || {
            let call = self.users.put_user_policy().user_name(user).policy_name(policy.holder.word());
            let answer = call.policy_document(policy.document.to_string()).send().await;
            answer.map(drop).map_err(|error| self.of_user("PutUserPolicy").fault(error))
        };
        once_there(|| grant().boxed()).await
    }

    async fn revoked(&self, user: &str, right: &str) -> Result<(), Fault> {
        let answer = self.users.delete_user_policy().user_name(user).policy_name(right).send().await;
        unless_gone(answer.map(drop).map_err(|error| self.of_user("DeleteUserPolicy").fault(error)))
    }

    /// Asked for once: who asks again after a lost answer has two keys, and no secret of the first.
    async fn made_key(&self, user: &str) -> Result<Keyring, Fault> {
        let once = aws_sdk_iam::config::retry::RetryConfig::disabled();
        let once = aws_sdk_iam::config::Config::builder().retry_config(once);
        let make = async || {
            let call = self.users.create_access_key().user_name(user).customize();
            let answer = call.config_override(once.clone()).send().await;
            answer.map_err(|error| self.of_user("CreateAccessKey").fault(error))
        };
        let answer = once_there(|| make().boxed()).await?;
        let unread = |what: &str| Fault::Unexpected { what: what.to_owned() };
        let key = answer.access_key.ok_or_else(|| unread("the answer has no access key in it"))?;
        let word = |text: &str| Secret::word(text).map_err(|_| unread("the new access key cannot be one"));
        Ok(Keyring::new([
            (ACCESS_KEY_ID, word(key.access_key_id())?),
            (SECRET_ACCESS_KEY, word(key.secret_access_key())?),
        ]))
    }

    async fn deleted_key(&self, user: &str, id: &str) -> Result<(), Fault> {
        let answer = self.users.delete_access_key().user_name(user).access_key_id(id).send().await;
        unless_gone(answer.map(drop).map_err(|error| self.of_user("DeleteAccessKey").fault(error)))
    }

    async fn deleted_user(&self, user: &str) -> Result<(), Fault> {
        let answer = self.users.delete_user().user_name(user).send().await;
        unless_gone(answer.map(drop).map_err(|error| self.of_user("DeleteUser").fault(error)))
    }
}

/// What a policy says; one that cannot be read is none that homelab wrote.
fn document(encoded: &str) -> Value {
    let text = percent_decode_str(encoded).decode_utf8_lossy();
    serde_json::from_str(&text).unwrap_or_default()
}

impl MemberApi for Client {
    fn name(&self, member: &Member) -> String {
        name(member)
    }

    fn key_id<'k>(&self, keyring: &'k Keyring) -> Option<&'k str> {
        keyring.get(ACCESS_KEY_ID).map(Secret::expose)
    }

    fn user<'a>(&'a self, member: &'a Member) -> BoxFuture<'a, Result<Option<User>, Fault>> {
        self.whole(member).boxed()
    }

    fn of_owner<'a>(&'a self, owner: &'a str) -> BoxFuture<'a, Result<Vec<User>, Fault>> {
        self.below(owner).boxed()
    }

    fn make_user<'a>(&'a self, member: &'a Member) -> BoxFuture<'a, Result<(), Fault>> {
        self.made_user(member).boxed()
    }

    fn grant<'a>(&'a self, name: &'a str, policy: &'a Policy) -> BoxFuture<'a, Result<(), Fault>> {
        self.granted(name, policy).boxed()
    }

    fn revoke<'a>(&'a self, name: &'a str, right: &'a str) -> BoxFuture<'a, Result<(), Fault>> {
        self.revoked(name, right).boxed()
    }

    fn make_key<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Keyring, Fault>> {
        self.made_key(name).boxed()
    }

    fn delete_key<'a>(&'a self, name: &'a str, id: &'a str) -> BoxFuture<'a, Result<(), Fault>> {
        self.deleted_key(name, id).boxed()
    }

    fn delete_user<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), Fault>> {
        self.deleted_user(name).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(owner: &str, organisation: &str) -> Member {
        Member { owner: owner.into(), organisation: organisation.into(), cluster: "u-1".into() }
    }

    #[test]
    fn a_name_tells_organisation_and_cluster_and_is_never_too_long() {
        assert_eq!(name(&member("home.example.com", "acme")), "acme@home.example.com");
        let long = "o".repeat(40);
        let one = name(&member(&"c".repeat(63), &long));
        let other = name(&member(&format!("{}d", "c".repeat(62)), &long));
        assert!(one.len() == LONGEST && other.len() == LONGEST && one != other, "{one} {other}");
        assert!(one.starts_with(&format!("{long}@ccc")), "{one}");
    }

    #[test]
    fn a_policy_is_read_as_iam_writes_it_and_as_it_was_sent() {
        let sent = serde_json::json!({ "Resource": ["arn:aws:route53:::hostedzone/Z1"], "a": "b+c d" });
        let encoded = "%7B%22Resource%22%3A%5B%22arn%3Aaws%3Aroute53%3A%3A%3Ahostedzone%2FZ1%22%5D%2C%22a%22%3A%22b%2Bc%20d%22%7D";
        assert_eq!(document(encoded), sent);
        assert_eq!(document(&sent.to_string()), sent);
        assert_eq!(document("by hand"), Value::Null);
    }
}
