//! ingress-nginx: one controller on each node, on the node's own ports 80 and 443.

use k8s_openapi::api::apps::v1::{DaemonSet, DaemonSetSpec, DaemonSetUpdateStrategy, RollingUpdateDaemonSet};
use k8s_openapi::api::core::v1::{
    ConfigMap, Container, ContainerPort, ExecAction, Lifecycle, LifecycleHandler, Namespace,
    PodSecurityContext, PodSpec, PodTemplateSpec, SecurityContext,
};
use k8s_openapi::api::networking::v1::{IngressClass, IngressClassSpec};
use k8s_openapi::api::scheduling::v1::PriorityClass;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::config::{Certificates, Config};
use crate::desired::issuer::WILDCARD_SECRET;
use crate::desired::meta::{global, named, pods, secured};
use crate::desired::object::{Component, Object};
use crate::desired::pod::{
    absolute_names, capabilities, env, env_field, probe, requests, seccomp, tolerations,
};
use crate::desired::rbac::{READ, account, rule, rule_for};
use crate::facts::namespaces;
use crate::facts::pins::pins;

/// Where the controller runs.
pub const NAMESPACE: &str = namespaces::INGRESS_NGINX;
/// The class of its Ingresses.
pub const CLASS: &str = "nginx";
/// The DaemonSet and its pods' name.
pub const CONTROLLER: &str = "ingress-nginx-controller";
/// Its service account.
pub(super) const ACCOUNT: &str = "ingress-nginx";
const PRIORITY: &str = "homelab-ingress";
const ELECTION: &str = "ingress-nginx-leader";
/// How long requests that are under way get when the controller ends (seconds). New ones are refused meanwhile.
const GRACE: i64 = 5;
const COMPONENT: Component = Component::IngressNginx;

/// Settings of the controller that suit a house; the configuration's own win over them.
const DEFAULTS: [(&str, &str); 6] = [
    // Snippets let anyone who may write an Ingress read every Secret (CVE-2021-25742).
    ("allow-snippet-annotations", "false"),
    // An annotation that would put nginx' own configuration into an Ingress is refused (v1.15.1's default; older: `Critical`).
    ("annotations-risk-level", "High"),
    // An annotation may not name another namespace's Secret (v1.15.1's default; older: `true`).
    ("allow-cross-namespace-resources", "false"),
    // HSTS of one host must not bind names below it that serve plain HTTP.
    ("hsts-include-subdomains", "false"),
    // Streams and large downloads would otherwise be cut when the controller reloads (default 240 s).
    ("worker-shutdown-timeout", "300s"),
    // Large cookies and headers of single sign-on fit in; with 4k, nginx answers 502.
    ("proxy-buffer-size", "16k"),
];

/// The name of the controller's image in the pins and in `images:`.
const IMAGE: &str = "ingressNginx";
/// The pinned image has nginx 1.27.1, whose HTTP/2 overruns a flow control window (CVE-2026-123007, published on 2026-11-18;
/// mended in 1.30.7 and 1.31.9). Another image, a maintained fork's say, is taken to have a newer one.
const HTTP2: &str = "use-http2";

/// Entries of `ingress.config` that take a guard away: the key, the values that keep it, and what is open without it.
pub const GUARDS: [(&str, &[&str], &str); 4] = [
    (
        "allow-snippet-annotations",
        &["false"],
        "whoever may write an Ingress writes nginx' own configuration, and so reads every Secret that the controller reads",
    ),
    (
        "annotations-risk-level",
        &["Low", "Medium", "High"],
        "an Ingress may have the annotations that put text of their own into nginx' configuration",
    ),
    ("allow-cross-namespace-resources", &["false"], "an Ingress may use Secrets of other namespaces"),
    (
        HTTP2,
        &["false"],
        "the pinned image's nginx 1.27.1 may run the code of whoever sends it HTTP/2 (CVE-2026-123007, fixed in 1.30.7 and 1.31.9)",
    ),
];

/// Whether `key` is an entry of the ConfigMap that guards the controller which the configuration asks for.
pub fn is_guarded(config: &Config, key: &str) -> bool {
    let pinned = !config.images.contains_key(IMAGE);
    GUARDS.iter().any(|(guard, ..)| *guard == key) && (key != HTTP2 || pinned)
}

