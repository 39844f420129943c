//! Zones of organisations are made, told of and deleted, by the commands that docs/organisations.md and docs/route53.md print.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::account::{self, Key, by_hand, killed_at};
use super::hands::{DOMAIN, Hands, ZONE, expect};
use super::{Case, with_all_and};
use crate::command::{Output, output};
use crate::error::{Context, Result};
use crate::files;
use crate::name_server::Provider;
use crate::paths::repository;

pub(super) const CASES: &[Case] = &[with_all_and(
    Provider::Route53,
    "organisations",
    "zones are made, delegated, kept for whoever uses them, and deleted when nobody does",
    verbs,
)];

/// Who makes zones.
const MAKER: &str = "maker";
/// How they begin.
const VERB: &str = "homelab zone ";
/// The servers of zones that are made by hand: nobody is there.
const SERVERS: [&str; 2] = ["ns-1.made.test", "ns-2.made.test"];
/// What the pages name and other cases run: `challenge_zone` and `organisation_rights`.
const ELSEWHERE: [&str; 4] = [
    "homelab zone delegate",
    "homelab zone policy acme --apply",
    "homelab zone policy acme --remove",
    "homelab zone policy acme --remove --adopt",
];
/// The pages whose commands are run here.
const PAGES: [&str; 2] = ["docs/organisations.md", "docs/route53.md"];

fn verbs(hands: &Hands) -> Result<()> {
    let zones = Zones::open(hands)?;
    zones.bare()?;
    zones.policies()?;
    zones.made()?;
    zones.leads_elsewhere()?;
    zones.above_is_of_others()?;
    let there = zones.of_every_kind()?;
    zones.told(&there)?;
    zones.pruned(&there)?;
    zones.stopped_on_the_way()?;
    zones.orphans(&there)?;
    zones.all_commands_of_the_pages_were_run()?;
    zones.cleared(&there)
}

/// homelab with the key of somebody who makes zones.
struct Zones<'h> {
    hands: &'h Hands,
    config: PathBuf,
    /// With the same owner and no organisation: an old copy.
    copy: PathBuf,
    /// The id of the lab's own zone.
    lab: String,
    ran: RefCell<BTreeSet<String>>,
}

impl<'h> Zones<'h> {
    fn open(hands: &'h Hands) -> Result<Self> {
        let made = hands.homelab_well(&["zone", "policy", "--for", "maker"])?;
        let Key { id, secret, .. } = Key::make(hands, MAKER, &made)?;
        let file = hands.run.path("key-of-maker");
        files::write(&file, format!("{id}\n{secret}\n"))?;
        let (own, its) = (hands.run.token().display().to_string(), file.display().to_string());
        let copy = hands.config()?.replace(&own, &its);
        expect(copy.contains(&its), "the configuration names no credential")?;
        let config = format!(
            "{copy}organisations: {{ acme: {{ namespaces: [shop] }}, globex: {{ namespaces: [bench] }} }}\n"
        );
        let zones = Self {
            hands,
            config: hands.config_file("zones.yaml", &config)?,
            copy: hands.config_file("zones-copy.yaml", &copy)?,
            lab: String::new(),
            ran: RefCell::new(["homelab zone policy --for maker".to_owned()].into()),
        };
        let lab = zones.named(ZONE)?["id"].as_str().context("the lab's own zone")?.to_owned();
        Ok(Self { lab, ..zones })
    }

    fn run_with(&self, config: &std::path::Path, words: &[&str]) -> Result<Output> {
        let said = format!("homelab zone {}", words.join(" "));
        let mut command = self.hands.homelab(&["zone"]);
        command.args(words).arg("--config").arg(config);
        let ended = output(&mut command)?;
        if self.hands.show {
            println!("$ {said}\n{}{}", ended.stdout, ended.stderr);
        }
        self.ran.borrow_mut().insert(said);
        Ok(ended)
    }

