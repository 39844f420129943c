//! Ingresses that external-dns passes over for their class.

use crate::checks::edns::tests::*;

/// The healthy lab whose host has no record, and an Ingress of that class.
fn unrecorded(class: Value, classes: Value) -> Report {
    with_cluster(|e| {
        records(e).clear();
        let deployment = &mut list(e, "deployments.apps")[0];
        let args = deployment["spec"]["template"]["spec"]["containers"][0]["args"].as_array_mut().unwrap();
        args.push(json!("--ingress-class=nginx"));
        list(e, "ingresses.networking.k8s.io")[0]["spec"]["ingressClassName"] = class;
        let classes = Listing::Items(classes.as_array().cloned().unwrap());
        e.cluster.as_mut().unwrap().objects.0.insert("ingressclasses.networking.k8s.io".into(), classes);
    })
}

#[test]
fn an_ingress_of_no_class_or_of_another_one_gets_no_record_and_nobody_waits_for_it() {
    let finding = |report: &Report| {
        let check = report.checks.iter().find(|check| check.id == id::RECORDS).unwrap();
        check.finding().unwrap().clone()
    };
    let nginx =
        json!([{ "metadata": { "name": "internal" }, "spec": { "controller": "k8s.io/ingress-nginx" } }]);
    let none = finding(&unrecorded(Value::Null, nginx.clone()));
    assert!(
        none.cause.contains(
            "`homelab/whoami` has no class, but external-dns reads only Ingresses of class `nginx`"
        )
    );
    assert_eq!(none.heals, Heals::Never);
    assert!(none.fix.commands[0].to_string().contains("patch ingress whoami --type=merge"));
    let second = finding(&unrecorded(json!("internal"), nginx));
    assert!(second.cause.contains("has the class `internal`") && second.fix.commands.len() == 1);
    let traefik = json!([{ "metadata": { "name": "other" }, "spec": { "controller": "traefik.io/ingress-controller" } }]);
    let foreign = finding(&unrecorded(json!("other"), traefik));
    assert!(
        foreign.cause.contains("another controller serves that class") && foreign.fix.commands.is_empty()
    );
    let own = finding(&unrecorded(json!("nginx"), json!([])));
    assert_eq!(own.heals, Heals::Waiting);
}
