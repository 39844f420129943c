//! The class of a controller that is there already: nothing is written for one that nobody serves.

use serde_json::Value;

use crate::cluster::{Awaited, Cluster};
use crate::config::{Config, Controller};
use crate::desired::kind;
use crate::desired::object::{Component, Key};
use crate::error::{Error, Result};
use crate::evidence::{View, at, waits_for_balancer};
use crate::ingress::{OTHERS, traits_of};
use crate::plan::Plan;
use crate::plan::readiness::{Readiness, readiness};

/// Where the classes are found.
const LISTED: &str = "`kubectl get ingressclasses` lists them";

/// Looks for the class that the configuration names, where the controller is not homelab's.
///
/// # Errors
/// When it is not there, goes with this run, or is served by one that reads other annotations than those which it would get; and
/// when the classes cannot be read.
pub(super) async fn is_there(cluster: &Cluster, config: &Config, plan: &Plan) -> Result<()> {
    match &config.ingress.class {
        Some(class) => judge(config, class, &cluster.all(&kind::INGRESS_CLASS).await?, plan),
        None => Ok(()),
    }
}

fn judge(config: &Config, class: &str, classes: &[Value], plan: &Plan) -> Result<()> {
    // One that homelab brought goes with homelab's own controller.
    let goes = |name: &str| {
        let is_it = |key: &Key| *key.kind == kind::INGRESS_CLASS && key.name == name;
        plan.removal.gone.iter().any(|gone| is_it(&gone.key))
    };
    let others: Vec<String> = classes
        .iter()
        .filter(|class| !goes(class.name()))
        .map(|class| format!("`{}` (of {})", class.name(), at(class, "/spec/controller")))
        .collect();
    let there = match others.as_slice() {
        [] => "the cluster has no IngressClass of another controller".to_owned(),
        some => format!("the IngressClasses of other controllers are: {}", some.join(", ")),
    };
    let choose =
        format!("set `ingress.class` to one of them, or install your ingress controller first; {LISTED}");
    let Some(found) = classes.iter().find(|found| found.name() == class) else {
        return Err(Error::usage(format!("the cluster has no IngressClass `{class}` (`ingress.class`)"))
            .because(there)
            .hint(choose));
    };
    if goes(class) {
        return Err(Error::usage(format!("the IngressClass `{class}` (`ingress.class`) is homelab's own"))
            .because("with `ingress.manage: false`, homelab removes its own controller, and that class with it: nothing would serve the lab")
            .because(there)
            .hint(format!("{choose};\nor remove `manage` and `class` from `ingress` to keep homelab's own controller")));
    }
    mistaken(config, class, at(found, "/spec/controller")).map_or(Ok(()), Err)
}

/// Annotations that the controller is known not to read would silently have no effect.
fn mistaken(config: &Config, class: &str, serves: &str) -> Option<Error> {
    let dialect = config.ingress.dialect;
    let make = traits_of(dialect);
    let other = OTHERS.iter().any(|(begins, _)| serves.starts_with(begins));
    (dialect.is_managed() && other && serves != make.class_controller).then(|| {
        Error::usage(format!("the IngressClass `{class}` belongs to `{serves}`, which does not read the annotations of {}", make.name))
            .because(format!(
                "`ingress.controller: {}` has homelab write annotations that begin with `{}`: upload limits, timeouts and HTTPS to \
                 services would silently have no effect",
                dialect.facts().key,
                make.annotations
            ))
            .hint("leave `ingress.controller` out, and write the annotations of your own controller below `annotations` of each service that needs some")
    })
}

/// The same error, where Ingresses wait for an address, with what gives them one.
pub(super) async fn without_address(cluster: &Cluster, awaited: &Awaited, error: Error) -> Error {
    let waits = |(key, (_, live)): (&Key, &(Component, Option<Value>))| {
        *key.kind == kind::INGRESS
            && live.as_ref().is_some_and(|live| readiness(key.kind, live) != Readiness::Ready)
    };
    match awaited.objects.iter().any(waits) {
        true => explained(error, &cluster.all(&kind::SERVICE).await.unwrap_or_default()),
        false => error,
    }
}

