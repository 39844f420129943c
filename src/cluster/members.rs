//! The users of organisations at the provider: what of them goes, and the Secret in the cluster that has the key of one.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio::time::Instant;

use super::{Cluster, Deleted, credential_in, secret_of};
use crate::config::{Config, Organisation};
use crate::desired::object::Key;
use crate::desired::{Inputs, bundle, external_dns, kind};
use crate::error::{Error, Result};
use crate::evidence::{Fault, at};
use crate::facts::namespaces;
use crate::plan::ownership::Doomed;
use crate::plan::{Change, Snapshot, is_applied, members, plan};
use crate::provider::{self, Credentials, Keyring, Member, MemberApi, User, zone_of_data};

/// By what a cluster is told apart from every other one, also from one with the same configuration: the uid of `kube-system`, which
/// lives as long as the cluster does (OpenTelemetry semantic conventions, `k8s.cluster.uid`).
///
/// # Errors
/// When the cluster cannot be asked.
pub(crate) async fn identity(cluster: &Cluster) -> Result<String> {
    let key = Key { kind: &kind::NAMESPACE, namespace: None, name: namespaces::SYSTEM.to_owned() };
    let uid = cluster.read(&key).await?.map(|live| at(&live, "/metadata/uid").to_owned());
    uid.filter(|uid| !uid.is_empty()).ok_or_else(|| {
        Error::unfinished(format!("the namespace `{}` is not there", namespaces::SYSTEM))
            .hint("look at the cluster: `kubectl get namespaces`")
    })
}

/// Takes a user away: its keys, the rights that homelab gave it, then itself. Another's is left alone; what others gave it
/// keeps it, and the provider says so.
///
/// # Errors
/// What the provider refuses. Run again, it goes on.
pub(crate) async fn remove(api: &dyn MemberApi, member: &Member, user: &User) -> Result<(), Fault> {
    if !member.is_it(user) {
        return Ok(());
    }
    for key in &user.keys {
        api.delete_key(&user.name, &key.id).await?;
    }
    for right in members::own_rights(user) {
        api.revoke(&user.name, right).await?;
    }
    api.delete_user(&user.name).await
}

/// That a user is not homelab's, or another cluster's.
pub(crate) fn is_of_others(config: &Config, member: &Member, user: &User) -> Error {
    let provider = config.dns.provider;
    let page = provider::traits_of(provider).zones.map_or("", |zones| zones.members.page);
    let error = Error::wrong(format!("there is another user `{}`, and nothing was done", user.name));
    let error = match Member::of(user) {
        Some(other) if member.is_namesake(&other) => {
            return error
                .because(format!(
                    "its tags say that homelab made it for the organisation `{}` of another cluster, which has the same owner id `{}`",
                    other.organisation, other.owner
                ))
                .hint(
                    "one owner id belongs to one cluster: use another `dns.owner` here.\n\
                     If that cluster is gone for good, run this again with `--adopt`: the user is then deleted with its keys",
                );
        }
        Some(other) => error.because(format!(
            "its tags say that homelab made it for the organisation `{}` of the cluster `{}`",
            other.organisation, other.owner
        )),
        None => error.because("it does not have homelab's tags, so somebody else made it"),
    };
    error.hint(format!(
        "look at it in {page}: if nobody needs it, delete it there; else use another `dns.owner` than `{}`",
        member.owner
    ))
}

/// The Secret of an organisation's external-dns, as it lives.
pub(crate) struct Home<'a> {
    cluster: &'a Cluster,
    config: &'a Config,
    organisation: &'a Organisation,
    /// What has the labels of this lab.
    snapshot: &'a Snapshot,
    live: Option<Value>,
}

impl<'a> Home<'a> {
    /// Looks at it.
    ///
    /// # Errors
    /// When the cluster cannot be asked, or the Secret is a stranger's.
    pub(crate) async fn look(
        (cluster, snapshot): (&'a Cluster, &'a Snapshot),
        config: &'a Config,
        organisation: &'a Organisation,
    ) -> Result<Self> {
        let key = secret_of(&organisation.name);
        let live = cluster.read(&key).await?;
        if live.as_ref().is_some_and(|live| !is_applied(live)) {
            return Err(Error::wrong(format!("{key} is there, and homelab did not make it"))
                .because("the credential of the organisation has to lie there, where external-dns reads it")
                .hint(format!("look whose it is: `kubectl -n {} get secret {} --show-managed-fields -o yaml`; rename or delete it, and run this again", external_dns::NAMESPACE, key.name)));
        }
        Ok(Self { cluster, config, organisation, snapshot, live })
    }

