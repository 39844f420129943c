//! `homelab zone policy ORG --apply` and `--remove`: the user of an organisation in this cluster, its rights and its key. The secret
//! of the key goes from the provider's answer into the cluster's Secret, and nowhere else.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::account::{self, zones_of};
use super::policy::found;
use crate::cli::{Global, Policy};
use crate::cluster::Cluster;
use crate::cluster::members::{Home, forget_beside_issuers, identity, is_of_others, remove};
use crate::commands::planned::refused;
use crate::commands::strangers;
use crate::config::{Config, Organisation};
use crate::error::{Error, Exit, Result};
use crate::evidence::Fault;
use crate::machine::token;
use crate::outside::Shown;
use crate::plan::members::{KeyTodo, todo};
use crate::provider::{Client, Holder, Keyring, Member, MemberApi, Members, Policy as Right, User};
use crate::ui::{self, Output, Ui};

/// What was done.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) user: String,
    /// Whether the user was made, or is gone.
    pub(super) changed: bool,
    pub(super) granted: Vec<&'static str>,
    /// The key that was made.
    pub(super) made: Option<String>,
    /// The keys that are gone.
    pub(super) removed: Vec<String>,
}

impl Done {
    fn is_nothing(&self) -> bool {
        !self.changed && self.granted.is_empty() && self.made.is_none() && self.removed.is_empty()
    }
}

/// Gives the organisation its user.
pub(super) async fn apply(global: &Global, config: &Config, flags: &Policy, ui: Ui) -> Result<Exit> {
    let zones = zones_of(config)?;
    let name = flags.organisation.as_deref().ok_or_else(no_organisation)?;
    let organisation = account::organisation(config, name)?;
    if token::is_here(config, organisation) {
        return Err(has_its_own(organisation));
    }
    let client = client(config)?;
    let (zone, id) = found(config, organisation.zone.as_str(), Some(name)).await?;
    let rights = (zones.policies)(&zone, &id);
    let rights: Vec<Right> = rights.into_iter().filter(|one| one.holder == Holder::Organisation).collect();
    let cluster = global.lab().connect().await?;
    let snapshot = cluster.snapshot(&config.dns.owner, config.ingress.controller).await?;
    strangers::one_lab(&snapshot, &config.dns.owner)?;
    let home = Home::look((&cluster, &snapshot), config, organisation).await?;
    let member = member(config, name, identity(&cluster).await?);
    let done = applied(&client, &zones.members, config, &home, (&member, &rights, flags.adopt)).await?;
    match ui.output {
        Output::Json => ui::document(document(&done)),
        _ => ui::answer(&Shown::lines(&told(&done, &zones.members))),
    }
    Ok(Exit::Fine)
}

/// Makes what is missing, so that wherever it is stopped the key in the cluster works, or the next run makes another one.
///
/// # Errors
/// What the provider or the cluster refuses, and a stranger's user of that name.
pub(super) async fn applied(
    client: &Client,
    members: &Members,
    config: &Config,
    home: &Home<'_>,
    (member, rights, adopt): (&Member, &[Right], bool),
) -> Result<Done> {
    let api = client.members().map_err(|fault| told_of(client, fault))?;
    let refused = |fault| told_of(client, fault);
    let name = api.name(member);
    let user = own(api, client, config, member, adopt).await?;
    let kept = home.credential();
    let kept = kept.as_ref().and_then(|keyring| api.key_id(keyring));
    let todo = todo(user.as_ref(), rights, kept, members.most_keys);
    let mut done = Done { user: name.clone(), ..Done::default() };
    if todo.make {
        if let Err(fault) = api.make_user(member).await {
            // The answer may have been lost, not the call.
            own(api, client, config, member, false).await?.ok_or_else(|| refused(fault))?;
        }
        done.changed = true;
    }
    for right in &todo.grant {
        api.grant(&name, right).await.map_err(refused)?;
        done.granted.push(right.holder.word());
    }
    let remove = match todo.key {
        KeyTodo::Keep { remove, .. } => remove,
        KeyTodo::New { room, remove } => {
            let deadline = Instant::now() + config.timeouts.apply;
            // Where the key cannot lie, none is made.
            home.make_namespace(deadline).await?;
            for id in room {
                api.delete_key(&name, &id).await.map_err(refused)?;
                done.removed.push(id);
            }
            let keyring = api.make_key(&name).await.map_err(refused)?;
            done.made = api.key_id(&keyring).map(str::to_owned);
            home.keep(keyring, deadline).await?;
            remove
        }
    };
    for id in remove {
        api.delete_key(&name, &id).await.map_err(refused)?;
        done.removed.push(id);
    }
    Ok(done)
}

