//! `homelab zone create`: the zone of an organisation, and the way to it from the zone above. What is there is left as it is.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::account::{self, Account};
use super::told;
use crate::cli::{Create, Global};
use crate::config::{Config, Organisation};
use crate::error::{Error, Exit, Result};
use crate::evidence::{Fault, Zone};
use crate::machine::configuration;
use crate::outside::Shown;
use crate::plan::zones::{Claim, Origin};
use crate::provider::Delegation;
use crate::ui::{self, Output, Ui};

/// What is so now.
#[derive(Debug)]
pub(super) struct Created {
    pub(super) zone: Zone,
    /// Whether it was made, and was not there before.
    pub(super) is_new: bool,
    /// The zone above and what became of the delegation in it; `None` where this account does not have that zone.
    pub(super) delegation: Option<(String, Delegation)>,
}

pub(super) async fn create(global: &Global, flags: &Create, ui: Ui) -> Result<Exit> {
    let config = configuration::load(global.config.as_deref())?;
    let organisation = account::organisation(&config, &flags.organisation)?;
    let account = Account::open(&config).await?;
    let created = created(&account, &config, organisation, Timestamp::now()).await?;
    match ui.output {
        Output::Json => ui::document(document(&created)),
        _ => ui::answer(&Shown::lines(&text(&created, &account))),
    }
    Ok(match created.delegation {
        Some((_, Delegation::Others(_))) => Exit::Wrong,
        _ => Exit::Fine,
    })
}

/// Makes what is missing.
///
/// # Errors
/// What the provider refuses, and two zones of that name.
pub(super) async fn created(
    account: &Account,
    config: &Config,
    organisation: &Organisation,
    now: Timestamp,
) -> Result<Created> {
    let (api, name) = (account.api()?, organisation.zone.as_str());
    let (zone, is_new) = match account.of_name(name).as_slice() {
        [one] => {
            let found = account.client.check(name).await.map_err(|fault| account.refused(fault))?;
            (Zone { id: one.zone.id.clone(), ..found }, false)
        }
        [] => {
            let reference = Origin::new(&organisation.name, now).reference();
            (api.make(name, &reference).await.map_err(|fault| account.refused(fault))?, true)
        }
        several => {
            let ids = several.iter().map(|one| one.zone.id.clone()).collect();
            return Err(account.refused(Fault::SeveralZones { name: name.to_owned(), ids }));
        }
    };
    // Before the delegation: from here on no other cluster takes it for one that nobody uses.
    let (key, value) = Claim::tag(&config.dns.owner, now);
    api.tag(&zone, &key, &value).await.map_err(|fault| half_done(account, fault, &zone))?;
    let delegation = match account.above(name)? {
        Some(above) => {
            let done = api.delegate(above, &zone).await.map_err(|fault| half_done(account, fault, &zone))?;
            Some((above.name.clone(), done))
        }
        None => None,
    };
    Ok(Created { zone, is_new, delegation })
}

fn half_done(account: &Account, fault: Fault, zone: &Zone) -> Error {
    account.refused(fault).because(format!(
        "the zone {} ({}) is there: once that is fixed, the same command finishes",
        zone.name, zone.id
    ))
}

fn text(created: &Created, account: &Account) -> String {
    let Zone { name, id, name_servers, .. } = &created.zone;
    let mut text = match created.is_new {
        true => {
            let hours = account.price.free_for.as_hours();
            let price = told::money(account.price.of_last(account.zones.len() + 1));
            format!(
                "made the zone {name} ({id}); it is free for {hours} hours, then {price} for each month that it touches\n"
            )
        }
        false => format!("the zone {name} ({id}) is there\n"),
    };
    let records =
        || name_servers.iter().map(|server| format!("{name}. 3600 IN NS {server}.\n")).collect::<String>();
    text.push_str(&match &created.delegation {
        Some((above, Delegation::Entered)) => format!("entered its name servers in the zone {above}\n"),
        Some((above, Delegation::Others(others))) => format!(
            "the zone {above} leads elsewhere: to {}. Nothing was changed there. If nobody needs that, delete these NS records of {name}, and run this again\n",
            others.join(", ")
        ),
        Some((above, _)) => format!("its name servers are in the zone {above}\n"),
        None => format!("enter these records in the zone above it, at its provider:\n{}", records()),
    });
    text
}

fn document(created: &Created) -> Value {
    let Zone { name, id, name_servers, .. } = &created.zone;
    let (above, state) = match &created.delegation {
        Some((above, done)) => (Some(above), word(done)),
        None => (None, "by-hand"),
    };
    json!({
        "schema_version": 1, "created": created.is_new, "name": name, "id": id, "name_servers": name_servers,
        "delegation": { "zone": above, "state": state },
    })
}

fn word(done: &Delegation) -> &'static str {
    match done {
        Delegation::Entered => "entered",
        Delegation::Others(_) => "others",
        Delegation::There | Delegation::Removed | Delegation::None => "there",
    }
}
