//! The zone: twice, private, gone, made again, full; and what somebody left in it.

use serde_json::json;

use super::super::certificates::{guest, guest_leaves};
use super::super::names::clean_router;
use super::super::{Injury, injury};
use super::{ACTIVE, console, fault_for_all};
use crate::cases::hands::{DOMAIN, Hands};
use crate::world::ZONE;

pub(in crate::cases) const INJURIES: &[Injury] = &[
    injury(
        "a second public zone has the name",
        "cf.zone",
        &["Route 53 has 2 zones named `example.test`", "compare the name servers of both"],
        |hands| console(hands, &json!({ "do": "zone", "name": ZONE, "private": false })),
        |hands| console(hands, &json!({ "do": "delete_zones_but_first" })),
    ),
    injury(
        "there is only a private zone of the name",
        "cf.zone",
        &["the zone `example.test` is `private` at Route 53", "create a public hosted zone `example.test`"],
        |hands| console(hands, &json!({ "do": "privacy", "private": true })),
        |hands| {
            console(hands, &json!({ "do": "privacy", "private": false }))?;
            clean_router(hands)
        },
    ),
    injury(
        "the zone was deleted",
        "cf.zone",
        &["sees no zone named", "create the hosted zone `example.test`"],
        |hands| console(hands, &json!({ "do": "gone", "on": true })),
        |hands| {
            console(hands, &json!({ "do": "gone", "on": false }))?;
            clean_router(hands)
        },
    ),
    injury(
        "the zone was deleted and made again",
        "cf.copies",
        &["has the zone `", "which is not the one at Route 53", "writes the new id"],
        |hands| console(hands, &json!({ "do": "again" })),
        Hands::restore,
    ),
    injury(
        "another ACME client has left a CNAME at the name of a challenge",
        "cm.challenge",
        &["clash.home.example.test", "a CNAME at the challenge's name is in the way", "delete the CNAME"],
        |hands| {
            let left = json!({ "do": "add", "name": format!("_acme-challenge.clash.{DOMAIN}"), "kind": "CNAME",
                "content": "left.acme-dns.test." });
            console(hands, &left)?;
            guest(hands, "clash", Some("acme"))
        },
        |hands| {
            let name = format!("_acme-challenge.clash.{DOMAIN}");
            console(hands, &json!({ "do": "remove", "name": name, "kind": "CNAME" }))?;
            guest_leaves(hands, "clash")
        },
    ),
    Injury {
        name: "the zone has as many records as its quota allows",
        id: "cf.dns-edit",
        says: &["MAX_RRSETS_BY_ZONE", "ask for a higher quota"],
        ask: ACTIVE,
        always: false,
        make: |hands| fault_for_all(hands, "full", true),
        undo: |hands| fault_for_all(hands, "full", false),
    },
];
