//! The pod of a trial.

use std::time::Duration;

use serde_json::{Value, json};

use super::targets::{Round, Target};
use crate::desired::service::NAMESPACE;
use crate::evidence::pod::{Hindrance, all_containers, has_ended, unplaced};

/// The container.
pub(super) const CONTAINER: &str = "trial";
/// How long a pod may take until it has reached everything once.
pub(super) const STARTS: Duration = Duration::from_secs(30);
/// How long a pod of a run that was killed may go on, in seconds.
const LONGEST: u64 = 120;
/// A line for each round: its number, and for each target whether it took a connection. The images have no other program in common;
/// without an end of its input, `nc` would wait for more.
const SCRIPT: &str = "b=/bin/busybox; n=0; while $b true; do n=$((n+1)); l=$n; for t in \"$@\"; do \
                      if $b nc -w 2 \"${t%/*}\" \"${t#*/}\" </dev/null >/dev/null 2>&1; then l=\"$l yes\"; else l=\"$l no\"; fi; \
                      done; echo \"$l\"; $b sleep 1; done";

/// Why an image cannot try it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It is not on the node.
    Absent,
    /// It has no busybox, or its busybox does not start.
    Unable,
}

/// Nobody's rights, on that node, from an image that is there.
pub(super) fn pod(name: &str, node: &str, image: &str, targets: &[Target]) -> Value {
    let arguments = targets.iter().map(|target| format!("{}/{}", target.at.ip(), target.at.port()));
    let arguments: Vec<String> = std::iter::once(CONTAINER.to_owned()).chain(arguments).collect();
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "namespace": NAMESPACE, "name": name },
        "spec": {
            "nodeName": node,
            "restartPolicy": "Never",
            "activeDeadlineSeconds": LONGEST,
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": false,
            "enableServiceLinks": false,
            "tolerations": [{ "operator": "Exists" }],
            "securityContext": { "runAsNonRoot": true, "runAsUser": 65_534, "seccompProfile": { "type": "RuntimeDefault" } },
            "containers": [{
                "name": CONTAINER,
                "image": image,
                "imagePullPolicy": "Never",
                "command": ["/bin/busybox", "sh", "-c", SCRIPT],
                "args": arguments,
                "resources": { "requests": { "cpu": "5m", "memory": "8Mi" }, "limits": { "memory": "32Mi" } },
                "securityContext": {
                    "allowPrivilegeEscalation": false,
                    "readOnlyRootFilesystem": true,
                    "capabilities": { "drop": ["ALL"] },
                },
            }],
        },
    })
}

/// Whether the image is the reason why it does not run.
pub(super) fn unfit(pod: &Value) -> Option<Unfit> {
    if all_containers(pod).any(|one| one.is_kept_by(Hindrance::Image)) {
        return Some(Unfit::Absent);
    }
    let is_over = has_ended(pod)
        || all_containers(pod).any(|one| one.is_kept_by(Hindrance::Refused) || one.ended.is_some());
    is_over.then_some(Unfit::Unable)
}

/// What was tried on a node where no image could do it, and what to do.
pub(super) fn no_image(tried: &[(&str, Unfit)]) -> String {
    let why = |(image, unfit): &(&str, Unfit)| match unfit {
        Unfit::Absent => format!("`{image}` is not there"),
        Unfit::Unable => format!("`{image}` has no busybox that starts"),
    };
    let tried = match tried {
        [] => "it lists none".to_owned(),
        tried => tried.iter().map(why).collect::<Vec<_>>().join(", "),
    };
    format!(
        "no image on this node can try it ({tried}); bring one there, `sudo k3s crictl pull docker.io/library/busybox:1.37` on the node, and run this again"
    )
}

/// Why not everything answered in time.
pub(super) fn not_begun(pod: &Value, last: Option<&Round>, targets: &[Target]) -> String {
    match last {
        None => match unplaced(pod) {
            Some(why) => format!("its pod does not start: {why}"),
            None => format!("its pod does not start within {} s", STARTS.as_secs()),
        },
        Some(round) => {
            let missed = [true, false].map(|is_allowed| round.those(targets, is_allowed, false)).concat();
            format!(
                "its pod does not reach {} even without homelab's policy: another policy of the namespaces `{NAMESPACE}` or `kube-system`, or the network, is in the way",
                missed.join(", ")
            )
        }
    }
}
