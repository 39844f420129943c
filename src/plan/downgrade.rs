//! Whether a plan takes cert-manager back to an earlier version, as an older homelab or an older NixOS generation does.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::desired::kind;
use crate::desired::meta::{COMPONENT, VERSION};
use crate::desired::object::Component;
use crate::facts::version::Version;
use crate::plan::{Plan, Snapshot, is_applied};

/// From a later version to an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Downgrade {
    /// The highest version that homelab has applied something of in the cluster.
    pub from: Version,
    /// The version that the plan has.
    pub to: Version,
}

impl Downgrade {
    /// Whether it is more than a patch. cert-manager keeps to one minor version at a time (cert-manager documentation,
    /// "Upgrading cert-manager"), and of the way back it promises its API alone ("API compatibility").
    pub fn is_minor(self) -> bool {
        !self.from.is_same_minor(self.to)
    }
}

/// What of cert-manager the plan takes back; `None` where it keeps the version, raises it, or has none of it.
pub fn downgrade(plan: &Plan, snapshot: &Snapshot) -> Option<Downgrade> {
    let is_live = |live: &&Value| {
        let component = &live["metadata"]["labels"][COMPONENT];
        is_applied(live) && *component == Component::CertManager.name()
    };
    let from = snapshot.objects.values().filter(is_live).filter_map(version).max()?;
    let written = plan.apply.iter().filter(|change| change.object.component == Component::CertManager);
    let to = written.filter_map(|change| version(&change.object.body)).max()?;
    (to < from).then_some(Downgrade { from, to })
}

fn version(object: &Value) -> Option<Version> {
    Version::parse(object["metadata"]["labels"][VERSION].as_str()?)
}

/// The first definition, and its version, in which the cluster may have stored objects and which the plan's definition no
/// longer has: the API server refuses such a definition (`status.storedVersions` must be in `spec.versions`; Kubernetes
/// documentation, "Versions in CustomResourceDefinitions"). By name of the definition, `stored` has its stored versions.
pub fn lost<'s>(plan: &Plan, stored: &'s BTreeMap<String, Vec<String>>) -> Option<(&'s str, &'s str)> {
    let definitions = plan.apply.iter().map(|change| &change.object).filter(|o| *o.key.kind == kind::CRD);
    definitions.into_iter().find_map(|definition| {
        let (name, versions) = stored.get_key_value(&definition.key.name)?;
        let has = |version: &&String| {
            let all = definition.body["spec"]["versions"].as_array();
            all.is_some_and(|all| all.iter().any(|one| one["name"] == **version))
        };
        let missing = versions.iter().find(|version| !has(version))?;
        Some((name.as_str(), missing.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::desired::meta::HOMELAB;
    use crate::desired::object::Object;
    use crate::plan::Change;

    fn object(kind: &str, version: &str) -> Object {
        let group = if kind == "Deployment" { "apps/v1" } else { "apiextensions.k8s.io/v1" };
        let body = json!({
            "apiVersion": group, "kind": kind,
            "metadata": { "name": "certificates.cert-manager.io", "uid": "1",
                "labels": { COMPONENT: "cert-manager", VERSION: version },
                "managedFields": [{ "manager": HOMELAB, "operation": "Apply" }] },
            "spec": { "versions": [{ "name": "v1" }] },
        });
        Object::from_value(Component::CertManager, body).unwrap()
    }

    fn wanted(version: &str) -> Plan {
        let change = |kind| Change { object: object(kind, version), new: false, adopts: None };
        Plan { apply: ["Deployment", "CustomResourceDefinition"].map(change).into(), ..Plan::default() }
    }

    fn lives(version: &str) -> Snapshot {
        let object = object("CustomResourceDefinition", version);
        Snapshot { objects: [(object.key, object.body)].into(), ..Snapshot::default() }
    }

    #[test]
    fn an_older_homelab_takes_cert_manager_back() {
        let found = downgrade(&wanted("v1.21.2"), &lives("v1.22.0")).unwrap();
        assert!(found.is_minor());
        assert_eq!((found.from.to_string(), found.to.to_string()), ("v1.22.0".into(), "v1.21.2".into()));
    }

    #[test]
    fn a_patch_back_is_not_a_minor_version_back() {
        assert!(!downgrade(&wanted("v1.21.2"), &lives("v1.21.10")).unwrap().is_minor());
    }

    #[test]
    fn the_same_version_and_a_later_one_go_ahead() {
        assert_eq!(downgrade(&wanted("v1.21.2"), &lives("v1.21.2")), None);
        assert_eq!(downgrade(&wanted("v1.21.2"), &lives("v1.9.9")), None);
    }

    #[test]
    fn a_strangers_cert_manager_says_nothing_of_ours() {
        let mut snapshot = lives("v1.22.0");
        for live in snapshot.objects.values_mut() {
            live["metadata"]["managedFields"][0]["manager"] = "helm".into();
        }
        assert_eq!(downgrade(&wanted("v1.21.2"), &snapshot), None);
    }

    #[test]
    fn a_stored_version_that_the_definition_lacks_is_found() {
        let stored = |versions: &[&str]| {
            let versions = versions.iter().map(|&version| version.to_owned()).collect();
            BTreeMap::from([("certificates.cert-manager.io".to_owned(), versions)])
        };
        assert_eq!(
            lost(&wanted("v1.21.2"), &stored(&["v1", "v2"])),
            Some(("certificates.cert-manager.io", "v2"))
        );
        assert_eq!(lost(&wanted("v1.21.2"), &stored(&["v1"])), None);
    }
}
