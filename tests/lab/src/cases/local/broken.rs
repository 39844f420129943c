//! What breaks where the nodes answer for the domain, and nobody in the internet does. Each is undone as the doctor's words tell a
//! person to do it.

use std::path::PathBuf;
use std::process::Command;

use super::{DOMAIN, WHOAMI, dig, distrust_root, trust_root};
use crate::cases::doctor::names::{hosts_entry, no_hosts_entry, resolv_conf};
use crate::cases::doctor::resolvers::{SECOND, no_second, second};
use crate::cases::doctor::{Ask, Injury, injury, is_well};
use crate::cases::hands::{Hands, eventually, expect};
use crate::error::{Context, Result};
use crate::files;
use crate::name_server::{Provider, to_nodes};
use crate::network::ROUTER_LAN;
use crate::process::Process;
use crate::router::{self, Router};
use crate::vantage::{Place, Vantage};

const NODES: [Place; 2] = [Place::Node, Place::Node2];
/// Where the name servers are, and what all that is theirs is called.
const NAMESPACE: &str = "name-server";
const NAME: &str = "name-server";
/// A program of the first node that holds port 53.
const TAKER: &str = "port-53";
/// A name of `dns.hosts`, and a configuration that has it.
const PRINTER: &str = "printer.home.example.test";
const WITH_PRINTER: &str = "printer.yaml";
const WITH_IT: Ask = Ask { config: Some(WITH_PRINTER), ..Ask::NODE };