    /// What a verb answers; it has to end with this exit code, and to say all of these.
    fn run(&self, words: &[&str], code: i32, says: &[&str]) -> Result<String> {
        let ended = self.run_with(&self.config, words)?;
        let all = format!("{words:?} ended with {}:\n{}{}", ended.status, ended.stdout, ended.stderr);
        expect(ended.status.code() == Some(code), &all)?;
        let said = ended.stdout.clone() + &ended.stderr;
        says.iter().try_for_each(|part| expect(said.contains(part), format!("{part}: {all}")))?;
        Ok(said)
    }

    /// What `zone prune` or `zone list` says of each zone, by its name.
    fn rows(&self, words: &[&str]) -> Result<Vec<Value>> {
        let words = [words, &["--output", "json"]].concat();
        let ended = self.run_with(&self.config, &words)?;
        let said: Value =
            serde_json::from_str(&ended.stdout).context(format!("{words:?}: {}", ended.stderr))?;
        Ok(said["zones"].as_array().cloned().unwrap_or_default())
    }

    /// The zone of this name; null where there is none.
    fn named(&self, name: &str) -> Result<Value> {
        Ok(account::zones(self.hands)?.into_iter().find(|zone| zone["name"] == name).unwrap_or_default())
    }

    fn is_there(&self, organisation: &str) -> Result<bool> {
        Ok(!self.named(&format!("{organisation}.{DOMAIN}"))?.is_null())
    }

    /// Makes a zone as at another time, delegated.
    fn made_at(&self, organisation: &str, reference: &str) -> Result<String> {
        let name = format!("{organisation}.{DOMAIN}");
        let made = json!({ "do": "made", "name": name, "reference": reference, "servers": SERVERS });
        let id = by_hand(self.hands, &made)?;
        let servers = SERVERS.map(|server| format!("{server}."));
        self.add(&self.lab, &name, "NS", &servers)?;
        Ok(id)
    }

    fn add(&self, zone: &str, name: &str, kind: &str, contents: &[impl AsRef<str>]) -> Result<()> {
        let contents: Vec<&str> = contents.iter().map(AsRef::as_ref).collect();
        let added = json!({ "do": "add", "zone": zone, "name": name, "kind": kind, "content": contents });
        by_hand(self.hands, &added).map(drop)
    }

    fn tag(&self, zone: &str, owner: &str, day: &str) -> Result<()> {
        let tag = json!({ "do": "tag", "zone": zone, "key": format!("homelab/claim/{owner}"), "value": day });
        by_hand(self.hands, &tag).map(drop)
    }

    fn time(&self, when: &str, form: &str) -> Result<String> {
        Ok(self.hands.world.run("date", &["-u", "-d", when, form])?.trim().to_owned())
    }

    fn day(&self, when: &str) -> Result<String> {
        self.time(when, "+%Y-%m-%d")
    }

    /// Without the zones of a case before.
    fn bare(&self) -> Result<()> {
        for organisation in ["acme", "globex"] {
            let name = format!("{organisation}.{DOMAIN}");
            if let Some(id) = self.named(&name)?["id"].as_str() {
                self.forget(&name, id)?;
            }
        }
        Ok(())
    }

    /// Each program gets rights to one zone; who makes zones gets others.
    fn policies(&self) -> Result<()> {
        self.run(
            &["policy", "acme"],
            1,
            &[&format!("there is no zone `acme.{DOMAIN}` yet"), "zone create acme`"],
        )?;
        let printed = self.run(&["policy"], 0, &[&format!("arn:aws:route53:::hostedzone/{}", self.lab)])?;
        self.run(&["policy", "--for", "organisation"], 0, &[&self.lab])?;
        for holder in ["external-dns", "cert-manager", "homelab", "maker"] {
            expect(printed.contains(&format!("\"{holder}\"")), &printed)?;
        }
        Ok(())
    }