    /// The credential that lies in it.
    pub(crate) fn credential(&self) -> Option<Keyring> {
        self.live.as_ref().and_then(|live| credential_in(self.config, live))
    }

    /// Makes the namespace, if there is none.
    ///
    /// # Errors
    /// When the API server refuses.
    pub(crate) async fn make_namespace(&self, deadline: Instant) -> Result<()> {
        let key = Key { kind: &kind::NAMESPACE, namespace: None, name: external_dns::NAMESPACE.to_owned() };
        if self.cluster.read(&key).await?.is_some() {
            return Ok(());
        }
        let mut wanted = bundle(self.config, &Inputs::default());
        wanted.objects.retain(|object| object.key == key);
        let plan = plan(wanted, self.snapshot);
        self.cluster.apply(plan.apply.iter(), deadline, |_, _| ()).await.map(drop)
    }

    /// Lays a credential into it as `up` does, in the place of what was there. The zone in it stays as it is: that the cluster was given
    /// a credential proves nothing of whose the records are.
    ///
    /// # Errors
    /// When the API server refuses.
    pub(crate) async fn keep(&self, keyring: Keyring, deadline: Instant) -> Result<()> {
        let key = secret_of(&self.organisation.name);
        let data = self.live.as_ref().map_or(&Value::Null, |live| &live["data"]);
        let credentials = Credentials::new(keyring, &zone_of_data(data));
        let theirs = BTreeMap::from([(self.organisation.name.clone(), credentials)]);
        let inputs = Inputs { organisations: Some(&theirs), ..Inputs::default() };
        let objects = bundle(self.config, &inputs).objects.into_iter();
        let change = |object| Change { object, new: self.live.is_none(), adopts: None };
        let changes: Vec<Change> = objects.filter(|object| object.key == key).map(change).collect();
        self.cluster.apply(changes.iter(), deadline, |_, _| ()).await.map(drop)
    }

    /// Takes the credential out of it. What it says of the zone stays: by that, the next `up` knows its own records.
    ///
    /// # Errors
    /// When the API server refuses.
    pub(crate) async fn forget(&self, deadline: Instant) -> Result<()> {
        let Some(live) = &self.live else { return Ok(()) };
        let zone = zone_of_data(&live["data"]);
        match zone.id.is_empty() && zone.name.is_empty() {
            true => delete(self.cluster, &secret_of(&self.organisation.name), live).await,
            false => self.keep(Keyring::default(), deadline).await,
        }
    }
}

/// Takes the credential out of the Secrets beside the Issuers of an organisation: only where it is one of these keys.
///
/// # Errors
/// When the API server refuses.
pub(crate) async fn forget_beside_issuers(
    (cluster, config): (&Cluster, &Config),
    organisation: &Organisation,
    is_its: impl Fn(&Keyring) -> bool,
) -> Result<()> {
    for namespace in &organisation.namespaces {
        let key = Key {
            kind: &kind::SECRET,
            namespace: Some(namespace.clone()),
            name: provider::SECRET.to_owned(),
        };
        let Some(live) = cluster.read(&key).await? else { continue };
        if credential_in(config, &live).is_some_and(|keyring| is_its(&keyring)) {
            delete(cluster, &key, &live).await?;
        }
    }
    Ok(())
}

async fn delete(cluster: &Cluster, key: &Key, live: &Value) -> Result<()> {
    match cluster.delete(&Doomed::of(key, live)).await? {
        Deleted::Gone => Ok(()),
        Deleted::Held(_) | Deleted::Changed => {
            Err(Error::unfinished(format!("{key} was changed meanwhile, or a finalizer holds it"))
                .hint("run it again"))
        }
    }
}
