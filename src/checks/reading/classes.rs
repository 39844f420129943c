//! Whose an IngressClass is, as several groups read it.

use serde_json::Value;

use crate::evidence::{Evidence, at};
use crate::ingress::{class_in, traits_of};

/// The list of the classes.
pub(in crate::checks) const CLASSES: &str = "ingressclasses.networking.k8s.io";

/// Whether the lab's controller serves the Ingresses of a class.
pub(in crate::checks) fn serves(evidence: &Evidence, class: &Value) -> bool {
    Some(at(class, "/spec/controller")) == controller(evidence)
}

/// What the classes of the lab's controller name as their own (`spec.controller`); of one that is not homelab's, its class says
/// it. `None` where that class was not seen.
pub(in crate::checks) fn controller(evidence: &Evidence) -> Option<&str> {
    match evidence.controller.is_managed() {
        true => Some(traits_of(evidence.controller).class_controller),
        false => own(evidence).map(|class| at(class, "/spec/controller")),
    }
}

/// The class of the lab's Ingresses.
pub(in crate::checks) fn own(evidence: &Evidence) -> Option<&Value> {
    evidence.cluster.as_ref()?.objects.find(CLASSES, "", class_in(evidence))
}
