//! The way from the internet by a tunnel (`public: tunnel`): the connectors that keep it open, what they may reach, and the names
//! that lead to it. The tunnel itself, with its rules, is at the provider: `commands::tunnel` makes it.

use k8s_openapi::ByteString;
use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec};
use k8s_openapi::api::core::v1::{
    Container, ContainerPort, Namespace, PodSpec, PodTemplateSpec, Secret as CoreSecret, Service,
    ServicePort, ServiceSpec, TopologySpreadConstraint,
};
use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use sha2::{Digest, Sha256};

use crate::config::{AcmeServer, Config, Issuer, Way};
use crate::desired::meta::{NAME as NAME_LABEL, named, pods, secured};
use crate::desired::object::{Component, Key, Object};
use crate::desired::pod::{
    absolute_names, env_secret, probe, requests, tolerations_of_one, unprivileged, unprivileged_pod,
};
use crate::desired::{kind, public_record};
use crate::evidence::TunnelRule;
use crate::facts::names::Host;
use crate::facts::namespaces::{SYSTEM, TUNNEL as NAMESPACE};
use crate::facts::pins::pins;
use crate::facts::secret::Secret;
use crate::facts::tunnel::{ADOPTED, ID, KEY, NAME, RECORDS, TOKEN};
use crate::ingress::traits_of;
use crate::provider::{self, Tunnels};

const COMPONENT: Component = Component::Tunnel;
/// Where the controller answers by TLS in the cluster.
const HTTPS: u16 = 443;
/// One may be on a node that is down, or be replaced.
const REPLICAS: i32 = 2;
/// The user of the connector's image.
const USER: i64 = 65_532;
/// Addresses that nobody has on the internet: the house, pods, Services, the node's own. The connector has nothing to look for there.
const WITHIN: [(&str, &[&str]); 2] = [
    ("0.0.0.0/0", &["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]),
    ("::/0", &["fc00::/7", "fe80::/10"]),
];

/// A tunnel that is there, as `up` has found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The provider's id of it.
    pub id: String,
    /// What it was made with; none of one that was there before.
    pub key: Option<Secret>,
    /// What its connectors show.
    pub token: Secret,
    /// Whether it was there before, so that it never goes with the lab.
    pub adopted: bool,
}

impl Opened {
    /// The data of the Secret.
    fn data(&self) -> Vec<(&'static str, &str)> {
        let key = self.key.as_ref().map(|key| (KEY, key.expose()));
        let adopted = self.adopted.then_some((ADOPTED, "true"));
        let own = [(ID, self.id.as_str()), (TOKEN, self.token.expose())];
        own.into_iter().chain(key).chain(adopted).collect()
    }
}

/// The Secret: it has the token, and remembers whose the tunnel is.
#[must_use]
pub fn secret_key() -> Key {
    key(&kind::SECRET, NAME)
}

/// The connectors.
#[must_use]
pub fn deployment_key() -> Key {
    key(&kind::DEPLOYMENT, NAME)
}

/// The Service with the names.
#[must_use]
pub fn records_key() -> Key {
    key(&kind::SERVICE, RECORDS)
}

/// Whether the object has something in it that only the provider knows.
#[must_use]
pub fn is_of_provider(key: &Key) -> bool {
    [secret_key(), deployment_key(), records_key()].contains(key)
}

fn key(kind: kind::KindRef, name: &str) -> Key {
    Key { kind, namespace: Some(NAMESPACE.to_owned()), name: name.to_owned() }
}

/// Puts into the Secret what the tunnel is about to be made with.
pub fn remember(secret: &mut Object, made_with: &Secret) {
    let bytes = ByteString(made_with.expose().into());
    if let Ok(bytes) = serde_json::to_value(bytes) {
        secret.map_at(&["data"]).insert(KEY.to_owned(), bytes);
    }
}

/// The provider's tunnels, where a service takes one.
#[must_use]
pub fn tunnels(config: &Config) -> Option<&'static Tunnels> {
    let tunnels = provider::traits_of(config.dns.provider).tunnels;
    tunnels.filter(|_| config.reached_by(Way::Tunnel).next().is_some())
}

