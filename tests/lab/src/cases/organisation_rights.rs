//! The rights of organisations, made and removed by homelab: one user for each organisation and cluster, at an IAM that judges each
//! call by the policies that homelab printed or wrote. And what becomes of them when homelab is killed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::account::{self, Key, by_hand};
use super::hands::{DOMAIN, Hands, expect};
use super::organisations::program;
use super::{Case, with_all_and};
use crate::cluster::Second;
use crate::command::{self, Output};
use crate::error::{Context, Result};
use crate::name_server::{Provider, route53};
use crate::paths::sources;

mod kills;

pub(super) const CASES: &[Case] = &[
    with_all_and(
        Provider::Route53,
        "organisations",
        "each organisation has a user of its own in each cluster, and one cluster's end leaves the other's",
        two_clusters,
    ),
    with_all_and(
        Provider::Route53,
        "organisations",
        "killed at ten moments of making zones and users, and at ten of removing them, one more run ends clean",
        kills::at_twenty_moments,
    ),
];

/// Each with its namespace.
const ORGANISATIONS: [(&str, &str); 2] = [("acme", "shop"), ("globex", "bench")];
/// The second cluster's owner id; the first one has the domain's.
const SECOND: &str = "cellar";

/// A cluster, and whoever makes and removes what its organisations have.
struct Cluster<'h> {
    hands: &'h Hands,
    config: PathBuf,
    kubeconfig: Option<PathBuf>,
    owner: String,
    maker: Key,
}

/// A user, as the account shows it.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
struct User {
    path: String,
    tags: BTreeMap<String, String>,
    policies: Vec<String>,
    keys: Vec<String>,
}

/// The users of organisations, by their names.
fn users(hands: &Hands) -> Result<BTreeMap<String, User>> {
    let text = by_hand(hands, &json!({ "do": "users" }))?;
    let mut found: BTreeMap<String, User> = serde_json::from_str(&text).context("the users")?;
    found.retain(|name, _| name.contains('@'));
    Ok(found)
}

/// The zones with a name, each with its tags.
fn zones(hands: &Hands, name: &str) -> Result<Vec<Value>> {
    let mut found = account::zones(hands)?;
    found.retain(|zone| zone["name"] == name);
    Ok(found)
}

fn claims(hands: &Hands, name: &str) -> Result<BTreeSet<String>> {
    let found = zones(hands, name)?;
    let tags = found.iter().flat_map(|zone| zone["tags"].as_object().into_iter().flatten());
    Ok(tags.filter_map(|(key, _)| key.strip_prefix("homelab/claim/").map(str::to_owned)).collect())
}

/// How many calls have changed anything at the account.
fn changes(hands: &Hands) -> Result<Vec<Value>> {
    serde_json::from_str(&by_hand(hands, &json!({ "do": "calls" }))?).context("the calls")
}

impl<'h> Cluster<'h> {
    /// With a maker who may do exactly what homelab prints.
    fn new(hands: &'h Hands, owner: &str, kubeconfig: Option<PathBuf>) -> Result<Self> {
        let config = config(hands, owner, &ORGANISATIONS)?;
        let mut command = hands.homelab(&["zone", "policy", "--for", "maker", "--config"]);
        let policy = command::run(command.arg(&config))?;
        let maker = Key::make(hands, &format!("maker-of-{owner}"), &policy)?;
        Ok(Self { hands, config, kubeconfig, owner: owner.to_owned(), maker })
    }

