//! What a GitOps program applies in homelab's place: Flux or Argo CD, from the files of `homelab render --output-dir`.
//!
//! Its field manager says so, which somebody could call himself as well. So this decides what is told and what is refused, and
//! never what may be deleted: that is `ownership`'s.

use serde_json::Value;

use crate::desired::kind;
use crate::desired::meta::{HOMELAB, MANAGED_BY};
use crate::desired::object::{Key, Object};
use crate::facts::gitops::Deployer;
use crate::plan::ownership::{is_applied, is_ours, managers};
use crate::plan::{HASH, Plan, Snapshot, compare};

/// The program that applied this object in homelab's place, or after it: of two that have, the one that wrote last counts.
pub fn deployer(live: &Value) -> Option<Deployer> {
    let by = |entry: &Value| Deployer::of_manager(entry["manager"].as_str().unwrap_or_default());
    let time = |entry: &Value| entry["time"].as_str().unwrap_or_default().to_owned();
    let entries = managers(live);
    let (deployer, last) = entries
        .iter()
        .filter_map(|entry| Some((by(entry)?, time(entry))))
        .max_by_key(|(_, time)| time.clone())?;
    let ours = entries.iter().filter(|entry| is_ours(entry)).map(time).max();
    ours.is_none_or(|ours| last > ours).then_some(deployer)
}

/// Whether that is the field manager of whoever applies the lab: no hand has changed what stands under it.
pub fn applies_lab(manager: &str) -> bool {
    manager == HOMELAB || Deployer::of_manager(manager).is_some()
}

/// Whether an object is one of the lab's, whoever applied it: for what is told of it, not for what may be done to it.
pub fn is_of_lab(live: &Value) -> bool {
    is_applied(live) || (live["metadata"]["labels"][MANAGED_BY] == HOMELAB && deployer(live).is_some())
}

/// The program that applies most of the lab's objects, where homelab itself does not.
pub fn deployer_of(snapshot: &Snapshot) -> Option<Deployer> {
    let by: Vec<Deployer> = snapshot.objects.values().filter_map(deployer).collect();
    let ours = snapshot.objects.values().filter(|live| is_applied(live) && deployer(live).is_none()).count();
    by.first().copied().filter(|_| by.len() > ours)
}

/// That program, with what the plan would write over.
pub fn deployed<'p>(plan: &'p Plan, snapshot: &Snapshot) -> Option<(Deployer, Vec<&'p Key>)> {
    let by = deployer_of(snapshot)?;
    let is_theirs = |key: &&Key| snapshot.objects.get(*key).and_then(deployer) == Some(by);
    let keys: Vec<&Key> = plan.apply.iter().map(|change| &change.object.key).filter(is_theirs).collect();
    (!keys.is_empty()).then_some((by, keys))
}