    /// Made once, with the rights of the maker and no others, and claimed.
    fn made(&self) -> Result<()> {
        let name = format!("acme.{DOMAIN}");
        self.run(
            &["create", "acme"],
            0,
            &["made the zone", &format!("entered its name servers in the zone {ZONE}")],
        )?;
        let zone = self.named(&name)?;
        let today = self.day("now")?;
        expect(zone["tags"][format!("homelab/claim/{DOMAIN}")] == today, format!("{zone:#}"))?;
        expect(!zone["led"].as_array().is_none_or(Vec::is_empty), format!("{zone:#}"))?;
        self.run(&["create", "acme"], 0, &["is there", &format!("its name servers are in the zone {ZONE}")])?;
        expect(self.named(&name)? == zone, "a second run has changed something")?;
        let arn = format!("hostedzone/{}", zone["id"].as_str().unwrap_or_default());
        self.run(&["policy", "acme"], 0, &[&arn])?;
        self.run(&["policy", "acme", "--for", "organisation"], 0, &[&arn])?;
        self.run(&["list"], 0, &[&name, &format!("used by {DOMAIN} ({today})"), "billed nothing so far"])
            .map(drop)
    }

    /// A delegation to other servers is told of, and left.
    fn leads_elsewhere(&self) -> Result<()> {
        let name = format!("globex.{DOMAIN}");
        self.add(&self.lab, &name, "NS", &["ns.elsewhere.test."])?;
        self.run(
            &["create", "globex"],
            1,
            &[&format!("the zone {ZONE} leads elsewhere: to ns.elsewhere.test")],
        )?;
        let zone = self.named(&name)?;
        expect(zone["led"] == json!(["ns.elsewhere.test"]), format!("{zone:#}"))?;
        self.forget(&name, zone["id"].as_str().unwrap_or_default())
    }

    /// Where another account has the zone above, the records are for a person, and a zone of its name is not taken for it.
    fn above_is_of_others(&self) -> Result<()> {
        let away = |away: bool| by_hand(self.hands, &json!({ "do": "away", "zone": self.lab, "away": away }));
        away(true)?;
        let namesake = json!({ "do": "made", "name": ZONE, "reference": "by hand", "servers": SERVERS });
        let ended = by_hand(self.hands, &namesake).and_then(|namesake| {
            let says = [
                &format!("the zone {ZONE} ({namesake}) of this account is not the one that the world asks"),
                &format!("enter these records in the zone {ZONE}, at its provider"),
                &format!("globex.{DOMAIN}. 3600 IN NS "),
            ];
            self.run(&["create", "globex"], 0, &says.map(String::as_str))?;
            let zone = account::zones(self.hands)?
                .into_iter()
                .find(|zone| zone["id"] == namesake.as_str())
                .unwrap_or_default();
            let names = format!("{}", zone["records"]);
            expect(!names.contains("globex"), format!("{zone:#}"))?;
            by_hand(self.hands, &json!({ "do": "forget", "zone": namesake }))
        });
        away(false)?;
        ended?;
        let name = format!("globex.{DOMAIN}");
        let made = self.named(&name)?["id"].as_str().unwrap_or_default().to_owned();
        by_hand(self.hands, &json!({ "do": "forget", "zone": made })).map(drop)
    }

    /// One of each kind: what goes, and each reason to stay.
    fn of_every_kind(&self) -> Result<Kinds> {
        let born = self.time("2 hours ago", "+%Y-%m-%dT%H:%M:%SZ")?;
        let made = |name: &str| self.made_at(name, &format!("homelab/{name}/{born}"));
        let host = |name: &str, of: &str| format!("{name}.{of}.{DOMAIN}");
        made("young")?;
        self.made_at("by-hand", "20270310")?;
        let foreign = made("foreign")?;
        self.add(&foreign, &host("nas", "foreign"), "A", &["192.168.1.5"])?;
        let shared = made("shared")?;
        self.tag(&shared, "attic", &self.day("yesterday")?)?;
        let own = made("own")?;
        self.tag(&own, DOMAIN, &self.day("yesterday")?)?;
        let orphan = made("orphan")?;
        self.tag(&orphan, "attic", &self.day("40 days ago")?)?;
        self.add(&orphan, &host("wiki", "orphan"), "A", &["192.168.1.2", "192.168.1.3"])?;
        let text = "\"heritage=external-dns,external-dns/owner=attic/orphan/shop,external-dns/resource=ingress/shop/wiki\"";
        self.add(&orphan, &host("a-homelab.wiki", "orphan"), "TXT", &[text])?;
        let old = self.time("70 days ago", "+%Y-%m-%dT%H:%M:%SZ")?;
        self.made_at("old", &format!("homelab/old/{old}"))?;
        Ok(Kinds { stay: ["by-hand", "foreign", "shared", "own"] })
    }

