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

use crate::config::{Config, Controller};
use crate::desired::issuer::WILDCARD_SECRET;
use crate::desired::meta::{global, named, pods, secured};
use crate::desired::object::{Component, Object};
use crate::desired::pod::{
    absolute_names, capabilities, env, env_field, probe, requests, seccomp, tolerations,
};
use crate::desired::rbac::{READ, account, rule, rule_for};
use crate::facts::pins::pins;
use crate::ingress::nginx::{
    ACCOUNT, CLASS, CLASS_CONTROLLER, CONTAINER, ELECTION, IMAGE, NAMESPACE, WORKLOAD, arguments, settings,
};

const PRIORITY: &str = "homelab-ingress";
/// How long requests that are under way get when the controller ends (seconds). New ones are refused meanwhile.
const GRACE: i64 = 5;
const COMPONENT: Component = Component::Controller(Controller::IngressNginx);

/// Every object of the controller.
pub(super) fn objects(config: &Config) -> Vec<Object> {
    // Host ports are beyond what the level `baseline` allows.
    let namespace = Namespace { metadata: secured(NAMESPACE, "privileged"), ..Namespace::default() };
    let settings = ConfigMap {
        metadata: named(NAMESPACE, WORKLOAD),
        data: Some(settings(config)),
        ..ConfigMap::default()
    };
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
    objects.extend(crate::desired::guard::objects(COMPONENT, NAMESPACE, ACCOUNT));
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
            controller: Some(CLASS_CONTROLLER.to_owned()),
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
    let (metadata, selector) = pods(WORKLOAD);
    // A surge would need ports 80 and 443 of the node twice.
    let rolling = RollingUpdateDaemonSet {
        max_surge: Some(IntOrString::Int(0)),
        max_unavailable: Some(IntOrString::Int(1)),
    };
    DaemonSet {
        metadata: named(NAMESPACE, WORKLOAD),
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
        name: CONTAINER.to_owned(),
        image: Some(pins().image(IMAGE, &config.images)),
        args: Some(arguments(config, WILDCARD_SECRET)),
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
