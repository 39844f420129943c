//! Another ingress controller in place of the one that runs. Both want ports 80 and 443 of every node, so the one of before has to
//! go before the new one's pods find a place; everything else of it goes at the end, as all that is wanted no more.

use crate::config::Controller;
use crate::desired::kind;
use crate::desired::object::Key;
use crate::ingress::{Traits, traits_of};
use crate::plan::ownership::Doomed;
use crate::plan::readiness::{Readiness, readiness};
use crate::plan::{Plan, Snapshot};

/// Who gives way to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    /// The controller that runs.
    pub from: Controller,
    /// Its DaemonSet, which homelab has applied.
    pub old: Doomed,
    /// The controller that the configuration names.
    pub to: Controller,
    /// Its DaemonSet.
    pub new: Key,
}

/// The DaemonSet of a controller.
#[must_use]
pub fn workload(controller: &Traits) -> Key {
    Key {
        kind: &kind::DAEMON_SET,
        namespace: Some(controller.namespace.to_owned()),
        name: controller.workload.to_owned(),
    }
}

/// Whether the plan puts a controller in another one's place; not where the new one serves already, as after a run that was
/// stopped and a configuration that was set back. What goes is what [`crate::plan::ownership`] says: another's DaemonSet of
/// that name is none of ours.
pub(super) fn switch(plan: &Plan, snapshot: &Snapshot) -> Option<Switch> {
    let to = Controller::ALL.iter().copied().find(|one| plan.wanted.contains(&workload(traits_of(*one))))?;
    let new = workload(traits_of(to));
    let serves = |live| readiness(new.kind, live) == Readiness::Ready;
    if snapshot.objects.get(&new).is_some_and(serves) {
        return None;
    }
    let goes = |one: &Controller| {
        let key = workload(traits_of(*one));
        let doomed = plan.removal.gone.iter().find(|doomed| doomed.key == key)?;
        Some((*one, doomed.clone()))
    };
    let (from, old) = Controller::ALL.iter().find_map(goes)?;
    Some(Switch { from, old, to, new })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::desired::{Inputs, bundle};
    use crate::plan::plan;

    const OWNER: &str = "home.example.com";

    fn config(controller: &str) -> crate::config::Config {
        let text = format!(
            "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare }}\ningress: {{ controller: {controller} }}\n"
        );
        crate::config::parse(&text).unwrap()
    }

    /// The lab as it lives with that controller; `change` is made to each object.
    fn lab(controller: &str, change: impl Fn(&mut Value)) -> Snapshot {
        let mut snapshot = Snapshot::default();
        let objects = bundle(&config(controller), &Inputs::default()).objects;
        for kind in kind::KINDS {
            let items = objects.iter().filter(|object| object.key.kind == *kind).map(|object| {
                let mut body = object.body.clone();
                body["metadata"]["uid"] = object.key.to_string().into();
                body["metadata"]["resourceVersion"] = "7".into();
                body["metadata"]["managedFields"] = json!([{ "manager": "homelab", "operation": "Apply" }]);
                change(&mut body);
                body
            });
            snapshot.note(OWNER, kind, Some(json!({ "items": items.collect::<Vec<_>>() })));
        }
        snapshot
    }

    fn planned(controller: &str, snapshot: &Snapshot) -> Plan {
        plan(bundle(&config(controller), &Inputs::default()), snapshot)
    }

    /// First of all: whatever bears the name and the labels, what homelab has not applied, or has adopted, stays.
    #[test]
    fn a_strangers_daemon_set_of_the_old_controllers_name_is_never_deleted() {
        let copied = lab("ingress-nginx", |object| {
            object["metadata"]["managedFields"] = json!([{ "manager": "helm", "operation": "Update" }]);
        });
        let adopted = lab("ingress-nginx", |object| {
            object["metadata"]["annotations"]["homelab/adopted"] = "true".into();
        });
        for snapshot in [copied, adopted] {
            let plan = planned("paper", &snapshot);
            assert_eq!(plan.switch, None);
            assert!(!plan.removal.gone.iter().any(|doomed| *doomed.key.kind == kind::DAEMON_SET));
        }
    }

    #[test]
    fn the_daemon_set_of_before_gives_way_as_it_was_seen_and_the_way_back_is_the_same() {
        for (from, to) in [("ingress-nginx", "paper"), ("paper", "ingress-nginx")] {
            let plan = planned(to, &lab(from, |_| ()));
            let switch = plan.switch.unwrap();
            assert_eq!((switch.from.facts().key, switch.to.facts().key), (from, to));
            assert_eq!(
                (switch.old.uid.as_str(), switch.old.version.as_str()),
                (switch.old.key.to_string().as_str(), "7")
            );
            assert!(plan.apply.iter().any(|change| change.object.key == switch.new));
        }
    }

    /// What visitors and records depend on.
    #[test]
    fn certificates_ingresses_and_what_both_controllers_share_stay() {
        let plan = planned("paper", &lab("ingress-nginx", |_| ()));
        for kind in ["Ingress", "Certificate", "Secret", "Namespace", "PriorityClass"] {
            let gone = plan.removal.gone.iter().find(|doomed| doomed.key.kind.kind == kind);
            assert_eq!(gone, None);
        }
    }

    #[test]
    fn nothing_gives_way_in_a_lab_that_has_its_controller_and_in_a_new_one() {
        assert_eq!(planned("paper", &lab("paper", |_| ())).switch, None);
        assert_eq!(planned("paper", &Snapshot::default()).switch, None);
    }

    /// Stopped before the one of before was deleted, and then set back: that one still serves.
    #[test]
    fn a_controller_that_serves_needs_nobody_to_give_way() {
        let mut snapshot = lab("ingress-nginx", |object| {
            object["status"] =
                json!({ "desiredNumberScheduled": 1, "numberAvailable": 1, "updatedNumberScheduled": 1 });
        });
        let half = lab("paper", |_| ());
        snapshot.objects.extend(half.objects);
        let back = planned("ingress-nginx", &snapshot);
        assert_eq!(back.switch, None);
        assert!(back.removal.gone.iter().any(|doomed| doomed.key == workload(traits_of(Controller::Paper))));
        assert!(planned("paper", &snapshot).switch.is_some());
    }
}
