//! What resolvers of a house do to names: each was reported by somebody, and is made here by a real dnsmasq. The router
//! begins with an empty cache each time, so that nothing of before is remembered.

use serde_json::{Value, json};

use super::{Ask, Injury, asked_until, injury, is_well};
use crate::cases::doctor::names::{clean_router, resolv_conf};
use crate::cases::hands::{DOMAIN, Hands, WHOAMI, ZONE, eventually, expect};
use crate::error::{Context, Result};
use crate::network::{CLOUDFLARE_API, ROUTER_LAN, in_place};
use crate::process::Process;
use crate::router::Router;
use crate::vantage::{Place, Vantage};

/// A second resolver of the house, at the router.
pub(in crate::cases) const SECOND: &str = "10.99.0.3";
const SECOND_NAME: &str = "dnsmasq-second";
/// The router and the node, where the LAN has IPv6.
const ROUTER_SIX: &str = "fd00:99::1";
const NODE_SIX: &str = "fd00:99::10/64";

pub(super) const INJURIES: &[Injury] = &[
    // AdguardTeam/AdGuardHome#2983, #3028; opnsense/core#6525; what pi-hole/FTL#2841 advises has the same effect.
    injury(
        "the LAN's own domain is the lab's domain",
        "dns.local-zone",
        &["10.99.0.1 is authoritative for `home.example.test`", "home.arpa", "it asked no other server"],
        |hands| router(hands, &format!("domain={DOMAIN}\nlocal=/{DOMAIN}/")),
        clean_router,
    ),
    // traefik/traefik#9731: a local server has a zone of its own for the domain, and the router passes questions on to it.
    injury(
        "an internal DNS server has a zone of the lab's domain",
        "dns.local-zone",
        &["10.99.0.1 is authoritative for `home.example.test`", "it has its own zone `home.example.test`"],
        |hands| {
            second(hands, SECOND, &format!("auth-server=ns.{DOMAIN},{SECOND}\nauth-zone={DOMAIN}"))?;
            router(hands, &format!("server=/{DOMAIN}/{SECOND}"))
        },
        |hands| no_second(hands).and(clean_router(hands)),
    ),
    // hagezi/dns-blocklists#6349, #330; DandelionSprout/adfilt#551
    injury(
        "a block list has the lab's domain",
        "dns.local-override",
        &["0.0.0.0 and :: are how", "`home.example.test` and all names below it", "allow `example.test`"],
        |hands| router(hands, &format!("address=/{DOMAIN}/0.0.0.0\naddress=/{DOMAIN}/::")),
        clean_router,
    ),
    // caddy-dns/cloudflare#53: everything below the domain is overridden at home.
    injury(
        "the router has a wildcard for the lab's domain",
        "dns.local-override",
        &["10.99.0.1 has its own wildcard entry", "every name below `home.example.test`"],
        |hands| router(hands, &format!("address=/{DOMAIN}/10.99.0.77")),
        clean_router,
    ),
    // pi-hole/FTL#2841, pi-hole/pi-hole#3433: only one family has a local entry, and the other comes from elsewhere.
    injury(
        "the router has an IPv6 address of its own for the name",
        "dns.local-override",
        &["10.99.0.1 has the AAAA record", "2001:db8::77"],
        |hands| router(hands, &format!("address=/{WHOAMI}/2001:db8::77")),
        clean_router,
    ),
    // opnsense/core#8612, AdguardTeam/AdGuardHome#6945: the domain is passed on to a server that does not answer.
    injury(
        "the router passes the lab's domain on to a server that is off",
        "dns.system",
        &["conditional forwarding", "every name below `home.example.test` and not for others"],
        |hands| router(hands, &format!("server=/{DOMAIN}/10.99.0.77")),
        clean_router,
    ),
    // pi-hole/FTL#2841 ("intermittently ignored"): DHCP hands out two resolvers, and only one has the world's answer.
    injury(
        "the second of two resolvers takes the domain for its own",
        "dns.local-zone",
        &["10.99.0.3 answers", "other devices and pods may not"],
        |hands| {
            second(hands, SECOND, &format!("server=1.1.1.1\nserver=8.8.8.8\nlocal=/{DOMAIN}/"))?;
            resolv_conf(hands, &[ROUTER_LAN, SECOND])
        },
        |hands| resolv_conf(hands, &[ROUTER_LAN]).and(no_second(hands)),
    ),
    // dnsmasq 2.90 without a server refuses everything, as unbound does whose access-control has no place for the network.
    injury(
        "the resolver refuses every question",
        "dns.resolver",
        &["10.99.0.3: REFUSED to everything", "no server to forward to"],
        |hands| second(hands, SECOND, "").and_then(|()| resolv_conf(hands, &[SECOND])),
        |hands| resolv_conf(hands, &[ROUTER_LAN]).and(no_second(hands)),
    ),
    // k3s-io/k3s#1826, #3153
    injury(
        "the node's resolvers have IPv6 addresses alone, and CoreDNS still has the old ones",
        "host.resolv",
        &["fd00:99::1", "no IPv6", "a resolver that has an IPv4 address"],
        only_ipv6,
        no_ipv6,
    ),
    injury(
        "the node's resolvers have IPv6 addresses alone",
        "host.resolv",
        &["fd00:99::1", "no IPv6", "a resolver that has an IPv4 address"],
        |hands| only_ipv6(hands).and_then(|()| forget(hands)),
        |hands| no_ipv6(hands).and_then(|()| forget(hands)),
    ),
    injury(
        "the router's DNS is down, and CoreDNS remembers nothing",
        "dns.resolver",
        &["10.99.0.1: nothing listens on its DNS port"],
        |hands| Router::find(&hands.run)?.stop().and_then(|()| forget(hands)),
        |hands| Router::find(&hands.run)?.start(false),
    ),
];