    /// A command of homelab's, with the maker's key.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.with_own_key(words);
        self.maker.give_to(&mut command);
        command
    }

    /// The same with the key that the configuration names.
    fn with_own_key(&self, words: &[&str]) -> Command {
        let mut command = self.hands.homelab(words);
        command.arg("--config").arg(&self.config);
        if let Some(kubeconfig) = &self.kubeconfig {
            command.arg("--kubeconfig").arg(kubeconfig);
        }
        command
    }

    fn run(&self, words: &[&str]) -> Result<String> {
        command::run_within(&mut self.command(words), std::time::Duration::from_secs(400))
    }

    fn output(&self, words: &[&str]) -> Result<Output> {
        command::output(&mut self.command(words))
    }

    fn kubectl(&self, words: &[&str]) -> Result<String> {
        match &self.kubeconfig {
            Some(kubeconfig) => {
                let mut command = self.hands.node.command("kubectl");
                command::run(command.arg("--kubeconfig").arg(kubeconfig).args(words))
            }
            None => self.hands.kubectl(words),
        }
    }

    fn user_of(&self, organisation: &str) -> String {
        format!("{organisation}@{}", self.owner)
    }

    /// The key that lies in the cluster for an organisation; none where there is none.
    fn key_in_secret(&self, organisation: &str) -> Result<Option<Key>> {
        let name = format!("homelab-dns-provider-for-{organisation}");
        let words = ["-n", "external-dns", "get", "secret", &name, "--ignore-not-found", "-o", "json"];
        let text = self.kubectl(&words)?;
        let secret: Value = serde_json::from_str(&text).unwrap_or_default();
        let data = |key: &str| -> Result<Option<String>> {
            let Some(encoded) = secret["data"][key].as_str() else { return Ok(None) };
            let mut decode = self.hands.node.command("sh");
            decode.args(["-c", "printf %s \"$1\" | base64 -d", "sh", encoded]);
            command::run(&mut decode).map(Some)
        };
        let (Some(id), Some(secret)) = (data("access-key-id")?, data("secret-access-key")?) else {
            return Ok(None);
        };
        Ok(Some(Key { user: self.user_of(organisation), id, secret }))
    }

    /// Each organisation has one user with its rights and one key, and that key lies in this cluster.
    fn is_well(&self) -> Result<()> {
        let users = users(self.hands)?;
        for (organisation, _) in ORGANISATIONS {
            self.is_well_of(&users, organisation)?;
        }
        Ok(())
    }

    fn is_well_of(&self, users: &BTreeMap<String, User>, organisation: &str) -> Result<()> {
        let name = self.user_of(organisation);
        let user = users.get(&name).context(format_args!("the user {name}"))?;
        let uid = self.kubectl(&["get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}"])?;
        let tags = [
            ("homelab/owner", self.owner.as_str()),
            ("homelab/organisation", organisation),
            ("homelab/cluster", uid.trim()),
        ];
        let tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned()));
        expect(user.tags == tags.into(), format!("{user:?}"))?;
        expect(user.path == format!("/homelab/{}/", self.owner), format!("{user:?}"))?;
        expect(user.policies == ["organisation"], format!("{user:?}"))?;
        let key = self.key_in_secret(organisation)?.context("no key lies in the cluster")?;
        expect(user.keys == [key.id.clone()], format!("{user:?}, and in the cluster {}", key.id))
    }
}

/// The lab's own configuration with these organisations and a service for each.
fn config(hands: &Hands, owner: &str, organisations: &[(&str, &str)]) -> Result<PathBuf> {
    let own = hands.config()?.replace("provider: route53,", &format!("provider: route53, owner: {owner},"));
    let mut text = format!("{own}organisations:\n");
    for (name, namespace) in organisations {
        text += &format!("  {name}: {{ namespaces: [{namespace}] }}\n");
    }
    text += "services:\n";
    for (name, namespace) in organisations {
        text += &format!(
            "  web-{name}: {{ service: {namespace}/program, port: 80, host: web.{name}.{DOMAIN}, organisation: {name} }}\n"
        );
    }
    hands.config_file(&format!("rights-{owner}.yaml"), &text)
}

/// Whether a program with this key may write into a zone.
fn may_write(hands: &Hands, key: &Key, zone: &str) -> Result<bool> {
    let found = zones(hands, zone)?;
    let id = found.first().and_then(|one| one["id"].as_str()).context("the zone")?.to_owned();
    let mut ask = hands.world.command(route53::program()?);
    ask.arg(sources().join("amazon/ask.py")).args([&id, &format!("tried.{zone}")]);
    ask.env("AWS_CA_BUNDLE", hands.run.trust());
    key.give_to(&mut ask);
    let said = command::run(&mut ask)?;
    match said.trim() {
        "done" => Ok(true),
        "AccessDenied" => Ok(false),
        other => Err(crate::error::Error::new(format!("{other}: {}", key.user))),
    }
}