fn explained(error: Error, services: &[Value]) -> Error {
    let (cause, fix) = traits_of(Controller::Unmanaged).status.empty;
    let waiting = services.iter().filter(|service| waits_for_balancer(service)).map(|service| {
        format!(
            "Service `{}` of type LoadBalancer has no address: no load balancer gives it one",
            service.full_name()
        )
    });
    let error = error.because(format!("the controller is not homelab's (`ingress.manage: false`): {cause}"));
    waiting
        .fold(error, Error::because)
        .hint(format!("{fix}: `kubectl get services -A | grep LoadBalancer`; then run `homelab up` again"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::config;
    use crate::desired::{Bundle, meta};
    use crate::plan::{Snapshot, plan};

    fn told(ingress: &str, classes: &[(&str, &str)], mine: &[&str]) -> std::result::Result<(), String> {
        let config = config::parse(&format!(
            "domain: home.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare }}\ningress: {{ manage: false, {ingress} }}\n"
        ))
        .unwrap();
        let class = |name: &str, controller: &str| json!({ "metadata": { "name": name }, "spec": { "controller": controller } });
        let live: Vec<Value> = classes.iter().map(|(name, controller)| class(name, controller)).collect();
        let mut snapshot = Snapshot::default();
        let applied = mine.iter().map(|name| {
            let labels = meta::inventory_labels("home.example.com");
            json!({ "metadata": { "name": name, "labels": labels,
                "managedFields": [{ "manager": "homelab", "operation": "Apply" }] } })
        });
        let applied: Vec<Value> = applied.collect();
        snapshot.note("home.example.com", &kind::INGRESS_CLASS, Some(json!({ "items": applied })));
        let plan = plan(Bundle { objects: Vec::new(), derived: BTreeSet::new() }, &snapshot);
        judge(&config, config.ingress.class.as_deref().unwrap(), &live, &plan)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_class_that_is_there_and_another_controllers_is_used() {
        assert_eq!(told("class: edge", &[("edge", "example.test/edge")], &[]), Ok(()));
    }

    #[test]
    fn a_class_that_is_not_there_is_refused_with_those_that_are() {
        let text = told("class: edge", &[("front", "example.test/front"), ("nginx", "k8s.io/x")], &["nginx"])
            .unwrap_err();
        assert!(
            text.contains("no IngressClass `edge`") && text.contains("`front` (of example.test/front)"),
            "{text}"
        );
        assert!(!text.contains("`nginx`"), "homelab's own goes: {text}");
        assert!(
            told("class: edge", &[], &[]).unwrap_err().contains("the cluster has no IngressClass of another")
        );
    }

    #[test]
    fn homelabs_own_class_cannot_serve_when_its_controller_goes() {
        let text = told("class: nginx", &[("nginx", "k8s.io/x")], &["nginx"]).unwrap_err();
        assert!(text.contains("is homelab's own") && text.contains("remove `manage` and `class`"), "{text}");
    }

    #[test]
    fn annotations_that_the_controller_does_not_read_are_not_written() {
        let (other, _) = OTHERS[0];
        let classes = [("edge", other)];
        let known = Controller::default().facts().key;
        let text = told(&format!("class: edge, controller: {known}"), &classes, &[]).unwrap_err();
        assert!(
            text.contains("would silently have no effect") && text.contains("leave `ingress.controller` out"),
            "{text}"
        );
        assert_eq!(told("class: edge", &classes, &[]), Ok(()));
        let custom = [("edge", "example.test/edge")];
        assert_eq!(told(&format!("class: edge, controller: {known}"), &custom, &[]), Ok(()));
    }

    #[test]
    fn an_ingress_without_an_address_leads_to_the_service_that_waits_for_one() {
        let service = |name: &str, kind: &str, addresses: Value| {
            json!({ "metadata": { "namespace": "edge", "name": name }, "spec": { "type": kind },
                "status": { "loadBalancer": { "ingress": addresses } } })
        };
        let services = [
            service("edge", "LoadBalancer", json!([])),
            service("well", "LoadBalancer", json!([{ "ip": "192.168.1.240" }])),
            service("inside", "ClusterIP", json!([])),
        ];
        let text = explained(Error::unfinished("not everything became ready in time"), &services).to_string();
        assert!(text.contains("Service `edge/edge` of type LoadBalancer has no address"), "{text}");
        assert!(
            !text.contains("edge/well") && !text.contains("edge/inside") && text.contains("MetalLB"),
            "{text}"
        );
    }
}