/// Whether homelab itself sets that, with an empty `ingress.config`, too.
pub fn is_default(key: &str, value: &str) -> bool {
    DEFAULTS.contains(&(key, value))
}

/// Every object of the controller.
pub(super) fn objects(config: &Config) -> Vec<Object> {
    // Host ports are beyond what the level `baseline` allows.
    let namespace = Namespace { metadata: secured(NAMESPACE, "privileged"), ..Namespace::default() };
    let mut settings: std::collections::BTreeMap<_, _> =
        DEFAULTS.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    if is_guarded(config, HTTP2) {
        settings.insert(HTTP2.to_owned(), "false".to_owned());
    }
    settings.extend(config.ingress.config.clone());
    let settings =
        ConfigMap { metadata: named(NAMESPACE, CONTROLLER), data: Some(settings), ..ConfigMap::default() };
    let mut objects: Vec<_> = [
        Object::typed(COMPONENT, &namespace),
        Object::typed(COMPONENT, &priority()),
        Object::typed(COMPONENT, &class(config.ingress.default_class)),
        Object::typed(COMPONENT, &settings),
        Object::typed(COMPONENT, &daemon_set(config)),
    ]
    .into_iter()
    .flatten()
    .collect();
    objects.extend(rbac());
    objects.extend(crate::desired::guard::objects());
    objects
}

/// When a node runs out of memory, the controller goes last: without it no name of the house answers. Kubernetes' own
/// `system-cluster-critical` would also drive out a stranger's pod that holds port 80 or 443.
fn priority() -> PriorityClass {
    PriorityClass {
        metadata: global(PRIORITY),
        // The highest that is not Kubernetes' own.
        value: Some(1_000_000_000),
        preemption_policy: Some("Never".to_owned()),
        description: Some("homelab's ingress controller; it drives no other pod out".to_owned()),
        ..PriorityClass::default()
    }
}

fn class(default: bool) -> IngressClass {
    let mark = ("ingressclass.kubernetes.io/is-default-class".to_owned(), default.to_string());
    IngressClass {
        metadata: ObjectMeta { annotations: Some([mark].into()), ..global(CLASS) },
        spec: Some(IngressClassSpec {
            controller: Some("k8s.io/ingress-nginx".to_owned()),
            ..IngressClassSpec::default()
        }),
    }
}

/// What the controller reads and writes (upstream's rules for its static manifest, without those of the admission webhook).
fn rbac() -> Vec<Object> {
    let status = rule("networking.k8s.io", &["ingresses/status"], &["update"]);
    let events = rule("", &["events"], &["create", "patch"]);
    let cluster = vec![
        rule("", &["configmaps", "endpoints", "nodes", "pods", "secrets", "namespaces"], &["list", "watch"]),
        rule("", &["nodes"], &["get"]),
        rule("", &["services"], READ),
        rule("networking.k8s.io", &["ingresses", "ingressclasses"], READ),
        rule("discovery.k8s.io", &["endpointslices"], READ),
        status,
        events,
    ];
    let own = vec![
        rule("", &["namespaces"], &["get"]),
        rule("", &["configmaps", "pods", "secrets", "endpoints"], READ),
        rule("coordination.k8s.io", &["leases"], &["create"]),
        rule_for("coordination.k8s.io", &["leases"], &[ELECTION], &["get", "update"]),
    ];
    account(COMPONENT, NAMESPACE, ACCOUNT, cluster, own)
}

fn daemon_set(config: &Config) -> DaemonSet {
    let (metadata, selector) = pods(CONTROLLER);
    // A surge would need ports 80 and 443 of the node twice.
    let rolling = RollingUpdateDaemonSet {
        max_surge: Some(IntOrString::Int(0)),
        max_unavailable: Some(IntOrString::Int(1)),
    };
    DaemonSet {
        metadata: named(NAMESPACE, CONTROLLER),
        spec: Some(DaemonSetSpec {
            selector,
            update_strategy: Some(DaemonSetUpdateStrategy {
                type_: Some("RollingUpdate".to_owned()),
                rolling_update: Some(rolling),
            }),
            template: PodTemplateSpec { metadata: Some(metadata), spec: Some(pod(config)) },
            ..DaemonSetSpec::default()
        }),
        status: None,
    }
}