fn router(hands: &Hands, lines: &str) -> Result<()> {
    Router::find(&hands.run)?.restart_with(lines)
}

/// Another dnsmasq in the router's place, with these lines and no server unless they name one.
pub(in crate::cases) fn second(hands: &Hands, address: &str, lines: &str) -> Result<()> {
    if address == SECOND {
        in_place(Place::Router, &["address", "replace", &format!("{address}/24"), "dev", "lan"])?;
    }
    let text = format!(
        "no-resolv\nno-hosts\nbind-interfaces\nexcept-interface=lo\nuser=root\npid-file\nlisten-address={address}\n{lines}\n"
    );
    let config = hands.config_file("second.conf", &text)?;
    let mut dnsmasq = Vantage::find(&hands.run, Place::Router)?.daemon("dnsmasq");
    dnsmasq.arg("--keep-in-foreground").arg(format!("--conf-file={}", config.display()));
    Process::start(&hands.run, SECOND_NAME, &dnsmasq).map(drop)
}

pub(in crate::cases) fn no_second(hands: &Hands) -> Result<()> {
    let stopped = Process::find(&hands.run, SECOND_NAME)?.stop(&hands.run);
    // It is not there where the second one listened on IPv6.
    let _ = in_place(Place::Router, &["address", "delete", &format!("{SECOND}/24"), "dev", "lan"]);
    stopped
}

/// The router hands out a resolver with an IPv6 address, which the node reaches and pods do not.
fn only_ipv6(hands: &Hands) -> Result<()> {
    in_place(Place::Router, &["address", "add", &format!("{ROUTER_SIX}/64"), "dev", "lan", "nodad"])?;
    in_place(Place::Node, &["address", "add", NODE_SIX, "dev", "eth0", "nodad"])?;
    second(hands, ROUTER_SIX, "server=1.1.1.1\nserver=8.8.8.8")?;
    resolv_conf(hands, &[ROUTER_SIX])
}

fn no_ipv6(hands: &Hands) -> Result<()> {
    resolv_conf(hands, &[ROUTER_LAN])?;
    no_second(hands)?;
    in_place(Place::Node, &["address", "delete", NODE_SIX, "dev", "eth0"])?;
    in_place(Place::Router, &["address", "delete", &format!("{ROUTER_SIX}/64"), "dev", "lan"]).map(drop)
}

