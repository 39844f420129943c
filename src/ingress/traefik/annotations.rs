//! Annotations of ingress-nginx as Traefik reads them (pkg/provider/kubernetes/ingress-nginx/annotations.go, `IngressConfig`).

use super::FACTS;
use crate::config::{Scheme, Service};

/// What bounds nothing.
const NO_LIMIT: &str = "0";

/// The annotations for a service of the configuration. Traefik counts a body only where it takes it in whole before it passes
/// it on (`buildBuffering`): without a limit it goes through as it comes.
pub(super) fn of_service(service: &Service) -> Vec<(String, String)> {
    let annotation = |key: &str, value: &str| (format!("{}{key}", FACTS.annotations), value.to_owned());
    let whole = if service.max_body_size == NO_LIMIT { "off" } else { "on" };
    let timeout = service.read_timeout.to_string();
    let mut annotations = vec![
        annotation("proxy-body-size", &service.max_body_size),
        annotation("proxy-read-timeout", &timeout),
        annotation("proxy-send-timeout", &timeout),
        annotation("proxy-request-buffering", whole),
    ];
    if service.scheme == Scheme::Https {
        annotations.push(annotation("backend-protocol", "HTTPS"));
    }
    annotations
}
