//! First what belongs to others; zones of every kind, generated; and a year of zones that nobody uses.

mod generated;
mod year;

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::evidence::Zone;
use crate::facts::organisations;

const DOMAIN: &str = "home.example.com";
const ZONE: &str = "acme.home.example.com";
/// As Route 53 has it.
const PRICE: Price =
    Price { free_for: SignedDuration::from_hours(12), first: 25, first_cents: 50, beyond_cents: 10 };

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn record(kind: &str, name: &str, content: &str) -> Record {
    serde_json::from_value(json!({ "id": "", "type": kind, "name": name, "content": content })).unwrap()
}

fn zone(name: &str) -> Zone {
    Zone { id: "Z1".into(), name: name.into(), ..Zone::default() }
}

fn own_records() -> Vec<Record> {
    vec![record("NS", ZONE, "ns-1.awsdns-01.org."), record("SOA", ZONE, "ns-1.awsdns-01.org. hostmaster. 1")]
}

/// What external-dns of a cluster writes for a host of the organisation.
fn written_by(lab: &str, host: &str) -> [Record; 2] {
    let owner = organisations::owner(lab, "acme", "shop");
    let text =
        format!("\"heritage=external-dns,external-dns/owner={owner},external-dns/resource=ingress/a/b\"");
    [record("A", host, "192.168.1.2"), record("TXT", &format!("a-homelab.{host}"), &text)]
}

/// A zone that homelab made, that nobody uses and in which nothing is.
fn unused(born: &str) -> AccountZone {
    AccountZone {
        zone: zone(ZONE),
        reference: Origin::new("acme", at(born)).reference(),
        is_private: false,
        tags: BTreeMap::new(),
        records: Some(own_records()),
    }
}

fn claimed(owner: &str, on: &str) -> AccountZone {
    let tags = [(format!("homelab/claim/{owner}"), on.to_owned())].into();
    AccountZone { tags, ..unused(BORN) }
}

const BORN: &str = "2027-03-10T10:00:00Z";
/// On the last day of a month: whatever may go goes.
const NOW: &str = "2027-05-31T12:00:00Z";

fn asked(now: &str) -> Asked<'static> {
    Asked { now: at(now), domain: DOMAIN, owner: "lab", organisations: BTreeSet::new(), with_orphans: false }
}

fn why(zone: &AccountZone, asked: &Asked<'_>) -> Why {
    match verdict(zone, asked, &PRICE) {
        Verdict::Stays(why) => why,
        other => panic!("{other:?}"),
    }
}

fn goes(zone: &AccountZone, asked: &Asked<'_>) -> bool {
    matches!(verdict(zone, asked, &PRICE), Verdict::Goes { .. })
}

#[test]
fn the_zone_of_these_tests_goes_so_that_each_reason_to_stay_is_one() {
    assert!(goes(&unused(BORN), &asked(NOW)));
    assert!(goes(&unused(BORN), &Asked { with_orphans: true, ..asked(NOW) }));
}

#[test]
fn a_zone_that_homelab_did_not_make_stays_whatever_is_in_it_and_whatever_it_is_called() {
    for reference in ["", "terraform-20260101", "2027-03-10T10:00:00Z", "homelab/acme", "homelab/acme/today"]
    {
        let zone = AccountZone { reference: reference.into(), ..unused(BORN) };
        for with_orphans in [false, true] {
            assert_eq!(why(&zone, &Asked { with_orphans, ..asked(NOW) }), Why::NotOurs, "{reference}");
        }
    }
}

#[test]
fn the_zone_of_another_lab_in_the_same_account_stays() {
    for name in
        ["acme.other.example", "x.acme.home.example.com", "home.example.com", "evilacme.home.example.com"]
    {
        let zone = AccountZone { zone: zone(name), ..unused(BORN) };
        assert_eq!(why(&zone, &asked(NOW)), Why::Elsewhere, "{name}");
    }
    let of_other = AccountZone { reference: Origin::new("other", at(BORN)).reference(), ..unused(BORN) };
    assert_eq!(why(&of_other, &asked(NOW)), Why::Elsewhere);
}

