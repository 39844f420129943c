//! From a host to what answers for it: the Services that its Ingresses name, and their pods.

use serde_json::Value;

use crate::evidence::pod::has_ended;
use crate::evidence::{Evidence, View, at, entries, rules_for, selects, slices_of};

/// A Service as an Ingress names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Backend<'a> {
    /// Of the Ingress, and of the Service: there is no other way to name one.
    pub(super) namespace: &'a str,
    pub(super) ingress: &'a str,
    pub(super) service: &'a str,
    /// The number or the name of the Service's port.
    pub(super) port: &'a Value,
}

impl<'a> Backend<'a> {
    /// The Service; `None` when it is not there.
    pub(super) fn find(&self, evidence: &'a Evidence) -> Option<&'a Value> {
        evidence.cluster.as_ref()?.objects.find("services", self.namespace, self.service)
    }

    /// The port of the Service that is meant; `None` when it has no such port.
    pub(super) fn port_of(&self, service: &'a Value) -> Option<&'a Value> {
        let wanted = |port: &&Value| port["port"] == *self.port || port["name"] == *self.port;
        entries(service, "/spec/ports").iter().find(wanted)
    }
}

/// What the Ingresses of a host send it to, each once.
pub(super) fn of<'a>(evidence: &'a Evidence, host: &str) -> Vec<Backend<'a>> {
    let mut found: Vec<Backend<'a>> = Vec::new();
    for ingress in evidence.objects("ingresses.networking.k8s.io").unwrap_or_default() {
        let rules: Vec<&Value> = rules_for(ingress, host).collect();
        let paths: Vec<&Value> = rules.iter().flat_map(|rule| entries(rule, "/http/paths")).collect();
        // What no path takes goes to the Ingress' default backend (Kubernetes docs, "Ingress", "DefaultBackend").
        let takes_all = paths
            .iter()
            .any(|path| ["", "/"].contains(&at(path, "/path")) && at(path, "/pathType") != "Exact");
        let rest =
            ingress.pointer("/spec/defaultBackend/service").filter(|_| !rules.is_empty() && !takes_all);
        let named = paths.iter().filter_map(|path| path.pointer("/backend/service"));
        for service in named.chain(rest) {
            let port = &service["port"];
            let port = if port["number"].is_null() { &port["name"] } else { &port["number"] };
            let backend = Backend {
                namespace: ingress.namespace(),
                ingress: ingress.name(),
                service: at(service, "/name"),
                port,
            };
            if !found.contains(&backend) {
                found.push(backend);
            }
        }
    }
    found
}

/// The EndpointSlices of its Service.
pub(super) fn slices<'a>(evidence: &'a Evidence, backend: &Backend<'a>) -> impl Iterator<Item = &'a Value> {
    let all = evidence.objects("endpointslices.discovery.k8s.io").unwrap_or_default();
    slices_of(all, backend.namespace, backend.service)
}

/// The pods that a Service selects, but for those that have ended: they serve no more, and others are in their place.
pub(super) fn pods<'a>(evidence: &'a Evidence, service: &Value) -> Vec<&'a Value> {
    let namespace = service.namespace();
    let all = evidence.objects("pods").unwrap_or_default().iter();
    let ours = |pod: &&Value| {
        pod.namespace() == namespace
            && !has_ended(pod)
            && selects(&service["spec"]["selector"], &pod["metadata"]["labels"])
    };
    all.filter(ours).collect()
}

/// The hosts that a pod answers for.
pub(super) fn hosts_of(evidence: &Evidence, pod: &Value) -> Vec<String> {
    let answers = |host: &String| {
        let mut services = of(evidence, host).into_iter().filter_map(|backend| backend.find(evidence));
        services
            .any(|service| pods(evidence, service).iter().any(|other| other.full_name() == pod.full_name()))
    };
    evidence.hosts.keys().filter(|host| answers(host)).cloned().collect()
}
