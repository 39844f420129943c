//! Whether the controller that runs still gets updates.

use crate::checks::engine::{Finding, Judged, Outcome};
use crate::checks::id;
use crate::checks::ingress::{lab_wide, objects, unread};
use crate::evidence::{Evidence, at, entries};

/// The project's own image, in its registry of today and in the one before.
const UPSTREAM: [&str; 2] =
    ["registry.k8s.io/ingress-nginx/controller", "k8s.gcr.io/ingress-nginx/controller"];

pub(super) fn end_of_life(evidence: &Evidence) -> Vec<Judged> {
    if evidence.objects("daemonsets.apps").is_none() {
        return unread(id::EOL, "DaemonSets");
    }
    let Some(set) = objects::daemon_set(evidence) else {
        return vec![lab_wide(id::EOL, Outcome::skip("the controller is not there"))];
    };
    let image =
        entries(set, "/spec/template/spec/containers").first().map_or("", |first| at(first, "/image"));
    let bare = image.split(['@', ':']).next().unwrap_or_default();
    if !UPSTREAM.contains(&bare) {
        return vec![lab_wide(id::EOL, Outcome::pass(format!("the controller's image is `{image}`")))];
    }
    let version = image.split('@').next().unwrap_or_default().rsplit(':').next().unwrap_or_default();
    let finding = Finding::new(
        format!("the controller is ingress-nginx {version}, whose project is retired"),
        "since March 2026 kubernetes/ingress-nginx gets no releases and no fixes, not for vulnerabilities either; what \
         runs goes on running, and its images stay available",
        "keep ports 80 and 443 closed towards the internet; a maintained build of the same controller takes its place with \
         `images: { ingressNginx: … }` in the configuration",
    );
    vec![lab_wide(id::EOL, finding)]
}
