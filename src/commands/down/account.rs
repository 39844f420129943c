//! What goes at the provider once the cluster has nothing any more: the users that homelab made for the organisations of this
//! cluster, and this cluster's claims on their zones. What the credential at hand may not do is told, and holds back nothing else.

use futures::future::join_all;

use super::{ACCOUNT, Wanted};
use crate::cluster::Cluster;
use crate::cluster::members;
use crate::commands::organisations;
use crate::commands::strangers::named;
use crate::config::{Config, Organisation};
use crate::evidence::{Fault, Zone};
use crate::machine::token;
use crate::plan::members::of_cluster;
use crate::plan::zones::Claim;
use crate::provider::{self, Client, Member, User};
use crate::ui::Progress;

/// What is there.
#[derive(Debug, Default)]
pub(super) struct Account {
    /// Of the lab.
    client: Option<Client>,
    users: Vec<(Member, User)>,
    claims: Vec<Claimed>,
    /// What could not be seen, and what to do, in words.
    unseen: Vec<String>,
}

/// A zone on which a note says that this cluster uses it.
#[derive(Debug)]
struct Claimed {
    zone: Zone,
    /// Who may be able to remove that: the lab first, then the organisation.
    clients: Vec<Client>,
}

/// What became of it.
#[derive(Debug, Default)]
pub(super) struct Removed {
    /// The names of the users that are gone.
    pub(super) users: Vec<String>,
    /// The names of the zones that this cluster uses no more.
    pub(super) zones: Vec<String>,
    /// What is left, and what to do, in words.
    pub(super) left: Vec<String>,
}

/// A fault, and the next step.
fn told(config: &Config, what: &str, fault: Fault) -> String {
    let failure = provider::failure(config.dns.provider, fault);
    format!("{what}: {}; {}, then run `homelab down` again", failure.message, failure.hint)
}

/// That a user stays, since another cluster made it.
fn of_another(member: &Member, user: &User) -> String {
    format!(
        "the user {} stays: another cluster with the same owner id `{}` made it. If that cluster is gone for good, `homelab zone policy {} --remove --adopt` deletes it",
        user.name, member.owner, member.organisation
    )
}

impl Account {
    /// Looks, before anything is deleted: some credentials lie in the cluster alone.
    pub(super) async fn look(cluster: &Cluster, config: &Config, wanted: Wanted) -> Self {
        if provider::traits_of(config.dns.provider).zones.is_none() {
            return Self::default();
        }
        let mut account = Self::default();
        let client = token::read(config).map_err(|error| error.what).and_then(|keyring| {
            Client::new(config, &keyring)
                .map_err(|fault| provider::failure(config.dns.provider, fault).message)
        });
        match client {
            Ok(client) => account.client = Some(client),
            // Users of organisations that have left may be there; nobody is told so who never had any.
            Err(_) if config.organisations.is_empty() => (),
            Err(why) => account.unseen.push(format!(
                "whether users of organisations are left cannot be seen: {why}; give homelab a credential that may look, then run `homelab down` again"
            )),
        }
        account.look_for_users(cluster, config).await;
        if !wanted.keep_records {
            let all =
                config.organisations.iter().map(|one| claimed(cluster, config, account.client.as_ref(), one));
            for found in join_all(all).await {
                match found {
                    Ok(claimed) => account.claims.extend(claimed),
                    Err(why) => account.unseen.push(why),
                }
            }
        }
        account
    }

    /// A lab whose organisations all have credentials on this machine has made no users that it knows of: then it needs no right to look.
    async fn look_for_users(&mut self, cluster: &Cluster, config: &Config) {
        let Some(api) = self.client.as_ref().map(Client::members).and_then(Result::ok) else { return };
        let owner = &config.dns.owner;
        match (api.of_owner(owner).await, members::identity(cluster).await) {
            (Ok(users), Ok(identity)) => {
                let (own, others) = of_cluster(users, owner, &identity);
                self.users = own;
                self.unseen.extend(others.iter().map(|(member, user)| of_another(member, user)));
            }
            (Ok(users), Err(_)) if users.is_empty() => (),
            (Ok(_), Err(error)) => self
                .unseen
                .push(format!("whose the users of organisations are cannot be seen: {}", error.what)),
            (Err(fault), _) => {
                let may_have = config.organisations.iter().any(|one| !token::is_here(config, one));
                if may_have {
                    let what = "whether users of organisations are left cannot be seen";
                    self.unseen.push(told(config, what, fault));
                }
            }
        }
    }