fn pod(config: &Config) -> PodSpec {
    PodSpec {
        service_account_name: Some(ACCOUNT.to_owned()),
        node_selector: Some([("kubernetes.io/os".to_owned(), "linux".to_owned())].into()),
        tolerations: Some(tolerations()),
        priority_class_name: Some(PRIORITY.to_owned()),
        dns_config: Some(absolute_names()),
        // Ports 80 and 443 of the node are shut from the moment at which nginx is told to end until the next pod is
        // ready: with upstream's 300 s, one open websocket keeps them shut for five minutes. Requests under way get
        // this long.
        termination_grace_period_seconds: Some(GRACE),
        security_context: Some(PodSecurityContext {
            seccomp_profile: seccomp(),
            ..PodSecurityContext::default()
        }),
        containers: vec![container(config)],
        ..PodSpec::default()
    }
}

fn container(config: &Config) -> Container {
    let port = |name: &str, port: i32| ContainerPort {
        name: Some(name.to_owned()),
        container_port: port,
        host_port: Some(port),
        protocol: Some("TCP".to_owned()),
        ..ContainerPort::default()
    };
    Container {
        name: "controller".to_owned(),
        image: Some(pins().image(IMAGE, &config.images)),
        args: Some(arguments(config)),
        env: Some(vec![
            env_field("POD_NAME", "metadata.name"),
            env_field("POD_NAMESPACE", "metadata.namespace"),
            env("LD_PRELOAD", "/usr/local/lib/libmimalloc.so"),
        ]),
        ports: Some(vec![port("http", 80), port("https", 443)]),
        liveness_probe: Some(probe("/healthz", 10254, 10, 5)),
        readiness_probe: Some(probe("/healthz", 10254, 1, 3)),
        lifecycle: Some(Lifecycle {
            pre_stop: Some(LifecycleHandler {
                exec: Some(ExecAction { command: Some(vec!["/wait-shutdown".to_owned()]) }),
                ..LifecycleHandler::default()
            }),
            ..Lifecycle::default()
        }),
        resources: Some(requests("100m", "90Mi")),
        security_context: Some(SecurityContext {
            run_as_user: Some(101),
            run_as_group: Some(82),
            run_as_non_root: Some(true),
            allow_privilege_escalation: Some(false),
            read_only_root_filesystem: Some(false),
            capabilities: Some(capabilities(&["NET_BIND_SERVICE"])),
            seccomp_profile: seccomp(),
            ..SecurityContext::default()
        }),
        ..Container::default()
    }
}

fn arguments(config: &Config) -> Vec<String> {
    let mut arguments = vec![
        // The image's entry point is `dumb-init --`; the program is its first argument.
        "/nginx-ingress-controller".to_owned(),
        format!("--election-id={ELECTION}"),
        "--controller-class=k8s.io/ingress-nginx".to_owned(),
        format!("--ingress-class={CLASS}"),
        format!("--configmap=$(POD_NAMESPACE)/{CONTROLLER}"),
        // external-dns publishes what stands in the status: the private address of each node that serves.
        "--report-node-internal-ip-address".to_owned(),
        // The leader clears the status when it stops; external-dns would delete every record meanwhile.
        "--update-status-on-shutdown=false".to_owned(),
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
        arguments.push(format!("--default-ssl-certificate=$(POD_NAMESPACE)/{WILDCARD_SECRET}"));
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(more: &str) -> std::collections::BTreeMap<String, serde_json::Value> {
        let text = format!(
            "domain: a.example.com\nemail: a@lovelace.dev\ndns: {{ provider: cloudflare, tokenFile: /t }}\n{more}"
        );
        let config = crate::config::parse(&text).unwrap();
        let all = objects(&config);
        let map = all.iter().find(|object| object.key.kind.kind == "ConfigMap").unwrap();
        map.body["data"].as_object().unwrap().clone().into_iter().collect()
    }

    #[test]
    fn http2_is_off_with_the_pinned_image_and_the_house_decides_otherwise() {
        assert_eq!(settings("")[HTTP2], "false");
        assert_eq!(settings("ingress: { config: { use-http2: \"true\" } }")[HTTP2], "true");
        let other = settings("images: { ingressNginx: example.com/controller:fork }");
        assert!(!other.contains_key(HTTP2), "another image has its own default");
    }
}
