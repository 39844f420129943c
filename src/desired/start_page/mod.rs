//! The start page: one line for each service of the house, and whether it answers. Its files and its web server's settings lie in
//! ConfigMaps; the web server serves the one and asks each service by the other. It has no token, no right and no state.

mod page;
mod server;
mod words;

#[cfg(test)]
mod tests;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::ConfigMap;

use crate::config::{Config, START_PAGE};
use crate::desired::meta::named;
use crate::desired::object::{Component, Object};
use crate::desired::service::{NAMESPACE, Path, ingress, of_own_page};
use crate::desired::web_server::{SERVICE_PORT, WebServer, folder_of};

const COMPONENT: Component = Component::Services;
/// The web server's settings.
const SERVER: &str = "start-page-server";

/// Its files, its web server, its Service and its Ingress; nothing where the configuration asks for none.
pub(super) fn objects(config: &Config) -> Vec<Object> {
    let Some(page) = &config.start_page else { return Vec::new() };
    let entries = page::entries(config, page.language);
    let (files, pictures) = (page::files(page, &entries), page::pictures());
    let settings = server::settings(&entries);
    let server = WebServer {
        namespace: NAMESPACE,
        name: START_PAGE,
        start: format!("{}/start.sh", server::FOLDER),
        reads: vec![(folder_of(START_PAGE), server::ROOT), (folder_of(SERVER), server::FOLDER)],
        read_once: &[&files, &settings],
    };
    let (deployment, service) = (server.deployment(config), server.service());
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
        Object::typed(COMPONENT, &deployment),
        Object::typed(COMPONENT, &service),
        ingress(
            config,
            NAMESPACE,
            START_PAGE,
            (&host, Some(config.issuer)),
            (START_PAGE, SERVICE_PORT),
            Path::All,
            of_own_page(config, START_PAGE),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Bytes of a file that is no text.
fn binary(bytes: &[u8]) -> ByteString {
    ByteString(bytes.to_vec())
}
