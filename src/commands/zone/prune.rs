//! `homelab zone prune`: deletes the zones of organisations that nobody uses, when that costs least. Without `--yes` it only tells.
//!
//! The delegation goes first. A name that the zone above leads to servers which have no such zone any more is anybody's who makes
//! one there.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::account::{Above, Account};
use super::{claims, list};
use crate::cli::{Global, Prune};
use crate::config::Config;
use crate::error::{Exit, Result};
use crate::evidence::{AboveSeen, AccountZone, Fault, Zone};
use crate::machine::configuration;
use crate::outside::Shown;
use crate::plan::zones::{Asked, Verdict, Why, cost, verdict};
use crate::provider::Delegation;
use crate::ui::{self, Output, Ui, zones};

/// What was decided about a zone, and done.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) zone: AccountZone,
    pub(super) verdict: Verdict,
    /// What it saves each month when it is gone, in US cents.
    saves: u32,
    pub(super) end: Option<End>,
}

/// What became of a zone that was to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    Deleted,
    /// It is there still, and why.
    Stayed(String),
    /// Nothing was to be deleted; this one would stay, and why.
    WouldStay(String),
}

pub(super) async fn prune(global: &Global, flags: &Prune, ui: Ui) -> Result<Exit> {
    let config = configuration::load(global.config.as_deref())?;
    let account = Account::open(&config).await?;
    let unclaimed = match flags.yes {
        true => claims::renew(&account, &config, Timestamp::now()).await,
        false => Vec::new(),
    };
    let rows = pruned(&account, &config, flags, Timestamp::now).await?;
    let now = Timestamp::now();
    let each = rows.iter().map(|row| (text(row, &account, now), document(row, &account, now)));
    list::answer(ui, config.domain.as_str(), each);
    let goes = rows.iter().any(|row| matches!((&row.verdict, &row.end), (Verdict::Goes { .. }, None)));
    if goes && !flags.yes && ui.output != Output::Json {
        ui::note(&"nothing was deleted: add `--yes` to delete what goes now".into());
    }
    for why in &unclaimed {
        ui::note(&Shown::line(why));
    }
    // One that could not be read may be one that should go.
    let is_left = |row: &Row| match (&row.end, &row.verdict) {
        (Some(End::Stayed(_)), _) => true,
        (_, verdict) => flags.yes && matches!(verdict, Verdict::Stays(Why::Unread)),
    };
    let failed = !unclaimed.is_empty() || rows.iter().any(is_left);
    Ok(if failed { Exit::Wrong } else { Exit::Fine })
}

/// Judges every zone below the domain, and deletes those that go if that is wanted. `clock` is asked for each zone.
///
/// # Errors
/// When the zones cannot be read.
pub(super) async fn pruned(
    account: &Account,
    config: &Config,
    flags: &Prune,
    clock: impl Fn() -> Timestamp,
) -> Result<Vec<Row>> {
    let asked = |now| Asked {
        now,
        domain: config.domain.as_str(),
        owner: &config.dns.owner,
        organisations: config.organisations.iter().map(|one| one.name.as_str()).collect(),
        with_orphans: flags.with_orphans,
    };
    let (mut rows, mut left) = (Vec::new(), account.zones.len());
    for zone in account.below(config.domain.as_str()).await? {
        let verdict = verdict(&zone, &asked(clock()), &account.price);
        let goes = matches!(verdict, Verdict::Goes { .. });
        let saves = account.price.of_last(left);
        let end = match (goes, flags.yes) {
            (true, true) => Some(gone(account, &zone, &asked(clock())).await),
            (true, false) => above(account, &zone).await.err().map(End::WouldStay),
            (false, _) => None,
        };
        left -= usize::from(goes && matches!(end, None | Some(End::Deleted)));
        rows.push(Row { zone, verdict, saves, end });
    }
    Ok(rows)
}

async fn gone(account: &Account, zone: &AccountZone, asked: &Asked<'_>) -> End {
    match deleted(account, zone, asked).await {
        Ok(end) => end,
        Err(fault) => End::Stayed(account.client.failure(fault).message),
    }
}

