//! The doctor from other places than a node, with less to ask, or with nobody who answers.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Answer, Ask};
use crate::cases::hands::{Hands, expect};
use crate::error::Result;
use crate::vantage::Place;

/// A laptop on the LAN.
const CLIENT: Ask = Ask { at: Place::Client, ..Ask::NODE };
/// One to which nobody has given a kubeconfig.
const STRANGER: Ask = Ask { kubeconfig: Some("no-such.kubeconfig"), ..CLIENT };
/// What the doctor is told to take at most, and what it may take.
const LIMIT: (&str, Duration) = ("5s", Duration::from_secs(6));

pub(in crate::cases) fn a_laptop_finds_the_same(hands: &Hands) -> Result<()> {
    let answer = CLIENT.run(hands)?;
    expect(answer.code == Some(0), format!("exit {:?}\n{}", answer.code, answer.lines()))
}

/// Names, certificates and services can be looked at without the cluster; what cannot be is unknown, and nothing fails
/// that works.
pub(in crate::cases) fn without_a_kubeconfig(hands: &Hands) -> Result<()> {
    let answer = STRANGER.run(hands)?;
    let said = || format!("exit {:?}\n{}", answer.code, answer.lines());
    expect(matches!(answer.code, Some(1 | 3)), said())?;
    let names = |check: &Value| ["net", "dns", "tls", "apps"].contains(&group(check));
    expect(!answer.failures().into_iter().any(names), said())?;
    for id in ["net.home", "dns.authoritative", "dns.public", "dns.system", "apps.end-to-end"] {
        let passes = |check: &Value| check["id"] == id && check["outcome"] == "pass";
        expect(answer.checks().iter().any(passes), format!("`{id}` does not pass: {}", said()))?;
    }
    Ok(())
}

/// Nobody named a kubeconfig and there is no k3s: the house is well, and the laptop says so.
pub(in crate::cases) fn a_visitor_finds_nothing_wrong(hands: &Hands) -> Result<()> {
    let answer = Ask { wrap: &["env", "--unset=KUBECONFIG"], ..CLIENT }.run(hands)?;
    let said = || format!("exit {:?}\n{}", answer.code, answer.lines());
    expect(answer.code == Some(0) && answer.lines().is_empty(), said())?;
    for id in ["dns.rebind", "dns.system", "apps.end-to-end"] {
        let passes = |check: &Value| check["id"] == id && check["outcome"] == "pass";
        expect(answer.checks().iter().any(passes), format!("`{id}` does not pass: {}", said()))?;
    }
    let noted = |check: &Value| check["id"] == "k3s.kubeconfig" && check["severity"] == "info";
    expect(answer.checks().iter().any(noted), "it does not say that the cluster was not looked at")
}

/// Beyond the LAN nobody is asked, and what is left out makes no difference to the exit code.
pub(in crate::cases) fn offline(hands: &Hands) -> Result<()> {
    let answer = Ask { flags: &["--offline"], ..Ask::NODE }.run(hands)?;
    let said = || format!("exit {:?}\n{}", answer.code, answer.lines());
    let unknown = answer.checks().iter().any(|check| check["outcome"] == "unknown");
    expect(answer.code == Some(0) && !unknown, said())?;
    let asked = answer.checks().iter().filter(|check| {
        let beyond = ["provider", "authoritative", "public-dns"];
        beyond.iter().any(|from| check["vantage"]["from"] == *from) && check["outcome"] != "skip"
    });
    expect(asked.count() == 0, "something beyond the LAN was judged")
}

/// The node's own state is left out: it has what `up` made.
pub(in crate::cases) fn before_the_first_up(hands: &Hands) -> Result<()> {
    let answer = Ask { flags: &["--pre", "--skip", "host"], ..Ask::NODE }.run(hands)?;
    expect(answer.code == Some(0), format!("exit {:?}\n{}", answer.code, answer.lines()))?;
    let clusterless = answer.checks().iter().all(|check| check["vantage"]["from"] != "api");
    expect(clusterless, "it looked at the cluster")
}

/// Nothing but the API server answers the laptop, and at last not even that.
pub(in crate::cases) fn black_holes_end_in_time(hands: &Hands) -> Result<()> {
    let services: String =
        (0..100).map(|n| format!("  s{n}: {{ service: homelab/whoami, port: 80 }}\n")).collect();
    hands.config_with("hundred.yaml", &format!("services:\n{services}"))?;
    let took = holes(hands, "-A").and_then(|()| {
        let one = measure(hands, None)?;
        let hundred = measure(hands, Some("hundred.yaml"))?;
        api(hands, "-D")?;
        let nobody = measure(hands, Some("hundred.yaml"));
        api(hands, "-I")?;
        Ok([one, hundred, nobody?])
    });
    holes(hands, "-D")?;
    let took = took?;
    println!("      one host, a hundred, a hundred without an API server: {took:.1?}");
    expect(took.iter().all(|time| *time < LIMIT.1), format!("it took {took:?}"))
}

fn measure(hands: &Hands, config: Option<&'static str>) -> Result<Duration> {
    let began = Instant::now();
    let ask = Ask { flags: &["--timeout", LIMIT.0], config, ..CLIENT };
    let answer: Answer = ask.run(hands)?;
    let took = began.elapsed();
    expect(answer.code != Some(0), "nothing was wrong in a black hole")?;
    Ok(took)
}

fn holes(hands: &Hands, verb: &str) -> Result<()> {
    if verb == "-A" {
        api(hands, verb)?;
    }
    rule(hands, verb, &["-o", "eth0", "-j", "DROP"])?;
    if verb == "-D" { api(hands, verb) } else { Ok(()) }
}

fn api(hands: &Hands, verb: &str) -> Result<()> {
    rule(hands, verb, &["-o", "eth0", "-p", "tcp", "--dport", "6443", "-j", "ACCEPT"])
}

fn rule(hands: &Hands, verb: &str, rule: &[&str]) -> Result<()> {
    hands.client.run("iptables", &[&["--wait", verb, "OUTPUT"][..], rule].concat()).map(drop)
}

fn group(check: &Value) -> &str {
    let id = check["id"].as_str().unwrap_or_default();
    id.split_once('.').map_or(id, |(group, _)| group)
}
