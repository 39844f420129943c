//! ingress-nginx, whole: names, arguments, settings, annotations, answers and words. Facts are those of v1.15.1.

mod directives;
mod flaws;
mod log;
mod outside;
mod pod;
mod reload;
mod upstream;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::{Certificates, Config, Scheme, Service};
use crate::evidence::http::HttpAnswer;
use crate::facts::controllers::{Controller, ControllerFacts, HSTS};
use crate::ingress::protect;
use crate::ingress::traits::{Guard, Log, Reference, Referent, Retired, Snippets, Status, Traits};

const FACTS: &ControllerFacts = Controller::IngressNginx.facts();
/// Where the controller runs.
pub const NAMESPACE: &str = FACTS.namespace;
/// The class of its Ingresses.
pub const CLASS: &str = "nginx";
/// The `spec.controller` of its class.
pub const CLASS_CONTROLLER: &str = "k8s.io/ingress-nginx";
/// The DaemonSet and its pods' name.
const WORKLOAD: &str = "ingress-nginx-controller";
/// Its service account.
pub const ACCOUNT: &str = "ingress-nginx";
/// The container in its pods.
pub const CONTAINER: &str = "controller";
/// The Lease of its leader.
pub const ELECTION: &str = "ingress-nginx-leader";
/// The name of the controller's image in the pins and in `images:`.
pub const IMAGE: &str = "ingressNginx";
/// The subject of the certificate that the controller makes for itself until it has a better one.
pub const FAKE_CERTIFICATE: &str = "Kubernetes Ingress Controller Fake Certificate";
/// How nginx signs its own pages with `server_tokens off`, the controller's default (nginx, ngx_http_special_response.c;
/// ingress-nginx v1.15.1, config.go). An nginx behind it names its version there, as a rule.
const SIGNED: &str = "<center>nginx</center>";
const ANNOTATIONS: &str = FACTS.annotations;
/// Without it, the controller prefers a node's ExternalIP.
const INTERNAL: &str = "--report-node-internal-ip-address";
/// The pinned image has nginx 1.27.1, whose HTTP/2 overruns a flow control window (CVE-2026-123007, published on 2026-11-18;
/// mended in 1.30.7 and 1.31.9). Another image, a maintained fork's say, is taken to have a newer one.
const HTTP2: &str = "use-http2";

