//! Ingresses of another controller's class, where no pod of that controller runs.

use serde_json::Value;

use crate::checks::engine::Finding;
use crate::checks::reading::classes::CLASSES;
use crate::evidence::pod::has_ended;
use crate::evidence::{Evidence, View, at, entries};
use crate::facts::image;
use crate::ingress::{OTHERS, traits_of};

/// Told where the pods were read and none has an image of the class's controller.
pub(super) fn unserved(evidence: &Evidence, ours: &str, ingress: &Value, class: &str) -> Option<Finding> {
    let classes = evidence.objects(CLASSES)?;
    let controller = at(classes.iter().find(|found| found.name() == class)?, "/spec/controller");
    let (_, word) = OTHERS.iter().find(|(begins, _)| controller.starts_with(begins))?;
    // homelab's own may be the same product, and serves other classes.
    let own = traits_of(evidence.controller);
    let mut pods = evidence.objects("pods")?.iter().filter(|pod| !has_ended(pod) && !own.is_pod(pod));
    let is_its = |container: &Value| image::name(at(container, "/image")).contains(word);
    if pods.any(|pod| entries(pod, "/spec/containers").iter().any(is_its)) {
        return None;
    }
    Some(Finding::new(
        format!(
            "Ingress `{}` has the class `{class}` of `{controller}`, and no pod runs an image of it (`{word}`)",
            ingress.full_name()
        ),
        "nobody serves it: its host gets the 404 of an unknown name, and no DNS record. As a rule the class was left over when that controller was removed",
        format!("give it the class `{ours}`, or start that controller"),
    ))
}