/// CoreDNS begins anew: with nothing in its cache, and with the node's resolvers of now.
fn forget(hands: &Hands) -> Result<()> {
    let pods =
        ["--namespace", "kube-system", "delete", "pod", "--selector=k8s-app=kube-dns", "--grace-period=1"];
    hands.kubectl(&pods).map(drop)
}

/// How many names, and how long the doctor may look at them: each is asked for at both nodes.
const MANY: [(usize, &str); 3] = [(10, "15s"), (100, "30s"), (1000, "50s")];
/// A screen.
const LINES: usize = 50;

/// As AdGuard Home does unless it is told otherwise: 20 questions a second for the whole /24, and silence to the others
/// (AdguardTeam/AdGuardHome#6726).
pub(in crate::cases) fn many_names_behind_a_limit(hands: &Hands) -> Result<()> {
    let counted = limit(hands, "-A").and_then(|()| {
        let seen = MANY.iter().try_for_each(|(names, within)| well_with(hands, *names, within));
        seen.and(dropped(hands))
    });
    let cleaned = limit(hands, "-D").and(no_names(hands)).and(external_dns(hands, 1));
    counted.and(cleaned).and_then(|()| is_well(hands))
}

fn limit(hands: &Hands, verb: &str) -> Result<()> {
    let router = Vantage::find(&hands.run, Place::Router)?;
    let asked = ["-i", "lan", "-p", "udp", "--dport", "53"];
    let few = ["-m", "limit", "--limit", "20/second", "--limit-burst", "20", "-j", "ACCEPT"];
    for target in [&few[..], &["-j", "DROP"]] {
        router.run("iptables", &[&["--wait", verb, "INPUT"][..], &asked, target].concat())?;
    }
    Ok(())
}

/// Says how many questions were too many. The pods' own are among them.
fn dropped(hands: &Hands) -> Result<()> {
    let router = Vantage::find(&hands.run, Place::Router)?;
    let listed =
        router.run("iptables", &["--wait", "--list", "INPUT", "--verbose", "--exact", "--numeric"])?;
    let count = listed.lines().find(|line| line.contains("DROP") && line.contains("dpt:53"));
    println!(
        "      beyond the limit: {}",
        count.and_then(|line| line.split_whitespace().next()).unwrap_or("?")
    );
    Ok(())
}

/// One Ingress with so many names, and their records as external-dns writes them: it need not write thousands.
fn well_with(hands: &Hands, names: usize, within: &'static str) -> Result<()> {
    // It would write half of the records and delete the other half, while Ingress and records come one after the other.
    external_dns(hands, 0)?;
    no_names(hands)?;
    let hosts: Vec<String> = (0..names).map(|n| format!("many{n}.{DOMAIN}")).collect();
    let rule = |host: &String| {
        let backend = json!({ "service": { "name": "whoami", "port": { "number": 80 } } });
        json!({ "host": host, "http": { "paths": [{ "path": "/", "pathType": "Prefix", "backend": backend }] } })
    };
    let rules: Vec<Value> = hosts.iter().map(rule).collect();
    let ingress = json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": { "namespace": "homelab", "name": "many" },
        "spec": { "ingressClassName": "nginx", "rules": rules } });
    // Before anybody asks: the resolvers remember what they did not find.
    hands.kubectl_apply("many.json", &ingress.to_string())?;
    add_records(hands, &hosts)?;
    external_dns(hands, 1)?;
    let ask = |format: &'static str| -> Result<String> {
        let mut doctor = Ask::NODE.doctor(hands, format)?;
        doctor.args(["--timeout", within]);
        Ok(crate::command::output_within(&mut doctor, super::DOCTOR_LIMIT)?.stdout)
    };
    let seconds = asked_until(&format!("the doctor to find {names} names well"), || {
        let mut report: Value = serde_json::from_str(&ask("json")?).context("the doctor's JSON")?;
        if let Some(checks) = report["checks"].as_array_mut() {
            // So many records are indeed too many for a zone of the free plan.
            checks.retain(|check| check["id"] != "cf.records-limit");
        }
        let answer = super::Answer { code: None, report };
        let of_names = |check: &&Value| check["host"].as_str().is_some_and(|host| host.starts_with("many"));
        let seen =
            answer.checks().iter().filter(of_names).filter(|check| check["id"] == "dns.system").count();
        Ok(match (answer.lines().is_empty(), seen == names) {
            (true, true) => Ok(()),
            (_, false) => Err(format!("{seen} of {names} names were judged")),
            (false, _) => Err(answer.lines().chars().take(2000).collect()),
        })
    })?;
    let text = ask("text")?;
    let lines = text.lines().count();
    println!("      {names} names: well after {seconds:.1} s, told in {lines} lines");
    expect(lines <= LINES, format!("{lines} lines:\n{text}"))
}

