//! The demo service: it answers with what it sees of the one who asks.

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec};
use k8s_openapi::api::core::v1::{
    Container, ContainerPort, PodSpec, PodTemplateSpec, Service as CoreService, ServicePort, ServiceSpec,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::config::{Config, WHOAMI};
use crate::desired::meta::{named, pods};
use crate::desired::object::{Component, Object};
use crate::desired::pod::{connects, requests, tolerations, unprivileged, unprivileged_pod};
use crate::desired::service::{NAMESPACE, Path, ingress, of_own_page};
use crate::facts::pins::pins;

/// Not 80: the container may bind no port below 1024.
const PORT: i32 = 8080;
const COMPONENT: Component = Component::Services;

/// The demo's Deployment, Service and Ingress.
pub(super) fn objects(config: &Config) -> Vec<Object> {
    let (metadata, selector) = pods(WHOAMI);
    let container = Container {
        name: WHOAMI.to_owned(),
        image: Some(pins().image("whoami", &config.images)),
        args: Some(vec![format!("--port={PORT}")]),
        ports: Some(vec![ContainerPort {
            name: Some("http".to_owned()),
            container_port: PORT,
            protocol: Some("TCP".to_owned()),
            ..ContainerPort::default()
        }]),
        // Whoever may send `POST /health` sets what `GET /health` answers (traefik/whoami, app.go).
        readiness_probe: Some(connects(PORT, 3)),
        resources: Some(requests("10m", "16Mi")),
        security_context: Some(unprivileged(65_532)),
        ..Container::default()
    };
    let deployment = Deployment {
        metadata: named(NAMESPACE, WHOAMI),
        spec: Some(DeploymentSpec {
            replicas: Some(1),
            selector: selector.clone(),
            template: PodTemplateSpec {
                metadata: Some(metadata),
                spec: Some(PodSpec {
                    automount_service_account_token: Some(false),
                    // `?env=true` shows the environment, and other Services would stand in it.
                    enable_service_links: Some(false),
                    security_context: Some(unprivileged_pod()),
                    tolerations: Some(tolerations()),
                    containers: vec![container],
                    ..PodSpec::default()
                }),
            },
            ..DeploymentSpec::default()
        }),
        status: None,
    };
    let service = CoreService {
        metadata: named(NAMESPACE, WHOAMI),
        spec: Some(ServiceSpec {
            selector: selector.match_labels,
            ports: Some(vec![ServicePort {
                name: Some("http".to_owned()),
                port: 80,
                target_port: Some(IntOrString::Int(PORT)),
                protocol: Some("TCP".to_owned()),
                ..ServicePort::default()
            }]),
            ..ServiceSpec::default()
        }),
        status: None,
    };
    let host = [config.domain.child(WHOAMI)];
    [
        Object::typed(COMPONENT, &deployment),
        Object::typed(COMPONENT, &service),
        ingress(
            config,
            NAMESPACE,
            WHOAMI,
            (&host, Some(config.issuer)),
            (WHOAMI, 80),
            Path::Root,
            of_own_page(config, WHOAMI),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}
