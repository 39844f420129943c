//! A service that the internet reaches by a tunnel: made at the emulator of Cloudflare's API, kept, and taken away. Nobody comes
//! through it: the pods hold a stand-in, and there is no edge.

use serde_json::{Value, json};

use super::hands::{DOMAIN, Hands, ZONE, eventually, expect};
use crate::command;
use crate::error::{Context, Result};
use crate::network::CLOUDFLARE_API;

/// The configuration, in the run's folder.
pub(super) const FILE: &str = "tunnel.yaml";
/// The name that the internet finds, right below the zone.
pub(super) const HOST: &str = "shop.example.test";
/// A tunnel of somebody else in the same account.
const STRANGERS: &str = "office";

pub(super) fn one_service(hands: &Hands) -> Result<()> {
    let went = steps(hands);
    let left = hands.restore().and_then(|()| forget(hands));
    for tunnel in tunnels(hands)? {
        let id = tunnel["id"].as_str().context("the id of a tunnel")?;
        hands.control("DELETE", &format!("/tunnels/{id}"), None)?;
    }
    went.and(left)
}

/// Gives the lab's token the right, and the lab one service that is public.
pub(super) fn open(hands: &Hands) -> Result<()> {
    let rights = json!({ "permissions": ["zone:read", "dns:edit", "tunnel:edit"], "zones": [ZONE] });
    hands.control("PUT", &format!("/tokens/{}", hands.token()?), Some(&rights))?;
    let services = format!(
        "services:\n  shop: {{ url: \"http://{CLOUDFLARE_API}:8080\", host: {HOST}, public: tunnel, iKnow: ingress-nginx-is-retired }}\n"
    );
    let config = hands.config_with(FILE, &services)?;
    hands.up_well(&config, &["--no-verify"]).map(drop)
}

/// Takes the right back.
pub(super) fn forget(hands: &Hands) -> Result<()> {
    let rights = json!({ "permissions": ["zone:read", "dns:edit"], "zones": [ZONE] });
    hands.control("PUT", &format!("/tokens/{}", hands.token()?), Some(&rights)).map(drop)
}

/// The account's tunnels that are not deleted, as the control API shows them.
pub(super) fn tunnels(hands: &Hands) -> Result<Vec<Value>> {
    let state = hands.control("GET", "/state", None)?;
    let all = state["tunnels"].as_array().context("the tunnels of the lab's Cloudflare")?;
    Ok(all.iter().filter(|tunnel| tunnel["deleted_at"].is_null()).cloned().collect())
}

/// The lab's own.
pub(super) fn own(hands: &Hands) -> Result<Value> {
    let name = format!("homelab-{DOMAIN}");
    let found = tunnels(hands)?.into_iter().find(|tunnel| tunnel["name"] == *name);
    found.context(format_args!("no tunnel is called `{name}`"))
}

fn steps(hands: &Hands) -> Result<()> {
    hands.control("POST", "/tunnels", Some(&json!({ "name": STRANGERS })))?;
    let strangers = |hands: &Hands| -> Result<Option<Value>> {
        Ok(tunnels(hands)?.into_iter().find(|tunnel| tunnel["name"] == STRANGERS))
    };
    let before = strangers(hands)?.context("the stranger's tunnel")?;

    let refused = refused_without_the_right(hands)?;
    expect(
        refused.contains("Account → Cloudflare Tunnel → Edit"),
        format!("the missing right is not named:\n{refused}"),
    )?;
    open(hands)?;
    let tunnel = own(hands)?;
    let rules = tunnel["config"]["ingress"].as_array().context("the rules")?;
    expect(rules[0]["hostname"] == HOST, format!("the first rule is {}", rules[0]))?;
    expect(rules[0]["originRequest"]["originServerName"] == HOST, "the rule names no certificate")?;
    expect(
        rules[1] == json!({ "service": "http_status:404" }) && rules.len() == 2,
        "the last rule is another",
    )?;
    let target = format!("{}.cfargotunnel.com", tunnel["id"].as_str().unwrap_or_default());
    eventually("the name to lead to the tunnel", 90, || {
        let found = hands.records_of("CNAME", HOST)?;
        let leads = found.iter().any(|record| record["content"] == *target && record["proxied"] == true);
        Ok(if leads { Ok(()) } else { Err(format!("{found:?}")) })
    })?;
    expect(hands.records_of("A", HOST)?.is_empty(), "the address in the house is public")?;
    let secret = hands.get(&["-n", "tunnel", "secret", "tunnel"])?;
    for key in ["id", "key", "token"] {
        expect(secret["data"][key].is_string(), format!("the Secret has no `{key}`"))?;
    }

    let mark = hands.audit_mark()?;
    let since = hands.control("GET", "/state", None)?["last"]["requests"].clone();
    hands.up_well(&hands.run.path(FILE), &["--no-verify"])?;
    let writes: Vec<String> =
        hands.audited(mark)?.iter().filter(|request| request.is_write()).map(ToString::to_string).collect();
    expect(writes.is_empty(), format!("the second `up` writes: {writes:?}"))?;
    let log = hands.control("GET", &format!("/requests?since={since}"), None)?;
    let requests = log["requests"].as_array().cloned().unwrap_or_default();
    let of_tunnels: Vec<&Value> = requests
        .iter()
        .filter(|request| request["path"].as_str().is_some_and(|path| path.contains("cfd_tunnel")))
        .collect();
    expect(of_tunnels.iter().all(|request| request["method"] == "GET"), format!("{of_tunnels:?}"))?;
    expect(of_tunnels.len() == 3, format!("the second `up` asks for the tunnel {} times", of_tunnels.len()))?;

    let private = hands.config_with(
        FILE,
        &format!("services:\n  shop: {{ url: \"http://{CLOUDFLARE_API}:8080\", host: {HOST} }}\n"),
    )?;
    hands.up_well(&private, &["--no-verify"])?;
    let left: Vec<Value> = tunnels(hands)?;
    expect(left == [before], format!("after the last public service there are the tunnels {left:?}"))?;
    let kinds = "deployments,services,secrets,networkpolicies";
    let left = hands.kubectl(&["-n", "tunnel", "get", kinds, "-o", "name"])?;
    expect(left.trim().is_empty(), format!("left of the tunnel in the cluster: {left}"))?;
    eventually("the name to have the address in the house again", 90, || {
        let (names, addresses) = (hands.records_of("CNAME", HOST)?, hands.records_of("A", HOST)?);
        let is_back = names.is_empty() && !addresses.is_empty();
        Ok(if is_back { Ok(()) } else { Err(format!("{names:?} {addresses:?}")) })
    })
    .map(drop)
}

/// What `up` says where the token was made for records alone.
fn refused_without_the_right(hands: &Hands) -> Result<String> {
    let services = format!(
        "services:\n  shop: {{ url: \"http://{CLOUDFLARE_API}:8080\", host: {HOST}, public: tunnel, iKnow: ingress-nginx-is-retired }}\n"
    );
    let config = hands.config_with(FILE, &services)?;
    let refused = command::output(hands.homelab(&["up", "--config"]).arg(&config))?;
    expect(!refused.status.success(), "`up` goes on without the right to make tunnels")?;
    Ok(refused.stderr)
}
