//! The account that may only read: it sees enough for the doctor, and can write nothing.

use std::time::Duration;

use super::doctor::{Ask, is_well};
use super::hands::{Hands, expect};
use crate::command::output_within;
use crate::error::{Context, Result, bail};

/// The kubeconfig, in the run's folder.
const FILE: &str = "reader.kubeconfig";
const LIMIT: Duration = Duration::from_secs(60);

/// Fetches the kubeconfig, as the unit of the NixOS module does.
fn fetch(hands: &Hands) -> Result<String> {
    let path = hands.run.path(FILE).display().to_string();
    let config = hands.run.homelab_config().display().to_string();
    let mut homelab = hands.homelab(&["kubeconfig", "--file", &path, "--config", &config]);
    let output = output_within(&mut homelab, LIMIT)?;
    expect(output.status.success(), format!("{}\n{}", output.status, output.stderr))?;
    Ok(path)
}

/// No failure, no warning, and nothing that could not be looked at: what needs more than reading is left out.
pub(super) fn the_doctor_reads_enough(hands: &Hands) -> Result<()> {
    is_well(hands)?;
    fetch(hands)?;
    let answer = Ask { kubeconfig: Some(FILE), ..Ask::NODE }.run(hands)?;
    expect(answer.code == Some(0) && answer.lines().is_empty(), answer.lines())?;
    let count = |outcome: &str| answer.report["counts"][outcome].as_u64().unwrap_or_default();
    expect(count("pass") > 80, format!("only {} checks passed", count("pass")))?;
    println!("      {} checks passed, {} skipped", count("pass"), count("skip"));
    Ok(())
}

/// Real requests, and the API server's own word for each right.
pub(super) fn the_account_writes_nothing(hands: &Hands) -> Result<()> {
    let path = fetch(hands)?;
    let kubectl = |words: &[&str]| {
        let mut command = hands.node.command("kubectl");
        command.arg("--kubeconfig").arg(&path).args(words);
        output_within(&mut command, LIMIT)
    };
    for words in [
        &["get", "pods", "--all-namespaces"][..],
        &["get", "certificates.cert-manager.io", "--all-namespaces"],
    ] {
        let seen = kubectl(words)?;
        expect(
            seen.status.success() && seen.stdout.contains("homelab"),
            format!("{words:?}: {}", seen.stderr),
        )?;
    }
    let refused: [&[&str]; 12] = [
        &["create", "namespace", "stranger"],
        &["delete", "deployment", "--namespace=homelab", "whoami"],
        &["label", "ingress", "--namespace=homelab", "whoami", "a=b"],
        &["scale", "deployment", "--namespace=homelab", "whoami", "--replicas=0"],
        &["rollout", "restart", "daemonset", "--namespace=ingress-nginx", "ingress-nginx-controller"],
        &["exec", "--namespace=homelab", "deployment/whoami", "--", "true"],
        &["create", "token", "--namespace=homelab", "homelab-doctor"],
        &["get", "secrets", "--all-namespaces"],
        &["get", "secret", "--namespace=external-dns", "homelab-dns-provider"],
        &["get", "configmaps", "--all-namespaces"],
        &["get", "--raw", "/api/v1/nodes/node/proxy/pods"],
        &["get", "--raw", "/api/v1/namespaces/homelab/services/whoami:80/proxy/"],
    ];
    for words in refused {
        let output = kubectl(words)?;
        expect(
            !output.status.success() && output.stderr.contains("orbidden"),
            format!("`kubectl {}` was not forbidden:\n{}{}", words.join(" "), output.stdout, output.stderr),
        )?;
    }
    let verbs =
        ["create", "update", "patch", "delete", "deletecollection", "impersonate", "bind", "escalate"];
    let resources = [
        "*.*",
        "pods",
        "pods/exec",
        "secrets",
        "configmaps",
        "serviceaccounts/token",
        "nodes/proxy",
        "clusterroles",
    ];
    for verb in verbs {
        for resource in resources {
            let asked = kubectl(&["auth", "can-i", verb, resource, "--all-namespaces"])?;
            if asked.stdout.trim() != "no" {
                bail!("the account may {verb} {resource}: {}", asked.stdout);
            }
        }
    }
    let control = kubectl(&["auth", "can-i", "list", "pods", "--all-namespaces"])?;
    expect(control.stdout.trim() == "yes", "the API server says no to everything")?;
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(&path).context("the kubeconfig")?.permissions(),
    ) & 0o777;
    expect(mode == 0o600, format!("others may read the kubeconfig: {mode:o}"))?;
    println!("      {} requests refused, {} rights denied", refused.len(), verbs.len() * resources.len());
    Ok(())
}
