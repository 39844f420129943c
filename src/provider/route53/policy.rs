//! The least rights to one hosted zone, as policy documents of IAM.
//!
//! What each program asks for: external-dns 0.22.0, docs/tutorials/aws.md and provider/aws/aws.go; cert-manager 1.21.2,
//! pkg/issuer/acme/dns/route53/route53.go and its docs, "Route53". The condition keys and how their values are written: Route 53
//! Developer Guide, "Using IAM policy conditions for fine-grained access control". `ForAllValues` is true as well where a request
//! has no such key (IAM User Guide, "Multivalued context key examples"): only `ChangeResourceRecordSets` stands below these
//! conditions, and `Null` asks that the keys be there.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::users;
use crate::facts::names::CHALLENGE;
use crate::provider::scratch;
use crate::provider::zones::{Holder, Policy};

/// The version of the policy language.
const VERSION: &str = "2012-10-17";
/// Every hosted zone, or none in particular.
const ANY: &str = "*";
/// Every change: its id is known only after it was asked for.
const CHANGES: &str = "arn:aws:route53:::change/*";

/// A policy document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    version: &'static str,
    statement: Vec<Statement>,
}

/// What is allowed. Nothing is denied: what no statement allows is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    sid: &'static str,
    effect: Effect,
    action: Vec<Action>,
    resource: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    condition: BTreeMap<Operator, BTreeMap<Key, Vec<String>>>,
}

#[derive(Debug, Serialize)]
enum Effect {
    Allow,
}

#[derive(Debug, Clone, Copy, Serialize)]
enum Action {
    #[serde(rename = "route53:ChangeResourceRecordSets")]
    Change,
    #[serde(rename = "route53:ChangeTagsForResource")]
    ChangeTags,
    #[serde(rename = "route53:CreateHostedZone")]
    Create,
    #[serde(rename = "route53:DeleteHostedZone")]
    Delete,
    #[serde(rename = "route53:GetChange")]
    GetChange,
    #[serde(rename = "route53:GetHostedZone")]
    GetZone,
    #[serde(rename = "route53:ListHostedZones")]
    ListZones,
    #[serde(rename = "route53:ListResourceRecordSets")]
    ListRecords,
    #[serde(rename = "route53:ListTagsForResource")]
    ListTags,
    #[serde(rename = "route53:ListTagsForResources")]
    ListTagsOfMany,
    #[serde(rename = "iam:CreateAccessKey")]
    MakeKey,
    #[serde(rename = "iam:CreateUser")]
    MakeUser,
    #[serde(rename = "iam:DeleteAccessKey")]
    DeleteKey,
    #[serde(rename = "iam:DeleteUser")]
    DeleteUser,
    #[serde(rename = "iam:DeleteUserPolicy")]
    Revoke,
    #[serde(rename = "iam:GetUser")]
    GetUser,
    #[serde(rename = "iam:GetUserPolicy")]
    GetRights,
    #[serde(rename = "iam:ListAccessKeys")]
    ListKeys,
    #[serde(rename = "iam:ListUserPolicies")]
    ListRights,
    #[serde(rename = "iam:ListUsers")]
    ListUsers,
    #[serde(rename = "iam:PutUserPolicy")]
    Grant,
    #[serde(rename = "iam:TagUser")]
    TagUser,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
enum Operator {
    #[serde(rename = "ForAllValues:StringEquals")]
    AllEqual,
    #[serde(rename = "ForAllValues:StringLike")]
    AllLike,
    Null,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
enum Key {
    #[serde(rename = "route53:ChangeResourceRecordSetsActions")]
    Actions,
    #[serde(rename = "route53:ChangeResourceRecordSetsNormalizedRecordNames")]
    Names,
    #[serde(rename = "route53:ChangeResourceRecordSetsRecordTypes")]
    Types,
}

impl Statement {
    fn allow<const N: usize>(sid: &'static str, action: [Action; N], resource: impl Into<String>) -> Self {
        let (action, resource) = (action.into(), vec![resource.into()]);
        Self { sid, effect: Effect::Allow, action, resource, condition: BTreeMap::new() }
    }