/// Whether what such a program applied is what is wanted. It has no hash: what homelab wants must stand in what lives.
pub fn is_as_rendered(object: &Object, live: &Value) -> bool {
    if deployer(live).is_none() {
        return false;
    }
    if *object.key.kind == kind::CLAIM {
        // What it asks for can only grow, and whoever has made it larger must not be told otherwise.
        return true;
    }
    let mut wanted = match *object.key.kind == kind::CRD {
        // Of a definition, only the metadata was read.
        true => serde_json::json!({ "metadata": object.body["metadata"] }),
        false => object.body.clone(),
    };
    if let Some(annotations) = wanted["metadata"]["annotations"].as_object_mut() {
        annotations.remove(HASH);
    }
    compare::is_subset(&wanted, live)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::desired::{Inputs, bundle};
    use crate::plan::plan;

    fn wanted() -> crate::desired::Bundle {
        let text = "domain: home.example.com\nemail: ada@lovelace.dev\ndns: { provider: cloudflare }\n";
        bundle(&crate::config::parse(text).unwrap(), &Inputs::default())
    }

    /// The lab as that field manager has applied it.
    fn applied_by(manager: &str, operation: &str) -> Snapshot {
        let live = wanted().objects.into_iter().map(|object| {
            let mut live = object.body;
            live["metadata"]["managedFields"] = json!([{ "manager": manager, "operation": operation }]);
            (object.key, live)
        });
        Snapshot { objects: live.collect(), ..Snapshot::default() }
    }

    #[test]
    fn what_flux_or_argo_cd_applied_is_known_as_theirs() {
        for (manager, operation, by) in [
            ("kustomize-controller", "Apply", Some(Deployer::Flux)),
            ("argocd-controller", "Apply", Some(Deployer::ArgoCd)),
            // Argo CD without `ServerSideApply=true`.
            ("argocd-controller", "Update", Some(Deployer::ArgoCd)),
            ("kubectl", "Apply", None),
            ("homelab", "Apply", None),
        ] {
            let snapshot = applied_by(manager, operation);
            let plan = plan(wanted(), &snapshot);
            let found = deployed(&plan, &snapshot);
            assert_eq!(found.as_ref().map(|(by, _)| *by), by, "{manager}");
            assert_eq!(
                found.map_or(0, |(_, keys)| keys.len()),
                if by.is_some() { plan.apply.len() } else { 0 }
            );
            assert!(plan.removal.gone.is_empty());
        }
    }

    #[test]
    fn of_two_that_have_applied_an_object_the_last_one_counts() {
        let both = |homelab: &str, flux: &str| {
            let mut snapshot = applied_by("homelab", "Apply");
            for live in snapshot.objects.values_mut() {
                live["metadata"]["managedFields"][0]["time"] = homelab.into();
                let managers = live["metadata"]["managedFields"].as_array_mut().unwrap();
                managers
                    .push(json!({ "manager": "kustomize-controller", "operation": "Apply", "time": flux }));
            }
            let found = deployed(&plan(wanted(), &snapshot), &snapshot).map(|(by, _)| by);
            assert_eq!(deployer_of(&snapshot), found);
            found
        };
        assert_eq!(both("2026-05-01T10:00:00Z", "2026-06-01T10:00:00Z"), Some(Deployer::Flux));
        assert_eq!(both("2026-07-01T10:00:00Z", "2026-06-01T10:00:00Z"), None);
    }

    #[test]
    fn what_is_taken_back_from_flux_is_written_by_force_and_never_deleted_later() {
        let snapshot = applied_by("kustomize-controller", "Apply");
        let mut plan = plan(wanted(), &snapshot);
        let all = plan.apply.len();
        let strangers = plan.meet(&snapshot, &std::collections::BTreeMap::new());
        assert_eq!(strangers.len(), all);
        plan.adopt(&strangers);
        let is_taken = |change: &crate::plan::Change| {
            change.adopts.is_some()
                && change.object.body["metadata"]["annotations"]["homelab/adopted"] == "true"
        };
        assert!(plan.apply.iter().all(is_taken));
    }

    #[test]
    fn one_object_of_others_with_the_labs_labels_makes_no_lab_of_flux() {
        let mut snapshot = applied_by("homelab", "Apply");
        let live = snapshot.objects.values_mut().next().unwrap();
        live["metadata"]["managedFields"][0]["manager"] = "kustomize-controller".into();
        assert_eq!(deployer_of(&snapshot), None);
        assert_eq!(deployed(&plan(wanted(), &snapshot), &snapshot), None);
    }

    #[test]
    fn what_they_applied_needs_no_hash_to_be_what_is_wanted() {
        let snapshot = applied_by("kustomize-controller", "Apply");
        let plan = plan(wanted(), &snapshot);
        for change in &plan.apply {
            let live = &snapshot.objects[&change.object.key];
            assert!(is_as_rendered(&change.object, live), "{}", change.object.key);
            let mut other = live.clone();
            other["metadata"]["labels"]["app.kubernetes.io/version"] = "0.0.0".into();
            assert!(!is_as_rendered(&change.object, &other), "{}", change.object.key);
            other["metadata"]["managedFields"][0]["manager"] = "kubectl".into();
            assert!(!is_as_rendered(&change.object, &other), "{}", change.object.key);
        }
    }
}
