//! A controller that is there already: nothing of it is written, taken over or deleted, whatever it is called.

use crate::desired::meta::inventory_labels;
use crate::desired::object::Component;
use crate::facts::controllers::Controller;
use crate::plan::tests::*;

const OURS: &str = "whoami: true\n";
/// With the name of the class that homelab's own controller has, as a chart of the same program gives it.
const THEIRS: &str = "ingress: { manage: false, class: nginx }\n";

/// What only a controller has.
fn is_of_controller(object: &Object) -> bool {
    matches!(object.component, Component::Controller(_))
}

/// A stranger's controller that is called as homelab's, and bears copies of homelab's labels.
fn strangers() -> Snapshot {
    let mut snapshot = Snapshot { certificates: Some([].into()), ..Snapshot::default() };
    for object in bundle_of(OURS).objects.into_iter().filter(is_of_controller) {
        let mut live = object.body;
        live["metadata"]["uid"] = "theirs".into();
        live["metadata"]["labels"] = json!(inventory_labels("home.example.com"));
        live["metadata"]["managedFields"] = json!([{ "manager": "helm", "operation": "Apply" }]);
        snapshot.objects.insert(object.key, live);
    }
    assert!(snapshot.objects.len() > 8);
    snapshot
}

#[test]
fn nothing_of_it_is_written_and_every_ingress_has_its_class() {
    let bundle = bundle_of(&format!("{THEIRS}startPage: true\nservices: {{ nas: {{ local: 80 }} }}\n"));
    let kinds: Vec<&str> = bundle.objects.iter().map(|object| object.key.kind.kind).collect();
    for kind in ["DaemonSet", "IngressClass", "PriorityClass", "ValidatingAdmissionPolicy"] {
        assert!(!kinds.contains(&kind), "{kinds:?}");
    }
    assert!(!bundle.objects.iter().any(is_of_controller));
    let home = Controller::default().facts().namespace;
    let is_there = |object: &Object| object.key.namespace.as_deref() == Some(home) || object.key.name == home;
    assert!(!bundle.objects.iter().any(is_there), "something lies in {home}");
    let ingresses: Vec<_> =
        bundle.objects.iter().filter(|object| *object.key.kind == kind::INGRESS).collect();
    assert_eq!(ingresses.len(), 3);
    let beginning = Controller::default().facts().annotations;
    for ingress in ingresses {
        assert_eq!(ingress.body["spec"]["ingressClassName"], "nginx");
        let annotations = ingress.body["metadata"]["annotations"].to_string();
        assert!(!annotations.contains(beginning), "nobody may read these: {annotations}");
    }
}

#[test]
fn a_strangers_controller_with_the_names_and_labels_of_homelabs_is_never_pruned() {
    let plan = plan(bundle_of(THEIRS), &strangers());
    assert_eq!(plan.removal.gone, [], "a stranger's object would have been deleted");
    assert!(plan.apply.iter().all(|change| change.new), "a stranger's object would have been written");
    assert!(!plan.apply.iter().any(|change| is_of_controller(&change.object)));
}

#[test]
fn homelabs_own_controller_goes_when_another_serves_the_lab_and_comes_back() {
    let there = applied(&plan(bundle_of(OURS), &Snapshot::default()));
    let leaves = plan(bundle_of("ingress: { manage: false, class: edge }\n"), &there);
    let gone: Vec<String> = leaves.removal.gone.iter().map(|gone| gone.key.to_string()).collect();
    for object in bundle_of(OURS).objects.into_iter().filter(is_of_controller) {
        let (key, name) = (object.key.to_string(), &object.key.kind.kind);
        assert!(*name == "Namespace" || gone.contains(&key), "{key} stays: {gone:?}");
    }
    let stays = |text: &str| !gone.iter().any(|gone| gone.contains(text));
    assert!(stays("Ingress homelab/") && stays("Certificate") && stays("Secret"), "{gone:?}");
    let mut without = there;
    leaves.removal.gone.iter().for_each(|gone| drop(without.objects.remove(&gone.key)));
    let back = plan(bundle_of(OURS), &without);
    assert!(back.apply.iter().any(|change| change.object.key.kind.kind == "DaemonSet"));
    assert!(back.removal.gone.is_empty());
}
