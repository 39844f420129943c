//! What goes wrong with the zones and the keys of organisations, and with zones that are made for them.

use std::fs;

use serde_json::json;

use super::super::{Ask, asked_until};
use super::{console, fault_for_all};
use crate::cases::hands::{DOMAIN, Hands, expect};
use crate::cases::organisations::{ORGANISATIONS, config, gone, key_file, make_zones, program, rights};
use crate::command::{output_within, run};
use crate::error::{Context, Result};

/// The configuration with both of them.
const CONFIG: &str = "organisations.yaml";
const ASK: Ask = Ask { config: Some(CONFIG), ..Ask::NODE };
const ACTIVE: Ask = Ask { flags: &["--active"], ..ASK };
/// The zone that is broken.
const ACME: &str = "acme.home.example.test";
/// Where the key of acme is kept while another one is in its place.
const ASIDE: &str = "key-of-acme-aside";
/// One that has no zone yet.
const NEW: &str = "initech";
const LIMIT: std::time::Duration = std::time::Duration::from_secs(60);

/// A failure of one organisation, which the doctor has to name first.
struct Trouble {
    what: &'static str,
    id: &'static str,
    says: &'static [&'static str],
    ask: Ask,
    make: fn(&Hands, &str) -> Result<()>,
    undo: fn(&Hands, &str) -> Result<()>,
}

const TROUBLES: &[Trouble] = &[
    Trouble {
        what: "the zone above does not lead to the zone",
        id: "dns.organisation",
        says: &[
            "the zone `example.test` has no NS records for `acme.home.example.test`",
            "enter in the zone `example.test`",
        ],
        ask: ASK,
        make: |hands, _| delegation(hands, false, None),
        undo: |hands, _| delegation(hands, true, None),
    },
    Trouble {
        what: "the zone above leads to the servers of a zone that is gone",
        id: "dns.organisation",
        says: &[
            "leads for `acme.home.example.test` to",
            "which Route 53 does not list for it",
            "whoever has a zone of that name there",
        ],
        ask: ASK,
        make: |hands, _| delegation(hands, true, Some("cleo.ns.lab.test")),
        undo: |hands, _| delegation(hands, true, None),
    },
    Trouble {
        what: "the name servers do not have the zone",
        id: "dns.organisation",
        says: &["do not have the zone `acme.home.example.test`"],
        ask: ASK,
        make: |hands, _| console(hands, &json!({ "do": "fault", "name": "lame", "on": [ACME] })),
        undo: |hands, _| fault_for_all(hands, "lame", false),
    },
    Trouble {
        what: "the zone was deleted, and its NS records stayed",
        id: "dns.organisation",
        says: &[
            "Route 53 has no such zone any more",
            "delete the NS records of `acme.home.example.test` in `example.test` now",
        ],
        ask: ASK,
        make: |hands, zone| console(hands, &json!({ "do": "gone", "on": true, "zone": zone })),
        undo: |hands, zone| console(hands, &json!({ "do": "gone", "on": false, "zone": zone })),
    },
    Trouble {
        what: "the key is another organisation's",
        id: "cf.organisation",
        says: &[
            "has the access key of the organisation `globex`",
            "may not `route53:ListResourceRecordSets` on `arn:aws:route53:::hostedzone/",
            "zone policy acme --for organisation`",
        ],
        ask: ASK,
        make: |hands, _| {
            fs::copy(key_file(hands, "acme"), hands.run.path(ASIDE)).context("keeping the key")?;
            fs::copy(key_file(hands, "globex"), key_file(hands, "acme")).context("another key").map(drop)
        },
        undo: |hands, _| fs::rename(hands.run.path(ASIDE), key_file(hands, "acme")).context("the key"),
    },
    Trouble {
        what: "the key was made inactive",
        id: "cf.organisation",
        says: &["organisation `acme`: ", "does not know the access key", "`organisations.acme.tokenFile`"],
        ask: ASK,
        make: |hands, _| console(hands, &json!({ "do": "key", "active": false, "user": ACME })),
        undo: |hands, _| console(hands, &json!({ "do": "key", "active": true, "user": ACME })),
    },
    Trouble {
        what: "the policy lets the key write no challenge",
        id: "cf.organisation",
        says: &[
            "organisation `acme`: ",
            "may not `route53:ChangeResourceRecordSets` on `arn:aws:route53:::hostedzone/",
        ],
        ask: ACTIVE,
        make: |hands, zone| policy(hands, zone, (", \"TXT\"]", "]")),
        undo: |hands, zone| policy(hands, zone, ("", "")),
    },
    Trouble {
        what: "the policy is for the zones of all organisations",
        id: "cf.least-rights",
        says: &["the access key of the organisation `acme` may change the records of every hosted zone"],
        ask: ACTIVE,
        make: |hands, zone| policy(hands, zone, ("hostedzone/ZONE_ID", "hostedzone/*")),
        undo: |hands, zone| policy(hands, zone, ("", "")),
    },
];

