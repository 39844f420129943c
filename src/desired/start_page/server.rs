//! The settings of the page's web server: what it serves, and how it asks each service whether it answers.
//!
//! `/up/NAME` gives 204 or 503 and nothing else. The service is asked in a subrequest, whose headers and body go nowhere; what
//! the visitor sent does not go to the service either, cookies least of all.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::config::{Backend, Scheme};
use crate::desired::service::NAMESPACE;
use crate::desired::start_page::page::Entry;

/// Where the page's files are.
pub(super) const ROOT: &str = "/srv/start-page";
/// Where the settings are.
pub(super) const FOLDER: &str = "/etc/start-page";

const SETTINGS: &str = include_str!("files/server.conf");
const START: &str = include_str!("files/start.sh");
/// Where the locations of the services go in the settings.
const HERE: &str = "        # Each service.\n";
/// What one visitor may ask at once: every service, and again.
const BURST_AT_LEAST: usize = 40;

/// The settings, and what starts the web server with them.
pub(super) fn settings(entries: &[Entry]) -> BTreeMap<String, String> {
    let services: String = entries.iter().map(location).collect();
    let burst = BURST_AT_LEAST.max(2 * entries.len()).to_string();
    let settings = SETTINGS.replace(HERE, &services).replace("BURST", &burst);
    let start = START.replace("NAMESPACE", NAMESPACE);
    [("nginx.conf", settings), ("start.sh", start)].map(|(name, text)| (name.to_owned(), text)).into()
}

/// The question for one service, and the answer. Names, hosts and addresses were checked when they were read: none has a
/// character that means something here.
fn location(entry: &Entry) -> String {
    let Entry { name, host, .. } = entry;
    let scheme = match entry.scheme {
        Scheme::Http => "http",
        Scheme::Https => "https",
    };
    // By a variable, a name is looked up when it is asked for; else one that nobody knows would keep the server from starting.
    let (there, address) = match &entry.backend {
        Backend::Cluster { namespace, service, port } => in_cluster(service, namespace, *port),
        Backend::Image { namespace, port, .. } => in_cluster(name, namespace, *port),
        Backend::Local { port, .. } => in_cluster(name, NAMESPACE, *port),
        Backend::Name { name, port } => by_variable(&format!("{name}:{port}")),
        Backend::Address { address: IpAddr::V4(address), port } => {
            (String::new(), format!("{address}:{port}"))
        }
        Backend::Address { address: IpAddr::V6(address), port } => {
            (String::new(), format!("[{address}]:{port}"))
        }
    };
    format!(
        "        location = /up/{name} {{
            auth_request /ask/{name};
            auth_request_set $seen $status;
            limit_req zone=visitors burst=BURST nodelay;
            limit_req zone=services burst=20 nodelay;
            error_page 401 403 500 = @tell;
            error_page 429 = @slower;
            try_files /none @tell;
        }}
        location = /ask/{name} {{
            internal;
            proxy_intercept_errors on;
            error_page 401 = @locked;
            set $asked {host};
{there}            proxy_pass {scheme}://{address}/;
        }}
"
    )
}

/// A Service, by the name that the cluster's DNS has for it.
fn in_cluster(service: &str, namespace: &str, port: u16) -> (String, String) {
    by_variable(&format!("{service}.{namespace}.svc.$cluster_domain:{port}"))
}

fn by_variable(address: &str) -> (String, String) {
    (format!("            set $there {address};\n"), "$there".to_owned())
}
