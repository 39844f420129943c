//! Labels and metadata that every object bears.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use crate::desired::object::{Component, Object};
use crate::ingress::traits_of;

/// Who manages an object (Kubernetes' recommended labels).
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// Which lab an object belongs to: the owner id.
pub const INSTANCE: &str = "app.kubernetes.io/instance";
/// The value of [`MANAGED_BY`], and the field manager of every write.
pub const HOMELAB: &str = "homelab";
/// The field manager of `homelab restore`. It is not [`HOMELAB`]: a Secret is cert-manager's thing, and what homelab itself has
/// applied and the bundle lacks, `up` deletes.
pub const RESTORE: &str = "homelab-restore";
const PART_OF: &str = "app.kubernetes.io/part-of";
/// Which part of the lab an object belongs to.
pub const COMPONENT: &str = "app.kubernetes.io/component";
/// The version of that part.
pub const VERSION: &str = "app.kubernetes.io/version";
/// Selects the pods of one workload.
pub(super) const NAME: &str = "app.kubernetes.io/name";

/// The label of everything that homelab manages, in whatever lab.
pub fn managed_selector() -> String {
    format!("{MANAGED_BY}={HOMELAB}")
}

/// The labels of what belongs to the lab `owner`.
pub fn inventory_selector(owner: &str) -> String {
    format!("{},{INSTANCE}={owner}", managed_selector())
}

/// The labels of the inventory, for objects that others make on homelab's behalf.
pub fn inventory_labels(owner: &str) -> BTreeMap<String, String> {
    [(MANAGED_BY, HOMELAB), (INSTANCE, owner)].map(|(k, v)| (k.to_owned(), v.to_owned())).into()
}

/// Puts the inventory's labels on `object`; a pod template gets only [`MANAGED_BY`], since its other labels are selectors.
pub(super) fn label(object: &mut Object, owner: &str, version: &str) {
    let component = object.component.name();
    let labels = object.map_at(&["metadata", "labels"]);
    for (key, value) in [
        (MANAGED_BY, HOMELAB),
        (PART_OF, HOMELAB),
        (COMPONENT, component),
        (VERSION, version),
        (INSTANCE, owner),
    ] {
        labels.insert(key.to_owned(), value.into());
    }
    if object.body["spec"]["template"]["spec"]["containers"].is_array() {
        let labels = object.map_at(&["spec", "template", "metadata", "labels"]);
        labels.insert(MANAGED_BY.to_owned(), HOMELAB.into());
    }
}

/// Metadata of an object in a namespace.
pub(super) fn named(namespace: &str, name: &str) -> ObjectMeta {
    ObjectMeta { namespace: Some(namespace.to_owned()), ..global(name) }
}

/// Metadata of an object without a namespace.
pub(super) fn global(name: &str) -> ObjectMeta {
    ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() }
}

/// Metadata of a namespace whose pods must keep to a level of the Pod Security Standards (Kubernetes docs, "Pod Security
/// Admission").
pub(super) fn secured(name: &str, level: &str) -> ObjectMeta {
    let labels = [("pod-security.kubernetes.io/enforce".to_owned(), level.to_owned())];
    ObjectMeta { labels: Some(labels.into()), ..global(name) }
}

/// The labels and the selector of one workload's pods.
pub(super) fn pods(name: &str) -> (ObjectMeta, LabelSelector) {
    let labels = BTreeMap::from([(NAME.to_owned(), name.to_owned())]);
    let selector = LabelSelector { match_labels: Some(labels.clone()), ..LabelSelector::default() };
    (ObjectMeta { labels: Some(labels), ..ObjectMeta::default() }, selector)
}

/// The component's version as a label value.
pub(super) fn version_label(component: Component) -> &'static str {
    use crate::facts::pins::pins;
    let of_image =
        |name: &str| pins().images.iter().find(|i| i.name == name).map_or("unknown", |i| i.tag.as_str());
    match component {
        Component::Controller(controller) => of_image(traits_of(controller).image),
        Component::CertManager => of_image("certManagerController"),
        Component::ExternalDns => of_image("externalDns"),
        Component::NameServer => of_image("nameServer"),
        Component::ChallengeServer => of_image("challengeServer"),
        Component::Tunnel => of_image("tunnel"),
        Component::Issuer | Component::InsideNames | Component::Services => env!("CARGO_PKG_VERSION"),
    }
}
