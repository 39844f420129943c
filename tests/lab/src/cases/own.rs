//! Another provider than Cloudflare: the main job by PowerDNS' API, by DNS updates to BIND and by Route 53, and what goes wrong there.

use serde_json::Value;

use super::doctor::{Ask, Injury, injury, route53};
use super::hands::{DOMAIN, Hands, expect};
use super::{Case, Run, changes, down, main_job, with_all_and};
use crate::controller::Controller;
use crate::error::{Context, Result, bail};
use crate::files;
use crate::name_server::{Provider, Server, bind, powerdns, write_keys};
use crate::network::ROUTER_WAN;
use crate::world::ZONE;

const POWERDNS: Provider = Provider::Powerdns;
const BIND: Provider = Provider::Rfc2136;
const AMAZON: Provider = Provider::Route53;

const CASES: &[Case] = &[
    with_all_and(
        POWERDNS,
        "powerdns",
        "the whole chain holds with PowerDNS, seen from the LAN",
        main_job::proof,
    ),
    with_all_and(POWERDNS, "powerdns", "a second up writes nothing, with PowerDNS", main_job::second_up),
    with_all_and(
        POWERDNS,
        "powerdns",
        "the doctor finds PowerDNS well, and leaves nothing in its zone",
        well,
    ),
    with_all_and(
        POWERDNS,
        "powerdns",
        "down leaves the zone at PowerDNS as before the first up",
        down::leaves_what_was_before,
    ),
    with_all_and(
        POWERDNS,
        "powerdns",
        "a removed service takes its records out of PowerDNS, and a stranger's beside them stay",
        removal,
    ),
    with_all_and(BIND, "rfc2136", "the whole chain holds with BIND, seen from the LAN", main_job::proof),
    with_all_and(BIND, "rfc2136", "a second up writes nothing, with BIND", main_job::second_up),
    with_all_and(BIND, "rfc2136", "the doctor finds BIND well, and leaves nothing in its zone", well),
    with_all_and(
        BIND,
        "rfc2136",
        "down leaves the zone at BIND as before the first up",
        down::leaves_what_was_before,
    ),
    with_all_and(
        BIND,
        "rfc2136",
        "a removed service takes its records out of BIND, and a stranger's beside them stay",
        removal,
    ),
    with_all_and(
        AMAZON,
        "route53",
        "the whole chain holds with Route 53, seen from the LAN",
        main_job::proof,
    ),
    with_all_and(AMAZON, "route53", "a second up writes nothing, with Route 53", main_job::second_up),
    with_all_and(AMAZON, "route53", "the doctor finds Route 53 well, and leaves nothing in its zone", well),
    with_all_and(
        AMAZON,
        "route53",
        "down leaves the zone at Route 53 as before the first up",
        down::leaves_what_was_before,
    ),
    with_all_and(
        AMAZON,
        "route53",
        "a removed service takes its records out of Route 53, and a stranger's beside them stay",
        removal,
    ),
    with_all_and(
        AMAZON,
        "route53",
        "each command of docs/route53.md does what the page says",
        route53::each_command_of_the_docs,
    ),
    with_all_and(
        AMAZON,
        "route53",
        "what goes wrong with the zone or the key of an organisation is named first",
        route53::each_is_named,
    ),
    with_all_and(
        AMAZON,
        "route53",
        "a zone beyond the account's quota is refused with where more are granted",
        route53::no_more_zones,
    ),
];

/// Every case of both, each injury after what holds of a server that is well.
pub(super) fn cases() -> impl Iterator<Item = Case> {
    let rooms = [
        (POWERDNS, "powerdns", OF_POWERDNS),
        (BIND, "rfc2136", OF_BIND),
        (AMAZON, "route53", route53::KEY),
        (AMAZON, "route53", route53::RIGHTS),
        (AMAZON, "route53", route53::ZONE),
    ];
    let injuries = rooms.into_iter().flat_map(|(provider, group, injuries)| {
        let case = move |injury: &'static Injury| Case {
            group,
            name: injury.name,
            always: false,
            provider,
            controller: Controller::IngressNginx,
            cluster_domain: None,
            run: Run::Injury(injury),
        };
        injuries.iter().map(case)
    });
    CASES.iter().cloned().chain(injuries)
}

/// What is broken at such servers.
#[cfg(test)]
pub(super) fn injuries() -> impl Iterator<Item = &'static Injury> {
    let of_amazon = [route53::KEY, route53::RIGHTS, route53::ZONE].into_iter().flatten();
    OF_POWERDNS.iter().chain(OF_BIND).chain(of_amazon)
}

fn server(hands: &Hands) -> Result<Server> {
    Server::find(&hands.run)?.context("the lab's own name server")
}

/// With its temporary records, too.
fn well(hands: &Hands) -> Result<()> {
    let before = hands.records()?;
    super::doctor::a_healthy_lab(hands)?;
    let answer = Ask { flags: &["--active"], ..Ask::NODE }.run(hands)?;
    expect(answer.code == Some(0) && answer.failures().is_empty(), answer.lines())?;
    let after = hands.records()?;
    expect(before == after, format!("the zone was {before:?}, and is {after:?}"))
}