    /// Every value of the key in a request has to be among these, and there has to be one.
    fn only<const N: usize>(mut self, operator: Operator, key: Key, values: [&str; N]) -> Self {
        let values = values.map(str::to_owned).to_vec();
        self.condition.entry(operator).or_default().insert(key, values);
        self.condition.entry(Operator::Null).or_default().insert(key, vec!["false".to_owned()]);
        self
    }
}

/// The rights of each program to one zone.
pub(super) fn policies(zone: &str, id: &str) -> Vec<Policy> {
    let of = |holder, statements| Policy { holder, document: document(statements) };
    vec![
        of(Holder::ExternalDns, of_external_dns(id)),
        of(Holder::CertManager, of_cert_manager(zone, id)),
        of(Holder::Homelab, of_homelab(zone, id)),
        of(Holder::Organisation, of_organisation(id)),
    ]
}

fn of_external_dns(id: &str) -> Vec<Statement> {
    vec![
        Statement::allow(
            "Records",
            [Action::Change, Action::ListRecords, Action::ListTagsOfMany],
            zone_arn(id),
        ),
        Statement::allow("FindTheZone", [Action::ListZones], ANY),
    ]
}

/// Challenges of the zone's own name and of each name below it. In `StringLike`, `*` stands for dots, too.
fn of_cert_manager(zone: &str, id: &str) -> Vec<Statement> {
    let zone = normalized(zone);
    let (own, below) = (format!("{CHALLENGE}.{zone}"), format!("{CHALLENGE}.*.{zone}"));
    vec![
        Statement::allow("SeeWhetherAChangeIsThere", [Action::GetChange], CHANGES),
        Statement::allow("ReadRecords", [Action::ListRecords], zone_arn(id)),
        Statement::allow("ChallengesOnly", [Action::Change], zone_arn(id))
            .only(Operator::AllEqual, Key::Types, ["TXT"])
            .only(Operator::AllLike, Key::Names, [&own, &below]),
    ]
}

fn of_homelab(zone: &str, id: &str) -> Vec<Statement> {
    let scratch = format!("{}*.{}", scratch::LABEL, normalized(zone));
    vec![
        Statement::allow("FindTheZone", [Action::ListZones], ANY),
        Statement::allow("SeeWhetherAChangeIsThere", [Action::GetChange], CHANGES),
        Statement::allow(
            "LookAndClaim",
            [Action::GetZone, Action::ListRecords, Action::ListTags, Action::ChangeTags],
            zone_arn(id),
        ),
        Statement::allow("ProveThatItMayWrite", [Action::Change], zone_arn(id))
            .only(Operator::AllEqual, Key::Types, ["TXT"])
            .only(Operator::AllLike, Key::Names, [&scratch]),
    ]
}

/// The sum of the three: where one user has all of them, external-dns' right to every record of the zone holds those of the others.
/// The three beside each other are too long: all inline policies of a user may have 2,048 characters (IAM User Guide, "IAM and AWS
/// STS quotas").
fn of_organisation(id: &str) -> Vec<Statement> {
    vec![
        Statement::allow(
            "Zone",
            [
                Action::Change,
                Action::ListRecords,
                Action::GetZone,
                Action::ListTags,
                Action::ListTagsOfMany,
                Action::ChangeTags,
            ],
            zone_arn(id),
        ),
        Statement::allow("FindTheZone", [Action::ListZones], ANY),
        Statement::allow("SeeWhetherAChangeIsThere", [Action::GetChange], CHANGES),
    ]
}

/// Of whoever runs `homelab zone create`, `homelab zone prune` and `homelab zone policy --apply`. The id of a zone is known only once it
/// is there, so this cannot be bound to single zones: it changes records below the domain alone, and no policy can narrow what it
/// deletes. It reaches the users of one cluster; what rights it gives those, no policy without a boundary can narrow either. A
/// user is made with tags only by who may tag it, and `ListUsers` knows no resource (Service Authorization Reference, "Actions,
/// resources, and condition keys for AWS Identity and Access Management").
pub(super) fn of_maker(domain: &str, owner: &str) -> Value {
    let below = format!("*.{}", normalized(domain));
    document(vec![
        Statement::allow("FindAndCreateZones", [Action::ListZones, Action::Create], ANY),
        Statement::allow("SeeWhetherAChangeIsThere", [Action::GetChange], CHANGES),
        Statement::allow(
            "LookClaimAndDeleteZones",
            [Action::GetZone, Action::ListRecords, Action::ListTags, Action::ChangeTags, Action::Delete],
            zone_arn(ANY),
        ),
        Statement::allow("Delegate", [Action::Change], zone_arn(ANY))
            .only(Operator::AllEqual, Key::Types, ["NS"])
            .only(Operator::AllLike, Key::Names, [&below]),
        Statement::allow("DeleteWhatClustersLeft", [Action::Change], zone_arn(ANY))
            .only(Operator::AllEqual, Key::Actions, ["DELETE"])
            .only(Operator::AllEqual, Key::Types, ["A", "AAAA", "CNAME", "TXT"])
            .only(Operator::AllLike, Key::Names, [&below]),
        Statement::allow("FindUsers", [Action::ListUsers], ANY),
        Statement::allow(
            "UsersOfThisCluster",
            [
                Action::GetUser,
                Action::MakeUser,
                Action::TagUser,
                Action::DeleteUser,
                Action::ListRights,
                Action::GetRights,
                Action::Grant,
                Action::Revoke,
                Action::ListKeys,
                Action::MakeKey,
                Action::DeleteKey,
            ],
            format!("arn:aws:iam::*:user{}{owner}/*", users::PATH),
        ),
    ])
}

fn document(statement: Vec<Statement>) -> Value {
    json!(Document { version: VERSION, statement })
}

/// Hosted zones have neither region nor account in their names.
fn zone_arn(id: &str) -> String {
    format!("arn:aws:route53:::hostedzone/{}", id.trim_start_matches("/hostedzone/"))
}

/// A name as the condition keys have it: lower case, without the final dot, everything but letters, digits, `-`, `_` and the dots
/// between labels as three octal digits.
fn normalized(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    let lower = name.trim_end_matches('.').to_ascii_lowercase();
    lower
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("\\{byte:03o}") })
        .collect()
}

#[cfg(test)]
mod judge;
#[cfg(test)]
mod tests;
