//! What each of homelab's own programs connects to, as the configuration has it.

use std::net::IpAddr;

use crate::config::{Backend, Config, Port, ROOT_PAGE, START_PAGE, Service, WHOAMI};
use crate::desired::egress::Labels;
use crate::desired::meta::{COMPONENT, NAME};
use crate::desired::object::Component;
use crate::desired::{cert_manager, external_dns, issuer, service};
use crate::facts::challenge_server;
use crate::facts::cluster_domain::{DEFAULT, is_inside_some};
use crate::facts::name_server;
use crate::facts::names::{Host, is_within};
use crate::facts::organisations;
use crate::facts::server::HostPort;
use crate::ingress::traits_of;
use crate::provider;

/// Something that a program connects to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Peer {
    /// The API server.
    ApiServer,
    /// The cluster's DNS.
    Dns,
    /// Every pod of the cluster, also by a Service.
    Cluster,
    /// The pods of a namespace, or those of one program there.
    Pods(String, Option<&'static str>),
    /// Programs on the nodes themselves.
    Nodes,
    /// A machine.
    Address(IpAddr),
    /// A server of your own by its name: in the house, on a node, or on the internet.
    Named(String),
    /// A server on the internet by its name.
    Internet(String),
}

/// That, and at which ports; at every one if none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) to: Peer,
    pub(super) ports: Vec<Port>,
}

/// A program of homelab's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) component: Component,
    pub(super) namespace: String,
    pub(super) name: String,
    /// The labels of its pods.
    pub(super) labels: Labels,
    pub(super) needs: Vec<Need>,
}

/// The port of pages, by TLS.
const HTTPS: u16 = 443;
/// The parts of cert-manager, by the label of their pods (cert-manager 1.21.2, deploy/charts/cert-manager/templates).
const CONTROLLER: &str = "controller";
const OTHER_PARTS: [&str; 2] = ["webhook", "cainjector"];

/// Every program that homelab installs and that has a network of its own, but for the tunnel's connectors.
pub(super) fn programs(config: &Config) -> Vec<Program> {
    let mut all = Vec::new();
    let controller = traits_of(config.ingress.controller);
    let mut add = |component, namespace: &str, name: &str, (key, value): (&str, &str), needs: Vec<Need>| {
        let labels = [(key.to_owned(), value.to_owned())].into();
        all.push(Program {
            component,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            labels,
            needs: each_once(needs),
        });
    };
    if config.ingress.controller.is_managed() {
        let component = Component::Controller(config.ingress.controller);
        let (namespace, name) = (controller.namespace, controller.workload);
        add(component, namespace, name, (NAME, name), of_controller(config));
    }
    if config.cert_manager.manage {
        let (component, namespace) = (Component::CertManager, cert_manager::NAMESPACE);
        add(component, namespace, component.name(), (COMPONENT, CONTROLLER), of_cert_manager(config));
        for part in OTHER_PARTS {
            add(component, namespace, part, (COMPONENT, part), vec![api_server()]);
        }
    }
    if config.external_dns {
        let (namespace, name) = (external_dns::NAMESPACE, external_dns::NAME);
        add(Component::ExternalDns, namespace, name, (NAME, name), of_external_dns(config));
    }
    for organisation in &config.organisations {
        let (namespace, name) = (external_dns::NAMESPACE, organisations::external_dns(&organisation.name));
        add(Component::ExternalDns, namespace, &name, (NAME, &name), of_external_dns(config));
    }
    if config.dns.challenge_server.is_some() {
        // It answers, and asks nobody.
        let (namespace, name) = (challenge_server::NAMESPACE, challenge_server::NAME);
        add(Component::ChallengeServer, namespace, name, (NAME, name), Vec::new());
    }
    if config.start_page.is_some() {
        add(Component::Services, service::NAMESPACE, START_PAGE, (NAME, START_PAGE), of_start_page(config));
    }
    if config.root_page.is_some() {
        add(Component::Services, &config.cert_manager.namespace, ROOT_PAGE, (NAME, ROOT_PAGE), Vec::new());
    }
    if config.whoami {
        add(Component::Services, service::NAMESPACE, WHOAMI, (NAME, WHOAMI), Vec::new());
    }
    all
}

/// It connects to whatever has an Ingress, which may be any pod, and to what services name outside the cluster.
fn of_controller(config: &Config) -> Vec<Need> {
    let outside = config.services.iter().filter_map(|service| match &service.backend {
        Backend::Cluster { .. } | Backend::Image { .. } => None,
        _ => Some(behind(service)),
    });
    let own = config.hosts();
    // A name of the lab's own leads to the controller's pods.
    let is_own = |at: &HostPort| own.iter().any(|host| host.as_str() == at.host);
    let asked = config.services.iter().filter_map(|service| service.protect.forward_auth.as_ref());
    let asked = asked.filter_map(|auth| of_url(&auth.url)).filter(|at| !is_own(at));
    let mut all = vec![api_server(), Need { to: Peer::Cluster, ports: Vec::new() }];
    all.extend(outside.chain(asked.map(|at| server(&at, vec![tcp(at.port)]))));
    let by_name = all.iter().any(|need| matches!(need.to, Peer::Named(_)));
    all.extend(by_name.then(looks_up));
    all
}

