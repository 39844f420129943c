//! What a Service lacks that somebody else gives it.

use serde_json::Value;

use super::{View, at, entries};

/// Whether a Service is of type LoadBalancer and no load balancer has given it an address.
#[must_use]
pub fn waits_for_balancer(service: &Value) -> bool {
    at(service, "/spec/type") == "LoadBalancer" && entries(service, "/status/loadBalancer/ingress").is_empty()
}

/// The EndpointSlices of a Service, by its namespace and its name; more than one make up its endpoints.
pub fn slices_of<'s>(slices: &'s [Value], namespace: &str, service: &str) -> impl Iterator<Item = &'s Value> {
    slices.iter().filter(move |slice| {
        slice.namespace() == namespace && slice["metadata"]["labels"]["kubernetes.io/service-name"] == service
    })
}

/// The endpoints that take requests. No answer to "ready?" counts as ready (EndpointSlice API, `conditions.ready`).
pub fn ready_endpoints(slice: &Value) -> impl Iterator<Item = &Value> {
    let is_ready = |endpoint: &&Value| endpoint["conditions"]["ready"].as_bool().unwrap_or(true);
    entries(slice, "/endpoints").iter().filter(is_ready)
}