    /// A dry run tells the reason, the age and the price of each, and changes nothing.
    fn told(&self, kinds: &Kinds) -> Result<()> {
        let before = account::zones(self.hands)?;
        let says = [
            "goes now: nobody uses it, and it would be billed on",
            "homelab did not make it",
            &format!("others have records in it: nas.foreign.{DOMAIN} A"),
            "the cluster `attic` uses it",
            &format!("the cluster `{DOMAIN}` uses it, and that is the owner id of this configuration"),
            "add `--with-orphans`",
            "the configuration has its organisation",
            "saves 0.50 USD a month",
            "of unknown age",
            "nothing was deleted: add `--yes`",
        ];
        self.run(&["prune"], 0, &says)?;
        let rows = self.rows(&["prune"])?;
        let state = |name: &str| {
            rows.iter().find(|row| row["name"] == format!("{name}.{DOMAIN}")).map(|row| &row["state"])
        };
        expect(state("young") == Some(&json!("goes")), format!("{rows:#?}"))?;
        for name in kinds.stay {
            expect(state(name) == Some(&json!("stays")), format!("{name}: {rows:#?}"))?;
        }
        // On the last day of a month it would go.
        expect(matches!(state("old").and_then(Value::as_str), Some("waits" | "goes")), format!("{rows:#?}"))?;
        expect(account::zones(self.hands)? == before, "a dry run has changed something")
    }

    /// With `--yes` what nobody uses goes, and its delegation with it; this cluster's claim is renewed.
    fn pruned(&self, kinds: &Kinds) -> Result<()> {
        let acme = self.named(&format!("acme.{DOMAIN}"))?;
        self.tag(acme["id"].as_str().unwrap_or_default(), DOMAIN, &self.day("40 days ago")?)?;
        self.run(&["prune", "--yes"], 0, &["deleted; saves 0.50 USD a month"])?;
        expect(!self.is_there("young")?, "young is there")?;
        let records = self
            .hands
            .node
            .run("dig", &["+short", "+time=2", &format!("young.{DOMAIN}"), "NS", "@203.0.113.53"])?;
        expect(records.trim().is_empty(), records)?;
        for name in kinds.stay.iter().chain(&["orphan", "acme"]) {
            let zone = self.named(&format!("{name}.{DOMAIN}"))?;
            expect(!zone["led"].as_array().is_none_or(Vec::is_empty), format!("{name}: {zone:#}"))?;
        }
        let tags = &self.named(&format!("acme.{DOMAIN}"))?["tags"];
        expect(tags[format!("homelab/claim/{DOMAIN}")] == self.day("now")?, format!("{tags:#}"))?;
        // An old copy of the configuration, with the same owner and without organisations: the zone is in use.
        let ended = self.run_with(&self.copy, &["prune", "--yes", "--with-orphans"])?;
        expect(self.is_there("acme")? && self.is_there("own")?, ended.stdout)?;
        // That was one who takes clusters for gone.
        expect(!self.is_there("orphan")?, "the zone of a cluster that is gone is there")
    }

    /// Killed between the delegation and the zone: the next run ends it.
    fn stopped_on_the_way(&self) -> Result<()> {
        let born = self.time("3 hours ago", "+%Y-%m-%dT%H:%M:%SZ")?;
        self.made_at("halfway", &format!("homelab/halfway/{born}"))?;
        let name = format!("halfway.{DOMAIN}");
        let mut command = self.hands.homelab(&["zone", "prune", "--yes", "--config"]);
        command.arg(&self.config);
        let call = (MAKER, "route53:DeleteHostedZone", "before");
        killed_at(self.hands, call, command, "prune at the zone")?;
        let zone = self.named(&name)?;
        expect(zone["led"] == json!([]), format!("{zone:#}"))?;
        expect(self.is_there("halfway")?, "the zone went before it was asked for")?;
        self.run(&["prune", "--yes"], 0, &["deleted"])?;
        expect(!self.is_there("halfway")?, "halfway is there")
    }

