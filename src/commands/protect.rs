//! `homelab protect`: who may open a service that asks for a name and a password.

use serde_json::json;

use crate::cli::{Global, Protect};
use crate::cluster::Cluster;
use crate::commands::backup::key::passphrase;
use crate::commands::expose::known;
use crate::commands::house::house;
use crate::config::{Config, Service};
use crate::desired::object::Key;
use crate::desired::service;
use crate::error::{Error, Exit, Result};
use crate::machine::configuration;
use crate::machine::password::hash;
use crate::outside::Shown;
use crate::plan::ownership::Doomed;
use crate::plan::users::{Unusable, Users, is_name};
use crate::ui::{self, Output, Ui, ask};

/// What was done.
enum Done {
    Nothing,
    Added,
    Changed,
    Removed,
}

pub(super) async fn protect(global: &Global, flags: &Protect, ui: Ui) -> Result<Exit> {
    let config = configuration::load(global.config.as_deref())?;
    let service = known(&config, &flags.name)?;
    asks(service)?;
    if let Some(name) = &flags.user {
        is_name(name).map_err(|why| {
            Error::usage(format!("`{name}` cannot be the name of a user"))
                .because(why)
                .hint("use letters, digits and `.`, `-`, `_` or `@`")
        })?;
    }
    // What can be wrong with the password is said before anything is asked of the cluster.
    let hash = flags.user.as_ref().map(|name| hash(&password(flags, name)?)).transpose()?;
    let cluster = global.lab().connect().await?;
    let key = service::users(service);
    let (users, done) = change(&cluster, &config, &key, flags, hash).await?;
    match ui.output {
        Output::Json => ui::document(json!({
            "schema_version": 1,
            "service": service.name,
            "users": users.names().collect::<Vec<_>>(),
        })),
        _ => ui::answer(&Shown::lines(&house(global).words(&told(service, &users, &done, flags)))),
    }
    Ok(Exit::Fine)
}

/// Only a service whose Ingress asks for a password has users: those of another would be deleted by the next `up`.
fn asks(service: &Service) -> Result<()> {
    if service.protect.users {
        return Ok(());
    }
    let name = &service.name;
    Err(Error::usage(format!("`{name}` asks nobody for a password")).hint(format!(
        "add `protect: {{ users: true }}` to `{name}` in the configuration, and run this again; then `homelab up`"
    )))
}

fn password(flags: &Protect, name: &str) -> Result<String> {
    if let Some(path) = &flags.password_file {
        return passphrase(path);
    }
    if !ask::is_possible() {
        return Err(Error::usage(format!("there is no terminal to ask for the password of `{name}` on"))
            .hint("give `--password-file FILE`; `-` is standard input"));
    }
    let first = ask::secret("Password")?;
    match ask::secret("The same again")? == first {
        true => Ok(first),
        false => Err(Error::usage("the two passwords differ").hint("nothing was changed; try again")),
    }
}

async fn change(
    cluster: &Cluster,
    config: &Config,
    key: &Key,
    flags: &Protect,
    hash: Option<String>,
) -> Result<(Users, Done)> {
    let live = cluster.read(key).await?;
    let mut users = Users::of(live.as_ref()).map_err(|why| refused(key, &why))?;
    let done = match (&flags.user, hash, &flags.remove) {
        (Some(name), Some(hash), _) => match users.add(name, hash) {
            true => Done::Changed,
            false => Done::Added,
        },
        (_, _, Some(name)) => match users.remove(name) {
            true => Done::Removed,
            false => return Err(nobody(name, &users)),
        },
        _ => return Ok((users, Done::Nothing)),
    };
    let seen = live.as_ref().map(|live| Doomed::of(key, live));
    cluster.write_users(key, &users.body(key, &config.dns.owner), seen.as_ref()).await?;
    Ok((users, done))
}

fn refused(key: &Key, why: &Unusable) -> Error {
    let error = Error::wrong(format!("the users are not changed: {key} is not homelab's to write"));
    match why {
        Unusable::Foreign => error
            .because("somebody else made it")
            .hint("rename or delete that Secret; or take `users` out of `protect`, and use it by the annotation `auth-secret`"),
        Unusable::NoText => error.because("what it holds is no text").hint("delete it, and give each user a new password"),
    }
}

fn nobody(name: &str, users: &Users) -> Error {
    let names: Vec<&str> = users.names().collect();
    let error = Error::usage(format!("there is no user `{name}`"));
    match names.as_slice() {
        [] => error.because("the service has no users"),
        names => error.hint(format!("there are {}", names.join(", "))),
    }
}

fn told(service: &Service, users: &Users, done: &Done, flags: &Protect) -> String {
    let names: Vec<&str> = users.names().collect();
    let service = &service.name;
    let name = flags.user.as_deref().or(flags.remove.as_deref()).unwrap_or_default();
    match (done, names.as_slice()) {
        (Done::Nothing, []) => {
            format!("nobody may open {service} yet: `homelab protect {service} --user NAME` lets somebody in")
        }
        (Done::Nothing, names) => names.join("\n"),
        (Done::Added, _) => format!("{name} may open {service} now"),
        (Done::Changed, _) => format!("{name} has a new password for {service}"),
        (Done::Removed, []) => format!("{name} may not open {service} any more; nobody may"),
        (Done::Removed, _) => format!("{name} may not open {service} any more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(protect: &str) -> Service {
        let text = format!(
            "domain: a.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare, tokenFile: /t }}\n\
             services: {{ nas: {{ url: 'http://10.0.0.2', protect: {protect} }} }}\n"
        );
        crate::config::parse(&text).unwrap().services.remove(0)
    }

    #[test]
    fn a_service_that_asks_nobody_gets_no_users_that_the_next_up_would_delete() {
        let error = asks(&service("{ lan: true }")).unwrap_err();
        assert!(error.to_string().contains("add `protect: { users: true }` to `nas`"), "{error}");
        assert!(asks(&service("{ users: true }")).is_ok());
    }
}
