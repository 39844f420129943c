//! Parts that the pods of several components share.

use k8s_openapi::api::core::v1::{
    Capabilities, ConfigMapProjection, DownwardAPIProjection, DownwardAPIVolumeFile, EmptyDirVolumeSource,
    EnvVar, EnvVarSource, HTTPGetAction, KeyToPath, ObjectFieldSelector, PodDNSConfig, PodDNSConfigOption,
    PodSecurityContext, Probe, ProjectedVolumeSource, ResourceRequirements, SeccompProfile,
    SecretKeySelector, SecurityContext, ServiceAccountTokenProjection, TCPSocketAction, Toleration, Volume,
    VolumeMount, VolumeProjection,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// Not root, with the container runtime's own system-call filter.
pub(super) fn unprivileged_pod() -> PodSecurityContext {
    PodSecurityContext {
        run_as_non_root: Some(true),
        seccomp_profile: seccomp(),
        ..PodSecurityContext::default()
    }
}

/// A user without capabilities on a file system that it cannot change.
pub(super) fn unprivileged(user: i64) -> SecurityContext {
    SecurityContext {
        run_as_user: Some(user),
        run_as_group: Some(user),
        run_as_non_root: Some(true),
        read_only_root_filesystem: Some(true),
        allow_privilege_escalation: Some(false),
        capabilities: Some(capabilities(&[])),
        ..SecurityContext::default()
    }
}

/// No capability but `add`.
pub(super) fn capabilities(add: &[&str]) -> Capabilities {
    let add = (!add.is_empty()).then(|| add.iter().map(|c| (*c).to_owned()).collect());
    Capabilities { add, drop: Some(vec!["ALL".to_owned()]) }
}

/// A node of the control plane may be the only one there is.
pub(super) fn tolerations() -> Vec<Toleration> {
    vec![Toleration {
        key: Some("node-role.kubernetes.io/control-plane".to_owned()),
        operator: Some("Exists".to_owned()),
        effect: Some("NoSchedule".to_owned()),
        ..Toleration::default()
    }]
}

/// The same for what runs once in a house and holds nothing of its own: half a minute after its node is lost it starts on
/// another, not after five (Kubernetes docs, "Taint based Evictions": 300 s unless the pod says otherwise).
pub(super) fn tolerations_of_one() -> Vec<Toleration> {
    let lost = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"].map(|key| Toleration {
        key: Some(key.to_owned()),
        operator: Some("Exists".to_owned()),
        effect: Some("NoExecute".to_owned()),
        toleration_seconds: Some(30),
        ..Toleration::default()
    });
    tolerations().into_iter().chain(lost).collect()
}

/// Names with a dot are tried as they stand first. With Kubernetes' five dots, a wildcard record of a search domain
/// would catch `api.cloudflare.com`.
pub(super) fn absolute_names() -> PodDNSConfig {
    let ndots = PodDNSConfigOption { name: Some("ndots".to_owned()), value: Some("1".to_owned()) };
    PodDNSConfig { options: Some(vec![ndots]), ..PodDNSConfig::default() }
}

/// The container runtime's default system-call filter.
pub(super) fn seccomp() -> Option<SeccompProfile> {
    Some(SeccompProfile { type_: "RuntimeDefault".to_owned(), ..SeccompProfile::default() })
}

/// A probe by HTTP.
pub(super) fn probe(path: &str, port: i32, delay: i32, failures: i32) -> Probe {
    Probe {
        http_get: Some(HTTPGetAction {
            path: Some(path.to_owned()),
            port: IntOrString::Int(port),
            ..HTTPGetAction::default()
        }),
        ..paced(delay, failures)
    }
}

/// A probe that is content with a connection.
pub(super) fn connects(port: i32, failures: i32) -> Probe {
    let socket = TCPSocketAction { port: IntOrString::Int(port), ..TCPSocketAction::default() };
    Probe { tcp_socket: Some(socket), ..paced(0, failures) }
}

/// The same probe of a pod in the node's own network, for what listens on loopback alone.
pub(super) fn at_loopback(probe: Probe) -> Probe {
    let host = || Some("127.0.0.1".to_owned());
    Probe {
        http_get: probe.http_get.map(|get| HTTPGetAction { host: host(), ..get }),
        tcp_socket: probe.tcp_socket.map(|socket| TCPSocketAction { host: host(), ..socket }),
        ..probe
    }
}