/// It orders certificates, writes challenges, and looks whether they are there.
fn of_cert_manager(config: &Config) -> Vec<Need> {
    let acme = issuer::servers(config);
    let mut all = vec![api_server(), looks_up()];
    if acme.is_empty() {
        return all;
    }
    all.extend(acme.iter().filter_map(|directory| {
        let at = of_url(directory)?;
        Some(match issuer::is_lets_encrypts(directory) {
            true => Need { to: Peer::Internet(at.host), ports: vec![tcp(at.port)] },
            false => server(&at, vec![tcp(at.port)]),
        })
    }));
    all.extend(config.acme.recursive_nameservers.iter().filter_map(
        |resolver| match resolver.contains("://") {
            true => of_url(resolver).map(|at| server(&at, vec![tcp(at.port)])),
            false => HostPort::parse(resolver, name_server::PORT).ok().map(|at| server(&at, both(at.port))),
        },
    ));
    match &config.dns.tsig {
        _ if config.dns.challenge_server.is_some() => all.push(Need {
            to: Peer::Pods(challenge_server::NAMESPACE.to_owned(), Some(challenge_server::NAME)),
            ports: both(challenge_server::PORT),
        }),
        Some(tsig) => all.push(server(&tsig.nameserver, both(tsig.nameserver.port))),
        None => all.extend(provider(config)),
    }
    all
}

fn of_external_dns(config: &Config) -> Vec<Need> {
    [api_server(), looks_up()].into_iter().chain(provider(config)).collect()
}

/// The provider's API, or the server that stands for it.
fn provider(config: &Config) -> Option<Need> {
    if config.dns.provider.facts().server.is_none() {
        let name = provider::words(config.dns.provider).api_host.to_owned();
        return Some(Need { to: Peer::Internet(name), ports: vec![tcp(HTTPS)] });
    }
    let text = config.dns.server.as_ref()?;
    match text.contains("://") {
        true => of_url(text).map(|at| server(&at, vec![tcp(at.port)])),
        false => HostPort::parse(text, name_server::PORT).ok().map(|at| server(&at, both(at.port))),
    }
}

/// It asks each service whether it answers.
fn of_start_page(config: &Config) -> Vec<Need> {
    let mut all: Vec<Need> = config.services.iter().map(behind).collect();
    let by_name = config.services.iter().any(|one| !matches!(one.backend, Backend::Address { .. }));
    all.extend(by_name.then(looks_up));
    all
}

/// What a service leads to. At which port the pods behind a Service of others listen, the configuration does not say.
fn behind(service: &Service) -> Need {
    let need = |to, ports| Need { to, ports };
    match &service.backend {
        Backend::Cluster { namespace, .. } => need(Peer::Pods(namespace.clone(), None), Vec::new()),
        Backend::Image { namespace, port, .. } => need(Peer::Pods(namespace.clone(), None), vec![tcp(*port)]),
        Backend::Local { port, .. } => need(Peer::Nodes, vec![tcp(*port)]),
        Backend::Address { address, port } => need(Peer::Address(*address), vec![tcp(*port)]),
        Backend::Name { name, port } => server_of(name, *port),
    }
}

fn server_of(name: &Host, port: u16) -> Need {
    server(&HostPort { host: name.to_string(), port }, vec![tcp(port)])
}

/// Somebody's server, wherever it is. Behind the name of a Service, pods listen at ports of their own.
fn server(at: &HostPort, ports: Vec<Port>) -> Need {
    let name = at.host.trim_end_matches('.').to_ascii_lowercase();
    match at.host.parse() {
        Ok(address) => Need { to: Peer::Address(address), ports },
        Err(_) if is_inside_some(&name) || is_within(&name, DEFAULT) || name.ends_with(".svc") => {
            Need { to: Peer::Cluster, ports: Vec::new() }
        }
        Err(_) => Need { to: Peer::Named(name), ports },
    }
}

/// The server of a URL, whatever stands behind it.
fn of_url(text: &str) -> Option<HostPort> {
    let (scheme, rest) = text.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit('@').next()?;
    HostPort::parse(authority, if scheme == "http" { 80 } else { HTTPS }).ok()
}

fn api_server() -> Need {
    Need { to: Peer::ApiServer, ports: Vec::new() }
}

fn looks_up() -> Need {
    Need { to: Peer::Dns, ports: Vec::new() }
}

fn tcp(number: u16) -> Port {
    Port { number, udp: false }
}

/// A name server answers by both.
fn both(number: u16) -> Vec<Port> {
    vec![Port { number, udp: true }, tcp(number)]
}

fn each_once(needs: Vec<Need>) -> Vec<Need> {
    let mut all: Vec<Need> = Vec::new();
    for need in needs {
        if !all.contains(&need) {
            all.push(need);
        }
    }
    all
}
