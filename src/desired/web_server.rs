//! The pod that shows a page of homelab's own: a web server without a token, a right or a state. Its files and settings are
//! mounted, and it writes to a folder that goes with it.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec};
use k8s_openapi::api::core::v1::{
    ConfigMapVolumeSource, Container, ContainerPort, EmptyDirVolumeSource, PodSpec, PodTemplateSpec, Service,
    ServicePort, ServiceSpec, Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use sha2::{Digest, Sha256};

use crate::config::Config;
use crate::desired::meta::{named, pods};
use crate::desired::pod::{probe, requests, tolerations_of_one, unprivileged, unprivileged_pod};
use crate::facts::pins::pins;

/// Its image, by its name in the pins and in `images:`.
pub(super) const IMAGE: &str = "startPage";
/// Not 80: the container may bind no port below 1024.
const PORT: i32 = 8080;
/// The port of its Service.
pub(super) const SERVICE_PORT: u16 = 80;
/// Where it writes: its process id, and what it makes when it starts.
const SCRATCH: &str = "/tmp";
/// The user of the image (nginxinc/docker-nginx-unprivileged, README, "What's different").
const USER: i64 = 101;

/// One web server.
pub(super) struct WebServer<'a> {
    pub(super) namespace: &'a str,
    /// Of its Deployment, its Service and its container.
    pub(super) name: &'static str,
    /// The script that starts it.
    pub(super) start: String,
    /// What it reads, each with the folder that it is in.
    pub(super) reads: Vec<(Volume, &'static str)>,
    /// What of it it reads only once.
    pub(super) read_once: &'a [&'a BTreeMap<String, String>],
}

impl WebServer<'_> {
    pub(super) fn deployment(&self, config: &Config) -> Deployment {
        let (labels, selector) = pods(self.name);
        let annotations = BTreeMap::from([("homelab/page".to_owned(), fingerprint(self.read_once))]);
        let scratch = EmptyDirVolumeSource { size_limit: Some(Quantity("16Mi".to_owned())), medium: None };
        let scratch = Volume { name: "scratch".to_owned(), empty_dir: Some(scratch), ..Volume::default() };
        let volumes = self.reads.iter().map(|(volume, _)| volume.clone()).chain([scratch]);
        let pod = PodSpec {
            automount_service_account_token: Some(false),
            enable_service_links: Some(false),
            security_context: Some(unprivileged_pod()),
            tolerations: Some(tolerations_of_one()),
            containers: vec![self.container(config)],
            volumes: Some(volumes.collect()),
            ..PodSpec::default()
        };
        Deployment {
            metadata: named(self.namespace, self.name),
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

    fn container(&self, config: &Config) -> Container {
        let mount = |name: &str, path: &str, read_only: bool| VolumeMount {
            name: name.to_owned(),
            mount_path: path.to_owned(),
            read_only: read_only.then_some(true),
            ..VolumeMount::default()
        };
        let reads = self.reads.iter().map(|(volume, path)| mount(&volume.name, path, true));
        Container {
            name: self.name.to_owned(),
            image: Some(pins().image(IMAGE, &config.images)),
            command: Some(vec!["/bin/sh".to_owned(), self.start.clone()]),
            ports: Some(vec![ContainerPort {
                name: Some("http".to_owned()),
                container_port: PORT,
                protocol: Some("TCP".to_owned()),
                ..ContainerPort::default()
            }]),
            readiness_probe: Some(probe("/", PORT, 0, 3)),
            resources: Some(requests("5m", "16Mi")),
            security_context: Some(unprivileged(USER)),
            volume_mounts: Some(reads.chain([mount("scratch", SCRATCH, false)]).collect()),
            ..Container::default()
        }
    }

    pub(super) fn service(&self) -> Service {
        Service {
            metadata: named(self.namespace, self.name),
            spec: Some(ServiceSpec {
                selector: pods(self.name).1.match_labels,
                ports: Some(vec![ServicePort {
                    name: Some("http".to_owned()),
                    port: i32::from(SERVICE_PORT),
                    target_port: Some(IntOrString::Int(PORT)),
                    protocol: Some("TCP".to_owned()),
                    ..ServicePort::default()
                }]),
                ..ServiceSpec::default()
            }),
            status: None,
        }
    }
}

/// A ConfigMap as a folder, by the same name.
pub(super) fn folder_of(map: &str) -> Volume {
    let source = ConfigMapVolumeSource { name: map.to_owned(), ..ConfigMapVolumeSource::default() };
    Volume { name: map.to_owned(), config_map: Some(source), ..Volume::default() }
}

/// A web server reads its settings once, and a mounted ConfigMap follows a minute late: what changed starts it anew.
fn fingerprint(maps: &[&BTreeMap<String, String>]) -> String {
    let mut hash = Sha256::new();
    for (name, text) in maps.iter().copied().flatten() {
        hash.update(format!("{name}\n{}\n{text}", text.len()));
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
