//! Whether a plan raises cert-manager over a minor version, as a homelab that was not run for long does.

use serde_json::Value;

use crate::desired::kind;
use crate::desired::meta::VERSION;
use crate::desired::object::Component;
use crate::facts::version::Version;
use crate::plan::{Plan, Snapshot, is_applied};

/// From a version to one that lies more than one minor version above it. cert-manager is to be raised by one minor version at a
/// time, to its latest patch (cert-manager documentation, "Upgrading cert-manager",
/// <https://cert-manager.io/docs/installation/upgrade/>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    /// What runs.
    pub from: Version,
    /// What was to take its place.
    pub to: Version,
    /// The minor version that comes first: `v1.20`.
    pub through: String,
}

impl Skip {
    /// Going from one version to another, if that skips a minor version.
    #[must_use]
    pub fn between(from: Version, to: Version) -> Option<Self> {
        from.skipped_before(to).map(|through| Self { from, to, through })
    }
}

/// The widest skip of a program of cert-manager that runs and that the plan writes. What has no program there skips nothing: of
/// what `down` keeps, a definition may be as old as it likes. Manifest and image are compared each with its own kind, since the
/// configuration may name an image of another version.
pub fn skipped(plan: &Plan, snapshot: &Snapshot) -> Option<Skip> {
    let written = plan.apply.iter().map(|change| &change.object);
    let programs =
        written.filter(|o| o.component == Component::CertManager && *o.key.kind == kind::DEPLOYMENT);
    let there = programs.filter_map(|object| {
        let live = snapshot.objects.get(&object.key).filter(|live| is_applied(live))?;
        Some((live, &object.body))
    });
    let skips =
        there.flat_map(|(live, wanted)| [manifest, image].map(|of| Skip::between(of(live)?, of(wanted)?)));
    skips.flatten().min_by_key(|skip| skip.from)
}

fn manifest(object: &Value) -> Option<Version> {
    Version::parse(object["metadata"]["labels"][VERSION].as_str()?)
}

fn image(object: &Value) -> Option<Version> {
    Version::of_image(object["spec"]["template"]["spec"]["containers"][0]["image"].as_str()?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::desired::meta::{COMPONENT, HOMELAB};
    use crate::desired::object::Object;
    use crate::plan::Change;

    fn object(kind: &str, version: &str, image: &str) -> Object {
        let group = if kind == "Deployment" { "apps/v1" } else { "apiextensions.k8s.io/v1" };
        let body = json!({
            "apiVersion": group, "kind": kind,
            "metadata": { "name": "cert-manager", "uid": "1",
                "labels": { COMPONENT: "cert-manager", VERSION: version },
                "managedFields": [{ "manager": HOMELAB, "operation": "Apply" }] },
            "spec": { "template": { "spec": { "containers": [{ "image": format!("quay.io/x/controller:{image}") }] } } },
        });
        Object::from_value(Component::CertManager, body).unwrap()
    }

    fn told(kind: &str, (from, from_image): (&str, &str), (to, to_image): (&str, &str)) -> Option<String> {
        let change = Change { object: object(kind, to, to_image), new: false, adopts: None };
        let plan = Plan { apply: vec![change], ..Plan::default() };
        let live = object(kind, from, from_image);
        let snapshot = Snapshot { objects: [(live.key, live.body)].into(), ..Snapshot::default() };
        skipped(&plan, &snapshot).map(|skip| skip.through)
    }

    #[test]
    fn two_minor_versions_are_a_skip_and_one_is_none() {
        let told = |from: &str, to: &str| told("Deployment", (from, from), (to, to));
        assert_eq!(told("v1.19.3", "v1.21.2").as_deref(), Some("v1.20"));
        assert_eq!(told("v1.20.0", "v1.21.2"), None);
        assert_eq!(told("v1.22.0", "v1.21.2"), None);
    }

    #[test]
    fn manifest_and_image_are_compared_each_with_its_own_kind() {
        let now = ("v1.21.2", "v1.21.2");
        assert_eq!(told("Deployment", ("v1.19.3", "mine"), now).as_deref(), Some("v1.20"));
        assert_eq!(told("Deployment", ("v1.21.2", "v1.18.0"), now).as_deref(), Some("v1.19"));
        // An image that stays as it is, however far from the manifest.
        assert_eq!(told("Deployment", ("v1.20.3", "v1.25.0"), ("v1.21.2", "v1.25.0")), None);
    }

    #[test]
    fn where_no_program_runs_nothing_is_skipped() {
        assert_eq!(told("CustomResourceDefinition", ("v1.15.0", "v1.15.0"), ("v1.21.2", "v1.21.2")), None);
        let change = Change { object: object("Deployment", "v1.21.2", "v1.21.2"), new: true, adopts: None };
        let plan = Plan { apply: vec![change], ..Plan::default() };
        assert_eq!(skipped(&plan, &Snapshot::default()), None);
    }

    #[test]
    fn a_strangers_cert_manager_says_nothing_of_ours() {
        let change = Change { object: object("Deployment", "v1.21.2", "v1.21.2"), new: false, adopts: None };
        let plan = Plan { apply: vec![change], ..Plan::default() };
        let mut live = object("Deployment", "v1.15.0", "v1.15.0");
        live.body["metadata"]["managedFields"][0]["manager"] = "helm".into();
        let snapshot = Snapshot { objects: [(live.key, live.body)].into(), ..Snapshot::default() };
        assert_eq!(skipped(&plan, &snapshot), None);
    }
}