    /// What goes, in words.
    pub(super) fn going(&self) -> Vec<String> {
        let users = self.users.iter().map(|(member, user)| {
            format!("user {} of the organisation {}, its rights and its keys", user.name, member.organisation)
        });
        let claims = self.claims.iter();
        users.chain(claims.map(|one| format!("this cluster's claim on the zone {}", one.zone.name))).collect()
    }

    /// The names of the users that go.
    pub(super) fn users(&self) -> Vec<String> {
        self.users.iter().map(|(_, user)| user.name.clone()).collect()
    }

    /// What could not be seen, and what to do, in words.
    pub(super) fn unseen(&self) -> &[String] {
        &self.unseen
    }

    /// Takes all of it away: first the users, whose keys nothing has any more; then the claims, since nothing writes into the zones.
    pub(super) async fn remove(&self, config: &Config, progress: &Progress) -> Removed {
        let mut removed = Removed::default();
        if self.users.is_empty() && self.claims.is_empty() {
            return removed;
        }
        for (member, user) in &self.users {
            progress.update(ACCOUNT, &format!("deleting the user {}", user.name));
            match self.remove_user(member).await {
                Ok(()) => removed.users.push(user.name.clone()),
                Err(fault) => {
                    let what = format!("the user {} is left", user.name);
                    removed.left.push(told(config, &what, fault));
                }
            }
        }
        for claimed in &self.claims {
            progress.update(ACCOUNT, &format!("removing the claim on {}", claimed.zone.name));
            match claimed.remove(&config.dns.owner).await {
                Ok(()) => removed.zones.push(claimed.zone.name.clone()),
                Err(fault) => {
                    let what = format!("this cluster's claim on the zone {} is left", claimed.zone.name);
                    removed.left.push(told(config, &what, fault));
                }
            }
        }
        progress.done(ACCOUNT, &removed.told());
        removed
    }

    /// As it is now: whoever made another one of that name meanwhile keeps it.
    async fn remove_user(&self, member: &Member) -> Result<(), Fault> {
        let Some(client) = &self.client else { return Ok(()) };
        let api = client.members()?;
        match api.user(member).await? {
            Some(user) => members::remove(api, member, &user).await,
            None => Ok(()),
        }
    }
}

impl Claimed {
    async fn remove(&self, owner: &str) -> Result<(), Fault> {
        let key = Claim::key(owner);
        let mut ended = Ok(());
        for client in &self.clients {
            ended = client.zones()?.untag(&self.zone, &key).await;
            if ended.is_ok() {
                break;
            }
        }
        ended
    }
}

impl Removed {
    /// In words.
    pub(super) fn told(&self) -> String {
        let mut said = Vec::new();
        if !self.users.is_empty() {
            said.push(format!("the users {} are gone", named(self.users.iter().cloned())));
        }
        if !self.zones.is_empty() {
            said.push(format!("this cluster does not claim {} any more", named(self.zones.iter().cloned())));
        }
        if !self.left.is_empty() {
            said.push(format!("{} left", self.left.len()));
        }
        said.join("; ")
    }
}

/// The zone of an organisation, if this cluster claims it.
async fn claimed(
    cluster: &Cluster,
    config: &Config,
    lab: Option<&Client>,
    organisation: &Organisation,
) -> Result<Option<Claimed>, String> {
    let own = organisations::keyring(config, cluster, organisation).await.ok();
    let own = own.and_then(|keyring| Client::new(config, &keyring).ok());
    let clients: Vec<Client> = lab.cloned().into_iter().chain(own).collect();
    let mut last = None;
    for client in &clients {
        match tags(client, organisation.zone.as_str()).await {
            Ok(Some((zone, claims))) => {
                let is_own = claims.iter().any(|claim| claim.owner == config.dns.owner);
                return Ok(is_own.then_some(Claimed { zone, clients }));
            }
            Ok(None) => return Ok(None),
            Err(fault) => last = Some(fault),
        }
    }
    let what = format!("whether this cluster claims the zone {} cannot be seen", organisation.zone);
    last.map_or(Ok(None), |fault| Err(told(config, &what, fault)))
}

/// A zone and its claims; `None` where there is no such zone.
async fn tags(client: &Client, name: &str) -> Result<Option<(Zone, Vec<Claim>)>, Fault> {
    let zone = match client.check_zone(name, None).await {
        Ok(zone) => zone,
        Err(Fault::NoZone { .. }) => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let claims = Claim::among(&client.zones()?.tags(&zone).await?);
    Ok(Some((zone, claims)))
}