fn member(config: &Config, organisation: &str, cluster: String) -> Member {
    Member { owner: config.dns.owner.clone(), organisation: organisation.to_owned(), cluster }
}

/// The user of an organisation, if there is one. With `adopt`, that of another cluster with the same owner id goes.
async fn own(
    api: &dyn MemberApi,
    client: &Client,
    config: &Config,
    member: &Member,
    adopt: bool,
) -> Result<Option<User>> {
    let refused = |fault| told_of(client, fault);
    let Some(user) = api.user(member).await.map_err(refused)? else { return Ok(None) };
    if member.is_it(&user) {
        return Ok(Some(user));
    }
    match Member::of(&user).filter(|other| adopt && member.is_namesake(other)) {
        Some(other) => {
            let gone = remove(api, &other, &user).await;
            let members = &zones_of(config)?.members;
            gone.map_err(|fault| left(client, members, &user, fault)).map(|()| None)
        }
        None => Err(is_of_others(config, member, &user)),
    }
}

/// Takes the user of an organisation away, and its key out of the cluster. With `--adopt`, that of a cluster that is gone: then no
/// cluster is asked.
pub(super) async fn take_away(global: &Global, config: &Config, flags: &Policy, ui: Ui) -> Result<Exit> {
    let zones = zones_of(config)?;
    let name = flags.organisation.as_deref().ok_or_else(no_organisation)?;
    let client = client(config)?;
    let api = client.members().map_err(|fault| told_of(&client, fault))?;
    let (member, user) = match flags.adopt {
        true => left_behind(api, &client, config, name).await?,
        false => {
            let cluster = global.lab().connect().await.map_err(|error| unasked(error.into()))?;
            let member = member(config, name, identity(&cluster).await.map_err(unasked)?);
            let user = own(api, &client, config, &member, false).await?;
            // First where it lies: what reads it there does not meet a key that is gone.
            forget((&cluster, config), (api, user.as_ref()), name).await?;
            (member, user)
        }
    };
    let mut done = Done { user: api.name(&member), ..Done::default() };
    if let Some(user) = &user {
        remove(api, &member, user).await.map_err(|fault| left(&client, &zones.members, user, fault))?;
        done.changed = true;
        done.removed = user.keys.iter().map(|key| key.id.clone()).collect();
    }
    match ui.output {
        Output::Json => ui::document(document(&done)),
        _ => ui::answer(&Shown::lines(&match done.changed {
            true => format!("removed the user {}, its rights and its keys\n", done.user),
            false => format!("there is no user {}\n", done.user),
        })),
    }
    Ok(Exit::Fine)
}

/// The user of an organisation in any cluster with this owner id.
async fn left_behind(
    api: &dyn MemberApi,
    client: &Client,
    config: &Config,
    organisation: &str,
) -> Result<(Member, Option<User>)> {
    let member = member(config, organisation, String::new());
    let user = api.user(&member).await.map_err(|fault| told_of(client, fault))?;
    let Some(user) = user else { return Ok((member, None)) };
    match Member::of(&user).filter(|other| member.is_namesake(other)) {
        Some(other) => Ok((other, Some(user))),
        None => Err(is_of_others(config, &member, &user)),
    }
}

