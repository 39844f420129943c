//! Annotations of ingress-nginx as Traefik reads them (pkg/provider/kubernetes/ingress-nginx/annotations.go, `IngressConfig`).

use crate::config::Service;
use crate::ingress::nginx;

/// What bounds nothing.
const NO_LIMIT: &str = "0";

/// The annotations for a service of the configuration. Traefik counts a body only where it takes it in whole before it passes
/// it on (`buildBuffering`): without a limit it goes through as it comes.
pub(super) fn of_service(service: &Service) -> Vec<(String, String)> {
    let whole = if service.max_body_size == NO_LIMIT { "off" } else { "on" };
    nginx::annotations_of(service, whole)
}

#[cfg(test)]
mod tests {
    use crate::ingress::traefik::{FACTS, TRAITS};

    #[test]
    fn whatever_homelab_writes_for_a_service_is_read() {
        let text = "domain: a.example.com\nemail: a@lovelace.dev\ndns: { provider: cloudflare, tokenFile: /t }\n\
                    services:\n  nas:\n    url: https://10.0.0.2\n    maxBodySize: 10m\n    protect: { lan: true, users: true, rate: 5, hsts: true }\n  \
                    open:\n    url: http://10.0.0.2\n    protect: { forwardAuth: { url: 'http://auth.lan/', signIn: 'https://auth.a.example.com/', headers: [Remote-User] } }\n";
        let config = crate::config::parse(text).unwrap();
        let mut seen = 0;
        for service in &config.services {
            let mut all = (TRAITS.annotations_of_service)(service);
            all.extend((TRAITS.annotations_of_protect)(
                (service.namespace(), &service.name),
                &service.protect,
            ));
            let beside =
                |name: &str| all.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
            for (name, value) in &all {
                assert_eq!(FACTS.difference(name, value, beside), None, "{name}: {value}");
                seen += 1;
            }
        }
        assert!(seen > 15, "{seen} annotations were looked at");
    }
}
