//! `kill -9` at moments that are chosen by what the account has seen: a call is held before it is done or before its answer is sent,
//! homelab is killed, and one more run ends clean.

use std::process::Command;

use serde_json::json;

use super::{Cluster, ORGANISATIONS, config, users, zones};
use crate::cases::account::{by_hand, killed_at};
use crate::cases::hands::{DOMAIN, Hands, ZONE, expect};
use crate::cases::organisations::program;
use crate::command;
use crate::error::{Context, Result};

/// When homelab is killed: in which command, at which call, before it is done or after.
type Moment = (&'static [&'static str], &'static str, &'static str);

const CREATE: &[&str] = &["zone", "create", "acme"];
const APPLY: &[&str] = &["zone", "policy", "acme", "--apply"];
const REMOVE: &[&str] = &["zone", "policy", "acme", "--remove"];
const DOWN: &[&str] = &["down", "--yes"];
const PRUNE: &[&str] = &["zone", "prune", "--yes"];
const CHANGE: &str = "route53:ChangeResourceRecordSets";
const TAGS: &str = "route53:ChangeTagsForResource";

/// Of making; the tenth is in `up`.
const MAKING: [Moment; 9] = [
    (CREATE, "route53:CreateHostedZone", "after"),
    (CREATE, TAGS, "before"),
    (CREATE, CHANGE, "before"),
    (CREATE, CHANGE, "after"),
    (APPLY, "iam:CreateUser", "after"),
    (APPLY, "iam:PutUserPolicy", "before"),
    (APPLY, "iam:PutUserPolicy", "after"),
    (APPLY, "iam:CreateAccessKey", "before"),
    (APPLY, "iam:CreateAccessKey", "after"),
];

const REMOVING: [Moment; 10] = [
    (REMOVE, "iam:DeleteAccessKey", "after"),
    (REMOVE, "iam:DeleteUserPolicy", "after"),
    (REMOVE, "iam:DeleteUser", "before"),
    (REMOVE, "iam:DeleteUser", "after"),
    (DOWN, "iam:DeleteAccessKey", "before"),
    (DOWN, "iam:DeleteUser", "after"),
    (DOWN, TAGS, "before"),
    (PRUNE, CHANGE, "after"),
    (PRUNE, "route53:DeleteHostedZone", "before"),
    (PRUNE, "route53:DeleteHostedZone", "after"),
];

fn zone() -> String {
    format!("acme.{DOMAIN}")
}

pub(super) fn at_twenty_moments(hands: &Hands) -> Result<()> {
    let cluster = one(hands)?;
    for moment in MAKING {
        kill(&cluster, moment)?;
        make(&cluster)?;
        is_made(&cluster)?;
        unmake(&cluster)?;
    }
    in_rotation(&cluster)?;
    in_up(&cluster)?;
    for moment in REMOVING {
        make(&cluster)?;
        prepare(&cluster, moment.0)?;
        kill(&cluster, moment)?;
        command::run(&mut of(&cluster, moment.0))?;
        is_removed(&cluster, moment)?;
        unmake(&cluster)?;
    }
    by_hand(hands, &json!({ "do": "forget_user", "name": cluster.maker.user }))?;
    hands.kubectl(&["delete", "namespace", ORGANISATIONS[0].1, "--ignore-not-found"])?;
    hands.restore()
}

/// A cluster with one organisation.
fn one(hands: &Hands) -> Result<Cluster<'_>> {
    let cluster = Cluster::new(hands, DOMAIN, None)?;
    let config = config(hands, DOMAIN, &ORGANISATIONS[..1])?;
    let namespace = ORGANISATIONS[0].1;
    hands.kubectl(&["create", "namespace", namespace])?;
    program(hands, namespace)?;
    Ok(Cluster { config, ..cluster })
}

fn make(cluster: &Cluster<'_>) -> Result<()> {
    cluster.run(CREATE)?;
    cluster.run(APPLY).map(drop)
}

/// `prune` deletes the zones of organisations that are not configured.
fn of(cluster: &Cluster<'_>, words: &[&str]) -> Command {
    if words != PRUNE {
        return cluster.command(words);
    }
    let mut command = cluster.hands.homelab(words);
    cluster.maker.give_to(&mut command);
    command.arg("--config").arg(cluster.hands.run.homelab_config());
    command
}