/// A folder that lasts as long as the pod.
pub(super) fn empty_dir(name: &str) -> Volume {
    let folder = EmptyDirVolumeSource::default();
    Volume { name: name.to_owned(), empty_dir: Some(folder), ..Volume::default() }
}

/// What Kubernetes would mount into every container of a pod (Kubernetes docs, "Managing Service Accounts", "Bound service
/// account token volume mechanism"), for those alone that name it.
pub(super) fn account_token(name: &str) -> Volume {
    let token = ServiceAccountTokenProjection {
        path: "token".to_owned(),
        expiration_seconds: Some(3607),
        ..ServiceAccountTokenProjection::default()
    };
    let key = |key: &str| KeyToPath { key: key.to_owned(), path: key.to_owned(), mode: None };
    let root = ConfigMapProjection {
        name: "kube-root-ca.crt".to_owned(),
        items: Some(vec![key("ca.crt")]),
        optional: None,
    };
    let namespace = DownwardAPIVolumeFile {
        path: "namespace".to_owned(),
        field_ref: Some(ObjectFieldSelector {
            field_path: "metadata.namespace".to_owned(),
            api_version: Some("v1".to_owned()),
        }),
        ..DownwardAPIVolumeFile::default()
    };
    let sources = vec![
        VolumeProjection { service_account_token: Some(token), ..VolumeProjection::default() },
        VolumeProjection { config_map: Some(root), ..VolumeProjection::default() },
        VolumeProjection {
            downward_api: Some(DownwardAPIProjection { items: Some(vec![namespace]) }),
            ..VolumeProjection::default()
        },
    ];
    let projected = ProjectedVolumeSource { sources: Some(sources), default_mode: Some(0o644) };
    Volume { name: name.to_owned(), projected: Some(projected), ..Volume::default() }
}

/// Where programs look for it.
pub(super) fn account_token_mount(name: &str) -> VolumeMount {
    VolumeMount {
        name: name.to_owned(),
        mount_path: "/var/run/secrets/kubernetes.io/serviceaccount".to_owned(),
        read_only: Some(true),
        ..VolumeMount::default()
    }
}

fn paced(delay: i32, failures: i32) -> Probe {
    Probe {
        // The server drops a zero, and what it drops would look changed ever after.
        initial_delay_seconds: (delay > 0).then_some(delay),
        period_seconds: Some(10),
        timeout_seconds: Some(5),
        failure_threshold: Some(failures),
        ..Probe::default()
    }
}

/// What the scheduler sets aside; limits are left to the user, who knows the machine.
pub(super) fn requests(cpu: &str, memory: &str) -> ResourceRequirements {
    let requests = [("cpu", cpu), ("memory", memory)].map(|(k, v)| (k.to_owned(), Quantity(v.to_owned())));
    ResourceRequirements { requests: Some(requests.into()), ..ResourceRequirements::default() }
}

/// A variable with a value.
pub(super) fn env(name: &str, value: &str) -> EnvVar {
    EnvVar { name: name.to_owned(), value: Some(value.to_owned()), ..EnvVar::default() }
}

/// A variable with the pod's own name, namespace and so on.
pub(super) fn env_field(name: &str, path: &str) -> EnvVar {
    let field = ObjectFieldSelector { field_path: path.to_owned(), api_version: Some("v1".to_owned()) };
    let source = EnvVarSource { field_ref: Some(field), ..EnvVarSource::default() };
    EnvVar { name: name.to_owned(), value_from: Some(source), ..EnvVar::default() }
}

/// A variable from a Secret of the same namespace.
pub(crate) fn env_secret(name: &str, secret: &str, key: &str) -> EnvVar {
    let selector = SecretKeySelector { name: secret.to_owned(), key: key.to_owned(), optional: None };
    let source = EnvVarSource { secret_key_ref: Some(selector), ..EnvVarSource::default() };
    EnvVar { name: name.to_owned(), value_from: Some(source), ..EnvVar::default() }
}