fn two_clusters(hands: &Hands) -> Result<()> {
    let first = Cluster::new(hands, DOMAIN, None)?;
    refused_without(hands, &first)?;
    for (organisation, namespace) in ORGANISATIONS {
        first.run(&["zone", "create", organisation])?;
        hands.kubectl(&["create", "namespace", namespace])?;
        program(hands, namespace)?;
    }
    least_rights(hands, &first)?;
    made(hands, &first)?;
    works(hands, &first)?;
    lost(hands, &first)?;
    let second = Second::start(&hands.run)?;
    copied(hands, &first, second.kubeconfig())?;
    let other = Cluster::new(hands, SECOND, Some(second.kubeconfig()))?;
    share(hands, &first, &other)?;
    end(hands, &first, &other)?;
    leave(hands, &[&first, &other])
}

/// Without a credential, `up` tells the three ways to one.
fn refused_without(hands: &Hands, first: &Cluster<'_>) -> Result<()> {
    let before = changes(hands)?.len();
    let output = command::output(&mut first.with_own_key(&["up"]))?;
    for part in [
        "`organisations.acme.tokenFile`",
        "`dns-token-acme`",
        "external-dns/homelab-dns-provider-for-acme",
        "zone policy acme --apply`",
    ] {
        expect(output.stderr.contains(part), format!("{part}: {}", output.stderr))?;
    }
    expect(changes(hands)?.len() == before, "something was changed")
}

/// Whoever may only write the lab's records makes no user, and is told which right that needs.
fn least_rights(hands: &Hands, first: &Cluster<'_>) -> Result<()> {
    let output = command::output(&mut first.with_own_key(&["zone", "policy", "acme", "--apply"]))?;
    expect(output.stderr.contains("`route53:ListResourceRecordSets`"), &output.stderr)?;
    expect(users(hands)?.is_empty(), "a user was made")?;
    // A stranger's user of the name that homelab's would have.
    let name = first.user_of("acme");
    by_hand(hands, &json!({ "do": "strangers_user", "name": name }))?;
    let output = first.output(&["zone", "policy", "acme", "--apply"])?;
    expect(!output.status.success() && output.stderr.contains("another user"), &output.stderr)?;
    let stranger = users(hands)?.remove(&name).context("the stranger's user is gone")?;
    expect(stranger.policies.is_empty() && stranger.keys.is_empty(), format!("{stranger:?}"))?;
    first.run(&["zone", "policy", "acme", "--remove"])?;
    expect(users(hands)?.contains_key(&name), "the stranger's user is gone")?;
    by_hand(hands, &json!({ "do": "forget_user", "name": name })).map(drop)
}

/// Users, policies, keys and Secrets; and a second run that changes nothing.
fn made(hands: &Hands, first: &Cluster<'_>) -> Result<()> {
    for (organisation, _) in ORGANISATIONS {
        let said = first.run(&["zone", "policy", organisation, "--apply"])?;
        let key = first.key_in_secret(organisation)?.context("no key lies in the cluster")?;
        expect(said.contains("made a key") && !said.contains(&key.secret), said)?;
    }
    first.is_well()?;
    let (mark, before) = (hands.audit_mark()?, changes(hands)?.len());
    for (organisation, _) in ORGANISATIONS {
        first.run(&["zone", "policy", organisation, "--apply"])?;
    }
    let written: Vec<String> =
        hands.audited(mark)?.iter().filter(|one| one.is_write()).map(ToString::to_string).collect();
    expect(written.is_empty(), format!("{written:?}"))?;
    expect(changes(hands)?.len() == before, format!("{:?}", &changes(hands)?[before..]))
}

