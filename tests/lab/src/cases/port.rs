//! One service on the internet by a port of the router (`public: port`): what the internet gets of it and of everything else, tried from
//! beyond the router, and the record that follows the address.

use std::path::PathBuf;

use serde_json::json;

use super::hands::{DOMAIN, Hands, eventually, expect};
use crate::command::{self, Output};
use crate::error::Result;
use crate::files;
use crate::network::{CLOUDFLARE_API, ROUTER_WAN, forward_public_https};
use crate::vantage::Vantage;

/// Beside the lab's own configuration.
pub(super) const FILE: &str = "port.yaml";
/// Where the router goes on to.
const NODE: &str = "10.99.0.10";
/// Another address that the lab has all of a sudden.
const NEXT: &str = "198.51.100.77";
/// What the service behind the names answers.
const PAGE: &str = "ok";

pub(super) fn one_and_no_other(hands: &Hands) -> Result<()> {
    let went = steps(hands);
    close(hands)?;
    went?;
    hands.is_public_again()
}

/// The lab with one public service; `more` is what stands below `public`.
pub(super) fn open(hands: &Hands, more: &str) -> Result<PathBuf> {
    let backend = format!("url: \"http://{CLOUDFLARE_API}:8080\"");
    let config = hands.config_with(
        FILE,
        &format!(
            "certificates: wildcard\npublic: {{ addressFrom: \"https://github.com/cdn-cgi/trace\"{more} }}\nservices:\n  \
             open: {{ {backend}, public: port, iKnow: ingress-nginx-is-retired }}\n  inner: {{ {backend} }}\n"
        ),
    )?;
    forward_public_https(Some(NODE), true)?;
    Ok(config)
}

/// Everything as it was.
pub(super) fn close(hands: &Hands) -> Result<()> {
    hands.control("DELETE", "/faults", None)?;
    let restored = hands.restore();
    forward_public_https(None, false)?;
    restored
}

/// Who is asked says that the lab is there.
pub(super) fn seen_at(hands: &Hands, address: &str) -> Result<()> {
    let fault = json!({ "target": "files", "path_prefix": "/cdn-cgi/trace", "status": 200, "message": format!("ip={address}\n") });
    hands.control("POST", "/faults", Some(&fault)).map(drop)
}

/// Those of the public name.
pub(super) fn record(hands: &Hands) -> Result<Vec<String>> {
    hands.contents("A", &format!("open.{DOMAIN}"))
}

