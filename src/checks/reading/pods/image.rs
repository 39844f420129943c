//! Images that cannot be pulled: from the registry's or the runtime's words to what can be done.

use crate::checks::reading::pods::{Ends, NamedPod, Obstacle, Trouble, event, sentence};
use crate::evidence::Evidence;
use crate::evidence::pod::{Container, Hindrance, Waiting};

/// Words of the message, the cause behind them, the cure, and whether it may end by itself; the first that fits counts.
const TABLE: &[(&[&str], &str, &str, Ends)] = &[
    (
        &["toomanyrequests", "429 Too Many Requests", "rate limit"],
        "the registry's limit for anonymous pulls is reached for this IP address (Docker Hub counts pulls by IP address)",
        "wait some hours, or sign in: `configs` in `/etc/rancher/k3s/registries.yaml`, then restart k3s (`sudo systemctl restart k3s`)",
        Ends::Soon,
    ),
    (
        &["no match for platform", "no matching manifest", "does not match the specified platform"],
        "the image is not built for this node's kind of processor",
        "use a tag or an image that is built for it, for example for arm64",
        Ends::Never,
    ),
    (
        &["no space left"],
        "the node's disk is full",
        "free disk space on the node: `nix-collect-garbage -d`, `k3s crictl rmi --prune`",
        Ends::Soon,
    ),
    (
        &["no such host", "server misbehaving", "Temporary failure in name resolution"],
        "the node cannot resolve the registry's name: images are pulled with the node's own resolver, not the cluster's",
        "correct the name of the registry in the image, or the node's resolver: `getent hosts` with that name on the node",
        Ends::Soon,
    ),
    (
        &["certificate has expired or is not yet valid"],
        "the registry's certificate is not valid by the node's clock",
        "set the node's clock right: `timedatectl` shows whether it is synchronised",
        Ends::Soon,
    ),
    (
        &["x509:"],
        "the node does not trust the registry's certificate, or a proxy in between answers for it",
        "give k3s the registry's authority: `configs` in `/etc/rancher/k3s/registries.yaml`, then restart k3s (`sudo systemctl restart k3s`)",
        Ends::Never,
    ),
    (
        &["server gave HTTP response to HTTPS client"],
        "the registry speaks plain HTTP",
        "name it with `http://` under `mirrors` in `/etc/rancher/k3s/registries.yaml`, then restart k3s (`sudo systemctl restart k3s`)",
        Ends::Never,
    ),
    (
        &[
            "i/o timeout",
            "connection refused",
            "network is unreachable",
            "no route to host",
            "deadline exceeded",
            "connection reset",
        ],
        "the node cannot reach the registry",
        "check whether the node reaches the internet: `curl -I https://` with the registry's name, on the node",
        Ends::Soon,
    ),
    (
        &["manifest unknown", "not found", "NotFound"],
        "the registry has no image of that name and tag",
        "correct the image's name or tag in the workload",
        Ends::Never,
    ),
    (
        &["unauthorized", "401 Unauthorized", "403 Forbidden", "denied", "authorization failed"],
        "the image is private or does not exist: the registry gives the same answer for both",
        "correct the name, or give the workload an `imagePullSecrets` with an account that can pull it",
        Ends::Never,
    ),
    (
        &["InvalidImageName", "invalid reference format", "couldn't parse image"],
        "the image's name is not valid: it has upper-case letters, a space or two tags",
        "correct the image's name in the workload",
        Ends::Never,
    ),
];

pub(super) fn trouble(
    evidence: &Evidence,
    named: &NamedPod<'_>,
    container: &Container<'_>,
) -> Option<Trouble> {
    let Waiting { reason, message, .. } =
        container.waiting.filter(|waiting| waiting.by == Hindrance::Image)?;
    // While it waits for its next try, an older kubelet says only that; the event has the registry's words.
    let told = event(evidence, named.pod, &["Failed"]).filter(|text| text.contains("pull"));
    let words = if message.starts_with("Back-off") && !message.contains(": ") {
        told.unwrap_or(message)
    } else {
        message
    };
    let known =
        TABLE.iter().find(|(parts, ..)| parts.iter().any(|part| words.contains(part) || reason == *part));
    let image = container.image;
    let summary = format!("the image `{image}` of pod `{}` cannot be pulled", named.full);
    let (cause, fix, ends) = match known {
        Some((_, cause, fix, ends)) => ((*cause).to_owned(), *fix, *ends),
        None => (
            sentence(words),
            "correct the image of the workload, or its registry, as the message says",
            Ends::Soon,
        ),
    };
    Some(Trouble { ends, ..named.trouble(Obstacle::Image, summary, cause, fix) })
}
