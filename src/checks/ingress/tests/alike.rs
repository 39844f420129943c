//! What only objects and logs tell, since the page is one that others give, too.

use serde_json::json;

use crate::checks::engine::CheckId;
use crate::checks::ingress::tests::*;
use crate::evidence::http::HttpAnswer;

/// client-go 0.36, tools/cache/reflector.go: with a role that lacks a rule, Traefik stays ready and answers 404 for every name.
#[test]
fn a_controller_that_is_ready_and_may_not_read_is_no_well_one() {
    let said = |time: &str| {
        let line = format!(
            "E0601 {time}       1 reflector.go:227] \"Failed to watch\" err=\"failed to list *v1.Ingress: ingresses.networking.k8s.io is forbidden: User \\\"system:serviceaccount:a:b\\\" cannot list resource\""
        );
        lab(|e| {
            e.cluster.as_mut().unwrap().logs.insert(format!("ingress-nginx/{POD}/controller"), line);
        })
    };
    let finding = only(&said("11:59:30.000001"), id::PODS);
    assert!(finding.summary.contains("failed to list *v1.Ingress: ingresses.networking.k8s.io is forbidden"));
    assert!(finding.fix.commands[0].contains("delete clusterrole,clusterrolebinding ingress-nginx"));
    assert_eq!(fails(&said("11:50:00.000001")), [], "it was given the right again");
}

/// The 404 of Go, which more than one program gives.
fn go_404() -> HttpAnswer {
    page(404, "text/plain; charset=utf-8", "404 page not found\n")
}

fn nodes_give(evidence: &mut Evidence, answer: &HttpAnswer) {
    evidence.node_answers.iter_mut().for_each(|probe| probe.answer = Ok(answer.clone()));
}

#[test]
fn whose_the_404_of_go_is_only_its_objects_tell() {
    let read = |e: &mut Evidence| {
        let cluster = e.cluster.as_mut().unwrap();
        cluster.objects.0.insert("deployments.apps".to_owned(), Listing::Items(vec![]));
        nodes_give(e, &go_404());
    };
    let finding = found(&lab(read), id::NODE_404);
    assert!(finding.summary.contains("of Traefik, or of another program in Go"), "{finding:?}");
    assert!(!finding.fix.text.contains("--disable"), "k3s' own is not there: {finding:?}");

    let report = lab(|e| {
        read(e);
        list(e, "services").push(json!({ "metadata": { "namespace": "kube-system", "name": "traefik" } }));
    });
    assert!(found(&report, id::NODE_404).fix.text.contains("--disable=traefik,servicelb"));
}

/// The first finding of a check.
fn found(report: &Report, id: CheckId) -> Finding {
    let of_id = report.checks.iter().filter(|check| check.id == id);
    of_id.filter_map(|check| check.finding().cloned()).next().unwrap()
}
