//! nginx on one node has not heard of pods that are ready. On a slow machine that happens by itself; here it is told so.

use serde_json::{Value, json};

use super::NAMESPACE;
use crate::cases::hands::Hands;
use crate::error::{Context, Result};

/// What the controller tells nginx of pods, and where (ingress-nginx v1.15.1, internal/nginx/main.go and rootfs/etc/nginx/lua/configuration.lua).
const BACKENDS: &str = "http://127.0.0.1:10246/configuration/backends";
/// The demo service's.
const DEMO: &str = "homelab-whoami-80";
const NODE: &str = "node2";

/// nginx on the second node sends to no pod of the demo service, until the controller there starts again.
pub(super) fn forgets_the_demo(hands: &Hands) -> Result<()> {
    let pods = hands.get(&["pods", "-n", NAMESPACE])?;
    let mut pods = pods["items"].as_array().context("pods")?.iter();
    let pod = pods.find(|pod| pod["spec"]["nodeName"] == NODE).context("a controller on the second node")?;
    let pod = pod["metadata"]["name"].as_str().context("its name")?;
    let wget = |more: &[&str]| {
        let wget = ["-n", NAMESPACE, "exec", pod, "--", "/bin/busybox", "wget", "-qO-"];
        hands.kubectl(&[&wget[..], more, &[BACKENDS]].concat())
    };
    let mut backends: Value = serde_json::from_str(&wget(&[])?).context("what nginx knows")?;
    let mut known = backends.as_array_mut().context("a list")?.iter_mut();
    let demo = known.find(|one| one["name"] == DEMO).context("the demo service among them")?;
    demo["endpoints"] = json!([]);
    wget(&["--post-data", &backends.to_string()]).map(drop)
}