/// A stranger has records at the service's own name, and below it.
fn removal(hands: &Hands) -> Result<()> {
    let books = format!("books.{DOMAIN}");
    let below = format!("door.{books}");
    let theirs = || -> Result<Vec<Value>> {
        let is = |record: &Value| {
            (record["name"] == *books && record["type"] == "TXT") || record["name"] == *below
        };
        Ok(hands.records()?.into_iter().filter(is).collect())
    };
    if theirs()?.is_empty() {
        server(hands)?.add(&books, "TXT", "\"a stranger's\"")?;
        server(hands)?.add(&below, "A", "192.168.1.9")?;
    }
    let before = theirs()?;
    expect(before.len() == 2, format!("{before:?}"))?;
    changes::removal_beside(hands, &before)?;
    let after = theirs()?;
    expect(before == after, format!("the stranger's records were {before:?}, and are {after:?}"))?;
    // The stranger moves out, so that the zone is as before.
    for (name, kind) in [(books.as_str(), "TXT"), (below.as_str(), "A"), (changes::BY_HAND, "A")] {
        server(hands)?.remove(name, kind)?;
    }
    Ok(())
}

/// The server's own clock cannot be set in the lab: the doctor's is.
const AN_HOUR_FAST: Ask = Ask { wrap: &["faketime", "-f", "+1h"], ..Ask::NODE };
const ACTIVE: Ask = Ask { flags: &["--active"], ..Ask::NODE };

// Each is undone at the server, as the doctor's words tell a person to do it.
const OF_POWERDNS: &[Injury] = &[
    injury(
        "PowerDNS has another API key",
        "cf.token",
        &["does not know the API key", "what stands behind `api-key=` in pdns.conf"],
        |hands| server(hands)?.edit(&[("api-key=", "api-key=new-")]),
        |hands| replace_keys(hands, "api-key=", "api-key=new-"),
    ),
    injury(
        "PowerDNS' API is off",
        "cf.token",
        &["connection refused", "its API is off", "`api=yes`, `webserver=yes`"],
        |hands| server(hands)?.edit(&[("api=yes\n", "api=no\n"), ("webserver=yes", "webserver=no")]),
        |hands| server(hands)?.edit(&[("api=no\n", "api=yes\n"), ("webserver=no", "webserver=yes")]),
    ),
    injury(
        "PowerDNS' API does not let the house in",
        "cf.token",
        &["closed early", "webserver-allow-from", "add the addresses of this machine"],
        |hands| server(hands)?.edit(&[(ALLOWED, "webserver-allow-from=127.0.0.1\n")]),
        |hands| server(hands)?.edit(&[("webserver-allow-from=127.0.0.1\n", ALLOWED)]),
    ),
    injury(
        "PowerDNS takes no DNS updates",
        "cf.permissions",
        &["`dnsupdate` is off", "write `dnsupdate=yes` into pdns.conf"],
        |hands| server(hands)?.edit(&[("dnsupdate=yes", "dnsupdate=no")]),
        |hands| server(hands)?.edit(&[("dnsupdate=no", "dnsupdate=yes")]),
    ),
    injury(
        "PowerDNS has another secret for the TSIG key",
        "cf.permissions",
        &["another algorithm or secret", "`pdnsutil list-tsig-keys`"],
        |hands| {
            powerdns::util(&hands.run, &["delete-tsig-key", TSIG])?;
            powerdns::util(&hands.run, &["generate-tsig-key", TSIG, "hmac-sha256"]).map(drop)
        },
        |hands| {
            let keys = files::read_text(&hands.run.token())?;
            let api_key = keys.lines().next().context("the API key")?;
            let tsig = powerdns::util(&hands.run, &["list-tsig-keys"])?;
            write_keys(&hands.run, &format!("{api_key}\n{tsig}"))?;
            hands.restore()
        },
    ),
    injury(
        "PowerDNS' zone does not name the TSIG key",
        "cf.permissions",
        &["run `pdnsutil add-meta example.test TSIG-ALLOW-DNSUPDATE homelab`"],
        |hands| powerdns::util(&hands.run, &["set-meta", ZONE, "TSIG-ALLOW-DNSUPDATE"]).map(drop),
        |hands| powerdns::util(&hands.run, &["add-meta", ZONE, "TSIG-ALLOW-DNSUPDATE", TSIG]).map(drop),
    ),
    Injury {
        name: "PowerDNS takes updates from another network than the house's",
        id: "cf.dns-edit",
        says: &[
            "refuses a DNS update from this machine",
            "run `pdnsutil add-meta example.test ALLOW-DNSUPDATE-FROM",
        ],
        ask: ACTIVE,
        always: false,
        make: |hands| {
            powerdns::util(&hands.run, &["set-meta", ZONE, "ALLOW-DNSUPDATE-FROM", "192.168.77.0/24"])
                .map(drop)
        },
        undo: |hands| {
            powerdns::util(&hands.run, &["add-meta", ZONE, "ALLOW-DNSUPDATE-FROM", ROUTER_WAN]).map(drop)
        },
    },
    Injury {
        name: "the clocks of PowerDNS and of homelab are an hour apart",
        id: "cf.dns-edit",
        says: &["refuses a DNS update from this machine", "compare both clocks"],
        ask: Ask { flags: &["--active", "--check", "cf"], ..AN_HOUR_FAST },
        always: false,
        make: |_| Ok(()),
        undo: |_| Ok(()),
    },
    injury(
        "PowerDNS does not have the zone",
        "cf.zone",
        &["sees no zone named", "`pdnsutil create-zone example.test`"],
        |hands| rename_zone(hands, ZONE, "gone.test"),
        |hands| rename_zone(hands, "gone.test", ZONE),
    ),
];