/// What is particular to ingress-nginx.
pub const TRAITS: Traits = Traits {
    name: "ingress-nginx",
    program: "nginx",
    namespace: NAMESPACE,
    workload: WORKLOAD,
    image: IMAGE,
    container: CONTAINER,
    account: ACCOUNT,
    class: CLASS,
    class_controller: CLASS_CONTROLLER,
    namesake: "F5 NGINX",
    takes_any: "--watch-ingress-without-class=true",
    pod: pod::POD,
    settings: FACTS.settings,
    annotations: ANNOTATIONS,
    // An upload goes through as it comes; a phone's video need not fit the controller's disk first.
    annotations_of_service: |service| annotations_of(service, "off"),
    annotations_of_protect: protect::annotations,
    refuses_unknown_names: true,
    without_redirect: &WITHOUT_REDIRECT,
    references: &REFERENCES,
    keeps_secrets_apart: ("allow-cross-namespace-resources", "false"),
    refuses_names: "--disable-svc-external-name=true",
    snippets: Some(Snippets {
        end: "-snippet",
        allowed_by: ("allow-snippet-annotations", "true"),
        cause: "a snippet lets anyone who can create an Ingress read every Secret (CVE-2021-25742), so the controller does \
                not accept it: since v1.12 it ignores the whole Ingress, or keeps its old state; older versions ignore the \
                snippet",
        allow: "`ingress.config: { allow-snippet-annotations: \"true\", annotations-risk-level: Critical }` allows it",
    }),
    guards: &GUARDS,
    is_guarded,
    is_default,
    is_unknown_name,
    is_own_page: |answer| answer.body.contains(SIGNED),
    turns_away: outside::turns_away,
    denies_with: &[403, 503],
    is_fake: |leaf| leaf.subject.contains(FAKE_CERTIFICATE),
    // `store.go`, `UpdateFunc` compares the addresses of EndpointSlices and not their ports: #12209.
    overlooks_ports: true,
    status: Status {
        lost: "the node was lost a moment ago; the controller removes its address when the pod there is gone, some 5 minutes \
               later",
        late: "the controller there started a moment ago; the leading pod writes the status every few seconds",
        every: STATUS_INTERVAL,
        empty: (
            "the leading pod of the controller writes the status every few seconds; after a change of the leader it takes half \
             a minute more",
            "wait a minute; then check the class of the Ingress and the controller's log",
        ),
        misled_by: &[
            ("--publish-service", "publishes the address of a Service, which has none"),
            ("--update-status", "writes no status at all"),
        ],
        harmless: "--update-status=true",
        fixed_by: &["--publish-service", "--publish-status-address"],
        internal: INTERNAL,
    },
    log: Log {
        // It looks at changes at most every 3.3 s (`--sync-rate-limit`).
        takes: Duration::from_secs(5),
        last_reload: reload::last_in,
        reload_event: "RELOAD",
        refused_reload: reload::refused_in,
        refusal: "Unexpected failure reloading",
        untold: log::UNTOLD,
        same_place: "duplicate location",
        directive: directives::of_setting,
        is_fatal: log::is_fatal,
        last_words: &log::LAST_WORDS,
        refused_annotation: "invalid value",
        is_refused_annotation: |line| line.contains("contains invalid value"),
        denied_status: log::denied_status,
        denied_ingress: log::denied_ingress,
        denied_event: ("AnnotationParsingFailed", "Error parsing annotations: "),
        // `store.go`, `NotExistsError`.
        absent: "no object matching key",
        no_certificate: log::no_certificate,
        unresolved: log::unresolved,
        failed_request: upstream::failed_request,
        discreet: log::discreet,
    },
    retired: Some(Retired {
        images: &["registry.k8s.io/ingress-nginx/controller", "k8s.gcr.io/ingress-nginx/controller"],
        cause: "since March 2026 kubernetes/ingress-nginx gets no releases and no fixes, not for vulnerabilities \
                either; what runs goes on running, and its images stay available",
        fix: "keep ports 80 and 443 closed towards the internet; a maintained build of the same controller takes its \
              place with `images: { ingressNginx: … }` in the configuration",
        pinned: flaws::PINNED,
        flaws: flaws::FLAWS,
        version_in: flaws::version_in,
    }),
};

/// Whether homelab itself sets that, with an empty `ingress.config`, too.
fn is_default(key: &str, value: &str) -> bool {
    DEFAULTS.contains(&(key, value))
}

/// The headers that a ConfigMap of `custom-headers` may have, by a comma (internal/ingress/controller/template/configmap.go).
const ALLOWED_HEADERS: &str = "global-allowed-response-headers";

/// Settings of the controller that suit a house; the configuration's own win over them.
const DEFAULTS: [(&str, &str); 8] = [
    // Snippets let anyone who may write an Ingress read every Secret (CVE-2021-25742).
    ("allow-snippet-annotations", "false"),
    // An annotation that would put nginx' own configuration into an Ingress is refused (v1.15.1's default; older: `Critical`).
    ("annotations-risk-level", "High"),
    // An annotation may not name another namespace's Secret (v1.15.1's default; older: `true`).
    ("allow-cross-namespace-resources", "false"),
    // Its default tells every browser for a year to take nothing but HTTPS; here a service asks for that (`protect.hsts`).
    ("hsts", "false"),
    // HSTS of one host must not bind names below it that serve plain HTTP.
    ("hsts-include-subdomains", "false"),
    // There beforehand, so that no Ingress is refused until the controller has read it.
    (ALLOWED_HEADERS, HSTS),
    // Streams and large downloads would otherwise be cut when the controller reloads (default 240 s).
    ("worker-shutdown-timeout", "300s"),
    // Large cookies and headers of single sign-on fit in; with 4k, nginx answers 502.
    ("proxy-buffer-size", "16k"),
];

/// A host without a certificate of its own is sent to HTTPS all the same where one for a wildcard covers it
/// (rootfs/etc/nginx/lua: lua_ingress.lua, `redirect_to_https`; certificate.lua, `configured_for_current_request`), or where
/// `ingress.config` has `force-ssl-redirect`. The Ingress' own word wins (annotations/rewrite/main.go).
const WITHOUT_REDIRECT: [(&str, &str); 2] = [("ssl-redirect", "false"), ("force-ssl-redirect", "false")];

