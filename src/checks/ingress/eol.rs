//! Whether the controller that runs still gets updates.

use crate::checks::engine::{Finding, Judged, Outcome};
use crate::checks::id;
use crate::checks::ingress::{lab_wide, objects, unread};
use crate::evidence::{Evidence, at, entries};
use crate::ingress::traits_of;

pub(super) fn end_of_life(evidence: &Evidence) -> Vec<Judged> {
    if evidence.objects("daemonsets.apps").is_none() {
        return unread(id::EOL, "DaemonSets");
    }
    let Some(set) = objects::daemon_set(evidence) else {
        return vec![lab_wide(id::EOL, Outcome::skip("the controller is not installed"))];
    };
    let image =
        entries(set, "/spec/template/spec/containers").first().map_or("", |first| at(first, "/image"));
    let bare = image.split(['@', ':']).next().unwrap_or_default();
    let controller = traits_of(evidence.controller);
    let Some(retired) = controller.retired.as_ref().filter(|retired| retired.images.contains(&bare)) else {
        return vec![lab_wide(id::EOL, Outcome::pass(format!("the controller's image is `{image}`")))];
    };
    let version = image.split('@').next().unwrap_or_default().rsplit(':').next().unwrap_or_default();
    let finding = Finding::new(
        format!("the controller is {} {version}, whose project is retired", controller.name),
        retired.cause,
        retired.fix,
    );
    vec![lab_wide(id::EOL, finding)]
}
