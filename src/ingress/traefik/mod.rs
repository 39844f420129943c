//! Traefik with its ingress-nginx provider, whole: names, arguments, annotations, answers and words. It reads Ingresses of the
//! class `nginx` with ingress-nginx' annotations, so that these stay as they are. Facts are those of v3.7.13.

pub mod annotations;
mod log;
mod outside;
mod pod;

use std::time::Duration;

use crate::evidence::Reload;
use crate::evidence::http::HttpAnswer;
use crate::facts::controllers::{Controller, ControllerFacts};
use crate::ingress::answer::is_go_404;
use crate::ingress::nginx;
use crate::ingress::traits::{Log, Snippets, Status, Traits};

const FACTS: &ControllerFacts = Controller::Traefik.facts();
/// Whose place it takes: the class and who serves it are the same, since a class' controller cannot be changed, and so are the
/// annotations.
const NGINX: Traits = nginx::TRAITS;
/// Its ClusterRole belongs to the whole cluster, where k3s' own Traefik may have one, too (`traefik-kube-system`).
const ACCOUNT: &str = "homelab-traefik";
/// The subject of the certificate that it makes for itself (pkg/tls/generate/generate.go, `DefaultDomain`).
pub(super) const FAKE_CERTIFICATE: &str = "TRAEFIK DEFAULT CERT";

/// What is particular to Traefik.
pub const TRAITS: Traits = Traits {
    name: "traefik",
    program: "traefik",
    namespace: FACTS.namespace,
    workload: "traefik",
    image: "traefik",
    container: "traefik",
    account: ACCOUNT,
    class: NGINX.class,
    class_controller: NGINX.class_controller,
    namesake: NGINX.namesake,
    takes_any: pod::TAKES_ANY,
    pod: pod::POD,
    settings: FACTS.settings,
    annotations: FACTS.annotations,
    annotations_of_service: annotations::of_service,
    // It reads each of them, and judges by the address that it sees itself, too (pkg/ip/strategy.go, `RemoteAddrStrategy`);
    // over the rate it answers 429. Without the Secret of the users, nobody comes in.
    annotations_of_protect: NGINX.annotations_of_protect,
    refuses_unknown_names: false,
    without_redirect: NGINX.without_redirect,
    // pkg/provider/kubernetes/ingress-nginx/build.go: `resolveBasicAuth`, `buildClientAuthTLSOption`, `buildServersTransport` and
    // `getBackendEndpoints`. While one of the first three cannot be used, the names of the Ingress are unknown names.
    references: NGINX.references,
    // `allowCrossNamespaceResources`, off by default.
    keeps_secrets_apart: ("", ""),
    refuses_names: pod::REFUSES_NAMES,
    snippets: Some(Snippets {
        end: "-snippet",
        // An argument, and homelab never sets it.
        allowed_by: ("", ""),
        cause: "a snippet is text of nginx' own configuration, which Traefik reads in part and only when told to: it leaves out an \
                Ingress with `configuration-snippet`, `server-snippet` or `auth-snippet`, and ignores other snippets",
        allow: "`ingress.controller: ingress-nginx` can allow them",
    }),
    guards: &[],
    is_guarded: |_, _| false,
    is_default: |_, _| false,
    is_unknown_name: is_go_404,
    is_own_page,
    // As one for an unknown name.
    turns_away: outside::turns_away,
    denies_with: &[404],
    is_fake: |leaf| leaf.subject.contains(FAKE_CERTIFICATE),
    overlooks_ports: false,
    status: Status {
        lost: "the node was lost a moment ago; homelab takes its address out when it writes the status next",
        late: "the controller there started a moment ago; homelab adds its address when it writes the status next",
        every: 60,
        empty: (
            "Traefik writes no address into Ingresses; homelab does, at each `homelab up` and every half minute where its timer runs",
            "run `homelab up`; then check the class of the Ingress",
        ),
        misled_by: &[
            (pod::PUBLISHES_SERVICE, "publishes the address of a Service, which has none"),
            (pod::PUBLISHES_ADDRESS, "publishes a fixed address, whatever nodes there are"),
        ],
        harmless: "",
        fixed_by: &[pod::PUBLISHES_ADDRESS, pod::PUBLISHES_SERVICE],
        internal: "",
    },
    log: Log {
        // It waits 2 s between two configurations (`providersThrottleDuration`).
        takes: Duration::from_secs(3),
        // What one Ingress has wrong keeps no other from being served.
        last_reload: |_| Some(Reload::Quiet),
        reload_event: "",
        refused_reload: |_, _| None,
        refusal: "skipping",
        untold: ("", ""),
        same_place: "",
        directive: str::to_owned,
        is_fatal: log::is_fatal,
        last_words: &log::LAST_WORDS,
        refused_annotation: "skipping",
        is_refused_annotation: |_| false,
        denied_status: |_| None,
        denied_ingress: log::denied_ingress,
        denied_event: ("", ""),
        // k8s.io/apimachinery, `NewNotFound`.
        absent: "not found",
        no_certificate: log::no_certificate,
        // Whom it asked in vain stands in its log at the level DEBUG only (pkg/proxy/httputil/proxy.go).
        unresolved: |_| None,
        failed_request: |_, _| None,
        discreet: |line| Some(line.to_owned()),
    },
    retired: None,
};

/// Its own pages have the words of the status and no more: pkg/proxy/httputil/proxy.go, `ErrorHandlerWithContext`;
/// pkg/server/service/loadbalancer/wrr/wrr.go; pkg/middlewares/ipallowlist and ratelimiter.
fn is_own_page(answer: &HttpAnswer) -> bool {
    let words = match answer.status {
        403 => "Forbidden",
        404 => return is_go_404(answer),
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "no available server",
        504 => "Gateway Timeout",
        _ => return false,
    };
    answer.body.trim_end() == words
}
