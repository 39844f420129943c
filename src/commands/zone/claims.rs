//! What a cluster notes on the zones that it uses.

use futures::future::join_all;
use jiff::Timestamp;

use super::account::Account;
use crate::commands::organisations;
use crate::config::{Config, Organisation};

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
    let noted = match account.only(name) {
        Ok(Some(zone)) => organisations::note(&account.client, zone, &config.dns.owner, now).await,
        Ok(None) => return None,
        Err(fault) => Err(fault),
    };
    let why = account.client.failure(noted.err()?).message;
    Some(format!("cannot note on the zone {name} that this cluster uses it: {why}"))
}