/// The hosts that are reached by it.
#[must_use]
pub fn hosts(config: &Config) -> Vec<&Host> {
    config.reached_by(Way::Tunnel).flat_map(|service| &service.hosts).collect()
}

/// Where each host leads: to the controller, as in the house, so that what protects the service there does here, too. Its certificate
/// is looked at where a public authority has signed it; the connector trusts no others, and what it speaks to is in the cluster.
#[must_use]
pub fn rules(config: &Config, cluster_domain: &str) -> Vec<TunnelRule> {
    let namespace = traits_of(config.ingress.controller).namespace;
    let of_host = |host: &Host, issuer: Issuer| TunnelRule {
        host: Some(host.to_string()),
        path: None,
        service: format!("https://{NAME}.{namespace}.svc.{cluster_domain}:{HTTPS}"),
        server_name: Some(host.to_string()),
        unchecked: issuer == Issuer::Ca || config.acme.server != AcmeServer::Production,
    };
    let services = config.reached_by(Way::Tunnel);
    services.flat_map(|one| one.hosts.iter().map(move |host| of_host(host, one.issuer))).collect()
}

/// Every object of it; none where no service takes it.
pub(super) fn objects(config: &Config, opened: Option<&Opened>) -> Vec<Object> {
    let Some(tunnels) = tunnels(config) else { return Vec::new() };
    let namespace = Namespace { metadata: secured(NAMESPACE, "restricted"), ..Namespace::default() };
    let target = opened.map(|opened| (tunnels.target)(&opened.id));
    let place = (COMPONENT, NAMESPACE, RECORDS);
    [
        Object::typed(COMPONENT, &namespace),
        Object::typed(COMPONENT, &secret(opened)),
        Object::typed(COMPONENT, &deployment(config, tunnels, opened)),
        Object::typed(COMPONENT, &policy(config, tunnels)),
        Object::typed(COMPONENT, &way_in(config)),
        public_record::record(config, place, hosts(config), target.as_deref(), tunnels.annotations),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn secret(opened: Option<&Opened>) -> CoreSecret {
    let bytes = |(key, value): (&str, &str)| (key.to_owned(), ByteString(value.into()));
    CoreSecret {
        metadata: named(NAMESPACE, NAME),
        type_: Some("Opaque".to_owned()),
        data: opened.map(|opened| opened.data().into_iter().map(bytes).collect()),
        ..CoreSecret::default()
    }
}

fn deployment(config: &Config, tunnels: &Tunnels, opened: Option<&Opened>) -> Deployment {
    let connector = &tunnels.connector;
    let (mut metadata, selector) = pods(NAME);
    // It reads its token once, when it starts.
    metadata.annotations =
        opened.map(|opened| [("homelab/token".to_owned(), fingerprint(&opened.token))].into());
    let container = Container {
        name: connector.program.to_owned(),
        image: Some(pins().image("tunnel", &config.images)),
        args: Some(connector.arguments.iter().map(|argument| (*argument).to_owned()).collect()),
        env: Some(vec![env_secret(connector.token, NAME, TOKEN)]),
        ports: Some(vec![ContainerPort {
            name: Some("metrics".to_owned()),
            container_port: connector.port,
            protocol: Some("TCP".to_owned()),
            ..ContainerPort::default()
        }]),
        // A line to the internet that is down is no reason to start it again.
        liveness_probe: Some(probe(connector.alive, connector.port, 10, 3)),
        readiness_probe: Some(probe(connector.ready, connector.port, 1, 3)),
        resources: Some(requests("10m", "48Mi")),
        security_context: Some(unprivileged(USER)),
        ..Container::default()
    };
    let spread = TopologySpreadConstraint {
        max_skew: 1,
        topology_key: "kubernetes.io/hostname".to_owned(),
        when_unsatisfiable: "ScheduleAnyway".to_owned(),
        label_selector: Some(selector.clone()),
        ..TopologySpreadConstraint::default()
    };
    Deployment {
        metadata: named(NAMESPACE, NAME),
        spec: Some(DeploymentSpec {
            replicas: Some(REPLICAS),
            selector,
            template: PodTemplateSpec {
                metadata: Some(metadata),
                spec: Some(PodSpec {
                    automount_service_account_token: Some(false),
                    enable_service_links: Some(false),
                    security_context: Some(unprivileged_pod()),
                    tolerations: Some(tolerations_of_one()),
                    topology_spread_constraints: Some(vec![spread]),
                    dns_config: Some(absolute_names()),
                    containers: vec![container],
                    ..PodSpec::default()
                }),
            },
            ..DeploymentSpec::default()
        }),
        status: None,
    }
}

/// Eight bytes of a SHA-256 over a random token tell nobody anything about it.
fn fingerprint(token: &Secret) -> String {
    let hash = Sha256::digest(format!("homelab tunnel\n{}", token.expose()));
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The controller inside the cluster. Its pods have the node's ports, and no Service of their own.
fn way_in(config: &Config) -> Service {
    let controller = traits_of(config.ingress.controller);
    Service {
        metadata: named(controller.namespace, NAME),
        spec: Some(ServiceSpec {
            selector: Some([(NAME_LABEL.to_owned(), controller.workload.to_owned())].into()),
            ports: Some(vec![ServicePort {
                name: Some("https".to_owned()),
                port: HTTPS.into(),
                target_port: Some(IntOrString::Int(controller.pod.ports[1].into())),
                protocol: Some("TCP".to_owned()),
                ..ServicePort::default()
            }]),
            ..ServiceSpec::default()
        }),
        status: None,
    }
}

/// Somebody from outside who gets hold of a connector reaches the controller, as every visitor does, and nothing else of the house.
fn policy(config: &Config, tunnels: &Tunnels) -> NetworkPolicy {
    let controller = traits_of(config.ingress.controller);
    let labelled = |key: &str, value: &str| LabelSelector {
        match_labels: Some([(key.to_owned(), value.to_owned())].into()),
        ..LabelSelector::default()
    };
    let pods_of = |namespace: &str, (key, value): (&str, &str)| NetworkPolicyPeer {
        namespace_selector: Some(labelled("kubernetes.io/metadata.name", namespace)),
        pod_selector: Some(labelled(key, value)),
        ..NetworkPolicyPeer::default()
    };
    let port = |protocol: &str, port: i32| NetworkPolicyPort {
        protocol: Some(protocol.to_owned()),
        port: Some(IntOrString::Int(port)),
        end_port: None,
    };
    let internet = WITHIN.map(|(all, within)| NetworkPolicyPeer {
        ip_block: Some(IPBlock {
            cidr: all.to_owned(),
            except: Some(within.iter().map(|network| (*network).to_owned()).collect()),
        }),
        ..NetworkPolicyPeer::default()
    });
    let (tcp, udp) = tunnels.connector.outward;
    let outward = tcp.iter().map(|one| port("TCP", *one)).chain(udp.iter().map(|one| port("UDP", *one)));
    let egress = [
        (
            vec![pods_of(controller.namespace, (NAME_LABEL, controller.workload))],
            vec![port("TCP", controller.pod.ports[1].into())],
        ),
        (vec![pods_of(SYSTEM, ("k8s-app", "kube-dns"))], vec![port("UDP", 53), port("TCP", 53)]),
        (internet.into(), outward.collect()),
    ];
    let rule = |(to, ports)| NetworkPolicyEgressRule { to: Some(to), ports: Some(ports) };
    NetworkPolicy {
        metadata: named(NAMESPACE, NAME),
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(labelled(NAME_LABEL, NAME)),
            policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
            egress: Some(egress.into_iter().map(rule).collect()),
            ingress: None,
        }),
    }
}

#[cfg(test)]
mod tests;