/// `up` proves with these keys, and each opens its own zone alone.
fn works(hands: &Hands, first: &Cluster<'_>) -> Result<()> {
    let first_run = hands.up_well(&first.config, &[])?;
    for (organisation, _) in ORGANISATIONS {
        let host = format!("web.{organisation}.{DOMAIN}");
        let (status, _) = hands.browse(&host)?;
        expect(status == "200", format!("{host}: {status}\n{}", first_run.stderr))?;
        let key = first.key_in_secret(organisation)?.context("the key")?;
        for (of, _) in ORGANISATIONS {
            let may = may_write(hands, &key, &format!("{of}.{DOMAIN}"))?;
            expect(may == (of == organisation), format!("{} in the zone of {of}: {may}", key.user))?;
        }
        expect(!may_write(hands, &key, super::hands::ZONE)?, format!("{} in the zone of the lab", key.user))?;
        expect(
            claims(hands, &format!("{organisation}.{DOMAIN}"))? == [DOMAIN.to_owned()].into(),
            "the claim",
        )?;
    }
    let (mark, before) = (hands.audit_mark()?, changes(hands)?.len());
    hands.up_well(&first.config, &[])?;
    let written: Vec<String> =
        hands.audited(mark)?.iter().filter(|one| one.is_write()).map(ToString::to_string).collect();
    expect(written.is_empty(), format!("{written:?}"))?;
    let calls = changes(hands)?.split_off(before);
    expect(calls.iter().all(|call| call[1] == "route53:ChangeResourceRecordSets"), format!("{calls:?}"))
}

/// A Secret that somebody deleted is written anew with another key, and the old one goes.
fn lost(hands: &Hands, first: &Cluster<'_>) -> Result<()> {
    let old = first.key_in_secret("acme")?.context("the key")?;
    hands.kubectl(&["-n", "external-dns", "delete", "secret", "homelab-dns-provider-for-acme"])?;
    first.run(&["zone", "policy", "acme", "--apply"])?;
    let new = first.key_in_secret("acme")?.context("the new key")?;
    expect(new.id != old.id, "the key is the old one")?;
    first.is_well()?;
    hands.up_well(&first.config, &[]).map(drop)
}

/// A copy of the configuration in another cluster, as a machine that is set up anew has it, leaves the users of the first alone; unless
/// it is told that the first is gone.
fn copied(hands: &Hands, first: &Cluster<'_>, kubeconfig: PathBuf) -> Result<()> {
    let (config, owner, maker) = (first.config.clone(), first.owner.clone(), first.maker.clone());
    let copy = Cluster { hands, config, kubeconfig: Some(kubeconfig), owner, maker };
    for flag in ["--apply", "--remove"] {
        let said = copy.output(&["zone", "policy", "acme", flag])?;
        expect(!said.status.success() && said.stderr.contains("of another cluster"), &said.stderr)?;
    }
    first.is_well()?;
    copy.run(&["zone", "policy", "acme", "--apply", "--adopt"])?;
    copy.is_well_of(&users(hands)?, "acme")?;
    copy.run(&["zone", "policy", "acme", "--remove"])?;
    copy.run(&["zone", "policy", "globex", "--remove", "--adopt"])?;
    expect(users(hands)?.is_empty(), format!("{:?}", users(hands)?))?;
    // No program there takes a namespace away: it becomes the other lab's.
    let whose = format!("app.kubernetes.io/instance={SECOND}");
    copy.kubectl(&["label", "namespace", "external-dns", "--overwrite", &whose])?;
    for (organisation, _) in ORGANISATIONS {
        first.run(&["zone", "policy", organisation, "--apply"])?;
    }
    first.is_well()?;
    hands.up_well(&first.config, &[]).map(drop)
}

/// A second cluster has users of its own in the same zones, which the maker of the first cannot touch.
fn share(hands: &Hands, first: &Cluster<'_>, other: &Cluster<'_>) -> Result<()> {
    for (organisation, _) in ORGANISATIONS {
        let zone = format!("{organisation}.{DOMAIN}");
        other.run(&["zone", "create", organisation])?;
        expect(zones(hands, &zone)?.len() == 1, format!("several zones {zone}"))?;
        let both: BTreeSet<String> = [DOMAIN.to_owned(), SECOND.to_owned()].into();
        expect(claims(hands, &zone)? == both, format!("{:?}", claims(hands, &zone)?))?;
        let mut foreign = other.with_own_key(&["zone", "policy", organisation, "--apply"]);
        first.maker.give_to(&mut foreign);
        let said = command::output(&mut foreign)?;
        expect(said.stderr.contains("iam:CreateUser"), &said.stderr)?;
        other.run(&["zone", "policy", organisation, "--apply"])?;
        for (name, kind, content) in records_of_second(organisation) {
            by_hand(
                hands,
                &json!({ "do": "add", "zone": zone, "name": name, "kind": kind, "content": content }),
            )?;
        }
    }
    first.is_well()?;
    other.is_well()
}

