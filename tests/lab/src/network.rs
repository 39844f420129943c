//! The lab's network: a LAN behind a router, and an internet behind that. None of it touches the machine's own.
//!
//! ```text
//! hl-node, hl-node2, hl-server3, hl-client -- lan (bridge) in hl-router -- wan -- hl-world
//! ```

use std::process::Command;

use serde_json::Value;

use crate::command::run;
use crate::error::{Context, Result, bail};
use crate::vantage::Place;

pub(crate) const ROUTER_LAN: &str = "10.99.0.1";
pub(crate) const ROUTER_WAN: &str = "198.51.100.1";
pub(crate) const WORLD_WAN: &str = "198.51.100.2";
pub(crate) const CLIENT: &str = "10.99.0.50";
pub(crate) const LAN_PREFIX: u8 = 24;

pub(crate) const CLOUDFLARE_API: &str = "203.0.113.10";
/// Amazon's API, in a lab with Route 53.
pub(crate) const AMAZON_API: &str = "203.0.113.11";
pub(crate) const ACME: &str = "203.0.113.20";
/// An ACME server whose certificates live for minutes.
pub(crate) const SHORT_ACME: &str = "203.0.113.21";
pub(crate) const FILES: &str = "203.0.113.30";
pub(crate) const AUTHORITATIVE: [&str; 2] = ["203.0.113.53", "203.0.113.54"];
pub(crate) const RESOLVERS: [&str; 2] = ["1.1.1.1", "8.8.8.8"];

/// Pods and services, as k3s numbers them.
pub(crate) const PODS: &str = "10.42.0.0/16";
pub(crate) const SERVICES: &str = "10.43.0.0/16";

/// Makes the namespaces of these places, their links, addresses and routes.
pub(crate) fn make(places: &[Place]) -> Result<()> {
    for place in places {
        make_namespace(*place)?;
    }
    make_router()?;
    make_world()?;
    for place in places.iter().filter(|place| place.lan_address().is_some()) {
        join_lan(*place)?;
    }
    check_isolated(places)
}

/// One more machine on the LAN.
pub(crate) fn add(place: Place) -> Result<()> {
    make_namespace(place)?;
    join_lan(place)
}

fn make_namespace(place: Place) -> Result<()> {
    ip(&["netns", "add", place.namespace()])?;
    in_place(place, &["link", "set", "lo", "up"]).map(drop)
}

fn make_router() -> Result<()> {
    let router = Place::Router;
    in_place(router, &["link", "add", "lan", "type", "bridge"])?;
    in_place(router, &["link", "set", "lan", "up"])?;
    in_place(router, &["address", "add", &format!("{ROUTER_LAN}/{LAN_PREFIX}"), "dev", "lan"])?;
    forward(router)
}

/// A router's bridge passes frames on and no more. Where the kernel shows them to netfilter, one whose address the router has
/// translated back into the LAN never comes to the router itself, and so never back to the port that it came from.
fn routes_only() -> Result<()> {
    let file = "/proc/sys/net/bridge/bridge-nf-call-iptables";
    let script = format!("! [ -e {file} ] || echo 0 >{file}");
    run(enter(Place::Router).args(["sh", "-c", &script])).map(drop)
}

fn make_world() -> Result<()> {
    let (router, world) = (Place::Router, Place::World);
    let peer = ["peer", "name", "wan", "netns", router.namespace()];
    in_place(world, &[&["link", "add", "eth0", "type", "veth"][..], &peer].concat())?;
    in_place(router, &["address", "add", &format!("{ROUTER_WAN}/24"), "dev", "wan"])?;
    in_place(router, &["link", "set", "wan", "up"])?;
    in_place(router, &["route", "add", "default", "via", WORLD_WAN])?;
    in_place(world, &["address", "add", &format!("{WORLD_WAN}/24"), "dev", "eth0"])?;
    in_place(world, &["link", "set", "eth0", "up"])?;
    for address in
        [&[CLOUDFLARE_API, AMAZON_API, ACME, SHORT_ACME, FILES][..], &AUTHORITATIVE, &RESOLVERS].concat()
    {
        in_place(world, &["address", "add", &format!("{address}/32"), "dev", "lo"])?;
    }
    // A home has one address on the internet.
    iptables(router, &["-t", "nat", "-A", "POSTROUTING", "-o", "wan", "-j", "MASQUERADE"])
}

/// A machine on the LAN: `eth0` there, a port of the bridge with the place's name at the router.
fn join_lan(place: Place) -> Result<()> {
    let Some(address) = place.lan_address() else { return Ok(()) };
    let peer = ["peer", "name", place.name(), "netns", Place::Router.namespace()];
    in_place(place, &[&["link", "add", "eth0", "type", "veth"][..], &peer].concat())?;
    in_place(Place::Router, &["link", "set", place.name(), "master", "lan", "up"])?;
    in_place(place, &["address", "add", &format!("{address}/{LAN_PREFIX}"), "dev", "eth0"])?;
    in_place(place, &["link", "set", "eth0", "up"])?;
    default_route(place)
}

/// Takes the line to the internet out of the router: nothing passes any more, and the router knows no way out.
pub(crate) fn cut_line() -> Result<()> {
    in_place(Place::Router, &["link", "set", "wan", "down"]).map(drop)
}

/// The way out of the LAN. It goes when the link goes down.
pub(crate) fn default_route(place: Place) -> Result<()> {
    in_place(place, &["route", "replace", "default", "via", ROUTER_LAN])?;
    Ok(())
}

