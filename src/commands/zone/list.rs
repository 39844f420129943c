//! `homelab zone list`: the zones of organisations, who uses them and what they cost.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::account::Account;
use crate::cli::Global;
use crate::error::{Exit, Result};
use crate::evidence::AccountZone;
use crate::machine::configuration;
use crate::outside::Shown;
use crate::plan::zones::{Claim, Origin, cost};
use crate::ui::{self, Output, Ui, zones};

pub(super) async fn list(global: &Global, ui: Ui) -> Result<Exit> {
    let config = configuration::load(global.config.as_deref())?;
    let account = Account::open(&config).await?;
    let (zones, now) = (account.below(config.domain.as_str()).await?, Timestamp::now());
    let each = zones.iter().map(|zone| (line(zone, &account, now), document(zone, &account, now)));
    answer(ui, config.domain.as_str(), each);
    Ok(Exit::Fine)
}

/// Answers with every zone below the domain: for people, and for programs.
pub(super) fn answer(ui: Ui, domain: &str, zones: impl Iterator<Item = (String, Value)>) {
    let (lines, documents): (Vec<String>, Vec<Value>) = zones.unzip();
    match ui.output {
        Output::Json => ui::document(json!({ "schema_version": 1, "zones": documents })),
        _ if lines.is_empty() => ui::note(&Shown::line(&format!("the account has no zone below {domain}"))),
        _ => ui::answer(&Shown::lines(&lines.concat())),
    }
}

/// Two lines for people.
fn line(zone: &AccountZone, account: &Account, now: Timestamp) -> String {
    let cents = account.price.of_last(account.zones.len());
    let age = zones::age(zone, cost(zone, now, &account.price), (&account.price, cents), now);
    let users = match Origin::read(&zone.reference) {
        Some(_) => zones::used_by(zone),
        None => "homelab did not make it".to_owned(),
    };
    format!("{}\n    {users}; {age}\n", zones::named(zone))
}

/// What programs read of every zone.
pub(super) fn document(zone: &AccountZone, account: &Account, now: Timestamp) -> Value {
    let cents = account.price.of_last(account.zones.len());
    let origin = Origin::read(&zone.reference);
    let cost = cost(zone, now, &account.price);
    let claims = Claim::among(&zone.tags).into_iter();
    let claims: Vec<Value> =
        claims.map(|claim| json!({ "owner": claim.owner, "renewed": claim.renewed })).collect();
    json!({
        "name": zone.zone.name,
        "id": zone.zone.id,
        "created": origin.as_ref().map(|origin| origin.born),
        "organisation": origin.map(|origin| origin.organisation),
        "claims": claims,
        "name_servers": zone.zone.name_servers,
        "billed_usd_cents": cost.map(|cost| zones::billed(&cost, &account.price)),
        "next_bill": cost.map(|cost| cost.next),
        "next_bill_usd_cents": cost.map(|cost| cost.next_months * cents),
    })
}
