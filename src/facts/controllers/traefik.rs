//! Which annotations of ingress-nginx Traefik reads, and what becomes of the others
//! (Traefik v3.7.13, pkg/provider/kubernetes/ingress-nginx: annotations.go, build.go and middleware.go; its documentation,
//! "Traefik & Ingresses with NGINX Annotations").

use super::Difference;

/// Those that it reads.
pub(super) const READS: &[&str] = &[
    "affinity",
    "affinity-canary-behavior",
    "allowlist-source-range",
    "app-root",
    "auth-method",
    "auth-realm",
    "auth-response-headers",
    "auth-secret",
    "auth-secret-type",
    "auth-signin",
    "auth-tls-pass-certificate-to-upstream",
    "auth-tls-secret",
    "auth-tls-verify-client",
    "auth-type",
    "auth-url",
    "backend-protocol",
    "canary",
    "canary-by-cookie",
    "canary-by-header",
    "canary-by-header-pattern",
    "canary-by-header-value",
    "canary-weight",
    "canary-weight-total",
    "client-body-buffer-size",
    "cors-allow-credentials",
    "cors-allow-headers",
    "cors-allow-methods",
    "cors-allow-origin",
    "cors-expose-headers",
    "cors-max-age",
    "custom-headers",
    "custom-http-errors",
    "default-backend",
    "enable-access-log",
    "enable-cors",
    "enable-global-auth",
    "force-ssl-redirect",
    "from-to-www-redirect",
    "limit-burst-multiplier",
    "limit-connections",
    "limit-rpm",
    "limit-rps",
    "permanent-redirect",
    "permanent-redirect-code",
    "proxy-body-size",
    "proxy-buffer-size",
    "proxy-buffering",
    "proxy-buffers-number",
    "proxy-connect-timeout",
    "proxy-http-version",
    "proxy-max-temp-file-size",
    "proxy-next-upstream",
    "proxy-next-upstream-timeout",
    "proxy-next-upstream-tries",
    "proxy-read-timeout",
    "proxy-request-buffering",
    "proxy-send-timeout",
    "proxy-ssl-name",
    "proxy-ssl-secret",
    "proxy-ssl-server-name",
    "proxy-ssl-verify",
    "rewrite-target",
    "server-alias",
    "service-upstream",
    "session-cookie-domain",
    "session-cookie-expires",
    "session-cookie-max-age",
    "session-cookie-name",
    "session-cookie-path",
    "session-cookie-samesite",
    "session-cookie-secure",
    "ssl-passthrough",
    "ssl-redirect",
    "temporal-redirect",
    "temporal-redirect-code",
    "upstream-hash-by",
    "upstream-vhost",
    "use-regex",
    "whitelist-source-range",
    "x-forwarded-prefix",
];

const fn lost(key: &'static str, effect: &'static str, instead: &'static str) -> Difference {
    Difference { key, values: &[], unless: None, guards: false, effect, instead }
}

const fn guard(key: &'static str, effect: &'static str, instead: &'static str) -> Difference {
    Difference { guards: true, ..lost(key, effect, instead) }
}

const LEFT_OUT: &str = "Traefik leaves out the whole Ingress: its names answer 404";
const NO_FIREWALL: &str = "it is ignored, and nothing filters requests";
const NOTHING: &str = "it is ignored";
const REMOVE: &str = "remove it";
const NO_SNIPPET: &str = "remove it, and use annotations that are made for the purpose";