/// What an external-dns of the second cluster would have written: no program runs there.
fn records_of_second(organisation: &str) -> [(String, &'static str, String); 2] {
    let host = format!("wiki.{organisation}.{DOMAIN}");
    let owner = format!("{SECOND}/{organisation}/books");
    let text = format!(
        "\"heritage=external-dns,external-dns/owner={owner},external-dns/resource=ingress/books/wiki\""
    );
    [(host.clone(), "A", "192.168.1.77".into()), (format!("a-homelab.{host}"), "TXT", text)]
}

/// The end of one cluster leaves the other's users, keys, records and claims.
fn end(hands: &Hands, first: &Cluster<'_>, other: &Cluster<'_>) -> Result<()> {
    let listed = first.run(&["down", "--dry-run"])?;
    expect(listed.contains(&first.user_of("acme")) && !listed.contains(&other.user_of("acme")), listed)?;
    first.run(&["down", "--yes"])?;
    let left = users(hands)?;
    let mine: Vec<&String> = left.keys().filter(|name| name.ends_with(&format!("@{DOMAIN}"))).collect();
    expect(mine.is_empty(), format!("{mine:?}"))?;
    other.is_well()?;
    for (organisation, _) in ORGANISATIONS {
        let zone = format!("{organisation}.{DOMAIN}");
        expect(claims(hands, &zone)? == [SECOND.to_owned()].into(), format!("{:?}", claims(hands, &zone)?))?;
        let records = by_hand(hands, &json!({ "do": "records", "name": zone }))?;
        for (name, ..) in records_of_second(organisation) {
            expect(records.contains(&format!("\"{name}\"")), format!("{name}: {records}"))?;
        }
        expect(!records.contains(&format!("web.{zone}")), records)?;
    }
    // What is gone is not looked for again, and whoever may not look is told what that needs.
    let again = command::output(&mut first.with_own_key(&["down", "--yes"]))?;
    expect(again.status.success() && again.stdout.contains("`iam:ListUsers`"), again.stdout + &again.stderr)?;
    // No external-dns runs there that would delete them.
    for (organisation, _) in ORGANISATIONS {
        for (name, kind, _) in records_of_second(organisation) {
            let zone = format!("{organisation}.{DOMAIN}");
            by_hand(hands, &json!({ "do": "remove", "zone": zone, "name": name, "kind": kind }))?;
        }
    }
    // Nothing takes its namespaces away either: that is not waited for.
    other.output(&["down", "--yes", "--timeout", "20s"])?;
    expect(users(hands)?.is_empty(), format!("{:?}", users(hands)?))?;
    for (organisation, _) in ORGANISATIONS {
        expect(claims(hands, &format!("{organisation}.{DOMAIN}"))?.is_empty(), "a claim is left")?;
    }
    Ok(())
}

/// As it was before the case.
fn leave(hands: &Hands, clusters: &[&Cluster<'_>]) -> Result<()> {
    for (organisation, namespace) in ORGANISATIONS {
        let zone = format!("{organisation}.{DOMAIN}");
        for one in zones(hands, &zone)? {
            by_hand(hands, &json!({ "do": "forget", "zone": one["id"] }))?;
        }
        by_hand(hands, &json!({ "do": "delegation", "name": zone, "on": false }))?;
        hands.kubectl(&["delete", "namespace", namespace, "--ignore-not-found"])?;
    }
    for cluster in clusters {
        by_hand(hands, &json!({ "do": "forget_user", "name": cluster.maker.user }))?;
    }
    hands.restore()
}
