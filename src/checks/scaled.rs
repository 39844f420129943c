//! A Deployment that somebody scaled to 0: one finding says so, and its one command is the cure.

use super::engine::{CheckId, Judged, Outcome};
use super::lab;
use crate::evidence::{Evidence, View};
use crate::outside::command::Command;

/// The command that starts it again. The field then has the value that homelab wants, so that `homelab up` has no conflict
/// about it, whoever owns it.
pub(super) fn cure(namespace: &str, name: &str) -> Option<Command> {
    command!("kubectl -n {} scale deployment/{} --replicas=1", namespace, name)
}

/// Where a check has that cure for a Deployment, the group `lab` gives no other for the same field.
pub(super) fn tell_once(evidence: &Evidence, judged: &mut [Judged]) {
    let deployments = evidence.objects("deployments.apps").unwrap_or_default().iter();
    let scaled = deployments.filter(|deployment| deployment["spec"]["replicas"] == 0);
    let told: Vec<(String, CheckId)> = scaled
        .filter_map(|deployment| {
            let cure = cure(deployment.namespace(), deployment.name())?.to_string();
            let has_it = |one: &&Judged| match &one.outcome {
                Outcome::Fail(finding) => finding.fix.commands.contains(&cure),
                _ => false,
            };
            Some((format!("Deployment {}", deployment.full_name()), judged.iter().find(has_it)?.id))
        })
        .collect();
    lab::leave_to_others(evidence, &told, judged);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::checks::k3s::tests::{items, sound};
    use crate::checks::tests::*;

    const CURE: &str = "kubectl -n homelab scale deployment/whoami --replicas=1";

    /// The demo scaled to 0 by `kubectl scale`, as all of the doctor's looks see it, and one change to what differs.
    fn scaled(change: impl FnOnce(&mut DriftSeen)) -> Report {
        whole(|evidence| {
            let mut seen = sound();
            items(&mut seen, "endpointslices.discovery.k8s.io")[0]["endpoints"] = json!([]);
            items(&mut seen, "pods").remove(1);
            let template = json!({ "metadata": { "labels": { "app": "whoami" } } });
            items(&mut seen, "deployments.apps")
                .push(json!({ "metadata": { "namespace": "homelab", "name": "whoami" },
                "spec": { "replicas": 0, "template": template } }));
            evidence.cluster = Some(seen);
            let name = "Deployment homelab/whoami";
            let mut drift = DriftSeen { kept: 60, ..DriftSeen::default() };
            drift.write.push(Drifted::Touched(name.into()));
            drift.conflicts.push(conflict(name, ".spec.replicas"));
            change(&mut drift);
            evidence.drift = Some(Ok(drift));
        })
    }

    fn conflict(object: &str, field: &str) -> Conflict {
        let argument = Some("-n homelab deployments.apps/whoami".into());
        let (manager, fields) = ("kubectl".into(), vec![field.into()]);
        Conflict { object: object.into(), argument, manager, fields, entry: Some(1) }
    }

    #[test]
    fn a_deployment_of_homelab_that_was_scaled_to_0_has_one_fix() {
        let report = scaled(|_| ());
        assert_eq!(only(&report, id::ENDPOINTS).fix.commands, [CURE]);
        let Outcome::Skip { why } = outcome(&report, id::CONFLICT) else { panic!("{report:#?}") };
        assert!(why.contains("`apps.endpoints`") && why.contains("Deployment homelab/whoami"), "{why}");
        assert_eq!(outcome(&report, id::APPLIED), Outcome::Blocked { by: id::ENDPOINTS });
    }

    #[test]
    fn whatever_else_others_own_is_told_as_before() {
        let others: [fn(&mut DriftSeen); 3] = [
            |drift| drift.conflicts.push(conflict("Service homelab/whoami", ".spec.ports")),
            |drift| drift.conflicts[0].fields.push(".spec.paused".into()),
            |drift| drift.conflicts[0].object = "Deployment homelab/other".into(),
        ];
        for change in others {
            let report = scaled(change);
            assert!(fails(&report).contains(&id::CONFLICT), "{:?}", fails(&report));
        }
    }
}
