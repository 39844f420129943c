//! What the doctor says where the way to the server is broken, each failure named first and cured by its words.

use std::path::Path;

use serde_json::json;

use super::{AT_NODE, CHECK, SERVER, delegate};
use crate::cases::doctor::Ask;
use crate::cases::hands::{DOMAIN, Hands, ZONE, eventually};
use crate::error::{Context, Result};
use crate::network::{ROUTER_LAN, forward_public_dns};

type Step = fn(&Hands) -> Result<()>;

struct Failure {
    what: &'static str,
    says: &'static [&'static str],
    make: Step,
}

const FAILURES: &[Failure] = &[
    Failure {
        what: "the zone above does not delegate",
        says: &[
            "is not delegated",
            "home.example.test. NS homelab-ns.home.example.test.",
            "in the zone `example.test`",
        ],
        make: |hands| hands.remove_records("NS", DOMAIN),
    },
    Failure {
        what: "it delegates to another server, too",
        says: &["to `ns.stranger.test`, too", "remove the other NS records"],
        make: |hands| add(hands, "NS", DOMAIN, "ns.stranger.test"),
    },
    Failure {
        what: "the glue is missing",
        says: &[
            "has no address in the zone `example.test`",
            "glue",
            "homelab-ns.home.example.test. A 198.51.100.1",
        ],
        make: |hands| hands.remove_records("A", SERVER),
    },
    Failure {
        what: "the glue is of an earlier address",
        says: &["the address `198.51.100.77`", "dns.challengeServer"],
        make: |hands| {
            hands.remove_records("A", SERVER)?;
            add(hands, "A", SERVER, "198.51.100.77")
        },
    },
    Failure {
        what: "the router forwards UDP alone",
        says: &["by UDP at 198.51.100.1, and not by TCP", "10.99.0.10:8053"],
        make: |_| forward_public_dns(&[("udp", AT_NODE)]),
    },
    Failure {
        what: "the router forwards nothing",
        says: &["answers at 10.99.0.10:8053 in the house, and nobody gets to it from outside"],
        make: |_| forward_public_dns(&[]),
    },
    Failure {
        what: "the router forwards to its own resolver",
        says: &["looks up names for everybody (recursion)", "at once", "10.99.0.10:8053"],
        make: |_| {
            let own = format!("{ROUTER_LAN}:53");
            forward_public_dns(&[("udp", &own), ("tcp", &own)])
        },
    },
    Failure {
        what: "the router forwards to the house's name server",
        says: &["names of the house", "whoami.home.example.test", "10.99.0.10:8053"],
        make: |_| forward_public_dns(&[("udp", "10.99.0.10:53"), ("tcp", "10.99.0.10:53")]),
    },
    Failure {
        what: "the server does not run",
        says: &["does not answer, neither from outside nor at its node at port 8053"],
        make: |hands| scale(hands, "0"),
    },
];

pub(super) fn told(hands: &Hands, ask: &Ask, config: &Path) -> Result<()> {
    for failure in FAILURES {
        (failure.make)(hands)?;
        let named = eventually(failure.what, 60, || named(hands, ask, failure.says));
        mend(hands, config)?;
        named?;
        eventually("the doctor to be content again", 60, || {
            let answer = ask.run(hands)?;
            Ok(if answer.failures().is_empty() { Ok(()) } else { Err(answer.lines()) })
        })?;
        eprintln!("      named, and cured: {}", failure.what);
    }
    Ok(())
}

/// Its first error or warning is that of the server, with these words; a certificate that is there makes it a warning.
fn named(hands: &Hands, ask: &Ask, says: &[&str]) -> Result<std::result::Result<(), String>> {
    let answer = ask.run(hands)?;
    let failures = answer.failures();
    let Some(first) = failures
        .iter()
        .find(|check| !["lab.applied", "lab.installed"].contains(&check["id"].as_str().unwrap_or_default()))
    else {
        return Ok(Err("nothing is said".to_owned()));
    };
    let said = first.to_string();
    let missing: Vec<&&str> = says.iter().filter(|word| !said.contains(**word)).collect();
    Ok(match first["id"] == CHECK && missing.is_empty() {
        true => Ok(()),
        false => Err(format!("without {missing:?}: {}", answer.lines())),
    })
}

/// What the findings say to do, whichever it was.
fn mend(hands: &Hands, config: &Path) -> Result<()> {
    for record in hands.records_of("NS", DOMAIN)?.iter().chain(&hands.records_of("A", SERVER)?) {
        let content = record["content"].as_str().unwrap_or_default();
        if content == "ns.stranger.test" || content == "198.51.100.77" {
            hands.remove_record(record)?;
        }
    }
    delegate(hands, config, "--write")?;
    forward_public_dns(&[("udp", AT_NODE), ("tcp", AT_NODE)])?;
    scale(hands, "1")
}

fn add(hands: &Hands, kind: &str, name: &str, content: &str) -> Result<()> {
    let record = json!({ "zone": ZONE, "type": kind, "name": name, "content": content, "ttl": 60 });
    hands.control("POST", "/records", Some(&record)).map(drop)
}

fn scale(hands: &Hands, replicas: &str) -> Result<()> {
    let replicas = format!("--replicas={replicas}");
    hands.kubectl(&["-n", "challenge-server", "scale", "deployment/challenge-server", &replicas])?;
    hands
        .kubectl(&[
            "-n",
            "challenge-server",
            "rollout",
            "status",
            "deployment/challenge-server",
            "--timeout=60s",
        ])
        .map(drop)
        .context("the server of the challenges")
}
