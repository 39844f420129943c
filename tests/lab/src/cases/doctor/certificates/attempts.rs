//! CAA records, challenges, rate limits, and the pause after a failure.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::injury;
use super::{bare, guest, guest_leaves};
use crate::cases::doctor::Injury;
use crate::cases::hands::{DOMAIN, Hands, WHOAMI, ZONE, eventually, expect};
use crate::command::output_within;
use crate::error::{Context, Result};
use crate::network::RESOLVERS;

pub(in crate::cases::doctor) const INJURIES: &[Injury] = &[
    injury(
        "a CAA record lets nobody issue",
        "cm.caa",
        &["example.test", "forbids every certificate authority"],
        forbid,
        allow,
    ),
    injury(
        "a challenge's record is never seen",
        "cm.selfcheck",
        &["_acme-challenge.stuck.home.example.test", "not yet propagated"],
        |hands| {
            let fault = json!({ "target": "dns", "mode": "nxdomain", "name": format!("_acme-challenge.stuck.{DOMAIN}") });
            hands.control("POST", "/faults", Some(&fault))?;
            guest(hands, "stuck", Some("acme"))
        },
        |hands| {
            no_faults(hands)?;
            guest_leaves(hands, "stuck")
        },
    ),
    injury(
        "a certificate waits an hour although its cause is fixed",
        "cm.certificate",
        &["again-tls", "waits", " renew homelab/again-tls"],
        |hands| fail_once(hands, "again"),
        |hands| forget(hands, "again"),
    ),
    injury(
        "the authority's rate limit is reached",
        "cm.rate-limit",
        &["limited-tls", "issued five times", "lets you try again in"],
        limit,
        |hands| forget(hands, "limited"),
    ),
];

fn forbid(hands: &Hands) -> Result<()> {
    hands.add_record(&json!({ "type": "CAA", "name": ZONE, "content": "0 issue \";\"", "ttl": 60 })).map(drop)
}

fn allow(hands: &Hands) -> Result<()> {
    hands.remove_records("CAA", ZONE)
}

fn no_faults(hands: &Hands) -> Result<()> {
    hands.control("DELETE", "/faults", None)?;
    hands.control("DELETE", "/cache", None).map(drop)
}

/// Has the authority see no record for a new host, so that its challenge fails for good; then mends that.
///
/// An issuer of its own does not look itself: cert-manager asks its resolver over HTTPS, the authority the same one on port
/// 53, and only there is the record missing.
fn fail_once(hands: &Hands, name: &str) -> Result<()> {
    let mut issuer = bare(hands.get(&["clusterissuer", "acme"])?);
    issuer["metadata"] = json!({ "name": "quick" });
    issuer["spec"]["acme"]["privateKeySecretRef"]["name"] = "quick-account".into();
    issuer["spec"]["acme"]["solvers"][0]["waitInsteadOfSelfCheck"] = "1s".into();
    hands.kubectl_apply("quick.json", &issuer.to_string())?;
    hands.kubectl(&["wait", "--for=condition=Ready", "clusterissuer/quick", "--timeout=60s"])?;
    let missing = format!("_acme-challenge.{name}.{DOMAIN}");
    let fault = json!({ "target": "dns", "mode": "nxdomain", "name": missing, "server": format!("{}:53", RESOLVERS[0]) });
    hands.control("POST", "/faults", Some(&fault))?;
    guest(hands, name, Some("quick"))?;
    let certificate = format!("{name}-tls");
    eventually("the challenge to fail", 60, || {
        let seen = hands.get(&[
            "certificates",
            "-n",
            "homelab",
            "--field-selector",
            &format!("metadata.name={certificate}"),
        ])?;
        let status = &seen["items"][0]["status"];
        Ok(if status["lastFailureTime"].is_string() { Ok(()) } else { Err(status.to_string()) })
    })?;
    no_faults(hands)
}

fn forget(hands: &Hands, name: &str) -> Result<()> {
    no_faults(hands)?;
    guest_leaves(hands, name)?;
    hands.kubectl(&["delete", "clusterissuer", "quick", "--ignore-not-found"])?;
    hands
        .kubectl(&["-n", "cert-manager", "delete", "secret", "quick-account", "--ignore-not-found"])
        .map(drop)
}

/// The lab's authority has no limits: the words of Let's Encrypt are written into the status of an order that failed.
fn limit(hands: &Hands) -> Result<()> {
    fail_once(hands, "limited")?;
    let until = hands.node.run("date", &["-u", "-d", "+3 hours", "+%Y-%m-%d %H:%M:%S UTC"])?;
    let reason = format!(
        "Failed to create Order: 429 urn:ietf:params:acme:error:rateLimited: too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s, retry after {}: see https://letsencrypt.org/docs/rate-limits/#new-certificates-per-exact-set-of-identifiers",
        until.trim()
    );
    let orders = hands.get(&["orders", "-n", "homelab"])?;
    let orders = orders["items"].as_array().cloned().unwrap_or_default();
    let name = |order: &Value| order["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let order = orders.iter().map(name).find(|name| name.starts_with("limited-tls")).context("the order")?;
    let patch = json!({ "status": { "reason": reason } }).to_string();
    let words =
        ["-n", "homelab", "patch", "order", &order, "--subresource=status", "--type=merge", "-p", &patch];
    hands.kubectl(&words).map(drop)
}

/// `homelab renew` gives another certificate, which the nodes serve; a name that is nearly right is no guess.
pub(in crate::cases) fn renewed_on_request(hands: &Hands) -> Result<()> {
    let config = hands.run.homelab_config().display().to_string();
    let renew = |name: &str| {
        let words = ["renew", name, "--output", "json", "--config", &config];
        output_within(&mut hands.homelab(&words), Duration::from_secs(240))
    };
    let wrong = renew("whoamy")?;
    expect(wrong.status.code() == Some(2) && wrong.stderr.contains("did you mean `whoami"), &wrong.stderr)?;
    let before = served(hands)?;
    let output = renew("whoami")?;
    expect(output.status.success(), format!("{}{}", output.stdout, output.stderr))?;
    let answer: Value = serde_json::from_str(&output.stdout).context("the JSON of renew")?;
    let serial = answer["certificates"][0]["serial"].as_str().context("the serial")?.to_owned();
    expect(!serial.ends_with(&before), format!("the serial is {before} as before"))?;
    eventually("the nodes to serve it", 60, || {
        let now = served(hands)?;
        Ok(if serial.ends_with(&now) { Ok(()) } else { Err(format!("{now} is served, not {serial}")) })
    })
    .map(drop)
}

/// The serial of the certificate that the demo's host shows, in lower case and without leading zeros.
fn served(hands: &Hands) -> Result<String> {
    let script = format!(
        "openssl s_client -connect {WHOAMI}:443 -servername {WHOAMI} </dev/null 2>/dev/null | openssl x509 -noout -serial"
    );
    let line = hands.client.run("bash", &["-c", &script])?;
    let serial = line.trim().trim_start_matches("serial=").trim_start_matches('0');
    Ok(serial.to_lowercase())
}
