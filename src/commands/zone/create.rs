//! `homelab zone create`: the zone of an organisation, and the way to it from the zone above. What is there is left as it is.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::account::{self, Above, Account, zones_of};
use crate::cli::{Create, Global};
use crate::commands::organisations;
use crate::config::{Config, Organisation};
use crate::error::{Error, Exit, Result};
use crate::evidence::{AboveSeen, Fault, Zone};
use crate::machine::configuration;
use crate::outside::Shown;
use crate::plan::zones::Origin;
use crate::provider::Delegation;
use crate::ui::{self, Output, Ui, zones};

/// What is so now.
#[derive(Debug)]
pub(super) struct Created {
    pub(super) zone: Zone,
    /// Whether it was made, and was not there before.
    pub(super) is_new: bool,
    pub(super) delegated: Delegated,
}

/// How the world gets to it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Delegated {
    /// By a zone of this account: what became of the delegation in it, and why it is not known whether the world asks that zone,
    /// where it is not.
    Here { above: String, done: Delegation, unsure: Option<String> },
    /// By a zone of others, as far as public DNS says; a zone of this account that has its name is asked by nobody.
    ByHand { seen: Option<AboveSeen>, namesake: Option<Zone> },
}

pub(super) async fn create(global: &Global, flags: &Create, ui: Ui) -> Result<Exit> {
    let config = configuration::load(global.config.as_deref())?;
    let organisation = account::organisation(&config, &flags.organisation)?;
    let account = Account::open(&config).await?;
    let created = created(&account, &config, organisation, Timestamp::now()).await?;
    match ui.output {
        Output::Json => ui::document(document(&created)),
        _ => ui::answer(&Shown::lines(&text(&created, &account, zones_of(&config)?.delegation_ttl))),
    }
    Ok(match created.delegated {
        Delegated::Here { done: Delegation::Others(_), .. } => Exit::Wrong,
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
    let (zone, is_new) = match account.only(name).map_err(|fault| account.refused(fault))? {
        Some(one) => (account.with_servers(one).await.map_err(|fault| account.refused(fault))?, false),
        None => {
            let reference = Origin::new(&organisation.name, now).reference();
            (api.make(name, &reference).await.map_err(|fault| account.refused(fault))?, true)
        }
    };
    // Before the delegation: from here on no other cluster takes it for one that nobody uses.
    let noted = organisations::note(&account.client, &zone, &config.dns.owner, now).await;
    noted.map_err(|fault| half_done(account, fault, &zone))?;
    let (above, unsure) = match account.above(name).await? {
        Above::Own(above) => (above, None),
        // A delegation in a zone that nobody asks harms nobody.
        Above::Unsure(above, why) => (above, Some(why)),
        Above::Elsewhere { seen, namesake } => {
            return Ok(Created { zone, is_new, delegated: Delegated::ByHand { seen: Some(seen), namesake } });
        }
        Above::Nowhere(_) => {
            return Ok(Created { zone, is_new, delegated: Delegated::ByHand { seen: None, namesake: None } });
        }
    };
    let done = api.delegate(&above, &zone).await.map_err(|fault| half_done(account, fault, &zone))?;
    Ok(Created { zone, is_new, delegated: Delegated::Here { above: above.name, done, unsure } })
}

fn half_done(account: &Account, fault: Fault, zone: &Zone) -> Error {
    account.refused(fault).because(format!(
        "the zone {} ({}) is there: once that is fixed, the same command finishes",
        zone.name, zone.id
    ))
}

/// `ttl` is the time to live of the records to enter, in seconds.
pub(super) fn text(created: &Created, account: &Account, ttl: u32) -> String {
    let Zone { name, id, name_servers, .. } = &created.zone;
    let mut text = match created.is_new {
        true => {
            let hours = account.price.free_for.as_hours();
            let price = zones::money(account.price.of_last(account.zones.len() + 1));
            format!(
                "made the zone {name} ({id}); it is free for {hours} hours, then {price} for each month that it touches\n"
            )
        }
        false => format!("the zone {name} ({id}) is there\n"),
    };
    text.push_str(&match &created.delegated {
        Delegated::Here { above, done, unsure } => here(name, above, done) + &doubt(above, unsure.as_deref()),
        Delegated::ByHand { seen, namesake } => {
            let records = name_servers.iter().map(|server| format!("{name}. {ttl} IN NS {server}.\n"));
            by_hand(&created.zone, seen.as_ref(), namesake.as_ref(), &records.collect::<String>())
        }
    });
    text
}

fn here(name: &str, above: &str, done: &Delegation) -> String {
    match done {
        Delegation::Entered => format!("entered its name servers in the zone {above}\n"),
        Delegation::Others(others) => format!(
            "the zone {above} leads elsewhere: to {}. Nothing was changed there. If nobody needs that, delete these NS records of {name}, and run this again\n",
            others.join(", ")
        ),
        Delegation::There | Delegation::Removed | Delegation::None => {
            format!("its name servers are in the zone {above}\n")
        }
    }
}

fn doubt(above: &str, unsure: Option<&str>) -> String {
    let told = |why| {
        format!(
            "public DNS could not be asked whether the world asks that zone {above}: {why}. `homelab doctor` looks again\n"
        )
    };
    unsure.map(told).unwrap_or_default()
}

fn by_hand(zone: &Zone, seen: Option<&AboveSeen>, namesake: Option<&Zone>, records: &str) -> String {
    let mut text = String::new();
    if let Some(one) = namesake {
        let (name, id) = (&one.name, &one.id);
        text = format!(
            "the zone {name} ({id}) of this account is not the one that the world asks, so it was not changed\n"
        );
    }
    let Some(seen) = seen else {
        return text + &format!("enter these records in the zone above it, at its provider:\n{records}");
    };
    let own = zone.name_servers.iter().map(|server| server.to_ascii_lowercase()).collect();
    if seen.leads == own {
        return text + &format!("the zone {} leads to it\n", seen.zone);
    }
    if !seen.leads.is_empty() {
        let leads = zones::listed(&seen.leads);
        text += &format!(
            "the zone {} leads elsewhere: to {leads}. If nobody needs that, delete these NS records there\n",
            seen.zone
        );
    }
    text + &format!(
        "enter these records in the zone {}, at its provider (its name servers are {}):\n{records}",
        seen.zone,
        zones::listed(&seen.servers)
    )
}

fn document(created: &Created) -> Value {
    let Zone { name, id, name_servers, .. } = &created.zone;
    let (above, state) = match &created.delegated {
        Delegated::Here { above, done, .. } => (Some(above), word(done)),
        Delegated::ByHand { .. } => (None, "by-hand"),
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