pub(super) const INJURIES: &[Injury] = &[
    Injury {
        always: false,
        ..injury(
            "the router was not told to ask the nodes",
            "dns.forwarding",
            &[
                "10.99.0.1 does not pass `home.example.test` on to the nodes",
                "add `server=/home.example.test/10.99.0.10` to its configuration",
                "do the same with 10.99.0.11",
            ],
            |hands| forwards(hands, "", false),
            |hands| forwards(hands, &to_nodes(&NODES), false),
        )
    },
    injury(
        "a Pi-hole beside the router was not told to ask the nodes",
        "dns.forwarding",
        &[
            "10.99.0.3 does not pass `home.example.test` on to the nodes",
            "`misc.dnsmasq_lines`",
            "add the line `server=/home.example.test/10.99.0.10`",
        ],
        |hands| {
            pi_hole(hands, "")?;
            resolv_conf(hands, &[ROUTER_LAN, SECOND])
        },
        |hands| {
            no_second(hands)?;
            let told = NODES.iter().filter_map(|node| node.lan_address());
            let lines: String = told.map(|address| format!("server=/{DOMAIN}/{address}\n")).collect();
            let cured = pi_hole(hands, &lines).and_then(|()| is_well(hands));
            cured.and(resolv_conf(hands, &[ROUTER_LAN])).and(no_second(hands))
        },
    ),
    injury(
        "the router asks the nodes, and drops what they answer",
        "dns.rebind",
        &[
            "dnsmasq with `stop-dns-rebind`",
            "also from those of the nodes",
            "rebind-domain-ok=/home.example.test/",
        ],
        |hands| {
            let all = to_nodes(&NODES);
            let servers: String = all
                .lines()
                .filter(|line| line.starts_with("server="))
                .map(|line| format!("{line}\n"))
                .collect();
            forwards(hands, &servers, true)
        },
        |hands| {
            let cured = forwards(hands, &to_nodes(&NODES), true).and_then(|()| is_well(hands));
            cured.and(Router::find(&hands.run)?.restart(false))
        },
    ),
    injury(
        "the router has an entry of its own for a name of the nodes",
        "dns.local-override",
        &["10.99.0.1 has its own entry", "the nodes have 10.99.0.10", "remove the entry for"],
        |hands| Router::find(&hands.run)?.restart_with(&format!("address=/{WHOAMI}/10.99.0.77")),
        |hands| Router::find(&hands.run)?.restart(false),
    ),
    injury(
        "/etc/hosts has another address for a name of the nodes",
        "dns.local-override",
        &["`/etc/hosts` has the line `10.99.0.77 whoami.home.example.test`", "the nodes have 10.99.0.10"],
        hosts_entry,
        no_hosts_entry,
    ),
    injury(
        "dnsmasq takes port 53 of a node",
        "dns.own-server",
        &[
            "port 53 of this node is taken by `dnsmasq`",
            "in `/etc/dnsmasq.conf`, set `bind-interfaces` and `listen-address=127.0.0.1`",
        ],
        |hands| take_port(hands, &dnsmasq(hands, "")?, "dnsmasq"),
        |hands| {
            leave_port(hands)?;
            let program = dnsmasq(hands, "bind-interfaces\nlisten-address=127.0.0.1\n")?;
            Process::start(&hands.run, TAKER, &program)?;
            is_well(hands).and(leave_port(hands))
        },
    ),
    injury(
        "a program that is no DNS server takes port 53 of a node",
        "dns.own-server",
        &[
            "port 53 of this node is taken by `python3`, which listens on 10.99.0.10:53",
            "stop it, or let it listen on another address than 10.99.0.10",
        ],
        |hands| {
            let mut program = hands.node.daemon("python3");
            program.args(["-c", SILENT, &address(Place::Node)?]);
            take_port(hands, &program, "python3")
        },
        leave_port,
    ),
    injury(
        "a node's firewall drops what comes to port 53 from the LAN",
        "dns.own-server",
        &[
            "the name server of the node `node2` does not answer",
            "a firewall on the node drops port 53",
            "open UDP and TCP port 53 of the node for your LAN",
        ],
        |hands| firewall(hands, Place::Node2, "-I", "DROP"),
        |hands| firewall(hands, Place::Node2, "-D", "DROP"),
    ),
    injury(
        "a node's firewall rejects what comes to port 53 from the LAN",
        "dns.own-server",
        &[
            "the name server of the node `node2` does not answer",
            "its pod runs, so a firewall on the node rejects",
            "open UDP and TCP port 53 of the node for your LAN",
        ],
        |hands| firewall(hands, Place::Node2, "-I", "REJECT"),
        |hands| firewall(hands, Place::Node2, "-D", "REJECT"),
    ),
    injury(
        "the DaemonSet of the name servers was deleted",
        "lab.applied",
        &["missing: `DaemonSet name-server/name-server`"],
        |hands| {
            hands.kubectl(&["-n", NAMESPACE, "delete", "daemonset", NAME, "--cascade=foreground"]).map(drop)
        },
        Hands::restore,
    ),
    injury(
        "the account of the name servers has lost its right, and one of them begins anew",
        "lab.applied",
        &["missing: `ClusterRoleBinding name-server`"],
        |hands| {
            hands.kubectl(&["delete", "clusterrolebinding", NAME])?;
            begin_anew(hands)
        },
        Hands::restore,
    ),
    Injury {
        ask: WITH_IT,
        ..injury(
            "a further name of the house was not applied",
            "dns.hosts",
            &["for `printer.home.example.test`", "`homelab up` has not run since `dns.hosts` was changed"],
            |hands| printer(hands).map(drop),
            |hands| {
                hands.up_well(&printer(hands)?, &[])?;
                let cured = has_printer(hands);
                files::remove(&hands.run.path(WITH_PRINTER))?;
                hands.restore().and(cured)
            },
        )
    },
    // No clock of the internet tells which of the two is wrong.
    Injury {
        ask: Ask { wrap: &["faketime", "-f", "+10m"], ..Ask::NODE },
        ..injury(
            "the clock is ten minutes fast, and there is no internet to compare it with",
            "host.clock",
            &["ahead of the API server's clock", "no clock on the internet could be read", "set both clocks"],
            |_| Ok(()),
            |_| Ok(()),
        )
    },
    injury(
        "this machine was not told to trust the lab's root",
        "tls.authority-trusted",
        &[
            "this machine does not trust",
            "add the root: `homelab",
            "prints it, with the steps for this machine",
        ],
        distrust_root,
        trust_root,
    ),
    // Last: every certificate is made again for it.
    injury(
        "the Secret of the lab's root was deleted",
        "cm.own-authority",
        &[
            "is signed by an earlier root",
            "renew the intermediate, then the certificates of the services",
            "let each machine trust the new root",
        ],
        |hands| hands.kubectl(&["-n", "cert-manager", "delete", "secret", "homelab-ca-root"]).map(drop),
        |hands| {
            hands.homelab_well(&["renew", WHOAMI])?;
            trust_root(hands)
        },
    ),
];