/// ingress-nginx v1.15.1, internal/ingress/annotations: auth/main.go, authtls/main.go, proxyssl/main.go and
/// defaultbackend/main.go. The first three deny every request while their Secret is not as they want it.
const REFERENCES: [Reference; 4] = [
    Reference {
        key: "auth-secret",
        to: Referent::Secret,
        holds: "the output of `htpasswd` as its key `auth` (with `auth-secret-type: auth-map`, one key for each user)",
    },
    Reference {
        key: "auth-tls-secret",
        to: Referent::SecretWithNamespace,
        holds: "the certificate of the authority that signs the clients' as its key `ca.crt`",
    },
    Reference {
        key: "proxy-ssl-secret",
        to: Referent::SecretWithNamespace,
        holds: "the authority of the service behind it as its key `ca.crt`, or a client's certificate and key as `tls.crt` and `tls.key`",
    },
    Reference { key: "default-backend", to: Referent::Service, holds: "a port" },
];

/// Entries of `ingress.config` that take a guard away.
const GUARDS: [Guard; 4] = [
    Guard {
        key: "allow-snippet-annotations",
        safe: &["false"],
        without: "whoever may write an Ingress writes nginx' own configuration, and so reads every Secret that the \
                  controller reads",
    },
    Guard {
        key: "annotations-risk-level",
        safe: &["Low", "Medium", "High"],
        without: "an Ingress may have the annotations that put text of their own into nginx' configuration",
    },
    Guard {
        key: "allow-cross-namespace-resources",
        safe: &["false"],
        without: "an Ingress may use Secrets of other namespaces",
    },
    Guard {
        key: HTTP2,
        safe: &["false"],
        without: "the pinned image's nginx 1.27.1 may run the code of whoever sends it HTTP/2 (CVE-2026-123007, fixed \
                  in 1.30.7 and 1.31.9)",
    },
];

/// Whether `key` is an entry of the ConfigMap that guards the controller which the configuration asks for.
#[must_use]
pub fn is_guarded(config: &Config, key: &str) -> bool {
    let pinned = !config.images.contains_key(IMAGE);
    GUARDS.iter().any(|guard| guard.key == key) && (key != HTTP2 || pinned)
}

/// What stands in the controller's ConfigMap.
#[must_use]
pub fn settings(config: &Config) -> BTreeMap<String, String> {
    let mut settings: BTreeMap<_, _> = DEFAULTS.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    if is_guarded(config, HTTP2) {
        settings.insert(HTTP2.to_owned(), "false".to_owned());
    }
    settings.extend(config.ingress.config.clone());
    // The house's own list does not take the header of `protect.hsts` away.
    if let Some(list) = settings.get_mut(ALLOWED_HEADERS)
        && !list.split(',').any(|header| header.trim() == HSTS)
    {
        *list = format!("{list},{HSTS}");
    }
    outside::keep_out(config, &mut settings);
    settings
}

/// How often the leading pod writes the nodes' addresses into the status of Ingresses, in seconds: as often as it lets itself be told
/// (`pkg/flags/flags.go` of v1.15, where the default is 60).
const STATUS_INTERVAL: i64 = 5;

