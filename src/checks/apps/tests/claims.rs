//! Claims that wait for a volume.

use super::*;

fn claim(class: Option<&str>, used: bool, classes: Vec<Value>) -> Report {
    cluster(|seen| {
        let spec = class.map_or_else(|| json!({}), |class| json!({ "storageClassName": class }));
        items(seen, "persistentvolumeclaims")
            .push(json!({ "metadata": { "namespace": "homelab", "name": "data" },
            "spec": spec, "status": { "phase": "Pending" } }));
        *items(seen, "storageclasses.storage.k8s.io") = classes;
        if used {
            items(seen, "pods")[1]["spec"]["volumes"] =
                json!([{ "persistentVolumeClaim": { "claimName": "data" } }]);
        }
    })
}

fn class(name: &str, default: bool) -> Value {
    let annotations = json!({ "storageclass.kubernetes.io/is-default-class": default.to_string() });
    json!({ "metadata": { "name": name, "annotations": annotations } })
}

#[test]
fn a_claim_without_a_volume_is_explained_by_the_classes_there_are() {
    let none = claim(None, true, vec![class("slow", false)]);
    assert!(only(&none, id::CLAIMS).cause.contains("--disable=local-storage"));
    assert_eq!(none.exit_code(), 1);
    assert_eq!(claim(None, false, vec![]).exit_code(), 0, "nobody uses it");
    let wrong = only(&claim(Some("fast"), true, vec![class("local-path", true)]), id::CLAIMS);
    assert!(wrong.cause.contains("`local-path`"));
    let first = claim(Some("local-path"), false, vec![class("local-path", true)]);
    assert_eq!((fails(&first), first.exit_code()), (vec![id::CLAIMS], 0));
    assert_eq!(only(&first, id::CLAIMS).lowered, Some(Severity::Info));
    let waits = only(&claim(Some("local-path"), true, vec![class("local-path", true)]), id::CLAIMS);
    assert!(waits.fix.text.contains("local-path-provisioner"));
    let two = cluster(|seen| {
        *items(seen, "storageclasses.storage.k8s.io") = vec![class("a", true), class("b", true)]
    });
    assert_eq!((fails(&two), two.exit_code()), (vec![id::CLAIMS], 0));
}
