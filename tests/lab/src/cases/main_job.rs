//! The main job: the whole chain, seen from the LAN.

use super::hands::{DOMAIN, Hands, WHOAMI, expect};
use crate::error::Result;

/// 404 from nginx, the record, the certificate, the owner.
pub(super) fn proof(hands: &Hands) -> Result<()> {
    let nodes = hands.node_addresses()?;
    nodes.iter().try_for_each(|node| hands.expect_404(node))?;
    let mut resolved = hands.dig(WHOAMI)?;
    // PowerDNS turns the addresses of a name about.
    resolved.sort();
    expect(resolved == nodes, format!("the router says {resolved:?} for {WHOAMI}, the nodes are {nodes:?}"))?;
    let (status, body) = hands.browse(WHOAMI)?;
    expect(status == "200" && body.contains(&format!("Host: {WHOAMI}")), format!("{status}\n{body}"))?;
    let issuer = issuer(hands)?;
    expect(issuer.contains("Pebble"), format!("the certificate was issued by {issuer}"))?;
    let owner = hands.contents("TXT", &format!("a-homelab.{WHOAMI}"))?;
    expect(
        owner.len() == 1 && owner[0].contains(&format!("external-dns/owner={DOMAIN}")),
        format!("{owner:?}"),
    )
}

fn issuer(hands: &Hands) -> Result<String> {
    let url = format!("https://{WHOAMI}/");
    let output = hands.client.output("curl", &["-sSv", "--max-time", "10", "-o", "/dev/null", &url])?;
    let line = output.stderr.lines().find(|line| line.contains("issuer:"));
    Ok(line.unwrap_or_default().to_owned())
}

/// Nothing changed, so nothing is written.
pub(super) fn second_up(hands: &Hands) -> Result<()> {
    hands.restore()?;
    let mark = hands.audit_mark()?;
    let began = std::time::Instant::now();
    hands.restore()?;
    let took = began.elapsed().as_secs_f64();
    let requests = hands.audited(mark)?;
    let writes: Vec<_> =
        requests.iter().filter(|request| request.is_write()).map(ToString::to_string).collect();
    expect(writes.is_empty(), format!("the second up wrote: {writes:?}"))?;
    let listed = hands.kubectl(&["get", KINDS, "-A", "-o", "name", "-l", LABEL])?;
    let objects = listed.lines().count();
    println!("      {} requests for {objects} objects, {took:.2} s with all checks", requests.len());
    expect(
        !requests.is_empty() && requests.len() < objects,
        format!("{} requests for {objects} objects", requests.len()),
    )
}

const LABEL: &str = "app.kubernetes.io/managed-by=homelab";
const KINDS: &str = "namespaces,customresourcedefinitions,ingressclasses,serviceaccounts,clusterroles,clusterrolebindings,roles,\
rolebindings,configmaps,secrets,services,deployments,daemonsets,mutatingwebhookconfigurations,validatingwebhookconfigurations,\
validatingadmissionpolicies,validatingadmissionpolicybindings,priorityclasses,clusterissuers,ingresses";

/// hostPort keeps the source address, so that a service may know who asks.
pub(super) fn client_address(hands: &Hands) -> Result<()> {
    let (_, body) = hands.browse(WHOAMI)?;
    let seen =
        body.lines().find_map(|line| line.strip_prefix("X-Real-Ip: ")).unwrap_or_default().trim().to_owned();
    expect(seen == crate::network::CLIENT, format!("whoami saw {seen:?}:\n{body}"))
}
