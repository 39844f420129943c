//! Hosted zones of organisations: what they cost, and the calls that make, delegate and delete them. A call whose answer got lost
//! was carried out all the same: what it leaves is looked at before it counts as a fault.
//!
//! Prices: Amazon Route 53 pricing, "Hosted zones", and the Developer Guide, "I was billed twice for the same hosted zone". Calls: API
//! reference, CreateHostedZone, DeleteHostedZone, ListTagsForResource, ChangeTagsForResource. A zone has ten tags at most, so ten
//! clusters share one.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_route53::types::{ChangeAction, HostedZoneConfig, ResourceRecordSet, Tag, TagResourceType};
use futures::future::{BoxFuture, FutureExt};
use jiff::SignedDuration;

use super::answers::{is_private, plain, records, zone};
use super::changes::{is_conflict, is_gone, set};
use super::client::Client;
use super::delegation::TTL;
use super::refusal::{NO_ZONE, said};
use super::{policy, users};
use crate::evidence::{AccountZone, Fault, Record, Zone};
use crate::provider::zones::{Delegation, Price, ZoneApi, Zones};

/// What is particular to them.
pub(super) const ZONES: Zones = Zones {
    price: Price { free_for: SignedDuration::from_hours(12), first: 25, first_cents: 50, beyond_cents: 10 },
    delegation_ttl: TTL,
    policies: policy::policies,
    of_maker: policy::of_maker,
    members: users::MEMBERS,
};

/// How many sets of records one call deletes. A call takes 1000 changes, and 32,000 characters of values (Route 53 Developer Guide,
/// "Quotas").
const AT_ONCE: usize = 50;
/// What is answered when a zone of that reference is there.
const EXISTS: &str = "HostedZoneAlreadyExists";

/// What people read of such a zone in the console.
const COMMENT: &str = "made by homelab";

impl Client {
    async fn all_zones(&self) -> Result<Vec<AccountZone>, Fault> {
        let zones = self.zones().await?;
        let of_account = |one: &aws_sdk_route53::types::HostedZone| AccountZone {
            zone: zone(one),
            reference: one.caller_reference().to_owned(),
            is_private: is_private(one),
            ..AccountZone::default()
        };
        Ok(zones.iter().map(of_account).collect())
    }

    /// `Api::check` reads them from the zone's own records, since the keys of a lab may not ask for this.
    async fn given_servers(&self, zone: &Zone) -> Result<Vec<String>, Fault> {
        let asked = self.asked("GetHostedZone", Some(&zone.id));
        let answer = self.sdk.get_hosted_zone().id(&zone.id).send().await;
        let set = answer.map_err(|error| asked.fault(error))?.delegation_set;
        Ok(set.map(|set| set.name_servers.iter().map(|server| plain(server)).collect()).unwrap_or_default())
    }

    async fn tags_of(&self, zone: &Zone) -> Result<BTreeMap<String, String>, Fault> {
        let call = self.sdk.list_tags_for_resource().resource_type(TagResourceType::Hostedzone);
        let asked = self.asked("ListTagsForResource", Some(&zone.id));
        let answer = call.resource_id(&zone.id).send().await.map_err(|error| asked.fault(error))?;
        let tags = answer.resource_tag_set.map(|set| set.tags.unwrap_or_default()).unwrap_or_default();
        Ok(tags.into_iter().filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect())
    }

    async fn write_tag(&self, zone: &Zone, key: &str, value: &str) -> Result<(), Fault> {
        let call = self.sdk.change_tags_for_resource().resource_type(TagResourceType::Hostedzone);
        let call = call.resource_id(&zone.id).add_tags(Tag::builder().key(key).value(value).build());
        let asked = self.asked("ChangeTagsForResource", Some(&zone.id));
        call.send().await.map(drop).map_err(|error| asked.fault(error))
    }

    async fn take_off(&self, zone: &Zone, key: &str) -> Result<(), Fault> {
        let call = self.sdk.change_tags_for_resource().resource_type(TagResourceType::Hostedzone);
        let call = call.resource_id(&zone.id).remove_tag_keys(key);
        let asked = self.asked("ChangeTagsForResource", Some(&zone.id));
        call.send().await.map(drop).map_err(|error| asked.fault(error))
    }

    async fn made(&self, name: &str, reference: &str) -> Result<Zone, Fault> {
        match self.make_new(name, reference).await {
            Err(fault) if said(&fault, EXISTS).is_some() => {
                self.of_reference(name, reference).await?.ok_or(fault)
            }
            made => made,
        }
    }

    /// The zone that an earlier call with this reference has made.
    async fn of_reference(&self, name: &str, reference: &str) -> Result<Option<Zone>, Fault> {
        let zones = self.zones().await?;
        let is_it = |one: &&aws_sdk_route53::types::HostedZone| {
            one.caller_reference() == reference && plain(one.name()) == plain(name)
        };
        let Some(found) = zones.iter().find(is_it).map(zone) else { return Ok(None) };
        Ok(Some(Zone { name_servers: self.given_servers(&found).await?, ..found }))
    }

    async fn make_new(&self, name: &str, reference: &str) -> Result<Zone, Fault> {
        let settings = HostedZoneConfig::builder().comment(COMMENT).private_zone(false).build();
        let call = self.sdk.create_hosted_zone().name(name).caller_reference(reference);
        let asked = self.asked("CreateHostedZone", None);
        let answer = call.hosted_zone_config(settings).send().await.map_err(|error| asked.fault(error))?;
        let nothing = || Fault::Unexpected { what: "the answer has no zone in it".into() };
        let made = zone(answer.hosted_zone.as_ref().ok_or_else(nothing)?);
        let servers = answer.delegation_set.map(|set| set.name_servers).unwrap_or_default();
        Ok(Zone { name_servers: servers.iter().map(|server| plain(server)).collect(), ..made })
    }

