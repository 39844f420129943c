//! Names, as each vantage resolves them.

use serde_json::json;

use super::{Ask, Injury};
use crate::cases::hands::{Hands, WHOAMI, ZONE};
use crate::error::{Context, Result};
use crate::network::{AUTHORITATIVE, RESOLVERS, ROUTER_LAN, in_place};
use crate::router::Router;
use crate::vantage::{Place, Vantage};

pub(super) const INJURIES: &[Injury] = &[
    Injury {
        name: "the authoritative servers do not know the record",
        id: "dns.authoritative",
        says: &[],
        ask: Ask::NODE,
        always: false,
        make: |hands| fault(hands, "nxdomain", WHOAMI, None),
        undo: no_faults,
    },
    Injury {
        name: "one of two authoritative servers lags behind",
        id: "dns.authoritative",
        says: &["has reached ada.ns.lab.test, but not yet this server", "10.99.0.99"],
        ask: Ask::NODE,
        always: false,
        make: lag,
        undo: no_faults,
    },
    Injury {
        name: "a public resolver remembers that the name was missing",
        id: "dns.public",
        says: &["has cached the old answer"],
        ask: Ask::NODE,
        always: false,
        make: |hands| fault(hands, "nxdomain", WHOAMI, Some(RESOLVERS[1])),
        undo: clean_router,
    },
    Injury {
        name: "the DNSSEC of the zone is bogus",
        id: "dns.dnssec",
        says: &["with DNSSEC validation off", "remove the DS record of `example.test`"],
        ask: Ask::NODE,
        always: false,
        make: bogus,
        undo: not_bogus,
    },
    Injury {
        name: "the router drops private answers",
        id: "dns.rebind",
        says: &["dnsmasq with `stop-dns-rebind`", "rebind-domain-ok=/example.test/"],
        ask: Ask::NODE,
        always: true,
        make: |hands| Router::find(&hands.run)?.restart(true),
        undo: clean_router,
    },
    Injury {
        name: "the router remembers that the name was missing",
        id: "dns.negative-cache",
        says: &["its cache entry ends in", ROUTER_LAN],
        ask: Ask::NODE,
        always: false,
        make: remember,
        undo: clean_router,
    },
    Injury {
        name: "/etc/hosts has another address",
        id: "dns.local-override",
        says: &["`/etc/hosts` has the line `10.99.0.77 whoami.home.example.test`"],
        ask: Ask::NODE,
        always: false,
        make: hosts_entry,
        undo: no_hosts_entry,
    },
    Injury {
        name: "the router has an entry of its own for the name",
        id: "dns.local-override",
        says: &["10.99.0.1 has its own entry"],
        ask: Ask::NODE,
        always: false,
        make: |hands| Router::find(&hands.run)?.restart_with(&format!("address=/{WHOAMI}/10.99.0.77")),
        undo: clean_router,
    },
    Injury {
        name: "the router's DNS is down",
        id: "dns.resolver",
        says: &["10.99.0.1: nothing listens on its DNS port"],
        ask: Ask::NODE,
        always: false,
        make: |hands| Router::find(&hands.run)?.stop(),
        undo: |hands| Router::find(&hands.run)?.start(false),
    },
    Injury {
        name: "the first of two resolvers is down",
        id: "dns.resolver",
        says: &["10.99.0.77: no answer", "10.99.0.1 answers"],
        ask: Ask::NODE,
        always: false,
        make: |hands| resolv_conf(hands, &["10.99.0.77", ROUTER_LAN]),
        undo: |hands| resolv_conf(hands, &[ROUTER_LAN]),
    },
    Injury {
        name: "the router answers every question to port 53 itself",
        id: "dns.intercepted",
        says: &["a DNS reply came from 192.0.2.1"],
        ask: Ask::NODE,
        always: false,
        make: |hands| intercept(hands, "-A"),
        undo: |hands| intercept(hands, "-D"),
    },
    Injury {
        name: "this machine is not at home",
        id: "net.home",
        says: &["192.168.77.0/24 (eth0)", "nothing answers at"],
        ask: Ask {
            at: Place::Client,
            flags: &["--skip", "k3s"],
            kubeconfig: Some("no-such.kubeconfig"),
            ..Ask::NODE
        },
        always: false,
        make: leave_home,
        undo: come_home,
    },
];

fn fault(hands: &Hands, mode: &str, name: &str, server: Option<&str>) -> Result<()> {
    let fault = json!({ "target": "dns", "mode": mode, "name": name, "server": server });
    hands.control("POST", "/faults", Some(&fault)).map(drop)
}

fn no_faults(hands: &Hands) -> Result<()> {
    hands.control("DELETE", "/faults", None)?;
    hands.control("DELETE", "/cache", None).map(drop)
}

/// Nothing that was learned under a fault stays in the router.
pub(super) fn clean_router(hands: &Hands) -> Result<()> {
    no_faults(hands)?;
    Router::find(&hands.run)?.restart(false)
}

/// The second server goes on with the zone as it was when the name had one address more.
fn lag(hands: &Hands) -> Result<()> {
    let record = json!({ "type": "A", "name": WHOAMI, "content": "10.99.0.99", "ttl": 60 });
    let made = hands.add_record(&record)?;
    fault(hands, "stale", WHOAMI, Some(AUTHORITATIVE[1]))?;
    hands.remove_record(&made)
}

