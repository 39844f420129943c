//! The page that offers the root of the lab's own authority, by plain HTTP: who opens it trusts nothing yet. cert-manager keeps
//! the certificate beside its private key in one Secret, of which the pod gets the certificate alone; so it runs where that
//! Secret is. The certificate is not known before it runs: its start script puts the fingerprint into the page.

mod page;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ConfigMap, KeyToPath, SecretVolumeSource, Volume};

use crate::config::{Config, ROOT_PAGE};
use crate::desired::meta::named;
use crate::desired::object::{Component, Object};
use crate::desired::service::{Path, ingress, of_own_page};
use crate::desired::web_server::{SERVICE_PORT, WebServer, folder_of};
use crate::facts::authority::ROOT;

const COMPONENT: Component = Component::Services;
/// Where the page without its fingerprint is, and what serves it.
const FOLDER: &str = "/etc/root-page";
/// Where the certificate is.
const CERTIFICATES: &str = "/run/root";
/// The certificate in the Secret (Kubernetes docs, "TLS Secrets"); `tls.key` is beside it.
const CERTIFICATE: &str = "tls.crt";
const SETTINGS: &str = include_str!("files/server.conf");
const START: &str = include_str!("files/start.sh");

/// Its files, its web server, its Service and its Ingress; nothing where there is no such page.
pub(super) fn objects(config: &Config) -> Vec<Object> {
    let Some(host) = &config.root_page else { return Vec::new() };
    let namespace = config.cert_manager.namespace.as_str();
    let files = files(config);
    let server = WebServer {
        namespace,
        name: ROOT_PAGE,
        start: format!("{FOLDER}/start.sh"),
        reads: vec![(folder_of(ROOT_PAGE), FOLDER), (certificate(), CERTIFICATES)],
        read_once: &[&files],
    };
    let (deployment, service) = (server.deployment(config), server.service());
    let files =
        ConfigMap { metadata: named(namespace, ROOT_PAGE), data: Some(files), ..ConfigMap::default() };
    [
        Object::typed(COMPONENT, &files),
        Object::typed(COMPONENT, &deployment),
        Object::typed(COMPONENT, &service),
        ingress(
            config,
            namespace,
            ROOT_PAGE,
            (std::slice::from_ref(host), None),
            (ROOT_PAGE, SERVICE_PORT),
            Path::All,
            of_own_page(config, ROOT_PAGE),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn files(config: &Config) -> BTreeMap<String, String> {
    [
        ("index.html", page::html(config.domain.as_str())),
        ("page.css", page::STYLE.to_owned()),
        ("server.conf", SETTINGS.to_owned()),
        ("start.sh", START.to_owned()),
    ]
    .map(|(name, text)| (name.to_owned(), text))
    .into()
}

/// The certificate alone: what `items` does not name is not in the volume (Kubernetes docs, "Projection of Secret keys to
/// specific paths"). Until cert-manager has made the Secret, the pod waits. The kubelet brings a renewed one, as nothing is
/// mounted by `subPath`.
fn certificate() -> Volume {
    let item = KeyToPath { key: CERTIFICATE.to_owned(), path: CERTIFICATE.to_owned(), mode: None };
    let source = SecretVolumeSource {
        secret_name: Some(ROOT.to_owned()),
        items: Some(vec![item]),
        ..SecretVolumeSource::default()
    };
    Volume { name: "root".to_owned(), secret: Some(source), ..Volume::default() }
}
