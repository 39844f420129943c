//! The lab's own name server for the zone of the challenges (`dns.challengeServer`): one pod with Knot DNS, which the internet asks
//! through the router. It has this one zone, which is empty but for its start of authority, its name server and, while a
//! certificate is issued, a TXT record that cert-manager writes by a signed update.
//!
//! Knot and not the PowerDNS of the house's server: it limits answers itself (`mod-rrl`; PowerDNS wants dnsdist in front of it),
//! its rules for updates name the type of a record, and it needs no database and no API. Nothing of it has to be kept: the zone's
//! file comes from the configuration, what was written since is in a journal on an emptyDir, and cert-manager writes a challenge
//! again that is not there.
//!
//! It listens on a port of the node's by `hostPort`, behind which packets keep their source (CNI plugins, plugins/meta/portmap:
//! only those from the node itself and from its pods are masqueraded), or the limit would count the whole internet as one.
//!
//! Sources: Knot DNS 3.2 and 3.5, doc/reference.rst, src/knot/modules/rrl/rrl.rst, src/knot/nameserver/internet.c (one set of
//! records answers ANY), Dockerfile; cert-manager 1.21, pkg/issuer/acme/dns/rfc2136.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy};
use k8s_openapi::api::core::v1::{
    Affinity, ConfigMap, Container, ContainerPort, Namespace, NodeAffinity, NodeSelector,
    NodeSelectorRequirement, NodeSelectorTerm, PodSecurityContext, PodSpec, PodTemplateSpec, Secret,
    SecretVolumeSource, Service, ServicePort, ServiceSpec, Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::config::{ChallengeServer, Config};
use crate::desired::meta::{named, pods, secured};
use crate::desired::object::{Component, Object};
use crate::desired::pod::{
    connects, empty_dir, requests, tolerations_of_one, unprivileged, unprivileged_pod,
};
use crate::desired::web_server::folder_of;
use crate::facts::challenge_server::{KEY_NAME, NAME, NAMESPACE, PORT, SECRET, SECRET_KEY};
use crate::facts::names::{Host, is_within};
use crate::facts::pins::pins;
use crate::facts::secret;
use crate::facts::tsig::Algorithm;
use crate::provider::signed_updates;

const COMPONENT: Component = Component::ChallengeServer;
/// The user of the image (Knot DNS, Dockerfile, `UID`).
const USER: i64 = 53;
/// Where its settings and the zone's file are.
const FOLDER: &str = "/etc/challenge-server";
/// Where its key is, and the key of the Secret that holds it in Knot's form.
const KEY_FOLDER: &str = "/run/challenge-key";
const KEY_FILE: &str = "key.conf";
/// Where its journal and its sockets are.
const STATE: &str = "/state";
/// Where it keeps its settings while it runs, in a folder that it makes itself (src/knot/conf/base.c).
const SCRATCH: &str = "/tmp";
/// Answers that one address gets in a second. A resolver asks twice or thrice for a challenge.
const ANSWERS: u32 = 20;
/// The port of its Service, where cert-manager sends its updates.
const SERVICE_PORT: u16 = 53;
/// Both sign and check by it.
const ALGORITHM: Algorithm = Algorithm::Sha256;
/// The length of the key, in bytes: that of the hash (RFC 2104, section 3).
pub const KEY_LENGTH: usize = 32;

/// The secret of the TSIG key by which cert-manager writes. homelab makes it, and nobody else ever needs it: it lies in two Secrets
/// of the cluster alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChallengeKey(secret::Secret);

impl ChallengeKey {
    /// One of these random bytes.
    #[must_use]
    pub fn of(bytes: [u8; KEY_LENGTH]) -> Option<Self> {
        let text = serde_json::to_value(ByteString(bytes.to_vec())).ok()?;
        secret::Secret::word(text.as_str()?).ok().map(Self)
    }

    /// The one in a Secret as it lives; none where there is no whole one.
    #[must_use]
    pub fn of_secret(live: &Value) -> Option<Self> {
        let inner: ByteString = serde_json::from_value(live["data"][SECRET_KEY].clone()).ok()?;
        let text = String::from_utf8(inner.0).ok()?;
        let bytes: ByteString = serde_json::from_value(text.clone().into()).ok()?;
        (bytes.0.len() == KEY_LENGTH).then(|| secret::Secret::word(&text).ok()).flatten().map(Self)
    }
}

/// The `dns01` part of an ACME solver. The name of a Service works there: cert-manager takes a host and a port (internal/apis/certmanager/
/// validation/util, `ValidNameserver`).
pub(super) fn solver() -> Value {
    let nameserver = format!("{NAME}.{NAMESPACE}.svc:{SERVICE_PORT}");
    signed_updates(&nameserver, (KEY_NAME, ALGORITHM), (SECRET, SECRET_KEY))
}

/// Every object of it; none where the provider has the zone.
pub(super) fn objects(config: &Config, key: Option<&ChallengeKey>) -> Vec<Object> {
    let Some((zone, server)) = config.dns.own_challenge_zone() else { return Vec::new() };
    // A port of the node's is beyond what the level `baseline` allows.
    let namespace = Namespace { metadata: secured(NAMESPACE, "privileged"), ..Namespace::default() };
    let files = files(zone, server);
    let deployment = deployment(config, server, fingerprint(&files, key));
    let files = ConfigMap { metadata: named(NAMESPACE, NAME), data: Some(files), ..ConfigMap::default() };
    [
        Object::typed(COMPONENT, &namespace),
        Object::typed(COMPONENT, &files),
        Object::typed(COMPONENT, &deployment),
        Object::typed(COMPONENT, &service()),
        Object::typed(COMPONENT, &secret_of_server(key)),
        Object::typed(Component::Issuer, &secret_of(&config.cert_manager.namespace, key, [])),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn files(zone: &Host, server: &ChallengeServer) -> BTreeMap<String, String> {
    [("knot.conf", settings(zone, server)), ("zone", zone_file(zone, server))]
        .map(|(name, text)| (name.to_owned(), text))
        .into()
}

/// Only what 3.2 and 3.5 both have. It is asked for nothing but its zone, transfers it to nobody, since no rule allows that, and
/// says neither its version nor its host. One thread each: a challenge is asked for some ten times.
fn settings(zone: &Host, server: &ChallengeServer) -> String {
    let six = server.address().is_some_and(|address| address.is_ipv6());
    let listen = if six { format!("[ 0.0.0.0@{PORT}, \"::@{PORT}\" ]") } else { format!("0.0.0.0@{PORT}") };
    format!(
        "\
include: {KEY_FOLDER}/{KEY_FILE}

server:
    listen: {listen}
    rundir: {STATE}
    identity: \"\"
    version: \"\"
    nsid: \"\"
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1

log:
  - target: stdout
    any: info

database:
    storage: {STATE}
    journal-db-max-size: 64M

mod-rrl:
  - id: internet
    rate-limit: {ANSWERS}
    slip: 2

acl:
  - id: challenges
    key: {KEY_NAME}
    action: update
    update-type: TXT

template:
  - id: default
    global-module: mod-rrl/internet
    storage: {FOLDER}
    zonefile-sync: -1

zone:
  - domain: {zone}.
    file: zone
    acl: challenges
"
    )
}

/// A missing challenge is remembered for ten seconds, so that cert-manager sees its own soon.
fn zone_file(zone: &Host, server: &ChallengeServer) -> String {
    let name = server.name(zone);
    let mut text = format!(
        "$ORIGIN {zone}.\n$TTL 60\n@ SOA {name}. hostmaster.{zone}. 1 10800 3600 604800 10\n@ NS {name}.\n"
    );
    for record in server.delegation(zone) {
        if record.kind != "NS" && is_within(&record.name, zone.as_str()) {
            text.push_str(&format!("{}. {} {}\n", record.name, record.kind, record.content));
        }
    }
    text
}

fn secret_of_server(key: Option<&ChallengeKey>) -> Secret {
    let knot = |ChallengeKey(secret): &ChallengeKey| {
        format!(
            "key:\n  - id: {KEY_NAME}\n    algorithm: {}\n    secret: {}\n",
            ALGORITHM.name(),
            secret.expose()
        )
    };
    secret_of(NAMESPACE, key, key.map(knot).map(|text| (KEY_FILE, text)))
}

fn secret_of(
    namespace: &str,
    key: Option<&ChallengeKey>,
    more: impl IntoIterator<Item = (&'static str, String)>,
) -> Secret {
    let data = |ChallengeKey(secret): &ChallengeKey| {
        let all = [(SECRET_KEY, secret.expose().to_owned())].into_iter().chain(more);
        all.map(|(name, text)| (name.to_owned(), ByteString(text.into_bytes()))).collect()
    };
    Secret {
        metadata: named(namespace, SECRET),
        type_: Some("Opaque".to_owned()),
        data: key.map(data),
        ..Secret::default()
    }
}

fn deployment(config: &Config, server: &ChallengeServer, fingerprint: String) -> Deployment {
    let (labels, selector) = pods(NAME);
    let annotations = BTreeMap::from([("homelab/challenge-server".to_owned(), fingerprint)]);
    let pod = PodSpec {
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        affinity: server.node.as_deref().map(on_node),
        node_selector: Some([("kubernetes.io/os".to_owned(), "linux".to_owned())].into()),
        tolerations: Some(tolerations_of_one()),
        termination_grace_period_seconds: Some(5),
        security_context: Some(PodSecurityContext { fs_group: Some(USER), ..unprivileged_pod() }),
        volumes: Some(vec![folder_of(NAME), key_volume(), empty_dir("state"), empty_dir("scratch")]),
        containers: vec![container(config, server)],
        ..PodSpec::default()
    };
    Deployment {
        metadata: named(NAMESPACE, NAME),
        spec: Some(DeploymentSpec {
            replicas: Some(1),
            selector,
            // Two of them cannot have the node's port.
            strategy: Some(DeploymentStrategy { type_: Some("Recreate".to_owned()), rolling_update: None }),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta { annotations: Some(annotations), ..labels }),
                spec: Some(pod),
            },
            ..DeploymentSpec::default()
        }),
        status: None,
    }
}

/// By the node's name, which its label `kubernetes.io/hostname` need not be. Not by `nodeName`: that is no matter of the scheduler's,
/// and where the port is taken, pods would be made without end.
fn on_node(node: &str) -> Affinity {
    let is_it = NodeSelectorRequirement {
        key: "metadata.name".to_owned(),
        operator: "In".to_owned(),
        values: Some(vec![node.to_owned()]),
    };
    let term = NodeSelectorTerm { match_fields: Some(vec![is_it]), match_expressions: None };
    Affinity {
        node_affinity: Some(NodeAffinity {
            required_during_scheduling_ignored_during_execution: Some(NodeSelector {
                node_selector_terms: vec![term],
            }),
            ..NodeAffinity::default()
        }),
        ..Affinity::default()
    }
}

fn key_volume() -> Volume {
    let source = SecretVolumeSource {
        secret_name: Some(SECRET.to_owned()),
        default_mode: Some(0o440),
        ..SecretVolumeSource::default()
    };
    Volume { name: "key".to_owned(), secret: Some(source), ..Volume::default() }
}

fn container(config: &Config, server: &ChallengeServer) -> Container {
    let port = |name: &str, protocol: &str| ContainerPort {
        name: Some(name.to_owned()),
        container_port: i32::from(PORT),
        host_port: Some(i32::from(server.port)),
        protocol: Some(protocol.to_owned()),
        ..ContainerPort::default()
    };
    let mount = |name: &str, path: &str, read_only: bool| VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        read_only: read_only.then_some(true),
        ..VolumeMount::default()
    };
    Container {
        name: NAME.to_owned(),
        image: Some(pins().image("challengeServer", &config.images)),
        command: Some(vec!["knotd".to_owned()]),
        args: Some(vec!["-c".to_owned(), format!("{FOLDER}/knot.conf")]),
        ports: Some(vec![port("dns-udp", "UDP"), port("dns-tcp", "TCP")]),
        readiness_probe: Some(connects(i32::from(PORT), 3)),
        liveness_probe: Some(connects(i32::from(PORT), 6)),
        resources: Some(requests("10m", "32Mi")),
        security_context: Some(unprivileged(USER)),
        // Why it ended is in the pod's status then, where the doctor reads it.
        termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
        volume_mounts: Some(vec![
            mount(NAME, FOLDER, true),
            mount("key", KEY_FOLDER, true),
            mount("state", STATE, false),
            mount("scratch", SCRATCH, false),
        ]),
        ..Container::default()
    }
}

/// For cert-manager alone: the internet comes by the node's port.
fn service() -> Service {
    let port = |name: &str, protocol: &str| ServicePort {
        name: Some(name.to_owned()),
        port: i32::from(SERVICE_PORT),
        target_port: Some(IntOrString::Int(i32::from(PORT))),
        protocol: Some(protocol.to_owned()),
        ..ServicePort::default()
    };
    Service {
        metadata: named(NAMESPACE, NAME),
        spec: Some(ServiceSpec {
            selector: pods(NAME).1.match_labels,
            ports: Some(vec![port("dns-udp", "UDP"), port("dns-tcp", "TCP")]),
            ..ServiceSpec::default()
        }),
        status: None,
    }
}

/// It reads its settings and its key once, when it starts; what changed starts it anew. Eight bytes of a SHA-256 over a random key
/// tell nobody anything about it.
fn fingerprint(files: &BTreeMap<String, String>, key: Option<&ChallengeKey>) -> String {
    let mut hash = Sha256::new();
    for (name, text) in files {
        hash.update(format!("{name}\n{}\n{text}", text.len()));
    }
    if let Some(ChallengeKey(secret)) = key {
        hash.update(secret.expose());
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
