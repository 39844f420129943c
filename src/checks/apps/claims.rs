//! Volumes that are asked for and not there.

use serde_json::Value;

use crate::checks::apps::backend;
use crate::checks::engine::words::quoted;
use crate::checks::engine::{Finding, Judged, Outcome, Severity, Subject, Vantage, judged};
use crate::checks::id;
use crate::checks::reading::pods;
use crate::evidence::pod::has_ended;
use crate::evidence::{Evidence, View, at, entries};

/// By which a StorageClass is the one of claims that name none.
const DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";

pub(super) fn volumes(evidence: &Evidence) -> Vec<Judged> {
    let for_subject = |subject, outcome| vec![judged(id::CLAIMS, subject, Vantage::Api, outcome)];
    let (Some(claims), Some(classes)) =
        (evidence.objects("persistentvolumeclaims"), evidence.objects("storageclasses.storage.k8s.io"))
    else {
        return for_subject(Subject::default(), Outcome::unknown("the claims were not read"));
    };
    let mut found = Vec::new();
    for claim in claims.iter().filter(|claim| at(claim, "/status/phase") != "Bound") {
        let users = users(evidence, claim);
        let hosts: Vec<String> = users.iter().flat_map(|pod| backend::hosts_of(evidence, pod)).collect();
        let finding = pending(evidence, claim, classes, &users);
        match hosts.first() {
            Some(host) => found.extend(for_subject(Subject::host(host), finding.into())),
            None => found.extend(for_subject(Subject::default(), finding.into())),
        }
    }
    if found.is_empty() {
        let defaults: Vec<&str> = defaults(classes).map(|class| class.name()).collect();
        let outcome = match defaults.as_slice() {
            [_, _, ..] => Finding::new(
                format!("{} StorageClasses are the default: {}", defaults.len(), quoted(&defaults)),
                "a claim that names none gets the newest of them",
                format!("keep one as the default, and run for each other one: `kubectl annotate storageclass NAME {DEFAULT}-`"),
            )
            .look("kubectl get storageclass")
            .only(Severity::Warning)
            .into(),
            _ => Outcome::pass(match claims.len() {
                0 => "there is no PersistentVolumeClaim".to_owned(),
                some => format!("{some} claims, each with its volume"),
            }),
        };
        found = for_subject(Subject::default(), outcome);
    }
    found
}

fn defaults(classes: &[Value]) -> impl Iterator<Item = &Value> {
    classes.iter().filter(|class| class.annotation(DEFAULT) == "true")
}

/// The pods that mount it and have not ended.
fn users<'a>(evidence: &'a Evidence, claim: &Value) -> Vec<&'a Value> {
    let (namespace, name) = (claim.namespace(), claim.name());
    let mounts = |pod: &&Value| {
        pod.namespace() == namespace
            && !has_ended(pod)
            && entries(pod, "/spec/volumes")
                .iter()
                .any(|volume| at(volume, "/persistentVolumeClaim/claimName") == name)
    };
    evidence.objects("pods").unwrap_or_default().iter().filter(mounts).collect()
}

/// How k3s' own class comes back.
const BRING_BACK: &str = "remove `local-storage`, and nothing else, from what k3s disables: `disable` in `/etc/rancher/k3s/config.yaml`, the flags in `/etc/systemd/system/k3s.service`, on NixOS `services.homelab.k3s.disable`; then restart k3s (`sudo systemctl restart k3s`). The claim gets its volume by itself";

fn pending(evidence: &Evidence, claim: &Value, classes: &[Value], users: &[&Value]) -> Finding {
    let name = claim.full_name();
    let look = command!("kubectl --namespace {} describe pvc {}", claim.namespace(), claim.name());
    let lost = at(claim, "/status/phase") == "Lost";
    let wanted = claim.pointer("/spec/storageClassName").and_then(Value::as_str);
    let names: Vec<&str> = classes.iter().map(|class| class.name()).collect();
    let known = if names.is_empty() {
        "there is none at all".to_owned()
    } else {
        format!("there is {}", quoted(&names))
    };
    let finding = match wanted {
        _ if lost => Finding::new(
            format!("the volume of claim `{name}` no longer exists"),
            "its PersistentVolume was deleted, but the claim was not",
            "restore the data from a backup into a new claim; the old one can only be deleted",
        ),
        None if defaults(classes).next().is_none() => Finding::new(
            format!("claim `{name}` gets no volume: it names no StorageClass, and none is the default"),
            format!(
                "k3s brings `local-path` as the default, unless it was started with `--disable=local-storage`; {known}"
            ),
            match names.first() {
                None => BRING_BACK.to_owned(),
                Some(class) => format!(
                    "make one the default: `kubectl annotate storageclass {class} storageclass.kubernetes.io/is-default-class=true`; or {BRING_BACK}"
                ),
            },
        ),
        Some(class) if !class.is_empty() && !names.contains(&class) => Finding::new(
            format!("claim `{name}` gets no volume: its StorageClass `{class}` does not exist"),
            format!("the name is wrong, or the storage driver of that class is not installed; {known}"),
            "delete the claim and create it with a class that exists: the class of a claim cannot be changed",
        ),
        _ if users.is_empty() => {
            return Finding::new(
                format!("claim `{name}` waits for its first pod"),
                "Kubernetes creates the volume on the node of the first pod, and no pod uses the claim yet",
                "nothing needs to be done; delete the claim if nothing will use it",
            )
            .look(look)
            .only(Severity::Info);
        }
        _ => {
            let event = pods::event(
                evidence,
                claim,
                &["ProvisioningFailed", "FailedBinding", "ProvisioningCleanupFailed"],
            );
            let pinned = users
                .iter()
                .find(|pod| at(pod, "/status/phase") == "Pending" && !at(pod, "/spec/nodeName").is_empty());
            let cause = match (event, pinned) {
                (Some(event), _) => event.trim_end_matches('.').to_owned(),
                (None, Some(pod)) => format!("pod `{}` names its node itself (`nodeName`), so that the scheduler never chose one for the volume", pod.full_name()),
                (None, None) => "the storage driver has not created it (local-path-provisioner in `kube-system`), or the pod that uses it fits on no node".to_owned(),
            };
            Finding::new(
                format!(
                    "claim `{name}` has no volume yet, and pod `{}` waits for it",
                    users.first().map_or_else(String::new, |pod| pod.full_name())
                ),
                cause,
                "check the log of local-path-provisioner, and whether the pod fits on a node",
            )
            .look("kubectl --namespace kube-system logs deployment/local-path-provisioner --tail=20")
            .heals_soon()
        }
    };
    let finding = finding.look(look);
    if users.is_empty() { finding.only(Severity::Warning) } else { finding }
}