/// Takes the key of a user out of the cluster.
async fn forget(
    (cluster, config): (&Cluster, &Config),
    (api, user): (&dyn MemberApi, Option<&User>),
    name: &str,
) -> Result<()> {
    let Some(organisation) = config.organisations.iter().find(|one| one.name == name) else { return Ok(()) };
    let snapshot = cluster.snapshot(&config.dns.owner, config.ingress.controller).await?;
    strangers::one_lab(&snapshot, &config.dns.owner)?;
    let is_its = |keyring: &Keyring| is_key_of(api, user, keyring, config, organisation);
    // A stranger's Secret has none of homelab's.
    if cluster.kept_credential(config, organisation).await?.is_some_and(|keyring| is_its(&keyring)) {
        let home = Home::look((cluster, &snapshot), config, organisation).await?;
        home.forget(Instant::now() + config.timeouts.apply).await?;
    }
    forget_beside_issuers((cluster, config), organisation, is_its).await
}

/// The cluster may be gone, and its user with all rights still there.
fn unasked(error: Error) -> Error {
    let first = error.hint.as_ref().map_or_else(String::new, |hint| format!("{hint};\n"));
    error.hint(format!("{first}if this cluster is gone for good, add `--adopt`: then it is not asked"))
}

/// Whether a credential in the cluster is a key of this user; of one that is gone, where this machine has none that `up` wrote there.
fn is_key_of(
    api: &dyn MemberApi,
    user: Option<&User>,
    keyring: &Keyring,
    config: &Config,
    organisation: &Organisation,
) -> bool {
    match user {
        Some(user) => api.key_id(keyring).is_some_and(|id| user.keys.iter().any(|key| key.id == id)),
        None => !token::is_here(config, organisation),
    }
}

fn client(config: &Config) -> Result<Client> {
    Client::new(config, &token::read(config)?).map_err(|fault| refused(config.dns.provider, fault))
}

fn told_of(client: &Client, fault: Fault) -> Error {
    refused(client.provider(), fault)
}

/// That a user is still there, and what of it may be gone.
fn left(client: &Client, members: &Members, user: &User, fault: Fault) -> Error {
    told_of(client, fault)
        .because(format!("the user `{}` is still there", user.name))
        .hint(format!(
            "look at it in {}: take away what others gave it; then run the same command again, which goes on where it stopped",
            members.page
        ))
}

fn no_organisation() -> Error {
    Error::usage("no organisation is named")
        .hint("name one: `homelab zone policy acme --apply`; only organisations have users")
}

fn has_its_own(organisation: &Organisation) -> Error {
    let name = &organisation.name;
    Error::usage(format!("the organisation `{name}` has a credential on this machine, and nothing was done"))
        .because("`homelab up` would take that one, and write it over the new one in the cluster")
        .hint(format!(
            "take `organisations.{name}.tokenFile` out of the configuration (or the systemd credential `dns-token-{name}`), and run this again"
        ))
}

fn told(done: &Done, members: &Members) -> String {
    let Done { user, changed, granted, made, removed } = done;
    if done.is_nothing() {
        return format!("the user {user} has its rights, and its key lies in the cluster\n");
    }
    let mut text = String::new();
    if *changed {
        text.push_str(&format!("made the user {user}\n"));
    }
    if !granted.is_empty() {
        text.push_str(&format!("gave {user} the rights to its zone\n"));
    }
    // Their ids have the shape of a secret, and would be hidden in a text.
    if made.is_some() {
        text.push_str(&format!(
            "made a key, whose secret lies in the cluster alone. It takes {} until it works everywhere; then run `homelab up`\n",
            members.takes
        ));
    }
    if !removed.is_empty() {
        text.push_str(&format!("deleted {} of its old keys\n", removed.len()));
    }
    text
}

fn document(done: &Done) -> Value {
    let Done { user, changed, granted, made, removed } = done;
    json!({ "schema_version": 1, "user": user, "changed": changed, "granted": granted, "key_made": made, "keys_removed": removed })
}

#[cfg(test)]
mod tests;