/// Arms the account and runs the command until it is killed.
fn kill(cluster: &Cluster<'_>, (words, action, when): Moment) -> Result<()> {
    let user = &cluster.maker.user;
    if words == APPLY {
        cluster.run(CREATE)?;
    }
    let command = of(cluster, words);
    killed_at(
        cluster.hands,
        (user, action, when),
        command,
        &format!("{} at {action}, {when}", words.join(" ")),
    )?;
    println!("      killed in `{}` at {action}, {when} it was done", words.join(" "));
    Ok(())
}

/// The servers in the zone above.
fn is_delegated(cluster: &Cluster<'_>) -> Result<bool> {
    let records = by_hand(cluster.hands, &json!({ "do": "records", "name": ZONE }))?;
    Ok(records.contains(&format!("[\"{}\", \"NS\"]", zone())))
}

fn is_made(cluster: &Cluster<'_>) -> Result<()> {
    let found = zones(cluster.hands, &zone())?;
    expect(found.len() == 1, format!("{found:?}"))?;
    expect(is_delegated(cluster)?, "no NS record leads to the zone")?;
    let users = users(cluster.hands)?;
    expect(users.len() == 1, format!("{users:?}"))?;
    cluster.is_well_of(&users, "acme")
}

/// A key that is lost in the cluster: killed before the old one goes, the new one is what stays.
fn in_rotation(cluster: &Cluster<'_>) -> Result<()> {
    make(cluster)?;
    let secret = "homelab-dns-provider-for-acme";
    cluster.hands.kubectl(&["-n", "external-dns", "delete", "secret", secret])?;
    kill(cluster, (APPLY, "iam:DeleteAccessKey", "before"))?;
    let new = cluster.key_in_secret("acme")?.context("the new key")?;
    cluster.run(APPLY)?;
    let kept = cluster.key_in_secret("acme")?.context("the key")?;
    expect(new.id == kept.id, "a third key was made")?;
    is_made(cluster)?;
    unmake(cluster)
}

/// The scratch record with which the organisation's key is proven is there, and its answer is lost.
fn in_up(cluster: &Cluster<'_>) -> Result<()> {
    make(cluster)?;
    let (user, up) = (cluster.user_of("acme"), cluster.with_own_key(&["up"]));
    killed_at(cluster.hands, (&user, CHANGE, "after"), up, "up at the scratch record")?;
    println!("      killed in `up` at the scratch record, after it was made");
    cluster.hands.up_well(&cluster.config, &[])?;
    let records = by_hand(cluster.hands, &json!({ "do": "records", "name": zone() }))?;
    expect(!records.contains("_homelab-check"), records)?;
    is_made(cluster)?;
    cluster.run(DOWN)?;
    let left = users(cluster.hands)?;
    expect(left.is_empty(), format!("{left:?}"))?;
    unmake(cluster)
}

/// A zone that `prune` deletes: nobody claims it, and it is some hours old.
fn prepare(cluster: &Cluster<'_>, words: &[&str]) -> Result<()> {
    if words != PRUNE {
        return Ok(());
    }
    cluster.run(REMOVE)?;
    by_hand(cluster.hands, &json!({ "do": "untag", "name": zone() }))?;
    by_hand(cluster.hands, &json!({ "do": "age", "name": zone(), "hours": 2 })).map(drop)
}

fn is_removed(cluster: &Cluster<'_>, (words, action, when): Moment) -> Result<()> {
    let moment = format!("{} at {action}, {when}", words.join(" "));
    let left = users(cluster.hands)?;
    expect(left.is_empty(), format!("{moment}: {left:?}"))?;
    expect(cluster.key_in_secret("acme")?.is_none(), format!("{moment}: a key lies in the cluster"))?;
    let found = zones(cluster.hands, &zone())?;
    if words == DOWN {
        let claimed = found.iter().any(|zone| zone["tags"].to_string().contains("claim"));
        expect(!claimed, format!("{moment}: {found:?}"))?;
    }
    if words == PRUNE {
        expect(found.is_empty() && !is_delegated(cluster)?, format!("{moment}: {found:?}"))?;
    }
    Ok(())
}

/// Nothing is left, whatever there was.
fn unmake(cluster: &Cluster<'_>) -> Result<()> {
    if users(cluster.hands)?.contains_key(&cluster.user_of("acme")) {
        cluster.run(REMOVE)?;
    }
    for one in zones(cluster.hands, &zone())? {
        by_hand(cluster.hands, &json!({ "do": "forget", "zone": one["id"] }))?;
    }
    by_hand(cluster.hands, &json!({ "do": "delegation", "name": zone(), "on": false }))?;
    let left = users(cluster.hands)?;
    expect(left.is_empty(), format!("{left:?}"))
}