/// What flannel does with host-gw: pods reach other nodes' pods under their own address, and the rest as the node.
pub(crate) fn masquerade_pods(place: Place) -> Result<()> {
    forward(place)?;
    let rule = ["-s", PODS, "!", "-d", PODS, "-j", "MASQUERADE"];
    iptables(place, &[&["-t", "nat", "-A", "POSTROUTING"][..], &rule].concat())
}

fn forward(place: Place) -> Result<()> {
    let mut write = enter(place);
    run(write.args(["sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"]))?;
    Ok(())
}

fn iptables(place: Place, rule: &[&str]) -> Result<()> {
    run(enter(place).args(["iptables", "--wait"]).args(rule))?;
    Ok(())
}

/// The start of a script for the router: two chains of its own without a rule, one for where packets to its public address go, one for
/// those that go back into the house.
fn empty_chains(forward: &str, hairpin: &str) -> Result<String> {
    routes_only()?;
    let chains = [(forward, "PREROUTING"), (hairpin, "POSTROUTING")].map(|(chain, from)| {
        format!(
            "iptables -w -t nat -N {chain} 2>/dev/null || iptables -w -t nat -F {chain}\n\
             iptables -w -t nat -C {from} -j {chain} 2>/dev/null || iptables -w -t nat -I {from} -j {chain}\n"
        )
    });
    Ok(format!("set -e\n{}", chains.concat()))
}

/// What the router does with DNS that comes to its public address: each protocol, and the machine and port that it passes it on to. From
/// inside the house it leads there, too, as a router does that knows hairpin NAT. Nothing of what was so before is left.
pub(crate) fn forward_public_dns(rules: &[(&str, &str)]) -> Result<()> {
    let mut script = empty_chains("LAB-DNS", "LAB-HAIRPIN")?;
    for (protocol, to) in rules {
        let (host, port) = to.split_once(':').context("an address and a port")?;
        script.push_str(&format!(
            "iptables -w -t nat -A LAB-DNS -d {ROUTER_WAN} -p {protocol} --dport 53 -j DNAT --to-destination {to}\n\
             iptables -w -t nat -A LAB-HAIRPIN -s {ROUTER_LAN}/{LAN_PREFIX} -d {host} -p {protocol} --dport {port} -j MASQUERADE\n"
        ));
    }
    run(enter(Place::Router).args(["sh", "-c", &script])).map(drop)
}

/// What the router does with HTTPS that comes to its public address: the machine that it passes it on to, if it does. With `hairpin`, from
/// inside the house it leads there, too. Nothing of what was so before is left.
pub(crate) fn forward_public_https(to: Option<&str>, hairpin: bool) -> Result<()> {
    let mut script = empty_chains("LAB-WEB", "LAB-WEB-HAIRPIN")?;
    if let Some(host) = to {
        let from = if hairpin { "" } else { "-i wan " };
        script.push_str(&format!(
            "iptables -w -t nat -A LAB-WEB {from}-d {ROUTER_WAN} -p tcp --dport 443 -j DNAT --to-destination {host}:443\n"
        ));
        if hairpin {
            script.push_str(&format!(
                "iptables -w -t nat -A LAB-WEB-HAIRPIN -s {ROUTER_LAN}/{LAN_PREFIX} -d {host} -p tcp --dport 443 -j MASQUERADE\n"
            ));
        }
    }
    run(enter(Place::Router).args(["sh", "-c", &script])).map(drop)
}

/// Runs `ip` in a place's network.
pub(crate) fn in_place(place: Place, words: &[&str]) -> Result<String> {
    ip(&[&["-n", place.namespace()][..], words].concat())
}

/// The start of a command in a place's network, before there is a vantage point.
pub(crate) fn enter(place: Place) -> Command {
    let mut enter = Command::new("nsenter");
    enter.arg(format!("--net={}", place.namespace_file().display())).arg("--");
    enter
}

fn ip(words: &[&str]) -> Result<String> {
    run(Command::new("ip").args(words))
}

/// Removes the namespaces of these places, and with them their links.
pub(crate) fn remove(places: &[Place]) -> Result<()> {
    for place in places.iter().filter(|place| place.namespace_file().exists()) {
        ip(&["netns", "delete", place.namespace()])?;
    }
    Ok(())
}

/// Namespaces of the lab's names that exist on this machine.
pub(crate) fn existing() -> Vec<Place> {
    Place::ALL.into_iter().filter(|place| place.namespace_file().exists()).collect()
}

/// Every link of the lab ends in another place of the lab (or in a pod), never in the machine's own network.
pub(crate) fn check_isolated(places: &[Place]) -> Result<()> {
    for place in places {
        let names: Vec<Value> = parse(&in_place(*place, &["-json", "netns", "list-id"])?)?;
        for link in parse(&in_place(*place, &["-json", "-details", "link", "show", "type", "veth"])?)? {
            if link["master"] == "cni0" {
                continue;
            }
            let other_end = names.iter().find(|name| name["nsid"] == link["link_netnsid"]);
            let other_end = other_end.and_then(|name| name["name"].as_str()).unwrap_or_default();
            if !Place::ALL.iter().any(|known| known.namespace() == other_end) {
                bail!("the link {} of {} ends outside the lab", link["ifname"], place.namespace());
            }
        }
    }
    Ok(())
}

fn parse(json: &str) -> Result<Vec<Value>> {
    serde_json::from_str(json).context("reading what ip said")
}
