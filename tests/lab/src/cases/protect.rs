//! What stands between a visitor and a service: the house, a password, a sign-in service, a rate; tried from the LAN and from
//! beyond the router.

use super::hands::{DOMAIN, Hands, eventually, expect};
use crate::command;
use crate::controller::Controller;
use crate::error::Result;
use crate::files;
use crate::network::{CLOUDFLARE_API, ROUTER_WAN, in_place};
use crate::vantage::{Place, Vantage};

const PASSWORD: &str = "correct horse battery";
const SECRET: &str = "locked-users";
/// So many requests at once are more than a rate of one a second lets through.
const BURST: u32 = 60;

pub(super) fn each_protection(hands: &Hands) -> Result<()> {
    let backend = format!("url: \"http://{CLOUDFLARE_API}:8080\"");
    let services = format!(
        "certificates: wildcard\nservices:\n  open: {{ {backend} }}\n  inner: {{ {backend}, protect: {{ lan: true }} }}\n  \
         locked: {{ {backend}, protect: {{ users: true }} }}\n  slow: {{ {backend}, protect: {{ rate: 1 }} }}\n  \
         strict: {{ {backend}, protect: {{ hsts: true }} }}\n  loose: {{ {backend}, protect: {{ hsts: false }} }}\n  \
         known: {{ {backend}, protect: {{ forwardAuth: {{ url: \"http://{CLOUDFLARE_API}:8080/healthz\" }} }} }}\n  \
         unknown: {{ {backend}, protect: {{ forwardAuth: {{ url: \"http://{CLOUDFLARE_API}:8080/nobody\" }} }} }}\n"
    );
    let config = hands.config_with("protect.yaml", &services)?;
    let config = config.display().to_string();
    let tried = from_the_lan_and_from_beyond(hands, &config);
    // The way in from beyond is this case's own.
    let _ = in_place(Place::World, &["route", "del", &lan(), "via", ROUTER_WAN]);
    hands.restore()?;
    tried?;
    let left = hands.kubectl(&["-n", "homelab", "get", "secrets", "-o", "name"])?;
    expect(!left.contains(SECRET), format!("the users of a service that is gone are left: {left}"))
}

