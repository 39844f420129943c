//! What a Service lacks that somebody else gives it.

use serde_json::Value;

use super::{at, entries};

/// Whether a Service is of type LoadBalancer and no load balancer has given it an address.
#[must_use]
pub fn waits_for_balancer(service: &Value) -> bool {
    at(service, "/spec/type") == "LoadBalancer" && entries(service, "/status/loadBalancer/ingress").is_empty()
}