    async fn delegated(&self, above: &Zone, zone: &Zone) -> Result<Delegation, Fault> {
        let there = servers(&self.of_kind(above, &zone.name, "NS").await?);
        if !there.is_empty() {
            let is_own = there == own_servers(zone);
            return Ok(if is_own {
                Delegation::There
            } else {
                Delegation::Others(there.into_iter().collect())
            });
        }
        let written: Vec<String> =
            zone.name_servers.iter().map(|server| format!("{}.", plain(server))).collect();
        let created = set((&zone.name, "NS"), TTL, written.iter().map(String::as_str))?;
        let Err(fault) = self.change(above, [(ChangeAction::Create, created)]).await else {
            return Ok(Delegation::Entered);
        };
        if !is_conflict(&fault) {
            return Err(fault);
        }
        let there = servers(&self.of_kind(above, &zone.name, "NS").await?);
        match () {
            () if there.is_empty() => Err(fault),
            () if there == own_servers(zone) => Ok(Delegation::Entered),
            () => Ok(Delegation::Others(there.into_iter().collect())),
        }
    }

    /// Deleted as it was read: one that somebody changes meanwhile stays.
    async fn undelegated(&self, above: &Zone, zone: &Zone) -> Result<Delegation, Fault> {
        let sets = self.of_kind(above, &zone.name, "NS").await?;
        let there = servers(&sets);
        if there.is_empty() {
            return Ok(Delegation::None);
        }
        if !there.is_subset(&own_servers(zone)) {
            return Ok(Delegation::Others(there.into_iter().collect()));
        }
        let changes = sets.into_iter().map(|set| (ChangeAction::Delete, set));
        let Err(fault) = self.change(above, changes).await else { return Ok(Delegation::Removed) };
        match is_gone(&fault) && self.of_kind(above, &zone.name, "NS").await?.is_empty() {
            true => Ok(Delegation::Removed),
            false => Err(fault),
        }
    }

    async fn cleared(&self, zone: &Zone, gone: &[Record]) -> Result<(), Fault> {
        let is_whole = |set: &ResourceRecordSet| {
            let all = records(set);
            !all.is_empty() && all.iter().all(|record| gone.contains(record))
        };
        let mut sets = self.sets(zone, None).await?;
        sets.retain(is_whole);
        sets.sort_by_key(|set| set.r#type().as_str() == "TXT");
        for some in sets.chunks(AT_ONCE) {
            let changes = some.iter().cloned().map(|set| (ChangeAction::Delete, set));
            let Err(fault) = self.change(zone, changes).await else { continue };
            let left = self.sets(zone, None).await?;
            if !is_gone(&fault) || some.iter().any(|set| left.contains(set)) {
                return Err(fault);
            }
        }
        Ok(())
    }

    async fn deleted(&self, zone: &Zone) -> Result<(), Fault> {
        let asked = self.asked("DeleteHostedZone", Some(&zone.id));
        let answer = self.sdk.delete_hosted_zone().id(&zone.id).send().await;
        match answer.map(drop).map_err(|error| asked.fault(error)) {
            Err(fault) if said(&fault, NO_ZONE).is_some() => Ok(()),
            answer => answer,
        }
    }
}

fn servers(sets: &[ResourceRecordSet]) -> BTreeSet<String> {
    sets.iter().flat_map(ResourceRecordSet::resource_records).map(|record| plain(record.value())).collect()
}

fn own_servers(zone: &Zone) -> BTreeSet<String> {
    zone.name_servers.iter().map(|server| plain(server)).collect()
}

impl ZoneApi for Client {
    fn all(&self) -> BoxFuture<'_, Result<Vec<AccountZone>, Fault>> {
        self.all_zones().boxed()
    }

    fn servers<'a>(&'a self, zone: &'a Zone) -> BoxFuture<'a, Result<Vec<String>, Fault>> {
        self.given_servers(zone).boxed()
    }

    fn tags<'a>(&'a self, zone: &'a Zone) -> BoxFuture<'a, Result<BTreeMap<String, String>, Fault>> {
        self.tags_of(zone).boxed()
    }

    fn tag<'a>(&'a self, zone: &'a Zone, key: &'a str, value: &'a str) -> BoxFuture<'a, Result<(), Fault>> {
        self.write_tag(zone, key, value).boxed()
    }

    fn untag<'a>(&'a self, zone: &'a Zone, key: &'a str) -> BoxFuture<'a, Result<(), Fault>> {
        self.take_off(zone, key).boxed()
    }

    fn clear<'a>(&'a self, zone: &'a Zone, records: &'a [Record]) -> BoxFuture<'a, Result<(), Fault>> {
        self.cleared(zone, records).boxed()
    }

    fn make<'a>(&'a self, name: &'a str, reference: &'a str) -> BoxFuture<'a, Result<Zone, Fault>> {
        self.made(name, reference).boxed()
    }

    fn delegate<'a>(&'a self, above: &'a Zone, zone: &'a Zone) -> BoxFuture<'a, Result<Delegation, Fault>> {
        self.delegated(above, zone).boxed()
    }

    fn undelegate<'a>(&'a self, above: &'a Zone, zone: &'a Zone) -> BoxFuture<'a, Result<Delegation, Fault>> {
        self.undelegated(above, zone).boxed()
    }

    fn delete<'a>(&'a self, zone: &'a Zone) -> BoxFuture<'a, Result<(), Fault>> {
        self.deleted(zone).boxed()
    }
}