/// Each of them is named first, and once it is undone nothing is wrong.
pub(in crate::cases) fn each_is_named(hands: &Hands) -> Result<()> {
    let zones = make_zones(hands)?;
    let config = config(hands)?;
    for (_, namespaces) in ORGANISATIONS {
        let namespace = namespaces.last().context("a namespace")?;
        hands.kubectl(&["create", "namespace", namespace])?;
        program(hands, namespace)?;
    }
    hands.up_well(&config, &[])?;
    let zone = zones.first().context("the zone of acme")?;
    let mut wrong = Vec::new();
    for trouble in TROUBLES {
        is_well(hands)?;
        let named = (trouble.make)(hands, zone).and_then(|()| trouble.is_named(hands));
        let undone = (trouble.undo)(hands, zone);
        undone?;
        if let Err(error) = named {
            wrong.push(format!("{}: {error}", trouble.what));
        }
    }
    is_well(hands)?;
    expect(wrong.is_empty(), wrong.join("\n"))?;
    gone(hands, zone)?;
    delegation_of(hands, "globex.home.example.test", false, None)
}

/// Until nothing is wrong.
fn is_well(hands: &Hands) -> Result<()> {
    asked_until("the doctor to find nothing", || {
        let answer = ASK.run(hands)?;
        Ok(if answer.failures().is_empty() && answer.code == Some(0) { Ok(()) } else { Err(answer.lines()) })
    })
    .map(drop)
}

impl Trouble {
    fn is_named(&self, hands: &Hands) -> Result<()> {
        let seconds = asked_until(&format!("the doctor to name `{}`: {}", self.id, self.what), || {
            let answer = self.ask.run(hands)?;
            let failures = answer.failures();
            let Some(first) = failures.first() else {
                return Ok(Err(format!("nothing failed\n{}", answer.lines())));
            };
            if first["id"] != self.id || first["host"] != ACME {
                return Ok(Err(format!("the first is another\n{}", answer.lines())));
            }
            let said = format!("{} {} {}", first["summary"], first["cause"], first["fix"]);
            let missing = self.says.iter().find(|part| !said.contains(*part));
            Ok(missing.map_or(Ok(()), |missing| Err(format!("`{missing}` is not in: {said}"))))
        })?;
        println!("      {}: {} after {seconds:.1} s", self.what, self.id);
        Ok(())
    }
}

fn delegation(hands: &Hands, on: bool, server: Option<&str>) -> Result<()> {
    delegation_of(hands, ACME, on, server)
}

fn delegation_of(hands: &Hands, name: &str, on: bool, server: Option<&str>) -> Result<()> {
    let servers: Option<Vec<&str>> = server.map(|server| vec![server]);
    console(hands, &json!({ "do": "delegation", "name": name, "on": on, "servers": servers }))
}

/// Gives the user of acme the policy of the docs for its zone, changed in one place.
fn policy(hands: &Hands, zone: &str, (from, to): (&str, &str)) -> Result<()> {
    let text = rights()?.replace(from, to).replace("ZONE_ID", zone);
    console(hands, &json!({ "do": "policy", "text": text, "user": ACME }))
}

/// `zone create` beyond the quota of the account says where more are granted, and makes the zone once there is room; with the rights
/// that `zone policy` prints for that and no others.
pub(in crate::cases) fn no_more_zones(hands: &Hands) -> Result<()> {
    let more = format!(
        "organisations: {{ {NEW}: {{ namespaces: [fax], tokenFile: {} }} }}\n",
        hands.run.token().display()
    );
    let config = hands.config_with("quota.yaml", &more)?;
    let ask = |words: &[&str]| {
        let mut command = hands.homelab(words);
        output_within(command.arg("--config").arg(&config), LIMIT)
    };
    let rights = run(hands.homelab(&["zone", "policy", "--for", "maker", "--config"]).arg(&config))?;
    console(hands, &json!({ "do": "policy", "text": rights }))?;
    fault_for_all(hands, "zones", true)?;
    let refused = ask(&["zone", "create", NEW]);
    fault_for_all(hands, "zones", false)?;
    let made = ask(&["zone", "create", NEW]);
    let listed = ask(&["zone", "list", "--output", "json"]);
    console(hands, &json!({ "do": "delegation", "name": format!("{NEW}.{DOMAIN}"), "on": false }))?;
    console(hands, &json!({ "do": "delete_zones_but_first" }))?;
    super::policy(hands, &[])?;
    let (refused, made, listed) = (refused?, made?, listed?.stdout);
    for part in
        ["TooManyHostedZones", "delete a zone that nobody needs", "zone prune`", "Service Quotas console"]
    {
        expect(
            !refused.status.success() && refused.stderr.contains(part),
            format!("{part}: {}", refused.stderr),
        )?;
    }
    let is_made = made.status.success() && made.stdout.contains("made the zone initech.home.example.test");
    expect(is_made, format!("{}{}", made.stdout, made.stderr))?;
    expect(listed.contains("initech.home.example.test"), listed)
}
