//! Zones of every kind at every time.

use proptest::prelude::*;

use super::*;

fn any_time() -> impl Strategy<Value = Timestamp> {
    // From 2026 to 2030.
    (1_767_225_600_i64..1_893_456_000).prop_map(|second| Timestamp::from_second(second).unwrap())
}

fn any_tags() -> impl Strategy<Value = BTreeMap<String, String>> {
    let key = prop_oneof![
        Just("homelab/claim/attic"),
        Just("homelab/claim/cellar"),
        Just("homelab/claim/lab"),
        Just("owner")
    ];
    let value = prop_oneof![
        any_time().prop_map(|time| date_of(time).to_string()),
        Just("soon".to_owned()),
        Just(String::new())
    ];
    proptest::collection::btree_map(key.prop_map(str::to_owned), value, 0..4)
}

fn any_records() -> impl Strategy<Value = Vec<Record>> {
    let host = "wiki.acme.home.example.com";
    let some = prop_oneof![
        Just(own_records()),
        Just(written_by("attic", host).to_vec()),
        Just(written_by("cellar", host).to_vec()),
        Just(written_by("lab", host).to_vec()),
        Just(vec![record("A", "nas.acme.home.example.com", "192.168.1.5")]),
        Just(vec![record("MX", ZONE, "10 mail.example.com.")]),
    ];
    proptest::collection::vec(some, 0..4).prop_map(|parts| parts.concat())
}

fn any_zone() -> impl Strategy<Value = AccountZone> {
    let reference = prop_oneof![
        4 => any_time().prop_map(|born| Origin::new("acme", born).reference()),
        1 => any_time().prop_map(|born| born.to_string()),
        1 => "[a-z/:0-9-]{0,30}",
    ];
    let name = prop_oneof![4 => Just(ZONE), 1 => Just("example.com"), 1 => Just("acme.example.com")];
    (
        reference,
        name,
        proptest::bool::weighted(0.1),
        any_tags(),
        proptest::option::weighted(0.9, any_records()),
    )
        .prop_map(|(reference, name, is_private, tags, records)| AccountZone {
            zone: zone(name),
            reference,
            is_private,
            tags,
            records,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn nothing_foreign_nothing_of_unknown_age_and_nothing_in_use_ever_goes(
        zone in any_zone(), now in any_time(), with_orphans: bool, has_it: bool,
    ) {
        let organisations = if has_it { ["acme"].into() } else { BTreeSet::new() };
        let asked = Asked { now, domain: DOMAIN, owner: "lab", organisations, with_orphans };
        if !goes(&zone, &asked) {
            return Ok(());
        }
        let born = zone.reference.strip_prefix("homelab/acme/").unwrap().parse::<Timestamp>().unwrap();
        prop_assert!(born <= now && zone.zone.name == ZONE && !zone.is_private && !has_it);
        let old = |value: &str| value.parse::<Date>().is_ok_and(|day| (date_of(now) - day).get_days() > 30);
        let mut owners = vec![];
        for (key, value) in zone.tags.iter().filter(|(key, _)| key.starts_with("homelab/claim/")) {
            prop_assert!(with_orphans && old(value), "{key} {value}");
            owners.push(key.replace("homelab/claim/", ""));
        }
        for record in zone.records.unwrap() {
            let is_own = record.name == ZONE && ["NS", "SOA"].contains(&record.kind.as_str());
            let of_gone = owners.iter().any(|owner| {
                written_by(owner, "wiki.acme.home.example.com").contains(&record)
            });
            prop_assert!(is_own || of_gone, "{record:?}");
        }
    }

    #[test]
    fn a_zone_that_nobody_uses_goes_while_it_is_free_or_on_the_last_day_before_a_bill(
        born in any_time(), age in prop_oneof![0_i64..172_800, 0_i64..94_608_000],
    ) {
        let now = born.checked_add(SignedDuration::from_secs(age)).unwrap();
        let zone = unused(&born.to_string());
        let bill = cost(&zone, now, &PRICE).unwrap().next;
        prop_assert!(bill > now);
        match verdict(&zone, &asked(&now.to_string()), &PRICE) {
            Verdict::Goes { bill: told } => {
                prop_assert_eq!(told, bill);
                prop_assert!(bill.duration_since(now) <= SignedDuration::from_hours(24));
            }
            Verdict::Waits(from) => {
                prop_assert!(from > now && from < bill);
                prop_assert!(goes(&zone, &asked(&from.to_string())), "it goes when it is said to");
            }
            Verdict::Stays(why) => prop_assert!(false, "{why:?}"),
        }
    }
}