/// The container's arguments; `wildcard` is the Secret of the wildcard certificate.
#[must_use]
pub fn arguments(config: &Config, wildcard: &str) -> Vec<String> {
    let mut arguments = vec![
        // The image's entry point is `dumb-init --`; the program is its first argument.
        "/nginx-ingress-controller".to_owned(),
        format!("--election-id={ELECTION}"),
        format!("--controller-class={CLASS_CONTROLLER}"),
        format!("--ingress-class={CLASS}"),
        format!("--configmap=$(POD_NAMESPACE)/{WORKLOAD}"),
        // external-dns publishes what stands in the status: the private address of each node that serves.
        INTERNAL.to_owned(),
        // The leader clears the status when it stops; external-dns would delete every record meanwhile.
        "--update-status-on-shutdown=false".to_owned(),
        // Without it, a new name waits up to a minute for its addresses, and so does the record of a node that is lost. What a pod
        // that has just started takes for the truth does no harm: homelab's admission policy keeps nodes that are well in the status.
        format!("--status-update-interval={STATUS_INTERVAL}"),
        // Nothing is left to wait for once nginx has ended, and until the pod is gone no other may have its ports.
        "--post-shutdown-grace-period=0".to_owned(),
        format!("--watch-ingress-without-class={}", config.ingress.default_class),
        // An ExternalName lets whoever may write a Service reach anything; only what the configuration names needs it.
        format!("--disable-svc-external-name={}", !config.has_external_names()),
        // What annotations hold is checked against what each may hold (v1.15.1's default; older: off).
        "--enable-annotation-validation=true".to_owned(),
        "--enable-metrics=false".to_owned(),
        "--profiling=false".to_owned(),
    ];
    if config.certificates == Certificates::Wildcard {
        arguments.push(format!("--default-ssl-certificate=$(POD_NAMESPACE)/{wildcard}"));
    }
    arguments
}

/// The annotations for a service of the configuration; `whole` says whether a body is taken in whole before it is passed on.
pub(super) fn annotations_of(service: &Service, whole: &str) -> Vec<(String, String)> {
    let annotation = |key: &str, value: &str| (format!("{ANNOTATIONS}{key}"), value.to_owned());
    let mut annotations = vec![
        annotation("proxy-body-size", &service.max_body_size),
        annotation("proxy-read-timeout", &service.read_timeout.to_string()),
        annotation("proxy-send-timeout", &service.read_timeout.to_string()),
        annotation("proxy-request-buffering", whole),
    ];
    if service.scheme == Scheme::Https {
        annotations.push(annotation("backend-protocol", "HTTPS"));
    }
    annotations
}

/// An HTML page signed `nginx`.
fn is_unknown_name(answer: &HttpAnswer) -> bool {
    answer.status == 404 && answer.body.contains("<center>nginx")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(more: &str) -> BTreeMap<String, String> {
        let text = format!(
            "domain: a.example.com\nemail: a@lovelace.dev\ndns: {{ provider: cloudflare, tokenFile: /t }}\n{more}"
        );
        super::settings(&crate::config::parse(&text).unwrap())
    }

    #[test]
    fn http2_is_off_with_the_pinned_image_and_the_house_decides_otherwise() {
        assert_eq!(settings("")[HTTP2], "false");
        assert_eq!(settings("ingress: { config: { use-http2: \"true\" } }")[HTTP2], "true");
        let other = settings("images: { ingressNginx: example.com/controller:fork }");
        assert!(!other.contains_key(HTTP2), "another image has its own default");
    }

    #[test]
    fn no_browser_is_bound_to_https_unless_a_service_asks_for_it_and_may() {
        assert_eq!((settings("")["hsts"].as_str(), settings("")[ALLOWED_HEADERS].as_str()), ("false", HSTS));
        let own = settings(&format!("ingress: {{ config: {{ {ALLOWED_HEADERS}: X-Robots-Tag }} }}\n"));
        assert_eq!(own[ALLOWED_HEADERS], "X-Robots-Tag,Strict-Transport-Security");
        let both = settings(&format!("ingress: {{ config: {{ {ALLOWED_HEADERS}: 'X-A, {HSTS}' }} }}\n"));
        assert_eq!(both[ALLOWED_HEADERS], "X-A, Strict-Transport-Security");
    }

    #[test]
    fn whatever_homelab_writes_is_an_annotation_that_it_knows() {
        let text = "domain: a.example.com\nemail: a@lovelace.dev\ndns: { provider: cloudflare, tokenFile: /t }\n\
                    services: { nas: { url: https://10.0.0.2, protect: { lan: true, users: true, rate: 5, hsts: true } } }\n";
        let service = &crate::config::parse(text).unwrap().services[0];
        let mut all = (TRAITS.annotations_of_service)(service);
        all.extend((TRAITS.annotations_of_protect)((service.namespace(), &service.name), &service.protect));
        all.extend(TRAITS.annotations_without_redirect());
        assert!(all.len() > 12, "{all:?}");
        for (name, value) in all {
            assert_eq!(FACTS.difference(&name, &value, |_| None), None, "{name}");
        }
    }
}
