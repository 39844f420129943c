//! How `protect` of a service becomes annotations. Keys and what they take: ingress-nginx v1.15.1, internal/ingress/annotations,
//! ipallowlist/main.go, auth/main.go, authreq/main.go, ratelimit/main.go and customheaders/main.go. Traefik v3.7.13 reads the same
//! (pkg/provider/kubernetes/ingress-nginx/annotations.go, `IngressConfig`).

use crate::config::Protect;
use crate::facts::controllers::{CUSTOM_HEADERS, Controller};
use crate::facts::names::{hsts_map, users_secret};

const ANNOTATIONS: &str = Controller::IngressNginx.facts().annotations;
/// A page has dozens of files, which a browser asks for at once. `limit-rps` times this many requests come through before the
/// first 503, or 429 of Traefik (ratelimit/main.go, `limit-burst-multiplier`; 5 by default).
const BURST: &str = "20";

/// Those of the Ingress of that namespace and name.
pub(super) fn annotations((namespace, name): (&str, &str), protect: &Protect) -> Vec<(String, String)> {
    let Protect { only_house: _, from, users, forward_auth, rate, hsts } = protect;
    let mut found: Vec<(&str, String)> = Vec::new();
    if !from.is_empty() {
        let networks: Vec<String> = from.iter().map(ToString::to_string).collect();
        // nginx judges by the address that it sees itself: `X-Forwarded-For` of a visitor counts for nothing unless
        // `use-forwarded-headers` is set.
        found.push(("whitelist-source-range", networks.join(",")));
    }
    if *users {
        found.push(("auth-type", "basic".to_owned()));
        found.push(("auth-secret", users_secret(name)));
        found.push(("auth-realm", name.to_owned()));
    }
    if let Some(auth) = forward_auth {
        found.push(("auth-url", auth.url.clone()));
        found.extend(auth.sign_in.iter().map(|page| ("auth-signin", page.clone())));
        if !auth.headers.is_empty() {
            found.push(("auth-response-headers", auth.headers.join(",")));
        }
    }
    if let Some(rate) = rate {
        found.push(("limit-rps", rate.to_string()));
        found.push(("limit-burst-multiplier", BURST.to_owned()));
    }
    if let Some(keeps) = hsts {
        found.push((CUSTOM_HEADERS, format!("{namespace}/{}", hsts_map(name, *keeps))));
    }
    found.into_iter().map(|(key, value)| (format!("{ANNOTATIONS}{key}"), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(protect: &str) -> Vec<(String, String)> {
        let text = format!(
            "domain: a.example.com\nemail: ada@lovelace.dev\ndns: {{ provider: cloudflare, tokenFile: /t }}\n\
             services: {{ nas: {{ url: 'http://10.0.0.2', protect: {protect} }} }}\n"
        );
        let service = &crate::config::parse(&text).unwrap().services[0];
        let found = annotations((service.namespace(), &service.name), &service.protect);
        let bare =
            |(key, value): (String, String)| (key.strip_prefix(ANNOTATIONS).unwrap().to_owned(), value);
        found.into_iter().map(bare).collect()
    }

    #[test]
    fn each_protection_is_an_annotation_and_none_is_none() {
        assert!(of("{}").is_empty());
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let house = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fc00::/7";
        assert_eq!(of("{ lan: true }"), [pair("whitelist-source-range", house)]);
        assert_eq!(
            of("{ users: true }"),
            [pair("auth-type", "basic"), pair("auth-secret", "nas-users"), pair("auth-realm", "nas")]
        );
        assert_eq!(of("{ rate: 5 }"), [pair("limit-rps", "5"), pair("limit-burst-multiplier", "20")]);
        assert_eq!(of("{ hsts: true }"), [pair("custom-headers", "homelab/nas-hsts")]);
        assert_eq!(of("{ hsts: false }"), [pair("custom-headers", "homelab/nas-hsts-off")]);
        let auth = of(
            "{ forwardAuth: { url: 'http://a:9091/v', signIn: 'https://auth.a.example.com', headers: [Remote-User, Remote-Groups] } }",
        );
        assert_eq!(auth[0], pair("auth-url", "http://a:9091/v"));
        assert_eq!(auth[2], pair("auth-response-headers", "Remote-User,Remote-Groups"));
    }
}