fn from_the_lan_and_from_beyond(hands: &Hands, config: &str) -> Result<()> {
    let protect = |words: &[&str]| {
        command::run(
            hands.homelab(&[&["protect", "locked", "--config", config], words].concat()).env("TERM", "dumb"),
        )
    };
    let file = hands.run.path("password");
    files::write(&file, format!("{PASSWORD}\n"))?;
    protect(&["--user", "ada", "--password-file", &file.display().to_string()])?;
    hands.up_well(config.as_ref(), &[])?;
    expect(protect(&[])?.trim() == "ada", "the users are not listed")?;
    let kept = hands.kubectl(&["-n", "homelab", "get", "secret", SECRET, "-o", "jsonpath={.data.auth}"])?;
    let kept = command::run(hands.node.command("base64").args(["-d"]).arg(with(hands, &kept)?))?;
    expect(kept.starts_with("ada:$2y$07$") && !kept.contains("horse"), format!("the Secret holds {kept}"))?;

    let node = &hands.node_addresses()?[0];
    let ask = |at: &Vantage, name: &str, more: &[&str]| status(at, node, name, more);
    let right = format!("ada:{PASSWORD}");
    let lan = &hands.client;
    eventually("the password to be asked for", 30, || is(&ask(lan, "locked", &[])?, "401"))?;
    expect(ask(lan, "locked", &["-u", "ada:wrong password"])? == "401", "a wrong password lets in")?;
    expect(ask(lan, "locked", &["-u", "eve:correct horse battery"])? == "401", "anybody's name lets in")?;
    expect(ask(lan, "locked", &["-u", &right])? == "200", "the right password does not let in")?;
    for name in ["open", "inner", "known"] {
        expect(ask(lan, name, &[])? == "200", format!("`{name}` is not open to the house"))?;
    }
    let refused = ask(lan, "unknown", &[])?;
    expect(refused == "401", format!("who is not signed in gets {refused}"))?;

    for (name, wanted) in [("open", None), ("strict", Some("max-age=2592000")), ("loose", Some("max-age=0"))]
    {
        let told = hsts(lan, node, name)?;
        expect(told.as_deref() == wanted, format!("`{name}` tells browsers {told:?}, and not {wanted:?}"))?;
    }

    in_place(Place::World, &["route", "add", &self::lan(), "via", ROUTER_WAN])?;
    let world = &hands.world;
    expect(ask(world, "open", &[])? == "200", "the case has no way in from beyond, so nothing is proven")?;
    for more in [
        &[][..],
        &["-H", "X-Forwarded-For: 10.99.0.50"],
        &["-H", "X-Real-IP: 10.99.0.50"],
        &["-H", "Forwarded: for=10.99.0.50"],
    ] {
        let said = ask(world, "inner", more)?;
        expect(said == "403", format!("from beyond the router, `inner` answers {said} with {more:?}"))?;
    }
    let sneaked = sneak(world, node)?;
    expect(sneaked != "200", format!("another name in the TLS handshake opens `inner`: {sneaked}"))?;

    let mut answers = Vec::new();
    for _ in 0..BURST {
        answers.push(ask(lan, "slow", &[])?);
    }
    let let_in = answers.iter().filter(|answer| *answer == "200").count();
    println!("      {let_in} of {BURST} requests in a row came through at a rate of one a second");
    expect(let_in < BURST as usize && let_in >= 20, format!("{let_in} of {BURST} came through"))?;

    protect(&["--remove", "ada"])?;
    // Without any user left, Traefik does not take the Ingress at all.
    let refused = match hands.controller()? {
        Controller::IngressNginx => "401",
        Controller::Traefik => "404",
    };
    eventually("the user who was removed to be refused", 30, || {
        is(&ask(lan, "locked", &["-u", &right])?, refused)
    })?;
    // Who the users are is not `up`'s business.
    let mark = hands.audit_mark()?;
    protect(&["--user", "bob", "--password-file", &file.display().to_string()])?;
    let writes = || -> Result<Vec<String>> {
        Ok(hands
            .audited(mark)?
            .iter()
            .filter(|request| request.is_write())
            .map(ToString::to_string)
            .collect())
    };
    let by_protect = writes()?;
    hands.up_well(config.as_ref(), &["--no-verify"])?;
    let all = writes()?;
    let by_up = all.get(by_protect.len()..).unwrap_or_default();
    expect(
        by_protect.len() == 1 && by_up.is_empty(),
        format!("`protect` wrote {by_protect:?}, `up` after it {by_up:?}"),
    )
}

fn lan() -> String {
    "10.99.0.0/24".to_owned()
}

/// A file with that text, for a program that reads one.
fn with(hands: &Hands, text: &str) -> Result<String> {
    let path = hands.run.path("users");
    files::write(&path, text)?;
    Ok(path.display().to_string())
}

fn is(found: &str, wanted: &str) -> Result<std::result::Result<(), String>> {
    Ok(if found == wanted { Ok(()) } else { Err(found.to_owned()) })
}

/// The status that a node gives for a name of the house.
fn status(at: &Vantage, node: &str, name: &str, more: &[&str]) -> Result<String> {
    let host = format!("{name}.{DOMAIN}");
    let way = format!("{host}:443:{node}");
    let url = format!("https://{host}/healthz");
    let words =
        ["-sSk", "--max-time", "10", "-o", "/dev/null", "-w", "%{http_code}", "--resolve", &way, &url];
    Ok(at.output("curl", &[&words[..], more].concat())?.stdout)
}

/// What a node tells browsers of HTTPS for a name of the house.
fn hsts(at: &Vantage, node: &str, name: &str) -> Result<Option<String>> {
    let host = format!("{name}.{DOMAIN}");
    let (way, url) = (format!("{host}:443:{node}"), format!("https://{host}/healthz"));
    let answer = at.run("curl", &["-sSki", "--max-time", "10", "--resolve", &way, &url])?;
    let header = answer.lines().filter_map(|line| line.split_once(':'));
    let mut header = header.filter(|(name, _)| name.eq_ignore_ascii_case("strict-transport-security"));
    Ok(header.next().map(|(_, value)| value.trim().to_owned()))
}

/// Says one name in the TLS handshake and another in the request.
fn sneak(at: &Vantage, node: &str) -> Result<String> {
    let host = format!("Host: inner.{DOMAIN}");
    status(at, node, "open", &["-H", &host])
}