/// What it does not read, or reads otherwise than ingress-nginx. What keeps somebody out stands first.
pub(super) const DIFFERENCES: &[Difference] = &[
    guard(
        "denylist-source-range",
        "it is ignored: everybody may come in",
        "list who may come in with `allowlist-source-range`",
    ),
    guard(
        "auth-tls-match-cn",
        "it is ignored: every certificate of the authority is good",
        "use an authority that signs for these clients alone",
    ),
    guard("enable-modsecurity", NO_FIREWALL, REMOVE),
    guard("enable-owasp-core-rules", NO_FIREWALL, REMOVE),
    guard("modsecurity-snippet", NO_FIREWALL, REMOVE),
    guard("modsecurity-transaction-id", NO_FIREWALL, REMOVE),
    guard("global-rate-limit", NOTHING, "use `limit-rps` or `limit-rpm`, which count on each node by itself"),
    guard("global-rate-limit-window", NOTHING, "use `limit-rps` or `limit-rpm`"),
    guard("global-rate-limit-key", NOTHING, "use `limit-rps` or `limit-rpm`"),
    guard("limit-rate", NOTHING, REMOVE),
    Difference {
        unless: Some(("proxy-request-buffering", "on")),
        ..lost(
            "proxy-body-size",
            "it has no effect unless Traefik takes in the whole request first",
            "add `proxy-request-buffering: \"on\"`, or remove it",
        )
    },
    lost("configuration-snippet", LEFT_OUT, NO_SNIPPET),
    lost("server-snippet", LEFT_OUT, NO_SNIPPET),
    lost("auth-snippet", LEFT_OUT, NO_SNIPPET),
    lost("stream-snippet", NOTHING, REMOVE),
    lost("global-rate-limit-ignored-cidrs", NOTHING, REMOVE),
    lost("limit-whitelist", "it is ignored: the limit holds for these addresses, too", REMOVE),
    lost("limit-rate-after", NOTHING, REMOVE),
    Difference {
        values: &["any"],
        ..lost(
            "satisfy",
            "it is ignored: who comes in needs both the address and the password",
            "remove one of the two conditions",
        )
    },
    Difference {
        values: &["on", "true"],
        ..lost(
            "proxy-ssl-server-name",
            "Traefik takes the value for the name that it asks the program for",
            "write `proxy-ssl-name` with that name, and remove it",
        )
    },
    Difference {
        values: &["true"],
        ..lost(
            "ssl-passthrough",
            "it takes effect: the program itself has to answer TLS. ingress-nginx ignores it as homelab runs it",
            "remove it, unless the program speaks TLS and has the certificate",
        )
    },
    Difference {
        values: &["AUTO_HTTP", "FCGI"],
        ..lost(
            "backend-protocol",
            "Traefik speaks plain HTTP to the program",
            "write `HTTP`, `HTTPS`, `GRPC` or `GRPCS`",
        )
    },
    Difference { values: &["1.0"], ..lost("proxy-http-version", NOTHING, REMOVE) },
    lost("auth-tls-error-page", "it is ignored: without a good certificate the connection ends", REMOVE),
    lost("auth-tls-verify-depth", NOTHING, REMOVE),
    lost("auth-cache-key", "it is ignored: each request is asked about", REMOVE),
    lost("auth-cache-duration", "it is ignored: each request is asked about", REMOVE),
    lost(
        "auth-proxy-set-headers",
        "it is ignored: the sign-in service does not get these headers",
        "let the sign-in service do without them",
    ),
    lost(
        "auth-signin-redirect-param",
        "it is ignored: the parameter is called `rd`",
        "let the sign-in service read `rd`",
    ),
    lost("auth-request-redirect", NOTHING, REMOVE),
    lost("auth-always-set-cookie", NOTHING, REMOVE),
    lost("auth-keepalive", NOTHING, REMOVE),
    lost("auth-keepalive-share-vars", NOTHING, REMOVE),
    lost("auth-keepalive-requests", NOTHING, REMOVE),
    lost("auth-keepalive-timeout", NOTHING, REMOVE),
    lost(
        "proxy-cookie-domain",
        "it is ignored: cookies keep the program's own domain",
        "let the program set the right domain",
    ),
    lost(
        "proxy-cookie-path",
        "it is ignored: cookies keep the program's own path",
        "let the program set the right path",
    ),
    lost(
        "proxy-redirect-from",
        "it is ignored: redirects come as the program writes them",
        "tell the program its own address",
    ),
    lost(
        "proxy-redirect-to",
        "it is ignored: redirects come as the program writes them",
        "tell the program its own address",
    ),
    lost("mirror-target", "it is ignored: nothing is sent a second time", REMOVE),
    lost("mirror-host", NOTHING, REMOVE),
    lost("mirror-request-body", NOTHING, REMOVE),
    lost("load-balance", "it is ignored: each pod gets a request in turn", REMOVE),
    lost("affinity-mode", "it is ignored: who has a cookie stays with its pod", REMOVE),
    lost("session-cookie-change-on-failure", NOTHING, REMOVE),
    lost("session-cookie-conditional-samesite-none", NOTHING, REMOVE),
    lost("upstream-hash-by-subset", NOTHING, REMOVE),
    lost("upstream-hash-by-subset-size", NOTHING, REMOVE),
    lost("connection-proxy-header", NOTHING, REMOVE),
    lost("disable-proxy-intercept-errors", NOTHING, REMOVE),
    lost("proxy-ssl-ciphers", NOTHING, REMOVE),
    lost("proxy-ssl-protocols", NOTHING, REMOVE),
    lost("proxy-ssl-verify-depth", NOTHING, REMOVE),
    lost("ssl-ciphers", NOTHING, REMOVE),
    lost("ssl-prefer-server-ciphers", NOTHING, REMOVE),
    lost("preserve-trailing-slash", "it is ignored: Traefik always keeps it", REMOVE),
];
