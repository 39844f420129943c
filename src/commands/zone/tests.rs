//! What the verbs do to an account of the tests: first what is somebody else's.

mod create;

use std::collections::BTreeSet;

use futures::future::{FutureExt, ready};
use jiff::Timestamp;

use super::account::{self, Account, zones_of};
use super::claims::renew;
use super::prune::{End, Row, pruned};
use crate::cli::Prune;
use crate::config::{self, Config};
use crate::evidence::{AboveSeen, AccountZone, Record, Zone};
use crate::facts::organisations::owner;
use crate::facts::secret::Secret;
use crate::plan::zones::{Origin, Verdict, Why};
use crate::provider::account::{Account as Kept, open};
use crate::provider::paper::record;
use crate::provider::{Client, Keyring};

const ABOVE: &str = "home.example.com";
const BORN: &str = "2027-03-10T10:00:00Z";
/// On the last day of a month: what may go goes.
const LAST_DAY: &str = "2027-05-31T12:00:00Z";
const DRY: Prune = Prune { yes: false, with_orphans: false };
const YES: Prune = Prune { yes: true, with_orphans: false };
const ORPHANS: Prune = Prune { yes: true, with_orphans: true };

fn lab(organisations: &str) -> Config {
    let text = format!(
        "domain: {ABOVE}\nemail: ada@lovelace.dev\n\
         dns: {{ provider: paper, server: drawer.example.com, tokenFile: /secret, owner: attic }}\n{organisations}"
    );
    config::parse(&text).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn servers(of: &str) -> Vec<String> {
    ["1", "2"].map(|n| format!("ns-{n}.{of}.test")).into()
}

/// A zone with its own records.
fn zone(id: &str, name: &str) -> AccountZone {
    let name_servers = servers(id);
    let mut records: Vec<Record> = name_servers.iter().map(|server| record("NS", name, server)).collect();
    records.push(record("SOA", name, "ns-1 hostmaster 1"));
    let zone = Zone { id: id.into(), name: name.into(), name_servers, ..Zone::default() };
    AccountZone { zone, records: Some(records), reference: "by hand".into(), ..AccountZone::default() }
}

/// That of an organisation, as homelab made it.
fn of_organisation(id: &str, organisation: &str) -> AccountZone {
    let reference = Origin::new(organisation, at(BORN)).reference();
    AccountZone { reference, ..zone(id, &format!("{organisation}.{ABOVE}")) }
}

/// The zone above, which leads to the servers of each of these.
fn above(delegated: &[&AccountZone]) -> AccountZone {
    let mut above = zone("Z0", ABOVE);
    for one in delegated {
        let records = one.zone.name_servers.iter().map(|server| record("NS", &one.zone.name, server));
        above.records.as_mut().unwrap().extend(records);
    }
    above
}

fn with(mut zone: AccountZone, records: &[Record]) -> AccountZone {
    zone.records.as_mut().unwrap().extend_from_slice(records);
    zone
}

fn claimed(mut zone: AccountZone, lab: &str, day: &str) -> AccountZone {
    zone.tags.insert(format!("homelab/claim/{lab}"), day.to_owned());
    zone
}

fn written_by(lab: &str, host: &str) -> [Record; 2] {
    let owner = owner(lab, "acme", "shop");
    let text =
        format!("\"heritage=external-dns,external-dns/owner={owner},external-dns/resource=ingress/a/b\"");
    [record("A", host, "192.168.1.2"), record("TXT", &format!("a-homelab.{host}"), &text)]
}

async fn account(config: &Config, zones: Vec<AccountZone>) -> (Account, Kept) {
    let kept = open(zones);
    let keyring = Keyring::new(["key", "name"].map(|key| (key, Secret::new("secret").unwrap())));
    let client = Client::new(config, &keyring).unwrap();
    let zones = client.zones().unwrap().all().await.unwrap();
    let asked = kept.clone();
    let world = Box::new(move |name: String| ready(Ok(seen(&asked.lock().unwrap().zones, &name))).boxed());
    (Account { client, price: zones_of(config).unwrap().price, zones, world }, kept)
}

/// What the world finds above a name: the zone of the account, if it has one, or else one at another provider.
fn seen(zones: &[AccountZone], name: &str) -> AboveSeen {
    let Some(above) = zones.iter().find(|one| one.zone.name == ABOVE) else {
        return AboveSeen { leads: servers("Z1").into_iter().collect(), ..elsewhere() };
    };
    let of = |name: &str| {
        let records = above.records.iter().flatten().filter(|one| one.kind == "NS" && one.name == name);
        records.map(|one| one.content.clone()).collect::<BTreeSet<String>>()
    };
    let servers = of(ABOVE).into_iter().map(|server: String| server.to_ascii_lowercase());
    AboveSeen { zone: ABOVE.to_owned(), servers: servers.collect(), leads: of(name) }
}

/// A zone of the domain at another provider.
fn elsewhere() -> AboveSeen {
    let servers = ["ns.registrar.test".to_owned()].into();
    AboveSeen { zone: ABOVE.to_owned(), servers, ..AboveSeen::default() }
}

fn says(account: Account, seen: Result<AboveSeen, String>) -> Account {
    Account { world: Box::new(move |_| ready(seen.clone()).boxed()), ..account }
}

/// What `prune` says, and what it changed.
async fn ran(zones: Vec<AccountZone>, flags: Prune, now: &str) -> (Vec<Row>, Vec<String>) {
    let config = lab("");
    let (account, kept) = account(&config, zones).await;
    let rows = pruned(&account, &config, &flags, || at(now)).await.unwrap();
    let changes = kept.lock().unwrap().changes.clone();
    (rows, changes)
}

#[tokio::test]
async fn whatever_belongs_to_others_is_left_alone_in_every_way_of_asking() {
    let acme = || of_organisation("Z1", "acme");
    let nas = record("A", &format!("nas.acme.{ABOVE}"), "192.168.1.5");
    for stranger in [
        zone("Z1", &format!("acme.{ABOVE}")),
        with(acme(), &[nas]),
        claimed(acme(), "cellar", "2027-05-30"),
        claimed(claimed(acme(), "attic", "2027-01-01"), "cellar", "2027-05-30"),
        // A copy of the configuration that has no organisations, and the cluster that has them.
        claimed(acme(), "attic", "2027-05-30"),
        with(claimed(acme(), "attic", "2027-05-30"), &written_by("attic", &format!("wiki.acme.{ABOVE}"))),
        AccountZone { is_private: true, ..acme() },
        AccountZone { reference: Origin::new("other", at(BORN)).reference(), ..acme() },
        with(claimed(acme(), "attic", "2027-01-01"), &written_by("cellar", &format!("wiki.acme.{ABOVE}"))),
    ] {
        for flags in [YES, ORPHANS] {
            let zones = vec![above(&[&stranger]), stranger.clone()];
            let (rows, changes) = ran(zones, flags, LAST_DAY).await;
            assert_eq!(changes, Vec::<String>::new(), "{:?}", rows[0].verdict);
            assert!(matches!(rows[0].verdict, Verdict::Stays(_)));
        }
    }
}

#[tokio::test]
async fn the_zone_above_and_zones_of_other_domains_are_not_even_looked_at() {
    let zones = vec![
        above(&[]),
        zone("Z1", "example.com"),
        of_organisation("Z2", "acme"),
        zone("Z3", "evil-home.example.com"),
    ];
    let (rows, _) = ran(zones, Prune { yes: false, with_orphans: true }, LAST_DAY).await;
    assert_eq!(rows.iter().map(|row| row.zone.zone.id.as_str()).collect::<Vec<_>>(), ["Z2"]);
}

#[tokio::test]
async fn without_yes_nothing_is_changed() {
    let acme = of_organisation("Z1", "acme");
    let (rows, changes) = ran(vec![above(&[&acme]), acme], DRY, LAST_DAY).await;
    assert!(matches!(rows[0].verdict, Verdict::Goes { .. }) && rows[0].end.is_none());
    assert_eq!(changes, Vec::<String>::new());
}

#[tokio::test]
async fn the_delegation_goes_before_the_zone_and_what_a_cluster_left_before_both_are_gone() {
    let host = format!("wiki.acme.{ABOVE}");
    let acme =
        with(claimed(of_organisation("Z1", "acme"), "attic", "2027-01-01"), &written_by("attic", &host));
    let (rows, changes) = ran(vec![above(&[&acme]), acme], ORPHANS, LAST_DAY).await;
    assert_eq!(rows[0].end, Some(End::Deleted));
    assert_eq!(
        changes,
        [
            format!("undelegate acme.{ABOVE}"),
            format!("take out {host} A"),
            format!("take out a-homelab.{host} TXT"),
            format!("delete acme.{ABOVE}"),
        ]
    );
}

#[tokio::test]
async fn a_zone_whose_delegation_could_not_be_taken_out_stays() {
    let acme = of_organisation("Z1", "acme");
    let config = lab("");
    let (account, kept) = account(&config, vec![above(&[&acme]), acme]).await;
    kept.lock().unwrap().refuses = Some("undelegate");
    let rows = pruned(&account, &config, &YES, || at(LAST_DAY)).await.unwrap();
    assert!(matches!(rows[0].end, Some(End::Stayed(_))));
    assert_eq!(kept.lock().unwrap().changes, Vec::<String>::new());
}

#[tokio::test]
async fn a_delegation_that_somebody_else_wrote_keeps_the_zone_and_stays() {
    let acme = of_organisation("Z1", "acme");
    let elsewhere = record("NS", &acme.zone.name, "ns.elsewhere.example");
    for delegated in [vec![], vec![&acme]] {
        let above = with(above(&delegated), std::slice::from_ref(&elsewhere));
        let (rows, changes) = ran(vec![above, acme.clone()], YES, LAST_DAY).await;
        assert!(matches!(&rows[0].end, Some(End::Stayed(why)) if why.contains("ns.elsewhere.example")));
        assert_eq!(changes, Vec::<String>::new());
    }
}

#[tokio::test]
async fn name_servers_that_somebody_wrote_into_the_zone_itself_prove_nothing() {
    // A zone that moved elsewhere, or one by which somebody wants the delegation of another one gone.
    let mut acme = of_organisation("Z1", "acme");
    let elsewhere = record("NS", &acme.zone.name, "ns.elsewhere.example");
    acme.records = Some(vec![elsewhere.clone()]);
    let (rows, changes) = ran(vec![with(above(&[]), &[elsewhere]), acme], YES, LAST_DAY).await;
    assert!(matches!(&rows[0].end, Some(End::Stayed(why)) if why.contains("ns.elsewhere.example")));
    assert_eq!(changes, Vec::<String>::new());
}

#[tokio::test]
async fn a_zone_that_is_delegated_at_another_provider_stays_for_nobody_knows_what_leads_there() {
    let (rows, changes) = ran(vec![of_organisation("Z1", "acme")], YES, LAST_DAY).await;
    let says_why = |why: &str| {
        why.contains("not in this account")
            && why.contains("leads to ns-1.Z1.test, ns-2.Z1.test: delete these NS records there")
    };
    assert!(matches!(&rows[0].end, Some(End::Stayed(why)) if says_why(why)));
    assert_eq!(changes, Vec::<String>::new());
    // It is told before anybody says `--yes`, too.
    let (rows, _) = ran(vec![of_organisation("Z1", "acme")], DRY, LAST_DAY).await;
    assert!(matches!(&rows[0].end, Some(End::WouldStay(why)) if says_why(why)));
}

#[tokio::test]
async fn a_zone_of_the_name_above_that_the_world_does_not_ask_is_not_the_one_above() {
    let acme = of_organisation("Z1", "acme");
    let config = lab("");
    // That of the account leads there or nowhere; the real one leads there.
    for delegated in [vec![], vec![&acme]] {
        let (account, kept) = account(&config, vec![above(&delegated), acme.clone()]).await;
        let real = AboveSeen { leads: servers("Z1").into_iter().collect(), ..elsewhere() };
        let rows = pruned(&says(account, Ok(real)), &config, &YES, || at(LAST_DAY)).await.unwrap();
        let told = format!("{:?}", rows[0].end);
        assert!(
            told.contains("the world asks another zone home.example.com than that of this account (Z0)"),
            "{told}"
        );
        assert!(told.contains("delete these NS records there"), "{told}");
        assert_eq!(kept.lock().unwrap().changes, Vec::<String>::new());
    }
}

#[tokio::test]
async fn while_public_dns_does_not_say_who_leads_there_the_zone_stays() {
    let acme = of_organisation("Z1", "acme");
    let config = lab("");
    let (account, kept) = account(&config, vec![above(&[&acme]), acme]).await;
    let account = says(account, Err("no resolver answers".into()));
    let rows = pruned(&account, &config, &YES, || at(LAST_DAY)).await.unwrap();
    assert!(matches!(&rows[0].end, Some(End::Stayed(why)) if why.contains("no resolver answers")));
    assert_eq!(kept.lock().unwrap().changes, Vec::<String>::new());
}

const OF_ACME: &str = "organisations: { acme: { namespaces: [shop] } }\n";

#[tokio::test]
async fn a_run_renews_the_claims_of_its_own_cluster_and_makes_none_elsewhere() {
    let config = lab(OF_ACME);
    let acme = claimed(claimed(of_organisation("Z1", "acme"), "attic", "2027-01-01"), "cellar", "2027-01-01");
    let (account, kept) =
        account(&config, vec![above(&[&acme]), acme, of_organisation("Z2", "globex")]).await;
    for wanted in [vec![format!("tag acme.{ABOVE} homelab/claim/attic 2027-05-31")], vec![]] {
        assert_eq!(renew(&account, &config, at(LAST_DAY)).await, Vec::<String>::new());
        assert_eq!(std::mem::take(&mut kept.lock().unwrap().changes), wanted, "once a day");
    }
}

#[tokio::test]
async fn a_claim_that_cannot_be_renewed_is_told_of() {
    let config = lab(OF_ACME);
    let (account, kept) = account(&config, vec![of_organisation("Z1", "acme")]).await;
    kept.lock().unwrap().refuses = Some("tag");
    let told = renew(&account, &config, at(LAST_DAY)).await.concat();
    assert!(told.contains(&format!("cannot note on the zone acme.{ABOVE}")), "{told}");
}

#[tokio::test]
async fn two_zones_of_the_name_above_that_the_world_could_ask_are_for_a_person_to_tell_apart() {
    let acme = of_organisation("Z1", "acme");
    let twin = AccountZone { zone: Zone { id: "Z9".into(), ..above(&[]).zone }, ..above(&[]) };
    let (rows, changes) = ran(vec![above(&[&acme]), twin, acme], YES, LAST_DAY).await;
    assert!(matches!(rows[0].end, Some(End::Stayed(_))));
    assert_eq!(changes, Vec::<String>::new());
}

#[tokio::test]
async fn a_cluster_that_comes_back_between_the_look_and_the_deletion_keeps_its_zone() {
    let acme = of_organisation("Z1", "acme");
    let config = lab("");
    let (account, kept) = account(&config, vec![above(&[&acme]), acme]).await;
    // The clock is asked before the second look.
    let asked = std::cell::Cell::new(0);
    let clock = || {
        asked.set(asked.get() + 1);
        if asked.get() == 2 {
            let mut kept = kept.lock().unwrap();
            kept.zones[1].tags.insert("homelab/claim/cellar".into(), "2027-05-31".into());
        }
        at(LAST_DAY)
    };
    let rows = pruned(&account, &config, &YES, clock).await.unwrap();
    assert_eq!(rows[0].end, Some(End::Stayed("somebody has changed it meanwhile".into())));
    assert_eq!(kept.lock().unwrap().changes, Vec::<String>::new());
}

#[tokio::test]
async fn the_zone_of_an_organisation_that_is_configured_stays() {
    let acme = of_organisation("Z1", "acme");
    let config = lab("organisations: { acme: { namespaces: [shop] } }\n");
    let (account, kept) = account(&config, vec![above(&[&acme]), acme]).await;
    let rows = pruned(&account, &config, &ORPHANS, || at(LAST_DAY)).await.unwrap();
    assert_eq!(rows[0].verdict, Verdict::Stays(Why::Configured));
    assert_eq!(kept.lock().unwrap().changes, Vec::<String>::new());
}

#[tokio::test]
async fn an_organisation_that_is_not_there_has_the_nearest_one() {
    let config = lab("organisations: { acme: { namespaces: [shop] } }\n");
    let error = account::organisation(&config, "acne").unwrap_err();
    assert!(error.hint.unwrap().contains("`acme`"));
}