    /// A cluster that is gone keeps nothing; its records go with the zone, by whole sets.
    fn orphans(&self, kinds: &Kinds) -> Result<()> {
        let born = self.time("2 hours ago", "+%Y-%m-%dT%H:%M:%SZ")?;
        let id = self.made_at("lost", &format!("homelab/lost/{born}"))?;
        self.tag(&id, "attic", &self.day("40 days ago")?)?;
        self.add(&id, &format!("wiki.lost.{DOMAIN}"), "A", &["192.168.1.2", "192.168.1.3"])?;
        let text = "\"heritage=external-dns,external-dns/owner=attic/lost/shop,external-dns/resource=ingress/shop/wiki\"";
        self.add(&id, &format!("a-homelab.wiki.lost.{DOMAIN}"), "TXT", &[text])?;
        self.run(&["prune", "--yes"], 0, &["add `--with-orphans`"])?;
        expect(self.is_there("lost")?, "a cluster that is only switched off has lost its zone")?;
        self.run(&["prune", "--yes", "--with-orphans"], 0, &["deleted"])?;
        expect(!self.is_there("lost")?, "the zone of a cluster that is gone is there")?;
        kinds.stay.iter().try_for_each(|name| expect(self.is_there(name)?, format!("{name} is gone")))
    }

    /// Each command about zones that the pages have.
    fn all_commands_of_the_pages_were_run(&self) -> Result<()> {
        let ran = self.ran.borrow();
        for page in PAGES {
            let text = files::read_text(&repository().join(page))?;
            for command in commands(&text) {
                // A page that names a verb alone means it with an organisation.
                let is_run = ran.iter().any(|one| *one == command || one.starts_with(&format!("{command} ")))
                    || ELSEWHERE.contains(&command.as_str());
                expect(is_run, format!("{page} has `{command}`, which no case runs: {ran:?}"))?;
            }
        }
        Ok(())
    }

    fn forget(&self, name: &str, id: &str) -> Result<()> {
        by_hand(self.hands, &json!({ "do": "forget", "zone": id }))?;
        by_hand(self.hands, &json!({ "do": "remove", "name": name, "kind": "NS" })).map(drop)
    }

    /// As before.
    fn cleared(&self, kinds: &Kinds) -> Result<()> {
        for name in kinds.stay.iter().chain(&["old", "acme"]) {
            let name = format!("{name}.{DOMAIN}");
            let id = self.named(&name)?["id"].as_str().unwrap_or_default().to_owned();
            if !id.is_empty() {
                self.forget(&name, &id)?;
            }
        }
        Ok(())
    }
}

/// Zones that were made by hand.
struct Kinds {
    stay: [&'static str; 4],
}

/// The commands about zones in a page: between backticks, and in the lines of a block, without what stands after `#` and without `sudo`.
fn commands(page: &str) -> BTreeSet<String> {
    let lines = page.lines().map(str::trim_start).filter_map(|line| match line.strip_prefix("sudo ") {
        Some(rest) => rest.find(VERB).and_then(|at| rest.get(at..)),
        None => Some(line).filter(|line| line.starts_with(VERB)),
    });
    let lines = lines.map(|line| line.split('#').next().unwrap_or_default().trim());
    let inline = page.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let inline = inline.filter(|text| text.starts_with(VERB));
    // One with a name to fill in is another way to write one that is there.
    lines.chain(inline).filter(|command| !command.contains('<')).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_of_a_page_are_those_of_its_blocks_and_those_between_backticks() {
        let page = "```\nhomelab zone create acme   # the zone\n   sudo --preserve-env=A homelab zone list\n```\nRun `homelab zone prune --yes` and `homelab up`, `up`.\n";
        let found: Vec<String> = commands(page).into_iter().collect();
        assert_eq!(found, ["homelab zone create acme", "homelab zone list", "homelab zone prune --yes"]);
    }
}
