//! What a cluster notes on the zones that it uses.

use futures::future::join_all;
use jiff::Timestamp;

use super::account::Account;
use crate::commands::organisations;
use crate::config::{Config, Organisation};
use crate::evidence::Fault;

/// Notes on the zones of this configuration's organisations that its cluster uses them, so that a cluster on which nobody runs
/// `homelab up` keeps them. What could not be noted, in words.
pub(super) async fn renew(account: &Account, config: &Config, now: Timestamp) -> Vec<String> {
    let each = config.organisations.iter().map(|one| renewed(account, config, one, now));
    join_all(each).await.into_iter().flatten().collect()
}

async fn renewed(
    account: &Account,
    config: &Config,
    organisation: &Organisation,
    now: Timestamp,
) -> Option<String> {
    let name = organisation.zone.as_str();
    let noted = match account.of_name(name).as_slice() {
        // Which is the one in use, only a person knows.
        [_, _, ..] => {
            let ids = account.of_name(name).iter().map(|one| one.zone.id.clone()).collect();
            Err(Fault::SeveralZones { name: name.to_owned(), ids })
        }
        [one] => organisations::note(&account.client, &one.zone, &config.dns.owner, now).await,
        [] => return None,
    };
    let why = account.client.failure(noted.err()?).message;
    Some(format!("cannot note on the zone {name} that this cluster uses it: {why}"))
}
