//! A second cluster on the same zone, with the same file and the same token.

use std::path::Path;

use super::ownership::{ended, up_in};
use crate::cases::hands::{DOMAIN, Hands, expect};
use crate::cluster::Second;
use crate::error::Result;

/// The same file and token stop; another lab does not; what others made there is not taken silently.
pub(super) fn same_owner(hands: &Hands) -> Result<()> {
    let second = Second::start(&hands.run)?;
    let config = hands.run.homelab_config();
    let records = hands.records()?;
    let output = up_in(hands, &second.kubeconfig(), &config, &[])?;
    let owner = format!("has records of `{DOMAIN}` that this cluster did not write");
    ended(&output, 2, &[&owner, "up --adopt` once", "another `dns.owner`", "hint:"])?;
    expect(is_empty(&second)?, "something was written all the same")?;
    expect(hands.records()? == records, "the zone has changed")?;

    // Killed before its first object, or asked again: still refused.
    ended(&up_in(hands, &second.kubeconfig(), &config, &[])?, 2, &[&owner])?;

    // Another lab on the same zone gets past that; without nodes it ends at its deadline.
    let text = hands.config()?.replace(DOMAIN, "second.example.test") + "timeouts: { apply: 15s }\n";
    let other = hands.config_file("second-lab.yaml", &text)?;
    a_namespace_of_others(hands, &second, &other)?;
    let output = up_in(hands, &second.kubeconfig(), &other, &["--adopt", "--no-verify"])?;
    expect(matches!(output.status.code(), Some(1 | 3)), format!("{}\n{}", output.status, output.stderr))?;
    expect(!is_empty(&second)?, format!("it wrote nothing:\n{}", output.stderr))?;
    let path = "jsonpath={.metadata.annotations.homelab/adopted}";
    expect(
        second.kubectl(&["get", "namespace", "homelab", "-o", path])? == "true",
        "no note of the adoption",
    )?;
    expect(hands.records()? == records, "the zone has changed")?;

    // What a run that was stopped has made is no other's: the next run goes on, without the flag.
    let output = up_in(hands, &second.kubeconfig(), &other, &["--no-verify"])?;
    expect(matches!(output.status.code(), Some(1 | 3)), format!("{}\n{}", output.status, output.stderr))
}

/// A Namespace that somebody made is named before anything is written.
fn a_namespace_of_others(hands: &Hands, second: &Second, config: &Path) -> Result<()> {
    second.kubectl(&["create", "namespace", "homelab"])?;
    let output = up_in(hands, &second.kubeconfig(), config, &["--no-verify"])?;
    ended(&output, 2, &["`Namespace homelab`", "up --adopt` once"])?;
    expect(is_empty(second)?, "something was written all the same")
}

fn is_empty(second: &Second) -> Result<bool> {
    let kinds = "namespaces,clusterroles,clusterrolebindings,ingressclasses,customresourcedefinitions,secrets,deployments";
    let label = "app.kubernetes.io/managed-by=homelab";
    Ok(second.kubectl(&["get", kinds, "-A", "-o", "name", "-l", label])?.trim().is_empty())
}