/// So many pods of external-dns run, and no other.
fn external_dns(hands: &Hands, pods: u8) -> Result<()> {
    let at = ["--namespace", "external-dns"];
    hands
        .kubectl(&[&["scale", "deployment/external-dns", &format!("--replicas={pods}")][..], &at].concat())?;
    hands.kubectl(&[&["rollout", "status", "deployment/external-dns", "--timeout=60s"][..], &at].concat())?;
    eventually("the pods of external-dns to be as many as asked for", 60, || {
        let listed = hands.kubectl(&[&["get", "pods", "-o", "name"][..], &at].concat())?;
        Ok(if listed.lines().count() == usize::from(pods) { Ok(()) } else { Err(listed) })
    })
    .map(drop)
}

/// Makes the records of these hosts with one run of curl: what whoami's are, under other names.
fn add_records(hands: &Hands, hosts: &[String]) -> Result<()> {
    let owner = format!("a-homelab.{WHOAMI}");
    let (a, txt) = (hands.records_of("A", WHOAMI)?, hands.records_of("TXT", &owner)?);
    let a: Vec<&str> = a.iter().filter_map(|record| record["content"].as_str()).collect();
    let txt =
        txt.first().and_then(|record| record["content"].as_str()).context("the owner of whoami's record")?;
    let txt = txt.replace("ingress/homelab/whoami", "ingress/homelab/many");
    let of = |host: &String| {
        let of_node = |content: &&str| json!({ "zone": ZONE, "type": "A", "name": host, "content": content, "ttl": 60 });
        let mut records: Vec<Value> = a.iter().map(of_node).collect();
        let name = format!("a-homelab.{host}");
        records.push(json!({ "zone": ZONE, "type": "TXT", "name": name, "content": txt, "ttl": 60 }));
        records
    };
    let one = |record: Value| {
        format!(
            "url = \"http://{CLOUDFLARE_API}:8080/records\"\nheader = \"content-type: application/json\"\ndata = {}\n",
            Value::from(record.to_string())
        )
    };
    curl(hands, hosts.iter().flat_map(of).map(one).collect())
}

/// Removes the Ingress and the records; external-dns would take its time for so many.
fn no_names(hands: &Hands) -> Result<()> {
    let ingress = ["delete", "--ignore-not-found", "--namespace", "homelab", "ingress/many"];
    hands.kubectl(&ingress)?;
    let mut left = hands.records()?;
    left.retain(|record| record["name"].as_str().is_some_and(|name| name.contains("many")));
    let one = |record: &Value| {
        let id = record["id"].as_str().unwrap_or_default();
        format!("url = \"http://{CLOUDFLARE_API}:8080/records/{id}\"\nrequest = DELETE\n")
    };
    curl(hands, left.iter().map(one).collect())
}

/// All of these requests, one after the other.
fn curl(hands: &Hands, requests: Vec<String>) -> Result<()> {
    if requests.is_empty() {
        return Ok(());
    }
    let each: Vec<String> =
        requests.into_iter().map(|request| format!("{request}silent\noutput = /dev/null\n")).collect();
    let path = hands.config_file("many.curl", &each.join("next\n"))?;
    hands.world.run("curl", &["--config", &path.display().to_string()]).map(drop)
}