fn steps(hands: &Hands) -> Result<()> {
    let config = open(hands, "")?;
    hands.up_well(&config, &[])?;
    expect(record(hands)? == [ROUTER_WAN], format!("the public record leads to {:?}", record(hands)?))?;
    let private = hands.contents("A", &format!("inner.{DOMAIN}"))?;
    expect(private.contains(&NODE.to_owned()), format!("`inner` leads to {private:?}"))?;

    let (world, lan) = (&hands.world, &hands.client);
    // A kubelet takes a minute to bring a controller its new file.
    eventually("the internet to be kept out", 120, || {
        let got = ask(world, ROUTER_WAN, "inner", &["-k"])?;
        Ok(if is_nothing(&got) { Ok(()) } else { Err(got.stdout) })
    })?;
    let got = ask(world, ROUTER_WAN, "open", &[])?;
    expect(
        got.stdout.contains(PAGE) && got.stdout.ends_with("200"),
        format!("the public name answers {}", told(&got)),
    )?;
    for more in [
        &["-H", "X-Forwarded-For: 10.99.0.50"][..],
        &["-H", "X-Real-IP: 10.99.0.50"],
        &["-H", "Forwarded: for=10.99.0.50"],
    ] {
        let got = ask(world, ROUTER_WAN, "inner", &[&["-k"][..], more].concat())?;
        expect(is_nothing(&got), format!("with {more:?}, `inner` answers {}", told(&got)))?;
    }
    let relayed = through(hands, "", "open")?;
    expect(
        relayed.stdout.ends_with("200"),
        format!("through a relay the public name answers {}", told(&relayed)),
    )?;
    let forged = through(hands, &format!("PROXY TCP4 10.99.0.50 {ROUTER_WAN} 40000 443\\r\\n"), "inner")?;
    expect(is_nothing(&forged), format!("with a PROXY header, `inner` answers {}", told(&forged)))?;
    let host = format!("Host: inner.{DOMAIN}");
    let got = ask(world, ROUTER_WAN, "open", &["-k", "-H", &host])?;
    expect(is_nothing(&got), format!("by the Host header, `inner` answers {}", told(&got)))?;
    for name in ["nobody", "whoami"] {
        let got = ask(world, ROUTER_WAN, name, &["-kv"])?;
        expect(is_nothing(&got), format!("`{name}` answers {}", told(&got)))?;
    }
    let unknown = ask(world, ROUTER_WAN, "nobody", &["-kv"])?;
    expect(
        !unknown.stderr.contains("subject:"),
        format!("an unknown name gets a certificate: {}", unknown.stderr),
    )?;
    let bare = world.output("curl", &["-skv", "--max-time", "10", &format!("https://{ROUTER_WAN}/")])?;
    expect(
        !bare.stderr.contains("subject:"),
        format!("the bare address gets a certificate: {}", bare.stderr),
    )?;

    for name in ["open", "inner"] {
        let got = ask(lan, NODE, name, &[])?;
        expect(got.stdout.ends_with("200"), format!("in the house `{name}` answers {}", told(&got)))?;
        let round = ask(lan, ROUTER_WAN, name, &[])?;
        expect(round.stdout.ends_with("200"), format!("out and back `{name}` answers {}", told(&round)))?;
    }
    hands.expect_404(NODE)?;

    seen_at(hands, NEXT)?;
    let config = config.display().to_string();
    command::run(&mut hands.homelab(&["addresses", "--config", &config]))?;
    eventually("the record to follow the address", 90, || {
        let found = record(hands)?;
        Ok(if found == [NEXT] { Ok(()) } else { Err(format!("{found:?}")) })
    })?;
    // Nobody reaches that one: the record stays.
    hands.control("DELETE", "/faults", None)?;
    seen_at(hands, "100.64.3.4")?;
    let refused = command::output(&mut hands.homelab(&["addresses", "--config", &config]))?;
    expect(refused.status.code() == Some(1) && refused.stderr.contains("CGNAT"), refused.stderr)?;
    expect(record(hands)? == [NEXT], "an address that nobody reaches is in public DNS")
}

/// The page of a name at an address, and behind it the status.
fn ask(at: &Vantage, address: &str, name: &str, more: &[&str]) -> Result<Output> {
    let host = format!("{name}.{DOMAIN}");
    let way = format!("{host}:443:{address}");
    let url = format!("https://{host}/healthz");
    at.output(
        "curl",
        &[&["-sS", "--max-time", "10", "-w", "%{http_code}", "--resolve", &way, &url][..], more].concat(),
    )
}

/// The same through a relay that says `first` before the visitor's own bytes: curl can forge a PROXY header from version 8.2 on.
fn through(hands: &Hands, first: &str, name: &str) -> Result<Output> {
    let relay = hands.run.path("relay.sh");
    files::write(&relay, format!("{{ printf '{first}'; cat; }} | socat - TCP:{ROUTER_WAN}:443\n"))?;
    let script = format!(
        "socat TCP-LISTEN:4443,bind=127.0.0.1,reuseaddr SYSTEM:'sh {}' & relay=$!; \
         curl -sSk --max-time 10 --retry 5 --retry-connrefused --retry-delay 1 -w '%{{http_code}}' \
           --connect-to ::127.0.0.1:4443 https://{name}.{DOMAIN}/healthz; went=$?; \
         kill $relay 2>/dev/null; exit $went",
        relay.display()
    );
    hands.world.output("sh", &["-c", &script])
}

/// Neither a page of the lab nor a word of it.
fn is_nothing(got: &Output) -> bool {
    !got.stdout.contains(PAGE) && (got.stdout == "000" || got.stdout.ends_with("404"))
}

fn told(got: &Output) -> String {
    format!("{:?} {}", got.stdout, got.stderr)
}