const OF_BIND: &[Injury] = &[
    injury(
        "BIND has another secret for the TSIG key",
        "cf.token",
        &["has another secret for the TSIG key", "`tsig-keygen homelab`"],
        |hands| bind::new_key(&hands.run).and_then(|_| server(hands)?.restart()),
        |hands| {
            write_keys(&hands.run, &files::read_text(&bind::key(&hands.run))?)?;
            hands.restore()
        },
    ),
    injury(
        "BIND knows the TSIG key by another name",
        "cf.token",
        &["does not know the TSIG key", "load it at the server"],
        |hands| rename_key(hands, TSIG, "house"),
        |hands| rename_key(hands, "house", TSIG),
    ),
    Injury {
        name: "the clocks of BIND and of homelab are an hour apart",
        id: "cf.token",
        says: &["the clock of the name server is 3600 s behind this machine's", "set both clocks"],
        ask: Ask { flags: &["--check", "cf"], ..AN_HOUR_FAST },
        always: false,
        make: |_| Ok(()),
        undo: |_| Ok(()),
    },
    injury(
        "BIND does not let the key transfer the zone",
        "cf.permissions",
        &["to transfer the zone (AXFR)", "takes the zone for empty", "`allow-transfer { key homelab; };`"],
        |hands| server(hands)?.edit(&[(TRANSFER, "allow-transfer { none; };")]),
        |hands| server(hands)?.edit(&[("allow-transfer { none; };", TRANSFER)]),
    ),
    Injury {
        name: "BIND does not let the key change the zone",
        id: "cf.dns-edit",
        says: &["to update the zone", "`update-policy { grant homelab zonesub ANY; };`"],
        ask: ACTIVE,
        always: false,
        make: |hands| server(hands)?.edit(&[(UPDATES, "")]),
        undo: |hands| server(hands)?.edit(&[(TRANSFER, &format!("{TRANSFER} {UPDATES}"))]),
    },
    injury(
        "BIND does not have the zone",
        "cf.zone",
        &["sees no zone named", "create the zone at the server"],
        |hands| server(hands)?.edit(&[("zone \"example.test\"", "zone \"gone.test\"")]),
        |hands| server(hands)?.edit(&[("zone \"gone.test\"", "zone \"example.test\"")]),
    ),
    injury(
        "BIND is off",
        "cf.token",
        &["connection refused", "check that the name server runs"],
        |hands| server(hands)?.stop(),
        |hands| server(hands)?.start(),
    ),
];

const TSIG: &str = "homelab";
const ALLOWED: &str = "webserver-allow-from=127.0.0.1,198.51.100.1\n";
const TRANSFER: &str = "allow-transfer { key homelab; };";
const UPDATES: &str = "update-policy { grant homelab zonesub ANY; };";

/// Writes into the file what the server has, and tells the cluster.
fn replace_keys(hands: &Hands, from: &str, to: &str) -> Result<()> {
    let keys = files::read_text(&hands.run.token())?;
    if !keys.contains(from) {
        bail!("`{from}` is not in the file of the keys");
    }
    write_keys(&hands.run, &keys.replacen(from, to, 1))?;
    hands.restore()
}

fn rename_zone(hands: &Hands, from: &str, to: &str) -> Result<()> {
    powerdns::sql(&hands.run, &format!("UPDATE domains SET name='{to}' WHERE name='{from}'")).map(drop)
}

/// The key has that name at the server, and so have what it may do.
fn rename_key(hands: &Hands, from: &str, to: &str) -> Result<()> {
    let key = files::read_text(&bind::key(&hands.run))?;
    files::write(&bind::key(&hands.run), key.replacen(from, to, 1))?;
    let said = |name: &str| [format!("grant {name} "), format!("key {name};")];
    let ([grant, transfer], [new_grant, new_transfer]) = (said(from), said(to));
    server(hands)?.edit(&[(&grant, &new_grant), (&transfer, &new_transfer)])
}
