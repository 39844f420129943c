//! What goes wrong with a service on the internet, as it is seen from inside.

use serde_json::json;

use super::{Ask, Injury};
use crate::cases::hands::{DOMAIN, Hands, eventually};
use crate::cases::port::{FILE, close, open, record, seen_at};
use crate::command::run;
use crate::error::Result;
use crate::network::{ROUTER_WAN, enter, forward_public_https};
use crate::vantage::Place;

const ASK: Ask = Ask { config: Some(FILE), ..Ask::NODE };
/// An address that the lab does not have.
const WRONG: &str = "198.51.100.99";
/// By it, whoever comes from the LAN has an address of the internet for the controller.
const TRANSLATED: &[&str] = &[
    "POSTROUTING",
    "-s",
    "10.99.0.0/24",
    "-d",
    "10.42.0.0/16",
    "-p",
    "tcp",
    // What comes by the ports of the node alone: what the cluster's own parts say to each other stays as it is.
    "-m",
    "conntrack",
    "--ctorigdst",
    "10.99.0.10",
    "-j",
    "SNAT",
    "--to-source",
    "203.0.113.99",
];

pub(super) const INJURIES: &[Injury] = &[
    Injury {
        name: "the provider shares the lab's public address",
        id: "public.cgnat",
        says: &["100.64.1.7", "carrier-grade NAT", "public: tunnel"],
        ask: ASK,
        always: false,
        make: |hands| {
            opened(hands)?;
            seen_at(hands, "100.64.1.7")
        },
        undo: close,
    },
    Injury {
        name: "the public record leads to an address that the lab does not have",
        id: "public.address",
        says: &[WRONG, ROUTER_WAN, "public.target"],
        ask: ASK,
        always: false,
        make: |hands| {
            let config = open(hands, &format!(", target: {WRONG}"))?;
            hands.up_well(&config, &["--no-verify"])?;
            leads(hands, WRONG)
        },
        undo: close,
    },
    Injury {
        name: "a public name has a private record",
        id: "public.record",
        says: &["10.99.0.10", "private address"],
        ask: ASK,
        always: false,
        make: |hands| {
            opened(hands)?;
            let facts =
                json!({ "type": "A", "name": format!("open.{DOMAIN}"), "content": "10.99.0.10", "ttl": 60 });
            hands.add_record(&facts).map(drop)
        },
        undo: close,
    },
    Injury {
        name: "the router does not lead its own address back into the house",
        id: "public.hairpin",
        says: &[ROUTER_WAN, "hairpin NAT", "dns.houseResolver: true"],
        ask: ASK,
        always: false,
        make: |hands| {
            opened(hands)?;
            forward_public_https(Some("10.99.0.10"), false)
        },
        undo: close,
    },
    Injury {
        name: "source NAT lets the house look like the internet",
        id: "public.source-nat",
        says: &["turns this machine away", "source NAT", "`lan`"],
        ask: ASK,
        always: false,
        make: |hands| {
            opened(hands)?;
            translate("-I")
        },
        undo: |hands| {
            translate("-D")?;
            close(hands)
        },
    },
];

fn opened(hands: &Hands) -> Result<()> {
    let config = open(hands, "")?;
    hands.up_well(&config, &[])?;
    // The lab has no timer.
    run(hands.homelab(&["addresses", "--config"]).arg(&config))?;
    leads(hands, ROUTER_WAN)
}

/// Waits until the public record leads there.
fn leads(hands: &Hands, address: &str) -> Result<()> {
    eventually("the public record", 90, || {
        let found = record(hands)?;
        Ok(if found == [address] { Ok(()) } else { Err(format!("{found:?}")) })
    })
    .map(drop)
}

fn translate(verb: &str) -> Result<()> {
    run(enter(Place::Node).args(["iptables", "--wait", "-t", "nat", verb]).args(TRANSLATED)).map(drop)
}