#[test]
fn a_private_zone_stays() {
    let zone = AccountZone { is_private: true, ..unused(BORN) };
    assert_eq!(why(&zone, &asked(NOW)), Why::Private);
}

#[test]
fn the_zone_of_an_organisation_of_this_configuration_stays_without_any_claim() {
    let asked = Asked { organisations: ["acme"].into(), with_orphans: true, ..asked(NOW) };
    assert_eq!(why(&unused(BORN), &asked), Why::Configured);
}

#[test]
fn a_zone_that_another_cluster_uses_stays() {
    let renewed = Some("2027-05-30".parse().unwrap());
    let stays = Why::Claimed { owner: "attic".into(), renewed, is_old: false, is_own: false };
    for with_orphans in [false, true] {
        let asked = Asked { with_orphans, ..asked(NOW) };
        assert_eq!(why(&claimed("attic", "2027-05-30"), &asked), stays);
    }
}

#[test]
fn a_cluster_that_was_off_for_long_keeps_its_zone_until_somebody_says_that_it_is_gone() {
    let zone = claimed("attic", "2027-04-30");
    let renewed = Some("2027-04-30".parse().unwrap());
    let stays = Why::Claimed { owner: "attic".into(), renewed, is_old: true, is_own: false };
    assert_eq!(why(&zone, &asked(NOW)), stays);
    assert!(goes(&zone, &Asked { with_orphans: true, ..asked(NOW) }));
}

#[test]
fn thirty_days_are_not_more_than_thirty_and_a_day_to_come_is_no_day_long_ago() {
    for fresh in ["2027-05-01", "2027-05-31", "2027-06-01", "2099-01-01"] {
        let zone = claimed("attic", fresh);
        assert!(!goes(&zone, &Asked { with_orphans: true, ..asked(NOW) }), "{fresh}");
    }
}

#[test]
fn a_claim_of_ones_own_keeps_a_zone_as_any_other_since_another_copy_of_the_file_may_have_the_organisation() {
    let renewed = Some("2027-05-31".parse().unwrap());
    let mut zone = claimed("lab", "2027-05-31");
    let stays = Why::Claimed { owner: "lab".into(), renewed, is_old: false, is_own: true };
    for with_orphans in [false, true] {
        assert_eq!(why(&zone, &Asked { with_orphans, ..asked(NOW) }), stays);
    }
    zone.records.as_mut().unwrap().extend(written_by("lab", "wiki.acme.home.example.com"));
    assert_eq!(why(&zone, &asked(NOW)), stays);
    // What it wrote before it gave the zone up is somebody's, too.
    zone.tags.clear();
    assert!(matches!(why(&zone, &asked(NOW)), Why::Records(_)));
    let long_ago = claimed("lab", "2027-04-30");
    assert!(!goes(&long_ago, &asked(NOW)) && goes(&long_ago, &Asked { with_orphans: true, ..asked(NOW) }));
}

#[test]
fn a_claim_that_cannot_be_read_is_one() {
    for odd in ["", "yesterday", "31.05.2020"] {
        let asked = Asked { with_orphans: true, ..asked(NOW) };
        let stays = Why::Claimed { owner: "attic".into(), renewed: None, is_old: false, is_own: false };
        assert_eq!(why(&claimed("attic", odd), &asked), stays);
    }
}

#[test]
fn one_cluster_that_uses_it_is_enough_beside_one_that_is_gone() {
    let mut zone = claimed("attic", "2027-01-01");
    zone.tags.insert("homelab/claim/cellar".into(), "2027-05-31".into());
    let asked = Asked { with_orphans: true, ..asked(NOW) };
    assert!(matches!(why(&zone, &asked), Why::Claimed { owner, .. } if owner == "cellar"));
}

