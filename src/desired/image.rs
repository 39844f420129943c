//! A program that homelab runs from an image: in a namespace of its own, with a claim for what it keeps.

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment};
use k8s_openapi::api::core::v1::{
    Container, ContainerPort, Namespace, PersistentVolumeClaim, PersistentVolumeClaimSpec,
    PersistentVolumeClaimVolumeSource, PodSecurityContext, PodSpec, PodTemplateSpec, SecurityContext,
    Service as CoreService, ServicePort, ServiceSpec, Volume, VolumeMount, VolumeResourceRequirements,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::config::{Backend, Service};
use crate::desired::kind;
use crate::desired::meta::{named, pods, secured};
use crate::desired::object::{Component, Key, Object};
use crate::desired::pod::{connects, seccomp, tolerations};

const COMPONENT: Component = Component::Services;
/// The name of the claim, in a namespace that is of this service alone, and of the volume in the pod.
const CLAIM: &str = "data";
/// What the claim asks for. Many provisioners, k3s' own among them, take it for no limit
/// (rancher/local-path-provisioner, README, "Cons").
const SIZE: &str = "5Gi";
/// How often it may fail to answer before it gets no more visitors.
const FAILURES: i32 = 3;

/// Where the data of a service is, if homelab keeps some for it.
pub fn claim_of(service: &Service) -> Option<Key> {
    let Backend::Image { namespace, data: Some(_), .. } = &service.backend else { return None };
    Some(Key { kind: &kind::CLAIM, namespace: Some(namespace.clone()), name: CLAIM.to_owned() })
}

/// The namespace, the program, its Service and its claim; nothing for a service that is no image.
pub(super) fn objects(service: &Service) -> Vec<Object> {
    let Backend::Image { namespace, image, port, data } = &service.backend else { return Vec::new() };
    let (name, port) = (service.name.as_str(), i32::from(*port));
    let home = Namespace { metadata: secured(namespace, "baseline"), ..Namespace::default() };
    let program = deployment(namespace, name, image, port, data.as_deref());
    let mut objects = vec![
        Object::typed(COMPONENT, &home),
        Object::typed(COMPONENT, &program),
        Object::typed(COMPONENT, &core_service(namespace, name, port)),
    ];
    objects.extend(data.as_ref().map(|_| Object::typed(COMPONENT, &claim(namespace))));
    objects.into_iter().flatten().collect()
}

fn deployment(namespace: &str, name: &str, image: &str, port: i32, data: Option<&str>) -> Deployment {
    let (metadata, selector) = pods(name);
    Deployment {
        metadata: named(namespace, name),
        spec: Some(DeploymentSpec {
            replicas: Some(1),
            selector,
            strategy: Some(strategy(data.is_some())),
            template: PodTemplateSpec { metadata: Some(metadata), spec: Some(pod(name, image, port, data)) },
            ..DeploymentSpec::default()
        }),
        status: None,
    }
}

/// Two of them would write the same files at once. Where nothing is kept, the new one answers before the old one ends; said in
/// full, as the server refuses its own default beside `Recreate` when a service gets its data later.
fn strategy(keeps: bool) -> DeploymentStrategy {
    if keeps {
        return DeploymentStrategy { type_: Some("Recreate".to_owned()), rolling_update: None };
    }
    let rolling = RollingUpdateDeployment {
        max_surge: Some(IntOrString::Int(1)),
        max_unavailable: Some(IntOrString::Int(0)),
    };
    DeploymentStrategy { type_: Some("RollingUpdate".to_owned()), rolling_update: Some(rolling) }
}

fn pod(name: &str, image: &str, port: i32, data: Option<&str>) -> PodSpec {
    let claim = PersistentVolumeClaimVolumeSource { claim_name: CLAIM.to_owned(), read_only: None };
    let volume =
        || Volume { name: CLAIM.to_owned(), persistent_volume_claim: Some(claim), ..Volume::default() };
    PodSpec {
        automount_service_account_token: Some(false),
        // Addresses of other Services in the environment: `NAME_PORT` is a setting to some programs.
        enable_service_links: Some(false),
        security_context: Some(PodSecurityContext {
            seccomp_profile: seccomp(),
            ..PodSecurityContext::default()
        }),
        tolerations: Some(tolerations()),
        containers: vec![container(name, image, port, data)],
        volumes: data.map(|_| vec![volume()]),
        ..PodSpec::default()
    }
}

/// The image says who it runs as, and needs what it needs: only what no web program does is taken away.
fn container(name: &str, image: &str, port: i32, data: Option<&str>) -> Container {
    let mount = |path: &str| VolumeMount {
        name: CLAIM.to_owned(),
        mount_path: path.to_owned(),
        ..VolumeMount::default()
    };
    Container {
        name: name.to_owned(),
        image: Some(image.to_owned()),
        ports: Some(vec![ContainerPort {
            name: Some("http".to_owned()),
            container_port: port,
            protocol: Some("TCP".to_owned()),
            ..ContainerPort::default()
        }]),
        readiness_probe: Some(connects(port, FAILURES)),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            ..SecurityContext::default()
        }),
        volume_mounts: data.map(|path| vec![mount(path)]),
        ..Container::default()
    }
}

fn core_service(namespace: &str, name: &str, port: i32) -> CoreService {
    CoreService {
        metadata: named(namespace, name),
        spec: Some(ServiceSpec {
            selector: pods(name).1.match_labels,
            ports: Some(vec![ServicePort {
                name: Some("http".to_owned()),
                port,
                target_port: Some(IntOrString::Int(port)),
                protocol: Some("TCP".to_owned()),
                ..ServicePort::default()
            }]),
            ..ServiceSpec::default()
        }),
        status: None,
    }
}

/// Of the cluster's default StorageClass.
fn claim(namespace: &str) -> PersistentVolumeClaim {
    let requests = [("storage".to_owned(), Quantity(SIZE.to_owned()))].into();
    PersistentVolumeClaim {
        metadata: named(namespace, CLAIM),
        spec: Some(PersistentVolumeClaimSpec {
            access_modes: Some(vec!["ReadWriteOnce".to_owned()]),
            resources: Some(VolumeResourceRequirements {
                requests: Some(requests),
                ..VolumeResourceRequirements::default()
            }),
            ..PersistentVolumeClaimSpec::default()
        }),
        status: None,
    }
}

#[cfg(test)]
mod tests;
