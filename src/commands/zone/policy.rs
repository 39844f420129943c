//! `homelab zone policy`: the least rights to a zone, to be pasted at the provider.

use serde_json::{Map, Value, json};

use super::account::{self, zones_of};
use super::member;
use crate::cli::{For, Global, Policy};
use crate::commands::planned::refused;
use crate::config::Config;
use crate::error::{Error, Exit, Result};
use crate::evidence::Fault;
use crate::machine::{configuration, token};
use crate::outside::Shown;
use crate::provider::{Client, Holder, Zones};
use crate::ui::{self, Output, Ui};

pub(super) async fn policy(global: &Global, flags: &Policy, ui: Ui) -> Result<Exit> {
    let config = configuration::load(global.config.as_deref())?;
    if flags.apply {
        return member::apply(global, &config, flags, ui).await;
    }
    if flags.remove {
        return member::take_away(global, &config, flags, ui).await;
    }
    let zones = zones_of(&config)?;
    let name = match &flags.organisation {
        Some(organisation) => account::organisation(&config, organisation)?.zone.to_string(),
        None => config.zone_or_domain().to_string(),
    };
    let (name, id) = match (&flags.zone_id, flags.r#for) {
        (Some(id), _) => (name, id.clone()),
        // These rights are not to one zone.
        (None, Some(For::Maker)) => (name, String::new()),
        (None, _) => found(&config, &name, flags.organisation.as_deref()).await?,
    };
    let documents = documents(zones, (&name, &id), &config, flags);
    match (ui.output, flags.r#for) {
        (Output::Json, _) => {
            ui::document(json!({ "schema_version": 1, "zone": name, "policies": documents }))
        }
        (_, Some(one)) => ui::answer(&Shown::json(documents[one.holder().word()].clone())),
        (_, None) => ui::answer(&Shown::json(documents.into())),
    }
    Ok(Exit::Fine)
}

/// Each document that is asked for, by its holder.
fn documents(zones: &Zones, (name, id): (&str, &str), config: &Config, flags: &Policy) -> Map<String, Value> {
    let mut documents: Map<String, Value> = (zones.policies)(name, id)
        .into_iter()
        .map(|policy| (policy.holder.word().to_owned(), policy.document))
        .collect();
    documents
        .insert(Holder::Maker.word().to_owned(), (zones.of_maker)(config.domain.as_str(), &config.dns.owner));
    documents.retain(|holder, _| flags.r#for.is_none_or(|wanted| wanted.holder().word() == holder));
    documents
}

/// Name and id of the zone, as the provider has them.
pub(super) async fn found(
    config: &Config,
    name: &str,
    organisation: Option<&str>,
) -> Result<(String, String)> {
    let provider = config.dns.provider;
    let client = Client::new(config, &token::read(config)?).map_err(|fault| refused(provider, fault))?;
    let found = match organisation {
        Some(_) => client.check_zone(name, None).await,
        None => client.check(name).await,
    };
    match (found, organisation) {
        (Ok(zone), _) => Ok((zone.name, zone.id)),
        (Err(Fault::NoZone { .. }), Some(organisation)) => Err(Error::wrong(format!(
            "there is no zone `{name}` yet"
        ))
        .hint(format!("make it by `homelab zone create {organisation}`, or name its id by `--zone-id`"))),
        (Err(fault), _) => Err(refused(provider, fault)),
    }
}