/// Every resolver refuses the zone, but for questions with checking disabled, which the zone's own server answers.
fn bogus(hands: &Hands) -> Result<()> {
    unchecked(hands, "-A")?;
    for resolver in RESOLVERS {
        fault(hands, "servfail", ZONE, Some(resolver))?;
    }
    Router::find(&hands.run)?.restart(false)
}

fn not_bogus(hands: &Hands) -> Result<()> {
    clean_router(hands)?;
    unchecked(hands, "-D")
}

/// Leads questions with the CD flag (the fifth lowest bit of the header's second word) to the zone's own server.
fn unchecked(hands: &Hands, verb: &str) -> Result<()> {
    let flag = "0>>22&0x3C@8&0x10=0x10";
    for resolver in RESOLVERS {
        let rule = ["-p", "udp", "-d", resolver, "--dport", "53", "-m", "u32", "--u32", flag];
        let words = [&["--wait", "-t", "nat", verb, "PREROUTING"][..], &rule].concat();
        let target = ["-j", "DNAT", "--to", AUTHORITATIVE[0]];
        hands.world.run("iptables", &[&words[..], &target].concat())?;
    }
    Ok(())
}

/// The router is asked in the moment in which the record is not there.
fn remember(hands: &Hands) -> Result<()> {
    let records = hands.records_of("A", WHOAMI)?;
    hands.remove_records("A", WHOAMI)?;
    let asked = Router::find(&hands.run)?.restart(false).and_then(|()| hands.dig(WHOAMI));
    for record in &records {
        let again =
            json!({ "type": "A", "name": WHOAMI, "content": record["content"], "ttl": record["ttl"] });
        hands.add_record(&again)?;
    }
    asked.map(drop)
}

/// The node's own `/etc/hosts`, mounted over the machine's.
pub(in crate::cases) fn hosts_entry(hands: &Hands) -> Result<()> {
    let path = hands.config_file("hosts", &format!("127.0.0.1 localhost\n10.99.0.77 {WHOAMI}\n"))?;
    hands.node.run("mount", &["--bind", &path.display().to_string(), "/etc/hosts"]).map(drop)
}

pub(in crate::cases) fn no_hosts_entry(hands: &Hands) -> Result<()> {
    hands.node.run("umount", &["/etc/hosts"]).map(drop)
}

pub(in crate::cases) fn resolv_conf(hands: &Hands, servers: &[&str]) -> Result<()> {
    resolv_conf_of(hands, Place::Node, servers)
}

/// The file is written in place: it is mounted.
pub(in crate::cases) fn resolv_conf_of(hands: &Hands, place: Place, servers: &[&str]) -> Result<()> {
    let lines: String = servers.iter().map(|server| format!("nameserver {server}\n")).collect();
    let path = hands.run.path("places").join(place.name()).join("resolv.conf");
    std::fs::write(&path, lines).context(format_args!("writing {}", path.display()))
}

fn intercept(hands: &Hands, verb: &str) -> Result<()> {
    let router = Vantage::find(&hands.run, Place::Router)?;
    for protocol in ["udp", "tcp"] {
        let rule = ["-i", "lan", "-p", protocol, "--dport", "53", "!", "-d", ROUTER_LAN, "-j", "REDIRECT"];
        router.run("iptables", &[&["--wait", "-t", "nat", verb, "PREROUTING"][..], &rule].concat())?;
    }
    Ok(())
}

/// A network with the internet behind it and nothing of home: the router is there, too, and keeps the two apart.
const ELSEWHERE: [&str; 2] = ["192.168.77.1/24", "192.168.77.5/24"];
const APART: [&str; 6] = ["-s", "192.168.77.0/24", "-d", "10.99.0.0/24", "-j", "DROP"];

fn leave_home(hands: &Hands) -> Result<()> {
    let router = Vantage::find(&hands.run, Place::Router)?;
    router.run("iptables", &[&["--wait", "-I", "FORWARD"][..], &APART].concat())?;
    in_place(Place::Router, &["address", "add", ELSEWHERE[0], "dev", "lan"])?;
    in_place(Place::Client, &["address", "flush", "dev", "eth0"])?;
    in_place(Place::Client, &["address", "add", ELSEWHERE[1], "dev", "eth0"])?;
    in_place(Place::Client, &["route", "replace", "default", "via", "192.168.77.1"]).map(drop)
}

fn come_home(hands: &Hands) -> Result<()> {
    let router = Vantage::find(&hands.run, Place::Router)?;
    in_place(Place::Client, &["address", "flush", "dev", "eth0"])?;
    in_place(Place::Client, &["address", "add", "10.99.0.50/24", "dev", "eth0"])?;
    in_place(Place::Client, &["route", "replace", "default", "via", ROUTER_LAN])?;
    in_place(Place::Router, &["address", "delete", ELSEWHERE[0], "dev", "lan"])?;
    router.run("iptables", &[&["--wait", "-D", "FORWARD"][..], &APART].concat()).map(drop)
}
