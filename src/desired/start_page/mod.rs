//! The start page: one line for each service of the house, and whether it answers. Its files and its web server's settings lie in
//! ConfigMaps; the web server serves the one and asks each service by the other. It has no token, no right and no state.

mod page;
mod server;
mod words;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec};
use k8s_openapi::api::core::v1::{
    ConfigMap, ConfigMapVolumeSource, Container, ContainerPort, EmptyDirVolumeSource, PodSpec,
    PodTemplateSpec, Service as CoreService, ServicePort, ServiceSpec, Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use sha2::{Digest, Sha256};

use crate::config::{Config, START_PAGE};
use crate::desired::meta::{named, pods};
use crate::desired::object::{Component, Object};
use crate::desired::pod::{probe, requests, tolerations_of_one, unprivileged, unprivileged_pod};
use crate::desired::service::{NAMESPACE, Path, ingress};
use crate::facts::pins::pins;

const COMPONENT: Component = Component::Services;
/// The web server's settings.
const SERVER: &str = "start-page-server";
/// Where it writes: its process id, and what it learns of the cluster's DNS when it starts.
const SCRATCH: &str = "/tmp";
/// The user of the image (nginxinc/docker-nginx-unprivileged, README, "What's different").
const USER: i64 = 101;

/// Its files, its web server, its Service and its Ingress; nothing where the configuration asks for none.
pub(super) fn objects(config: &Config) -> Vec<Object> {
    let Some(page) = &config.start_page else { return Vec::new() };
    let entries = page::entries(config, page.language);
    let (files, pictures) = (page::files(page, &entries), page::pictures());
    let settings = server::settings(&entries);
    let fingerprint = fingerprint(&[&files, &settings]);
    let files = ConfigMap {
        metadata: named(NAMESPACE, START_PAGE),
        data: Some(files),
        binary_data: Some(pictures),
        ..ConfigMap::default()
    };
    let settings =
        ConfigMap { metadata: named(NAMESPACE, SERVER), data: Some(settings), ..ConfigMap::default() };
    let host = [page.host.clone()];
    [
        Object::typed(COMPONENT, &files),
        Object::typed(COMPONENT, &settings),
        Object::typed(COMPONENT, &deployment(config, fingerprint)),
        Object::typed(COMPONENT, &core_service()),
        ingress(
            config,
            NAMESPACE,
            START_PAGE,
            (&host, config.issuer),
            (START_PAGE, 80),
            Path::All,
            BTreeMap::new(),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A web server reads its settings once, and a mounted ConfigMap follows a minute late: what changed starts it anew.
fn fingerprint(maps: &[&BTreeMap<String, String>]) -> String {
    let mut hash = Sha256::new();
    for (name, text) in maps.iter().copied().flatten() {
        hash.update(format!("{name}\n{}\n{text}", text.len()));
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn deployment(config: &Config, fingerprint: String) -> Deployment {
    let (labels, selector) = pods(START_PAGE);
    let annotations = BTreeMap::from([("homelab/page".to_owned(), fingerprint)]);
    let from = |map: &str| {
        let source = ConfigMapVolumeSource { name: map.to_owned(), ..ConfigMapVolumeSource::default() };
        Volume { name: map.to_owned(), config_map: Some(source), ..Volume::default() }
    };
    let scratch = EmptyDirVolumeSource { size_limit: Some(Quantity("16Mi".to_owned())), medium: None };
    let scratch = Volume { name: "scratch".to_owned(), empty_dir: Some(scratch), ..Volume::default() };
    let pod = PodSpec {
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        security_context: Some(unprivileged_pod()),
        tolerations: Some(tolerations_of_one()),
        containers: vec![container(config)],
        volumes: Some(vec![from(START_PAGE), from(SERVER), scratch]),
        ..PodSpec::default()
    };
    Deployment {
        metadata: named(NAMESPACE, START_PAGE),
        spec: Some(DeploymentSpec {
            replicas: Some(1),
            selector,
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta { annotations: Some(annotations), ..labels }),
                spec: Some(pod),
            },
            ..DeploymentSpec::default()
        }),
        status: None,
    }
}

fn container(config: &Config) -> Container {
    let mount = |name: &str, path: &str, read_only: bool| VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        read_only: read_only.then_some(true),
        ..VolumeMount::default()
    };
    Container {
        name: START_PAGE.to_owned(),
        image: Some(pins().image("startPage", &config.images)),
        command: Some(vec!["/bin/sh".to_owned(), format!("{}/start.sh", server::FOLDER)]),
        ports: Some(vec![ContainerPort {
            name: Some("http".to_owned()),
            container_port: server::PORT,
            protocol: Some("TCP".to_owned()),
            ..ContainerPort::default()
        }]),
        readiness_probe: Some(probe("/", server::PORT, 0, 3)),
        resources: Some(requests("5m", "16Mi")),
        security_context: Some(unprivileged(USER)),
        volume_mounts: Some(vec![
            mount(START_PAGE, server::ROOT, true),
            mount(SERVER, server::FOLDER, true),
            mount("scratch", SCRATCH, false),
        ]),
        ..Container::default()
    }
}

fn core_service() -> CoreService {
    CoreService {
        metadata: named(NAMESPACE, START_PAGE),
        spec: Some(ServiceSpec {
            selector: pods(START_PAGE).1.match_labels,
            ports: Some(vec![ServicePort {
                name: Some("http".to_owned()),
                port: 80,
                target_port: Some(IntOrString::Int(server::PORT)),
                protocol: Some("TCP".to_owned()),
                ..ServicePort::default()
            }]),
            ..ServiceSpec::default()
        }),
        status: None,
    }
}

/// Bytes of a file that is no text.
fn binary(bytes: &[u8]) -> ByteString {
    ByteString(bytes.to_vec())
}