/// Looks once more, since somebody may have come back meanwhile, and goes from the outside to the inside.
async fn deleted(account: &Account, zone: &AccountZone, asked: &Asked<'_>) -> Result<End, Fault> {
    let api = account.client.zones()?;
    // Public DNS takes its time: what counts is looked at afterwards.
    let above = match above(account, zone).await {
        Ok(above) => above,
        Err(why) => return Ok(End::Stayed(why)),
    };
    let fresh = account.whole(zone).await?;
    if !matches!(verdict(&fresh, asked, &account.price), Verdict::Goes { .. }) {
        return Ok(End::Stayed("somebody has changed it meanwhile".to_owned()));
    }
    if let Delegation::Others(others) = api.undelegate(&above, &fresh.zone).await? {
        let others = others.join(", ");
        return Ok(End::Stayed(format!(
            "the zone {} leads its name to {others}: homelab did not write that",
            above.name
        )));
    }
    let is_own = |kind: &str, name: &str| ["NS", "SOA"].contains(&kind) && name == fresh.zone.name;
    let mut left = fresh.records.clone().unwrap_or_default();
    left.retain(|record| !is_own(&record.kind, &record.name));
    if !left.is_empty() {
        api.clear(&fresh.zone, &left).await?;
    }
    api.delete(&fresh.zone).await?;
    Ok(End::Deleted)
}

/// The zone in which the delegation can be taken out.
///
/// # Errors
/// Why it cannot, in words.
async fn above(account: &Account, zone: &AccountZone) -> std::result::Result<Zone, String> {
    match account.above(&zone.zone.name).await {
        Ok(Above::Own(above)) => Ok(above),
        Ok(Above::Elsewhere { seen, namesake }) => Err(elsewhere(&seen, namesake.as_ref())),
        Ok(Above::Unsure(_, why) | Above::Nowhere(why)) => {
            Err(format!("it is not known whether the zone above still leads to it: {why}"))
        }
        Err(error) => Err(error.what),
    }
}

fn elsewhere(seen: &AboveSeen, namesake: Option<&Zone>) -> String {
    let AboveSeen { zone, servers, leads } = seen;
    let which = match namesake {
        Some(one) => format!("the world asks another zone {zone} than that of this account ({})", one.id),
        None => format!("the zone above it, {zone}, is not in this account"),
    };
    let next = match leads.is_empty() {
        true => "it leads nowhere for this name: delete this zone by hand".to_owned(),
        false => format!(
            "it leads to {}: delete these NS records there, and then this zone by hand",
            zones::listed(leads)
        ),
    };
    format!("{which} (its name servers are {}), and {next}", zones::listed(servers))
}

fn reason(row: &Row) -> (&'static str, String) {
    match (&row.verdict, &row.end) {
        (_, Some(End::Deleted)) => ("deleted", format!("deleted; saves {} a month", zones::money(row.saves))),
        (_, Some(End::Stayed(why))) => ("failed", format!("not deleted: {why}")),
        (_, Some(End::WouldStay(why))) => {
            ("above", format!("stays: nobody uses it, but `--yes` cannot delete it: {why}"))
        }
        (Verdict::Goes { bill }, None) => (
            "goes",
            format!(
                "goes now: nobody uses it, and it would be billed on {}; saves {} a month",
                zones::time(*bill),
                zones::money(row.saves)
            ),
        ),
        (Verdict::Waits(from), None) => (
            "waits",
            format!(
                "stays until {}: nobody uses it, and until then it costs nothing more",
                zones::time(*from)
            ),
        ),
        (Verdict::Stays(why), None) => {
            let (word, why) = zones::why(why);
            (word, format!("stays: {why}"))
        }
    }
}

fn text(row: &Row, account: &Account, now: Timestamp) -> String {
    let age = zones::age(&row.zone, cost(&row.zone, now, &account.price), (&account.price, row.saves), now);
    format!("{}\n    {age}\n    {}\n", zones::named(&row.zone), reason(row).1)
}

fn document(row: &Row, account: &Account, now: Timestamp) -> Value {
    let (word, reason) = reason(row);
    let mut document = list::document(&row.zone, account, now);
    let state = match (&row.end, &row.verdict) {
        (Some(End::Deleted), _) => "deleted",
        (Some(End::Stayed(_)), _) => "failed",
        (Some(End::WouldStay(_)), _) => "stays",
        (None, Verdict::Goes { .. }) => "goes",
        (None, Verdict::Waits(_)) => "waits",
        (None, Verdict::Stays(_)) => "stays",
    };
    document["state"] = state.into();
    document["reason"] = word.into();
    document["told"] = reason.into();
    document["saves_usd_cents_a_month"] = row.saves.into();
    if let Verdict::Waits(from) = row.verdict {
        document["goes_from"] = json!(from);
    }
    document
}