#[test]
fn whatever_somebody_wrote_by_hand_keeps_a_zone() {
    for (kind, name, content) in [
        ("A", "nas.acme.home.example.com", "192.168.1.5"),
        ("TXT", ZONE, "\"v=spf1 -all\""),
        ("MX", ZONE, "10 mail.example.com."),
        ("CAA", ZONE, "0 issue \"letsencrypt.org\""),
        ("NS", "deep.acme.home.example.com", "ns.elsewhere.example."),
        ("TXT", "_acme-challenge.x.acme.home.example.com", "\"token\""),
    ] {
        let mut zone = claimed("attic", "2027-01-01");
        zone.records.as_mut().unwrap().push(record(kind, name, content));
        let asked = Asked { with_orphans: true, ..asked(NOW) };
        assert_eq!(why(&zone, &asked), Why::Records(vec![format!("{name} {kind}")]));
    }
}

#[test]
fn what_external_dns_wrote_for_a_cluster_that_is_gone_keeps_no_zone_and_that_of_another_does() {
    let host = "wiki.acme.home.example.com";
    let with = |records: Vec<Record>| {
        let mut zone = claimed("attic", "2027-01-01");
        zone.records.as_mut().unwrap().extend(records);
        zone
    };
    let orphans = Asked { with_orphans: true, ..asked(NOW) };
    assert!(goes(&with(written_by("attic", host).into()), &orphans));
    let of_other: Vec<Record> = written_by("cellar", host).into();
    let mut both = vec![format!("{host} A"), format!("a-homelab.{host} TXT")];
    both.sort();
    assert_eq!(why(&with(of_other), &orphans), Why::Records(both));
    let two: Vec<Record> = written_by("attic", host).into_iter().chain(written_by("cellar", host)).collect();
    assert!(!goes(&with(two), &orphans), "both say that it is theirs");
    let alone = vec![written_by("attic", host)[0].clone()];
    assert!(!goes(&with(alone), &orphans), "nobody says whose it is");
}

#[test]
fn the_lab_itself_and_another_organisation_of_a_cluster_that_is_gone_are_others() {
    let host = "wiki.acme.home.example.com";
    for owner in ["attic", "attic/globex/shop", "attic2/acme/shop"] {
        let text =
            format!("\"heritage=external-dns,external-dns/owner={owner},external-dns/resource=ingress/a/b\"");
        let mut zone = claimed("attic", "2027-01-01");
        let records = [record("A", host, "192.168.1.2"), record("TXT", &format!("a-homelab.{host}"), &text)];
        zone.records.as_mut().unwrap().extend(records);
        let asked = Asked { with_orphans: true, ..asked(NOW) };
        assert!(matches!(why(&zone, &asked), Why::Records(_)), "{owner}");
    }
}

#[test]
fn the_records_of_a_cluster_that_claims_nothing_are_those_of_somebody() {
    let mut zone = unused(BORN);
    zone.records.as_mut().unwrap().extend(written_by("attic", "wiki.acme.home.example.com"));
    let asked = Asked { with_orphans: true, ..asked(NOW) };
    assert!(matches!(why(&zone, &asked), Why::Records(_)));
}

#[test]
fn a_zone_whose_records_could_not_be_read_stays() {
    let zone = AccountZone { records: None, ..unused(BORN) };
    assert_eq!(why(&zone, &asked(NOW)), Why::Unread);
}

#[test]
fn a_zone_that_was_made_after_now_stays_for_a_clock_is_wrong() {
    let zone = unused("2027-05-31T12:00:01Z");
    assert_eq!(why(&zone, &asked(NOW)), Why::Clock(at("2027-05-31T12:00:01Z")));
    assert_eq!(cost(&zone, at(NOW), &PRICE), None);
}

#[test]
fn the_twenty_sixth_zone_is_cheaper() {
    assert_eq!([1, 25, 26, 500].map(|zones| PRICE.of_last(zones)), [50, 50, 10, 10]);
}