/// Listens at the address that it is given, and answers nobody.
const SILENT: &str = "\
import socket, sys, time
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.bind((sys.argv[1], 53))
streams = socket.socket()
streams.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
streams.bind((sys.argv[1], 53))
streams.listen()
while True: time.sleep(60)
";

fn address(place: Place) -> Result<String> {
    Ok(place.lan_address().context("a node has an address")?.to_owned())
}

/// What a person has entered in the router for the domain.
fn forwards(hands: &Hands, lines: &str, rebind_protection: bool) -> Result<()> {
    files::write(&router::forwards(&hands.run), lines)?;
    Router::find(&hands.run)?.restart(rebind_protection)
}

/// It has its own name, as Pi-hole does, and the internet's resolvers to ask, which it does not reach either.
fn pi_hole(hands: &Hands, lines: &str) -> Result<()> {
    second(hands, SECOND, &format!("address=/pi.hole/{SECOND}\nserver=1.1.1.1\n{lines}"))
}

/// The one of the node, as a distribution's is: on every address, unless the lines say otherwise.
fn dnsmasq(hands: &Hands, lines: &str) -> Result<Command> {
    let text = format!("no-resolv\nno-hosts\nuser=root\npid-file\naddress=/nas.lan/10.99.0.5\n{lines}");
    let config = hands.config_file("node-dnsmasq.conf", &text)?;
    let mut program = hands.node.daemon("dnsmasq");
    program.arg("--keep-in-foreground").arg(format!("--conf-file={}", config.display()));
    Ok(program)
}

/// The first node's pod goes, and another comes in its place, which fills its zone before it serves.
fn begin_anew(hands: &Hands) -> Result<()> {
    let on_node = format!("spec.nodeName={}", Place::Node.name());
    let pods =
        hands.kubectl(&["-n", NAMESPACE, "get", "pods", "-o", "name", "--field-selector", &on_node])?;
    let pods: Vec<&str> = pods.split_whitespace().collect();
    hands.kubectl(&[&["-n", NAMESPACE, "delete", "--grace-period=1"][..], &pods].concat()).map(drop)
}

/// This program of the first node has port 53 before the next server comes.
fn take_port(hands: &Hands, program: &Command, name: &str) -> Result<()> {
    begin_anew(hands)?;
    let process = Process::start(&hands.run, TAKER, program)?;
    eventually(&format!("{name} to have port 53"), 5, || {
        expect(process.is_alive(), format!("{name} could not take port 53 of the node"))?;
        let held = hands.node.run("ss", &["-Hlntp", "sport = :53"])?;
        Ok(if held.contains(name) { Ok(()) } else { Err(held) })
    })
    .map(drop)
}

/// One that never came is fine.
fn leave_port(hands: &Hands) -> Result<()> {
    match Process::find(&hands.run, TAKER) {
        Ok(process) => process.stop(&hands.run),
        Err(_) => Ok(()),
    }
}

/// A rule of a node for what comes to port 53 over its cable. Its own kubelet still reaches the port.
pub(super) fn firewall(hands: &Hands, place: Place, how: &str, target: &str) -> Result<()> {
    let node = Vantage::find(&hands.run, place)?;
    for protocol in ["udp", "tcp"] {
        let rule = ["INPUT", "-i", "eth0", "-p", protocol, "--dport", "53", "-j", target];
        node.run("iptables", &[&["--wait", how][..], &rule].concat())?;
    }
    Ok(())
}

/// The lab's own configuration with one name more.
fn printer(hands: &Hands) -> Result<PathBuf> {
    let (before, after) = (
        Provider::Local.section(&hands.run),
        Provider::Local.section_with(&hands.run, "hosts: { printer: 10.99.0.70 }"),
    );
    hands.config_file(WITH_PRINTER, &hands.config()?.replace(&before, &after))
}

fn has_printer(hands: &Hands) -> Result<()> {
    for node in hands.node_addresses()? {
        let found = dig(hands, &node, &[PRINTER])?;
        expect(found == ["10.99.0.70"], format!("{node} says {found:?} for {PRINTER}"))?;
    }
    let told = WITH_IT.run(hands)?;
    expect(told.failures().is_empty(), told.lines())
}
